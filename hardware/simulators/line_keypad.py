"""A tactile keypad on a serial line: a line for each key, and again and again for one that is held."""

from pathlib import Path
from typing import Final, Self

from .pty_cable import PtyCable

CR_LF: Final = b"\r\n"


class SimulatedTactileKeypad:
    """`async with SimulatedTactileKeypad(link=…) as keypad: keypad.press("down")`."""

    def __init__(self, *, link: Path, baud: int = 9600) -> None:
        self.cable = PtyCable(link, self._received, baud=baud)

    async def __aenter__(self) -> Self:
        self.cable.plug()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.cable.unplug()

    def press(self, name: str, *, times: int = 1) -> None:
        """Press a key; held, it sends its name more than once."""
        self.cable.send((name.upper().encode() + CR_LF) * times)

    def garble(self) -> None:
        """Send what a loose plug sends."""
        self.cable.send(bytes((0x00, 0xFF, 0x1B, 0x80, 0x0D)))

    def _received(self, _chunk: bytes, _ended_at_s: float) -> None:
        """Take no orders: there is nothing to light."""
