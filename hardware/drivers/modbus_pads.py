"""Modbus RTU pads and keypads: polled for the key in a register, lamps and text written to others.

The frames are pymodbus's, the line is ours: it may be shared, and pymodbus opens no cable here.
"""

from collections.abc import Sequence
from typing import Final

from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadInputRegistersRequest

from ..devices import Lamp
from ..pad_frames import ModbusPad, faults
from ..sign_frames import Unfit
from .modbus_sign import GAP_S, WRITE, consent, refusal, write_frame
from .pad_code import Said

_READ_HOLDING: Final = 0x03
_READ_INPUT: Final = 0x04
_ANSWER: Final = 7  # "address, function, byte count 2, register, CRC"
_CONSENT: Final = 8  # "address, function, first register, count, CRC"
_REFUSAL: Final = 5
_ADDRESSES: Final = range(1, 248)
_SILENCE_S: Final = 0.03  # ours: 3.5 characters, and what a USB adapter adds
_FRAMER: Final = FramerRTU(DecodePDU(is_server=False))


def read_frame(address: int, register: int, *, is_input: bool) -> bytes:
    if address not in _ADDRESSES:
        raise ValueError(f"a Modbus address is from 1 to 247, not {address}: see the pad's switches")
    kind: type[ModbusPDU] = ReadInputRegistersRequest if is_input else ReadHoldingRegistersRequest
    return bytes(_FRAMER.buildFrame(kind(dev_id=address, address=register, count=1)))


class ModbusCode:
    """What a Modbus pad speaks; implements `PadCode`. Raises Unfit for a description with faults."""

    gap_s = GAP_S
    is_held = True  # a latched key is told until our 0 has arrived
    repeat_s = 0.0
    silence_s = _SILENCE_S

    def __init__(self, pad: ModbusPad) -> None:
        if found := faults(pad):
            raise Unfit("; ".join(f"{key}: {text}" for key, text in found.items()))
        self._pad = pad
        self._means = {each.value: each.means for each in pad.keys}
        self._lamps = {each.lamp: each.value for each in pad.lamps}
        self._function = _READ_INPUT if pad.input else _READ_HOLDING
        self.answer_s = self.write_answer_s = pad.answer_ms / 1000
        self.poll_s = pad.poll_ms / 1000
        self.long_s = 0.0 if pad.latched else pad.long_ms / 1000
        self.discarded_bytes = 0
        self._pending = b""

    @property
    def is_amid_frame(self) -> bool:
        return bool(self._pending)

    def feed(self, chunk: bytes) -> list[Said]:
        self._pending += chunk
        found = []
        while (length := self._frame_length()) and len(self._pending) >= length:
            frame = self._pending[:length]
            if not _is_whole(frame):
                self._drop()
                continue
            self._pending = self._pending[length:]
            if frame[1] == self._function:
                found.append(Said(address=frame[0], means=self._means.get(int.from_bytes(frame[3:5], "big"), "")))
        return found

    def lapse(self) -> list[Said]:
        self.discarded_bytes += len(self._pending)
        self._pending = b""
        return []

    def answers(self, frame: bytes, heard: bytes) -> bool:
        """Tell whether the pad has done, or refused, what a write asked for: until then the line is its own."""
        return consent(frame) in heard or refusal(frame, heard) is not None

    def poll(self, address: int) -> bytes:
        return read_frame(address, self._pad.key, is_input=self._pad.input)

    def taken(self, address: int) -> Sequence[bytes]:
        return (write_frame(address, self._pad.key, [0]),) if self._pad.latched else ()

    def lamp(self, address: int, lamp: Lamp) -> Sequence[bytes]:
        value = self._lamps.get(lamp.value)
        return self._written(address, self._pad.lamp, None if value is None else [value])

    def beep(self, address: int) -> Sequence[bytes]:
        return self._written(address, self._pad.beep, [1])

    def text(self, address: int, text: str) -> Sequence[bytes]:
        shown = text[-self._pad.characters :].rjust(self._pad.characters).encode("ascii", errors="replace")
        shown += b" " * (len(shown) % 2)
        values = [int.from_bytes(shown[at : at + 2], "big") for at in range(0, len(shown), 2)]
        return self._written(address, self._pad.text, values)

    def asking(self, address: int, *, lit: bool) -> Sequence[bytes]:
        return self._written(address, self._pad.ask, [int(lit)])

    def _written(self, address: int, register: int | None, values: list[int] | None) -> Sequence[bytes]:
        return () if register is None or values is None else (write_frame(address, register, values),)

    def _frame_length(self) -> int:
        """Length of the frame at the front, 0 while it cannot be told; drops what is before it."""
        while self._pending:
            head = self._pending[1:3]
            lengths = {bytes((self._function, 2)): _ANSWER, bytes((WRITE,)): _CONSENT}
            lengths |= {bytes((function | 0x80,)): _REFUSAL for function in (self._function, WRITE)}
            if self._pending[0] in _ADDRESSES:
                if not head:
                    return 0
                for begin, length in lengths.items():
                    if head[: len(begin)] == begin[: len(head)]:
                        return length
            self._drop()
        return 0

    def _drop(self) -> None:
        self._pending = self._pending[1:]
        self.discarded_bytes += 1


def _is_whole(frame: bytes) -> bool:
    return FramerRTU.compute_CRC(frame[:-2]).to_bytes(2, "big") == frame[-2:]
