"""What the kiosk prints its slips with: the template, the paper's width and length, the roll, the public address."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from broker.config import KioskFile
from broker.contract.messages import DeviceState, TicketTaken
from hardware.devices import PaperState

from .paper import paper_of, slip_mm
from .public_address import PublicAddress
from .roll import FEW, Roll
from .scanned import code_of
from .slip import Item
from .template import SlipKind, SlipTemplate, load_template, shipped

PRINTER_HEALTH: Final = {
    PaperState.OK: (DeviceState.OK, ""),
    PaperState.NEAR_END: (DeviceState.WARNING, "paper near its end: bring a new roll"),
    PaperState.OUT: (DeviceState.FAULT, "out of paper: put in a new roll"),
    PaperState.COVER_OPEN: (DeviceState.FAULT, "cover open: close it"),
    PaperState.FAULT: (DeviceState.FAULT, "cutter or mechanics: look for jammed paper, switch off and on"),
    PaperState.TRUSTED: (
        DeviceState.WARNING,
        "never answers: slips are sent on trust; look at one, or run hallcall printer probe",
    ),
    PaperState.UNKNOWN: (DeviceState.UNKNOWN, "no answer: check its power, its cable and the port in the kiosk's file"),
}


def _no_length(_items: Sequence[Item]) -> int:
    return 0


@dataclass(frozen=True, kw_only=True)
class Stationery:
    """All of it; what is left out is not there, and the templates are the shipped ones.

    `has_codes`: where no address is printed that a scanner could read, slips bear a small code instead. It says nothing
    to a telephone, so only a kiosk that has a scanner prints it.
    """

    template: SlipTemplate = field(default_factory=shipped)
    return_template: SlipTemplate = field(default_factory=lambda: shipped(SlipKind.RETURN))
    has_codes: bool = False
    width_dots: int = 576
    length_mm: Callable[[Sequence[Item]], int] = _no_length
    roll: Roll | None = None
    address: PublicAddress = field(default_factory=lambda: PublicAddress(""))

    def url_of(self, taken: TicketTaken) -> str:
        return self.address.url_of(taken)

    def code_of(self, taken: TicketTaken) -> str:
        return code_of(taken.visit) if self.has_codes and not self.url_of(taken) else ""

    def health(self, paper: PaperState, *, acknowledged: bool = True) -> tuple[DeviceState, str]:
        """Return the printer's state and what to do; `acknowledged` is what became of the last slip."""
        state, detail = PRINTER_HEALTH[paper]
        if paper not in {PaperState.OK, PaperState.NEAR_END}:
            return state, detail
        if not acknowledged:
            return DeviceState.WARNING, "a slip was never acknowledged: did it come out? check the cable and the knife"
        left = self.roll.tickets_left if self.roll is not None else None
        if left is None or left > FEW:
            return state, detail
        return DeviceState.WARNING, f"paper for about {left} tickets: bring a new roll"


def stationery_of(file: KioskFile, roll: Roll) -> Stationery:
    """Return what a kiosk's file says. Raises BrokenConfig for a template that cannot be used."""
    paper = paper_of(file.printer)
    return Stationery(
        template=load_template(Path(file.slip.template)) if file.slip.template else shipped(),
        return_template=(
            load_template(Path(file.slip.return_template)) if file.slip.return_template else shipped(SlipKind.RETURN)
        ),
        has_codes=file.scanner is not None,
        width_dots=paper.width_dots,
        length_mm=lambda items: slip_mm(items, paper),
        roll=roll,
        address=PublicAddress(file.slip.public_url),
    )
