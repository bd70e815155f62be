"""Rating keypad (评价器) after JT/T 905.2-2014, 9600 8N1.

The standard's command table for the evaluator was not to be had: the command numbers are settings of each hall.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Final

from ..devices import KeypadRating, PortGone
from ..line import Line
from .inbox import Inbox

BAUD: Final = 9600
EVALUATOR: Final = 0x06  # "service evaluator: device types 0x06 and 0x11"
ASK_COMMAND: Final = 0x0010
REST_COMMAND: Final = 0x0011
RATING_COMMAND: Final = 0x0012

GRADES: Final = {rating.value: rating for rating in KeypadRating if rating.value <= KeypadRating.COMPLAINT.value}
MARK: Final = b"\x55\xaa"  # "55 AA | len | devtype | vendor | cmd | data | XOR | 55 AA"; may also occur in the data
_LENGTH_AT: Final = 2
_BODY_AT: Final = 4
_SHORTEST: Final = 4  # "len, 2 bytes big-endian, counting devtype..data"
_LONGEST: Final = 256  # ours: a wrong length must not swallow the frames behind it
_TAIL: Final = 3  # XOR and the closing mark
_SILENCE_S: Final = 0.25  # ours: at 9600 baud a frame that pauses this long has lost its end


@dataclass(frozen=True, kw_only=True)
class Frame:
    device_type: int
    vendor: int
    command: int
    data: bytes = b""


def encode(frame: Frame) -> bytes:
    body = bytes((frame.device_type, frame.vendor)) + frame.command.to_bytes(2, "big") + frame.data
    if len(body) > _LONGEST:
        raise ValueError(f"a frame of {len(body)} bytes is longer than {_LONGEST}")
    checked = len(body).to_bytes(2, "big") + body
    return MARK + checked + bytes((reduce(xor, checked),)) + MARK


def decode(frame: bytes) -> Frame | None:
    """Return the one frame that `frame` is from end to end, None if marks, length or XOR are wrong."""
    checked, check, closing = frame[_LENGTH_AT:-_TAIL], frame[-_TAIL:-2], frame[-2:]
    body = checked[2:]
    if frame[:2] != MARK or closing != MARK or len(body) < _SHORTEST:
        return None
    if int.from_bytes(checked[:2], "big") != len(body) or reduce(xor, checked) != check[0]:
        return None
    return Frame(device_type=body[0], vendor=body[1], command=int.from_bytes(body[2:4], "big"), data=body[4:])


class FrameDecoder:
    """Reassembles frames by length, checks XOR and closing mark, starts again one byte on when they are wrong."""

    def __init__(self) -> None:
        self.discarded_bytes = 0
        self._pending = bytearray()

    @property
    def is_amid_frame(self) -> bool:
        return bool(self._pending)

    def feed(self, chunk: bytes) -> list[Frame]:
        self._pending += chunk
        frames = []
        while (length := self._frame_length()) and len(self._pending) >= length:
            frame = decode(bytes(self._pending[:length]))
            if frame is None:
                self._drop(1)
            else:
                frames.append(frame)
                del self._pending[:length]
        return frames

    def lapse(self) -> list[Frame]:
        """Give up the frame whose end did not come, and return what was hidden behind it."""
        frames: list[Frame] = []
        while self._pending:
            self._drop(1)
            frames += self.feed(b"")
        return frames

    def _frame_length(self) -> int:
        """Length of the frame at the front, 0 while it cannot be told; drops what is before it."""
        while self._pending:
            start = self._pending.find(MARK)
            if start < 0:
                start = len(self._pending) - (self._pending[-1] == MARK[0])
            self._drop(start)
            if len(self._pending) < _BODY_AT:
                return 0
            length = int.from_bytes(self._pending[_LENGTH_AT:_BODY_AT], "big")
            if _SHORTEST <= length <= _LONGEST:
                return _BODY_AT + length + _TAIL
            self._drop(1)
        return 0

    def _drop(self, count: int) -> None:
        del self._pending[:count]
        self.discarded_bytes += count


class Jtt905Keypad:
    """One keypad on its own line; implements `Keypad`."""

    def __init__(
        self,
        line: Line,
        *,
        device_type: int = EVALUATOR,
        vendor: int = 0x00,
        ask_command: int = ASK_COMMAND,
        rest_command: int = REST_COMMAND,
        rating_command: int = RATING_COMMAND,
    ) -> None:
        self._line = line
        self._device_type = device_type
        self._rating_command = rating_command
        self._ask = encode(Frame(device_type=device_type, vendor=vendor, command=ask_command))
        self._rest = encode(Frame(device_type=device_type, vendor=vendor, command=rest_command))
        self._shown = self._rest
        self._decoder = FrameDecoder()
        self._inbox = Inbox[KeypadRating]()
        self._silence: asyncio.TimerHandle | None = None
        self.unknown_frames = 0
        line.subscribe(self._received, opened=self._show_again, lost=self._lost)

    @property
    def discarded_bytes(self) -> int:
        return self._decoder.discarded_bytes

    def ratings(self) -> AsyncIterator[KeypadRating]:
        return self._inbox.items()

    async def ask(self) -> None:
        self._show(self._ask)

    async def rest(self) -> None:
        self._show(self._rest)

    def _show(self, frame: bytes) -> None:
        self._shown = frame
        self._line.send(frame, slot="asking")

    def _show_again(self) -> None:
        self._show(self._shown)

    def _received(self, chunk: bytes) -> None:
        self._take(self._decoder.feed(chunk))
        self._stop_clock()
        if self._decoder.is_amid_frame:
            self._silence = asyncio.get_running_loop().call_later(_SILENCE_S, self._fell_silent)

    def _fell_silent(self) -> None:
        self._take(self._decoder.lapse())

    def _take(self, frames: list[Frame]) -> None:
        for frame in frames:
            rating = self._rating(frame)
            if rating is None:
                self.unknown_frames += 1
            else:
                self._inbox.put(rating)

    def _rating(self, frame: Frame) -> KeypadRating | None:
        if (frame.device_type, frame.command) != (self._device_type, self._rating_command) or not frame.data:
            return None
        return GRADES.get(frame.data[0])

    def _lost(self, gone: PortGone) -> None:
        self._stop_clock()
        self._take(self._decoder.lapse())
        self._inbox.lost(gone)

    def _stop_clock(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None
