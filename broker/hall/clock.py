"""Instants as the core counts them: whole milliseconds since 1970, UTC; on the wire and on disk they are ISO 8601."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)


def ms(at: datetime) -> int:
    """Return an aware time in milliseconds, cut off."""
    return (at - _EPOCH) // _MS


def utc(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)  # exact: a double holds today's seconds to a quarter of a µs
