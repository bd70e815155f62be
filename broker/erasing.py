"""Files with secrets, overwritten before they are taken away.

A flash card may keep the old bytes where only its maker finds them; the card's reader finds zeros.
"""

import os
from pathlib import Path
from typing import Final

from .whole_files import sync_folder

GONE: Final = "erased.tmp"


def erase(path: Path) -> None:
    """Overwrite a file, then take it away; of a link the link alone. Nothing happens where there is none.

    It has lost its name before a byte of it is lost.
    """
    if path.is_symlink():
        path.unlink()
        return
    if not path.exists():
        return
    gone = path.with_name(GONE)
    if gone.exists():
        _overwrite(gone)
    path.rename(gone)
    sync_folder(path.parent)
    _overwrite(gone)


def finish_erasing(folder: Path) -> None:
    """Overwrite what the power left between its name and its end."""
    for gone in folder.rglob(GONE):
        _overwrite(gone)


def _overwrite(gone: Path) -> None:
    descriptor = os.open(gone, os.O_WRONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "wb") as file:  # in its place: a new file would lie elsewhere
        file.write(b"\0" * gone.stat().st_size)
        file.flush()
        os.fsync(descriptor)
    gone.unlink()
    sync_folder(gone.parent)
