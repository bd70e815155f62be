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
_UP: Final = 0
DOWN: Final = 1  # 2: it repeats
_MICROSECONDS: Final = 1_000_000


class EventDecoder:
    """Yields each key's number and value, 0 up, 1 down, 2 repeated. What has a time that is none is dropped.

    When the kernel has dropped events, it yields (0, 0): nobody knows what was let go meanwhile.
    """

    def __init__(self) -> None:
        self.discarded_bytes = 0
        self._pending = b""
        self._overrun = False

    @property
    def is_amid_frame(self) -> bool:
        return bool(self._pending)

    def feed(self, chunk: bytes) -> list[tuple[int, int]]:
        self._pending += chunk
        told = []
        while len(self._pending) >= EVENT.size:
            _, fraction, kind, code, value = EVENT.unpack_from(self._pending)
            if not 0 <= fraction < _MICROSECONDS:  # the kernel hands over whole records: this is none
                self._pending = self._pending[1:]
                self.discarded_bytes += 1
                continue
            self._pending = self._pending[EVENT.size :]
            if kind == _SYN:
                self._overrun = code == _DROPPED or (self._overrun and code != _REPORT)
                told += [(0, _UP)] if code == _DROPPED else []
            elif kind == _KEY and not self._overrun:
                told.append((code, value))
        return told

    def start_over(self) -> None:
        self.discarded_bytes += len(self._pending)
        self._pending = b""
        self._overrun = False


class HidCode:
    """What a USB keypad says; implements `PadCode`. It has no lamps, and is nobody's but its window's."""

    gap_s = answer_s = write_answer_s = poll_s = repeat_s = silence_s = 0.0
    is_held = True

    def __init__(self, pad: HidPad) -> None:
        if found := faults(pad):
            raise Unfit("; ".join(f"{key}: {text}" for key, text in found.items()))
        self._means = {each.code: each.means for each in pad.keys}
        self._down = 0
        self.long_s = pad.long_ms / 1000
        self._decoder = EventDecoder()

    @property
    def discarded_bytes(self) -> int:
        return self._decoder.discarded_bytes

    @property
    def is_amid_frame(self) -> bool:
        return self._decoder.is_amid_frame

    def feed(self, chunk: bytes) -> list[Said]:
        found = []
        for code, value in self._decoder.feed(chunk):
            if value == DOWN and code in self._means:
                if self._down == code:  # its going up was lost
                    found.append(Said(address=None, means=""))
                self._down = code
            elif value == _UP and code in {0, self._down}:
                self._down = 0
            elif code != self._down:
                continue  # a key that means nothing, or one that another was pressed after
            found.append(Said(address=None, means=self._means.get(self._down, "")))
        return found

    def lapse(self) -> list[Said]:
        self._decoder.start_over()
        self._down = 0
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
