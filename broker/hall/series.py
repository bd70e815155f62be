"""Ticket numbers: per service, in steps, never one twice in a day and never another service's."""

from msgspec import Struct

from ..contract.messages import PastLast, Service
from .state import HallState


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


def is_full(state: HallState, service: Service) -> bool:
    return next_number(state, service) is None
