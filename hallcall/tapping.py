"""An ear at a line of unknown devices, or between an old host and them; and which speed and parity they have."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from hardware.devices import Port, PortGone
from hardware.guessing import Talk, bursts, plausibility
from hardware.ports import open_port

SPEEDS: Final = ("9600", "19200", "4800", "115200", "57600", "38400", "2400", "9600&parity=E", "19200&parity=E")
ODD_SPEEDS: Final = ("9600&parity=O", "57600&parity=O", "4800&parity=E", "1200")
SILENCE_S: Final = 0.012  # no frame pauses so long; polls are 20 ms apart and more
SURE: Final = 3.0  # of a plausibility: no wrong speed looks so good
ENOUGH: Final = 3  # bursts


class Ear:
    """Hears all that comes, and passes it on where it stands between two. `show` gets each burst, live."""

    def __init__(self, device: Port, host: Port | None, *, show: Callable[[Talk], None]) -> None:
        self._device = device
        self._host = host
        self._show = show
        self._timed: list[tuple[float, bool, bytes]] = []
        self._shown = 0
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Listen until cancelled. Raises PortGone."""
        try:
            async with asyncio.TaskGroup() as both_ways:
                both_ways.create_task(self._pass_on(self._device, self._host, from_host=False))
                if self._host is not None:
                    both_ways.create_task(self._pass_on(self._host, self._device, from_host=True))
                both_ways.create_task(self._show_live())
        except* PortGone as gone:
            raise PortGone(*gone.exceptions[0].args) from gone

    def take(self) -> list[Talk]:
        """Return what was said since the last time, and begin anew."""
        talks = self._talks()
        self._timed, self._shown = [], 0
        return talks

    async def heard(self, many: int) -> None:
        """Wait until so many bursts have come."""
        while len(self._talks()) < many:
            self._news.clear()
            await self._news.wait()

    async def _pass_on(self, near: Port, far: Port | None, *, from_host: bool) -> None:
        while True:
            chunk = await near.read()
            self._timed.append((asyncio.get_running_loop().time(), from_host, chunk))
            self._news.set()
            if far is not None:
                await far.write(chunk)

    async def _show_live(self) -> None:
        while True:
            await self._news.wait()
            await asyncio.sleep(4 * SILENCE_S)
            self._news.clear()
            talks = self._talks()
            for talk in talks[self._shown :]:
                self._show(talk)
            self._shown = len(talks)

    def _talks(self) -> list[Talk]:
        talks: list[Talk] = []
        since = 0
        for at in range(1, len(self._timed) + 1):
            if at == len(self._timed) or self._timed[at][1] != self._timed[since][1]:
                from_host = self._timed[since][1]
                said = bursts([(s, chunk) for s, _, chunk in self._timed[since:at]], silence_s=SILENCE_S)
                talks += [Talk(from_host=from_host, frame=frame) for frame in said]
                since = at
        return talks


@asynccontextmanager
async def listening(device: str, host: str, *, show: Callable[[Talk], None]) -> AsyncIterator[Ear]:
    """Open one port, or two. Raises PortGone."""
    ports = [await open_port(device)]
    try:
        if host:
            ports.append(await open_port(host))
        ear = Ear(ports[0], ports[1] if host else None, show=show)
        running = asyncio.create_task(ear.run())
        try:
            yield ear
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError, PortGone):
                await running
    finally:
        for port in ports:
            await port.close()


async def speed(
    device: str, host: str, *, speeds: Sequence[str], each_s: float, tell: Callable[[str, float], None]
) -> str:
    """Return the speed and parity at which what comes looks most like frames, "" if nothing came at any.

    `device` and `host` are ports without options. A port that cannot have a speed or a parity is passed over.
    """
    best, best_score = "", 0.0
    refused: PortGone | None = None
    was_open = False
    for each in speeds:
        try:
            async with listening(_at(device, each), _at(host, each) if host else "", show=lambda _talk: None) as ear:
                was_open = True
                with suppress(TimeoutError):
                    async with asyncio.timeout(each_s):
                        await ear.heard(ENOUGH * (4 if host else 1))
                score = plausibility([talk.frame for talk in ear.take()])
        except PortGone as gone:
            refused = gone
            continue
        tell(each, score)
        if score > best_score:
            best, best_score = each, score
        if score >= SURE:
            break
    if not was_open and refused is not None:
        raise refused
    return best


def _at(port: str, options: str) -> str:
    return f"{port}?baud={options}"
