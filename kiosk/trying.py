"""Whether the kiosk may print a test slip just now, and what came of it. Pure."""

from typing import Final

from broker.ailments import found
from broker.contract.messages import BoxFinding
from hardware.devices import Printed, PrintResult

from .flow import Away, Kiosk, NoPaper

PRINTER: Final = "printer"


def is_free(kiosk: Kiosk) -> bool:
    """Tell whether nobody stands at the kiosk: its home page as the next customer expects it, or no numbers at all."""
    return not kiosk.evacuation and (kiosk.is_untouched or isinstance(kiosk.screen, Away | NoPaper))


def of_slip(result: PrintResult, *, node: str, took_s: float, ailment: str) -> BoxFinding:
    """Return what a test slip says of the printer; `ailment` is the printer's own word."""
    match result.printed:
        case Printed.YES:
            return found("test_slip", node=node, device=PRINTER, ms=round(took_s * 1000))
        case Printed.UNKNOWN:
            return found("test_slip_unsure", node=node, device=PRINTER)
        case Printed.NO:
            return found("test_slip_not", node=node, device=PRINTER, problem=ailment or result.paper.value)
