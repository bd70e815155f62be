"""Call pads and rating keypads in any language: whoever plugs them in makes up their frames.

Polled ones are silent until they are asked, and keep a press until then; the others speak when a key is pressed.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, Self

from .pty_cable import PtyCable

_LONGEST: Final = 64


class OddPads:
    """`press(address, key)` is what the pad sends; `shows` gives a meaning to frames that the host sends."""

    def __init__(
        self,
        *,
        link: Path,
        frame: Callable[[int, str], bytes],
        addresses: Iterable[int] = (1,),
        poll: Callable[[int], bytes] | None = None,
        nothing: Callable[[int], bytes] | None = None,
        shows: Mapping[bytes, str] | None = None,
        baud: int = 9600,
        answer_ms: float = 4.0,
    ) -> None:
        self.shown: list[str] = []  # all that it was told to show
        self.shown_s: list[float] = []  # and when
        self.polls = dict.fromkeys(addresses, 0)
        self.dead: set[int] = set()
        self._frame = frame
        self._polls = {poll(address): address for address in self.polls} if poll is not None else {}
        self._nothing = nothing
        self._meanings = dict(shows or {})
        self._news = asyncio.Event()
        self._answer_s = answer_ms / 1000
        self._kept: dict[int, list[str]] = {address: [] for address in self.polls}
        self._pending = b""
        self.cable = PtyCable(link, self.deliver, baud=baud)

    async def __aenter__(self) -> Self:
        self.cable.plug()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.cable.unplug()

    def press(self, address: int, key: str) -> None:
        if address not in self.polls:
            raise ValueError(f"no pad has address {address}: there are {', '.join(map(str, self.polls))}")
        if self._polls:
            self._kept[address].append(key)
        else:
            self.cable.send(self._frame(address, key))

    async def shows(self, what: str) -> None:
        """Wait until the host has told it to show this, last of all."""
        while self.shown[-1:] != [what]:
            self._news.clear()
            await self._news.wait()

    def deliver(self, chunk: bytes, ended_at_s: float) -> None:
        """Take what the host has sent."""
        self._pending += chunk
        while (found := self._first()) is not None:
            at, frame = found
            self._pending = self._pending[at + len(frame) :]
            if frame in self._polls:
                self._asked(self._polls[frame])
            else:
                self.shown.append(self._meanings[frame])
                self.shown_s.append(ended_at_s - len(self._pending) * self.cable.byte_s)
                self._news.set()
        self._pending = self._pending[-_LONGEST:]

    def _first(self) -> tuple[int, bytes] | None:
        found = [(self._pending.find(each), each) for each in (*self._polls, *self._meanings)]
        return min(((at, each) for at, each in found if at >= 0), default=None)

    def _asked(self, address: int) -> None:
        self.polls[address] += 1
        if address in self.dead:
            return
        if self._kept[address]:
            answer = self._frame(address, self._kept[address].pop(0))
        elif self._nothing is not None:
            answer = self._nothing(address)
        else:
            return
        asyncio.get_running_loop().call_later(self._answer_s, self.cable.send, answer)
