"""A scanner beside the kiosk's node: codes go on, and what ails it is told in words for a technician."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from broker.config import Scanner
from broker.contract.messages import DeviceState
from hardware.simulators.line_scanner import SimulatedScanner
from kiosk.scanners import MANY, ScannerLine


@dataclass
class Kiosk:
    """What the kiosk hears, and what its presence says of the scanner."""

    codes: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    health: asyncio.Queue[tuple[DeviceState, str]] = field(default_factory=asyncio.Queue)


@contextlib.asynccontextmanager
async def running(about: Scanner, kiosk: Kiosk) -> AsyncIterator[None]:
    line = ScannerLine(
        about, on_code=kiosk.codes.put_nowait, on_health=lambda state, detail: kiosk.health.put_nowait((state, detail))
    )
    tasks = [asyncio.create_task(line.run_line()), asyncio.create_task(line.run_codes())]
    try:
        yield
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_scanner_is_told_when_it_goes_and_comes_and_its_next_code_is_read(tmp_path: Path) -> None:
    kiosk, link = Kiosk(), tmp_path / "scanner"
    about = Scanner(port=f"serial:{link}?baud=115200", prefix="\x02", suffix="#")
    device = SimulatedScanner(link=link, baud=115200, preamble=b"\x02", postamble=b"#", terminator=b"\r")
    async with asyncio.timeout(10), device as scanner, running(about, kiosk):
        assert await kiosk.health.get() == (DeviceState.OK, "")
        scanner.scan("HC1:T:B014")
        assert await kiosk.codes.get() == "HC1:T:B014"
        scanner.cable.unplug()
        state, detail = await kiosk.health.get()
        assert state is DeviceState.FAULT
        assert "check its cable" in detail
        scanner.cable.plug()
        assert await kiosk.health.get() == (DeviceState.OK, "")
        scanner.scan("B015")
        assert await kiosk.codes.get() == "B015"


@pytest.mark.parametrize("prefix", ["", "]Q1"])
async def test_nothing_but_rubbish_is_told_until_a_code_comes(tmp_path: Path, prefix: str) -> None:
    kiosk, link = Kiosk(), tmp_path / "scanner"
    about = Scanner(port=f"serial:{link}?baud=115200", prefix=prefix)
    device = SimulatedScanner(link=link, baud=115200, preamble=prefix.encode())
    async with asyncio.timeout(10), device as scanner, running(about, kiosk):
        assert await kiosk.health.get() == (DeviceState.OK, "")
        for _ in range(MANY):
            scanner.garble()
        state, detail = await kiosk.health.get()
        assert state is DeviceState.WARNING
        assert "check its speed, and prefix and suffix in [scanner]" in detail
        scanner.scan("B014")
        assert await kiosk.codes.get() == "B014"
        assert await kiosk.health.get() == (DeviceState.OK, "")
