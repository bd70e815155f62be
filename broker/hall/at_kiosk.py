"""What customers ask for at the kiosk: a number, a way back into the queue, a way out of it."""

from bisect import bisect_right
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from ..contract.messages import (
    ORDINARY,
    CancelTicket,
    Done,
    GivenBy,
    Hall,
    Outcome,
    PriorityClass,
    ReportSlip,
    Returned,
    ReturnRight,
    ReturnTicket,
    Role,
    Service,
    SlipFate,
    SlipReported,
    TakeTicket,
    TicketIssued,
    TicketTaken,
    TicketVoided,
    VisitEnded,
    VisitReturned,
)
from . import hours
from .answers import Decision, done, refused
from .bookings import checked_in
from .clock import ms, utc
from .life import HELD, ISSUED, MISSED, WAITING, may
from .persons import asked_of, wrong_person
from .request import Promise, Request
from .series import next_number
from .state import HOUR_MS, MINUTE_MS, HallState
from .visit import Visit

NOBODY, SUPERVISOR = GivenBy.NOBODY, GivenBy.SUPERVISOR
_MAY_TAKE: Final = (Role.KIOSK, Role.SUPERVISOR)
OUT_OF_CALL: Final = frozenset({ISSUED, WAITING, HELD, MISSED})


def take_ticket(state: HallState, command: TakeTicket, request: Request) -> Decision:
    service, hall = state.services.get(command.service), state.hall
    if hall is None or state.roles.get(request.node) not in _MAY_TAKE:
        return refused(command, "not_allowed")
    if service is None:
        return refused(command, "unknown_service", service=command.service)
    command, booking, wrong = checked_in(state, hall, command, request.now_ms)
    wrong = wrong or _wrong(state, hall, service, command, request)
    wrong = wrong or wrong_person(state, hall, service, command, request)
    if wrong is not None:
        return wrong
    number = next_number(state, service)
    if number is None:
        return refused(command, "service_full", service=service.id)
    name, capped, ready_at = _class_and_time(state, hall, command, request.now_ms)
    back = state.returns.get(command.return_code) if command.return_code is not None else None
    waits = back is None and request.promises  # a return skips the queue
    promise = _promise(request, service, name, ready_at) if waits else None
    issued = TicketIssued(
        visit=f"{state.day}-{number.ticket}",
        ticket=number.ticket,
        service=service.id,
        number=number.number,
        language=command.language,
        node=request.node,
        ahead=state.queued.get(service.id, 0),
        wait_low_min=promise.low_min if promise is not None else None,
        wait_high_min=promise.high_min if promise is not None else None,
        expected_s=promise.expected_s if promise is not None else None,
        rolled_s=promise.rolled_s if promise is not None else None,
        priority_class=name,
        capped=capped,
        needs=tuple(sorted(command.needs)) if command.needs else (),
        then=command.then,
    )
    person = asked_of(hall, service, command.person)
    if any(each is not None for each in (command.booked_at, booking, back, person)):
        issued = replace(
            issued,
            booked_at=booking.at if booking is not None else command.booked_at,
            ready_at=ready_at,
            booking=booking.code if booking is not None else None,
            return_code=command.return_code,
            clerk=back.clerk if back is not None else None,
            person=person,
        )
    answer = TicketTaken(
        id=command.id,
        visit=issued.visit,
        ticket=issued.ticket,
        service=service.id,
        ahead=issued.ahead,
        wait_low_min=issued.wait_low_min,
        wait_high_min=issued.wait_high_min,
        issued_at=utc(request.now_ms),
        priority_class=name,
        capped=capped,
    )
    return Decision(answer, (issued,))


def _promise(request: Request, service: Service, name: str, ready_at: datetime | None) -> Promise | None:
    """Return what to expect from now on; who comes early for an appointment expects it from its time on."""
    promise = request.promises.get((service.id, name))
    if promise is None or ready_at is None:
        return promise
    early_s = (ms(ready_at) - request.now_ms) // 1000
    low_min, high_min = promise.low_min + early_s // 60, promise.high_min + -(-early_s // 60)
    return Promise(promise.expected_s + early_s, low_min, high_min)


def _wrong(state: HallState, hall: Hall, service: Service, command: TakeTicket, request: Request) -> Decision | None:
    """Return the refusal of a ticket that cannot be given, whatever its number."""
    now_ms = request.now_ms
    if service.closing:
        return refused(command, "closed", service=service.id)
    for name in command.then:
        wanted = state.service(name)
        if wanted is None:
            return refused(command, "unknown_service", service=name)
        if wanted.closing:
            return refused(command, "closed", service=name)
    if (hall.hours or hall.closed_on) and not hours.is_open(hall, now_ms):
        opens = hours.opens_next(hall, now_ms)
        args = {"opens": opens.isoformat(timespec="minutes")} if opens is not None else {}
        return refused(command, "closed", service=service.id, **args)
    known = state.classes.get(command.priority_class)
    if known is None or known.closing or known.given_by is NOBODY:
        return refused(command, "unknown_class", priority_class=command.priority_class)
    if known.given_by is SUPERVISOR and not has_role(state, request.node, Role.SUPERVISOR):
        return refused(command, "not_allowed")
    if known.appointment != (command.booked_at is not None):
        return refused(command, "no_booking" if known.appointment else "unknown_class", service=service.id)
    if command.booked_at is not None and hours.local_day(hall, ms(command.booked_at)) > hours.local_day(hall, now_ms):
        return refused(command, "not_today", service=service.id)
    for need in command.needs:
        if state.need(need) is None:
            return refused(command, "unknown_need", need=need)
    if command.return_code is not None:
        return _wrong_code(state, command, state.returns.get(command.return_code))
    return None


def _wrong_code(state: HallState, command: TakeTicket, back: ReturnRight | None) -> Decision | None:
    if back is None or state.day is None or back.until < state.day:
        return refused(command, "unknown_return", code=command.return_code or "")
    return refused(command, "other_service", service=back.service) if back.service != command.service else None


def _class_and_time(
    state: HallState, hall: Hall, command: TakeTicket, now_ms: int
) -> tuple[str, bool, datetime | None]:
    """Return the class given, whether another was asked for, and from when an early appointment counts."""
    if command.priority_class == ORDINARY:
        return ORDINARY, False, None
    known = state.classes[command.priority_class]
    if command.booked_at is not None:
        booked_ms = ms(command.booked_at)
        if now_ms > booked_ms + round(hall.policy.late_min * MINUTE_MS):
            return ORDINARY, False, None
        counts_from_ms = booked_ms - round(hall.policy.early_min * MINUTE_MS)
        return known.id, False, utc(counts_from_ms) if counts_from_ms > now_ms else None
    if known.per_hour is not None and _is_used_up(state, known, known.per_hour, now_ms):
        return ORDINARY, True, None
    return known.id, False, None


def _is_used_up(state: HallState, known: PriorityClass, per_hour: int, now_ms: int) -> bool:
    given = state.given_at.get(known.id, [])
    return len(given) - bisect_right(given, now_ms - HOUR_MS) >= per_hour


def report_slip(state: HallState, command: ReportSlip, request: Request) -> Decision:
    visit = state.visits.get(command.visit)
    if visit is None:
        return refused(command, "unknown_visit", visit=command.visit)
    if visit.node != request.node:
        return refused(command, "not_allowed")
    if visit.slip is not None:
        return Decision(Done(id=command.id))
    if command.fate is not SlipFate.NOT_PRINTED:
        return done(command, SlipReported(visit=visit.id, fate=command.fate))
    if not may(TicketVoided, visit.state):
        return refused(command, "already_called", ticket=visit.ticket)
    return done(command, TicketVoided(visit=visit.id, ticket=visit.ticket))


def return_ticket(state: HallState, command: ReturnTicket, request: Request) -> Decision:
    """Let somebody wait again who missed the call or was on hold; late, but not too late, means after the next one."""
    visit = state.visit_of(command.ticket)
    if not has_role(state, request.node, Role.KIOSK, Role.COUNTER, Role.SUPERVISOR):
        return refused(command, "not_allowed")
    if visit is None:
        return refused(command, "unknown_ticket", ticket=command.ticket)
    if visit.state in {ISSUED, WAITING}:
        return refused(command, "still_waits", ticket=visit.ticket)
    if not may(VisitReturned, visit.state):
        return refused(command, "not_missed", ticket=visit.ticket)
    in_time = visit.state is HELD or _is_in_time(state, visit, request.now_ms)
    returned = VisitReturned(visit=visit.id, ticket=visit.ticket, after_next=in_time, new_place=not in_time)
    ahead = (1 if state.queued.get(visit.service) else 0) if in_time else state.queued.get(visit.service, 0)
    answer = Returned(
        id=command.id,
        visit=visit.id,
        ticket=visit.ticket,
        after_next=in_time,
        ahead=ahead,
        service=visit.service,
        language=visit.language,
        at=utc(request.now_ms),
    )
    return Decision(answer, (returned,))


def _is_in_time(state: HallState, visit: Visit, now_ms: int) -> bool:
    if state.hall is None:
        return False
    policy = state.hall.policy
    calls_since = state.calls_of.get(visit.service, 0) - visit.missed_at
    return calls_since <= policy.return_numbers or now_ms - visit.missed_ms <= round(policy.return_min * MINUTE_MS)


def cancel_ticket(state: HallState, command: CancelTicket, request: Request) -> Decision:
    visit = state.visit_of(command.ticket)
    if not has_role(state, request.node, Role.KIOSK, Role.SUPERVISOR):
        return refused(command, "not_allowed")
    if visit is None:
        return refused(command, "unknown_ticket", ticket=command.ticket)
    if visit.state not in OUT_OF_CALL:
        return refused(command, "already_called", ticket=visit.ticket)
    return done(command, VisitEnded(visit=visit.id, ticket=visit.ticket, outcome=Outcome.CANCELLED))


def has_role(state: HallState, node: str, *roles: Role) -> bool:
    return state.roles.get(node) in roles
