"""The whole program in a window: touched over TUIO, on a real mosquitto, with a dispatcher and a printer's far end."""

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest
from oscpy.client import OSCClient

from broker.bus import Login, MqttBus
from broker.contract import wire
from broker.contract.messages import Hall
from broker.dispatcher import Dispatcher
from broker.journal import Journal
from hardware.simulators.escpos_printer import Report, SimulatedPrinter, SlipPrinted

PATIENCE_S = 15.0
CONFIG = """
node = "kiosk-1"
hall = "east"
state_dir = "{directory}/state"

[broker]
port = {broker_port}
password_file = "{directory}/password"

[screen]
ticket_s = 2
touch = "tuio,127.0.0.1:{touch_port}"

[printer]
port = "tcp:127.0.0.1:{printer_port}"
"""


class Mosquitto(Protocol):
    port: int

    def login(self, name: str) -> Login: ...


@dataclass
class Customer:
    """Whoever stands before the screen: reads the witness, touches by TUIO."""

    witness: Path
    touch_port: int
    touches: int = 0
    told: list[SlipPrinted] = field(default_factory=list)

    def seen(self) -> list[dict[str, Any]]:
        if not self.witness.exists():
            return []
        lines = self.witness.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]  # the last one may be half written

    async def sees(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            while not (lines := self.seen()) or not wanted(lines[-1]):  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.01)
        return lines[-1]

    async def touch(self, key: str) -> float:
        """Touch the middle of a key once it is there; return when, in the witness's milliseconds."""
        frame = await self.sees(lambda frame: key in frame["targets"] and frame["pressed"] is None)
        x0, y0, x1, y1 = frame["targets"][key]
        self.touches += 1
        finger = OSCClient("127.0.0.1", self.touch_port)
        at = time.monotonic() * 1000
        place = [b"set", self.touches, (x0 + x1) / 2, 1 - (y0 + y1) / 2, 0.0, 0.0, 0.0]
        finger.send_bundle([(b"/tuio/2Dcur", [b"alive", self.touches]), (b"/tuio/2Dcur", place)])
        await self.sees(lambda frame: frame["pressed"] == key)
        finger.send_bundle([(b"/tuio/2Dcur", [b"alive"])])
        return at

    async def reaches_home(self) -> None:
        """Touch what leads home until the services stand there in both languages, as the next customer wants them."""
        async with asyncio.timeout(2 * PATIENCE_S):
            before = 0
            while (now := len(self.seen())) != before or not (
                self.seen()[-1]["screen"] == "home" and self.seen()[-1]["both"]
            ):
                before, frame = now, self.seen()[-1]
                key = next((key for key in ("stay", "home", "cancel", "large") if key in frame["targets"]), None)
                if key is not None and not (frame["screen"] == "home" and frame["both"]):
                    self._tap(frame["targets"][key])
                await asyncio.sleep(1)  # longer than anything that is still to come from the storm

    def _tap(self, box: list[float]) -> None:
        finger = OSCClient("127.0.0.1", self.touch_port)
        self.touches += 1
        place = [b"set", self.touches, (box[0] + box[2]) / 2, 1 - (box[1] + box[3]) / 2, 0.0, 0.0, 0.0]
        finger.send_bundle([(b"/tuio/2Dcur", [b"alive", self.touches]), (b"/tuio/2Dcur", place)])
        finger.send_bundle([(b"/tuio/2Dcur", [b"alive"])])

    async def storm(self, chance: random.Random) -> None:
        """Lay ten fingers anywhere, drag them about, lift some; leave one lying there."""
        finger = OSCClient("127.0.0.1", self.touch_port)
        alive: list[int] = []
        for _ in range(300):
            self.touches += 1
            alive = [*alive[-9:], self.touches] if chance.random() < 0.6 else alive[1:]
            places = [
                (b"/tuio/2Dcur", [b"set", each, chance.random(), chance.random(), 0.0, 0.0, 0.0]) for each in alive
            ]
            finger.send_bundle([(b"/tuio/2Dcur", [b"alive", *alive]), *places])
            await asyncio.sleep(0)
        finger.send_bundle([(b"/tuio/2Dcur", [b"alive", *alive[-1:]])])


@contextlib.asynccontextmanager
async def program(config: Path, witness: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kiosk", "--config", str(config), "--witness", str(witness)),
        env={**os.environ, "SDL_VIDEODRIVER": "offscreen"},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.mark.screen
@pytest.mark.broker
async def test_a_customer_touches_twice_and_takes_a_slip(
    mosquitto: Mosquitto, small_hall: Hall, tmp_path: Path
) -> None:
    slips: list[SlipPrinted] = []

    def fell(report: Report) -> None:
        if isinstance(report, SlipPrinted):
            slips.append(report)

    dispatcher = Dispatcher(
        bus=MqttBus(login=mosquitto.login("dispatcher"), subscriptions=[wire.topic(small_hall.id, "cmd/{}", "+")]),
        journal=Journal(tmp_path / "journal"),
        hall=small_hall.id,
        poison=tmp_path / "poison",
        now=lambda: datetime.now(UTC),
    )
    dispatcher.open_day()
    dispatcher.configure(small_hall)
    touch_port = free_udp_port()
    (tmp_path / "password").write_text(mosquitto.login("kiosk-1").password, encoding="utf-8")
    config = tmp_path / "kiosk.toml"
    customer = Customer(witness=tmp_path / "seen" / "kiosk.jsonl", touch_port=touch_port)
    async with SimulatedPrinter(report=fell, speed_mm_s=400) as printer:
        config.write_text(
            CONFIG.format(
                directory=tmp_path, broker_port=mosquitto.port, touch_port=touch_port, printer_port=printer.port
            ),
            encoding="utf-8",
        )
        deciding = asyncio.get_running_loop().create_task(dispatcher.run())
        async with program(config, tmp_path / "seen") as kiosk:
            await customer.sees(lambda frame: frame["screen"] == "home" and "无人等候" in frame["texts"])
            await customer.touch("service:new")
            await customer.sees(lambda frame: frame["screen"] == "confirm")
            await customer.touch("take")
            shown = await customer.sees(lambda frame: frame["screen"] == "ticket" and "请取走小票" in frame["texts"])
            assert "B001" in shown["texts"]
            assert [slip.lines.count("B001") for slip in slips] == [1]
            home = await customer.sees(lambda frame: frame["screen"] == "home")
            assert home["both"] is True
            await customer.touch("language:en")
            await customer.touch("service:new")
            await customer.touch("take")
            shown = await customer.sees(
                lambda frame: frame["screen"] == "ticket" and "Take your slip" in frame["texts"]
            )
            assert "B002" in shown["texts"]
            assert "Wait in Waiting area, watch the screen" in " ".join(shown["texts"])
            for picture in ("kiosk-home-zh", "kiosk-confirm-zh", "kiosk-ticket-zh"):
                assert (tmp_path / "seen" / f"{picture}.png").stat().st_size > 10_000
            await customer.sees(lambda frame: frame["screen"] == "home")
            for seed in range(3):
                await customer.storm(random.Random(seed))  # noqa: S311
            await customer.reaches_home()
            await customer.touch("service:new")
            await customer.touch("take")
            shown = await customer.sees(lambda frame: frame["screen"] == "ticket" and "请取走小票" in frame["texts"])
            kiosk.send_signal(signal.SIGTERM)
            async with asyncio.timeout(3):
                assert await kiosk.wait() == 0
        deciding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await deciding
