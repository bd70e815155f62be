"""Which calls have the rows when more are fresh than there are rows: the newest stay, the others take turns. Pure.

A call is fresh until its customer has come, for as long as somebody may still look for it.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

TURN_S: Final = 4.0  # long enough to find one's number among those that came with it
Call = TypeVar("Call")


def on_rows(calls: Sequence[Call], is_fresh: Callable[[Call], bool], *, rows: int, now_s: float) -> tuple[Call, ...]:
    """Return the calls that are on the rows now; `calls` are newest first, and so are those returned.

    Of fresh ones as many as there is room for, the newest half always; then whoever was called last.
    """
    if len(calls) <= rows:
        return tuple(calls)
    fresh = [each for each in calls if is_fresh(each)]
    if len(fresh) <= rows:
        free = rows - len(fresh)
        others = [each for each in calls if each not in fresh][:free]
        return tuple(each for each in calls if each in fresh or each in others)
    turn = int(now_s // TURN_S)
    stay = rows // 2
    if rows == 1:  # the newest every other time
        stay, turn = (turn + 1) % 2, turn // 2
    turning, room = fresh[max(stay, rows == 1) :], rows - stay
    first = turn * room
    now = [turning[(first + place) % len(turning)] for place in range(room)]
    return (*fresh[:stay], *(each for each in turning if each in now))


def take_turns(calls: Sequence[Call], is_fresh: Callable[[Call], bool], *, rows: int) -> bool:
    return len(calls) > rows and sum(1 for each in calls if is_fresh(each)) > rows


def next_turn_s(now_s: float) -> float:
    """Return when the next ones have their turn."""
    return (now_s // TURN_S + 1) * TURN_S
