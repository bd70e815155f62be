"""A serial cable without a tty: bytes take their time on the loop's clock, so that a whole hall can run ahead of it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from ..devices import Port
from .pty_cable import PtyCable


class MemoryCable(PtyCable):
    """Put it in place of a simulator's own cable; the program's end comes from `open`."""

    def __init__(self, received: Callable[[bytes, float], None], *, baud: int) -> None:
        super().__init__(Path("memory"), received, baud=baud)
        self._for_program: asyncio.Queue[bytes] = asyncio.Queue()

    def plug(self) -> None:
        """There is nothing to plug in."""

    def unplug(self) -> None:
        """There is nothing to pull."""

    def send(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        self._going_until = max(loop.time(), self._going_until) + len(data) * self.byte_s
        loop.call_at(self._going_until, self._for_program.put_nowait, data)

    async def open(self, _url: str) -> Port:
        return self

    async def read(self) -> bytes:
        return await self._for_program.get()

    async def write(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        self._coming_until = until_s = max(loop.time(), self._coming_until) + len(data) * self.byte_s
        loop.call_at(until_s, self._arrived, data, until_s)

    async def close(self) -> None:
        """Nobody else waits for it."""
