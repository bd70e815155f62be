"""A clerk takes the last act back: what is restored, and when it is too late."""

from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta

import pytest

from broker.contract.messages import (
    ArmCounter,
    CallTicket,
    CancelTicket,
    CaseOpened,
    CloseCounter,
    ConfigureHall,
    CounterState,
    Discipline,
    FinishService,
    Hold,
    HoldVisit,
    MarkNoShow,
    NotEntitled,
    OpenCounter,
    Outcome,
    PauseCounter,
    Position,
    Rate,
    Rating,
    Recall,
    ResumeVisit,
    ReturnTicket,
    ServeWithoutTicket,
    SignIn,
    StartService,
    StateOutcome,
    TransferVisit,
    Undo,
    Undone,
)
from broker.hall.life import VisitState
from broker.hall.views import counter_view

from .floor import BOOKED, COURTESY, PLAIN, Floor, a_class, a_hall, reason


@pytest.fixture
def floor() -> Floor:
    floor = Floor(a_hall(classes=(COURTESY, PLAIN)))
    for counter in (1, 2):
        floor.press(OpenCounter, counter)
    floor.take("bill", "courtesy", then=("new",))
    floor.later(seconds=1)
    floor.take()
    floor.later(seconds=1)
    return floor


def call(floor: Floor) -> None:
    floor.call(1)


def serve(floor: Floor) -> None:
    call(floor)
    floor.press(StartService, 1)


ACTS: list[tuple[str, Callable[[Floor], object], Callable[[Floor], object]]] = [
    ("a call", lambda _: None, lambda floor: floor.call(1)),
    ("a call by number", lambda _: None, lambda floor: floor.press(CallTicket, 1, ticket="A002")),
    ("a start", call, lambda floor: floor.press(StartService, 1)),
    ("an end", serve, lambda floor: floor.press(FinishService, 1)),
    ("an end without a start", call, lambda floor: floor.press(FinishService, 1)),
    ("a no-show", call, lambda floor: floor.press(MarkNoShow, 1)),
    ("a hold", serve, lambda floor: floor.press(HoldVisit, 1, hold=Hold.DOCUMENTS_KEPT)),
    ("a transfer", serve, lambda floor: floor.press(TransferVisit, 1, service="new", position=Position.LAST)),
    ("a transfer to the front", call, lambda floor: floor.press(TransferVisit, 1, position=Position.FIRST)),
    ("not entitled", call, lambda floor: floor.press(NotEntitled, 1)),
    ("a pause", lambda _: None, lambda floor: floor.press(PauseCounter, 1, reason="tea")),
    (
        "a pause in a pause",
        lambda floor: floor.press(PauseCounter, 1, reason="tea"),
        lambda floor: floor.press(PauseCounter, 1, reason="lunch"),
    ),
    ("a call in a pause", lambda floor: floor.press(PauseCounter, 1, reason="tea"), lambda floor: floor.call(1)),
    ("closing", lambda _: None, lambda floor: floor.press(CloseCounter, 1)),
]
NOT_AS_BEFORE = {"calls", "changed_seq", "counted_from", "counted_from_exempt", "joined_seq", "gate"}


def as_they_stand(floor: Floor) -> tuple[object, ...]:
    visits = {
        visit.ticket: {name: getattr(visit, name) for name in visit.__struct_fields__ if name not in NOT_AS_BEFORE}
        for visit in floor.state.visits.values()
    }
    desk = deepcopy(floor.state.desk(1))
    desk.undo = None
    lines = {key: list(lane.visits) for key, lane in floor.state.lanes.items() if lane.visits}
    return visits, desk, lines, {each: n for each, n in floor.state.queued.items() if n}, floor.state.waiting


@pytest.mark.parametrize(("what", "before", "act"), ACTS, ids=[each[0] for each in ACTS])
def test_what_is_taken_back_is_as_it_was(
    floor: Floor, what: str, before: Callable[[Floor], object], act: Callable[[Floor], object]
) -> None:
    before(floor)
    stood = as_they_stand(floor)
    seq = floor.state.seq
    act(floor)
    assert floor.state.seq == seq + 1, what
    floor.later(seconds=30)
    floor.press(Undo, 1)
    assert isinstance(floor.history[-1].event, Undone)
    assert as_they_stand(floor) == stood
    assert reason(floor.press(Undo, 1)) == "nothing_to_undo"


@pytest.mark.parametrize(("what", "before", "act"), ACTS, ids=[each[0] for each in ACTS])
def test_half_a_minute_later_it_is_too_late_and_for_a_no_show_five_minutes(
    floor: Floor, what: str, before: Callable[[Floor], object], act: Callable[[Floor], object]
) -> None:
    before(floor)
    act(floor)
    floor.now += timedelta(seconds=301 if what == "a no-show" else 31)
    assert reason(floor.press(Undo, 1)) == "too_late_to_undo"


@pytest.mark.parametrize("act", [SignIn, ArmCounter, OpenCounter, Recall, ServeWithoutTicket])
def test_some_acts_cannot_be_taken_back(floor: Floor, act: type) -> None:
    more = {SignIn: {"clerk": None}, ArmCounter: {"armed": True}, ServeWithoutTicket: {"service": "bill"}}
    if act is OpenCounter:
        floor.press(PauseCounter, 2, reason="tea")
    if act is Recall:
        floor.call(2)
    if act is ArmCounter:
        floor.call(2)
    floor.press(act, 2, **more.get(act, {}))  # type: ignore[call-overload]
    if act is not SignIn:
        assert reason(floor.press(Undo, 2)) == "nothing_to_undo"


LATER: list[tuple[str, Callable[[Floor], object], Callable[[Floor], object]]] = [
    ("called elsewhere", lambda floor: floor.press(TransferVisit, 1), lambda floor: floor.call(2)),
    (
        "back in the queue",
        lambda floor: floor.press(MarkNoShow, 1),
        lambda floor: floor.ask(ReturnTicket(id="r", ticket="A001"), node="kiosk-1"),
    ),
    (
        "given up",
        lambda floor: floor.press(MarkNoShow, 1),
        lambda floor: floor.ask(CancelTicket(id="r", ticket="A001"), node="kiosk-1"),
    ),
    (
        "taken up again",
        lambda floor: floor.press(HoldVisit, 1, hold=Hold.OTHER_STEP),
        lambda floor: floor.press(ResumeVisit, 2, ticket="A001"),
    ),
    (
        "rated",
        lambda floor: floor.press(FinishService, 1),
        lambda floor: floor.ask(Rate(id="r", call="2026-11-21-A001.1", counter=1, rating=Rating.AVERAGE)),
    ),
]


@pytest.mark.parametrize(("what", "act", "later"), LATER, ids=[each[0] for each in LATER])
def test_what_something_later_happened_to_is_not_taken_back(
    floor: Floor, what: str, act: Callable[[Floor], object], later: Callable[[Floor], object]
) -> None:
    call(floor)
    act(floor)
    seq = floor.state.seq
    later(floor)
    assert floor.state.seq > seq, what
    assert reason(floor.press(Undo, 1)) == "too_late_to_undo"


def test_a_call_that_is_taken_back_is_another_call_the_next_time(floor: Floor) -> None:
    call(floor)
    first = floor.seen(1)
    floor.press(Undo, 1)
    undone = floor.history[-1].event
    assert isinstance(undone, Undone)
    assert (undone.call, undone.ticket, undone.act) == (first, "A001", "TicketCalled")
    call(floor)
    assert floor.seen(1) == "2026-11-21-A001.2"


def test_to_take_up_a_visit_again_is_one_act(floor: Floor) -> None:
    serve(floor)
    floor.press(HoldVisit, 1, hold=Hold.DOCUMENTS_KEPT)
    floor.later(seconds=5)
    floor.press(ResumeVisit, 1, ticket="A001")
    assert floor.visit("A001").state is VisitState.SERVING
    floor.press(Undo, 1)
    assert floor.visit("A001").state is VisitState.HELD
    assert counter_view(floor.state, 1).held == ("A001",)
    assert counter_view(floor.state, 1).state is CounterState.IDLE
    floor.later(minutes=61)
    assert floor.visit("A001").state is VisitState.WAITING


def test_what_another_counter_took_up_meanwhile_is_not_held_again(floor: Floor) -> None:
    serve(floor)
    floor.press(HoldVisit, 1, hold=Hold.OTHER_STEP)
    floor.call(1)
    floor.press(ResumeVisit, 2, ticket="A001")
    floor.press(Undo, 1)
    assert floor.waits() == {"A002"}
    assert counter_view(floor.state, 1).held == ()
    assert counter_view(floor.state, 2).ticket == "A001"


def test_a_follow_up_that_is_taken_back_gives_no_right_to_return() -> None:
    floor = Floor(a_hall())
    floor.take()
    floor.call(1)
    floor.press(FinishService, 1, outcome=Outcome.FOLLOW_UP)
    assert isinstance(floor.history[-1].event, CaseOpened)
    code = next(iter(floor.state.returns))
    floor.press(Undo, 1)
    assert floor.visit("A001").state is VisitState.CALLED
    assert floor.take("bill", return_code=code) == "refused: unknown_return"


def test_an_outcome_that_was_owed_is_owed_no_more_and_one_that_was_stated_stays() -> None:
    floor = Floor(a_hall(outcome_mandatory=True))
    floor.take()
    floor.serve(1)
    floor.press(Undo, 1)
    assert counter_view(floor.state, 1).owed == ()
    floor.press(FinishService, 1)
    floor.ask(StateOutcome(id="s", visit="2026-11-21-A001", counter=1, outcome=Outcome.DONE))
    assert reason(floor.press(Undo, 1)) == "too_late_to_undo"


def test_who_was_back_after_a_no_show_stands_where_he_stood_when_the_call_is_taken_back() -> None:
    floor = Floor(a_hall())
    for _ in range(4):
        floor.take()
    for ticket in ("A001", "A002"):
        assert floor.call(1) == ticket
        floor.press(MarkNoShow, 1)
    for ticket in ("A001", "A002"):
        floor.ask(ReturnTicket(id=floor.id(), ticket=ticket), node="kiosk-1")
    assert [floor.serve(1), floor.call(1)] == ["A003", "A001"]
    floor.press(Undo, 1)
    assert [floor.serve(1) for _ in range(3)] == ["A001", "A002", "A004"]


def test_a_call_that_is_taken_back_was_not_the_next_one_that_a_returner_waits_for() -> None:
    floor = Floor(a_hall())
    for _ in range(3):
        floor.take()
    floor.call(1)
    floor.press(MarkNoShow, 1)
    floor.ask(ReturnTicket(id="r", ticket="A001"), node="kiosk-1")
    assert floor.call(1) == "A002"
    floor.press(Undo, 1)
    assert [floor.serve(1) for _ in range(3)] == ["A002", "A001", "A003"]


def test_who_comes_back_between_a_call_and_its_undoing_waits_for_one_call_and_not_two() -> None:
    floor = Floor(a_hall())
    for _ in range(5):
        floor.take()
    for _ in range(2):
        floor.call(1)
        floor.press(MarkNoShow, 1)
    floor.ask(ReturnTicket(id="r1", ticket="A001"), node="kiosk-1")
    assert floor.call(1) == "A003"
    floor.ask(ReturnTicket(id="r2", ticket="A002"), node="kiosk-1")
    floor.press(Undo, 1)
    floor.ask(CancelTicket(id="c", ticket="A001"), node="kiosk-1")
    assert [floor.serve(1) for _ in range(3)] == ["A003", "A002", "A004"]


def test_a_class_does_not_lose_its_turn_by_a_call_that_is_taken_back() -> None:
    floor = Floor(a_hall(classes=(a_class("vip", 5), PLAIN), discipline=Discipline.RATIO))
    for name in ("vip", "vip", "ordinary", "ordinary"):
        floor.take("bill", name)
    floor.call(1)
    floor.press(Undo, 1)
    assert [floor.serve(1) for _ in range(4)] == ["A001", "A003", "A002", "A004"]


def test_an_early_appointment_that_was_called_by_number_and_sent_back_waits_for_its_time() -> None:
    floor = Floor(a_hall(classes=(BOOKED, PLAIN)))
    floor.take("bill", "booked", booked_at=floor.now + timedelta(minutes=60))
    floor.press(CallTicket, 1, ticket="A001")
    floor.press(Undo, 1)
    assert floor.visit("A001").state is VisitState.ISSUED
    assert floor.call(1) == "refused: nobody_waits"
    floor.later(minutes=45)
    assert [each for each in floor.kinds() if each == "TicketReady"] == ["TicketReady"]
    assert floor.call(1) == "A001"


def test_after_a_changed_hall_file_nothing_from_before_is_taken_back(floor: Floor) -> None:
    call(floor)
    floor.ask(ConfigureHall(id="h", hall=a_hall()), node="dispatcher")
    assert reason(floor.press(Undo, 1)) == "nothing_to_undo"
