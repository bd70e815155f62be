"""A finger on a Kivy window, from outside: TUIO 1.1 cursors over UDP (tuio.org, 2Dcur profile)."""

import asyncio
from collections.abc import Sequence
from typing import Final

from oscpy.client import OSCClient

_PATH: Final = b"/tuio/2Dcur"
DOWN_S: Final = 0.06  # how long a tap rests on the glass


class Finger:
    def __init__(self, *, port: int, host: str = "127.0.0.1") -> None:
        self._osc = OSCClient(host, port)
        self._session = 0
        self._frame = 0

    async def tap(self, box: Sequence[float]) -> None:
        """Tap the middle of a box (x0, y0, x1, y1: fractions of the window, y upwards)."""
        self.lay(box)
        await asyncio.sleep(DOWN_S)
        self.lift()

    def lay(self, box: Sequence[float]) -> None:
        """Lay the finger on the middle of a box."""
        self._session += 1
        self._send([self._session], (box[0] + box[2]) / 2, 1 - (box[1] + box[3]) / 2)  # TUIO counts y downwards

    def lift(self) -> None:
        self._send([], 0.0, 0.0)

    def _send(self, alive: list[int], x: float, y: float) -> None:
        self._frame += 1
        moves = [(_PATH, [b"set", session, x, y, 0.0, 0.0, 0.0]) for session in alive]
        self._osc.send_bundle([(_PATH, [b"alive", *alive]), *moves, (_PATH, [b"fseq", self._frame])])
