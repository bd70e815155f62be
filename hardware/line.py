"""Owns one serial line: opens it, opens it again for ever, keeps the gap between frames, lets the latest frame win.

Nothing else writes to the line. A frame on a free line goes out at once; one that has to wait is replaced by a newer
frame for the same slot (a sign's address), so that a sign never shows an old text after a new one was known.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, NoReturn

from .devices import Port, PortGone
from .ports import open_port

FIRST_RETRY_S: Final = 0.2
LAST_RETRY_S: Final = 2.0
_BITS_A_BYTE: Final = 10


class Line:
    """One RS-485 or RS-232 line; run `run()` as a task for as long as the program lives.

    `on_link(up, reason)` hears every change, and the first failure to open. `gap_s` is kept between the last byte of
    one frame and the first of the next; `baud`, where given, is used to reckon when the last byte has left.
    """

    def __init__(
        self,
        url: str,
        *,
        gap_s: float = 0.0,
        baud: int = 0,
        on_link: Callable[[bool, str], None] | None = None,
        opener: Callable[[str], Awaitable[Port]] = open_port,
    ) -> None:
        self._url = url
        self._gap_s = gap_s
        self._byte_s = _BITS_A_BYTE / baud if baud else 0.0
        self._on_link = on_link
        self._opener = opener
        self._received: Callable[[bytes], None] | None = None
        self._opened: Callable[[], None] | None = None
        self._lost: Callable[[PortGone], None] | None = None
        self._waiting: dict[Hashable, bytes] = {}
        self._something_waits = asyncio.Event()
        self._up: bool | None = None
        self._next_frame_at = 0.0

    @property
    def is_up(self) -> bool:
        return self._up is True

    def subscribe(
        self,
        received: Callable[[bytes], None],
        *,
        opened: Callable[[], None],
        lost: Callable[[PortGone], None],
    ) -> None:
        """Hand every received chunk to `received`; a line has one codec, so a second call is an error."""
        if self._received is not None:
            raise ValueError(f"{self._url}: two drivers want this line; a line carries one kind of device")
        self._received, self._opened, self._lost = received, opened, lost

    def send(self, frame: bytes, *, slot: Hashable) -> None:
        """Let `frame` go out as soon as the line allows; one that still waits in the same `slot` is skipped.

        While the line is down the newest frame of each slot is kept.
        """
        self._waiting[slot] = frame  # a replaced frame keeps its place: a busy sign neither jumps nor starves
        self._something_waits.set()

    async def run(self) -> NoReturn:
        """Keep the line open; ends only by being cancelled."""
        retry_s = FIRST_RETRY_S
        while True:
            try:
                port = await self._opener(self._url)
            except PortGone as gone:
                self._tell_down(gone)
                await asyncio.sleep(retry_s)
                retry_s = min(LAST_RETRY_S, retry_s * 2)
                continue
            self._tell_up()
            try:
                async with asyncio.TaskGroup() as both_ways:
                    both_ways.create_task(self._read(port))
                    both_ways.create_task(self._write(port))
            except* PortGone as gone:
                self._tell_down(_first(gone))
            finally:
                await port.close()
            retry_s = FIRST_RETRY_S
            await asyncio.sleep(retry_s)

    async def _read(self, port: Port) -> None:
        while True:
            chunk = await port.read()
            if self._received is not None:
                self._received(chunk)

    async def _write(self, port: Port) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._something_waits.wait()
            if (wait_s := self._next_frame_at - loop.time()) > 0:
                await asyncio.sleep(wait_s)
            slot = next(iter(self._waiting))
            frame = self._waiting.pop(slot)
            if not self._waiting:
                self._something_waits.clear()
            await port.write(frame)
            self._next_frame_at = loop.time() + len(frame) * self._byte_s + self._gap_s

    def _tell_up(self) -> None:
        self._up = True
        if self._opened is not None:
            self._opened()
        if self._on_link is not None:
            self._on_link(True, "")

    def _tell_down(self, gone: PortGone) -> None:
        if self._up is False:
            return
        self._up = False
        if self._lost is not None:
            self._lost(gone)
        if self._on_link is not None:
            self._on_link(False, str(gone))


def _first(group: BaseExceptionGroup[PortGone]) -> PortGone:
    inner = group.exceptions[0]
    return inner if isinstance(inner, PortGone) else _first(inner)
