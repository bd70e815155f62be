"""All that a hall remembers, as plain values: two halls with the same picture will behave alike.

What is worked out from other things again whenever it is asked for is left out; and a deadline that has come and was
seen to is forgotten live, while a replay still holds it.
"""

from msgspec import to_builtins

from broker.hall.lane import Lane
from broker.hall.state import HallState

_LEFT_OUT = {"able", "deadlines", "lanes", "learning"}


def picture(state: HallState, now_ms: int = 0) -> dict[str, object]:
    plain = {name: _plain(getattr(state, name)) for name in state.__slots__ if name not in _LEFT_OUT}
    plain["lanes"] = {str(tuple(key)): _lane(lane) for key, lane in state.lanes.items()}
    plain["deadlines"] = sorted(
        {each for each in state.deadlines if each[0] > max(state.last_ms, now_ms) and state._is_due(each)}
    )
    plain["learning"] = to_builtins(state.learning.carried())
    return plain


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: to_builtins(each) for key, each in value.items()}
    return sorted(value) if isinstance(value, set) else to_builtins(value)


def _lane(lane: Lane) -> dict[str, object]:
    plain: dict[str, object] = {name: getattr(lane, name) for name in Lane.__slots__}
    for name in ("overtakers", "exempt"):
        plain[name] = list(getattr(lane, name))
    plain["visits"] = plain["burdened"] = list(lane.visits)  # the burdened are found anew
    plain["head"] = lane.head.id if lane.head is not None else None
    plain["last"] = lane.last.id if lane.last is not None else None
    return plain
