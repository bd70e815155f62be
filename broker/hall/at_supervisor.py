"""What a supervisor decides: a class, what was served by hand, an outcome owed, an evacuation, a spare machine."""

from ..contract.messages import (
    SERVED,
    ApproveSpare,
    ConfirmDate,
    DateConfirmed,
    EndEvacuation,
    EvacuationEnded,
    EvacuationStarted,
    GivenBy,
    MarkServedByHand,
    OpenDay,
    Outcome,
    OutcomeStated,
    Reclassify,
    Refused,
    Role,
    SpareApproved,
    StartEvacuation,
    StateOutcome,
    TicketReclassified,
    VisitEnded,
)
from .answers import Decision, done, refused
from .at_counter import case_of, is_date, may_speak_for
from .at_kiosk import OUT_OF_CALL, has_role
from .hours import day_of
from .life import ISSUED, WAITING
from .own import open_day
from .request import Request
from .state import HallState


def may_supervise(state: HallState, node: str) -> bool:
    """Tell whether a supervisor speaks through a node: a web server that is not limited to counters knows who it is."""
    return has_role(state, node, Role.SUPERVISOR) or (
        has_role(state, node, Role.WEB) and not state.nodes[node].counters
    )


def reclassify(state: HallState, command: Reclassify, request: Request) -> Decision:
    visit, known = state.visit_of(command.ticket), state.priority_class(command.priority_class)
    if not may_supervise(state, request.node):
        return refused(command, "not_allowed")
    if visit is None:
        return refused(command, "unknown_ticket", ticket=command.ticket)
    if known is None or known.given_by is GivenBy.NOBODY or known.closing:
        return refused(command, "unknown_class", priority_class=command.priority_class)
    if visit.state not in {ISSUED, WAITING}:
        return refused(command, "not_waiting", ticket=visit.ticket)
    if visit.priority_class == known.id:
        return done(command)
    return done(command, TicketReclassified(visit=visit.id, ticket=visit.ticket, priority_class=known.id))


def mark_served_by_hand(state: HallState, command: MarkServedByHand, request: Request) -> Decision:
    """End all tickets of a series up to one that wait for its service: they were served while the system was away."""
    last = state.visit_of(command.up_to)
    if not may_supervise(state, request.node):
        return refused(command, "not_allowed")
    if last is None:
        return refused(command, "unknown_ticket", ticket=command.up_to)
    served = [
        VisitEnded(visit=visit.id, ticket=visit.ticket, outcome=Outcome.BY_HAND)
        for visit in state.visits.values()
        if visit.series == visit.service == last.series
        and visit.state in OUT_OF_CALL
        and (visit.issued_ms, visit.issued_seq) <= (last.issued_ms, last.issued_seq)
    ]
    return done(command, *served)


def evacuate(state: HallState, command: StartEvacuation | EndEvacuation, request: Request) -> Decision:
    if not may_supervise(state, request.node):
        return refused(command, "not_allowed")
    wanted = isinstance(command, StartEvacuation)
    if state.evacuation is wanted:
        return done(command)
    return done(command, EvacuationStarted() if wanted else EvacuationEnded())


def confirm_date(state: HallState, command: ConfirmDate, request: Request) -> Decision:
    """Let the day begin that a person and the clock agree on; a clock that says another day must be set first."""
    if not may_supervise(state, request.node) or state.hall is None or state.day is None:
        return refused(command, "not_allowed")
    if not is_date(command.day):
        return refused(command, "not_a_date", due=command.day)
    clock = day_of(state.hall, request.now_ms)
    if command.day != clock:
        return refused(command, "clock_differs", day=command.day, clock=clock)
    opened = open_day(state, OpenDay(id=command.id, day=command.day), request)
    if isinstance(opened.answer, Refused):
        return Decision(opened.answer)
    return done(command, *opened.events, DateConfirmed(day=command.day, node=request.node))


def approve_spare(state: HallState, command: ApproveSpare, request: Request) -> Decision:
    """Write down who approved; whether such a spare waits, the registrar knows."""
    if not may_supervise(state, request.node):
        return refused(command, "not_allowed")
    return done(command, SpareApproved(code=command.code, box=command.box, node=request.node))


def state_outcome(state: HallState, command: StateOutcome, request: Request) -> Decision:
    visit = state.visits.get(command.visit)
    if not may_speak_for(state, request.node, command.counter):
        return refused(command, "not_allowed")
    if visit is None or visit.id not in state.owed or visit.counter != command.counter:
        return refused(command, "nothing_owed", visit=command.visit)
    if command.outcome not in SERVED or command.outcome is Outcome.UNSTATED:
        return refused(command, "not_an_outcome", outcome=command.outcome.value)
    if command.outcome is Outcome.DECLINED and not command.reason:
        return refused(command, "reason_missing", ticket=visit.ticket)
    if command.due is not None and not is_date(command.due):
        return refused(command, "not_a_date", due=command.due)
    stated = OutcomeStated(
        visit=visit.id,
        ticket=visit.ticket,
        counter=command.counter,
        outcome=command.outcome,
        reason=command.reason,
    )
    return done(command, stated, *case_of(state, visit, command.outcome, command.reason, command.due))
