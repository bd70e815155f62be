"""Who staffs a counter by the roster. Whoever signed in there, by card, PIN or console, holds against it."""

from collections.abc import Iterable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from ..contract.messages import ClerkSignedIn, Hall, Shift, SignedInBy, Weekday
from .clock import ms
from .state import HallState

_WEEKDAYS = tuple(Weekday)  # Monday is 0, as in datetime


def shifts_of(hall: Hall, day: str) -> dict[str, int]:
    """Return when each line of the roster begins on a day, by its place in the list; ISO date."""
    local = date.fromisoformat(day)
    return {
        str(index): ms(datetime.combine(local, time.fromisoformat(each.begins), tzinfo=ZoneInfo(hall.timezone)))
        for index, each in enumerate(hall.roster)
        if _WEEKDAYS[local.weekday()] in each.days
    }


def relieved(state: HallState, shifts: Iterable[Shift]) -> list[ClerkSignedIn]:
    """Return who takes over, of shifts that begin in this order; nobody staffs two counters."""
    last = {each.counter: each.clerk for each in shifts}
    seats = {desk.number: desk.clerk for desk in state.desks.values() if desk.clerk is not None}
    events = []
    for counter, clerk in last.items():
        desk = state.desk(counter)
        holds = desk.clerk is not None and desk.signed_by is not SignedInBy.ROSTER
        sits_by_own_word = any(
            desk.clerk == clerk and desk.signed_by is not SignedInBy.ROSTER for desk in state.desks.values()
        )
        if holds or sits_by_own_word or desk.clerk == clerk or counter not in state.counters:
            continue
        if clerk not in state.clerks:
            continue
        for number in [number for number, other in seats.items() if other == clerk]:
            events.append(ClerkSignedIn(counter=number, clerk=None, by=SignedInBy.ROSTER))
            del seats[number]
        events.append(ClerkSignedIn(counter=counter, clerk=clerk, by=SignedInBy.ROSTER))
        seats[counter] = clerk
    return events
