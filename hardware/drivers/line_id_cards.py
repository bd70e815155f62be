"""ID-card readers that send what they read as a line: the number, alone or among other fields.

Only the 18 characters of the number leave this driver (GB 11643-1999: seventeen digits, then a digit or X); a name or
an address in the same line is never decoded. Readers of the second-generation card that speak to a vendor's closed
library only (USB, SAM module) are not supported: many can be set to *keyboard* or *serial, text line* instead.
"""

import re
from collections.abc import AsyncIterator, Callable
from typing import Final

from ..devices import PortGone
from ..line import Line
from .inbox import Inbox

LONGEST: Final = 1024  # bytes of a line; name and address may stand in it
PAUSE_S: Final = 1.0  # no reader stops so long within a line
_NUMBER: Final = re.compile(rb"(?<![0-9A-Za-z])([0-9]{17}[0-9Xx])(?![0-9A-Za-z])")
_ENDS: Final = re.compile(rb"[\r\n]+")


class CardDecoder:
    """Reassembles lines from chunks of any size, and finds the number in each."""

    def __init__(self) -> None:
        self.discarded_lines = 0  # without exactly one number
        self._pending = b""
        self._heard_s = 0.0

    def feed(self, chunk: bytes, *, now_s: float) -> list[str]:
        """Return the numbers of the cards whose lines these bytes complete; `now_s` is monotonic."""
        if now_s - self._heard_s > PAUSE_S:
            self.start_over()
        self._heard_s = now_s
        *lines, rest = _ENDS.split(self._pending + chunk)
        self._pending = rest if len(rest) <= LONGEST else b""
        return [number for line in lines if line and (number := self._number(line))]

    def start_over(self) -> None:
        """Forget a line that was cut in two."""
        self._pending = b""

    def _number(self, line: bytes) -> str:
        found = set(_NUMBER.findall(line)) if len(line) <= LONGEST else set()
        if len(found) == 1:
            number: bytes = found.pop()
            return number.decode("ascii").upper()
        self.discarded_lines += 1
        return ""


class LineIdCards:
    """One reader; implements `IdCards`. `clock` gives monotonic seconds."""

    def __init__(self, line: Line, *, clock: Callable[[], float]) -> None:
        self._decoder = CardDecoder()
        self._clock = clock
        self._inbox = Inbox[str]()
        line.subscribe(self._received, opened=self._decoder.start_over, lost=self._lost)

    def numbers(self) -> AsyncIterator[str]:
        return self._inbox.items()

    def _received(self, chunk: bytes) -> None:
        for number in self._decoder.feed(chunk, now_s=self._clock()):
            self._inbox.put(number)

    def _lost(self, gone: PortGone) -> None:
        self._decoder.start_over()
        self._inbox.lost(gone)
