"""Why a press was refused, as the three characters of a call pad say it. Pure; docs/pads.md has the table."""

from typing import Final

AWAY: Final = "E1"  # the hall is out of reach, or did not answer
NOBODY: Final = "E2"  # nobody waits whom this counter may call
STALE: Final = "E3"  # what the pad showed had changed: look, and press again
NOT_NOW: Final = "E4"  # this key means nothing as the counter stands
NOT_ALLOWED: Final = "E5"
ENOUGH: Final = "E6"  # called as often as the hall allows
TOO_SOON: Final = "E7"  # the customer may still be on the way
CLOSING: Final = "E8"  # the counter is closing, or everybody leaves the hall
NOBODY_KNOWN: Final = "E9"  # no clerk has this card or PIN
TOO_LATE: Final = "E0"  # nothing to undo, or too late for it
OTHER: Final = "EE"
_CODES: Final = {
    "nobody_waits": NOBODY,
    "stale": STALE,
    "no_call": STALE,
    "counter_busy": STALE,
    "already_started": NOT_NOW,
    "not_allowed": NOT_ALLOWED,
    "unknown_counter": NOT_ALLOWED,
    "called_enough": ENOUGH,
    "still_coming": TOO_SOON,
    "counter_closing": CLOSING,
    "evacuation": CLOSING,
    "unknown_clerk": NOBODY_KNOWN,
    "nothing_to_undo": TOO_LATE,
    "too_late_to_undo": TOO_LATE,
    "too_old": AWAY,
}


def code(reason: str) -> str:
    """Return what a pad shows for the hall's own reason."""
    return _CODES.get(reason, OTHER)
