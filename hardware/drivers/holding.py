"""Long presses of one pad that tells when a key goes down and up, or which is down now. Pure.

A key with a long form is told when it is let go, or as soon as it has been down for `long_s`; every other key at once.
"""

from typing import Final

from ..devices import PadKey

_KEYS: Final = frozenset(key.value for key in PadKey)


class Holding:
    """Each method takes monotonic seconds; `long_s` 0: no press is a long one."""

    def __init__(self, long_s: float) -> None:
        self._long_s = long_s
        self._down = ""
        self._since_s = 0.0
        self._waits = False  # the key that is down may become a long press, and is not yet told

    def forget(self, down: str) -> None:
        """Begin anew with what is down now: nobody knows for how long, so it is no press."""
        self._down, self._waits = down, False

    def takes(self, down: str, now_s: float) -> list[str]:
        """Take what is down now, "" for nothing; return what was pressed."""
        pressed = []
        if self._waits and (down != self._down or self._is_long(now_s)):
            pressed.append(f"{self._down}-long" if self._is_long(now_s) else self._down)
            self._waits = False
        if down != self._down:
            self._down, self._since_s = down, now_s
            self._waits = self._long_s > 0 and f"{down}-long" in _KEYS
            if down and not self._waits:
                pressed.append(down)
        return pressed

    def _is_long(self, now_s: float) -> bool:
        return now_s - self._since_s >= self._long_s
