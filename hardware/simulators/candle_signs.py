"""Candle call panels on one RS-485 line, a receiver written from the vendor's document.

The panel is busy for 200 ms after each frame: one that begins earlier is not seen, as in the field.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from .pty_cable import PtyCable

_COMMANDS: Final = {0x01, 0x02, 0x03}
_END: Final = 0x07
_STEADY: Final = 0x20
_ALWAYS: Final = 0x21
_LOWEST: Final = 0x20
_SHORTEST: Final = 4
_ANY_ADDRESS: Final = 0xFF
_SEVEN_SEGMENTS: Final = frozenset(b"0123456789ABCEFHILOPSUbcdlo ")


@dataclass(frozen=True, kw_only=True)
class SignShows:
    """One accepted frame; `blinks` 0 steady, −1 for ever; `monotonic_ms` is when its last byte had arrived."""

    address: int
    text: str
    blinks: int
    raw: bytes
    monotonic_ms: float


class SimulatedSigns:
    """`addresses` are the signs that hang on the line; frames to others are seen by nobody.

    `busy_ms` is the vendor's 200 ms; `late_ms` forgives what this process may be late in reading the line.
    """

    def __init__(
        self,
        *,
        link: Path,
        addresses: Iterable[int] = range(0x20, 0x80),
        report: Callable[[SignShows], None] | None = None,
        baud: int = 57600,
        busy_ms: float = 200.0,
        late_ms: float = 40.0,
    ) -> None:
        self.texts: dict[int, str] = dict.fromkeys(addresses, "")
        self.brightness: dict[int, int] = dict.fromkeys(self.texts, 3)
        self.too_early = 0
        self.not_understood = 0
        self._report = report or (lambda _shown: None)
        self._deaf_ms = busy_ms - late_ms
        self._last_ended_ms = float("-inf")
        self._pending = b""
        self.cable = PtyCable(link, self._received, baud=baud)

    async def __aenter__(self) -> Self:
        self.cable.plug()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.cable.unplug()

    def _received(self, chunk: bytes, ended_at_s: float) -> None:
        first_at_s = ended_at_s - len(chunk) * self.cable.byte_s
        for position, byte in enumerate(chunk):
            self._byte(byte, (first_at_s + (position + 1) * self.cable.byte_s) * 1000)

    def _byte(self, byte: int, at_ms: float) -> None:
        if byte in _COMMANDS:
            self.not_understood += bool(self._pending)
            self._pending = bytes((byte,))
        elif not self._pending:
            self.not_understood += 1
        elif byte == _END:
            self._frame(self._pending + bytes((byte,)), at_ms)
            self._pending = b""
        elif byte < _LOWEST:
            self.not_understood += 1
            self._pending = b""
        else:
            self._pending += bytes((byte,))

    def _frame(self, frame: bytes, ended_ms: float) -> None:
        began_ms = ended_ms - len(frame) * self.cable.byte_s * 1000
        if began_ms - self._last_ended_ms < self._deaf_ms:
            self.too_early += 1
            return
        self._last_ended_ms = ended_ms
        if len(frame) < _SHORTEST:
            self.not_understood += 1
            return
        match frame[0]:
            case 0x01:
                self._show(frame, ended_ms)
            case 0x02 if frame[1] in self.brightness:
                self.brightness[frame[1]] = frame[2] - 0x20
            case 0x03:
                self._rename(frame[1], frame[2])

    def _show(self, frame: bytes, ended_ms: float) -> None:
        address, blink, body = frame[1], frame[2], frame[3:-1]
        if address not in self.texts:
            return
        if set(body) - _SEVEN_SEGMENTS:
            self.not_understood += 1
            return
        text = body.decode("ascii").strip()
        self.texts[address] = text
        blinks = {_STEADY: 0, _ALWAYS: -1}.get(blink, blink - _ALWAYS)
        self._report(SignShows(address=address, text=text, blinks=blinks, raw=frame, monotonic_ms=ended_ms))

    def _rename(self, old: int, new: int) -> None:
        for address in list(self.texts) if old == _ANY_ADDRESS else [old]:
            if address in self.texts:
                self.texts[new] = self.texts.pop(address)
                self.brightness[new] = self.brightness.pop(address)
