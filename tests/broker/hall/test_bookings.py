"""Booked visits: a code is good for one ticket, at its time."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from broker.contract.messages import (
    ORDINARY,
    AnyAnswer,
    BookingFound,
    BookVisit,
    CancelBooking,
    CancelTicket,
    CheckBooking,
    ConfigureHall,
    Done,
    Hall,
    OpenDay,
    Refused,
    ReportSlip,
    SlipFate,
    Standing,
    TicketIssued,
    TicketTaken,
)
from broker.hall.life import VisitState
from broker.hall.snapshot import restored, taken

from .floor import BOOKED, COURTESY, MORNING, PLAIN, Floor, a_hall, reason

CODE = "482913"


def booking_hall(**policy: Any) -> Hall:
    return replace(a_hall(classes=(BOOKED, COURTESY, PLAIN), **policy), bookings=True)


def book(floor: Floor, in_min: float = 0, code: str = CODE, service: str = "bill", node: str = "boss") -> AnyAnswer:
    at = MORNING + timedelta(minutes=in_min)
    return floor.ask(BookVisit(id=floor.id(), code=code, service=service, at=at), node=node)


def check(floor: Floor, code: str = CODE, node: str = "kiosk-1") -> AnyAnswer:
    return floor.ask(CheckBooking(id=floor.id(), code=code), node=node)


def cancel(floor: Floor, code: str = CODE) -> AnyAnswer:
    return floor.ask(CancelBooking(id=floor.id(), code=code), node="boss")


@pytest.fixture
def floor() -> Floor:
    return Floor(booking_hall())


def test_a_code_tells_the_kiosk_what_was_booked(floor: Floor) -> None:
    assert isinstance(book(floor, 5), Done)
    found = check(floor)
    assert isinstance(found, BookingFound)
    assert (found.code, found.service, found.at) == (CODE, "bill", MORNING + timedelta(minutes=5))


@pytest.mark.parametrize(
    ("in_min", "standing", "called_in_min", "priority_class"),
    [
        (60, Standing.EARLY, 45, "booked"),
        (15, Standing.ON_TIME, None, "booked"),
        (0, Standing.ON_TIME, None, "booked"),
        (-15, Standing.ON_TIME, None, "booked"),
        (-16, Standing.LATE, None, ORDINARY),
    ],
)
def test_what_is_told_at_check_in_is_what_the_ticket_then_is(
    floor: Floor, in_min: float, standing: Standing, called_in_min: float | None, priority_class: str
) -> None:
    book(floor, in_min)
    found = check(floor)
    assert isinstance(found, BookingFound)
    assert found.standing is standing
    called_from = None if called_in_min is None else MORNING + timedelta(minutes=called_in_min)
    assert found.called_from == called_from
    answer = floor.try_take("bill", booking=CODE)
    assert isinstance(answer, TicketTaken)
    assert answer.priority_class == priority_class
    issued = floor.history[-1].event
    assert isinstance(issued, TicketIssued)
    assert (issued.booking, issued.booked_at, issued.ready_at) == (CODE, found.at, called_from)


def test_whoever_is_late_and_old_or_sick_still_has_that_class(floor: Floor) -> None:
    book(floor, -16)
    answer = floor.try_take("bill", "courtesy", booking=CODE)
    assert isinstance(answer, TicketTaken)
    assert answer.priority_class == "courtesy"


def test_an_early_one_is_called_before_those_who_came_after_its_time_and_not_before(floor: Floor) -> None:
    book(floor, 60)
    early = floor.take("bill", booking=CODE)
    others = [floor.take() for _ in range(2)]
    assert floor.serve(2) == others[0]
    floor.later(minutes=46)
    assert [floor.serve(2), floor.serve(2)] == [others[1], early]


# Refusals -------------------------------------------------------------------------------------------------------------


def test_why_a_code_is_refused(floor: Floor) -> None:
    assert reason(check(floor)) == "unknown_booking"
    book(floor, 24 * 60)
    refused = check(floor)
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.args) == ("booking_other_day", {"day": "2026-11-22", "time": "09:00"})
    assert reason(floor.try_take("bill", booking=CODE)) == "booking_other_day"
    book(floor, 5, "111111")
    assert reason(floor.try_take("new", booking="111111")) == "booking_other_service"
    ticket = floor.take("bill", booking="111111")
    used = check(floor, "111111")
    assert isinstance(used, Refused)
    assert (used.reason, used.args) == ("booking_used", {"ticket": ticket})
    book(floor, 5, "222222")
    cancel(floor, "222222")
    assert reason(check(floor, "222222")) == "booking_cancelled"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"node": "kiosk-1"}, "not_allowed"),
        ({"node": "box-1"}, "not_allowed"),
        ({"service": "none"}, "unknown_service"),
        ({"in_min": -24 * 60}, "booking_past"),
        ({"in_min": -60}, None),  # earlier today: whoever comes is only late
        ({"code": "999999", "in_min": 5}, "code_taken"),
        ({"code": "999999", "in_min": 10}, None),  # the same again
    ],
)
def test_who_books_what(floor: Floor, more: dict[str, Any], why: str | None) -> None:
    book(floor, 10, "999999")
    answer = book(floor, **{"in_min": 10, **more})
    assert (answer.reason if isinstance(answer, Refused) else None) == why


def test_the_same_list_twice_books_nothing_twice(floor: Floor) -> None:
    for _ in range(2):
        for number in range(5):
            assert isinstance(book(floor, number, f"50000{number}"), Done)
    assert floor.kinds().count("VisitBooked") == 5


def test_a_hall_without_bookings_says_so() -> None:
    floor = Floor(replace(booking_hall(), bookings=False))
    assert reason(book(floor)) == "no_bookings"
    assert reason(check(floor)) == "no_bookings"


def test_a_cancelled_code_can_be_booked_again_and_a_used_one_not_cancelled(floor: Floor) -> None:
    book(floor, 5)
    assert isinstance(cancel(floor), Done)
    assert isinstance(cancel(floor), Done)
    assert isinstance(book(floor, 10, service="new"), Done)
    floor.take("new", booking=CODE)
    assert reason(cancel(floor)) == "booking_used"
    assert reason(book(floor, 20)) == "code_taken"


def test_only_kiosk_and_supervisor_look_codes_up(floor: Floor) -> None:
    book(floor)
    assert isinstance(check(floor, node="boss"), BookingFound)
    assert reason(check(floor, node="box-1")) == "not_allowed"


# One booking, one ticket ----------------------------------------------------------------------------------------------


def test_a_slip_that_never_came_out_gives_the_booking_back(floor: Floor) -> None:
    book(floor, 5)
    lost = floor.try_take("bill", booking=CODE)
    assert isinstance(lost, TicketTaken)
    floor.ask(ReportSlip(id="s", visit=lost.visit, fate=SlipFate.NOT_PRINTED), node="kiosk-1")
    assert isinstance(check(floor), BookingFound)
    assert floor.take("bill", booking=CODE) == "A002"
    assert reason(check(floor)) == "booking_used"


def test_whoever_gives_up_has_used_the_booking(floor: Floor) -> None:
    book(floor, 5)
    ticket = floor.take("bill", booking=CODE)
    floor.ask(CancelTicket(id="c", ticket=ticket), node="kiosk-1")
    assert reason(check(floor)) == "booking_used"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("take"), st.sampled_from(["kiosk-1", "kiosk-2"])),
            st.tuples(st.just("merge"), st.sampled_from(["kiosk-1", "kiosk-2"])),
            st.tuples(st.just("void"), st.integers(0, 3)),
            st.tuples(st.just("book"), st.just(0)),
            st.tuples(st.just("cancel"), st.just(0)),
            st.tuples(st.just("call"), st.sampled_from([1, 2])),
        ),
        max_size=14,
    )
)
def test_whatever_is_repeated_a_booking_gives_one_ticket_at_most(steps: list[tuple[str, Any]]) -> None:
    floor = Floor(booking_hall(), promising=False)
    book(floor, 5)
    issued: list[str] = []
    for number, (act, of) in enumerate(steps):
        if act == "take":
            answer = floor.try_take("bill", node=of, booking=CODE)
            issued += [answer.visit] if isinstance(answer, TicketTaken) else []
        elif act == "merge":
            floor.merge(1001 + number, node=of, ago_s=number, booking=CODE, abandoned=issued[-1] if issued else None)
        elif act == "void" and issued:
            floor.ask(
                ReportSlip(id=floor.id(), visit=issued[of % len(issued)], fate=SlipFate.NOT_PRINTED), node="kiosk-1"
            )
        elif act == "book":
            book(floor, 5)
        elif act == "cancel":
            cancel(floor)
        elif act == "call":
            floor.call(of)
        alive = [visit for visit in floor.state.visits.values() if visit.booking and visit.state is not VisitState.VOID]
        assert len(alive) <= 1
        assert floor.state.bookings[CODE].visit == (alive[0].id if alive else None)


# Days and outages -----------------------------------------------------------------------------------------------------


def test_a_day_ends_its_bookings_and_keeps_those_of_later_days(floor: Floor) -> None:
    book(floor, 5, "111111")
    book(floor, 24 * 60, "222222")
    book(floor, 48 * 60, "333333")
    book(floor, 48 * 60, "444444")
    cancel(floor, "444444")
    floor.now += timedelta(days=1)
    floor.ask(OpenDay(id="d", day="2026-11-22"), node="dispatcher")
    assert [reason(check(floor, code)) for code in ("111111", "333333", "444444")] == [
        "unknown_booking",
        "booking_other_day",
        "unknown_booking",
    ]
    assert isinstance(check(floor, "222222"), BookingFound)


def test_a_number_given_in_an_outage_keeps_the_booking_that_the_hall_had_found(floor: Floor) -> None:
    book(floor, 5)
    asked = floor.try_take("bill", booking=CODE)  # the answer never came to the kiosk
    assert isinstance(asked, TicketTaken)
    floor.later(minutes=30)
    floor.merge(1001, ago_s=29 * 60, booking=CODE, abandoned=asked.visit)
    assert floor.visit("A001").state is VisitState.VOID
    merged = floor.visit("A1001")
    assert (merged.priority_class, merged.booking) == ("booked", CODE)
    assert reason(check(floor)) == "booking_used"


@pytest.mark.parametrize("ago_min", [0, 10])
def test_a_number_given_too_late_in_an_outage_is_ordinary(floor: Floor, ago_min: int) -> None:
    book(floor, 5)
    floor.later(minutes=40)
    floor.merge(1001, ago_s=ago_min * 60, booking=CODE)
    assert (floor.visit("A1001").priority_class, floor.visit("A1001").booking) == (ORDINARY, CODE)


def test_an_early_number_given_in_an_outage_waits_from_its_time(floor: Floor) -> None:
    book(floor, 60)
    floor.later(minutes=10)
    floor.merge(1001, ago_s=9 * 60, booking=CODE)
    assert floor.visit("A1001").state is VisitState.ISSUED
    floor.later(minutes=35)
    assert floor.visit("A1001").state is VisitState.WAITING
    assert floor.visit("A1001").since_ms == round((MORNING + timedelta(minutes=45)).timestamp() * 1000)


def test_a_booking_that_somebody_else_used_meanwhile_makes_an_ordinary_number(floor: Floor) -> None:
    book(floor, 5)
    floor.take("bill", booking=CODE)
    floor.merge(1001, ago_s=5, booking=CODE)
    assert (floor.visit("A1001").priority_class, floor.visit("A1001").booking) == (ORDINARY, None)


def test_a_hall_file_without_the_class_makes_booked_tickets_ordinary(floor: Floor) -> None:
    book(floor, 5)
    floor.ask(ConfigureHall(id="h", hall=replace(booking_hall(), classes=(PLAIN,))), node="dispatcher")
    answer = floor.try_take("bill", booking=CODE)
    assert isinstance(answer, TicketTaken)
    assert answer.priority_class == ORDINARY


def test_a_hall_that_goes_on_from_a_snapshot_knows_its_bookings(floor: Floor) -> None:
    book(floor, 5, "111111")
    book(floor, 24 * 60, "222222")
    floor.take("bill", booking="111111")
    again = restored(taken(floor.state), epoch=1)
    assert again.bookings == floor.state.bookings
    assert [visit.booking for visit in again.visits.values()] == ["111111"]
