"""Who asks, when, and what may be promised: all that a decision knows besides the hall and the command."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct


class Promise(NamedTuple):
    """How long somebody who takes a number now is likely to wait."""

    expected_s: int
    low_min: int
    high_min: int
    rolled_s: int = 0  # as the rehearsal told it, before what was learned corrected it


Promises = Mapping[tuple[str, str], Promise]  # by service and class
NO_PROMISES: Promises = {}


class Request(Struct, frozen=True, gc=False):
    node: str
    now_ms: int  # never below the last event's
    promises: Promises = NO_PROMISES
    explain: bool = True  # calls carry scores and who was passed over
    abandoned: str | None = None  # the visit of a TakeTicket whose answer its kiosk never heard
