"""How long a wait is likely to be: an honest, rough range of minutes.

The work that stands before a newcomer, shared among the counters that can do it: for each service that competes for
the same counters, people x usual minutes x the share of that service's counters which this one can use too. The range
is a quarter below and a half above, rounded outwards.
"""

from fractions import Fraction
from math import ceil, floor

from ..contract.messages import CounterState, Hall, Service
from .request import Promise, Promises
from .state import HallState

LOW, HIGH = Fraction(3, 4), Fraction(3, 2)


def promises(state: HallState, now_ms: int) -> Promises:
    """Return what may be promised now to a newcomer, for each service and class."""
    table = {}
    for service in state.hall.services if state.hall is not None else ():
        found = wait_range_min(state, service)
        if found is not None and state.hall is not None:
            low, high = found
            for each in state.hall.classes:
                table[service.id, each.id] = Promise((low + high) * 30, low, high)
    return table


def wait_range_min(state: HallState, service: Service) -> tuple[int, int] | None:
    """Return (low, high) minutes for someone who takes a number now; (0, 0) is *at once*, None unknown."""
    if state.hall is None:
        return None
    mine = _counters(state.hall, service.id)
    if not mine:
        return None
    idle = sum(1 for number in mine if state.counter_state(number) is CounterState.IDLE)
    work = Fraction(0)
    ahead = 0
    for other in state.hall.services:
        theirs = _counters(state.hall, other.id)
        shared = len(mine & theirs)
        if shared:
            queued = state.queued.get(other.id, 0)
            ahead += queued
            work += Fraction(queued * other.minutes * shared, len(theirs))
    if ahead < idle:
        return (0, 0)
    busy_remainder = Fraction(service.minutes * (len(mine) - idle), 2)
    expected = (work + busy_remainder) / len(mine)
    low = floor(expected * LOW)
    return (low, max(ceil(expected * HIGH), low + 1))


def _counters(hall: Hall, service: str) -> set[int]:
    return {counter.number for counter in hall.counters if service in counter.skills}
