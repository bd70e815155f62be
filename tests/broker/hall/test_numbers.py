"""Numbers, classes and appointments: what a kiosk gives out, and to whom it says no."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from broker.contract.messages import (
    ORDINARY,
    ConfigureHall,
    GivenBy,
    Hall,
    Need,
    PastLast,
    Refused,
    ReportSlip,
    SlipFate,
    TakeTicket,
    TicketTaken,
)
from broker.hall.life import VisitState

from .floor import BOOKED, NEW, PLAIN, Floor, a_class, a_hall, a_service, reason, text


def a_floor(**bill: object) -> Floor:
    return Floor(a_hall(services=(a_service("bill", "A", **bill), NEW)))


@pytest.mark.parametrize(
    ("rules", "tickets"),
    [
        ({}, ["A001", "A002", "A003"]),
        ({"first": 500}, ["A500", "A501", "A502"]),
        ({"first": 1, "step": 5}, ["A001", "A006", "A011"]),
        ({"first": 998, "last": 9999}, ["A998", "A999", "A1000"]),
        ({"last": 2}, ["A001", "A002", "refused: service_full"]),
        ({"first": 1, "last": 6, "step": 5}, ["A001", "A006", "refused: service_full"]),
        ({"daily_max": 1}, ["A001", "refused: service_full", "refused: service_full"]),
        ({"last": 1, "past_last": PastLast.EXTRA, "extra_prefix": "E"}, ["A001", "E001", "refused: service_full"]),
        ({"last": 1, "past_last": PastLast.EXTRA, "extra_prefix": "AE"}, ["A001", "AE001", "refused: service_full"]),
        ({"last": 2, "past_last": PastLast.EXTRA, "extra_prefix": "E", "daily_max": 3}, ["A001", "A002", "E001"]),
        ({"last": 1, "past_last": PastLast.EXTRA}, ["A001", "refused: service_full", "refused: service_full"]),
    ],
)
def test_numbers_follow_the_services_rules(rules: dict[str, object], tickets: list[str]) -> None:
    floor = a_floor(**rules)
    assert [floor.take() for _ in tickets] == tickets
    assert floor.queues().queues[0].full == (floor.take().startswith("refused"))


def test_extra_numbers_do_not_clash_with_another_service() -> None:
    floor = a_floor(last=1, past_last=PastLast.EXTRA, extra_prefix="B")
    assert [floor.take("new"), floor.take(), floor.take(), floor.take("new")] == [
        "B001",
        "A001",
        "refused: service_full",
        "B002",
    ]


def test_a_voided_number_is_not_given_again_and_does_not_count_against_the_days_most() -> None:
    floor = a_floor(daily_max=2)
    answer = floor.try_take("bill")
    assert isinstance(answer, TicketTaken)
    floor.ask(ReportSlip(id="v", visit=answer.visit, fate=SlipFate.NOT_PRINTED), node="kiosk-1")
    assert [floor.take(), floor.take(), floor.take()] == ["A002", "A003", "refused: service_full"]


@settings(max_examples=60, deadline=None)
@given(
    changes=st.lists(
        st.tuples(
            st.integers(1, 5),
            st.integers(1, 9),
            st.integers(1, 3),
            st.sampled_from([None, "E", "AB", "B"]),
            st.sampled_from(["A", "C", "AB"]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_no_number_is_given_twice_however_the_hall_file_changes(
    changes: list[tuple[int, int, int, str | None, str]],
) -> None:
    floor = Floor(a_hall())
    taken = []
    for first, last, step, extra, prefix in changes:
        past = PastLast.EXTRA if extra else PastLast.FULL
        bill = a_service("bill", prefix, first=first, last=last, step=step, past_last=past, extra_prefix=extra)
        floor.ask(ConfigureHall(id=floor.id(), hall=a_hall(services=(bill, NEW))), node="dispatcher")
        taken += [floor.take(service) for service in ("bill", "new", "bill", "bill", "new", "bill")]
    given_out = [ticket for ticket in taken if not ticket.startswith("refused")]
    assert len(given_out) == len(set(given_out))


# Classes --------------------------------------------------------------------------------------------------------------

CARE = a_class("care", 5, per_hour=2)
SECRET = a_class("secret", 5, given_by=GivenBy.NOBODY)
URGENT = a_class("urgent", 1, given_by=GivenBy.SUPERVISOR)
GOING = a_class("going", 1, closing=True)
LOW = Need(id="low", name=text("low"))


def classes_hall(**policy: Any) -> Hall:
    return a_hall(classes=(URGENT, CARE, BOOKED, SECRET, GOING, PLAIN), needs=(LOW,), **policy)


def test_courtesy_beyond_the_hours_cap_is_ordinary_and_says_so() -> None:
    floor = Floor(classes_hall())

    def care() -> tuple[str, bool]:
        answer = floor.try_take("bill", "care")
        assert isinstance(answer, TicketTaken)
        return answer.priority_class, answer.capped

    assert care() == ("care", False)
    floor.later(minutes=30)
    assert [care(), care()] == [("care", False), (ORDINARY, True)]
    floor.later(minutes=29, seconds=59)
    assert care() == (ORDINARY, True)
    floor.later(seconds=1)  # an hour after the first
    assert [care(), care()] == [("care", False), (ORDINARY, True)]


@pytest.mark.parametrize(
    ("wishes", "node", "why"),
    [
        ({"service": "gold"}, "kiosk-1", "unknown_service"),
        ({"service": "bill", "then": ("gold",)}, "kiosk-1", "unknown_service"),
        ({"service": "bill", "priority_class": "gold"}, "kiosk-1", "unknown_class"),
        ({"service": "bill", "priority_class": "secret"}, "boss", "unknown_class"),
        ({"service": "bill", "priority_class": "going"}, "kiosk-1", "unknown_class"),
        ({"service": "bill", "priority_class": "urgent"}, "kiosk-1", "not_allowed"),
        ({"service": "bill", "priority_class": "booked"}, "kiosk-1", "no_booking"),
        ({"service": "bill", "needs": ("wings",)}, "kiosk-1", "unknown_need"),
        ({"service": "bill", "return_code": "x.1"}, "kiosk-1", "unknown_return"),
        ({"service": "bill"}, "box-1", "not_allowed"),
        ({"service": "bill"}, "nobody", "not_allowed"),
        ({"service": "bill", "priority_class": "urgent"}, "boss", None),
        ({"service": "bill", "needs": ("low",)}, "kiosk-1", None),
    ],
)
def test_who_gets_a_number_and_why_not(wishes: dict[str, object], node: str, why: str | None) -> None:
    floor = Floor(classes_hall())
    answer = floor.ask(TakeTicket(id="t", **wishes), node=node)  # type: ignore[arg-type]
    assert (answer.reason if isinstance(answer, Refused) else None) == why


def test_an_ordinary_ticket_with_a_booking_is_a_mistake() -> None:
    floor = Floor(classes_hall())
    assert reason(floor.try_take("bill", booked_at=floor.now)) == "unknown_class"


# Appointments ---------------------------------------------------------------------------------------------------------


def test_an_appointment_for_another_day_is_refused() -> None:
    floor = Floor(classes_hall())
    assert reason(floor.try_take("bill", "booked", booked_at=floor.now + timedelta(days=1))) == "not_today"


@pytest.mark.parametrize(
    ("booked_in_min", "priority_class", "callable_after_min"),
    [
        (60, "booked", 45),  # early: waits from a quarter of an hour before its time
        (15, "booked", 0),
        (0, "booked", 0),
        (-15, "booked", 0),  # late, and still in time
        (-15.1, ORDINARY, 0),  # too late: the ordinary line
    ],
)
def test_an_appointment_waits_from_its_time(
    booked_in_min: float, priority_class: str, callable_after_min: float
) -> None:
    floor = Floor(classes_hall())
    answer = floor.try_take("bill", "booked", booked_at=floor.now + timedelta(minutes=booked_in_min))
    assert isinstance(answer, TicketTaken)
    assert answer.priority_class == priority_class
    floor.ask(ReportSlip(id="s", visit=answer.visit, fate=SlipFate.PRINTED), node="kiosk-1")
    if callable_after_min:
        assert floor.visit("A001").state is VisitState.ISSUED
        floor.later(minutes=callable_after_min - 0.1)
        assert floor.call(1) == "refused: nobody_waits"
        floor.later(minutes=0.1)
    assert floor.visit("A001").state is VisitState.WAITING
    floor.later(minutes=2)
    assert floor.call(1) == "A001"
    assert floor.last_call().scores[0].waited_s == 120


def test_an_early_appointment_passes_nobody_by_coming_early() -> None:
    floor = Floor(classes_hall(early_min=0))
    floor.take("bill", "booked", booked_at=floor.now + timedelta(minutes=20))
    floor.later(minutes=19)
    floor.take()
    assert floor.call(1) == "A002"
    floor.later(minutes=1)
    assert floor.call(2) == "A001"


# Slips ----------------------------------------------------------------------------------------------------------------


def printing() -> tuple[Floor, str]:
    floor = Floor(a_hall(slip_grace_s=10))
    answer = floor.try_take("bill")
    assert isinstance(answer, TicketTaken)
    return floor, answer.visit


@pytest.mark.parametrize(
    ("fate", "state"),
    [
        (SlipFate.PRINTED, VisitState.WAITING),
        (SlipFate.UNKNOWN, VisitState.WAITING),
        (SlipFate.NOT_PRINTED, VisitState.VOID),
    ],
)
def test_what_becomes_of_a_ticket_whose_paper_was_reported(fate: SlipFate, state: VisitState) -> None:
    floor, visit = printing()
    floor.ask(ReportSlip(id="s", visit=visit, fate=fate), node="kiosk-1")
    assert floor.visit("A001").state is state
    floor.ask(ReportSlip(id="again", visit=visit, fate=SlipFate.NOT_PRINTED), node="kiosk-1")
    assert floor.visit("A001").state is state
    floor.later(seconds=11)
    assert floor.visit("A001").state is state


def test_paper_that_failed_after_the_call_voids_nothing() -> None:
    floor, visit = printing()
    floor.later(seconds=10)
    floor.call(1)
    assert (
        reason(floor.ask(ReportSlip(id="s", visit=visit, fate=SlipFate.NOT_PRINTED), node="kiosk-1"))
        == "already_called"
    )
    assert reason(floor.ask(ReportSlip(id="s", visit=visit, fate=SlipFate.PRINTED), node="kiosk-2")) == "not_allowed"
    assert replace(floor.visit("A001")).state is VisitState.CALLED
