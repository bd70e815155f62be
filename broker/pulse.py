"""How long this process itself stood still: what it reads just afterwards has waited that much longer."""

from typing import Final

BEAT_S: Final = 0.5


class Pulse:
    """Beaten every `BEAT_S`; times are monotonic seconds."""

    def __init__(self, *, now_s: float) -> None:
        self._last_s = now_s

    def beat(self, *, now_s: float) -> None:
        self._last_s = now_s

    def late_ms(self, *, now_s: float) -> int:
        """Return the milliseconds by which the next beat is overdue; 0 in a process that is alive."""
        return max(0, int((now_s - self._last_s - 2 * BEAT_S) * 1000))
