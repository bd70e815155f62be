"""Each failure at each byte of a slip: what the customer has in hand, what the hall holds, what a technician is told.

With WRITE_GOLDEN=1 in the environment the table in docs/printing.md is written anew.
"""

import asyncio
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import groupby
from pathlib import Path

import pytest

from broker.contract.messages import Counter, Hall, Node, Role, Service, SlipFate, Text, TicketTaken, Zone
from hardware.devices import PaperState, PortGone, Printed, PrintResult
from hardware.drivers.escpos_layout import START
from hardware.drivers.escpos_printer import MARK, EscposPrinter
from hardware.simulators.escpos_printer import Report, SimulatedPrinter, SlipPrinted, SlipTorn
from hardware.simulators.pty_cable import PtyCable
from kiosk.node import FATES
from kiosk.paper import slip_bytes
from kiosk.stationery import Stationery
from kiosk.template import shipped
from kiosk.written import Occasion, written

PAGE = Path(__file__).parents[2] / "docs" / "printing.md"
BEGIN, END = "<!-- torture: begin -->", "<!-- torture: end -->"
AT = datetime(2026, 11, 23, 9, 42, tzinfo=timezone(timedelta(hours=8)))
HALL = Hall(
    id="east",
    name=Text(zh="城东供电营业厅", en="Chengdong Service Hall"),
    zones=(Zone(id="main", name=Text(zh="二区", en="zone 2")),),
    services=(Service(id="new", name=Text(zh="用电报装", en="New connection"), prefix="B", zone="main"),),
    counters=(Counter(number=1, zone="main", skills=("new",)),),
    nodes=(Node(id="kiosk-1", role=Role.KIOSK),),
)


def slip_of(ticket: str) -> bytes:
    taken = TicketTaken(
        id="1",
        visit=f"2026-11-23-{ticket}",
        ticket=ticket,
        service="new",
        ahead=6,
        wait_low_min=15,
        wait_high_min=25,
        issued_at=AT,
    )
    url = "https://hall.example/7f3k"
    occasion = Occasion(hall=HALL, service=HALL.services[0], zone=HALL.zones[0], taken=taken, at=AT, url=url)
    return slip_bytes(written(shipped(), occasion, width_dots=576))


SLIP = slip_of("B014")
NEXT = slip_of("B015")
POSITIONS = range(len(SLIP) + 1)


class Wire:
    """The cable between driver and printer, which fails while a slip goes over it."""

    byte_s = 0.0

    def __init__(self) -> None:
        self.printer: SimulatedPrinter
        self.is_in = True
        self.break_at: int | None = None
        self.fail: Callable[[Wire], None] = lambda _wire: None
        self.loses_rest = False
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()

    def plug(self) -> None:
        self.is_in = True

    def unplug(self) -> None:
        self.is_in = False
        self._answers.put_nowait(b"")

    def send(self, data: bytes) -> None:
        if self.is_in:
            self._answers.put_nowait(data)

    async def open(self, _url: str) -> "Wire":
        self._check()
        self._answers = asyncio.Queue()
        return self

    async def read(self) -> bytes:
        answer = await self._answers.get()
        self._check()
        return answer

    async def write(self, data: bytes) -> None:
        self._check()
        if self.break_at is None or not data.startswith(START):
            self.printer._received(data)
            return
        first, rest, self.break_at = data[: self.break_at], data[self.break_at :], None
        self.printer._received(first)
        await asyncio.sleep(0.01)  # the mechanism catches up
        self.fail(self)
        self._check()
        if not self.loses_rest:
            self.printer._received(rest)

    async def close(self) -> None:
        """The next `open` begins anew."""

    def _check(self) -> None:
        if not self.is_in:
            raise PortGone("the cable is out")


@dataclass(frozen=True)
class Failure:
    name: str
    fail: Callable[[Wire], None]
    mend: Callable[[Wire], None]


def _lose_power(wire: Wire) -> None:
    wire.unplug()
    printer = wire.printer
    printer._splitter.forget()
    while not printer._buffer.empty():
        printer._buffer.get_nowait()
    printer._typesetter.reset()


def _fall_silent(wire: Wire) -> None:
    wire.printer.is_mute = True


def _hear_again(wire: Wire) -> None:
    wire.printer.is_mute = False


def _lose_rest(wire: Wire) -> None:
    wire.loses_rest = True


def _lose_no_more(wire: Wire) -> None:
    wire.loses_rest = False


FAILURES = (
    Failure("cable pulled", Wire.unplug, Wire.plug),
    Failure("printer loses power", _lose_power, Wire.plug),
    Failure("printer falls silent, prints on", _fall_silent, _hear_again),
    Failure("rest of the slip lost on the line", _lose_rest, _lose_no_more),
    Failure("paper ends", lambda wire: wire.printer.end_paper(), lambda wire: wire.printer.refill()),
    Failure("cover opened", lambda wire: wire.printer.open_cover(), lambda wire: wire.printer.close_cover()),
    Failure("cutter jams", lambda wire: wire.printer.jam_cutter(), lambda wire: wire.printer.jam_cutter(jammed=False)),
)


@dataclass
class Tray:
    """What came out of the printer."""

    whole: list[SlipPrinted] = field(default_factory=list)
    torn: list[SlipTorn] = field(default_factory=list)

    def take(self, report: Report) -> None:
        if isinstance(report, SlipPrinted):
            self.whole.append(report)
        elif isinstance(report, SlipTorn):
            self.torn.append(report)

    def in_hand(self, printer: SimulatedPrinter) -> str:
        """What the customer has, or could tear off."""
        if any("B014" in slip.lines and slip.lines[-1].startswith("2026") for slip in self.whole):
            return "the slip"
        hanging = [slip.lines for slip in self.torn] + [slip.lines for slip in self.whole] + [printer._slip.lines]
        if any("B014" in lines for lines in hanging):
            return "a part, with the number"
        return "a part, without the number" if any(hanging) else "nothing"


@dataclass(frozen=True)
class Outcome:
    in_hand: str
    result: PrintResult
    next_slip: tuple[Printed, list[str]]  # what the next slip is, after the repair
    ever: bool  # the number of the first one ever stood on paper
    copies: int

    @property
    def row(self) -> tuple[str, str, str, str]:
        fate = FATES[self.result.printed]
        screen = {
            Printed.YES: "take your slip",
            Printed.NO: "not printed: number void, ask at the desk",
            Printed.UNKNOWN: "number, *note it if no slip came*, copy offered",
        }[self.result.printed]
        hall = {
            SlipFate.PRINTED: "waits, printed",
            SlipFate.NOT_PRINTED: "void",
            SlipFate.UNKNOWN: "waits, flagged",
        }[fate]
        state, detail = Stationery().health(self.result.paper, acknowledged=self.result.printed is not Printed.UNKNOWN)
        return self.in_hand, screen, hall, f"{state.value}: {detail}" if detail else state.value


async def outcome(failure: Failure, position: int) -> Outcome:
    wire, tray = Wire(), Tray()
    wire.fail = failure.fail
    desk = SimulatedPrinter(link=Path("memory"), report=tray.take, speed_mm_s=math.inf)
    desk._cable = wire  # type: ignore[assignment] # the simulator's end of it
    wire.printer = desk
    async with desk:
        driver = EscposPrinter("memory", opener=wire.open)
        assert await driver.status() is PaperState.OK
        wire.break_at = position
        result = await driver.print(SLIP)
        await asyncio.sleep(1)
        in_hand = tray.in_hand(desk)
        failure.mend(wire)
        await asyncio.sleep(1)
        after = await driver.print(NEXT)
        await asyncio.sleep(1)
    last = tray.whole[-1].lines if tray.whole else ()
    papers = [slip.lines for slip in tray.whole] + [slip.lines for slip in tray.torn]
    return Outcome(
        in_hand=in_hand,
        result=result,
        next_slip=(after.printed, [line for line in last if line.startswith("B0")]),
        ever=any("B014" in lines for lines in papers),
        copies=sum(lines.count("B014") for lines in papers),
    )


@pytest.fixture(scope="module")
def outcomes(in_no_time: Callable[..., None]) -> dict[str, list[Outcome]]:
    found: dict[str, list[Outcome]] = {}

    async def story() -> None:
        for failure in FAILURES:
            found[failure.name] = [await outcome(failure, position) for position in POSITIONS]

    in_no_time(story())
    return found


def every(outcomes: dict[str, list[Outcome]]) -> Iterator[tuple[str, int, Outcome]]:
    for name, row in outcomes.items():
        for position, each in enumerate(row):
            yield name, position, each


def test_a_void_number_never_comes_out_on_paper_not_even_after_the_repair(outcomes: dict[str, list[Outcome]]) -> None:
    wrong = [(n, p) for n, p, each in every(outcomes) if each.result.printed is Printed.NO and each.ever]
    assert wrong == []


def test_a_number_that_counts_as_printed_is_in_the_customers_hand(outcomes: dict[str, list[Outcome]]) -> None:
    wrong = [
        (n, p) for n, p, each in every(outcomes) if each.result.printed is Printed.YES and each.in_hand != "the slip"
    ]
    assert wrong == []


def test_after_the_repair_the_next_customer_gets_a_slip_with_that_number_alone(
    outcomes: dict[str, list[Outcome]],
) -> None:
    wrong = [(n, p, each.next_slip) for n, p, each in every(outcomes) if each.next_slip != (Printed.YES, ["B015"])]
    assert wrong == []


def test_no_number_comes_out_twice(outcomes: dict[str, list[Outcome]]) -> None:
    assert [(n, p) for n, p, each in every(outcomes) if each.copies > 1] == []


def test_the_table_in_the_documentation_is_what_happens(outcomes: dict[str, list[Outcome]]) -> None:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    found, _, after = rest.partition(END)
    if os.environ.get("WRITE_GOLDEN"):
        PAGE.write_text(f"{before}{BEGIN}\n{table(outcomes)}\n{END}{after}", encoding="utf-8")
        return
    assert found.strip() == table(outcomes)


def table(outcomes: dict[str, list[Outcome]]) -> str:
    mark, line = SLIP.index(MARK) + len(MARK), SLIP.index(b"B014\n") + len(b"B014\n")
    lines = [
        f"A slip of {len(SLIP)} bytes: the mark ends with byte {mark}, the number's line with {line}.",
        "",
        "| what happens | after byte | the customer has | the screen says | the ticket | the technician is told |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in outcomes.items():
        for said, group in groupby(enumerate(row), key=lambda each: each[1].row):
            places = [position for position, _ in group]
            where = f"{places[0]}-{places[-1]}" if len(places) > 1 else f"{places[0]}"
            lines.append(f"| {name} | {where} | {' | '.join(said)} |")
    return "\n".join(lines)


@pytest.mark.parametrize("failure", [FAILURES[0], FAILURES[4], FAILURES[5]], ids=lambda each: each.name)
async def test_the_same_over_a_pty(tmp_path: Path, failure: Failure, outcomes: dict[str, list[Outcome]]) -> None:
    """Every 60th byte: here time is real."""
    for position in POSITIONS[::60]:
        tray, link = Tray(), tmp_path / f"printer-{position}"
        desk = SimulatedPrinter(link=link, baud=921_600, report=tray.take, speed_mm_s=math.inf)
        cable = desk._cable
        assert cable is not None
        counter = Counting(desk, cable, failure, position)
        cable._receivers[:] = [counter.received]
        async with asyncio.timeout(20), desk:
            driver = EscposPrinter(f"serial:{link}?baud=921600", answer_timeout_s=2, status_timeout_s=1)
            assert await driver.status() is PaperState.OK
            result = await driver.print(SLIP)
            assert result == outcomes[failure.name][position].result, position
            await driver.close()


class Counting:
    """The printer's end of a pty, where something happens after so many bytes of the slip."""

    def __init__(self, desk: SimulatedPrinter, cable: PtyCable, failure: Failure, position: int) -> None:
        self._desk = desk
        self._cable = cable
        self._failure = failure
        self._position = position
        self._seen = -1  # bytes of the slip so far; below 0: it has not begun

    def received(self, chunk: bytes, ended_at_s: float) -> None:
        begins = chunk.find(START) if self._seen < 0 else 0
        if begins < 0 or self._seen > self._position:
            self._desk._received_on_cable(chunk, ended_at_s)
            return
        asyncio.get_running_loop().create_task(self._slowly(chunk, begins))

    async def _slowly(self, chunk: bytes, begins: int) -> None:
        self._desk._received(chunk[:begins])
        seen = max(self._seen, 0)
        cut = begins + self._position - seen
        self._seen = seen + len(chunk) - begins
        self._desk._received(chunk[begins:cut])
        if self._seen < self._position:
            return
        self._seen = self._position + 1
        for _ in range(500):
            await asyncio.sleep(0)  # the mechanism catches up
        if self._failure.fail is Wire.unplug:
            self._cable.unplug()
            return
        wire = Wire()
        wire.printer = self._desk
        self._failure.fail(wire)
        self._desk._received(chunk[cut:])
