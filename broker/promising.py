"""The waits that the hall promises: a table made from time to time, never while a press waits for its call."""

import logging
from collections.abc import Callable
from typing import Final

from .hall.estimate import promises
from .hall.request import NO_PROMISES, Promises
from .hall.state import HallState

log = logging.getLogger(__name__)

PROMISES_S: Final = 0.5  # made anew at most so often


class PromiseTable:
    """`clock` returns monotonic seconds. An estimate that fails promises nothing, and stops nobody."""

    def __init__(
        self, *, clock: Callable[[], float], estimate: Callable[[HallState, int], Promises] = promises
    ) -> None:
        self._clock = clock
        self._estimate = estimate
        self._made_s = float("-inf")
        self._failed = False
        self.table: Promises = NO_PROMISES

    @property
    def wait_s(self) -> float:
        """Return the seconds until it may be made anew."""
        return max(self._made_s + PROMISES_S - self._clock(), 0)

    def make(self, state: HallState, now_ms: int) -> None:
        """Make the table anew, unless it is too young for that."""
        if self.wait_s:
            return
        try:
            self.table, self._failed = self._estimate(state, now_ms), False
        except Exception:  # looking changes nothing, so the hall can go on
            if not self._failed:
                log.exception("fault: no waits can be promised")
            self.table, self._failed = NO_PROMISES, True
        self._made_s = self._clock()  # afterwards: a slow one leaves the hall as much time as a quick one
