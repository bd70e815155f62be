"""How loud the voice is at a time of day."""

from collections.abc import Iterable
from datetime import datetime

from broker.voice_file import QuietHours


def volume_db(volume_db: int, quiet: Iterable[QuietHours], local: datetime) -> int:
    """Return the volume at a local time: the softest of those that apply."""
    clock = f"{local:%H:%M}"
    return min([volume_db, *(hours.volume_db for hours in quiet if _within(hours, clock))])


def _within(hours: QuietHours, clock: str) -> bool:
    if hours.begin < hours.end:
        return hours.begin <= clock < hours.end
    return clock >= hours.begin or clock < hours.end  # over midnight
