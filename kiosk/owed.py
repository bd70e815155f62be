"""What the kiosk still owes the dispatcher: the fate of each slip, kept on disk until it was told.

Written before the step that it speaks of, so that a kiosk killed at any moment knows afterwards what may have come
out: asked (no slip yet), printing (perhaps), then the fate itself.
"""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from broker.contract.messages import ORDINARY, Language, SlipFate

log = logging.getLogger(__name__)

PAGE: Final = 4096  # bytes; a file that keeps its size is written without waiting for the disk


class Owed(Struct, frozen=True, kw_only=True):
    """One number asked for; `take` is the id of its command, `visit` is known once it was answered."""

    take: str
    service: str
    language: Language
    priority_class: str = ORDINARY
    needs: tuple[str, ...] = ()
    booking: str | None = None
    person: str | None = None
    visit: str | None = None
    fate: SlipFate | None = None  # None: not printed yet, or printing when `visit` is known

    @property
    def fate_after_crash(self) -> SlipFate:
        """Return what is known of the paper when the kiosk stopped here."""
        if self.fate is not None:
            return self.fate
        return SlipFate.NOT_PRINTED if self.visit is None else SlipFate.UNKNOWN


class OwedFile:
    """The list of what is owed, in one small file that is overwritten in its place.

    `note` and `settle` survive the program's death at once, and the machine's after `sync`, which may take long. A
    list torn by a power cut in between costs nothing but a ticket called in vain.
    """

    def __init__(self, path: Path) -> None:
        self._owed = {each.take: each for each in _read(path)}
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def __iter__(self) -> Iterator[Owed]:
        return iter(list(self._owed.values()))

    def of(self, visit: str) -> Owed:
        return next(each for each in self._owed.values() if each.visit == visit)

    def note(self, owed: Owed) -> None:
        self._owed[owed.take] = owed
        self._write()

    def settle(self, owed: Owed) -> None:
        self._owed.pop(owed.take, None)
        self._write()

    def sync(self) -> None:
        """Wait until the disk has the list; for a thread of its own."""
        os.fdatasync(self._file)

    def _write(self) -> None:
        content = msgspec.json.encode(list(self._owed.values()))
        room = -(-len(content) // PAGE) * PAGE
        os.pwrite(self._file, content.ljust(room), 0)
        if os.fstat(self._file).st_size > room:
            os.ftruncate(self._file, room)


def _read(path: Path) -> list[Owed]:
    content = path.read_bytes() if path.exists() else b""
    if not content:
        return []
    try:
        return msgspec.json.decode(content, type=list[Owed])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        log.warning("%s is torn: what the kiosk owed is forgotten, its tickets stay alive: %s", path, error)
        return []
