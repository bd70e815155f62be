"""A chain of MAX7219 chips with 8 x 8 LEDs each, after the chip's data sheet: what is lit, LED by LED.

Sixteen bits a chip, the register's address in D11 to D8 and its value in D7 to D0; the first word shifted in lands in
the last chip. Registers: 1 to 8 rows, 9 decode mode, A intensity, B scan limit, C shutdown, F display test. A new chip
is in shutdown. Chips sit from left to right, then in the next row below. On the usual boards of four, with the cable
coming in on the left, a chip's row 8 is on top and D0 is on the left.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from .pty_cable import PtyCable

_ROWS: Final = range(1, 9)
_SIDE: Final = 8


@dataclass(frozen=True, kw_only=True)
class Lit:
    """All LEDs after the last row was latched, `#` lit and `.` dark, a string a row."""

    rows: tuple[str, ...]
    monotonic_ms: float


@dataclass(kw_only=True)
class _Chip:
    rows: list[int]
    intensity: int = 0
    decode: int = 0xFF
    scan: int = 0
    awake: bool = False


class SimulatedChain:
    """A latch is one word for each chip: the cable keeps no chip select, so they are counted."""

    def __init__(
        self,
        *,
        link: Path,
        width: int = 64,
        height: int = 16,
        report: Callable[[Lit], None] | None = None,
        baud: int = 1_000_000,
    ) -> None:
        self._columns, self._lines = width // _SIDE, height // _SIDE
        self.chips = [_Chip(rows=[0] * _SIDE) for _ in range(self._columns * self._lines)]
        self._report = report or (lambda _lit: None)
        self._pending = b""
        self.cable = PtyCable(link, self._received, baud=baud)

    async def __aenter__(self) -> Self:
        self.cable.plug()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.cable.unplug()

    def leds(self) -> tuple[str, ...]:
        """Return what people see."""
        return tuple("".join(self._led(x, y) for x in range(self._columns * _SIDE)) for y in range(self._lines * _SIDE))

    def _led(self, x: int, y: int) -> str:
        chip = self.chips[(y // _SIDE) * self._columns + x // _SIDE]
        row, bit = _SIDE - 1 - y % _SIDE, x % _SIDE
        is_driven = chip.awake and not chip.decode and row <= chip.scan
        return "#" if is_driven and chip.rows[row] & (1 << bit) else "."

    def _received(self, chunk: bytes, ended_at_s: float) -> None:
        self._pending += chunk
        latch = 2 * len(self.chips)
        while len(self._pending) >= latch:
            words, self._pending = self._pending[:latch], self._pending[latch:]
            ended = [self._load(chip, words[2 * at], words[2 * at + 1]) for at, chip in enumerate(reversed(self.chips))]
            if any(ended):
                self._report(Lit(rows=self.leds(), monotonic_ms=ended_at_s * 1000))

    def _load(self, chip: _Chip, register: int, value: int) -> bool:
        """Put a value into a chip's register; tell whether it was the last row."""
        match register & 0xF:
            case row if row in _ROWS:
                chip.rows[row - 1] = value
                return row == _ROWS[-1]
            case 0x9:
                chip.decode = value
            case 0xA:
                chip.intensity = value & 0xF
            case 0xB:
                chip.scan = value & 0x7
            case 0xC:
                chip.awake = bool(value & 1)
        return False
