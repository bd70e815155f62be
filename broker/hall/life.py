"""A visit's life: its states, and which event leads from where to where. The README's picture is drawn from this table.

`decide` asks it whether a step may be taken; `apply` asks it where the step leads.
"""

from enum import Enum
from typing import Final

from ..contract.messages import (
    CallRepeated,
    Event,
    OutcomeStated,
    RatingExplained,
    ServiceStarted,
    SlipReported,
    TicketCalled,
    TicketIssued,
    TicketReady,
    TicketReclassified,
    TicketVoided,
    TransactionEnded,
    Undone,
    VisitEnded,
    VisitHeld,
    VisitNotRated,
    VisitRated,
    VisitReturned,
    VisitTransferred,
    WalkUpServed,
)


class VisitState(Enum):
    ISSUED = "issued"  # the slip is not yet confirmed, or the appointment's time has not come
    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    HELD = "held"
    MISSED = "missed"  # a no-show, who may come back until the day's end
    ENDED = "ended"
    VOID = "void"  # its slip never came out


ISSUED, WAITING, CALLED, SERVING = VisitState.ISSUED, VisitState.WAITING, VisitState.CALLED, VisitState.SERVING
HELD, MISSED, ENDED, VOID = VisitState.HELD, VisitState.MISSED, VisitState.ENDED, VisitState.VOID
OPEN: Final = frozenset({ISSUED, WAITING, CALLED, SERVING, HELD, MISSED})
AT_COUNTER: Final = frozenset({CALLED, SERVING})
SAME: Final = None  # the event leaves the state as it is

Step = dict[VisitState | None, VisitState | None]
TRANSITIONS: Final[dict[type[Event], Step]] = {
    TicketIssued: {None: ISSUED},
    WalkUpServed: {None: SERVING},
    TicketReady: {ISSUED: WAITING},
    SlipReported: {**dict.fromkeys(VisitState, SAME), ISSUED: WAITING},  # or issued still: an appointment too early
    TicketVoided: {ISSUED: VOID, WAITING: VOID},
    TicketCalled: {ISSUED: CALLED, WAITING: CALLED, HELD: CALLED, MISSED: CALLED},
    CallRepeated: {CALLED: SAME},
    ServiceStarted: {CALLED: SERVING},
    TransactionEnded: {CALLED: WAITING, SERVING: WAITING},
    VisitHeld: {CALLED: HELD, SERVING: HELD},
    VisitTransferred: {CALLED: WAITING, SERVING: WAITING},
    TicketReclassified: {ISSUED: SAME, WAITING: SAME, CALLED: WAITING},
    VisitReturned: {HELD: WAITING, MISSED: WAITING},
    VisitEnded: dict.fromkeys((ISSUED, WAITING, CALLED, SERVING, HELD, MISSED), ENDED),
    OutcomeStated: {ENDED: SAME},
    VisitRated: dict.fromkeys(VisitState, SAME),
    VisitNotRated: dict.fromkeys(VisitState, SAME),
    RatingExplained: dict.fromkeys(VisitState, SAME),
    Undone: dict.fromkeys(VisitState, SAME),  # to the state that the visit had before
}
NO_SHOW_LEADS_TO: Final = MISSED  # a VisitEnded of this outcome is not the last word


def may(event: type[Event], state: VisitState) -> bool:
    """Tell whether an event of this kind can happen to a visit in this state."""
    return state in TRANSITIONS[event]
