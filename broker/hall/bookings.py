"""Booked visits: the hall knows them by a code before the customer comes, and each is good for one ticket.

No name is kept: whoever booked for somebody gives the code on, and the code is all that the customer shows.
A ticket whose slip never came out gives its booking back.
"""

from datetime import datetime
from typing import Final

from msgspec.structs import replace

from ..contract.messages import (
    Booking,
    BookingCancelled,
    BookingFound,
    BookVisit,
    CancelBooking,
    CheckBooking,
    Command,
    GivenBy,
    Hall,
    PriorityClass,
    Role,
    Standing,
    TakeTicket,
    VisitBooked,
)
from . import hours
from .answers import Decision, done, refused
from .clock import ms, utc
from .request import Request
from .state import MINUTE_MS, HallState

_MAY_CHECK: Final = (Role.KIOSK, Role.SUPERVISOR)


def book_visit(state: HallState, command: BookVisit, request: Request) -> Decision:
    hall, known = state.hall, state.bookings.get(command.code)
    if hall is None or state.roles.get(request.node) is not Role.SUPERVISOR:
        return refused(command, "not_allowed")
    if not hall.bookings:
        return refused(command, "no_bookings")
    service = state.service(command.service)
    if service is None:
        return refused(command, "unknown_service", service=command.service)
    if service.closing:
        return refused(command, "closed", service=service.id)
    if day_of(hall, command.at) < (state.day or ""):
        return refused(command, "booking_past", day=day_of(hall, command.at))
    if known is not None and not known.cancelled:
        is_same = (known.service, known.at) == (command.service, command.at)
        return done(command) if is_same else refused(command, "code_taken", code=command.code)
    return done(command, VisitBooked(code=command.code, service=service.id, at=command.at))


def cancel_booking(state: HallState, command: CancelBooking, request: Request) -> Decision:
    known = state.bookings.get(command.code)
    if state.roles.get(request.node) is not Role.SUPERVISOR:
        return refused(command, "not_allowed")
    if known is None:
        return refused(command, "unknown_booking", code=command.code)
    if known.visit is not None:
        return refused(command, "booking_used", ticket=state.visits[known.visit].ticket)
    return done(command) if known.cancelled else done(command, BookingCancelled(code=known.code))


def check_booking(state: HallState, command: CheckBooking, request: Request) -> Decision:
    """Say what a code stands for, so that the customer sees it before a ticket is taken."""
    hall = state.hall
    if hall is None or state.roles.get(request.node) not in _MAY_CHECK:
        return refused(command, "not_allowed")
    found = good_booking(state, hall, command, command.code)
    if isinstance(found, Decision):
        return found
    standing, from_ms = standing_of(hall, found, request.now_ms)
    return Decision(
        BookingFound(
            id=command.id,
            code=found.code,
            service=found.service,
            at=found.at,
            standing=standing,
            called_from=utc(from_ms) if standing is Standing.EARLY else None,
        )
    )


def good_booking(state: HallState, hall: Hall, command: Command, code: str) -> Booking | Decision:
    """Return the booking of a code that a ticket may be taken for today, or why there is none."""
    if not hall.bookings:
        return refused(command, "no_bookings")
    booking = state.bookings.get(code)
    if booking is None:
        return refused(command, "unknown_booking", code=code)
    if booking.cancelled:
        return refused(command, "booking_cancelled")
    if booking.visit is not None:
        return refused(command, "booking_used", ticket=state.visits[booking.visit].ticket)
    day = day_of(hall, booking.at)
    if day != state.day:
        time = f"{hours.local(hall, ms(booking.at)):%H:%M}"
        return refused(command, "booking_other_day", day=day, time=time)
    return booking


def checked_in(
    state: HallState, hall: Hall, command: TakeTicket, now_ms: int
) -> tuple[TakeTicket, Booking | None, Decision | None]:
    """Return what is asked for with a booking's time and class, the booking, and why it cannot be used.

    Who comes too late for the booked time takes what anybody may take: an ordinary ticket, or the class that was asked
    for.
    """
    if command.booking is None:
        return command, None, None
    booking = good_booking(state, hall, command, command.booking)
    if isinstance(booking, Decision):
        return command, None, booking
    if booking.service != command.service:
        return command, None, refused(command, "booking_other_service", service=booking.service)
    known = appointment_class(state)
    if known is None or standing_of(hall, booking, now_ms)[0] is Standing.LATE:
        return replace(command, booked_at=None), booking, None
    return replace(command, booked_at=booking.at, priority_class=known.id), booking, None


def standing_of(hall: Hall, booking: Booking, now_ms: int) -> tuple[Standing, int]:
    """Return how now agrees with a booked time, and from when on it is called."""
    booked_ms = ms(booking.at)
    from_ms = booked_ms - round(hall.policy.early_min * MINUTE_MS)
    if now_ms > booked_ms + round(hall.policy.late_min * MINUTE_MS):
        return Standing.LATE, from_ms
    return (Standing.EARLY if now_ms < from_ms else Standing.ON_TIME), from_ms


def appointment_class(state: HallState) -> PriorityClass | None:
    """Return the class of those who come at their booked time."""
    return next(
        (
            each
            for each in state.classes.values()
            if each.appointment and not each.closing and each.given_by is GivenBy.KIOSK
        ),
        None,
    )


def from_day_on(state: HallState, day: str) -> tuple[Booking, ...]:
    """Return the bookings that a day begins with: its own and later ones."""
    hall = state.hall
    if hall is None:
        return ()
    return tuple(each for each in state.bookings.values() if not each.cancelled and day_of(hall, each.at) >= day)


def day_of(hall: Hall, at: datetime) -> str:
    return hours.local_day(hall, ms(at))
