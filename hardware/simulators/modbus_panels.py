"""Digit panels on one Modbus RTU line, slaves written from the Modbus specification (V1.1b3, and serial line V1.02).

Holding registers 0 to 7 are the text, two ASCII characters each; 8 is the number of blinks, 9 the brightness in
percent. Functions 3, 6 and 16 are answered; what is not for a panel on this line is met with silence, as on a real bus.
"""

import asyncio
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Self

from .candle_signs import SignShows
from .pty_cable import PtyCable

TEXT_REGISTERS: Final = 8
BLINKS: Final = 8
BRIGHTNESS: Final = 9
REGISTERS: Final = 10

_READ: Final = 3
_WRITE_ONE: Final = 6
_WRITE_MANY: Final = 16
_NO_SUCH_FUNCTION: Final = 1
_NO_SUCH_REGISTER: Final = 2
_NO_SUCH_VALUE: Final = 3
_SHORT_LENGTH: Final = 8  # address, function, two words, CRC
_MANY_HEAD: Final = 7  # address, function, two words, byte count
_BROADCAST: Final = 0
_MOST_READ: Final = 125


def _crc(body: bytes) -> bytes:
    """Return the CRC of the serial line specification, 6.2.2, low byte first."""
    crc = 0xFFFF
    for byte in body:
        crc ^= byte
        for _ in range(8):
            carry = crc & 1
            crc >>= 1
            if carry:
                crc ^= 0xA001
    return struct.pack("<H", crc)


class SimulatedPanels:
    """`addresses` are the panels on the line, `dead` those without power. `answer_ms` is how long one thinks."""

    def __init__(
        self,
        *,
        link: Path,
        addresses: Iterable[int] = range(1, 9),
        report: Callable[[SignShows], None] | None = None,
        baud: int = 9600,
        answer_ms: float = 5.0,
    ) -> None:
        self.registers: dict[int, list[int]] = {address: [0x2020] * 8 + [0, 100] for address in addresses}
        self.dead: set[int] = set()
        self.not_understood = 0  # bytes
        self.asked: dict[int, int] = {}  # requests for each address, answered or not
        self._report = report or (lambda _shown: None)
        self._answer_s = answer_ms / 1000
        self._pending = b""
        self.cable = PtyCable(link, self._received, baud=baud)

    async def __aenter__(self) -> Self:
        self.cable.plug()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.cable.unplug()

    def text(self, address: int) -> str:
        """Return what people read."""
        words = self.registers[address][:TEXT_REGISTERS]
        return struct.pack(">8H", *words).decode("ascii", errors="replace").strip()

    def power_off(self, address: int) -> None:
        """Let a panel forget all and fall silent."""
        self.dead.add(address)
        self.registers[address] = [0x2020] * 8 + [0, 100]

    def power_on(self, address: int) -> None:
        self.dead.discard(address)

    def _received(self, chunk: bytes, ended_at_s: float) -> None:
        self._pending += chunk
        while (length := self._request_length()) <= len(self._pending):
            request = self._pending[:length]
            if _crc(request[:-2]) == request[-2:]:
                self._pending = self._pending[length:]
                self._obey(request, (ended_at_s - len(self._pending) * self.cable.byte_s) * 1000)
            else:
                self._pending = self._pending[1:]
                self.not_understood += 1

    def _request_length(self) -> int:
        """Length of the request at the front; more than there is while it cannot be told."""
        if len(self._pending) < _MANY_HEAD:
            return _SHORT_LENGTH
        if self._pending[1] == _WRITE_MANY:
            return _MANY_HEAD + self._pending[6] + 2
        return _SHORT_LENGTH

    def _obey(self, request: bytes, at_ms: float) -> None:
        address, function, body = request[0], request[1], request[2:-2]
        self.asked[address] = self.asked.get(address, 0) + 1
        for each in list(self.registers) if address == _BROADCAST else [address]:
            if each not in self.registers or each in self.dead:
                continue
            answer = self._answer(each, function, body)
            if address != _BROADCAST:
                self._later(bytes((each,)) + answer)
            if function in (_WRITE_ONE, _WRITE_MANY) and answer[0] == function:
                shown = SignShows(
                    address=each,
                    text=self.text(each),
                    blinks=self.registers[each][BLINKS],
                    raw=request,
                    monotonic_ms=at_ms,
                )
                self._report(shown)

    def _answer(self, address: int, function: int, body: bytes) -> bytes:
        registers = self.registers[address]
        first, second = struct.unpack(">HH", body[:4])
        if function == _WRITE_ONE:
            if first >= REGISTERS:
                return bytes((function | 0x80, _NO_SUCH_REGISTER))
            registers[first] = second
            return bytes((function,)) + body
        if function not in (_READ, _WRITE_MANY):
            return bytes((function | 0x80, _NO_SUCH_FUNCTION))
        if not 1 <= second <= _MOST_READ or (function == _WRITE_MANY and body[4] != 2 * second):
            return bytes((function | 0x80, _NO_SUCH_VALUE))
        if first + second > REGISTERS:
            return bytes((function | 0x80, _NO_SUCH_REGISTER))
        if function == _READ:
            return bytes((function, 2 * second)) + struct.pack(f">{second}H", *registers[first : first + second])
        registers[first : first + second] = struct.unpack(f">{second}H", body[5:])
        return bytes((function,)) + body[:4]

    def _later(self, answer: bytes) -> None:
        asyncio.get_running_loop().call_later(self._answer_s, self.cable.send, answer + _crc(answer))
