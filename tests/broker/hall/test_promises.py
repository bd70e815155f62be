"""What the hall promises, whatever people press: nothing twice, in order, and the same after a replay."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from broker.contract.messages import (
    AnyCommand,
    CallNext,
    ConfigureHall,
    FinishService,
    Hall,
    MarkNoShow,
    OpenDay,
    Rate,
    Rating,
    Recall,
    Recorded,
    ReportSlip,
    SlipFate,
    StartService,
    TakeTicket,
    TicketCalled,
    TicketIssued,
    VisitRated,
)
from broker.hall.apply import apply
from broker.hall.clock import ms
from broker.hall.decide import decide
from broker.hall.estimate import promises
from broker.hall.life import VisitState
from broker.hall.request import Request
from broker.hall.state import HallState
from broker.hall.views import board_view, counter_view, queues_view

PRESSES = st.lists(
    st.tuples(
        st.sampled_from(["take", "take", "slip", "call", "call", "recall", "start", "finish", "no_show", "rate"]),
        st.integers(1, 2),
        st.sampled_from(list(SlipFate)),
    ),
    max_size=120,
)


def _command(state: HallState, number: int, press: tuple[str, int, SlipFate]) -> tuple[AnyCommand, str]:
    what, counter, fate = press
    view = counter_view(state, counter)
    one, seen = f"c{number}", view.call
    at_counter: dict[str, AnyCommand] = {
        "call": CallNext(id=one, counter=counter, seen=seen),
        "recall": Recall(id=one, counter=counter, seen=seen),
        "start": StartService(id=one, counter=counter, seen=seen),
        "finish": FinishService(id=one, counter=counter, seen=seen),
        "no_show": MarkNoShow(id=one, counter=counter, seen=seen),
        "rate": Rate(id=one, call=view.rate or "none.1", counter=counter, rating=Rating.SATISFIED),
    }
    if what in at_counter:
        return at_counter[what], "box-1"
    if what == "take":
        return TakeTicket(id=one, service="bill" if counter == 1 else "new"), "kiosk-1"
    visit = next((each.id for each in state.visits.values() if each.slip is None), "none")
    return ReportSlip(id=one, visit=visit, fate=fate), "kiosk-1"


def _played(hall: Hall, presses: Sequence[tuple[str, int, SlipFate]]) -> tuple[HallState, list[Recorded]]:
    state, history = HallState(epoch=1), []
    now = datetime(2026, 11, 21, 1, tzinfo=UTC)
    orders: list[tuple[AnyCommand, str]] = [
        (OpenDay(id="d", day="2026-11-21"), "dispatcher"),
        (ConfigureHall(id="h", hall=hall), "dispatcher"),
    ]
    for number in range(len(presses) + 2):
        command, node = orders[number] if number < 2 else _command(state, number, presses[number - 2])
        now += timedelta(seconds=3)
        for event in decide(state, command, node=node, now=now).events:
            recorded = Recorded(epoch=1, seq=state.seq + 1, at=now, event=event)
            apply(state, recorded)
            history.append(recorded)
    return state, history


@settings(max_examples=150, deadline=None)
@given(presses=PRESSES)
def test_no_number_is_given_twice_no_ticket_called_to_two_counters_no_visit_rated_twice(
    small_hall: Hall, presses: list[tuple[str, int, SlipFate]]
) -> None:
    _, history = _played(small_hall, presses)
    events = [each.event for each in history]
    for given_once in (
        [each.ticket for each in events if isinstance(each, TicketIssued)],
        [each.visit for each in events if isinstance(each, TicketCalled)],
        [each.visit for each in events if isinstance(each, VisitRated)],
    ):
        assert len(given_once) == len(set(given_once))


@settings(max_examples=150, deadline=None)
@given(presses=PRESSES)
def test_whoever_is_called_came_first_of_all_whom_the_counter_could_call(
    small_hall: Hall, presses: list[tuple[str, int, SlipFate]]
) -> None:
    _, history = _played(small_hall, presses)
    skills = {counter.number: counter.skills for counter in small_hall.counters}
    state = HallState(epoch=1)
    for recorded in history:
        if isinstance(recorded.event, TicketCalled):
            grace = timedelta(seconds=small_hall.slip_grace_s)
            could_come = [
                visit
                for visit in state.visits.values()
                if visit.state is VisitState.WAITING
                and visit.service in skills[recorded.event.counter]
                and (visit.slip is not None or recorded.at - visit.issued_at >= grace)
            ]
            assert recorded.event.visit == min(could_come, key=lambda visit: visit.issued_seq).id
        apply(state, recorded)


@settings(max_examples=150, deadline=None)
@given(presses=PRESSES)
def test_a_replay_gives_the_same_hall_and_the_same_screens(
    small_hall: Hall, presses: list[tuple[str, int, SlipFate]]
) -> None:
    state, history = _played(small_hall, presses)
    again = HallState(epoch=1)
    for recorded in history:
        apply(again, recorded)
    assert again == state
    assert board_view(again, "main") == board_view(state, "main")
    assert queues_view(again) == queues_view(state)
    assert [counter_view(again, n) for n in (1, 2)] == [counter_view(state, n) for n in (1, 2)]


@settings(max_examples=150, deadline=None)
@given(presses=PRESSES)
def test_nobody_is_in_two_places(small_hall: Hall, presses: list[tuple[str, int, SlipFate]]) -> None:
    state, _ = _played(small_hall, presses)
    standing = [desk.visit for desk in state.desks.values() if desk.visit is not None]
    queueing = [visit for lane in state.lanes.values() for visit in lane]
    assert len(standing) == len(set(standing))
    assert not set(standing) & set(queueing)
    assert {visit.id for visit in state.open_visits()} == {*standing, *queueing}
