"""What the hall promises with a plain queue, whatever people press: nothing twice, in order, replayable."""

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from broker.contract.messages import (
    AnyCommand,
    CallNext,
    FinishService,
    Hall,
    MarkNoShow,
    Rate,
    Rating,
    Recall,
    ReportSlip,
    SlipFate,
    StartService,
    TakeTicket,
    TicketCalled,
    TicketIssued,
    VisitRated,
)
from broker.hall.apply import apply
from broker.hall.life import VisitState
from broker.hall.state import HallState
from broker.hall.views import board_view, counter_view, queues_view

from .floor import Floor
from .picture import picture

PRESSES = st.lists(
    st.tuples(
        st.sampled_from(["take", "take", "slip", "call", "call", "recall", "start", "finish", "no_show", "rate"]),
        st.integers(1, 2),
        st.sampled_from(list(SlipFate)),
    ),
    max_size=120,
)


def _command(floor: Floor, press: tuple[str, int, SlipFate]) -> tuple[AnyCommand, str]:
    what, counter, fate = press
    view = counter_view(floor.state, counter)
    one, seen = floor.id(), view.call
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
    visit = next((each.id for each in floor.state.visits.values() if each.slip is None), "none")
    return ReportSlip(id=one, visit=visit, fate=fate), "kiosk-1"


def _played(hall: Hall, presses: Sequence[tuple[str, int, SlipFate]]) -> Floor:
    floor = Floor(hall, promising=False)
    for press in presses:
        floor.now += timedelta(seconds=3)
        command, node = _command(floor, press)
        floor.ask(command, node=node)
    return floor


@settings(max_examples=60, deadline=None)
@given(presses=PRESSES)
def test_no_number_is_given_twice_no_ticket_called_to_two_counters_no_visit_rated_twice(
    small_hall: Hall, presses: list[tuple[str, int, SlipFate]]
) -> None:
    events = [each.event for each in _played(small_hall, presses).history]
    for given_once in (
        [each.ticket for each in events if isinstance(each, TicketIssued)],
        [each.visit for each in events if isinstance(each, TicketCalled)],
        [each.visit for each in events if isinstance(each, VisitRated)],
    ):
        assert len(given_once) == len(set(given_once))


@settings(max_examples=60, deadline=None)
@given(presses=PRESSES)
def test_whoever_is_called_came_first_of_all_whom_the_counter_could_call(
    small_hall: Hall, presses: list[tuple[str, int, SlipFate]]
) -> None:
    skills = {counter.number: counter.skills for counter in small_hall.counters}
    state = HallState(epoch=1)
    for recorded in _played(small_hall, presses).history:
        if isinstance(recorded.event, TicketCalled):
            could_come = [
                visit
                for visit in state.visits.values()
                if visit.state is VisitState.WAITING and visit.service in skills[recorded.event.counter]
            ]
            assert recorded.event.visit == min(could_come, key=lambda visit: visit.issued_seq).id
        apply(state, recorded)


@settings(max_examples=60, deadline=None)
@given(presses=PRESSES)
def test_a_ticket_waits_once_its_slip_is_known_or_its_grace_is_over_and_not_before(
    small_hall: Hall, presses: list[tuple[str, int, SlipFate]]
) -> None:
    floor = _played(small_hall, presses)
    floor.elapse()
    for visit in floor.state.visits.values():
        age_s = floor.now.timestamp() - visit.issued_ms / 1000
        if visit.state is VisitState.ISSUED:
            assert visit.slip is None
            assert age_s < small_hall.slip_grace_s
        elif visit.state is VisitState.WAITING:
            assert visit.slip is not None or age_s >= small_hall.slip_grace_s


@settings(max_examples=60, deadline=None)
@given(presses=PRESSES)
def test_a_replay_gives_the_same_hall_and_the_same_screens(
    small_hall: Hall, presses: list[tuple[str, int, SlipFate]]
) -> None:
    floor = _played(small_hall, presses)
    state, again = floor.state, HallState(epoch=1)
    for recorded in floor.history:
        apply(again, recorded)
    now_ms = round(floor.now.timestamp() * 1000)
    assert picture(again, now_ms) == picture(state, now_ms)
    assert board_view(again, "main") == board_view(state, "main")
    assert queues_view(again, {}, now_ms) == queues_view(state, {}, now_ms)
    assert [counter_view(again, n) for n in (1, 2)] == [counter_view(state, n) for n in (1, 2)]


@settings(max_examples=60, deadline=None)
@given(presses=PRESSES)
def test_nobody_is_in_two_places(small_hall: Hall, presses: list[tuple[str, int, SlipFate]]) -> None:
    state = _played(small_hall, presses).state
    standing = [desk.visit for desk in state.desks.values() if desk.visit is not None]
    queueing = [visit for lane in state.lanes.values() for visit in lane.visits]
    aside = [each.id for each in state.open_visits() if each.state in {VisitState.ISSUED, VisitState.MISSED}]
    places = [*standing, *queueing, *aside]
    assert len(places) == len(set(places))
    assert {visit.id for visit in state.open_visits()} == set(places)
