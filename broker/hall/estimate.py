"""How long a wait is likely to be: what the rehearsal tells, corrected and given a range by what promises have taught.

*At once*, (0, 0), is promised only where a counter is free for the newcomer now. Any other range is of whole minutes,
rounded outwards. What a promise was off is kept by `learning` and reported with the queues.
"""

from typing import Final

from .learning import band_of
from .rehearsal import waits
from .request import Promise, Promises
from .state import HallState

AT_ONCE: Final = Promise(0, 0, 0)


def promises(state: HallState, now_ms: int) -> Promises:
    """Return what may be promised now to a newcomer, by service and class; where nobody could ever call, nothing."""
    spreads = state.learning.spreads()
    found: dict[tuple[str, str], Promise] = {}
    for key, wait_ms in waits(state, now_ms).items():
        rolled_s = -(-wait_ms // 1000)
        found[key] = spreads[band_of(rolled_s)].promise(rolled_s) if rolled_s else AT_ONCE
    return found
