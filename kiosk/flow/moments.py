"""When the screen changes although nobody touches it."""

from typing import Final

from hardware.devices import Printed

from .pages import Away, Back, Checking, Returning, Taking, Ticket
from .state import Kiosk
from .struggling import struggle_due_s

CONNECT_S: Final = 5.0  # after a start, how long a known hall is shown before the dispatcher counts as away
WARN_S: Final = 20.0  # how long a customer who was idle is asked before the screen goes home (WCAG 2.2.1)
HEARING: Final = 3  # how many times as long it takes to hear a screen as to see it
NOTE_S: Final = 4.0  # how long a note stands that a code was set aside
GUIDE_S: Final = 120.0  # how long a call for the guide stands


def home_at_s(kiosk: Kiosk) -> float | None:
    """Return when the screen falls back to home by itself, if nobody touches it; None: it does not.

    Whoever may still want something is asked first, for WARN_S, and answers with one touch, as often as he likes.
    """
    match kiosk.screen:
        case Away() | Taking() | Returning() | Checking() | Ticket(slip=None):
            return None
        case Ticket(slip=Printed.YES) if not kiosk.large and not kiosk.listening:  # the slip in the hand says the same
            return kiosk.since_s + kiosk.ticket_s
        case Back(slip=None):
            return None
        case _ if kiosk.is_untouched:
            return None
        case _:
            return kiosk.since_s + kiosk.idle_s * (HEARING if kiosk.listening else 1) + WARN_S


def due_at_s(kiosk: Kiosk) -> float | None:
    """Return when `Ticked` will change something; None: not before something else has happened."""
    if kiosk.here is None:
        return kiosk.since_s + CONNECT_S
    home_s = home_at_s(kiosk)
    if home_s is not None and is_warned(kiosk) and not kiosk.asking:
        home_s -= WARN_S
    guide_s = None if kiosk.guide_s is None else kiosk.guide_s + GUIDE_S
    struggle_s = struggle_due_s(kiosk)
    return min((each for each in (home_s, note_ends_s(kiosk), guide_s, struggle_s) if each is not None), default=None)


def note_ends_s(kiosk: Kiosk) -> float | None:
    return None if kiosk.noted_s is None else kiosk.noted_s + NOTE_S


def is_warned(kiosk: Kiosk) -> bool:
    takes_time = kiosk.large or kiosk.listening
    return takes_time or not isinstance(kiosk.screen, Ticket) or kiosk.screen.slip is not Printed.YES
