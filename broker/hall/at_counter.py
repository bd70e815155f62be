"""What clerks ask for at their counters. Each press must have been made having seen the call that is current."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from ..contract.messages import (
    NO_TICKET,
    ORDINARY,
    SERVED,
    ArmCounter,
    Called,
    CallNext,
    CallRepeated,
    CallTicket,
    CaseOpened,
    Clerk,
    ClerkSignedIn,
    CloseCounter,
    Counter,
    CounterArmed,
    CounterClosed,
    CounterCommand,
    CounterOpened,
    CounterPaused,
    Done,
    FinishService,
    Hold,
    HoldVisit,
    MarkNoShow,
    NotEntitled,
    OpenCounter,
    Outcome,
    PauseCounter,
    Policy,
    Recall,
    ResumeVisit,
    Role,
    ServeWithoutTicket,
    ServiceStarted,
    SignIn,
    StartService,
    TicketCalled,
    TicketReclassified,
    TransactionEnded,
    TransferVisit,
    Undo,
    Undone,
    VisitEnded,
    VisitHeld,
    VisitReturned,
    VisitTransferred,
    WalkUpServed,
)
from .answers import Decision, done, refused
from .calls import out_of_turn, ticket_called
from .clock import utc
from .life import CALLED, HELD, MISSED, may
from .request import Request
from .state import MINUTE_MS, HallState
from .turn import next_turn
from .visit import Undoable, Visit

DONE, UNSTATED, DECLINED = Outcome.DONE, Outcome.UNSTATED, Outcome.DECLINED
COUNTER, SUPERVISOR, WEB = Role.COUNTER, Role.SUPERVISOR, Role.WEB


def may_speak_for(state: HallState, node: str, counter: int) -> bool:
    """Tell whether a node speaks for a counter; the web server knows its clerks, and speaks for all if not limited."""
    role = state.roles.get(node)
    if role is SUPERVISOR:
        return True
    counters = state.nodes[node].counters if role is COUNTER or role is WEB else ()
    return counter in counters or (role is WEB and not counters)


def at_counter(state: HallState, command: CounterCommand, request: Request) -> Decision:
    number = command.counter
    counter = state.counters.get(number)
    if counter is None:
        return refused(command, "unknown_counter", counter=number)
    if not may_speak_for(state, request.node, number):
        return refused(command, "not_allowed")
    desk = state.desks.get(number)
    visit = state.visits[desk.visit] if desk is not None and desk.visit is not None else None
    if command.seen != (visit.call if visit is not None else None):
        return refused(command, "stale", counter=number)
    kind = type(command)
    with_visit = _WITH_VISIT.get(kind)
    if with_visit is not None:
        if visit is None:
            return refused(command, "no_call", counter=number)
        return with_visit(state, visit, command, request)
    when_idle = _WHEN_IDLE.get(kind)
    if when_idle is None:
        return _AT_ANY_TIME[kind](state, command, request)
    if visit is not None:
        return refused(command, "counter_busy", counter=number)
    return when_idle(state, counter, command, request)


# With nobody at the counter -------------------------------------------------------------------------------------------


def _call_next(state: HallState, counter: Counter, command: CallNext, request: Request) -> Decision:
    if counter.closing:
        return refused(command, "counter_closing", counter=counter.number)
    turn = next_turn(state, counter.number, request.now_ms)
    if turn is None:
        return refused(command, "nobody_waits", counter=counter.number, waiting=waiting(state, counter))
    return _called(command, ticket_called(state, counter.number, turn, request.now_ms, explain=request.explain))


def _called(command: CounterCommand, called: TicketCalled, *further: ServiceStarted) -> Decision:
    return Decision(Called(id=command.id, call=called.call, ticket=called.ticket), (called, *further))


def _call_ticket(state: HallState, counter: Counter, command: CallTicket, request: Request) -> Decision:
    if counter.closing:
        return refused(command, "counter_closing", counter=counter.number)
    visit = state.visit_of(command.ticket)
    desk = state.desk(counter.number)
    clerk = state.clerk(desk.clerk) if desk.clerk is not None else None
    if clerk is not None and not clerk.call_by_number:
        return refused(command, "not_allowed")
    if visit is None:
        return refused(command, "unknown_ticket", ticket=command.ticket)
    if not may(TicketCalled, visit.state):
        return refused(command, "not_waiting", ticket=visit.ticket)
    was_sent_here = visit.only_counter == counter.number or (clerk is not None and visit.only_clerk == clerk.id)
    if not was_sent_here and not _has_skill(counter, clerk, visit.service):
        return refused(command, "not_skilled", ticket=visit.ticket, service=visit.service)
    if _are_papers_elsewhere(state, visit, counter):
        return refused(command, "papers_elsewhere", ticket=visit.ticket, counter=visit.only_counter)
    turn = out_of_turn(visit, "by_number")
    return _called(command, ticket_called(state, counter.number, turn, request.now_ms, explain=request.explain))


def _has_skill(counter: Counter, clerk: Clerk | None, service: str) -> bool:
    if service not in counter.skills and service not in counter.helps:
        return False
    return clerk is None or clerk.skills is None or service in clerk.skills


def _are_papers_elsewhere(state: HallState, visit: Visit, counter: Counter) -> bool:
    """Tell whether another counter keeps a visit's papers, and is there to go on with it."""
    if visit.hold is not Hold.DOCUMENTS_KEPT or visit.only_counter == counter.number:
        return False
    return not state.is_away(visit.only_counter)


def _resume(state: HallState, counter: Counter, command: ResumeVisit, request: Request) -> Decision:
    visit = state.visit_of(command.ticket)
    if visit is None:
        return refused(command, "unknown_ticket", ticket=command.ticket)
    if visit.state is not HELD:
        return refused(command, "not_held", ticket=visit.ticket)
    if _are_papers_elsewhere(state, visit, counter):
        return refused(command, "papers_elsewhere", ticket=visit.ticket, counter=visit.only_counter)
    turn = out_of_turn(visit, "resume")
    called = ticket_called(state, counter.number, turn, request.now_ms, explain=request.explain)
    started = ServiceStarted(call=called.call, visit=visit.id, ticket=visit.ticket, counter=counter.number)
    return _called(command, called, started)


def _serve_without_ticket(
    state: HallState,
    counter: Counter,
    command: ServeWithoutTicket,
    request: Request,
) -> Decision:
    if counter.closing:
        return refused(command, "counter_closing", counter=counter.number)
    if state.service(command.service) is None:
        return refused(command, "unknown_service", service=command.service)
    clerk = state.clerk(state.desk(counter.number).clerk or "")
    if not _has_skill(counter, clerk, command.service):
        return refused(command, "not_skilled", ticket=NO_TICKET, service=command.service)
    visit = f"{state.day}-walkup-{state.seq + 1}"
    served = WalkUpServed(
        call=f"{visit}.1",
        visit=visit,
        ticket=NO_TICKET,
        service=command.service,
        counter=counter.number,
        clerk=state.desk(counter.number).clerk,
    )
    return Decision(Called(id=command.id, call=served.call, ticket=NO_TICKET), (served,))


def _pause(state: HallState, counter: Counter, command: PauseCounter, request: Request) -> Decision:
    if state.desk(counter.number).paused == command.reason:
        return done(command)
    return done(command, CounterPaused(counter=counter.number, reason=command.reason))


def _close(state: HallState, counter: Counter, command: CloseCounter, request: Request) -> Decision:
    if state.desk(counter.number).closed:
        return done(command)
    return done(command, CounterClosed(counter=counter.number))


def waiting(state: HallState, counter: Counter) -> int:
    """Return how many people wait whom this counter may serve."""
    return sum(state.queued.get(service, 0) for service in {*counter.skills, *counter.helps})


# With a visit at the counter ------------------------------------------------------------------------------------------


def _recall(state: HallState, visit: Visit, command: Recall, request: Request) -> Decision:
    if visit.state is not CALLED:
        return refused(command, "already_started", ticket=visit.ticket)
    if visit.times >= _policy(state).calls:
        return refused(command, "called_enough", ticket=visit.ticket, times=visit.times)
    counter = state.counter(command.counter)
    return done(
        command,
        CallRepeated(
            call=visit.call or "",
            visit=visit.id,
            ticket=visit.ticket,
            counter=command.counter,
            zone=counter.zone if counter is not None else "",
            language=visit.language,
            times=visit.times + 1,
        ),
    )


def _start(state: HallState, visit: Visit, command: StartService, request: Request) -> Decision:
    if not may(ServiceStarted, visit.state):
        return refused(command, "already_started", ticket=visit.ticket)
    started = ServiceStarted(call=visit.call or "", visit=visit.id, ticket=visit.ticket, counter=command.counter)
    return done(command, started)


def _finish(state: HallState, visit: Visit, command: FinishService, request: Request) -> Decision:
    outcome = command.outcome
    if outcome is None:
        outcome = UNSTATED if _policy(state).outcome_mandatory and not visit.then else DONE
    elif outcome is not DONE and outcome not in SERVED:
        return refused(command, "not_an_outcome", outcome=outcome.value)
    elif outcome is DECLINED and not command.reason:
        return refused(command, "reason_missing", ticket=visit.ticket)
    if command.due is not None and not is_date(command.due):
        return refused(command, "not_a_date", due=command.due)
    inferred = visit.state is CALLED
    if visit.then:
        ended: TransactionEnded | VisitEnded = TransactionEnded(
            call=visit.call or "",
            visit=visit.id,
            ticket=visit.ticket,
            counter=command.counter,
            outcome=outcome,
            service=visit.then[0],
            start_inferred=inferred,
            reason=command.reason,
        )
    else:
        ended = VisitEnded(
            visit=visit.id,
            ticket=visit.ticket,
            outcome=outcome,
            call=visit.call,
            counter=command.counter,
            start_inferred=inferred,
            reason=command.reason,
        )
    if outcome is DONE or outcome is UNSTATED:
        return Decision(Done(id=command.id), (ended,))
    return done(command, ended, *case_of(state, visit, outcome, command.reason, command.due))


def is_date(due: str) -> bool:
    """Tell whether a day, and the last day of a return after it, can be told from this."""
    try:
        return bool(date.fromisoformat(due) + timedelta(days=366))
    except (ValueError, OverflowError):
        return False


def case_of(
    state: HallState, visit: Visit, outcome: Outcome, reason: str | None, due: str | None
) -> tuple[CaseOpened, ...]:
    """Return the case that an outcome leaves open, if it does."""
    if outcome not in {Outcome.FOLLOW_UP, Outcome.ESCALATED} or visit.call is None or visit.counter is None:
        return ()
    until = None
    if outcome is Outcome.FOLLOW_UP and state.day is not None:
        last = date.fromisoformat(due or state.day) + timedelta(days=_policy(state).return_days)
        until = last.isoformat()
    case = CaseOpened(
        case=visit.call,
        visit=visit.id,
        ticket=visit.ticket,
        service=visit.service,
        counter=visit.counter,
        outcome=outcome,
        clerk=visit.clerk,
        reason=reason,
        due=due,
        until=until,
    )
    return (case,)


def _no_show(state: HallState, visit: Visit, command: MarkNoShow, request: Request) -> Decision:
    if visit.state is not CALLED:
        return refused(command, "already_started", ticket=visit.ticket)
    walk_s = sum(need.walk_s for name in visit.needs if (need := state.need(name)) is not None)
    wait_s = _policy(state).no_show_s + walk_s
    left_ms = visit.called_ms + wait_s * 1000 - request.now_ms
    if left_ms > 0:
        return refused(command, "still_coming", ticket=visit.ticket, seconds=-(-left_ms // 1000))
    missed = VisitEnded(
        visit=visit.id,
        ticket=visit.ticket,
        outcome=Outcome.NO_SHOW,
        call=visit.call,
        counter=command.counter,
        inferred=command.inferred,
    )
    return done(command, missed)


def _hold(state: HallState, visit: Visit, command: HoldVisit, request: Request) -> Decision:
    if visit.ticket == NO_TICKET:
        return refused(command, "no_number", counter=command.counter)  # by which it could be called again
    held = VisitHeld(
        call=visit.call or "",
        visit=visit.id,
        ticket=visit.ticket,
        counter=command.counter,
        hold=command.hold,
        until=utc(request.now_ms + round(_policy(state).hold_min * MINUTE_MS)),
    )
    return done(command, held)


def _transfer(state: HallState, visit: Visit, command: TransferVisit, request: Request) -> Decision:
    if visit.ticket == NO_TICKET:
        return refused(command, "no_number", counter=command.counter)  # by which it could be called again
    service = command.service or visit.service
    if state.service(service) is None:
        return refused(command, "unknown_service", service=service)
    if command.to_counter is not None and state.counter(command.to_counter) is None:
        return refused(command, "unknown_counter", counter=command.to_counter)
    if command.to_clerk is not None and state.clerk(command.to_clerk) is None:
        return refused(command, "unknown_clerk", clerk=command.to_clerk)
    if command.to_counter is not None and command.to_clerk is not None:
        return refused(command, "counter_or_clerk", ticket=visit.ticket)
    transferred = VisitTransferred(
        call=visit.call or "",
        visit=visit.id,
        ticket=visit.ticket,
        counter=command.counter,
        service=service,
        position=command.position,
        to_counter=command.to_counter,
        to_clerk=command.to_clerk,
    )
    return done(command, transferred)


def _not_entitled(state: HallState, visit: Visit, command: NotEntitled, request: Request) -> Decision:
    if visit.priority_class == ORDINARY:
        return refused(command, "is_ordinary", ticket=visit.ticket)
    if visit.state is not CALLED:
        return refused(command, "already_started", ticket=visit.ticket)
    reclassified = TicketReclassified(
        visit=visit.id,
        ticket=visit.ticket,
        priority_class=ORDINARY,
        call=visit.call,
        counter=command.counter,
    )
    return done(command, reclassified)


# At any time ----------------------------------------------------------------------------------------------------------


def _open(state: HallState, command: OpenCounter, request: Request) -> Decision:
    desk = state.desks.get(command.counter)
    if desk is not None and desk.is_working and desk.staffed_from_ms:
        return done(command)
    return done(command, CounterOpened(counter=command.counter))


def _arm(state: HallState, command: ArmCounter, request: Request) -> Decision:
    if state.desk(command.counter).armed == command.armed:
        return done(command)
    return done(command, CounterArmed(counter=command.counter, armed=command.armed))


def _sign_in(state: HallState, command: SignIn, request: Request) -> Decision:
    if command.clerk is not None and state.clerk(command.clerk) is None:
        return refused(command, "unknown_clerk", clerk=command.clerk)
    if state.desk(command.counter).clerk == command.clerk:
        return done(command)
    elsewhere = [  # nobody staffs two counters
        ClerkSignedIn(counter=desk.number, clerk=None)
        for desk in state.desks.values()
        if command.clerk is not None and desk.clerk == command.clerk
    ]
    return done(command, *elsewhere, ClerkSignedIn(counter=command.counter, clerk=command.clerk, by=command.by))


def _undo(state: HallState, command: Undo, request: Request) -> Decision:
    """Take back the counter's last act, within its time, while nothing later has happened to that visit."""
    if command.no_show is not None:
        return _undo_no_show(state, command, command.no_show, request)
    undo = state.desk(command.counter).undo
    if undo is None:
        return refused(command, "nothing_to_undo", counter=command.counter)
    visit = state.visits[undo.whom] if undo.whom is not None else None
    if request.now_ms > undo_until_ms(undo, visit, _policy(state)) or is_changed_since(undo, visit):
        return refused(command, "too_late_to_undo", counter=command.counter)
    undone = Undone(
        counter=command.counter,
        act=undo.act,
        seq=undo.seq,
        visit=visit.id if visit is not None else None,
        ticket=visit.ticket if visit is not None else None,
        call=visit.call if visit is not None and undo.act == TicketCalled.__name__ else None,
    )
    return done(command, undone)


def _undo_no_show(state: HallState, command: Undo, ticket: str, request: Request) -> Decision:
    """Let a customer who was there after all be the next at the counter, though others were called since."""
    visit = state.visit_of(ticket)
    if visit is None or visit.state is not MISSED or visit.counter != command.counter:
        return refused(command, "nothing_to_undo", counter=command.counter)
    if request.now_ms > visit.missed_ms + _policy(state).undo_no_show_s * 1000:
        return refused(command, "too_late_to_undo", counter=command.counter)
    returned = VisitReturned(visit=visit.id, ticket=visit.ticket, after_next=False, first_at=command.counter)
    return done(command, returned)


def undo_until_ms(undo: Undoable, visit: Visit | None, policy: Policy) -> int:
    """Return until when an act can be taken back, unless something else happens to its visit."""
    is_no_show = visit is not None and visit.outcome is Outcome.NO_SHOW
    return undo.at_ms + (policy.undo_no_show_s if is_no_show else policy.undo_s) * 1000


def is_changed_since(undo: Undoable, visit: Visit | None) -> bool:
    return visit is not None and visit.changed_seq != (undo.also_seq or undo.seq)


def _policy(state: HallState) -> Policy:
    return state.hall.policy if state.hall is not None else Policy()


Kind = type[CounterCommand]
_AT_ANY_TIME: Final[Mapping[Kind, Callable[[HallState, Any, Request], Decision]]] = {
    OpenCounter: _open,
    ArmCounter: _arm,
    SignIn: _sign_in,
    Undo: _undo,
}
_WHEN_IDLE: Final[Mapping[Kind, Callable[[HallState, Counter, Any, Request], Decision]]] = {
    CallNext: _call_next,
    CallTicket: _call_ticket,
    ResumeVisit: _resume,
    ServeWithoutTicket: _serve_without_ticket,
    PauseCounter: _pause,
    CloseCounter: _close,
}
_WITH_VISIT: Final[Mapping[Kind, Callable[[HallState, Visit, Any, Request], Decision]]] = {
    Recall: _recall,
    StartService: _start,
    FinishService: _finish,
    MarkNoShow: _no_show,
    HoldVisit: _hold,
    TransferVisit: _transfer,
    NotEntitled: _not_entitled,
}
