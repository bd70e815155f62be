"""What a command does: `decide` looks at the hall and answers with events; it changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from ..contract.messages import (
    AnyAnswer,
    AnyCommand,
    AnyEvent,
    Called,
    CallNext,
    CallRepeated,
    Command,
    ConfigureHall,
    CounterCommand,
    DayOpened,
    Done,
    FinishService,
    Hall,
    HallConfigured,
    MarkNoShow,
    OpenDay,
    Outcome,
    Rate,
    ReadEvents,
    Recall,
    Refused,
    ReportSlip,
    Role,
    ServiceStarted,
    SlipFate,
    SlipReported,
    StartService,
    TakeTicket,
    TicketCalled,
    TicketIssued,
    TicketTaken,
    TicketVoided,
    VisitEnded,
    VisitRated,
)
from .estimate import wait_range_min
from .state import HallState, Visit, VisitState
from .turn import next_turn, waiting


@dataclass(frozen=True, kw_only=True)
class Decision:
    answer: AnyAnswer
    events: Sequence[AnyEvent] = ()


def decide(state: HallState, command: AnyCommand, *, node: str, now: datetime) -> Decision:
    """Return the answer to a node's command, and what then happens. `now` is aware UTC."""
    if command.DEADLINE_MS is not None and command.age_ms > command.DEADLINE_MS:
        return refused(command, "too_old", age_ms=command.age_ms)
    match command:
        case OpenDay() | ConfigureHall():
            return _decide_own(state, command, node)
        case ReadEvents():
            return refused(command, "not_allowed")  # answered from the journal, before it comes here
    if state.day is None or state.hall is None:
        return refused(command, "no_day")
    match command:
        case TakeTicket():
            return _take_ticket(state, command, node, now)
        case ReportSlip():
            return _report_slip(state, command, node)
        case Rate():
            return _rate(state, command, node)
        case CallNext() | Recall() | StartService() | FinishService() | MarkNoShow():
            return _at_counter(state, command, node, now)
        case _ as never:
            assert_never(never)


def refused(command: Command, reason: str, **args: str | int) -> Decision:
    return Decision(answer=Refused(id=command.id, reason=reason, args=args))


def _decide_own(state: HallState, command: OpenDay | ConfigureHall, node: str) -> Decision:
    if node != Role.DISPATCHER.value:
        return refused(command, "not_allowed")
    if isinstance(command, ConfigureHall):
        return _configure(state, command)
    if state.day == command.day:
        return Decision(answer=Done(id=command.id))
    if state.day is not None and command.day < state.day:
        return refused(command, "day_is_over", day=command.day, today=state.day)
    ended = [
        VisitEnded(
            visit=visit.id,
            ticket=visit.ticket,
            outcome=Outcome.DONE if visit.state is VisitState.SERVING else Outcome.CLOSED_UNSERVED,
            call=visit.call,
            counter=visit.counter,
        )
        for visit in state.open_visits()
    ]
    same_hall = [HallConfigured(hall=state.hall)] if state.hall is not None else []
    return Decision(answer=Done(id=command.id), events=[*ended, DayOpened(day=command.day), *same_hall])


def _configure(state: HallState, command: ConfigureHall) -> Decision:
    if state.hall == command.hall:
        return Decision(answer=Done(id=command.id))
    missing = _still_needed(state, command.hall)
    if missing is not None:
        return refused(command, "still_in_use", what=missing)
    return Decision(answer=Done(id=command.id), events=[HallConfigured(hall=command.hall)])


def _still_needed(state: HallState, hall: Hall) -> str | None:
    """Name a service or counter that today's visits still use and the new hall would take away or re-letter."""
    letter_of = {visit.service: visit.ticket[0] for visit in state.visits.values()}
    new_letter_of = {service.id: service.prefix for service in hall.services}
    for service, letter in letter_of.items():
        if new_letter_of.get(service) != letter:
            return service
    for service, letter in new_letter_of.items():
        if letter in letter_of.values() and letter_of.get(service) != letter:
            return service
    counters = {counter.number for counter in hall.counters}
    return next((str(number) for number, desk in state.desks.items() if desk.visit and number not in counters), None)


def _take_ticket(state: HallState, command: TakeTicket, node: str, now: datetime) -> Decision:
    service = state.service(command.service)
    if not _has_role(state, node, Role.KIOSK):
        return refused(command, "not_allowed")
    if service is None:
        return refused(command, "unknown_service", service=command.service)
    number = state.number_for(service)
    if number is None:
        return refused(command, "service_full", service=service.id)
    ticket = f"{service.prefix}{number:03d}"
    estimate = wait_range_min(state, service)
    issued = TicketIssued(
        visit=f"{state.day}-{ticket}",
        ticket=ticket,
        service=service.id,
        number=number,
        language=command.language,
        node=node,
        ahead=len(state.lanes[service.id]),
        wait_low_min=estimate[0] if estimate else None,
        wait_high_min=estimate[1] if estimate else None,
    )
    answer = TicketTaken(
        id=command.id,
        visit=issued.visit,
        ticket=ticket,
        service=service.id,
        ahead=issued.ahead,
        wait_low_min=issued.wait_low_min,
        wait_high_min=issued.wait_high_min,
        issued_at=now,
    )
    return Decision(answer=answer, events=[issued])


def _report_slip(state: HallState, command: ReportSlip, node: str) -> Decision:
    visit = state.visits.get(command.visit)
    if visit is None:
        return refused(command, "unknown_visit", visit=command.visit)
    if visit.node != node:
        return refused(command, "not_allowed")
    if visit.slip is not None:
        return Decision(answer=Done(id=command.id))
    if command.fate is not SlipFate.NOT_PRINTED:
        return Decision(answer=Done(id=command.id), events=[SlipReported(visit=visit.id, fate=command.fate)])
    if visit.state is not VisitState.WAITING:
        return refused(command, "already_called", ticket=visit.ticket)
    return Decision(answer=Done(id=command.id), events=[TicketVoided(visit=visit.id, ticket=visit.ticket)])


def _rate(state: HallState, command: Rate, node: str) -> Decision:
    if not _may_speak_for(state, node, command.counter):
        return refused(command, "not_allowed")
    visit = state.visits.get(command.call.rpartition(".")[0])
    if visit is None or visit.call != command.call or visit.counter != command.counter:
        return refused(command, "unknown_call", call=command.call)
    if visit.outcome is not Outcome.DONE:
        return refused(command, "not_finished", ticket=visit.ticket)
    if visit.rating is not None:
        return refused(command, "already_rated", ticket=visit.ticket)
    rated = VisitRated(
        call=command.call, visit=visit.id, ticket=visit.ticket, counter=command.counter, rating=command.rating
    )
    return Decision(answer=Done(id=command.id), events=[rated])


def _at_counter(state: HallState, command: CounterCommand, node: str, now: datetime) -> Decision:
    """Decide a clerk's press, which must have been made having seen the call that is current."""
    if state.counter(command.counter) is None:
        return refused(command, "unknown_counter", counter=command.counter)
    if not _may_speak_for(state, node, command.counter):
        return refused(command, "not_allowed")
    visit = state.visit_at(command.counter)
    if command.seen != (visit.call if visit else None):
        return refused(command, "stale", counter=command.counter)
    if isinstance(command, CallNext):
        return _call_next(state, command, visit, now)
    if visit is None:
        return refused(command, "no_call", counter=command.counter)
    return _with_visit(state, command, visit)


def _call_next(state: HallState, command: CallNext, visit: Visit | None, now: datetime) -> Decision:
    counter = state.counter(command.counter)
    if visit is not None or counter is None:
        return refused(command, "counter_busy", counter=command.counter)
    turn = next_turn(state, counter, now)
    if turn is None:
        return refused(command, "nobody_waits", counter=counter.number, waiting=waiting(state, counter))
    chosen = turn.visit
    called = TicketCalled(
        call=f"{chosen.id}.1",
        visit=chosen.id,
        ticket=chosen.ticket,
        service=chosen.service,
        counter=counter.number,
        zone=counter.zone,
        language=chosen.language,
        rule=turn.rule,
        waited_s=int((now - chosen.issued_at).total_seconds()),
    )
    return Decision(answer=Called(id=command.id, call=called.call, ticket=called.ticket), events=[called])


def _with_visit(state: HallState, command: CounterCommand, visit: Visit) -> Decision:
    call, number = visit.call or "", command.counter
    started = visit.state is VisitState.SERVING
    counter = state.counter(number)
    event: AnyEvent
    match command:
        case Recall() if not started:
            event = CallRepeated(
                call=call,
                visit=visit.id,
                ticket=visit.ticket,
                counter=number,
                zone=counter.zone if counter else "",
                language=visit.language,
                times=visit.times + 1,
            )
        case StartService() if not started:
            event = ServiceStarted(call=call, visit=visit.id, ticket=visit.ticket, counter=number)
        case MarkNoShow() if not started:
            event = VisitEnded(visit=visit.id, ticket=visit.ticket, outcome=Outcome.NO_SHOW, call=call, counter=number)
        case FinishService() if started:
            event = VisitEnded(visit=visit.id, ticket=visit.ticket, outcome=Outcome.DONE, call=call, counter=number)
        case _:
            return refused(command, "already_started" if started else "not_started", ticket=visit.ticket)
    return Decision(answer=Done(id=command.id), events=[event])


def _has_role(state: HallState, node: str, role: Role) -> bool:
    found = state.node(node)
    return found is not None and found.role is role


def _may_speak_for(state: HallState, node: str, counter: int) -> bool:
    found = state.node(node)
    return found is not None and found.role is Role.COUNTER and counter in found.counters
