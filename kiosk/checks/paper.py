"""The ticket printer: how it is, whether a slip comes out, and for how long there is paper."""

from collections.abc import AsyncIterator
from typing import Final

from hardware.devices import PaperState, Printed, TicketPrinter

from ..paper import paper_of, slip_bytes
from ..roll import FEW, Roll
from ..slip import Feed, Item, Line, Mark, Qr, Rule
from ..wired import printer_of
from .finding import Bench, Finding, amber, green, red, skipped

LIGHTS: Final = {
    PaperState.OK: green,
    PaperState.NEAR_END: amber,
    PaperState.OUT: red,
    PaperState.COVER_OPEN: red,
    PaperState.FAULT: red,
    PaperState.TRUSTED: amber,
    PaperState.UNKNOWN: red,
}
PRINTABLE: Final = frozenset({PaperState.OK, PaperState.NEAR_END, PaperState.TRUSTED})


async def printer(bench: Bench) -> AsyncIterator[Finding]:
    """Ask the printer, and print a slip that nobody can take for a ticket."""
    printer = printer_of(bench.file)
    try:
        state = await printer.status()
        yield LIGHTS[state](f"printer_{state.value}", port=bench.file.printer.port)
        if state not in PRINTABLE:
            return
        if bench.prints:
            yield await _slip(bench, printer)
        else:
            yield skipped("slip_skipped")
    finally:
        await printer.close()


async def _slip(bench: Bench, printer: TicketPrinter) -> Finding:
    paper = paper_of(bench.file.printer)
    begun_s = bench.clock()
    result = await printer.print(slip_bytes(trial_slip(bench), paper=paper))
    took_ms = round((bench.clock() - begun_s) * 1000)
    match result.printed:
        case Printed.YES:
            return green("slip_ok", ms=took_ms)
        case Printed.UNKNOWN:
            return amber("slip_unsure")
        case Printed.NO:
            return red("slip_not")


def trial_slip(bench: Bench) -> list[Item]:
    """Return what a technician should read on the test slip: both languages, sizes, a QR code, the cut."""
    at = bench.now().astimezone()
    return [
        Line("测试小票", 2, bold=True),
        Line("TEST SLIP", 2, bold=True),
        Line("不是排队号 · NOT A TICKET"),
        Mark(),
        Rule(),
        Line(f"{bench.file.hall} / {bench.file.node}"),
        Line(f"{at:%Y-%m-%d %H:%M:%S}"),
        Line("营业厅 取号 等候 0123456789"),
        Line("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        Rule(),
        Qr("hallcall test"),
        Feed(1),
    ]


async def roll(bench: Bench) -> AsyncIterator[Finding]:
    """Say for how many tickets there is paper."""
    try:
        left = Roll(bench.state_dir, paper_m=bench.file.printer.paper_m).tickets_left
    except OSError:
        return  # the check of the disk says so
    if left is None:
        yield skipped("roll_unknown")
    elif left > FEW:
        yield green("roll_ok", count=left)
    else:
        yield amber("roll_few", count=left)
