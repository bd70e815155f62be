"""Which counter: an armed counter that is idle is given the next customer (push).

Among several that could serve the same customer: the clerk who served that customer last time, then a counter that has
the service among its skills before one that only helps, then the lowest utilisation today, the fewest skills, the one
idle longest, the lowest number.
"""

from msgspec import Struct

from .state import HallState
from .turn import Turn, next_turn


class Push(Struct, frozen=True, gc=False):
    counter: int
    turn: Turn


def next_push(state: HallState, now_ms: int) -> Push | None:
    """Return the next customer for an armed idle counter; None when none of them could serve anybody."""
    if not state.waiting or not state.armed_idle:
        return None
    found: list[Push] = []
    for number in state.armed_idle:
        if state.desks[number].rest_until_ms > now_ms or _is_closing(state, number):
            continue
        turn = next_turn(state, number, now_ms)
        if turn is not None:
            found.append(Push(number, turn))
    if len(found) < 2:  # noqa: PLR2004 - nothing to choose
        return found[0] if found else None
    first = min(found, key=lambda push: (push.turn.visit.since_ms, push.turn.visit.order)).turn.visit
    return min((push for push in found if push.turn.visit is first), key=lambda push: _rank(state, push, now_ms))


def _is_closing(state: HallState, number: int) -> bool:
    counter = state.counter(number)
    return counter is None or counter.closing


def utilisation_ppb(state: HallState, number: int, now_ms: int) -> int:
    """Return the share of its staffed time that a counter was busy today, in parts of a thousand million."""
    desk = state.desk(number)
    staffed_ms = desk.staffed_today_ms(now_ms)
    return desk.busy_today_ms(now_ms) * 1_000_000_000 // staffed_ms if staffed_ms else 0


def _rank(state: HallState, push: Push, now_ms: int) -> tuple[bool, bool, int, int, int, int]:
    counter, desk, visit = state.counter(push.counter), state.desk(push.counter), push.turn.visit
    skills = counter.skills if counter is not None else ()
    same_clerk = bool(visit.last_clerk) and desk.clerk == visit.last_clerk
    return (
        not same_clerk,
        visit.service not in skills,
        utilisation_ppb(state, push.counter, now_ms),
        len(skills) + (len(counter.helps) if counter is not None else 0),
        desk.idle_from_ms,
        push.counter,
    )
