"""An ESC/POS ticket printer on TCP or a serial line: prints at a real printer's speed, runs out of paper, answers.

Real-time commands are answered at once, even when off line; all else waits its turn in the receive buffer. When the
paper ends in mid-slip the printer stops, keeps the rest, and prints it after the refill, unless DLE DC4 8 cleared it.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from .escpos_commands import Command, Splitter
from .escpos_paper import Piece, Slip, Step, Typesetter
from .pty_cable import PtyCable

_CHUNK: Final = 4096
_CLEARED: Final = b"\x37\x25\x00"
_NAMES: Final = {65: "1.00 ESC/POS", 66: "EPSON", 67: "TM-T88V", 68: "H123456789", 69: "Japanese/Chinese"}
_QUESTIONS: Final = {"GS r", "GS a", "GS I", "GS ( H"}
_IDS: Final = {1: 0x20, 2: 0x02, 3: 0x01, 49: 0x20, 50: 0x02, 51: 0x01}


@dataclass(frozen=True, kw_only=True)
class SlipPrinted:
    """A whole slip, cut off; the visitor has it."""

    number: int
    raw: bytes
    lines: tuple[str, ...]
    qr_texts: tuple[str, ...]
    pieces: tuple[Piece, ...]
    length_mm: float
    monotonic_ms: float


@dataclass(frozen=True, kw_only=True)
class SlipTorn:
    """What lies in the chute when the paper ended, or the cover was opened, in mid-slip."""

    raw: bytes
    lines: tuple[str, ...]
    length_mm: float
    monotonic_ms: float


@dataclass(frozen=True, kw_only=True)
class PrinterChanged:
    online: bool
    paper: str
    cover_open: bool
    monotonic_ms: float


Report = SlipPrinted | SlipTorn | PrinterChanged


class SimulatedPrinter:
    """On TCP at `host:port` (0: a free one, named by `port`), or on a serial line where `link` is given.

    One TCP client at a time, as the real ones: the next waits until the first has gone.
    `is_mute` cuts the wire on which it answers; it goes on printing.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        link: Path | None = None,
        baud: int = 9600,
        report: Callable[[Report], None] | None = None,
        paper_mm: float = 50_000.0,
        near_end_mm: float = 3_000.0,
        speed_mm_s: float = 150.0,
        kanji_encoding: str = "gb18030",
    ) -> None:
        self.host = host
        self.port = port
        self.link = link
        self.is_mute = False
        self.paper_mm = paper_mm
        self._near_end_mm = near_end_mm
        self._speed_mm_s = speed_mm_s
        self._report = report or (lambda _seen: None)
        self._cable = PtyCable(link, self._received_on_cable, baud=baud) if link else None
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        self._writer: asyncio.StreamWriter | None = None
        self._splitter = Splitter()
        self._typesetter = Typesetter(kanji_encoding=kanji_encoding)
        self._buffer: asyncio.Queue[Command] = asyncio.Queue()
        self._slip = Slip()
        self._slips = 0
        self._clears = 0
        self._free_at_s = 0.0
        self._cover_open = False
        self._cutter_jammed = False
        self._automatic_status = False
        self._ready = asyncio.Event()
        self._told: PrinterChanged | None = None
        self._changed()

    async def __aenter__(self) -> Self:
        self._keep(asyncio.create_task(self._work(), name="printer's mechanism"))
        if self._cable is not None:
            self._cable.plug()
        else:
            await self.plug()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.unplug()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def plug(self) -> None:
        if self._cable is not None:
            self._cable.plug()
        elif self._server is None:
            self._server = await asyncio.start_server(self._connected, self.host, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def unplug(self) -> None:
        """Pull the cable; the printer keeps its power, its paper and its buffer."""
        if self._cable is not None:
            self._cable.unplug()
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        clients = [task for task in self._tasks if task.get_name() == "printer's client"]
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        await server.wait_closed()

    # what a person does at the printer

    def refill(self, paper_mm: float = 50_000.0) -> None:
        self.paper_mm = paper_mm
        self._changed()

    def end_paper(self, *, after_mm: float = 0.0) -> None:
        """Let the paper end, at once or after so many millimetres more."""
        self.paper_mm = min(self.paper_mm, after_mm)
        self._changed()

    def open_cover(self) -> None:
        self._cover_open = True
        self._tear()
        self._changed()

    def close_cover(self) -> None:
        self._cover_open = False
        self._changed()

    def jam_cutter(self, *, jammed: bool = True) -> None:
        self._cutter_jammed = jammed
        self._changed()

    @property
    def has_paper(self) -> bool:
        return self.paper_mm > 0

    @property
    def is_online(self) -> bool:
        return self.has_paper and not self._cover_open and not self._cutter_jammed

    # the cable's end

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = asyncio.current_task()
        if client is None:
            return
        client.set_name("printer's client")
        self._keep(client)
        try:
            async with self._turn:
                self._splitter.forget()
                self._automatic_status, self._writer = False, writer
                while chunk := await reader.read(_CHUNK):
                    self._received(chunk)
        except (OSError, asyncio.CancelledError):
            return
        finally:
            if self._writer is writer:
                self._writer = None
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _received_on_cable(self, chunk: bytes, _ended_at_s: float) -> None:
        self._received(chunk)

    def _received(self, chunk: bytes) -> None:
        for command in self._splitter.feed(chunk):
            if command.is_real_time:
                self._answer_at_once(command)
            else:
                self._buffer.put_nowait(command)

    def _send(self, answer: bytes) -> None:
        if self.is_mute:
            return
        if self._cable is not None:
            self._cable.send(answer)
        elif self._writer is not None:
            self._writer.write(answer)

    # answers

    def _answer_at_once(self, command: Command) -> None:
        function = command.arguments[0] if command.arguments else 0
        if command.name == "DLE EOT":
            self._send(bytes((self._status(function),)))
        elif (command.name, function) in {("DLE DC4", 8), ("DLE ENQ", 2)}:
            while not self._buffer.empty():
                self._buffer.get_nowait()
            self._clears += 1
            self._slip = Slip()
            self._typesetter.reset()
            if command.name == "DLE DC4":
                self._send(_CLEARED)

    def _status(self, n: int) -> int:
        near_end, no_paper = self.paper_mm <= self._near_end_mm, not self.has_paper
        match n:
            case 1:
                return 0x16 | (0 if self.is_online else 0x08)
            case 2:
                stopped = 0x20 if no_paper else 0
                return 0x12 | (0x04 if self._cover_open else 0) | stopped | (0x40 if self._cutter_jammed else 0)
            case 3:
                return 0x12 | (0x08 if self._cutter_jammed else 0)
            case _:
                return 0x12 | (0x0C if near_end else 0) | (0x60 if no_paper else 0)

    def _paper_sensors(self) -> int:
        return (0x03 if self.paper_mm <= self._near_end_mm else 0) | (0 if self.has_paper else 0x0C)

    def _automatic(self) -> bytes:
        first = 0x14 | (0 if self.is_online else 0x08) | (0x20 if self._cover_open else 0)
        return bytes((first, 0x08 if self._cutter_jammed else 0, self._paper_sensors(), 0x0F))

    def _answer_in_turn(self, command: Command) -> None:
        arguments = command.arguments
        match command.name:
            case "GS r":
                self._send(bytes((self._paper_sensors() if arguments[0] in {1, 49} else 0x01,)))
            case "GS a":
                self._automatic_status = arguments[0] != 0
                if self._automatic_status:
                    self._send(self._automatic())
            case "GS I" if arguments[0] in _NAMES:
                self._send(b"_" + _NAMES[arguments[0]].encode() + b"\0")
            case "GS I" if arguments[0] in _IDS:
                self._send(bytes((_IDS[arguments[0]],)))
            case "GS ( H" if arguments[3:4] == b"0":
                self._send(b"\x37\x22" + arguments[5:9] + b"\0")

    # the mechanism

    async def _work(self) -> None:
        while True:
            command = await self._buffer.get()
            clears = self._clears
            await self._ready.wait()
            if clears != self._clears:
                continue
            if command.name in _QUESTIONS:
                self._answer_in_turn(command)
                continue
            step = self._typesetter.step(command)
            if await self._move(step):
                self._slip.raw += command.raw
                if step.piece is not None:
                    self._slip.pieces.append(step.piece)
                if step.cut:
                    self._drop_slip()

    async def _move(self, step: Step) -> bool:
        """Move the paper; return False when the buffer was cleared meanwhile."""
        loop, clears, left_mm = asyncio.get_running_loop(), self._clears, step.mm
        while left_mm > 0:
            await self._ready.wait()
            if clears != self._clears:
                return False
            mm = min(left_mm, self.paper_mm)
            self._free_at_s = max(self._free_at_s, loop.time()) + mm / self._speed_mm_s
            if (wait_s := self._free_at_s - loop.time()) > 0:
                await asyncio.sleep(wait_s)
            left_mm -= mm
            self._slip.mm += mm
            self.paper_mm = max(0.0, self.paper_mm - mm)
            if not self.has_paper:
                self._tear()
            self._changed()
        return clears == self._clears

    def _drop_slip(self) -> None:
        slip, self._slip = self._slip, Slip()
        if not slip.pieces and slip.mm <= 0:
            return
        self._slips += 1
        self._report(
            SlipPrinted(
                number=self._slips,
                raw=bytes(slip.raw),
                lines=slip.lines,
                qr_texts=slip.qr_texts,
                pieces=tuple(slip.pieces),
                length_mm=slip.mm,
                monotonic_ms=_now_ms(),
            )
        )

    def _tear(self) -> None:
        slip, self._slip = self._slip, Slip()
        if slip.mm > 0:
            self._report(SlipTorn(raw=bytes(slip.raw), lines=slip.lines, length_mm=slip.mm, monotonic_ms=_now_ms()))

    def _changed(self) -> None:
        if self.is_online:
            self._ready.set()
        else:
            self._ready.clear()
        paper = "out" if not self.has_paper else "near_end" if self.paper_mm <= self._near_end_mm else "ok"
        state = (self.is_online, paper, self._cover_open)
        if self._told is not None and state == (self._told.online, self._told.paper, self._told.cover_open):
            return
        first, self._told = (
            self._told is None,
            PrinterChanged(
                online=self.is_online,
                paper=paper,
                cover_open=self._cover_open,
                monotonic_ms=0.0 if self._told is None else _now_ms(),
            ),
        )
        if first:
            return
        self._report(self._told)
        if self._automatic_status:
            self._send(self._automatic())


def _now_ms() -> float:
    return asyncio.get_running_loop().time() * 1000
