"""Whose turn: first come, first served among the services that a counter may take.

The cost is O(lanes), whatever waits: only the oldest callable visit of each lane is looked at.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..contract.messages import Counter
from .state import HallState, Visit


@dataclass(frozen=True, kw_only=True)
class Turn:
    visit: Visit
    rule: str  # why this one


def next_turn(state: HallState, counter: Counter, now: datetime) -> Turn | None:
    """Return whom this counter should call, or None when nobody whom it can serve is callable."""
    heads = [head for skill in counter.skills if (head := _head(state, skill, now)) is not None]
    if not heads:
        return None
    return Turn(visit=min(heads, key=lambda visit: visit.issued_seq), rule="fcfs")


def waiting(state: HallState, counter: Counter) -> int:
    """Return how many people wait whom this counter may serve."""
    return sum(len(state.lanes.get(skill, ())) for skill in counter.skills)


def callable_now(state: HallState, visit: Visit, now: datetime) -> bool:
    """Tell whether the customer has the slip in hand, or must have had it long enough."""
    grace = timedelta(seconds=state.hall.slip_grace_s if state.hall else 0)
    return visit.slip is not None or now >= visit.issued_at + grace


def _head(state: HallState, service: str, now: datetime) -> Visit | None:
    return next((visit for visit in state.lanes.get(service, {}).values() if callable_now(state, visit, now)), None)
