"""Whose turn: among the first of each lane that a counter may serve, the discipline chooses.

In this order:
1. an absolute class, the highest first;
2. whom a rule sends ahead of the queue: back from a no-show, sent on to the front, back with a follow-up;
3. whom the bound on overtaking protects, and whom it lets past them;
4. among those, what the counter does first: `first_for`, and its skills before its `helps`;
5. among those, the discipline.

Whole numbers only, and ties are defined: smaller target, older, number of the event. The cost is O(lanes), whatever
waits.
"""

from collections.abc import Callable, Mapping, Sequence
from heapq import nlargest
from typing import Final, Protocol

from msgspec import Struct

from ..contract.messages import Counter, Discipline, Passed, Policy, Score
from .lane import Lane
from .state import MINUTE_MS, HallState
from .visit import Visit

RUNNERS_UP: Final = 4  # in an explanation
ORDINARY_TIER: Final = 2  # see Lane
SHARE, STRICT, RATIO, RULES = Discipline.SHARE, Discipline.STRICT, Discipline.RATIO, Discipline.RULES
Heads = Sequence[Lane]  # lanes in which somebody waits


class Turn(Struct, frozen=True, gc=False):
    """Whom a counter calls, by which rule, and from among whom."""

    visit: Visit
    rule: str
    exempt: bool  # from the bound on overtaking
    heads: Heads


class Queues(Protocol):
    """What a discipline looks at besides the lanes of a counter: the hall itself, or a rehearsal of it."""

    @property
    def lanes(self) -> Mapping[tuple[str, str, tuple[str, ...], int, str, str], Lane]: ...

    def turn_of(self, priority_class: str) -> int: ...


def next_turn(state: HallState, number: int, now_ms: int) -> Turn | None:
    """Return whom this counter should call, or None when nobody whom it can serve is callable."""
    heads = [lane for lane in state.able.get(number) or state.able_lanes(number) if lane.head is not None]
    hall, counter = state.hall, state.counters.get(number)
    if not heads or hall is None or counter is None:
        return None
    return turn_among(state, hall.policy, counter, heads, now_ms)


def turn_among(state: Queues, policy: Policy, counter: Counter, heads: Heads, now_ms: int) -> Turn | None:
    """Return whom a counter should call among the first of these lanes, in which somebody waits."""
    if len(heads) == 1 and (head := heads[0].head) is not None and heads[0].tier == ORDINARY_TIER:
        return Turn(head, policy.discipline._value_, False, heads)  # `value` is the same, and slow
    ordinary = [lane for lane in heads if lane.tier == ORDINARY_TIER]
    if len(ordinary) != len(heads):
        turn = _out_of_line(policy, heads, ordinary)
        if turn is not None:
            return turn
        if not ordinary:
            return None
    allowed = _within_bound(policy, ordinary)
    lane, rule = _chosen(state, policy, _first(counter, allowed), now_ms)
    if len(allowed) != len(ordinary) and _chosen(state, policy, _first(counter, ordinary), now_ms)[0] is not lane:
        rule = "bound"
    return Turn(_head(lane), rule, False, heads)


def _head(lane: Lane) -> Visit:
    if lane.head is None:
        raise LookupError(lane.key)
    return lane.head


def _out_of_line(policy: Policy, heads: Heads, ordinary: Heads) -> Turn | None:
    absolute = [lane for lane in heads if lane.absolute]
    if absolute and not policy.bound_yields:
        absolute = [lane for lane in _within_bound(policy, [*absolute, *ordinary]) if lane.absolute]
    if absolute:
        lane = min(absolute, key=_by_rank)
        return Turn(_head(lane), "absolute", policy.bound_yields, heads)
    ahead = [lane for lane in heads if lane.tier == 1]
    if ordinary:
        ahead = [lane for lane in ahead if lane.ahead != "return" or _head(lane).gate <= lane.passes]
    if ahead:
        lane = min(ahead, key=lambda lane: _head(lane).joined_seq)
        return Turn(_head(lane), lane.ahead, True, heads)
    return None


def _within_bound(policy: Policy, lanes: Heads) -> Heads:
    """Return the lanes that may be called from without overtaking anybody too often, or by too much."""
    times, minutes = policy.overtaken_times, policy.overtaken_min
    if (times is None and minutes is None) or len(lanes) == 1:
        return lanes
    heads = [(lane, head) for lane in lanes if (head := lane.head) is not None]
    if times is not None:
        protected = [
            place
            for lane, head in heads
            if (lane.burdened or len(lane.overtakers) + head.overtaken >= times)
            and (place := lane.reached(times)) is not None
        ]
        if protected:
            last = min(protected)
            heads = [(lane, head) for lane, head in heads if (head.since_ms, head.order) <= last]
    if minutes is not None:
        latest_ms = min([head.since_ms for _, head in heads]) + round(minutes * MINUTE_MS)
        heads = [(lane, head) for lane, head in heads if head.since_ms <= latest_ms]
    return lanes if len(heads) == len(lanes) else [lane for lane, _ in heads]


def _first(counter: Counter, lanes: Heads) -> Heads:
    """Narrow down to what a counter does before all else."""
    if counter.first_for:
        lanes = [lane for lane in lanes if lane.priority_class in counter.first_for] or lanes
    if counter.helps:
        skills = counter.skills
        lanes = [each for each in lanes if each.service in skills or each.key.counter or each.key.clerk] or lanes
    return lanes


def _chosen(state: Queues, policy: Policy, lanes: Heads, now_ms: int) -> tuple[Lane, str]:
    discipline = policy.discipline
    if len(lanes) == 1:
        return lanes[0], discipline._value_
    if discipline is SHARE:
        return _largest_share(lanes, now_ms), "share"
    if discipline is STRICT:
        return min(lanes, key=_by_rank), "strict"
    if discipline is RATIO:
        turn_of = state.turn_of
        return min(lanes, key=lambda lane: (turn_of(lane.priority_class), *_by_rank(lane))), "ratio"
    if discipline is RULES:
        return _by_rules(state, policy, lanes, now_ms)
    return min(lanes, key=_KEYS[discipline]), discipline.value


def _largest_share(lanes: Heads, now_ms: int) -> Lane:
    """Return the lane whose head has used the largest share of its target: waited x scale compares waited / target."""
    best = lanes[0]
    visit = _head(best)
    most = (now_ms - visit.since_ms) * best.scale
    for lane in lanes[1:]:
        visit = lane.head  # type: ignore[assignment] # none is empty
        share = (now_ms - visit.since_ms) * lane.scale
        if share > most or (share == most and _tie(lane) < _tie(best)):
            best, most = lane, share
    return best


def _tie(lane: Lane) -> tuple[int, int, int]:
    visit = _head(lane)
    return (lane.target_ms, visit.since_ms, visit.order)


def _by_place(lane: Lane) -> tuple[int, int]:
    visit = _head(lane)
    return (visit.since_ms, visit.order)


def _by_rank(lane: Lane) -> tuple[int, int, int]:
    visit: Visit = lane.head  # type: ignore[assignment] # none is empty
    return (lane.rank, visit.since_ms, visit.order)


def _by_due(lane: Lane) -> tuple[int, int, int, int]:
    return (_head(lane).since_ms + lane.target_ms, *_tie(lane))


_KEYS: Final[Mapping[Discipline, Callable[[Lane], tuple[int, ...]]]] = {
    Discipline.FCFS: _by_place,
    Discipline.DUE: _by_due,
}


def _by_rules(state: Queues, policy: Policy, lanes: Heads, now_ms: int) -> tuple[Lane, str]:
    for number, rule in enumerate(policy.rules, start=1):
        named = [
            lane
            for lane in lanes
            if rule.service in {None, lane.service} and rule.priority_class in {None, lane.priority_class}
        ]
        if not named:
            continue
        waiting = sum(
            len(lane.visits)
            for lane in state.lanes.values()
            if rule.service in {None, lane.service} and rule.priority_class in {None, lane.priority_class}
        )
        oldest = min(named, key=_by_place)
        waited_ms = now_ms - _head(oldest).since_ms
        waiting = max(waiting, 1)  # in a rehearsal the newcomer has no weight, but counts for itself
        if waiting > rule.waiting_over and waited_ms >= round(rule.waited_over_min * MINUTE_MS):
            return oldest, f"rule {number}"
    return min(lanes, key=_by_place), "rules"


# Explaining -----------------------------------------------------------------------------------------------------------


def scores(state: HallState, turn: Turn, now_ms: int) -> tuple[Score, ...]:
    """Return the winner and those who stood next to it, by the share of their target that they have used."""
    others = nlargest(
        RUNNERS_UP,
        (lane for lane in turn.heads if lane.head is not turn.visit),
        key=lambda lane: ((now_ms - _head(lane).since_ms) * lane.scale, -lane.target_ms, -_head(lane).order),
    )
    return tuple(_score(state, visit, now_ms) for visit in (turn.visit, *map(_head, others)))


def _score(state: HallState, visit: Visit, now_ms: int) -> Score:
    return Score(
        ticket=visit.ticket,
        service=visit.service,
        priority_class=visit.priority_class,
        waited_s=max(now_ms - visit.since_ms, 0) // 1000,
        target_s=max(state.target_ms(visit.service, visit.priority_class) // 1000, 1),
    )


def passed(state: HallState, number: int, visit: Visit, *, exempt: bool) -> tuple[Passed, ...]:
    """Return the lanes that this call passes over: their first came earlier, and this counter could have called it."""
    place = (visit.since_ms, visit.order)
    return tuple(
        Passed(
            ticket=head.ticket,
            service=lane.service,
            priority_class=lane.priority_class,
            earlier_s=(visit.since_ms - head.since_ms) // 1000,
            times=lane.overtaken(head) + (not exempt),
            exempt=lane.overtaken_exempt(head) + exempt,
        )
        for lane in state.able_lanes(number)
        if (head := lane.head) is not None and not lane.ahead and (head.since_ms, head.order) < place
    )


def breaches(state: HallState, number: int, visit: Visit) -> bool:
    """Tell whether a call outside the bound passes somebody over who has reached it."""
    policy = state.hall.policy if state.hall is not None else Policy()
    times, minutes = policy.overtaken_times, policy.overtaken_min
    if times is None and minutes is None:
        return False
    place = (visit.since_ms, visit.order)
    for lane in state.able_lanes(number):
        head = lane.head
        if head is None or lane.ahead or (head.since_ms, head.order) >= place:
            continue
        if times is not None and (reached := lane.reached_in_all(times)) is not None and reached < place:
            return True
        if minutes is not None and visit.since_ms - head.since_ms > round(minutes * MINUTE_MS):
            return True
    return False
