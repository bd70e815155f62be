"""What the kiosk still owes the dispatcher: the fate of each slip, kept on disk until it was told.

Written before the step that it speaks of, so that a kiosk killed at any moment knows afterwards what may have come
out: asked (no slip yet), printing (perhaps), then the fate itself.
"""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from broker.contract.messages import Language, SlipFate

log = logging.getLogger(__name__)


class Owed(Struct, frozen=True, kw_only=True):
    """One number asked for; `take` is the id of its command, `visit` is known once it was answered."""

    take: str
    service: str
    language: Language
    visit: str | None = None
    fate: SlipFate | None = None  # None: not printed yet, or printing when `visit` is known

    @property
    def fate_after_crash(self) -> SlipFate:
        """Return what is known of the paper when the kiosk stopped here."""
        if self.fate is not None:
            return self.fate
        return SlipFate.NOT_PRINTED if self.visit is None else SlipFate.UNKNOWN


class OwedFile:
    """The list of what is owed, in one small file.

    `note` and `settle` survive the program's death at once, and the machine's after `sync`, which may take long: a
    list lost to a power cut in between costs nothing but a ticket called in vain.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._owed = {each.take: each for each in _read(path)}

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
        for path, flags in ((self._path, os.O_RDONLY), (self._path.parent, os.O_RDONLY | os.O_DIRECTORY)):
            descriptor = os.open(path, flags)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _write(self) -> None:
        write_whole(self._path, msgspec.json.encode(list(self._owed.values())))


def _read(path: Path) -> list[Owed]:
    if not path.exists():
        return []
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Owed])
    except msgspec.DecodeError as error:
        log.warning("%s is torn: what the kiosk owed is forgotten, its tickets stay alive: %s", path, error)
        return []


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file so that whoever reads it finds the old content or the new, never a part."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.replace(path)
