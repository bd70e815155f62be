"""QSystem RS-485 operator pads: presses, lamps and three characters of text.

Each frame is `01 address … 07`; the pad sends four bytes at a press, the host sends a lamp or a text.
"""

from collections.abc import AsyncIterator
from typing import Final

from ..devices import Lamp, PadKey, PadPress, PortGone
from ..line import Line
from .inbox import Inbox

BAUD: Final = 9600
GAP_S: Final = 0.02  # half-duplex: let the pads' transceivers turn round

START: Final = 0x01  # "01 addr key 07"
END: Final = 0x07
KEYS: Final = {  # "31 call or recall, 32 start, 33 redirect, 34 no-show or finish"
    0x31: PadKey.CALL,
    0x32: PadKey.START,
    0x33: PadKey.REDIRECT,
    0x34: PadKey.FINISH,
}
LAMPS: Final = {  # "30 off, 31 red, 32 green, 33-36 blink": read here as two speeds of red, then two of green
    Lamp.OFF: 0x30,
    Lamp.RED: 0x31,
    Lamp.GREEN: 0x32,
    Lamp.BLINK_RED: 0x33,
    Lamp.BLINK_GREEN: 0x35,
}
WITH_BEEP: Final = 7  # "37-3D the same with a beep"
_PRESS_LENGTH: Final = 4
_TEXT_LENGTH: Final = 3


def lamp_frame(address: int, lamp: Lamp, *, beep: bool = False) -> bytes:
    return bytes((START, _byte(address), LAMPS[lamp] + (WITH_BEEP if beep else 0), END))


def text_frame(address: int, text: str) -> bytes:
    """Return the frame that shows the last three characters of `text`, ranged right."""
    shown = text[-_TEXT_LENGTH:].rjust(_TEXT_LENGTH)
    if not (shown.isascii() and shown.isprintable()):
        raise ValueError(f"a QSystem pad shows ASCII only, not {shown!r}")
    return bytes((START, _byte(address), *shown.encode("ascii"), END))


def _byte(address: int) -> int:
    if not 0 <= address <= 0xFF:  # noqa: PLR2004 - one byte
        raise ValueError(f"pad address {address} does not fit one byte: see the switches inside the pad")
    return address


class PressDecoder:
    """Reassembles presses from chunks of any size; drops what is no press, byte by byte, and counts it."""

    def __init__(self) -> None:
        self.discarded_bytes = 0
        self._pending = bytearray()

    def feed(self, chunk: bytes) -> list[PadPress]:
        self._pending += chunk
        presses = []
        while self._pending:
            if self._pending[0] == START and len(self._pending) < _PRESS_LENGTH:
                break
            start, address, key, end = (*self._pending[:_PRESS_LENGTH], 0, 0, 0)[:_PRESS_LENGTH]
            if start == START and end == END and key in KEYS:
                presses.append(PadPress(address=address, key=KEYS[key]))
                del self._pending[:_PRESS_LENGTH]
            else:
                del self._pending[0]
                self.discarded_bytes += 1
        return presses

    def start_over(self) -> None:
        """Forget a frame that was cut in two by an unplugged cable."""
        self.discarded_bytes += len(self._pending)
        self._pending.clear()


class QSystemPads:
    """All pads of one line; implements `CallPads`. Lamps and texts are shown again after the line was lost."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._decoder = PressDecoder()
        self._inbox = Inbox[PadPress]()
        self._shown: dict[tuple[int, str], bytes] = {}
        line.subscribe(self._received, opened=self._show_again, lost=self._lost)

    @property
    def discarded_bytes(self) -> int:
        return self._decoder.discarded_bytes

    def presses(self) -> AsyncIterator[PadPress]:
        return self._inbox.items()

    async def lamp(self, address: int, lamp: Lamp, *, beep: bool = False) -> None:
        slot = (address, "lamp")
        self._shown[slot] = lamp_frame(address, lamp)
        self._line.send(lamp_frame(address, lamp, beep=beep), slot=slot)

    async def text(self, address: int, text: str) -> None:
        slot = (address, "text")
        self._shown[slot] = text_frame(address, text)
        self._line.send(self._shown[slot], slot=slot)

    def _received(self, chunk: bytes) -> None:
        for press in self._decoder.feed(chunk):
            self._inbox.put(press)

    def _show_again(self) -> None:
        for slot, frame in self._shown.items():
            self._line.send(frame, slot=slot)

    def _lost(self, gone: PortGone) -> None:
        self._decoder.start_over()
        self._inbox.lost(gone)
