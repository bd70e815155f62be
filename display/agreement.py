"""Do board and voice show one and the same call? Each call in the view that boards show is owed to the ear too."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from broker.contract.messages import BoardView

GRACE: Final = timedelta(seconds=5)  # between the view and the event of the same call


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """The calls that the boards show and nobody has heard yet; every change returns a new one."""

    owed: dict[tuple[str, int], tuple[str, datetime]] = field(default_factory=dict)  # call, times → ticket, since
    past: frozenset[tuple[str, int]] | None = None  # shown before we listened; None: no view has come yet

    def viewed(self, view: BoardView, now: datetime) -> "Agreement":
        """Take in what the boards show; the first view is of calls from before."""
        shown = {(row.call, row.times): row.ticket for row in view.rows if not row.started}
        if self.past is None:
            return replace(self, past=frozenset(shown))
        owed = {key: self.owed.get(key, (ticket, now)) for key, ticket in shown.items() if key not in self.past}
        return replace(self, owed=owed, past=self.past.intersection(shown))

    def heard(self, call: str, times: int) -> "Agreement":
        """Note a call that was said, or that shall not be said."""
        said = {key for key in self.owed if key[0] == call and key[1] <= times}
        return replace(
            self,
            owed={key: each for key, each in self.owed.items() if key not in said},
            past=(self.past or frozenset()) | {(call, each) for each in range(1, times + 1)},
        )

    def parted(self, now: datetime, waits: Callable[[str, int], bool]) -> tuple[str, ...]:
        """Return the tickets that boards call, and that were neither said nor wait to be said."""
        return tuple(
            ticket
            for (call, times), (ticket, since) in self.owed.items()
            if now - since > GRACE and not waits(call, times)
        )
