"""Tactile keypads that send each key as a line with its name, on RS-232 or on USB as a virtual serial port.

There is no standard: the names are settings. A key that is held and repeats counts once.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final

from ..devices import PortGone, TactileKey
from ..line import Line
from .inbox import Inbox
from .line_scanner import CodeDecoder

HELD_S: Final = 0.15  # a key that is held repeats sooner than this, and nobody presses twice so quickly


class LineKeypad:
    """One keypad; implements `TactileKeypad`. `keys` gives each line's meaning, whatever its case."""

    def __init__(self, line: Line, *, keys: Mapping[str, TactileKey]) -> None:
        self._keys = {name.casefold(): key for name, key in keys.items()}
        self._decoder = CodeDecoder()
        self._inbox = Inbox[TactileKey]()
        self._before = ""
        self._heard_s = float("-inf")
        self.unknown: list[str] = []  # names that have no meaning, each once, for a technician
        line.subscribe(self._received, opened=self._decoder.start_over, lost=self._lost)

    @property
    def discarded_bytes(self) -> int:
        return self._decoder.discarded_bytes

    def presses(self) -> AsyncIterator[TactileKey]:
        return self._inbox.items()

    def _received(self, chunk: bytes) -> None:
        now_s = asyncio.get_running_loop().time()
        for name in self._decoder.feed(chunk, now_s=now_s):
            self._press(name, now_s)

    def _press(self, name: str, now_s: float) -> None:
        held = name == self._before and now_s - self._heard_s < HELD_S
        self._before, self._heard_s = name, now_s
        key = self._keys.get(name.casefold())
        if key is not None and not held:
            self._inbox.put(key)
        elif key is None and name not in self.unknown and len(self.unknown) < len(TactileKey):
            self.unknown.append(name)

    def _lost(self, gone: PortGone) -> None:
        self._decoder.start_over()
        self._before = ""
        self._inbox.lost(gone)
