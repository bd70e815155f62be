"""Who came lately with a certificate of the hall that does not count: a lost laptop, a box that was thrown out.

Kept in memory for a while: a keeper that is still there comes twice a minute, a laptop when somebody types. All that
was refused stands in the book.
"""

from datetime import datetime, timedelta
from typing import Final

from broker.joining.words import Shown

KEPT: Final = {  # by the reason of a Denied
    "technician_replaced": timedelta(days=1),
    "revoked": timedelta(minutes=15),
    "unknown_certificate": timedelta(minutes=15),
}
MOST: Final = 50  # whoever stole an issuing key may call himself as he likes


class Doubtful:
    """The last time each of them came."""

    def __init__(self) -> None:
        self._shown: dict[tuple[str, str], Shown] = {}

    def note(self, shown: Shown) -> None:
        """Take a refusal in, if it is one of those."""
        if shown.reason not in KEPT:
            return
        self._shown.pop((shown.reason, shown.node), None)
        self._shown[shown.reason, shown.node] = shown
        while len(self._shown) > MOST:
            del self._shown[next(iter(self._shown))]

    def lately(self, now: datetime) -> tuple[Shown, ...]:
        """Return them, the latest first."""
        return tuple(each for each in reversed(self._shown.values()) if now - each.at < KEPT[each.reason])
