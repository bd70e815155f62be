"""ESC/POS ticket printer: asks before it prints, and knows afterwards whether the slip exists.

A silent printer is unknown, never fine. What was not acknowledged is cleared from the printer's memory before the
next slip, so that the rest of a voided one never comes out.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from ..devices import PaperState, Port, PortGone, Printed, PrintResult
from ..ports import open_port

log = logging.getLogger(__name__)

ONLINE, OFFLINE_CAUSE, ERROR_CAUSE, PAPER = 1, 2, 3, 4  # "DLE EOT n: transmit real-time status"
_STATUS_MASK, _STATUS_FIXED = 0x93, 0x12  # "bits 0 and 7 are 0, bits 1 and 4 are 1"
_ASB_FIXED: Final = 0x10  # "automatic status: four bytes, the first with bits 0, 1 and 7 = 0, bit 4 = 1"
_ASB_LENGTH: Final = 4
_ACK_MASK: Final = 0x90  # "GS r: bits 4 and 7 are 0"
_OFF_LINE: Final = 0x08  # n = 1, "bit 3: off-line"
_COVER_OPEN: Final = 0x04  # n = 2, "bit 2: cover is open"
_PAPER_STOP: Final = 0x20  # n = 2, "bit 5: printing is being stopped", by the end of the paper
_ERRORS: Final = 0x6C  # n = 3, "bit 2 recoverable, bit 3 autocutter, bit 5 unrecoverable, bit 6 by itself"
_NEAR_END: Final = 0x0C  # n = 4, "bits 2 and 3: near-end sensor"
_PAPER_OUT: Final = 0x60  # n = 4, "bits 5 and 6: paper-end sensor"
ACKNOWLEDGE: Final = b"\x1dr\x01"  # "GS r 1", worked off in its turn: its answer says that all before it is printed
# "DLE DC4 8: clear buffers", worked even when off-line; the seven bytes are fixed. Answer "37H 25H 00H".
CLEAR: Final = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
CLEARED: Final = b"\x37\x25\x00"

_LOOK_AGAIN_S: Final = 0.25  # how often a working printer is asked whether its paper ended


def ask(n: int) -> bytes:
    return bytes((0x10, 0x04, n))


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The status bytes of DLE EOT 1 to 4."""

    online: int
    offline_cause: int
    error_cause: int
    paper: int


def paper_state(answers: Answers) -> PaperState:
    """Return the worst that the four status bytes say."""
    if answers.offline_cause & _COVER_OPEN:
        return PaperState.COVER_OPEN
    if answers.paper & _PAPER_OUT or answers.offline_cause & _PAPER_STOP:
        return PaperState.OUT
    if answers.error_cause & _ERRORS or answers.online & _OFF_LINE:
        return PaperState.FAULT
    return PaperState.NEAR_END if answers.paper & _NEAR_END else PaperState.OK


def is_status(byte: int) -> bool:
    return byte & _STATUS_MASK == _STATUS_FIXED


def is_acknowledgement(byte: int) -> bool:
    return byte & _ACK_MASK == 0


class Answering:
    """Sorts a printer's bytes, in chunks of any size: real-time status, acknowledgement, cleared, automatic status."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.acknowledged = False
        self.cleared = False
        self._pending = b""

    def feed(self, chunk: bytes) -> None:
        rest = self._pending + chunk
        while rest:
            length = self._length(rest)
            if length > len(rest):
                break
            self._take(rest[:length])
            rest = rest[length:]
        self._pending = rest

    def _length(self, rest: bytes) -> int:
        if rest[0] & _STATUS_MASK == _ASB_FIXED:
            return _ASB_LENGTH
        return len(CLEARED) if rest[0] == CLEARED[0] else 1

    def _take(self, answer: bytes) -> None:
        if answer == CLEARED:
            self.cleared = True
        elif len(answer) == 1 and is_status(answer[0]):
            self.statuses.append(answer[0])
        elif len(answer) == 1 and is_acknowledgement(answer[0]):
            self.acknowledged = True


class EscposPrinter:
    """One printer; implements `TicketPrinter`. The port is opened at need and kept.

    `answer_timeout_s`: how long a slip may take from its last byte to its acknowledgement.
    `status_timeout_s`: how long the printer may take for one status byte.
    `clears`: whether it knows DLE DC4 8; without it the rest of a slip whose paper ended comes out after the refill.
    """

    def __init__(
        self,
        url: str,
        *,
        answer_timeout_s: float = 8.0,
        status_timeout_s: float = 1.0,
        clears: bool = True,
        opener: Callable[[str], Awaitable[Port]] = open_port,
    ) -> None:
        self._url = url
        self._answer_timeout_s = answer_timeout_s
        self._status_timeout_s = status_timeout_s
        self._clears = clears
        self._opener = opener
        self._port: Port | None = None
        self._answering = Answering()
        self._unfinished = clears  # a slip of before our start may still wait in its memory
        self._one_at_a_time = asyncio.Lock()

    async def status(self) -> PaperState:
        """Ask the printer; `UNKNOWN` when it does not answer in time or its port is gone."""
        async with self._alone():
            return await self._status()

    async def print(self, slip: bytes) -> PrintResult:
        """Print one slip and wait for its acknowledgement. A printer that is silent beforehand is sent nothing: NO."""
        async with self._alone():
            paper = await self._status()
            if paper not in {PaperState.OK, PaperState.NEAR_END}:
                return PrintResult(printed=Printed.NO, paper=paper)
            try:
                await self._clear_if_unfinished()
                return await self._send(slip, paper)
            except PortGone as gone:
                log.warning("slip sent but not acknowledged: %s", gone)
                await self._hang_up()
                return PrintResult(printed=Printed.UNKNOWN, paper=PaperState.UNKNOWN)

    async def close(self) -> None:
        async with self._one_at_a_time:
            await self._hang_up()

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """One question or slip at a time; whoever gives up waiting leaves no answer behind for the next."""
        async with self._one_at_a_time:
            try:
                yield
            except asyncio.CancelledError:
                await self._hang_up()
                raise

    async def _status(self) -> PaperState:
        for _attempt in ("on the port that we have", "on a fresh one, should that have died unnoticed"):
            try:
                port = await self._open()
                state = await self._ask_all(port)
            except PortGone as gone:
                log.info("printer: %s", gone)
                await self._hang_up()
                continue
            if state is PaperState.UNKNOWN:
                await self._hang_up()  # answers that come too late must not be taken for later ones
            return state
        return PaperState.UNKNOWN

    async def _ask_all(self, port: Port) -> PaperState:
        found = []
        for n in (ONLINE, OFFLINE_CAUSE, ERROR_CAUSE, PAPER):
            status = await self._ask_one(port, n)
            if status is None:
                return PaperState.UNKNOWN
            found.append(status)
        online, offline_cause, error_cause, paper = found
        return paper_state(Answers(online=online, offline_cause=offline_cause, error_cause=error_cause, paper=paper))

    async def _ask_one(self, port: Port, n: int) -> int | None:
        self._answering.statuses.clear()
        await port.write(ask(n))
        if await self._hear(port, lambda: bool(self._answering.statuses), self._status_timeout_s):
            return self._answering.statuses[-1]
        return None

    async def _send(self, slip: bytes, before: PaperState) -> PrintResult:
        port = await self._open()
        self._answering.acknowledged = False
        self._unfinished = True
        await port.write(slip + ACKNOWLEDGE)
        deadline = asyncio.get_running_loop().time() + self._answer_timeout_s
        stopped = PaperState.OK
        while (left_s := deadline - asyncio.get_running_loop().time()) > 0:
            if await self._hear(port, lambda: self._answering.acknowledged, min(left_s, _LOOK_AGAIN_S)):
                self._unfinished = False
                after = await self._ask_all(port)
                return PrintResult(printed=Printed.YES, paper=before if after is PaperState.UNKNOWN else after)
            now = await self._ask_all(port)
            if now in {PaperState.OUT, PaperState.COVER_OPEN} and now is stopped:
                break  # found twice, and no acknowledgement between
            stopped = now
        if self._answering.acknowledged:
            self._unfinished = False
            return PrintResult(printed=Printed.YES, paper=before if stopped is PaperState.UNKNOWN else stopped)
        return await self._give_up(port)

    async def _give_up(self, port: Port) -> PrintResult:
        paper = await self._ask_all(port)
        ended = paper in {PaperState.OUT, PaperState.COVER_OPEN}
        if ended:
            await self._clear_if_unfinished()
        else:
            await self._hang_up()
        return PrintResult(printed=Printed.NO if ended else Printed.UNKNOWN, paper=paper)

    async def _clear_if_unfinished(self) -> None:
        if not (self._unfinished and self._clears):
            return
        port = await self._open()
        self._answering.cleared = False
        await port.write(CLEAR)
        if await self._hear(port, lambda: self._answering.cleared, self._status_timeout_s):
            self._unfinished = False
        else:
            log.warning(
                "printer did not confirm that its memory is clear: the rest of an earlier slip may come out; "
                "if it never does, set clears = false for this printer"
            )

    async def _hear(self, port: Port, heard: Callable[[], bool], timeout_s: float) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                while not heard():
                    self._answering.feed(await port.read())
        except TimeoutError:
            return False
        return True

    async def _open(self) -> Port:
        if self._port is None:
            self._port = await self._opener(self._url)
            self._answering = Answering()
        return self._port

    async def _hang_up(self) -> None:
        if self._port is not None:
            port, self._port = self._port, None
            await port.close()
