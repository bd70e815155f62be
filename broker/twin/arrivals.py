"""A customer who comes to the twin, and what became of the stay. Structures of msgspec: a long play makes millions."""

from msgspec import Struct

from ..contract.messages import Outcome


class Arrival(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody who takes a number. Times are milliseconds from the beginning of the play."""

    at_ms: int
    service: str
    priority_class: str
    service_ms: int  # at the counter, from call to end
    patience_ms: int | None = None  # leaves, if not called after so long; None: never
    needs: tuple[str, ...] = ()
    booked_ms: int | None = None  # an appointment's time


class Stay(Struct, frozen=True, kw_only=True, gc=False):
    """What became of an arrival. Times as there."""

    arrival: Arrival
    index: int = 0  # of the arrival, from 0
    ticket: str  # "" when none was given
    given_class: str = ""  # the ticket's class: ordinary, where an hour's courtesy was used up
    called_ms: int | None  # first call; None: never called
    ended_ms: int | None  # None: no ticket was given, or nobody could ever call it
    counter: int | None
    outcome: Outcome | None = None  # cancelled: left before the call
    target_ms: int
    expected_s: int | None = None  # the promise
    promised_min: tuple[int, int] | None = None
    overtaken: int = 0  # by calls that the bound binds
    overtaken_exempt: int = 0
    overtaken_by_ms: int = 0
    refused: str | None = None  # reason, when no ticket was given
