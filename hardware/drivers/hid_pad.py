"""A numeric USB keypad as call pad or rating keypad: the kernel's own records of its keys, no package in between.

Linux, include/uapi/linux/input.h: "struct input_event { struct timeval time; __u16 type, code; __s32 value; }".
"""

import struct
from collections.abc import Sequence
from typing import Final

from ..devices import Lamp
from ..pad_frames import HidPad, faults
from ..sign_frames import Unfit
from .pad_code import Said

EVENT: Final = struct.Struct("@llHHi")
_KEY: Final = 0x01  # "EV_KEY"
_SYN: Final = 0x00
_REPORT: Final = 0
_DROPPED: Final = 3  # "SYN_DROPPED: ignore all events up to and including the next SYN_REPORT"
_DOWN: Final = 1  # 0 up, 2 repeats
_MICROSECONDS: Final = 1_000_000


class EventDecoder:
    """Yields the number of each key that goes down. Records have one size; what has a time that is none is dropped."""

    def __init__(self) -> None:
        self.discarded_bytes = 0
        self._pending = b""
        self._overrun = False

    @property
    def is_amid_frame(self) -> bool:
        return bool(self._pending)

    def feed(self, chunk: bytes) -> list[int]:
        self._pending += chunk
        pressed = []
        while len(self._pending) >= EVENT.size:
            _, fraction, kind, code, value = EVENT.unpack_from(self._pending)
            if not 0 <= fraction < _MICROSECONDS:  # the kernel hands over whole records: this is none
                self._pending = self._pending[1:]
                self.discarded_bytes += 1
                continue
            self._pending = self._pending[EVENT.size :]
            if kind == _SYN:
                self._overrun = code == _DROPPED or (self._overrun and code != _REPORT)
            elif kind == _KEY and value == _DOWN and not self._overrun:
                pressed.append(code)
        return pressed

    def start_over(self) -> None:
        self.discarded_bytes += len(self._pending)
        self._pending = b""
        self._overrun = False


class HidCode:
    """What a USB keypad says; implements `PadCode`. It has no lamps, and is nobody's but its window's."""

    gap_s = answer_s = write_answer_s = poll_s = repeat_s = silence_s = 0.0
    is_held = False

    def __init__(self, pad: HidPad) -> None:
        if found := faults(pad):
            raise Unfit("; ".join(f"{key}: {text}" for key, text in found.items()))
        self._means = {each.code: each.means for each in pad.keys}
        self._decoder = EventDecoder()

    @property
    def discarded_bytes(self) -> int:
        return self._decoder.discarded_bytes

    @property
    def is_amid_frame(self) -> bool:
        return self._decoder.is_amid_frame

    def feed(self, chunk: bytes) -> list[Said]:
        pressed = (self._means.get(code) for code in self._decoder.feed(chunk))
        return [Said(address=None, means=means) for means in pressed if means is not None]

    def lapse(self) -> list[Said]:
        self._decoder.start_over()
        return []

    def answers(self, frame: bytes, heard: bytes) -> bool:  # noqa: ARG002 - these answer nothing
        return True

    def poll(self, address: int) -> bytes:  # noqa: ARG002 - it speaks by itself
        return b""

    def taken(self, address: int) -> Sequence[bytes]:  # noqa: ARG002
        return ()

    def lamp(self, address: int, lamp: Lamp) -> Sequence[bytes]:  # noqa: ARG002
        return ()

    def beep(self, address: int) -> Sequence[bytes]:  # noqa: ARG002
        return ()

    def text(self, address: int, text: str) -> Sequence[bytes]:  # noqa: ARG002
        return ()

    def asking(self, address: int, *, lit: bool) -> Sequence[bytes]:  # noqa: ARG002
        return ()
