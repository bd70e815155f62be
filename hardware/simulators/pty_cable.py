"""A serial cable: a pty pair behind a stable path, where bytes take as long as they would on the wire."""

import asyncio
import os
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

_BITS_A_BYTE: Final = 10  # 8N1
_LOOP_STEP_S: Final = 0.001
_CHUNK: Final = 4096


class PtyCable:
    """The far end; the program opens `link` as its serial port.

    `received(chunk, ended_at_s)` is called when the chunk's last byte has arrived, on the loop's monotonic clock.
    """

    def __init__(self, link: Path, received: Callable[[bytes, float], None], *, baud: int = 9600) -> None:
        self.link = link
        self._receivers = [received]
        self._byte_s = _BITS_A_BYTE / baud
        self._ours = -1
        self._theirs = -1
        self._coming_until = 0.0
        self._going_until = 0.0
        self._under_way: set[asyncio.TimerHandle] = set()

    @property
    def byte_s(self) -> float:
        return self._byte_s

    def also(self, received: Callable[[bytes, float], None]) -> None:
        """Hang a further device on the same wires: it hears all that the program sends."""
        self._receivers.append(received)

    async def __aenter__(self) -> Self:
        self.plug()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.unplug()

    def plug(self) -> None:
        """Put the cable in: `link` appears."""
        if self._ours >= 0:
            return
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        fresh = self.link.with_name(f".{self.link.name}.plugged")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._theirs))
        fresh.replace(self.link)
        asyncio.get_running_loop().add_reader(self._ours, self._read)

    def unplug(self) -> None:
        """Pull the cable: `link` is gone, whoever has it open is hung up, bytes under way are lost."""
        if self._ours < 0:
            return
        asyncio.get_running_loop().remove_reader(self._ours)
        for timer in self._under_way:
            timer.cancel()
        self._under_way.clear()
        self.link.unlink(missing_ok=True)
        os.close(self._theirs)
        os.close(self._ours)
        self._ours = self._theirs = -1

    def send(self, data: bytes) -> None:
        """Send to the program; it gets the bytes when the last of them would have come over the wire."""
        loop = asyncio.get_running_loop()
        self._going_until = max(loop.time(), self._going_until) + len(data) * self._byte_s
        self._later(self._going_until, self._write, data)

    def _read(self) -> None:
        try:
            chunk = os.read(self._ours, _CHUNK)
        except BlockingIOError:
            return
        loop = asyncio.get_running_loop()
        self._coming_until = max(loop.time(), self._coming_until) + len(chunk) * self._byte_s
        self._later(self._coming_until, self._arrived, chunk, self._coming_until)

    def _arrived(self, chunk: bytes, ended_at_s: float) -> None:
        for received in self._receivers:
            received(chunk, ended_at_s)

    def _write(self, data: bytes) -> None:
        try:
            os.write(self._ours, data)
        except BlockingIOError:
            return  # nobody reads: a UART would overrun and lose them too

    def _later(self, at_s: float, do: Callable[..., None], *arguments: object) -> None:
        loop = asyncio.get_running_loop()

        def arrive() -> None:
            self._under_way.discard(timer)
            while loop.time() < at_s:
                pass  # the loop wakes in whole milliseconds; a byte does not take that long
            do(*arguments)

        timer = loop.call_at(at_s - _LOOP_STEP_S, arrive)
        self._under_way.add(timer)
