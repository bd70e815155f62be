"""How many wrong PINs were typed since the last right one, on disk: a restart, or the plug, gives nobody new tries."""

import contextlib
import logging
from pathlib import Path
from typing import Final

from ..whole_files import replace_file
from .door import TRIES

log = logging.getLogger(__name__)

FILE: Final = "wrong-pins"  # in a node's state directory
MOST: Final = 1000


class WrongPins:
    """Of one door, in a file of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def count(self) -> int:
        """Return how many; what cannot be read counts as too many."""
        try:
            return min(MOST, max(0, int(self._path.read_text(encoding="ascii"))))
        except FileNotFoundError:
            return 0
        except (OSError, ValueError):
            return TRIES

    def tried(self) -> None:
        """Count a PIN as wrong, before it is looked at: so the plug pulled meanwhile gives no try."""
        try:
            replace_file(self._path, str(min(MOST, self.count() + 1)).encode())
        except OSError as error:
            log.error("%s: %s; wrong PINs are counted until the restart only", self._path, error)  # noqa: TRY400

    def was_right(self) -> None:
        """Forget them all."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
