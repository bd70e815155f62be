"""Is on the glass what the hall decided? Compares the labels of real frames with the calls; pure but for its memory.

A frame may be late by as much as a slow machine needs; past that, a technician is told.
"""

from dataclasses import dataclass
from typing import Final

from .board import Row

PATIENCE_S: Final = 2.0
REMEMBERED: Final = 200  # calls that are known to have come to the glass
SHRUNK: Final = 0.97


@dataclass(frozen=True, kw_only=True)
class RowOnGlass:
    call: str
    times: int
    ticket: str  # as its label says
    counter: str
    shrunk: float = 1.0


@dataclass(frozen=True, kw_only=True)
class OnGlass:
    """What one frame showed; `at_s` is monotonic."""

    rows: tuple[RowOnGlass, ...]
    covered: bool  # by a message that overrides everything
    at_s: float
    window_px: tuple[int, int] = (0, 0)
    plays_films: bool = False


class Agreement:
    """Holds what should be on the glass against what is."""

    def __init__(self) -> None:
        self._wanted: tuple[tuple[str, str], ...] | None = None
        self._wanted_covered = False
        self._wanted_at_s = 0.0
        self._seen: OnGlass | None = None
        self._known: set[tuple[str, int]] = set()

    def want(self, rows: tuple[Row, ...], now_s: float, *, covered: bool) -> None:
        """Note what the glass should show from now on."""
        wanted = () if covered else tuple((row.ticket, str(row.counter)) for row in rows)
        if (wanted, covered) != (self._wanted, self._wanted_covered):
            self._wanted, self._wanted_covered, self._wanted_at_s = wanted, covered, now_s

    def see(self, glass: OnGlass) -> list[tuple[str, int]]:
        """Take in a frame; return the calls that came to the glass with it."""
        self._seen = glass
        now = {(row.call, row.times) for row in glass.rows}
        fresh = [(row.call, row.times) for row in glass.rows if (row.call, row.times) not in self._known]
        self._known = now | {key for key in self._known if len(self._known) < REMEMBERED}
        return fresh

    def parted(self, now_s: float) -> str:
        """Return in what glass and hall differ for longer than a frame may need; empty: they agree."""
        if self._wanted is None or now_s - self._wanted_at_s <= PATIENCE_S:
            return ""
        if self._seen is None:
            return "no frame has come to the glass: does the window open, and does its graphics driver work?"
        if self._seen.covered is not self._wanted_covered:
            return "a message that should cover the board does not, or the other way round: start the board again"
        shown = tuple((row.ticket, row.counter) for row in self._seen.rows)
        if shown == self._wanted:
            return ""
        missing = [f"{ticket} → {counter}" for ticket, counter in self._wanted if (ticket, counter) not in shown]
        wrong = f"{missing[0]} is not on the glass" if missing else "the rows are in another order, or too many"
        return f"{wrong}, though the hall called so {now_s - self._wanted_at_s:.0f} s ago: start the board again"

    @property
    def too_long(self) -> str:
        """Return a number that had to be drawn smaller than it should be; empty: none."""
        rows = self._seen.rows if self._seen is not None else ()
        return next((row.ticket for row in rows if row.shrunk < SHRUNK), "")
