"""The ticket printer: how it is, whether a slip comes out, and for how long there is paper."""

from collections.abc import AsyncIterator
from typing import Final

from hardware.devices import PaperState, Printed, TicketPrinter

from ..paper import paper_of, slip_bytes
from ..roll import FEW, Roll
from ..trial_slip import trial_slip
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
    slip = trial_slip(hall=bench.file.hall, node=bench.file.node, at=bench.now())
    begun_s = bench.clock()
    result = await printer.print(slip_bytes(slip, paper=paper))
    took_ms = round((bench.clock() - begun_s) * 1000)
    match result.printed:
        case Printed.YES:
            return green("slip_ok", ms=took_ms)
        case Printed.UNKNOWN:
            return amber("slip_unsure")
        case Printed.NO:
            return red("slip_not")


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
