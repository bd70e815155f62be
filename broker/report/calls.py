"""A call as it can be explained: its event, and what only the hall of that moment knew of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from ..contract.messages import Counter, Recorded, Rule, Score, TicketCalled
from ..hall.lane import Lane, key_of
from ..hall.state import MINUTE_MS, HallState
from ..hall.turn import Turn, scores
from ..hall.visit import Place, Visit

OUT_OF_LINE: Final = frozenset({"absolute", "return", "first", "follow_up", "by_number", "resume"})
_ORDINARY_TIER: Final = 2


class Aside(Enum):
    """Why the discipline did not compare a line with the one that was called."""

    AFTER_NEXT = "after_next"  # back from a missed call or a hold: its turn is after the next ticket
    FIRST_FOR = "first_for"  # the counter takes other classes first
    HELPS = "helps"  # the counter only helps with this service
    BOUND = "bound"  # it came too late to be let past somebody


@dataclass(frozen=True, kw_only=True)
class Protected:
    """Whom the bound on overtaking protected at a call."""

    ticket: str
    times: int | None = None  # overtaken so often before; None: the bound in minutes protects it


@dataclass(frozen=True, kw_only=True)
class Call:
    at: datetime
    seq: int
    called: TicketCalled
    aside: dict[str, Aside]  # tickets at the head of their lines
    protected: Protected | None = None  # where the rule is the bound
    rule: Rule | None = None  # where the rule is one of the hall's own
    weight: int = 1  # of the class, for the discipline `ratio`
    behind: int = 0  # waited in the same line
    bound_times: int | None = None
    bound_min: float | None = None
    undone_at: datetime | None = None


def place_of(visit: Visit) -> Place:
    return (visit.since_ms, visit.order)


def score_of(state: HallState, visit: Visit, at_ms: int) -> Score:
    """Return what a visit has waited, and what it was promised."""
    return scores(state, Turn(visit, "", False, ()), at_ms)[0]


def call_of(state: HallState, recorded: Recorded, called: TicketCalled) -> Call:
    """Return a call with its circumstances; `state` is the hall just before it."""
    counter, hall = state.counter(called.counter), state.hall
    heads = [lane for lane in state.able_lanes(called.counter) if lane.head is not None]
    known = state.priority_class(called.priority_class)
    policy = hall.policy if hall is not None else None
    protected = _protected(state, heads) if called.rule == "bound" else None
    aside = {}
    if counter is not None and called.rule not in OUT_OF_LINE:
        last = _last_allowed(state, heads)
        for lane in heads:
            why = _aside(counter, lane, called, last)
            if why is not None and lane.head is not None and lane.head.id != called.visit:
                aside[lane.head.ticket] = why
    return Call(
        at=recorded.at,
        seq=recorded.seq,
        called=called,
        aside=aside,
        protected=protected,
        rule=_rule(called.rule, policy.rules) if policy is not None else None,
        weight=known.weight if known is not None else 1,
        behind=_behind(state, called),
        bound_times=policy.overtaken_times if policy is not None else None,
        bound_min=policy.overtaken_min if policy is not None else None,
    )


def _behind(state: HallState, called: TicketCalled) -> int:
    lane = state.lanes.get(key_of(state.visits[called.visit]))
    return len(lane.visits) - 1 if lane is not None and called.visit in lane.visits else 0


def _rule(name: str, rules: tuple[Rule, ...]) -> Rule | None:
    word, _, number = name.partition(" ")
    if word != "rule" or not number.isdecimal() or not 0 < int(number) <= len(rules):
        return None
    return rules[int(number) - 1]


def _by_place(lane: Lane) -> Place:
    return place_of(lane.head) if lane.head is not None else (0, 0)


def _full(state: HallState, heads: list[Lane]) -> list[Lane]:
    """Return the lines whose first has been overtaken as often as is allowed."""
    times = state.hall.policy.overtaken_times if state.hall is not None else None
    if times is None:
        return []
    ordinary = [lane for lane in heads if lane.tier == _ORDINARY_TIER]
    return [lane for lane in ordinary if lane.head is not None and lane.overtaken(lane.head) >= times]


def _protected(state: HallState, heads: list[Lane]) -> Protected | None:
    full = _full(state, heads)
    if full:
        first = min(full, key=_by_place)
        if first.head is not None:
            return Protected(ticket=first.head.ticket, times=first.overtaken(first.head))
    ordinary = [lane for lane in heads if lane.tier == _ORDINARY_TIER]
    oldest = min(ordinary, key=_by_place).head if ordinary else None
    return Protected(ticket=oldest.ticket) if oldest is not None else None


def _last_allowed(state: HallState, heads: list[Lane]) -> Place | None:
    """Return the last place that the bound let be called; None where it binds nobody."""
    policy = state.hall.policy if state.hall is not None else None
    ordinary = [lane for lane in heads if lane.tier == _ORDINARY_TIER]
    if policy is None or not ordinary:
        return None
    last = [min(_by_place(lane) for lane in full) for full in [_full(state, heads)] if full]
    if policy.overtaken_min is not None:
        oldest_ms = min(_by_place(lane) for lane in ordinary)[0]
        last.append((oldest_ms + round(policy.overtaken_min * MINUTE_MS) + 1, 0))
    return min(last, default=None)


def _aside(counter: Counter, lane: Lane, called: TicketCalled, last: Place | None) -> Aside | None:
    if lane.ahead:
        return Aside.AFTER_NEXT if lane.ahead == "return" else None
    if last is not None and _by_place(lane) > last:
        return Aside.BOUND
    if called.priority_class in counter.first_for and lane.priority_class not in counter.first_for:
        return Aside.FIRST_FOR
    helped = lane.service in counter.helps and lane.service not in counter.skills and not lane.key.counter
    if called.service in counter.skills and helped:
        return Aside.HELPS
    return None
