"""The last number of each service that this kiosk was given by the hall: on its disk, for a hall that must be restored.

Written before a slip is printed, without waiting for the disk; `sync` waits, in a thread of its own.
"""

import logging
import os
from pathlib import Path
from typing import Final

import msgspec

from broker.contract.messages import GivenNumbers, TicketTaken

log = logging.getLogger(__name__)

PAGE: Final = 4096  # bytes; a file that keeps its size is written without waiting for the disk


class LastNumbers:
    """`now` is what stands in the file; None before the first number."""

    def __init__(self, path: Path) -> None:
        self.now = _read(path)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def note(self, taken: TicketTaken) -> GivenNumbers:
        """Keep a number, and return the last ones of its day; the machine's death it survives after `sync`."""
        day = taken.visit.removesuffix(f"-{taken.ticket}")
        before = self.now.last if self.now is not None and self.now.day == day else {}
        self.now = GivenNumbers(day=day, last={**before, taken.service: taken.ticket})
        content = msgspec.json.encode(self.now)
        room = -(-len(content) // PAGE) * PAGE
        os.pwrite(self._file, content.ljust(room), 0)
        if os.fstat(self._file).st_size > room:
            os.ftruncate(self._file, room)
        return self.now

    def sync(self) -> None:
        os.fdatasync(self._file)


def _read(path: Path) -> GivenNumbers | None:
    content = path.read_bytes() if path.exists() else b""
    if not content:
        return None
    try:
        return msgspec.json.decode(content, type=GivenNumbers)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning("%s is torn: a restored hall will not know this kiosk's last numbers: %s", path, error)
        return None
