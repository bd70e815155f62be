"""When a hall may be disturbed: pure. Outside opening hours, an hour after closing and until shortly before opening."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from broker.contract.messages import Hall
from broker.hall.clock import ms
from broker.hall.hours import is_open, local

AFTER_CLOSING: Final = timedelta(hours=1)  # those who took a number in time are still served
BEFORE_OPENING: Final = timedelta(minutes=30)
LEAST: Final = timedelta(minutes=45)  # a Pi takes a quarter of an hour; a shorter pause is none
STEP: Final = timedelta(minutes=15)
FAR: Final = timedelta(days=15)
NIGHT: Final = range(1, 5)  # hours of the night, for a hall that is always open


@dataclass(frozen=True, kw_only=True)
class Quiet:
    """A time at which boxes may restart."""

    begins: datetime
    ends: datetime


def next_quiet(hall: Hall, now: datetime) -> Quiet:
    """Return the quiet time that is now, or the next one."""
    at = now.astimezone(UTC)
    at -= timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
    last = at + FAR
    while at < last:
        if _is_quiet(hall, at):
            begins = at
            while at < last and _is_quiet(hall, at):
                at += STEP
            if at - max(begins, now) >= LEAST:
                return Quiet(begins=begins, ends=at)
        at += STEP
    return Quiet(begins=last, ends=last + LEAST)


def _is_quiet(hall: Hall, at: datetime) -> bool:
    if not hall.hours and not hall.closed_on:
        return local(hall, ms(at)).hour in NIGHT
    steps = range(-int(AFTER_CLOSING / STEP), int(BEFORE_OPENING / STEP) + 1)
    return not any(is_open(hall, ms(at + STEP * step)) for step in steps)
