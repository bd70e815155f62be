"""What became of the last copy: a small file on the box, for whoever asks how old it is."""

from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct


class LastCopy(Struct, frozen=True, kw_only=True):
    """`made_at` is of the last good one; `wrong` says why a later one came to nothing."""

    made_at: datetime | None = None
    tried_at: datetime | None = None
    where: str = ""
    wrong: str = ""


def last_copy(path: Path) -> LastCopy:
    """Return what is known; nothing, where there is no such file."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=LastCopy)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return LastCopy()
