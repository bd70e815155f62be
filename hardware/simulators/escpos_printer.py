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
from .escpos_status import Sensors, automatic, paper_sensors, real_time
from .pty_cable import PtyCable

_CHUNK: Final = 4096
_STEP_MM: Final = 4.0  # how far it moves before it looks at its sensors again
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
    cutter_jammed: bool
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
        self._moving = asyncio.Event()
        self._told = self.sensors
        if self._told.is_online:
            self._ready.set()

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
        if self.sensors.no_paper:
            self._tear()
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

    async def printing(self) -> None:
        """Wait until the paper moves for a slip that is not cut off yet."""
        await self._moving.wait()

    @property
    def sensors(self) -> Sensors:
        return Sensors(
            near_end=self.paper_mm <= self._near_end_mm,
            no_paper=self.paper_mm <= 0,
            cover_open=self._cover_open,
            cutter_jammed=self._cutter_jammed,
        )

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
            self._send(bytes((real_time(self.sensors, function),)))
        elif (command.name, function) in {("DLE DC4", 8), ("DLE ENQ", 2)}:
            while not self._buffer.empty():
                self._buffer.get_nowait()
            self._clears += 1  # what is on the paper already stays there
            self._moving.clear()
            self._typesetter.reset()
            if command.name == "DLE DC4":
                self._send(_CLEARED)

    def _answer_in_turn(self, command: Command) -> None:
        arguments = command.arguments
        match command.name:
            case "GS r":
                self._send(bytes((paper_sensors(self.sensors) if arguments[0] in {1, 49} else 0x01,)))
            case "GS a":
                self._automatic_status = arguments[0] != 0
                if self._automatic_status:
                    self._send(automatic(self.sensors))
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
            mm = min(left_mm, self.paper_mm, _STEP_MM)
            self._moving.set()
            self._free_at_s = max(self._free_at_s, loop.time()) + mm / self._speed_mm_s
            if (wait_s := self._free_at_s - loop.time()) > 0:
                await asyncio.sleep(wait_s)
            left_mm -= mm
            self._slip.mm += mm
            self.paper_mm = max(0.0, self.paper_mm - mm)
            if self.sensors.no_paper:
                self._tear()
            self._changed()
        return clears == self._clears

    def _drop_slip(self) -> None:
        slip, self._slip = self._slip, Slip()
        self._moving.clear()
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
        self._moving.clear()
        if slip.mm > 0:
            self._report(SlipTorn(raw=bytes(slip.raw), lines=slip.lines, length_mm=slip.mm, monotonic_ms=_now_ms()))

    def _changed(self) -> None:
        sensors = self.sensors
        if sensors.is_online:
            self._ready.set()
        else:
            self._ready.clear()
        if sensors == self._told:
            return
        self._told = sensors
        self._report(
            PrinterChanged(
                online=sensors.is_online,
                paper=sensors.paper,
                cover_open=sensors.cover_open,
                cutter_jammed=sensors.cutter_jammed,
                monotonic_ms=_now_ms(),
            )
        )
        if self._automatic_status:
            self._send(automatic(sensors))


def _now_ms() -> float:
    return asyncio.get_running_loop().time() * 1000
