"""A customer who comes to the twin, and what became of the stay."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """Somebody who takes a number. Times are milliseconds from the beginning of the play."""

    at_ms: int
    service: str
    priority_class: str
    service_ms: int  # at the counter, from call to end
    patience_ms: int | None = None  # leaves, if not called after so long; None: never
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Stay:
    """What became of an arrival. Times as there."""

    arrival: Arrival
    ticket: str  # "" when none was given
    called_ms: int | None  # first call; None: never called
    ended_ms: int | None
    counter: int | None
    target_ms: int
    expected_s: int | None = None  # the promise
    promised_min: tuple[int, int] | None = None
    overtaken: int = 0  # by calls that the bound binds
    overtaken_exempt: int = 0
    overtaken_by_ms: int = 0
    refused: str | None = None  # reason, when no ticket was given
