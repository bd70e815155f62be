"""How long a wait is likely to be: what the rehearsal tells, corrected and given a range by what promises have taught.

*At once*, (0, 0), is promised only where a counter is free for the newcomer now. Any other range is of whole minutes,
rounded outwards.
"""

from .learning import Spread
from .rehearsal import waits
from .request import Promise, Promises
from .state import HallState

AT_ONCE = Promise(0, 0, 0)


def promises(state: HallState, now_ms: int) -> Promises:
    """Return what may be promised now to a newcomer, by service and class; what nobody could ever call is not there."""
    spreads: dict[str, Spread] = {each: state.learning.spread(each) for each in state.classes}
    return {
        (service, priority_class): spreads[priority_class].promise(-(-wait_ms // 1000)) if wait_ms else AT_ONCE
        for (service, priority_class), wait_ms in waits(state, now_ms).items()
    }
