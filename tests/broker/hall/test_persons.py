"""Who the customer is: a keyed hash, that holds a limit for a day and tells the clerk of earlier visits."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from broker.contract.messages import (
    BookVisit,
    CallTicket,
    FinishService,
    Hall,
    Hours,
    Identity,
    IdentityKind,
    OpenDay,
    Refused,
    ReportSlip,
    SlipFate,
    TicketIssued,
    TicketTaken,
    Weekday,
)
from broker.hall.apply import apply
from broker.hall.snapshot import restored, taken
from broker.hall.state import HallState
from broker.hall.views import counter_view

from .floor import ASK, BILL, BOOKED, MORNING, NEW, PLAIN, Floor, a_hall, reason

WU, LI = "0" * 24, "1" * 24


def asking_hall(per_day: int | None = 2, **more: Any) -> Hall:
    identity = Identity(kind=IdentityKind.ACCOUNT, required=("bill",), optional=("new",), per_day=per_day)
    hall = a_hall(services=(BILL, NEW, ASK), counters={1: "bill new ask"}, classes=(BOOKED, PLAIN))
    return replace(hall, identity=identity, bookings=True, **more)


@pytest.mark.parametrize(
    ("service", "person", "node", "why"),
    [
        ("bill", WU, "kiosk-1", None),
        ("bill", None, "kiosk-1", "person_missing"),
        ("bill", None, "boss", None),  # who stands at the desk has been seen
        ("new", None, "kiosk-1", None),
        ("ask", None, "kiosk-1", None),
    ],
)
def test_who_must_say_who_he_is(service: str, person: str | None, node: str, why: str | None) -> None:
    answer = Floor(asking_hall()).try_take(service, node=node, person=person)
    assert (answer.reason if isinstance(answer, Refused) else None) == why


def test_past_the_limit_a_person_gets_no_number_and_is_told_when_again() -> None:
    floor = Floor(asking_hall(per_day=2))
    assert [floor.take("bill", person=WU), floor.take("new", person=WU)] == ["A001", "B001"]
    refused = floor.try_take("bill", person=WU)
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.args) == ("person_limit", {"most": 2, "day": "2026-11-22"})
    assert floor.take("bill", person=LI) == "A002"


def test_the_next_day_with_numbers_is_named_not_a_day_off() -> None:
    week = (Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI, Weekday.SAT)
    hours = (Hours(days=week, open="08:30", close="17:00"),)
    floor = Floor(asking_hall(per_day=1, hours=hours, closed_on=("2026-11-23",)))
    floor.take("bill", person=WU)
    refused = floor.try_take("bill", person=WU)
    assert isinstance(refused, Refused)
    assert refused.args["day"] == "2026-11-24"


def test_a_slip_that_never_came_out_counts_for_nothing() -> None:
    floor = Floor(asking_hall(per_day=1))
    lost = floor.try_take("bill", person=WU)
    assert isinstance(lost, TicketTaken)
    floor.ask(ReportSlip(id="s", visit=lost.visit, fate=SlipFate.NOT_PRINTED), node="kiosk-1")
    assert floor.take("bill", person=WU) == "A002"


def test_a_booked_visit_is_never_refused_for_the_limit() -> None:
    floor = Floor(asking_hall(per_day=1))
    floor.take("bill", person=WU)
    floor.ask(BookVisit(id="b", code="482913", service="bill", at=MORNING + timedelta(minutes=5)), node="boss")
    assert floor.take("bill", person=WU, booking="482913") == "A002"


def test_without_a_limit_people_are_only_counted() -> None:
    floor = Floor(asking_hall(per_day=None))
    assert [floor.take("bill", person=WU) for _ in range(4)] == ["A001", "A002", "A003", "A004"]


def test_what_nobody_asks_for_is_not_kept() -> None:
    for hall, service in ((asking_hall(), "ask"), (replace(asking_hall(), identity=None), "bill")):
        floor = Floor(hall)
        floor.take(service, person=WU)
        assert [each.event.person for each in floor.history if isinstance(each.event, TicketIssued)] == [None]
        assert not floor.state.visits_of


def test_the_clerk_sees_how_often_the_customer_was_here_before_today() -> None:
    floor = Floor(asking_hall(per_day=None))
    for person in (WU, WU, None, LI):
        floor.take("new", person=person)
    seen = []
    for ticket in ("B001", "B002", "B003", "B004"):
        floor.press(CallTicket, 1, ticket=ticket)
        seen.append(counter_view(floor.state, 1).visits_before)
        floor.press(FinishService, 1)
    assert seen == [0, 1, None, 0]
    assert counter_view(floor.state, 1).visits_before is None


def test_a_number_given_in_an_outage_counts_and_is_never_refused() -> None:
    floor = Floor(asking_hall(per_day=1))
    floor.take("bill", person=WU)
    floor.later(minutes=1)
    floor.merge(1001, ago_s=5, person=WU)
    assert len(floor.state.visits_of[WU]) == 2
    assert reason(floor.try_take("bill", person=WU)) == "person_limit"


def test_with_the_day_the_hall_forgets_who_came_and_a_snapshot_or_replay_does_not_before() -> None:
    floor = Floor(asking_hall(per_day=None))
    floor.take("bill", person=WU)
    floor.take("bill", person=WU)
    again = HallState(epoch=1)
    for recorded in floor.history:
        apply(again, recorded)
    assert again.visits_of == restored(taken(floor.state), epoch=1).visits_of == floor.state.visits_of
    floor.now += timedelta(days=1)
    floor.ask(OpenDay(id="d", day="2026-11-22"), node="dispatcher")
    assert not floor.state.visits_of
    assert WU not in repr(taken(floor.state))
