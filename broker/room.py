"""Room on a disk that nobody but the hall may fill: a journal that finds its disk full ends the hall's day.

Whoever fetches, takes or copies something large asks first.
"""

import shutil
from pathlib import Path
from typing import Final

KEPT_FREE: Final = 256 << 20  # bytes; a year of a busy hall's days


def missing(folder: Path, size: int, *, kept_free: int = KEPT_FREE) -> int:
    """Return how many bytes are missing for something of this size; 0 where it may be written."""
    return max(0, size + kept_free - shutil.disk_usage(folder).free)
