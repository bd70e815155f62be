"""Ratings that the hall has not yet confirmed, kept on disk: no crash of this box and no outage loses one.

One `Rate` a line, as it goes over the wire, under the id that it is repeated with.
"""

import logging
import os
from pathlib import Path
from typing import Final

import msgspec

from broker.contract.messages import Rate

log = logging.getLogger(__name__)

FILE_NAME: Final = "pending-ratings.jsonl"
_DECODER: Final = msgspec.json.Decoder(Rate)


class PendingRatings:
    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME
        self._rates: dict[str, Rate] = {}

    def load(self) -> list[Rate]:
        """Read what an earlier run has left; a line that a power cut has torn is logged and left out.

        Raises OSError when the disk gives or takes nothing.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if not self._path.exists():
            return []
        for number, line in enumerate(self._path.read_bytes().splitlines(), start=1):
            try:
                rate = _DECODER.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                log.warning("%s, line %d is no rating and is dropped: %s: %r", self._path, number, error, line)
                continue
            self._rates[rate.id] = rate
        self._rewrite()
        return list(self._rates.values())

    def add(self, rate: Rate) -> None:
        """Put a rating on the disk; returns when it is there. Raises OSError when the disk does not take it."""
        self._rates[rate.id] = rate
        with self._path.open("ab") as file:
            file.write(_line(rate))
            file.flush()
            os.fsync(file.fileno())

    def remove(self, rate: Rate) -> None:
        """Forget a rating that was answered. One that comes back after a power cut is answered once more."""
        self._rates.pop(rate.id, None)
        self._rewrite()

    def _rewrite(self) -> None:
        fresh = self._path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.writelines(map(_line, self._rates.values()))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)


def _line(rate: Rate) -> bytes:
    return msgspec.json.encode(rate) + b"\n"
