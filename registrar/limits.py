"""How often one address may ask: pure. A bucket that fills at a steady rate, and is emptied by asking."""

from dataclasses import dataclass, field
from typing import Final

ADDRESSES: Final = 1_000  # remembered; of more, those that asked longest ago are forgotten


@dataclass(kw_only=True)
class Limit:
    """So many at once, then so many a minute."""

    at_once: int
    a_minute: float
    _filled: dict[str, tuple[float, float]] = field(default_factory=dict)  # what is left, and when that was

    def allows(self, address: str, now_s: float) -> bool:
        """Count one question, unless there were too many."""
        left, then = self._filled.pop(address, (float(self.at_once), now_s))
        left = min(float(self.at_once), left + (now_s - then) * self.a_minute / 60)
        allowed = left >= 1
        self._filled[address] = (left - 1 if allowed else left, now_s)
        while len(self._filled) > ADDRESSES:
            del self._filled[next(iter(self._filled))]
        return allowed
