"""Whom the keypads ask just now, kept on disk: a box that is started again goes on asking who still stands there.

Monotonic seconds outlive the program, and begin anew with the machine; then nobody stands there any more.
"""

import logging
from pathlib import Path
from typing import Final

import msgspec

from .asking import Asked

log = logging.getLogger(__name__)

FILE_NAME: Final = "asked.json"
_DECODER: Final = msgspec.json.Decoder(dict[int, Asked])


class AskedCalls:
    """What each counter's keypad asks about. Raises OSError when the disk gives or takes nothing."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME
        self._asked: dict[int, Asked] = {}

    def load(self) -> dict[int, Asked]:
        if not self._path.exists():
            return {}
        try:
            self._asked = _DECODER.decode(self._path.read_bytes())
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            log.warning("%s is not readable, so nobody is asked again: %s", self._path, error)
        return dict(self._asked)

    def keep(self, counter: int, asked: Asked | None) -> None:
        if asked is None:
            self._asked.pop(counter, None)
        else:
            self._asked[counter] = asked
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(self._asked))
        fresh.replace(self._path)
