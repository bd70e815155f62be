"""ESC/POS ticket printer: asks before it prints, and knows afterwards whether the slip exists.

A silent printer is unknown, never fine; one that never answers is trusted where that is known of it. A slip did not
come out for certain only when the printer had not come to the `Mark` before its number and then cleared its memory:
all else may be in somebody's hand. What was not acknowledged is cleared, and cut off, before the next slip.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from ..devices import PaperState, Port, PortGone, Printed, PrintResult, Reached
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
# The same between two "ESC 2", which change nothing and make it unmistakable.
MARK: Final = b"\x1b2\x1dr\x01\x1b2"
CUT: Final = b"\x1dVB\x00"  # "GS V 66 n: feed to the cutting position plus n, then cut"
# "DLE DC4 8: clear buffers", worked even when off-line; the seven bytes are fixed. Answer "37H 25H 00H".
CLEAR: Final = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
CLEARED: Final = b"\x37\x25\x00"

_PRINTABLE: Final = frozenset({PaperState.OK, PaperState.NEAR_END})
_STOPPED: Final = frozenset({PaperState.OUT, PaperState.COVER_OPEN})
_UNHEARD: Final = 3  # questions without any answer, after which a printer that is there counts as mute
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
        self.acknowledgements = 0
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
            self.acknowledgements += 1


class EscposPrinter:
    """One printer; implements `TicketPrinter`. The port is opened at need and kept.

    `answer_timeout_s`: how long a slip may take from its last byte to its acknowledgement.
    `status_timeout_s`: how long the printer may take for one status byte.
    `clears`: whether it knows DLE DC4 8; without it the rest of a slip whose paper ended comes out after the refill.
    `answers`: whether it answers at all. None: not known; then one that is plugged in (USB, network) and has not
    answered since the start is taken to be mute. A serial line cannot tell a mute printer from one without power.
    `knife`: what cuts off the rest of an earlier slip.
    """

    def __init__(
        self,
        url: str,
        *,
        answer_timeout_s: float = 8.0,
        status_timeout_s: float = 1.0,
        clears: bool = True,
        answers: bool | None = None,
        knife: bytes = CUT,
        opener: Callable[[str], Awaitable[Port]] = open_port,
    ) -> None:
        self._url = url
        self._answer_timeout_s = answer_timeout_s
        self._status_timeout_s = status_timeout_s
        self._clears = clears
        self._answers = answers
        self._knife = knife
        self._opener = opener
        self._port: Port | None = None
        self._answering = Answering()
        self._unheard = 0
        self._unfinished = clears  # a slip of before our start may still wait in its memory
        self._is_empty = False  # cleared, and nothing sent since
        self._hangs_out = False  # a part of a slip may hang uncut from the printer
        self._one_at_a_time = asyncio.Lock()

    async def status(self) -> PaperState:
        """Ask the printer; `UNKNOWN` when it does not answer in time or its port is gone."""
        async with self._alone():
            return await self._status()

    async def print(self, slip: bytes) -> PrintResult:
        """Print one slip and wait for its acknowledgement. A printer that is silent beforehand is sent nothing: NO."""
        async with self._alone():
            paper = await self._status()
            if paper is PaperState.TRUSTED:
                return await self._send_on_trust(slip)
            if paper not in _PRINTABLE:
                return PrintResult(printed=Printed.NO, paper=paper)
            try:
                await self._clear_if_unfinished()
            except PortGone as gone:
                log.warning("slip not sent: %s", gone)
                await self._hang_up()
                return PrintResult(printed=Printed.NO, paper=PaperState.UNKNOWN)
            return await self._send(slip, paper)

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
                await self._break_off()
                raise

    async def _status(self) -> PaperState:
        if self._answers is False:
            return await self._mute_status()
        for _attempt in ("on the port that we have", "on a fresh one, should that have died unnoticed"):
            try:
                state = await self._ask_or_clear(await self._open())
            except PortGone as gone:
                log.info("printer: %s", gone)
                await self._hang_up()
                continue
            if state is not PaperState.UNKNOWN:
                self._answers = True
                return state
            await self._hang_up()  # answers that come too late must not be taken for later ones
            self._unheard += 1
            return PaperState.TRUSTED if self._is_mute() else state
        return PaperState.UNKNOWN

    async def _ask_or_clear(self, port: Port) -> PaperState:
        """Ask; a printer that waits for the rest of a broken command hears questions only after it was cleared."""
        state = await self._ask_all(port)
        if state is PaperState.UNKNOWN and self._hangs_out and await self._clear():
            return await self._ask_all(port)
        return state

    async def _mute_status(self) -> PaperState:
        try:
            await self._open()
        except PortGone as gone:
            log.info("printer: %s", gone)
            return PaperState.UNKNOWN
        return PaperState.TRUSTED

    def _is_mute(self) -> bool:
        return self._answers is None and self._unheard >= _UNHEARD and not self._url.startswith("serial:")

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

    async def _send_on_trust(self, slip: bytes) -> PrintResult:
        try:
            port = await self._open()
        except PortGone:
            return PrintResult(printed=Printed.NO, paper=PaperState.UNKNOWN)
        try:
            await port.write(slip)
        except PortGone as gone:
            log.warning("slip sent in part to a printer that never answers: %s", gone)
            await self._hang_up()
            return PrintResult(printed=Printed.UNKNOWN, paper=PaperState.UNKNOWN, reached=Reached.IN_PART)
        return PrintResult(printed=Printed.YES, paper=PaperState.TRUSTED, reached=Reached.ACCEPTED)

    async def _send(self, slip: bytes, before: PaperState) -> PrintResult:
        reached = Reached.IN_PART
        marks = int(MARK in slip)
        self._answering.acknowledgements = 0
        self._unfinished, self._is_empty = True, False
        try:
            port = await self._open()
            await port.write(slip + ACKNOWLEDGE)
            reached = Reached.ACCEPTED
            stopped = await self._await_end(port, marks)
            if self._answering.acknowledgements > marks:
                return await self._printed(port, before)
            return await self._give_up(port, marks=marks, stopped=stopped)
        except PortGone as gone:
            log.warning("slip sent but not acknowledged: %s", gone)
            if self._answering.acknowledgements > marks:
                reached, self._unfinished = Reached.ACKNOWLEDGED, False
            await self._break_off()
            printed = Printed.YES if reached is Reached.ACKNOWLEDGED else Printed.UNKNOWN
            return PrintResult(printed=printed, paper=PaperState.UNKNOWN, reached=reached)

    async def _await_end(self, port: Port, marks: int) -> bool:
        """Wait for the last acknowledgement; return whether the printer says instead that it stopped for good."""
        deadline = asyncio.get_running_loop().time() + self._answer_timeout_s
        last = PaperState.OK
        while (left_s := deadline - asyncio.get_running_loop().time()) > 0:
            if await self._hear(port, lambda: self._answering.acknowledgements > marks, min(left_s, _LOOK_AGAIN_S)):
                return False
            now = await self._ask_all(port)
            if now in _STOPPED and now is last:
                return True  # found twice, and no acknowledgement between
            last = now
        return False

    async def _printed(self, port: Port, before: PaperState) -> PrintResult:
        self._unfinished = False
        try:
            after = await self._ask_all(port)
        except PortGone:
            await self._hang_up()
            after = PaperState.UNKNOWN
        paper = before if after is PaperState.UNKNOWN else after
        return PrintResult(printed=Printed.YES, paper=paper, reached=Reached.ACKNOWLEDGED)

    async def _give_up(self, port: Port, *, marks: int, stopped: bool) -> PrintResult:
        paper = await self._ask_all(port)
        is_clear = stopped and paper in _STOPPED and await self._clear()
        if self._answering.acknowledgements > marks:
            return await self._printed(port, paper)
        begun = self._answering.acknowledgements > 0
        if not is_clear:
            await self._break_off()
        elif paper is PaperState.COVER_OPEN:
            self._hangs_out = True  # a new roll has nothing hanging, this one may
        certain = bool(marks) and not begun and is_clear
        return PrintResult(
            printed=Printed.NO if certain else Printed.UNKNOWN,
            paper=paper,
            reached=Reached.BEGUN if begun else Reached.ACCEPTED,
        )

    async def _clear_if_unfinished(self) -> None:
        if not (self._unfinished and self._clears):
            self._unfinished = False
            return
        if not self._is_empty and not await self._clear():
            log.warning(
                "printer did not confirm that its memory is clear: the rest of an earlier slip may come out; "
                "if it never does, set clears = false for this printer"
            )
            return
        self._unfinished = self._is_empty = False
        if self._hangs_out:
            port = await self._open()
            await port.write(self._knife)
            self._hangs_out = False

    async def _clear(self) -> bool:
        """Empty the printer's memory; return whether it said so.

        Said twice where need be: the first may have been swallowed, whole or half, as the end of a broken command.
        """
        if not self._clears:
            return False
        port = await self._open()
        self._answering.cleared = self._is_empty = False
        for _ in range(2):
            await port.write(CLEAR)
            if await self._hear(port, lambda: self._answering.cleared, self._status_timeout_s):
                self._is_empty = True
                break
        return self._is_empty

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

    async def _break_off(self) -> None:
        """Hang up on a slip that may hang half printed from the printer."""
        self._hangs_out = self._unfinished and (self._hangs_out or self._port is not None)
        await self._hang_up()

    async def _hang_up(self) -> None:
        if self._port is not None:
            port, self._port = self._port, None
            await port.close()
