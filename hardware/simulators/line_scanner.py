"""A code scanner on a serial line, as it comes from the factory: each code's bytes, then CR and LF."""

from pathlib import Path
from typing import Final, Self

from .pty_cable import PtyCable

CR_LF: Final = b"\r\n"


class SimulatedScanner:
    """`async with SimulatedScanner(link=…) as scanner: scanner.scan("HC1:T:B014")`."""

    def __init__(
        self, *, link: Path, baud: int = 9600, preamble: bytes = b"", postamble: bytes = b"", terminator: bytes = CR_LF
    ) -> None:
        self._preamble = preamble
        self._end = postamble + terminator
        self.cable = PtyCable(link, self._received, baud=baud)

    async def __aenter__(self) -> Self:
        self.cable.plug()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.cable.unplug()

    def scan(self, text: str) -> None:
        """Hold a code before the window: it beeps, and sends it."""
        self.cable.send(self._preamble + text.encode() + self._end)

    def cut_off(self, text: str) -> None:
        """Send a code that stops in the middle, as when the plug was loose."""
        self.cable.send(self._preamble + text.encode()[: max(1, len(text) // 2)])

    def garble(self) -> None:
        """Send what a line at the wrong speed looks like."""
        self.cable.send(bytes((0x00, 0xFE, 0x86, 0x1B, 0xF8, 0x0D)))

    def _received(self, _chunk: bytes, _ended_at_s: float) -> None:
        """Take no orders: triggers and settings are codes on paper."""
