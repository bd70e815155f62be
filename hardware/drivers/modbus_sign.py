"""Modbus RTU digit panels: the text in holding registers, every write answered, so that a dead panel is noticed.

The frames are pymodbus's, the line is ours: it may be shared, and pymodbus opens no cable here.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.register_message import WriteMultipleRegistersRequest, WriteMultipleRegistersResponse

from ..sign_kinds import KINDS, Registers, SignKind
from .line_signs import Blinking
from .sign_text import Written, written

GAP_S: Final = 0.005  # "at least 3.5 characters of silence": 4 ms at 9600 baud
ANSWER_S: Final = 0.1  # ours: panels answer within some 20 ms
WRITE: Final = 0x10  # function 16, write multiple registers
REFUSED: Final = 0x80  # "function code + 0x80, exception code"
ADDRESSES: Final = KINDS[SignKind.MODBUS].addresses  # "1 to 247; 0 is broadcast, which nobody answers"
REFUSALS: Final = {
    1: "it knows no function 16",
    2: "it has no such register: correct `registers`",
    3: "it does not take this value: correct `registers`",
    4: "it reports a fault of its own",
    6: "it is busy",
}
_FRAMER: Final = FramerRTU(DecodePDU(is_server=False))
_EXCEPTION_LENGTH: Final = 5
_ASCII: Final = frozenset(map(chr, range(0x20, 0x7F)))


def write_frame(address: int, register: int, values: Sequence[int]) -> bytes:
    if address not in ADDRESSES:
        raise ValueError(f"a Modbus address is from 1 to 247, not {address}: see the panel's switches")
    return bytes(
        _FRAMER.buildFrame(WriteMultipleRegistersRequest(dev_id=address, address=register, registers=list(values)))
    )


def consent(frame: bytes) -> bytes:
    """Return the answer of a panel that has done what a write asked for."""
    register, count = int.from_bytes(frame[2:4], "big"), int.from_bytes(frame[4:6], "big")
    return bytes(_FRAMER.buildFrame(WriteMultipleRegistersResponse(dev_id=frame[0], address=register, count=count)))


def refusal(frame: bytes, heard: bytes) -> str | None:
    """Return the panel's reason if `heard` holds its refusal."""
    head = bytes((frame[0], frame[1] | REFUSED))
    at = heard.find(head)
    said = heard[at : at + _EXCEPTION_LENGTH] if at >= 0 else b""
    if len(said) < _EXCEPTION_LENGTH or FramerRTU.compute_CRC(said[:3]).to_bytes(2, "big") != said[3:]:
        return None
    return REFUSALS.get(said[2], f"exception {said[2]}")


class ModbusCode:
    """What a digit panel understands; implements `SignCode`."""

    gap_s = GAP_S

    def __init__(
        self,
        *,
        registers: Registers | None = None,
        characters: int = 0,
        letters: Mapping[str, str] | None = None,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._registers = registers or Registers()
        self._characters = characters or KINDS[SignKind.MODBUS].characters
        self._letters = letters
        self.answer_s = answer_s
        self.blinking = Blinking.COUNTED if self._registers.blinks is not None else Blinking.BY_HAND

    def begun(self, address: int) -> Sequence[bytes]:  # noqa: ARG002 - nothing is wanted
        return ()

    def written(self, text: str) -> Written:
        return written(
            text, has=_ASCII.__contains__, fits=lambda shown: len(shown) <= self._characters, letters=self._letters
        )

    def shown(self, address: int, text: str, *, blinks: int) -> Sequence[bytes]:
        """Return the text's write, then the blinks', where there is a register for them."""
        codes = text.ljust(self._characters).encode("ascii")
        if self._registers.packed:
            codes += b" " * (len(codes) % 2)
            values = [int.from_bytes(codes[at : at + 2], "big") for at in range(0, len(codes), 2)]
        else:
            values = list(codes)
        frames = [write_frame(address, self._registers.text, values)]
        if self._registers.blinks is not None:
            frames.append(write_frame(address, self._registers.blinks, [blinks]))
        return frames

    def dimmed(self, address: int, percent: int) -> Sequence[bytes]:
        if self._registers.brightness is None:
            return ()
        level = round(percent / 100 * self._registers.most_brightness)
        return (write_frame(address, self._registers.brightness, [level]),)

    def reply(self, frame: bytes, heard: bytes) -> str | None:
        if consent(frame) in heard:
            return ""
        reason = refusal(frame, heard)
        return f"the sign with address {frame[0]} refuses: {reason}" if reason is not None else None
