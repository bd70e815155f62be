"""Which counter: an armed counter that is idle is given the next customer (push).

Among several that could serve the same customer: the clerk who served that customer last time, then a counter that has
the service among its skills before one that only helps, then the lowest utilisation today, the fewest skills, the one
idle longest, the lowest number.
"""

from ..contract.messages import Policy
from .state import HallState
from .turn import Turn, next_turn, turn_among
from .visit import Visit

Push = tuple[int, Turn]  # which counter, and whom it calls


def next_push(state: HallState, now_ms: int) -> Push | None:
    """Return the next customer for an armed idle counter; None when none of them could serve anybody."""
    hall = state.hall
    if not state.waiting or not state.armed_idle or hall is None:
        return None
    counters, desks = state.counters, state.desks
    idle = [
        number
        for number in state.armed_idle
        if (counter := counters.get(number)) is not None
        and not counter.closing
        and desks[number].rest_until_ms <= now_ms
    ]
    if len(idle) == 1:
        turn = next_turn(state, idle[0], now_ms)
        return (idle[0], turn) if turn is not None else None
    if state.waiting == 1:
        return _push_the_only_one(state, hall.policy, idle, now_ms)
    found: list[Push] = []
    for number in idle:
        turn = next_turn(state, number, now_ms)
        if turn is not None:
            found.append((number, turn))
    if not found:
        return None
    first = min((turn for _, turn in found), key=lambda turn: (turn.visit.since_ms, turn.visit.order))
    return _to_the_best(state, [number for number, turn in found if turn.visit is first.visit], first, now_ms)


def _push_the_only_one(state: HallState, policy: Policy, idle: list[int], now_ms: int) -> Push | None:
    """Do the same, quicker, when just one customer waits: every counter would choose that one."""
    lane = next(lane for lane in state.lanes.values() if lane.head is not None)
    able = [number for number in idle if lane in state.able_lanes(number)]
    turn = turn_among(state, policy, state.counters[able[0]], [lane], now_ms) if able else None
    return _to_the_best(state, able, turn, now_ms) if turn is not None else None


def _to_the_best(state: HallState, counters: list[int], turn: Turn, now_ms: int) -> Push:
    if len(counters) == 1:
        return counters[0], turn
    return min([_rank(state, number, turn.visit, now_ms) for number in counters])[-1], turn


def utilisation_ppb(state: HallState, number: int, now_ms: int) -> int:
    """Return the share of its staffed time that an idle counter was busy today, in parts of a thousand million."""
    desk = state.desks[number]
    staffed_ms = desk.staffed_today_ms(now_ms)
    return desk.busy_ms * 1_000_000_000 // staffed_ms if staffed_ms else 0


def _rank(state: HallState, number: int, visit: Visit, now_ms: int) -> tuple[bool, bool, int, int, int, int]:
    counter, desk = state.counters[number], state.desks[number]
    return (
        not visit.last_clerk or desk.clerk != visit.last_clerk,
        visit.service not in counter.skills,
        utilisation_ppb(state, number, now_ms),
        len(counter.skills) + len(counter.helps),
        desk.idle_from_ms,
        number,
    )
