"""What `why` lists is what the hall counts, whatever people press."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from broker.contract.messages import (
    AnyCommand,
    ArmCounter,
    CallNext,
    CallTicket,
    CancelTicket,
    ConfigureHall,
    Discipline,
    FinishService,
    Hall,
    Hold,
    HoldVisit,
    MarkNoShow,
    NotEntitled,
    Policy,
    Position,
    Reclassify,
    ResumeVisit,
    ReturnTicket,
    TakeTicket,
    TransferVisit,
    Undo,
)
from broker.hall.life import WAITING
from broker.report.why import Pass, account

if TYPE_CHECKING:
    from tests.broker.report.conftest import Floor

AT_COUNTER: dict[str, tuple[type, dict[str, object]]] = {
    "call": (CallNext, {}),
    "finish": (FinishService, {}),
    "no_show": (MarkNoShow, {}),
    "undo": (Undo, {}),
    "hold": (HoldVisit, {"hold": Hold.DOCUMENTS_AWAY}),
    "keep": (HoldVisit, {"hold": Hold.DOCUMENTS_KEPT}),
    "on": (TransferVisit, {"service": "bill"}),
    "first": (TransferVisit, {"service": "new", "position": Position.FIRST}),
    "last": (TransferVisit, {"position": Position.LAST}),
    "to_2": (TransferVisit, {"service": "bill", "to_counter": 2}),
    "not_entitled": (NotEntitled, {}),
    "arm": (ArmCounter, {"armed": True}),
    "disarm": (ArmCounter, {"armed": False}),
}
OF_TICKET = {
    "by_number": CallTicket,
    "resume": ResumeVisit,
    "return": ReturnTicket,
    "cancel": CancelTicket,
    "reclassify": Reclassify,
}
TAKES = ["ordinary", "ordinary", "courtesy", "emergency"]
PRESSES = st.lists(
    st.tuples(
        st.sampled_from([*TAKES, *TAKES, "call", "call", "call", *AT_COUNTER, *OF_TICKET]),
        st.integers(1, 3),
        st.integers(0, 20),
        st.sampled_from([1, 30, 200]),
    ),
    max_size=60,
)


def _press(floor: "Floor", what: str, counter: int, number: int) -> None:
    one, tickets = floor.id(), list(floor.state.by_ticket)
    if what in TAKES:
        then = ("new",) if number == 0 else ()
        floor.ask(TakeTicket(id=one, service=("bill", "new", "ask")[counter - 1], priority_class=what, then=then))
    elif what in AT_COUNTER:
        kind, more = AT_COUNTER[what]
        floor.press(kind, counter, **more)
    elif tickets:
        ticket = tickets[number % len(tickets)]
        visit = floor.state.visit_at(counter)
        seen = visit.call if visit is not None else None
        order: AnyCommand
        if what == "reclassify":
            order = Reclassify(id=one, ticket=ticket, priority_class=TAKES[counter])
        elif what in {"return", "cancel"}:
            order = ReturnTicket(id=one, ticket=ticket) if what == "return" else CancelTicket(id=one, ticket=ticket)
        elif what == "resume":
            order = ResumeVisit(id=one, counter=counter, seen=seen, ticket=ticket)
        else:
            order = CallTicket(id=one, counter=counter, seen=seen, ticket=ticket)
        floor.ask(order)


def _counted(passes: tuple[Pass, ...], *, exempt: bool) -> int:
    return sum(each.counted and each.call.called.exempt is exempt for each in passes)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    presses=PRESSES,
    policy=st.builds(
        Policy,
        discipline=st.sampled_from(list(Discipline)),
        overtaken_times=st.sampled_from([None, 1, 3]),
        overtaken_min=st.sampled_from([None, 2]),
        hold_min=st.just(1),
    ),
)
def test_the_passes_listed_for_whoever_waits_are_those_that_the_hall_counts(
    classes_hall: Hall,
    floor_in_memory: "Callable[[Hall], Floor]",
    presses: list[tuple[str, int, int, int]],
    policy: Policy,
) -> None:
    floor = floor_in_memory(replace(classes_hall, policy=policy))
    for what, counter, number, seconds in presses:
        floor.now += timedelta(seconds=seconds)
        _press(floor, what, counter, number)
    for visit in floor.state.visits.values():
        if visit.state is not WAITING or visit.ticket not in floor.state.by_ticket:
            continue
        lane, told = floor.state.lane_of(visit), account(floor.events, visit.ticket)
        assert _counted(told.passes, exempt=False) == lane.overtaken(visit) == told.overtaken
        assert _counted(told.passes, exempt=True) == lane.overtaken_exempt(visit) == told.overtaken_exempt


def test_an_undone_call_is_not_taken_off_whoever_came_back_after_it(
    classes_hall: Hall, floor_in_memory: "Callable[[Hall], Floor]"
) -> None:
    floor = floor_in_memory(classes_hall)
    first = floor.take()
    floor.call(1)
    floor.did(HoldVisit, 1, hold=Hold.DOCUMENTS_AWAY)
    floor.later(1)
    behind, courtesy = floor.take(), floor.take("bill", "courtesy")
    floor.did(CallTicket, 2, ticket=courtesy)
    floor.did(ResumeVisit, 1, ticket=first)
    floor.did(TransferVisit, 1)
    floor.did(Undo, 2)
    floor.did(CallTicket, 2, ticket=courtesy)
    for ticket in (first, behind):
        told = account(floor.events, ticket)
        assert _counted(told.passes, exempt=True) == told.overtaken_exempt == 1


def test_a_counter_that_is_about_to_go_is_not_among_those_that_could_call(
    classes_hall: Hall, floor_in_memory: "Callable[[Hall], Floor]"
) -> None:
    floor = floor_in_memory(classes_hall)
    floor.take("ask")
    floor.call(3)
    ticket = floor.take()
    assert account(floor.events, ticket).counters == (1, 2, 3)
    floor.ask(
        ConfigureHall(id=floor.id(), hall=replace(classes_hall, counters=classes_hall.counters[:2])), node="dispatcher"
    )
    assert account(floor.events, ticket).counters == (1, 2)
