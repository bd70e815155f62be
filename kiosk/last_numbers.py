"""The last number of each service that the hall gave, here or elsewhere: on this kiosk's disk, should it be restored.

Written before a slip is printed, without waiting for the disk; `sync` waits, in a thread of its own. Those that were
taken at a desk or at another kiosk stand in the hall's view of its queues.
"""

import logging
import os
from pathlib import Path
from typing import Final

import msgspec

from broker.contract.messages import GivenNumbers, Hall, QueuesView, TicketTaken

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
        before = self._of(day)
        known = before.get(taken.service)
        if known is None or _letters(known) != _letters(taken.ticket) or _number(known) < _number(taken.ticket):
            before = {**before, taken.service: taken.ticket}
        return self._keep(GivenNumbers(day=day, last=before))

    def seen(self, view: QueuesView, hall: Hall) -> GivenNumbers | None:
        """Keep what the hall shows as given; return the last ones, or None where that is nothing new.

        A hall that was restored shows less than was given, and is not believed.
        """
        if view.day is None or (self.now is not None and view.day < self.now.day):
            return None
        extras = {service.id: service.extra_prefix for service in hall.services}
        last = dict(self._of(view.day))
        for row in view.queues:
            known = last.get(row.service)
            if row.last_given is not None and (
                known is None
                or _place(known, extras.get(row.service)) < _place(row.last_given, extras.get(row.service))
            ):
                last[row.service] = row.last_given
        numbers = GivenNumbers(day=view.day, last=last)
        return self._keep(numbers) if last and numbers != self.now else None

    def _of(self, day: str) -> dict[str, str]:
        return self.now.last if self.now is not None and self.now.day == day else {}

    def _keep(self, numbers: GivenNumbers) -> GivenNumbers:
        self.now = numbers
        content = msgspec.json.encode(self.now)
        room = -(-len(content) // PAGE) * PAGE
        os.pwrite(self._file, content.ljust(room), 0)
        if os.fstat(self._file).st_size > room:
            os.ftruncate(self._file, room)
        return self.now

    def sync(self) -> None:
        os.fdatasync(self._file)


def _place(ticket: str, extra: str | None) -> tuple[bool, int]:
    """Return where a number stands in its service's day: those under the extra prefix come last."""
    return _letters(ticket) == extra, _number(ticket)


def _letters(ticket: str) -> str:
    return ticket.rstrip("0123456789")


def _number(ticket: str) -> int:
    digits = ticket[len(_letters(ticket)) :]
    return int(digits) if digits else 0


def _read(path: Path) -> GivenNumbers | None:
    content = path.read_bytes() if path.exists() else b""
    if not content:
        return None
    try:
        return msgspec.json.decode(content, type=GivenNumbers)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning("%s is torn: a restored hall will not know this kiosk's last numbers: %s", path, error)
        return None
