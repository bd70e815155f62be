"""Numbers that a kiosk gave by itself: they take the place in the queue that they would have had.

A merged ticket is turned away only where nobody could call it: its day is over, its service is gone, or somebody else
holds its number. It is then the technician's, who finds it on the kiosk.
"""

from bisect import bisect_right

from msgspec.structs import replace

from ..contract.messages import (
    ORDINARY,
    GivenBy,
    Hall,
    MergeTicket,
    Role,
    SlipFate,
    SlipReported,
    Standing,
    TicketIssued,
    TicketVoided,
)
from . import hours
from .answers import Decision, done, refused
from .at_kiosk import has_role
from .bookings import appointment_class, day_of, standing_of
from .clock import ms, utc
from .life import may
from .persons import asked_of
from .request import Request
from .state import HOUR_MS, HallState
from .visit import Visit

SAME_MS = 1000  # no kiosk gives two numbers within a second


def merge_ticket(state: HallState, command: MergeTicket, request: Request) -> Decision:
    service, hall = state.services.get(command.service), state.hall
    if hall is None or state.day is None or not has_role(state, request.node, Role.KIOSK):
        return refused(command, "not_allowed")
    if service is None:
        return refused(command, "unknown_service", service=command.service)
    taken_ms = request.now_ms - command.age_ms - command.ago_ms
    day = command.day if command.by_clock else hours.day_of(hall, taken_ms)
    if day != state.day:
        return refused(command, "day_is_over", day=day, today=state.day)
    if command.by_clock:
        taken_ms = max(taken_ms, hours.day_begins_ms(hall, day))
    voided = _abandoned(state, request)
    holder = state.visit_of(command.ticket)
    if holder is not None:
        is_same = holder.node == request.node and abs(holder.issued_ms - taken_ms) < SAME_MS
        return done(command, *voided) if is_same else refused(command, "number_taken", ticket=command.ticket)
    issued = _issued(state, hall, command, request, taken_ms)
    if command.booking is not None or command.person is not None:
        issued = _of_customer(state, hall, command, issued, {each.visit for each in voided})
    if command.slip is SlipFate.NOT_PRINTED:
        return done(command, *voided, issued, TicketVoided(visit=issued.visit, ticket=issued.ticket))
    return done(command, *voided, issued, SlipReported(visit=issued.visit, fate=command.slip))


def _issued(state: HallState, hall: Hall, command: MergeTicket, request: Request, taken_ms: int) -> TicketIssued:
    name = _class(state, command, taken_ms)
    return TicketIssued(
        visit=f"{state.day}-{command.ticket}",
        ticket=command.ticket,
        service=command.service,
        number=command.number,
        language=command.language,
        node=request.node,
        ahead=state.queued.get(command.service, 0),
        wait_low_min=None,
        wait_high_min=None,
        priority_class=name,
        capped=name != command.priority_class,
        needs=tuple(sorted(need for need in set(command.needs) if state.need(need) is not None)),
        taken_offline_at=utc(taken_ms),
        by_clock=command.by_clock,
    )


def _of_customer(
    state: HallState, hall: Hall, command: MergeTicket, issued: TicketIssued, voided: set[str]
) -> TicketIssued:
    """Return a number with who took it, and with the booking that the hall had found before it went away."""
    service, taken_at = state.services[command.service], issued.taken_offline_at
    issued = replace(issued, person=asked_of(hall, service, command.person))
    booking, known = state.bookings.get(command.booking or ""), appointment_class(state)
    is_free = booking is not None and not booking.cancelled and (booking.visit is None or booking.visit in voided)
    if booking is None or known is None or taken_at is None or not is_free:
        return issued
    if booking.service != service.id or day_of(hall, booking.at) != state.day:
        return issued
    issued = replace(issued, booking=booking.code, booked_at=booking.at)
    standing, from_ms = standing_of(hall, booking, ms(taken_at))
    if standing is Standing.LATE:
        return issued
    ready_at = utc(from_ms) if standing is Standing.EARLY else None
    return replace(issued, priority_class=known.id, capped=False, ready_at=ready_at)


def _class(state: HallState, command: MergeTicket, taken_ms: int) -> str:
    """Return the class that was asked for, where the kiosk could have had it then; nobody is lost for a class."""
    known = state.classes.get(command.priority_class)
    if known is None or known.closing or known.appointment or known.given_by is not GivenBy.KIOSK:
        return ORDINARY
    given = state.given_at.get(known.id, [])
    of_the_hour = bisect_right(given, taken_ms) - bisect_right(given, taken_ms - HOUR_MS)
    return ORDINARY if known.per_hour is not None and of_the_hour >= known.per_hour else known.id


def _abandoned(state: HallState, request: Request) -> tuple[TicketVoided, ...]:
    """Return the end of the number that the kiosk asked for first and never heard of, unless it was called by now."""
    visit: Visit | None = state.visits.get(request.abandoned) if request.abandoned is not None else None
    if visit is None or visit.node != request.node or visit.slip is not None or not may(TicketVoided, visit.state):
        return ()
    return (TicketVoided(visit=visit.id, ticket=visit.ticket),)
