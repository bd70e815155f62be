"""A rating keypad after JT/T 905.2-2014: lights when asked, sends one rating, goes dark."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from .pty_cable import PtyCable

_MARK: Final = b"\x55\xaa"
_FRAME_WITHOUT_BODY: Final = 7
_LARGEST_BODY: Final = 256


@dataclass(frozen=True, kw_only=True)
class Asking:
    """The keypad has lit its keys, or gone dark."""

    lit: bool
    monotonic_ms: float


class SimulatedKeypad:
    """`rate(1)` presses 满意; a keypad that is not asked has no live keys, so then nothing is sent."""

    def __init__(
        self,
        *,
        link: Path,
        report: Callable[[Asking], None] | None = None,
        baud: int = 9600,
        device_type: int = 0x06,
        ask_command: int = 0x0010,
        rest_command: int = 0x0011,
        rating_command: int = 0x0012,
    ) -> None:
        self.is_asking = False
        self.ratings_sent = 0
        self._report = report or (lambda _asking: None)
        self._device_type = device_type
        self._ask_command = ask_command
        self._rest_command = rest_command
        self._rating_command = rating_command
        self._pending = b""
        self._asked = asyncio.Event()
        self.cable = PtyCable(link, self._received, baud=baud)

    async def __aenter__(self) -> Self:
        self.cable.plug()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.cable.unplug()

    async def asked(self) -> None:
        """Wait until the keys are lit."""
        await self._asked.wait()

    def rate(self, grade: int) -> bool:
        """Press the key of `grade` (0 none … 4 complaint); return whether the keys were live."""
        if not self.is_asking:
            return False
        body = bytes((self._device_type, 0x00)) + self._rating_command.to_bytes(2, "big") + bytes((grade,))
        self.cable.send(self._framed(body))
        self.ratings_sent += 1
        return True

    def garble(self) -> None:
        """Send a rating whose check byte is wrong, as noise on the line makes it."""
        spoilt = bytearray(self._framed(bytes((self._device_type, 0x00, 0x00, 0x12, 0x04))))
        spoilt[-3] ^= 0x40
        self.cable.send(bytes(spoilt))

    def _framed(self, body: bytes) -> bytes:
        checked = len(body).to_bytes(2, "big") + body
        check = 0
        for byte in checked:
            check ^= byte
        return _MARK + checked + bytes((check,)) + _MARK

    def _received(self, chunk: bytes, ended_at_s: float) -> None:
        self._pending += chunk
        while (start := self._pending.find(_MARK)) >= 0:
            self._pending = self._pending[start:]
            size = int.from_bytes(self._pending[2:4], "big")
            length = _FRAME_WITHOUT_BODY + size
            if len(self._pending) < min(length, _FRAME_WITHOUT_BODY + _LARGEST_BODY):
                return
            frame, body = self._pending[:length], self._pending[4 : 4 + size]
            if size <= _LARGEST_BODY and frame == self._framed(body):
                self._obey(body, ended_at_s * 1000)
                self._pending = self._pending[length:]
            else:
                self._pending = self._pending[1:]

    def _obey(self, body: bytes, at_ms: float) -> None:
        command = int.from_bytes(body[2:4], "big")
        if body[0] != self._device_type or command not in {self._ask_command, self._rest_command}:
            return
        self.is_asking = command == self._ask_command
        if self.is_asking:
            self._asked.set()
        else:
            self._asked.clear()
        self._report(Asking(lit=self.is_asking, monotonic_ms=at_ms))
