"""A kiosk's scanner on a line of its own, built from its file; it runs beside the node, on its loop."""

import time
from collections.abc import Callable
from functools import partial
from typing import Final

from broker.config import KioskFile
from broker.config import Scanner as ScannerTable
from broker.contract.messages import DeviceState
from hardware.devices import PortGone
from hardware.drivers.line_scanner import LineScanner
from hardware.line import Line

from .node import KioskNode

Health = Callable[[DeviceState, str], None]
NAME: Final = "scanner"
MANY: Final = 200  # bytes in a row that were no code: the speed is wrong, or the preamble


def accompany_scanner(node: KioskNode, file: KioskFile) -> None:
    """Let a scanner on a line run with the node, if its file names one."""
    if file.scanner is None or not file.scanner.port:
        return
    scanner = ScannerLine(file.scanner, on_code=node.scan, on_health=partial(node.device, NAME))
    node.accompany(scanner.run_line)
    node.accompany(scanner.run_codes)


class ScannerLine:
    """Run both of `run_line` and `run_codes` for as long as the program lives; each code goes to `on_code`."""

    def __init__(
        self,
        about: ScannerTable,
        *,
        on_code: Callable[[str], None],
        on_health: Health,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_code = on_code
        self._on_health = on_health
        self._line = Line(about.port, on_link=self._linked)
        self._scanner = LineScanner(
            self._line, clock=clock, prefix=about.prefix, suffix=about.suffix, on_rubbish=self._heard_rubbish
        )
        self._rubbish = 0  # bytes since the last code

    async def run_line(self) -> None:
        await self._line.run()

    async def run_codes(self) -> None:
        while True:
            try:
                async for code in self._scanner.codes():
                    if self._rubbish > MANY:
                        self._on_health(DeviceState.OK, "")
                    self._rubbish = 0
                    self._on_code(code)
            except PortGone:
                continue  # the line says so itself, and comes back

    def _heard_rubbish(self, count: int) -> None:
        """Say so when nothing but rubbish comes."""
        before, self._rubbish = self._rubbish, self._rubbish + count
        if before <= MANY < self._rubbish:
            self._on_health(
                DeviceState.WARNING, "what it sends is no code: check its speed, and prefix and suffix in [scanner]"
            )

    def _linked(self, up: bool, reason: str) -> None:  # noqa: FBT001 - the line's callback has this shape
        self._on_health(DeviceState.OK if up else DeviceState.FAULT, reason)
