"""Owns one serial line: opens it, opens it again for ever, keeps the gap between frames, lets the latest frame win.

Nothing else writes to the line, whoever's devices hang on it. A frame on a free line goes out at once; one that has to
wait is replaced by a newer frame for the same slot (a sign's address), so that a sign never shows an old text after a
new one was known. Where a device answers, the line is its own until it has, or until its time is over.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Final, NoReturn

from .devices import Port, PortGone
from .ports import open_port

FIRST_RETRY_S: Final = 0.2
LAST_RETRY_S: Final = 2.0
_BITS_A_BYTE: Final = 10


@dataclass(frozen=True, kw_only=True)
class Awaited:
    """An answer: `fits(heard)` tells whether all that came since the frame left holds it; else `silent()` is told."""

    within_s: float
    fits: Callable[[bytes], bool]
    silent: Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class _Sending:
    frame: bytes
    gap_s: float
    awaited: Awaited | None
    sent: Callable[[], None] | None


@dataclass(frozen=True, kw_only=True)
class _Codec:
    received: Callable[[bytes], None]
    opened: Callable[[], None]
    lost: Callable[[PortGone], None]


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
        self._codecs: list[_Codec] = []
        self._waiting: dict[Hashable, _Sending] = {}
        self._something_waits = asyncio.Event()
        self._awaited: Awaited | None = None
        self._heard = b""  # since the frame whose answer is awaited
        self._answered = asyncio.Event()
        self._up: bool | None = None
        self._next_frame_at = 0.0

    @property
    def is_up(self) -> bool:
        return self._up is True

    @property
    def is_idle(self) -> bool:
        """Whether a frame would go out at once."""
        is_free = self._awaited is None and asyncio.get_running_loop().time() >= self._next_frame_at
        return self.is_up and is_free and not self._waiting

    def subscribe(
        self,
        received: Callable[[bytes], None],
        *,
        opened: Callable[[], None],
        lost: Callable[[PortGone], None],
    ) -> None:
        """Hand every received chunk to `received`: to each driver of the line, which leaves what is not its own."""
        self._codecs.append(_Codec(received=received, opened=opened, lost=lost))

    def send(
        self,
        frame: bytes,
        *,
        slot: Hashable,
        gap_s: float | None = None,
        awaited: Awaited | None = None,
        sent: Callable[[], None] | None = None,
    ) -> None:
        """Let `frame` go out as soon as the line allows; one that still waits in the same `slot` is skipped.

        `gap_s` follows it instead of the line's own. `sent()` hears that it has left, and was answered where one
        awaits that. While the line is down the newest frame of each slot is kept.
        """
        # a replaced frame keeps its place: a busy sign neither jumps nor starves
        gap_s = self._gap_s if gap_s is None else gap_s
        self._waiting[slot] = _Sending(frame=frame, gap_s=gap_s, awaited=awaited, sent=sent)
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
            self._tell_down(await self._until_gone(port))
            retry_s = FIRST_RETRY_S
            await asyncio.sleep(retry_s)

    async def _until_gone(self, port: Port) -> PortGone:
        """Read and write until the port goes. No TaskGroup: it would forget a cancel that meets the loss."""
        both_ways = [asyncio.ensure_future(self._read(port)), asyncio.ensure_future(self._write(port))]
        try:
            ended, _ = await asyncio.wait(both_ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in both_ways:
                each.cancel()
            await asyncio.gather(*both_ways, return_exceptions=True)
            await port.close()
        error = ended.pop().exception()
        if isinstance(error, PortGone):
            return error
        raise error or AssertionError("reading and writing end only with an error")

    async def _read(self, port: Port) -> None:
        while True:
            chunk = await port.read()
            for codec in self._codecs:
                codec.received(chunk)
            if self._awaited is not None:
                self._heard += chunk
                if self._awaited.fits(self._heard):
                    self._answered.set()

    async def _write(self, port: Port) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._something_waits.wait()
            if (wait_s := self._next_frame_at - loop.time()) > 0:
                await asyncio.sleep(wait_s)
            slot = next(iter(self._waiting))
            sending = self._waiting.pop(slot)
            if not self._waiting:
                self._something_waits.clear()
            if sending.awaited is None:
                await port.write(sending.frame)
                self._next_frame_at = loop.time() + len(sending.frame) * self._byte_s + sending.gap_s
                arrived = True
            else:
                arrived = await self._ask(port, sending.frame, sending.awaited)
                self._next_frame_at = loop.time() + sending.gap_s
            if arrived and sending.sent is not None:
                sending.sent()

    async def _ask(self, port: Port, frame: bytes, awaited: Awaited) -> bool:
        """Send a frame, and return whether it was answered."""
        self._awaited, self._heard = awaited, b""
        self._answered.clear()
        try:
            await port.write(frame)
            async with asyncio.timeout(len(frame) * self._byte_s + awaited.within_s):
                await self._answered.wait()
        except TimeoutError:
            awaited.silent()
            return False
        finally:
            self._awaited = None
        return True

    def _tell_up(self) -> None:
        self._up = True
        for codec in self._codecs:
            codec.opened()
        if self._on_link is not None:
            self._on_link(True, "")

    def _tell_down(self, gone: PortGone) -> None:
        if self._up is False:
            return
        self._up = False
        for codec in self._codecs:
            codec.lost(gone)
        if self._on_link is not None:
            self._on_link(False, str(gone))
