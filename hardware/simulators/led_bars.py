"""LED bars as many halls own them, without a name on the case: a receiver after the sheet that comes with such a bar.

Frame: `7E | address | length | command | text in GB2312 | XOR | 7F`. The length counts command and text; the XOR is
over address to text. Between 7E and 7F the bytes 7D, 7E and 7F are sent as 7D and the byte XOR 20. Commands: 31 show,
32 show blinking until the next show, 33 brightness (one byte, 0 to 7), 34 clear. Eight characters, four Chinese ones;
there are longer ones.
A bar needs 50 ms for each frame and does not see one that begins earlier. It never answers.
"""

from collections.abc import Callable, Iterable
from functools import reduce
from operator import xor
from pathlib import Path
from typing import Final, Self

from .candle_signs import SignShows
from .pty_cable import PtyCable

SHEET: Final = """\
show = "7E < [ {address} {length} ( 31 {text} ) ] {check} > 7F"
blink = "7E < [ {address} {length} ( 32 {text} ) ] {check} > 7F"
clear = "7E < [ {address} {length} ( 34 ) ] {check} > 7F"
brightness = "7E < [ {address} {length} ( 33 {level} ) ] {check} > 7F"
level_high = 7
encoding = "gb2312"
characters = 8
check = "xor"
gap_ms = 50
escapes = [
    { byte = "7D", send = "7D 5D" },
    { byte = "7E", send = "7D 5E" },
    { byte = "7F", send = "7D 5F" },
]
"""
_HEAD: Final = 0x7E
_TAIL: Final = 0x7F
_ESCAPE: Final = 0x7D
_FLIP: Final = 0x20
_SHORTEST: Final = 4


class SimulatedBars:
    """`busy_ms` is the sheet's; `late_ms` forgives what this process may be late in reading the line."""

    def __init__(
        self,
        *,
        link: Path,
        addresses: Iterable[int] = range(1, 9),
        report: Callable[[SignShows], None] | None = None,
        baud: int = 9600,
        room: int = 8,
        busy_ms: float = 50.0,
        late_ms: float = 40.0,
    ) -> None:
        self.texts: dict[int, str] = dict.fromkeys(addresses, "")
        self.brightness: dict[int, int] = dict.fromkeys(self.texts, 7)
        self.too_early = 0
        self.not_understood = 0
        self._report = report or (lambda _shown: None)
        self._room = room
        self._deaf_ms = busy_ms - late_ms
        self._last_ended_ms = float("-inf")
        self._frame: bytearray | None = None
        self._flip = False
        self._length = 0  # as it came, escapes and all
        self.cable = PtyCable(link, self._received, baud=baud)

    async def __aenter__(self) -> Self:
        self.cable.plug()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.cable.unplug()

    def _received(self, chunk: bytes, ended_at_s: float) -> None:
        for position, byte in enumerate(chunk, start=1):
            self._byte(byte, (ended_at_s - (len(chunk) - position) * self.cable.byte_s) * 1000)

    def _byte(self, byte: int, at_ms: float) -> None:
        self._length += 1
        if byte == _HEAD:
            self._frame, self._flip, self._length = bytearray(), False, 1
        elif self._frame is None:
            self.not_understood += 1
        elif byte == _TAIL:
            self._obey(bytes(self._frame), at_ms)
            self._frame = None
        elif byte == _ESCAPE:
            self._flip = True
        else:
            self._frame.append(byte ^ _FLIP if self._flip else byte)
            self._flip = False

    def _obey(self, frame: bytes, ended_ms: float) -> None:
        if ended_ms - self._length * self.cable.byte_s * 1000 - self._last_ended_ms < self._deaf_ms:
            self.too_early += 1
            return
        self._last_ended_ms = ended_ms
        if len(frame) < _SHORTEST or reduce(xor, frame[:-1]) != frame[-1] or frame[1] != len(frame) - 3:
            self.not_understood += 1
            return
        address, command, body = frame[0], frame[2], frame[3:-1]
        if address not in self.texts:
            return
        if command == 0x33 and len(body) == 1 and body[0] < 8:  # noqa: PLR2004 - "0 to 7"
            self.brightness[address] = body[0]
            return
        if command not in (0x31, 0x32, 0x34) or len(body) > self._room:
            self.not_understood += 1
            return
        self.texts[address] = body.decode("gb2312", errors="replace").strip()
        blinks = -1 if command == 0x32 else 0  # noqa: PLR2004 - "32 show blinking"
        self._report(
            SignShows(address=address, text=self.texts[address], blinks=blinks, raw=frame, monotonic_ms=ended_ms)
        )
