"""Nothing that people do before the kiosk's real window breaks it, and nothing leads out of it."""

import asyncio
import contextlib
import os
import random
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from oscpy.client import OSCClient

from broker.bus import MqttBus
from broker.contract import wire
from broker.contract.messages import Hall
from broker.dispatcher import Dispatcher
from broker.journal import Journal
from hardware.simulators.escpos_printer import Report, SimulatedPrinter, SlipPrinted

from .test_window import CONFIG, Customer, Mosquitto, free_udp_port

PROGRAM = Path(__file__).with_name("typed_window.py")
BUSY_MS = 500.0  # on a machine that runs other tests too; alone it takes a frame
FULLSCREEN = CONFIG.replace("[screen]\n", "[screen]\nfullscreen = true\nidle_s = 10\n")


@dataclass
class Fingers:
    """Ten fingers on the glass, over TUIO; places are parts of the window, y downwards."""

    port: int
    number: int = 10_000

    def __post_init__(self) -> None:
        self._osc = OSCClient("127.0.0.1", self.port)
        self._down: dict[int, tuple[float, float]] = {}

    def lay(self, x: float, y: float) -> int:
        self.number += 1
        self.move(self.number, x, y)
        return self.number

    def move(self, finger: int, x: float, y: float) -> None:
        self._down[finger] = (x, y)
        self._tell()

    def lift(self, finger: int) -> None:
        del self._down[finger]
        self._tell()

    def _tell(self) -> None:
        places = [(b"/tuio/2Dcur", [b"set", each, x, y, 0.0, 0.0, 0.0]) for each, (x, y) in self._down.items()]
        self._osc.send_bundle([(b"/tuio/2Dcur", [b"alive", *self._down]), *places])


def middle(frame: dict[str, Any], key: str) -> tuple[float, float]:
    x0, y0, x1, y1 = frame["targets"][key]
    return (x0 + x1) / 2, 1 - (y0 + y1) / 2


@contextlib.asynccontextmanager
async def stormy_program(config: Path, witness: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(PROGRAM), "--config", str(config), "--witness", str(witness)),
        env={**os.environ, "SDL_VIDEODRIVER": "offscreen"},
        stdin=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def at_200_a_second(fingers: Fingers, chance: random.Random, *, seconds: float) -> int:
    """Tap anywhere, 200 times a second; return how often."""
    begun, taps = time.monotonic(), 0
    while time.monotonic() < begun + seconds:
        fingers.lift(fingers.lay(chance.random(), chance.random()))
        taps += 1
        await asyncio.sleep(max(0, begun + taps / 200 - time.monotonic()))
    return taps


@contextlib.asynccontextmanager
async def serving(mosquitto: Mosquitto, hall: Hall, directory: Path) -> AsyncIterator[None]:
    """Let a dispatcher decide."""
    dispatcher = Dispatcher(
        bus=MqttBus(login=mosquitto.login("dispatcher"), subscriptions=[wire.topic(hall.id, "cmd/{}", "+")]),
        journal=Journal(directory / "journal"),
        hall=hall.id,
        poison=directory / "poison",
        now=lambda: datetime.now(UTC),
    )
    dispatcher.open_day()
    dispatcher.configure(hall)
    deciding = asyncio.get_running_loop().create_task(dispatcher.run())
    try:
        yield
    finally:
        deciding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await deciding


@pytest.mark.screen
@pytest.mark.broker
async def test_fingers_keys_and_close_requests_break_nothing(
    mosquitto: Mosquitto, small_hall: Hall, tmp_path: Path
) -> None:
    slips: list[SlipPrinted] = []

    def fell(report: Report) -> None:
        if isinstance(report, SlipPrinted):
            slips.append(report)

    touch_port = free_udp_port()
    (tmp_path / "password").write_text(mosquitto.login("kiosk-1").password, encoding="utf-8")
    config = tmp_path / "kiosk.toml"
    customer = Customer(witness=tmp_path / "seen" / "kiosk.jsonl", touch_port=touch_port)
    fingers = Fingers(port=touch_port)
    async with SimulatedPrinter(report=fell, speed_mm_s=2000) as printer, serving(mosquitto, small_hall, tmp_path):
        ports = {"broker_port": mosquitto.port, "touch_port": touch_port, "printer_port": printer.port}
        config.write_text(FULLSCREEN.format(directory=tmp_path, **ports), encoding="utf-8")
        async with stormy_program(config, tmp_path / "seen") as kiosk:
            assert kiosk.stdin is not None
            home = await customer.sees(lambda frame: frame["screen"] == "home" and "无人等候" in frame["texts"])

            # dragged out of a key: nothing is touched
            finger = fingers.lay(*middle(home, "service:new"))
            await customer.sees(lambda frame: frame["pressed"] == "service:new")
            fingers.move(finger, 0.5, 0.01)
            fingers.lift(finger)
            await customer.sees(lambda frame: frame["pressed"] is None and frame["screen"] == "home")

            # nine fingers rest on the glass, and the tenth does what it wants; a long one counts once
            resting = [fingers.lay(0.05 + place / 12, 0.99) for place in range(9)]
            finger = fingers.lay(*middle(home, "service:new"))
            await customer.sees(lambda frame: frame["pressed"] == "service:new")
            kiosk.stdin.write(b"!200\n")  # meanwhile somebody hammers on a keyboard
            fingers.lift(finger)
            confirm = await customer.sees(lambda frame: frame["screen"] == "confirm")
            for finger in resting:
                fingers.lift(finger)

            # touched again and again while the page changes: one number
            for _ in range(5):
                fingers.lift(fingers.lay(*middle(confirm, "take")))
            await customer.sees(lambda frame: frame["screen"] == "ticket" and "请取走小票" in frame["texts"])
            assert len(slips) == 1

            # 200 touches a second anywhere, with keys and close requests among them
            kiosk.stdin.write(b"!600\n")
            assert await at_200_a_second(fingers, random.Random(7), seconds=4) > 400  # noqa: S311
            assert kiosk.returncode is None, "somebody got out"
            await customer.reaches_home()

            before = len(slips)
            await customer.touch("service:new")
            await customer.touch("take")
            await customer.sees(lambda frame: frame["screen"] == "ticket" and "请取走小票" in frame["texts"])
            assert len(slips) == before + 1
    answers = [frame["answered_ms"] for frame in customer.seen() if frame["answered_ms"] is not None]
    assert len(answers) > 8
    assert median(answers) < BUSY_MS


@pytest.mark.screen
@pytest.mark.broker
async def test_a_window_that_is_not_locked_can_be_closed(mosquitto: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(mosquitto.login("kiosk-1").password, encoding="utf-8")
    config = tmp_path / "kiosk.toml"
    ports = {"broker_port": mosquitto.port, "touch_port": free_udp_port(), "printer_port": 9}
    config.write_text(CONFIG.format(directory=tmp_path, **ports), encoding="utf-8")
    async with stormy_program(config, tmp_path / "seen") as kiosk, asyncio.timeout(30):
        assert kiosk.stdin is not None
        kiosk.stdin.write(b"!50\n" * 20)
        assert await kiosk.wait() == 0
