"""Does each window's sign show the call that the boards show? Pure but for its memory.

A sign counts as showing a call once the frame with it has left on the line, and was answered where signs answer. A
busy line may be late; past that, a technician is told.
"""

from dataclasses import dataclass, replace
from typing import Final

from broker.contract.messages import BoardView

PATIENCE_S: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class _OnBoard:
    call: str
    times: int
    ticket: str
    since_s: float


class Agreement:
    """Of the windows that have a sign. `now_s` is monotonic."""

    def __init__(self) -> None:
        self._on_boards: dict[str, dict[int, _OnBoard]] = {}  # by zone and counter
        self._on_signs: dict[int, tuple[str, int] | None] = {}
        self.covered = False  # by a message that overrides every call

    def viewed(self, view: BoardView, now_s: float) -> None:
        """Take in what the boards of a zone show."""
        before = self._on_boards.get(view.zone, {})
        fresh: dict[int, _OnBoard] = {}
        for row in view.rows:
            known = before.get(row.counter)
            is_known = known is not None and (known.call, known.times) == (row.call, row.times)
            since_s = known.since_s if known is not None and is_known else now_s
            fresh[row.counter] = _OnBoard(call=row.call, times=row.times, ticket=row.ticket, since_s=since_s)
        self._on_boards[view.zone] = fresh

    def cover(self, now_s: float, *, covered: bool) -> None:
        """Take in that signs show no calls, or that they do again and need their time for it."""
        if self.covered and not covered:
            self._on_boards = {
                zone: {counter: replace(row, since_s=now_s) for counter, row in rows.items()}
                for zone, rows in self._on_boards.items()
            }
        self.covered = covered

    def shown(self, counter: int, call: str | None, times: int) -> None:
        """Note what a sign shows from now on; None: no call."""
        self._on_signs[counter] = (call, times) if call is not None else None

    def parted(self, counter: int, now_s: float) -> str:
        """Return in what a window's sign and the boards differ for longer than a line may need; empty: they agree."""
        row = next((rows[counter] for rows in self._on_boards.values() if counter in rows), None)
        if self.covered or row is None or now_s - row.since_s <= PATIENCE_S:
            return ""
        shown = self._on_signs.get(counter)
        if shown == (row.call, row.times):
            return ""
        what = "does not show it" if shown is None or shown[0] == row.call else "shows another call"
        return (
            f"boards call {row.ticket} to window {counter}, and for more than {PATIENCE_S:.0f} s its sign {what}: "
            "check its line, and start this box again"
        )
