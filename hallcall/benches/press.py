"""How long from a clerk's press to the sign, as a ratio to what the machine can do at best.

The floor is measured in the same run: one letter to another process, one fsync there, one letter back.
"""

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from broker.bus import BusDown, Letter, Login, MqttBus
from broker.contract import wire
from broker.contract.messages import ReportSlip, Role, SlipFate, TakeTicket, TicketTaken
from broker.link import HallLink, subscriptions, will

from ..demo import tally
from ..demo.cables import PAD_BAUD, SIGN_BAUD
from ..demo.floor import Floor
from ..demo.layout import Ports, clear, free_ports, lay_out
from ..demo.programs import Programs, mosquitto_command

HALL: Final = "chengdong"
PRESSES: Final = 60
FLOOR_TRIPS: Final = 150
FLOOR_PAUSE_S: Final = 0.1  # presses come one by one too: a machine at rest is slower than one in full flight
AIM: Final = 3.0  # times the floor, at p50
PAD_BITS: Final = 40  # four bytes of ten bits
SIGN_BITS: Final = 80
CABLE_MS: Final = 1000 * (PAD_BITS / PAD_BAUD + SIGN_BITS / SIGN_BAUD)  # physics: no program can be quicker
SIGN_GAP_S: Final = 0.3  # the sign line is free again


def percentiles(values: Sequence[float]) -> tuple[float, float]:
    """Return p50 and p99."""
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return cuts[49], cuts[98]


async def echo(login: Login, path: Path) -> None:
    """Be the far side of the floor: write each letter down, sync, send it back."""
    bus = MqttBus(login=login, subscriptions=[wire.topic(HALL, "cmd/{}", "kiosk-1")])
    with path.open("ab", buffering=0) as disk:

        def answer(letter: Letter) -> None:
            disk.write(letter.payload)
            os.fdatasync(disk.fileno())
            bus.publish(Letter(topic=wire.topic(HALL, "reply/{}", "kiosk-1"), payload=letter.payload))

        bus.listen(on_letter=answer, on_state=lambda _: None)
        await bus.run()


async def measure_floor(login: Login) -> list[float]:
    """Return round trips in milliseconds, one after the other."""
    back: asyncio.Queue[bytes] = asyncio.Queue()
    ready = asyncio.Event()
    bus = MqttBus(login=login, subscriptions=[wire.topic(HALL, "reply/{}", login.name)])
    bus.listen(on_letter=lambda letter: back.put_nowait(letter.payload), on_state=lambda _: ready.set())
    running = asyncio.create_task(bus.run())
    await ready.wait()
    trips: list[float] = []
    letter = Letter(topic=wire.topic(HALL, "cmd/{}", login.name), payload=b"x" * 120)
    while len(trips) < FLOOR_TRIPS:
        await asyncio.sleep(FLOOR_PAUSE_S)
        began = time.perf_counter()
        bus.publish(letter)
        with contextlib.suppress(TimeoutError):  # the far side is not there yet
            async with asyncio.timeout(0.5):
                await back.get()
                trips.append((time.perf_counter() - began) * 1000)
    running.cancel()
    return trips[FLOOR_TRIPS // 10 :]


class Bench:
    """A hall without screens and voice: broker, dispatcher, counter box, and simulated devices."""

    def __init__(self, directory: Path) -> None:
        clear(directory)
        ports = free_ports()
        self.directory = directory
        self.ports: Ports = replace(ports, switch=ports.broker)  # as in a hall: no simulated switch between
        self._cable_ports = ports
        settings = {"ticket_s": 8, "board_width": 1280, "board_height": 720, "speaker": "alsa:null"}
        self.hall = lay_out(directory, ports=self.ports, settings={**settings, "languages": '["zh"]', "repeats": 1})
        self.floor = Floor()
        self.programs = Programs(logs=directory / "logs", say=lambda what: print(what, file=sys.stderr))  # noqa: T201

    def login(self, name: str) -> Login:
        password = (self.directory / "config" / f"{name}.password").read_text(encoding="utf-8").strip()
        return Login(host="127.0.0.1", port=self.ports.broker, name=name, password=password)

    async def run(self) -> tuple[list[float], list[float]]:
        """Return the floor's and the presses' times in milliseconds."""
        python, config = sys.executable, self.directory / "config"
        self.programs.start("mosquitto", mosquitto_command(config / "mosquitto.conf"))
        self.programs.start("echo", [python, "-m", "hallcall.benches.press", "--echo", str(self.directory)])
        try:
            floor = await measure_floor(self.login("kiosk-1"))
            self.programs.retire("echo")
            for name, module in (("dispatcher", "broker.dispatcher"), ("counter", "counter")):
                self.programs.start(name, [python, "-m", module, "--config", str(config / f"{name}.toml")])
            arguments = [str(self.directory), str(len(self.hall.counters)), json.dumps(asdict(self._cable_ports))]
            self.programs.start(
                "cables",
                [python, "-m", "hallcall.demo.cables", *arguments],
                on_line=lambda line: self.floor.take(json.loads(line)),
            )
            return floor, await self._presses()
        finally:
            await self.programs.stop()

    async def _presses(self) -> list[float]:
        name, here = "kiosk-1", asyncio.Event()
        bus = MqttBus(
            login=self.login(name),
            subscriptions=subscriptions(hall=HALL, node=name, also=[]),
            will=will(hall=HALL, node=name, role=Role.KIOSK),
        )
        link = HallLink(
            bus=bus,
            hall=HALL,
            node=name,
            role=Role.KIOSK,
            clock=time.monotonic,
            on_hall_here=lambda is_here: here.set() if is_here else here.clear(),
        )
        running = asyncio.create_task(link.run())
        await here.wait()
        for _ in range(PRESSES):
            taken = await link.ask(TakeTicket(id=link.new_id(), service="pay"))
            if isinstance(taken, TicketTaken):
                await link.ask(ReportSlip(id=link.new_id(), visit=taken.visit, fate=SlipFate.PRINTED))
        await self.floor.until(lambda: self.floor.pad_texts.get(1, "").isdigit(), timeout_s=20)
        for _ in range(PRESSES):
            await asyncio.sleep(SIGN_GAP_S)
            self._order("call")
            await self.floor.until(lambda: bool(self.floor.signs.get(1)), timeout_s=5)
            await asyncio.sleep(SIGN_GAP_S)
            self._order("finish")
            await self.floor.until(lambda: not self.floor.signs.get(1), timeout_s=5)
        running.cancel()
        return tally.since_press(tally.line_was_free(self.floor), "sign_ms")

    def _order(self, key: str) -> None:
        self.programs.write("cables", json.dumps({"do": "press", "counter": 1, "key": key}))


def measure() -> None:
    """Time a clerk's press to the window sign, through real programs and simulated cables."""
    say = sys.stdout.write
    say(f"{FLOOR_TRIPS} round trips, then {PRESSES} presses: about a minute\n")
    with tempfile.TemporaryDirectory(prefix="hallcall-bench-") as place:
        floor, presses = asyncio.run(Bench(Path(place)).run())
    floor_p50, floor_p99 = percentiles(floor)
    press_p50, press_p99 = percentiles(presses)
    ratio_p50, ratio_p99 = (press_p50 - CABLE_MS) / floor_p50, (press_p99 - CABLE_MS) / floor_p99
    say(f"programs against the floor:     p50 {ratio_p50:6.2f} x    p99 {ratio_p99:6.2f} x    (aim at p50: {AIM:g})\n")
    say(f"floor, MQTT hop + fsync + hop:  p50 {floor_p50:6.2f} ms   p99 {floor_p99:6.2f} ms\n")
    say(f"press to sign, as seen:         p50 {press_p50:6.2f} ms   p99 {press_p99:6.2f} ms   ({len(presses)} calls)\n")
    say(f"of which on the serial cables:      {CABLE_MS:6.2f} ms\n")


def main(argv: list[str]) -> int:
    """Be the far side of the floor, in a process of its own."""
    parser = argparse.ArgumentParser(prog="hallcall.benches.press")
    parser.add_argument("--echo", type=Path, required=True)
    directory = parser.parse_args(argv).echo
    ports = Ports(**json.loads((directory / "config" / "ports.json").read_text(encoding="utf-8")))
    password = (directory / "config" / "dispatcher.password").read_text(encoding="utf-8").strip()
    login = Login(host="127.0.0.1", port=ports.broker, name="dispatcher", password=password)
    with contextlib.suppress(BusDown, KeyboardInterrupt):
        asyncio.run(echo(login, directory / "state" / "echo"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
