"""A visit's whole life: the table of its steps, several services, missed and back, the day's end."""

import pytest

from broker.contract.messages import (
    AnyCommand,
    AnyEvent,
    CancelTicket,
    CaseOpened,
    Clerk,
    CloseCounter,
    Event,
    FinishService,
    Hold,
    HoldVisit,
    MarkNoShow,
    OpenCounter,
    OpenDay,
    Outcome,
    Rate,
    Rating,
    ReadEvents,
    Returned,
    ReturnTicket,
    SignIn,
    StartService,
    TransactionEnded,
    VisitEnded,
)
from broker.hall import decide
from broker.hall.apply import APPLY
from broker.hall.life import TRANSITIONS, VisitState
from broker.hall.views import counter_view

from .floor import ASK, BILL, COURTESY, EMERGENCY, NEW, PLAIN, Floor, a_hall, reason

THREE = {1: "bill new", 2: "bill ask", 3: "bill"}
CLERKS = (Clerk(id="wang"), Clerk(id="li"))


@pytest.fixture
def floor() -> Floor:
    """Three counters at work."""
    floor = Floor(
        a_hall(services=(BILL, NEW, ASK), counters=THREE, clerks=CLERKS, classes=(EMERGENCY, COURTESY, PLAIN))
    )
    for counter in THREE:
        floor.press(OpenCounter, counter)
    return floor


def back(floor: Floor, ticket: str) -> Returned:
    answer = floor.ask(ReturnTicket(id=floor.id(), ticket=ticket), node="kiosk-1")
    assert isinstance(answer, Returned), answer
    return answer


def missed(floor: Floor, counter: int) -> str:
    ticket = floor.call(counter)
    floor.press(MarkNoShow, counter)
    return ticket


def kinds_of(union: object) -> set[type]:
    return set(union.__args__)  # type: ignore[attr-defined]


# The tables -----------------------------------------------------------------------------------------------------------


def test_the_hall_knows_what_each_event_does() -> None:
    assert set(APPLY) == kinds_of(AnyEvent)


def test_the_table_of_a_visits_life_covers_every_event_that_names_a_visit() -> None:
    about_visits = {kind for kind in kinds_of(AnyEvent) if "visit" in kind.__annotations__}
    assert set(TRANSITIONS) == about_visits - {CaseOpened}
    for kind, step in TRANSITIONS.items():
        assert issubclass(kind, Event)
        assert step, kind


def test_the_hall_knows_what_each_command_does() -> None:
    decided = {*decide._OWN, *decide._OF_NODES, ReadEvents}
    assert decided == kinds_of(AnyCommand)


def test_an_ended_visit_is_never_called_again() -> None:
    for state in (VisitState.ENDED, VisitState.VOID):
        leads = {kind.__name__ for kind, step in TRANSITIONS.items() if step.get(state) is not None}
        assert not leads


# Several services -----------------------------------------------------------------------------------------------------


def test_one_ticket_for_several_services_keeps_its_place_in_each(floor: Floor) -> None:
    floor.take("bill", then=("ask", "new"))
    floor.later(seconds=9)
    floor.take("ask")
    assert floor.call(1) == "A001"
    floor.press(FinishService, 1)
    assert [each.event.service for each in floor.history if isinstance(each.event, TransactionEnded)] == ["ask"]
    assert [floor.serve(2), floor.serve(2)] == ["A001", "C001"]
    assert floor.serve(1) == "A001"
    assert floor.visit("A001").outcome is Outcome.DONE
    assert floor.visit("A001").calls == 3


def test_each_of_several_services_is_rated_by_itself(floor: Floor) -> None:
    floor.take("bill", then=("ask",))
    floor.serve(1)
    first = counter_view(floor.state, 1).rate
    floor.serve(2)
    second = counter_view(floor.state, 2).rate
    assert first is not None
    assert second is not None
    for call, counter in ((second, 2), (first, 1)):
        floor.ask(Rate(id=floor.id(), call=call, counter=counter, rating=Rating.AVERAGE))
        again = floor.ask(Rate(id=floor.id(), call=call, counter=counter, rating=Rating.COMPLAINT))
        assert reason(again) == "already_rated"
    assert floor.visit("A001").rated == (second, first)


def test_a_step_that_was_declined_keeps_its_reason(floor: Floor) -> None:
    floor.take("bill", then=("ask",))
    floor.call(1)
    floor.press(FinishService, 1, outcome=Outcome.DECLINED, reason="no_papers")
    ended = floor.history[-1].event
    assert isinstance(ended, TransactionEnded)
    assert ended.reason == "no_papers"


# No-show and back -----------------------------------------------------------------------------------------------------


def test_back_in_time_is_called_after_exactly_the_next_ticket(floor: Floor) -> None:
    for _ in range(4):
        floor.take()
    assert missed(floor, 1) == "A001"
    answer = back(floor, "A001")
    assert (answer.after_next, answer.ahead) == (True, 1)
    assert [floor.serve(1) for _ in range(4)] == ["A002", "A001", "A003", "A004"]


def test_back_in_time_with_nobody_else_is_called_at_once(floor: Floor) -> None:
    floor.take()
    missed(floor, 1)
    assert back(floor, "A001").ahead == 0
    assert floor.call(1) == "A001"


@pytest.mark.parametrize(
    ("calls", "minutes", "in_time"), [(5, 60, True), (6, 10, True), (6, 10.1, False), (0, 60, True)]
)
def test_back_within_so_many_calls_or_minutes_is_in_time(
    floor: Floor, calls: int, minutes: float, *, in_time: bool
) -> None:
    for _ in range(calls + 2):
        floor.take()
    missed(floor, 1)
    for _ in range(calls):
        floor.serve(1)
    floor.later(minutes=minutes)
    floor.take()
    answer = back(floor, "A001")
    assert answer.after_next is in_time
    order = [floor.serve(1) for _ in range(3)]
    assert order.index("A001") == (1 if in_time else 2)


def test_two_who_are_back_come_one_after_another_and_not_before_the_next(floor: Floor) -> None:
    for _ in range(5):
        floor.take()
    missed(floor, 1)
    missed(floor, 1)
    back(floor, "A002")
    back(floor, "A001")
    assert [floor.serve(1) for _ in range(5)] == ["A003", "A002", "A001", "A004", "A005"]


def test_who_never_left_the_queue_cannot_come_back(floor: Floor) -> None:
    floor.take()
    for state, why in (("waits", "still_waits"), ("called", "not_missed"), ("ended", "not_missed")):
        if state == "called":
            floor.call(1)
        if state == "ended":
            floor.press(FinishService, 1)
        assert reason(floor.ask(ReturnTicket(id=floor.id(), ticket="A001"), node="kiosk-1")) == why
    assert reason(floor.ask(ReturnTicket(id="x", ticket="A009"), node="kiosk-1")) == "unknown_ticket"
    assert reason(floor.ask(ReturnTicket(id="x", ticket="A001"), node="watcher")) == "not_allowed"


@pytest.mark.parametrize("state", ["waits", "held", "missed"])
def test_whoever_is_not_called_may_give_up(floor: Floor, state: str) -> None:
    floor.take()
    if state != "waits":
        floor.call(1)
        floor.press(HoldVisit, 1, hold=Hold.OTHER_STEP) if state == "held" else floor.press(MarkNoShow, 1)
    floor.ask(CancelTicket(id=floor.id(), ticket="A001"), node="kiosk-1")
    assert floor.visit("A001").outcome is Outcome.CANCELLED
    assert floor.call(1) == "refused: nobody_waits"


def test_who_is_called_cannot_give_up_at_the_kiosk(floor: Floor) -> None:
    floor.take()
    floor.call(1)
    assert reason(floor.ask(CancelTicket(id="x", ticket="A001"), node="kiosk-1")) == "already_called"
    assert reason(floor.ask(CancelTicket(id="x", ticket="A009"), node="kiosk-1")) == "unknown_ticket"
    assert reason(floor.ask(CancelTicket(id="x", ticket="A001"), node="box-1")) == "not_allowed"


# The day's end --------------------------------------------------------------------------------------------------------


def test_a_day_that_ends_says_what_became_of_everybody(floor: Floor) -> None:
    for _ in range(6):
        floor.take()
    floor.call(1)
    floor.press(StartService, 1)
    floor.call(2)
    missed(floor, 3)
    floor.call(3)
    floor.press(HoldVisit, 3, hold=Hold.DOCUMENTS_KEPT)
    seq = floor.state.seq
    floor.ask(OpenDay(id="tomorrow", day="2026-11-22"), node="dispatcher")
    ended = {
        each.event.ticket: each.event.outcome.value
        for each in floor.history
        if each.seq > seq and isinstance(each.event, VisitEnded)
    }
    assert ended == {
        "A001": "done",
        "A002": "closed_unserved",
        "A003": "no_show",
        "A004": "closed_unserved",
        "A005": "closed_unserved",
        "A006": "closed_unserved",
    }
    assert not floor.state.visits
    assert counter_view(floor.state, 1).ticket is None
    assert floor.take() == "A001"


def test_the_same_day_is_opened_once(floor: Floor) -> None:
    floor.take()
    seq = floor.state.seq
    floor.ask(OpenDay(id="again", day="2026-11-21"), node="dispatcher")
    assert floor.state.seq == seq


def test_a_counter_that_signed_out_after_closing_stays_closed(floor: Floor) -> None:
    floor.press(SignIn, 1, clerk="li")
    floor.press(CloseCounter, 1)
    floor.press(SignIn, 1, clerk=None)
    assert counter_view(floor.state, 1).state.value == "closed"
