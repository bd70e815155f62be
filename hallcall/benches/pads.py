"""Thirty counters on four lines, an hour of pressing on virtual time: drivers and lines are real, cables are memory.

A line asks its pads in turn. The hall's own time is set to what `bench press` finds, so that what is measured is the
line: from the finger to the lamp's last byte.
"""

import asyncio
import random
import selectors
import statistics
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hardware.devices import Lamp
from hardware.drivers.pad_codes import pad_code
from hardware.drivers.pad_line import PadLine
from hardware.line import Line
from hardware.pad_frames import FramedPad, FrameKey, FrameLamp
from hardware.sign_frames import Check
from hardware.simulators.memory_cable import MemoryCable
from hardware.simulators.odd_pads import OddPads

COUNTERS: Final = (8, 8, 7, 7)
HOUR_S: Final = 3600.0
MEAN_PAUSE_S: Final = 12.0  # between two presses at a counter: five times a busy clerk's
SHORTEST_PAUSE_S: Final = 0.5
HALL_S: Final = 0.009
ALLOWED_S: Final = 0.05  # beside the poll cycle
BAUD: Final = 9600
SEED: Final = 6
KEYS: Final = ("call", "start", "redirect", "finish")
LAMPS: Final = {Lamp.GREEN: 0x32, Lamp.RED: 0x31}
PAD: Final = FramedPad(
    press="02 [ 13 {address} {key} ] {check} 03",
    nothing="02 [ 13 {address} 00 ] {check} 03",
    poll="02 [ 11 {address} ] {check} 03",
    lamps=tuple(
        FrameLamp(lamp=lamp.value, frame=f"02 [ 15 {{address}} {code:02X} ] {{check}} 03")
        for lamp, code in LAMPS.items()
    ),
    check=Check.XOR,
    keys=tuple(FrameKey(sends=f"{0x31 + at:02X}", means=key) for at, key in enumerate(KEYS)),
    poll_ms=25,
    baud=BAUD,
)


class _Ahead(selectors.DefaultSelector):
    """Where nothing is ready, time goes on at once to the next thing that is due."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout:
            self.now_s += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._ahead = _Ahead()
        super().__init__(self._ahead)

    def time(self) -> float:
        return self._ahead.now_s


def _framed(*body: int) -> bytes:
    """Return a frame as the pads' sheet has it: 02, body, XOR of the body, 03."""
    check = 0
    for byte in body:
        check ^= byte
    return bytes((0x02, *body, check, 0x03))


@dataclass(frozen=True, kw_only=True)
class Told:
    """What an hour at one line has shown; `delays_s` are from press to lamp."""

    counters: int
    pressed: int
    lost: int
    doubled: int
    delays_s: Sequence[float]
    cycle_s: float
    load: float
    misses: int


class _Counted(MemoryCable):
    """A cable that counts how long its wires are busy."""

    busy_s = 0.0

    def send(self, data: bytes) -> None:
        self.busy_s += len(data) * self.byte_s
        super().send(data)

    async def write(self, data: bytes) -> None:
        self.busy_s += len(data) * self.byte_s
        await super().write(data)


async def _hour(counters: int, seed: int) -> Told:
    addresses = range(1, counters + 1)
    shows = {_framed(0x15, each, code): f"{each} {lamp.value}" for each in addresses for lamp, code in LAMPS.items()}
    far = OddPads(
        link=Path("memory"),
        addresses=addresses,
        frame=lambda address, key: _framed(0x13, address, 0x31 + KEYS.index(key)),
        poll=lambda address: _framed(0x11, address),
        nothing=lambda address: _framed(0x13, address, 0x00),
        shows=shows,
        baud=BAUD,
    )
    cable = far.cable = _Counted(far.deliver, baud=BAUD)
    line = Line("memory", baud=BAUD, opener=cable.open)
    pads = PadLine(line, pad_code(PAD), addresses=tuple(addresses))
    loop = asyncio.get_running_loop()
    pressed: dict[int, list[tuple[float, str]]] = {each: [] for each in addresses}
    heard: dict[int, list[str]] = {each: [] for each in addresses}
    cycles: list[float] = []

    async def clerk(address: int) -> None:
        dice = random.Random(f"{seed} {address}")
        await asyncio.sleep(1 + dice.random() * MEAN_PAUSE_S)
        while loop.time() < HOUR_S:
            key = dice.choice(KEYS)
            pressed[address].append((loop.time(), key))
            far.press(address, key)
            await asyncio.sleep(SHORTEST_PAUSE_S + dice.expovariate(1 / MEAN_PAUSE_S))

    async def hall() -> None:
        async for press in pads.presses():
            heard[press.address].append(press.key.value)
            cycles.append(pads.cycle_s)
            lamp = (Lamp.GREEN, Lamp.RED)[len(heard[press.address]) % 2]
            loop.call_later(HALL_S, lambda at=press.address, lamp=lamp: answers.put_nowait((at, lamp)))  # type: ignore[misc]

    async def lights() -> None:
        while True:
            address, lamp = await answers.get()
            await pads.lamp(address, lamp)

    answers: asyncio.Queue[tuple[int, Lamp]] = asyncio.Queue()
    work = [asyncio.create_task(each) for each in (line.run(), hall(), lights())]
    await asyncio.gather(*(clerk(each) for each in addresses))
    await asyncio.sleep(2)
    for task in work:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*work)
    lit: dict[int, list[float]] = {each: [] for each in addresses}
    for what, at_s in zip(far.shown, far.shown_s, strict=True):
        lit[int(what.partition(" ")[0])].append(at_s)
    delays = [lit_s - at_s for each in addresses for (at_s, _), lit_s in zip(pressed[each], lit[each], strict=False)]
    return Told(
        counters=counters,
        pressed=sum(map(len, pressed.values())),
        lost=sum(max(0, len(pressed[each]) - len(heard[each])) for each in addresses),
        doubled=sum(max(0, len(heard[each]) - len(pressed[each])) for each in addresses),
        delays_s=delays,
        cycle_s=statistics.median(cycles),
        load=cable.busy_s / HOUR_S,
        misses=sum(each.misses for each in pads.heard.values()),
    )


def measure() -> None:
    """Press thirty pads on four polled lines for an hour of hall time: lost, doubled, press to lamp, cycle, load."""
    say = sys.stdout.write
    say(f"an hour of hall time, a press at each counter every {MEAN_PAUSE_S:g} s, {BAUD} baud, polled; ms\n")
    say(f"{'':8}{'pads':>6}{'presses':>9}{'lost':>6}{'doubled':>9}{'p50':>7}{'p99':>7}{'max':>7}")
    say(f"{'cycle':>8}{'load':>7}{'missed polls':>14}\n")
    for number, counters in enumerate(COUNTERS, start=1):
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            told = runner.run(_hour(counters, SEED + number))
        delays = sorted(told.delays_s)
        p99_s = delays[int(len(delays) * 0.99)]
        within = "" if p99_s <= told.cycle_s + ALLOWED_S else "  p99 IS ABOVE cycle + 50 ms"
        say(f"line {number:<3}{told.counters:6}{told.pressed:9}{told.lost:6}{told.doubled:9}")
        say(f"{statistics.median(delays) * 1000:7.0f}{p99_s * 1000:7.0f}{delays[-1] * 1000:7.0f}")
        say(f"{told.cycle_s * 1000:8.0f}{told.load:7.0%}{told.misses:14}{within}\n")
