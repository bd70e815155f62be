"""Call pads on one Modbus RTU line: eight registers of text, 8 the lamp, 9 the last key until 0 is written there."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from .modbus_panels import REGISTERS, SimulatedPanels

LAMP: Final = 8
KEY: Final = 9


class SimulatedModbusPads(SimulatedPanels):
    """Slaves written from the Modbus specification, as the panels are; `press` latches a key."""

    def __init__(self, *, link: Path, addresses: Iterable[int] = range(1, 9), baud: int = 9600) -> None:
        super().__init__(link=link, addresses=addresses, baud=baud)
        self.registers = {address: [0] * REGISTERS for address in self.registers}

    def press(self, address: int, key: int) -> None:
        self.registers[address][KEY] = key

    def lamp(self, address: int) -> int:
        return self.registers[address][LAMP]
