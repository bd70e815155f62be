"""Ticket numbers: per service, in steps, never one twice in a day and never another service's."""

from msgspec import Struct

from ..contract.messages import PastLast, Service
from .state import HallState, Series


class Number(Struct, frozen=True, gc=False):
    ticket: str
    number: int


def next_number(state: HallState, service: Service) -> Number | None:
    """Return the service's next number; None when the service is full for today."""
    series = state.series.get(service.id)
    number, given, extra = (series.next, series.given, series.extra) if series else (service.first, 0, False)
    if service.daily_max is not None and given >= service.daily_max:
        return None
    while True:
        if number > service.last and not extra:
            if service.past_last is not PastLast.EXTRA or service.extra_prefix is None:
                return None
            number, extra = service.first, True
        if number > service.last:
            return None
        ticket = f"{service.extra_prefix if extra else service.prefix}{str(number).zfill(3)}"
        if ticket not in state.by_ticket:  # a changed hall file can lead back to numbers given this morning
            return Number(ticket, number)
        number += service.step


def last_ticket(state: HallState, service: Service) -> str | None:
    """Return the service's last number of today; None where it has given none."""
    series = state.series.get(service.id)
    number = series.next - service.step if series is not None else -1
    if series is None or number < service.first:
        return None
    return f"{service.extra_prefix if series.extra else service.prefix}{str(number).zfill(3)}"


def beyond_ticket(service: Service, ticket: str) -> Series | None:
    """Return the service's series as it stands after a ticket; None where that is none of its numbers."""
    letters = ticket.rstrip("0123456789")
    digits = ticket[len(letters) :]
    if not digits.isascii() or not digits or letters not in {service.prefix, service.extra_prefix}:
        return None
    number = int(digits)
    if not service.first <= number <= service.last:
        return None
    return Series(next=number + service.step, extra=letters != service.prefix)


def is_further(beyond: Series, series: Series | None) -> bool:
    return series is None or (beyond.extra, beyond.next) > (series.extra, series.next)


def resumed(series: Series | None, beyond: Series) -> Series:
    """Return a series that goes on after numbers which it did not give itself."""
    if not is_further(beyond, series):
        return series or beyond
    return Series(next=beyond.next, given=series.given if series is not None else 0, extra=beyond.extra)


def is_full(state: HallState, service: Service) -> bool:
    return next_number(state, service) is None
