"""What the kiosk still owes the dispatcher: the fate of each slip, kept on disk until it was told.

Written before the step that it speaks of, so that a kiosk killed at any moment knows afterwards what may have come
out: asked (no slip yet), printing (perhaps), then the fate itself.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from broker.contract.messages import Language, SlipFate


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
    """The list of what is owed, in one small file."""

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

    def _write(self) -> None:
        write_whole(self._path, msgspec.json.encode(list(self._owed.values())))


def _read(path: Path) -> list[Owed]:
    if not path.exists():
        return []
    return msgspec.json.decode(path.read_bytes(), type=list[Owed])


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file so that after a power cut it holds the old content or the new, never a part."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
