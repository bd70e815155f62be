"""How long from a text to what people read on a sign: on a free line, and behind others on a busy one."""

import asyncio
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hardware.drivers.alpha_sign import AlphaCode
from hardware.drivers.candle_sign import CandleCode
from hardware.drivers.generic_sign import GenericCode
from hardware.drivers.line_signs import LineSigns, SignCode
from hardware.drivers.modbus_sign import ModbusCode
from hardware.line import Line
from hardware.sign_frames import Check, GenericSign
from hardware.simulators.alpha_signs import SimulatedAlphaSigns
from hardware.simulators.candle_signs import SignShows, SimulatedSigns
from hardware.simulators.led_bars import SimulatedBars
from hardware.simulators.modbus_panels import SimulatedPanels
from hardware.simulators.reports import Reports

CALLS: Final = 30
CROWDS: Final = (2, 4, 8, 16)
FIRST: Final = 33
BAR: Final = GenericSign(
    show="7E [ {address} {length} ( 31 {text} ) ] {check} 7F", characters=8, check=Check.XOR, gap_ms=50
)


@dataclass(frozen=True, kw_only=True)
class Kind:
    name: str
    baud: int
    code: Callable[[], SignCode]
    far: Callable[[Path, Reports], AbstractAsyncContextManager[object]]


ADDRESSES: Final = range(FIRST, FIRST + max(CROWDS))
KINDS: Final = (
    Kind(
        name="Candle",
        baud=57600,
        code=CandleCode,
        far=lambda link, seen: SimulatedSigns(link=link, addresses=ADDRESSES, report=seen),
    ),
    Kind(
        name="Modbus",
        baud=9600,
        code=ModbusCode,
        far=lambda link, seen: SimulatedPanels(link=link, addresses=ADDRESSES, report=seen),
    ),
    Kind(
        name="Alpha",
        baud=9600,
        code=AlphaCode,
        far=lambda link, seen: SimulatedAlphaSigns(link=link, addresses=ADDRESSES, report=seen),
    ),
    Kind(
        name="LED bar",
        baud=9600,
        code=lambda: GenericCode(BAR),
        far=lambda link, seen: SimulatedBars(link=link, addresses=ADDRESSES, report=seen),
    ),
)


async def _delays(kind: Kind, place: Path) -> tuple[list[float], dict[int, float], float]:
    """Return milliseconds: of calls on a free line, of the last of several at once, on the wire of one frame."""
    seen, up, loop = Reports(), asyncio.Event(), asyncio.get_running_loop()
    line = Line(f"serial:{place}?baud={kind.baud}", baud=kind.baud, on_link=lambda *_: up.set())
    code = kind.code()
    signs = LineSigns(line, code)
    wire_ms = len(code.shown(FIRST, "A012", blinks=0)[0]) * 10_000 / kind.baud
    async with kind.far(place, seen):
        running = asyncio.create_task(line.run())
        await up.wait()
        free: list[float] = []
        for number in range(CALLS):
            await asyncio.sleep(code.gap_s + 0.05)
            began_ms = loop.time() * 1000
            signs.show(FIRST, f"A{number:03}")
            free.append((await seen.next(SignShows)).monotonic_ms - began_ms)
        crowds: dict[int, float] = {}
        for crowd in CROWDS:
            await asyncio.sleep(code.gap_s + 0.05)
            began_ms = loop.time() * 1000
            for address in ADDRESSES[:crowd]:
                signs.show(address, f"b{crowd:03}")
            crowds[crowd] = max([(await seen.next(SignShows)).monotonic_ms for _ in range(crowd)]) - began_ms
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return free, crowds, wire_ms


async def _beside_the_dead(place: Path) -> float:
    """Return milliseconds for a living panel that is called right after three dead ones."""
    seen, up, loop = Reports(), asyncio.Event(), asyncio.get_running_loop()
    line = Line(f"serial:{place}?baud=9600", baud=9600, on_link=lambda *_: up.set())
    signs = LineSigns(line, ModbusCode())
    async with SimulatedPanels(link=place, addresses=(FIRST,), report=seen):
        running = asyncio.create_task(line.run())
        await up.wait()
        for address in (1, 2, 3):
            signs.show(address, "A001")
        await asyncio.sleep(2)  # by then they are known to be dead
        began_ms = loop.time() * 1000
        for address in (1, 2, 3):
            signs.show(address, "A002")
        signs.show(FIRST, "A003")
        delay_ms = (await seen.next(SignShows)).monotonic_ms - began_ms
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return delay_ms


def measure() -> None:
    """Time a text to a sign: each kind on a free line, and the last of several called at once."""
    say = sys.stdout.write
    say(f"{CALLS} texts on a free line; then several signs of one line at the same instant, the last of them\n")
    crowds = "".join(f"{crowd:>4} signs" for crowd in CROWDS)
    say(f"{'':10}{'free p50':>10}{'free max':>10}{'on the wire':>13}   busy:{crowds}   (ms)\n")
    with tempfile.TemporaryDirectory(prefix="hallcall-bench-") as folder:
        for index, kind in enumerate(KINDS):
            free, busy, wire_ms = asyncio.run(_delays(kind, Path(folder) / f"line{index}"))
            say(_row(kind.name, free, list(busy.values()), wire_ms))
        dead_ms = asyncio.run(_beside_the_dead(Path(folder) / "dead"))
    say(f"a living panel, called right behind three that are known to be dead: {dead_ms:.1f} ms\n")


def _row(name: str, free: Sequence[float], busy: Sequence[float], wire_ms: float) -> str:
    columns = "".join(f"{each:10.0f}" for each in busy)
    return f"{name:10}{statistics.median(free):10.1f}{max(free):10.1f}{wire_ms:13.1f}        {columns}\n"
