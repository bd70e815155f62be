"""How long calls take from the hall's decision to eye and ear: the last ones of each zone. Pure but for its memory."""

from collections import deque
from math import ceil
from statistics import median
from typing import Final

from .contract.messages import Medium, Reached

REMEMBERED: Final = 200  # calls of a zone


class Ways:
    """Those of one program; its figures go into its presence."""

    def __init__(self, medium: Medium) -> None:
        self._medium = medium
        self._ways_ms: dict[str, deque[int]] = {}

    def took(self, zone: str, way_ms: float) -> None:
        """Note how long a call of a zone needed; one that seems to come before its time is the clocks' doing."""
        self._ways_ms.setdefault(zone, deque(maxlen=REMEMBERED)).append(max(0, round(way_ms)))

    def reached(self, zone: str, parted: str = "") -> Reached:
        """Return a zone's figures; `parted` says in what this program and the hall's calls differ."""
        ways = sorted(self._ways_ms.get(zone, ()))
        if not ways:
            return Reached(zone=zone, medium=self._medium, parted=parted)
        return Reached(
            zone=zone,
            medium=self._medium,
            calls=len(ways),
            p50_ms=round(median(ways)),
            p99_ms=ways[ceil(0.99 * len(ways)) - 1],
            worst_ms=ways[-1],
            parted=parted,
        )


def figures(*all_reached: Reached, to: str) -> str:
    """Return figures in words for a technician; empty: no call came yet."""
    said = [
        f"{each.calls} calls to {to}: {each.p50_ms} ms, 99 % {each.p99_ms} ms" for each in all_reached if each.calls
    ]
    return "; ".join(said)
