"""The event of a call, with everything that explains it."""

from msgspec.structs import replace

from ..contract.messages import TicketCalled
from .state import HallState
from .turn import Turn, breaches, passed, scores
from .visit import Visit


def ticket_called(
    state: HallState, number: int, turn: Turn, now_ms: int, *, explain: bool, pushed: bool = False
) -> TicketCalled:
    """Return the event by which a counter calls a visit; without `explain` it says only which rule chose it."""
    visit = turn.visit
    counter, desk = state.counters.get(number), state.desks.get(number)
    called = TicketCalled(
        call=f"{visit.id}.{visit.calls + 1}",
        visit=visit.id,
        ticket=visit.ticket,
        service=visit.service,
        counter=number,
        zone=counter.zone if counter is not None else "",
        language=visit.language,
        rule=turn.rule,
        waited_s=(now_ms - visit.issued_ms) // 1000,
        priority_class=visit.priority_class,
        clerk=desk.clerk if desk is not None else None,
        pushed=pushed,
        exempt=turn.exempt,
        breach=turn.exempt and breaches(state, number, visit),
    )
    if not explain:
        return called
    return replace(called, scores=scores(state, turn, now_ms), passed=passed(state, number, visit, exempt=turn.exempt))


def out_of_turn(visit: Visit, rule: str) -> Turn:
    """Return the turn of a visit that a clerk asked for."""
    return Turn(visit, rule, True, ())
