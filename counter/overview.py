"""What a sign for the whole hall says of a zone's calls. Pure.

Newest first, as many as the sign shows whole; a new call, and a repeated one, blinks.
"""

from broker.contract.messages import BoardRow, BoardView

from .window import BLINKS, SignShows
from .wording import Wording

BETWEEN = "  "


class Overview:
    def __init__(self, *, calls: int, wording: Wording) -> None:
        self._calls = calls
        self._wording = wording
        self._rows: tuple[tuple[str, int, str, int], ...] | None = None
        self._newest: tuple[BoardRow, ...] = ()
        self._evacuation = False

    def viewed(self, view: BoardView) -> SignShows | None:
        """Return what the sign is to show, None if it shows that already."""
        newest = self._newest = view.rows[: self._calls]
        rows = tuple((row.call, row.times, row.ticket, row.counter) for row in newest)
        if rows == self._rows:
            return None
        before, self._rows = self._rows or (), rows
        if self._evacuation:
            return None
        is_new = bool(rows) and rows[0] not in before and not newest[0].started
        return SignShows(texts=self._texts(newest), blinks=BLINKS if is_new else 0)

    def evacuate(self, *, on: bool) -> SignShows | None:
        """Let everybody leave, or show the calls again; None: nothing changes."""
        if on == self._evacuation:
            return None
        self._evacuation = on
        return (
            SignShows(texts=self._wording.evacuation, blinks=BLINKS)
            if on
            else SignShows(texts=self._texts(self._newest))
        )

    def again(self) -> SignShows:
        """Return what the sign should show now, steadily."""
        return SignShows(texts=self._wording.evacuation if self._evacuation else self._texts(self._newest))

    def _texts(self, rows: tuple[BoardRow, ...]) -> tuple[str, ...]:
        """Return all the calls, then fewer and fewer, in each of the forms."""
        if not rows:
            return ("",)
        return tuple(
            BETWEEN.join(form.format(ticket=row.ticket, counter=row.counter) for row in rows[:many])
            for many in range(len(rows), 0, -1)
            for form in self._wording.row
        )
