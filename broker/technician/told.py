"""What the keeper of a box leaves for its screens: how the box is, and how the hall is as far as it hears.

One small file in memory, read by whoever shows it; without a broker it still tells of the box.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from ..ailments import Found
from ..contract.messages import BoxFinding, Language
from ..whole_files import replace_file

FINDINGS: Final = "/run/hallcall-keeper/findings.json"
FRESH: Final = timedelta(seconds=60)
LARGEST: Final = 1 << 20


class Told(Struct, frozen=True, kw_only=True):
    """What was found at `at`; `hall` by language, because the names of roles stand in it."""

    at: datetime
    box: str
    image: str = ""
    slot: str = ""
    own: tuple[BoxFinding, ...] = ()
    hall: dict[str, tuple[Found, ...]] = {}

    def of(self, language: Language) -> tuple[Found, ...]:
        """Return the box's findings, then the hall's."""
        return (*(Found(self.box, each) for each in self.own), *self.hall.get(language.value, ()))


def leave(path: Path, told: Told) -> None:
    """Write it for everybody on this box to read; nothing where there is no such directory. Raises OSError."""
    if path.parent.is_dir():
        replace_file(path, msgspec.json.encode(told), mode=0o644)


def left(path: Path, now: datetime) -> Told | None:
    """Return what was left within the last minute; None: no keeper runs here, or it hangs."""
    try:
        if path.stat().st_size > LARGEST:
            return None
        told = msgspec.json.decode(path.read_bytes(), type=Told)
    except (OSError, msgspec.DecodeError):
        return None
    return told if abs(now - told.at) < FRESH else None
