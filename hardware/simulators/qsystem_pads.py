"""QSystem operator pads on one RS-485 line: presses go out, lamps and texts come in, unknown addresses stay dark."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self

from .pty_cable import PtyCable

KeyName = Literal["call", "start", "redirect", "finish"]

_KEY_BYTES: Final[dict[str, int]] = {"call": 0x31, "start": 0x32, "redirect": 0x33, "finish": 0x34}
_LAMPS: Final = ("off", "red", "green", "red fast", "red slow", "green fast", "green slow")
_BEEP_AT: Final = 0x37
_HEAD: Final = b"\x01"
_TAIL: Final = 0x07
_LAMP_LENGTH: Final = 4
_TEXT_LENGTH: Final = 6


@dataclass(frozen=True, kw_only=True)
class LampLit:
    address: int
    lamp: str
    beep: bool
    monotonic_ms: float


@dataclass(frozen=True, kw_only=True)
class TextShown:
    address: int
    text: str
    monotonic_ms: float


class SimulatedPads:
    """`async with SimulatedPads(link=…, addresses=…) as pads: pads.press(3, "call")`."""

    def __init__(
        self,
        *,
        link: Path,
        addresses: Iterable[int] = range(1, 33),
        report: Callable[[LampLit | TextShown], None] | None = None,
        baud: int = 9600,
    ) -> None:
        self.lamps: dict[int, str] = dict.fromkeys(addresses, "off")
        self.texts: dict[int, str] = dict.fromkeys(self.lamps, "   ")
        self.not_understood = 0
        self._report = report or (lambda _seen: None)
        self._pending = b""
        self.cable = PtyCable(link, self._received, baud=baud)

    async def __aenter__(self) -> Self:
        self.cable.plug()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.cable.unplug()

    def press(self, address: int, key: KeyName) -> None:
        self._known(address)
        self.cable.send(bytes((0x01, address, _KEY_BYTES[key], _TAIL)))

    def garble(self, address: int = 1) -> None:
        """Send what is left of a frame when two pads talk at once: a lost tail and a foreign byte."""
        self.cable.send(bytes((0x01, address, 0xB5)))

    def _known(self, address: int) -> None:
        if address not in self.lamps:
            raise ValueError(f"no pad has address {address}: there are {', '.join(map(str, self.lamps))}")

    def _received(self, chunk: bytes, ended_at_s: float) -> None:
        self._pending += chunk
        while self._pending:
            length = self._frame_length()
            if length > len(self._pending):
                return
            if length:
                ends_at_s = ended_at_s - (len(self._pending) - length) * self.cable.byte_s
                self._obey(self._pending[:length], ends_at_s * 1000)
            else:
                self.not_understood += 1
            self._pending = self._pending[length or 1 :]

    def _frame_length(self) -> int:
        """Length of the frame at the front; more than there is while it cannot be told, 0 if it is none."""
        if not self._pending.startswith(_HEAD):
            return 0
        for length in (_LAMP_LENGTH, _TEXT_LENGTH):
            if len(self._pending) < length:
                return length
            if self._pending[length - 1] == _TAIL:
                return length
        return 0

    def _obey(self, frame: bytes, at_ms: float) -> None:
        address, body = frame[1], frame[2:-1]
        if address not in self.lamps:
            return
        if len(body) > 1:
            self.texts[address] = body.decode("ascii", errors="replace")
            self._report(TextShown(address=address, text=self.texts[address], monotonic_ms=at_ms))
            return
        beep = body[0] >= _BEEP_AT
        number = body[0] - (_BEEP_AT if beep else 0x30)
        if number not in range(len(_LAMPS)):
            self.not_understood += 1
            return
        self.lamps[address] = _LAMPS[number]
        self._report(LampLit(address=address, lamp=self.lamps[address], beep=beep, monotonic_ms=at_ms))
