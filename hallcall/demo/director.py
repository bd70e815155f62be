"""The demo's director: `hallcall demo`. Starts the hall, sends people into it, counts, and says what it sees."""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from broker.bus import Login
from broker.contract.messages import Hall

from . import tally
from .floor import Floor
from .layout import NotOurs, Ports, clear, free_ports, lay_out
from .people import Crowd
from .programs import Programs, mosquitto_command
from .recorder import Recorder
from .touch import Finger
from .witnesses import follow

READY_S: Final = 60.0
EVENING_S: Final = 30.0  # for the last announcements and ratings, when everybody has gone
CROWD: Final = 30  # people whom the panel's button sends
BETWEEN_ARRIVALS_S: Final = 6.0  # in a demo without end


class Demo:
    """One run: its programs, its floor, its people."""

    def __init__(self, *, directory: Path, options: argparse.Namespace, headless: bool) -> None:
        self.directory = directory
        self.options = options
        self.headless = headless
        self.ports: Ports = free_ports()
        self.languages = ["zh"] if options.visitors is not None else ["zh", "en"]
        self.repeats = 1 if options.visitors is not None else 2
        self.silent = headless or options.visitors is not None or not _has_sound()
        self.hall: Hall = lay_out(directory, ports=self.ports, settings=self._settings())
        self.floor = Floor()
        self.said: list[str] = []
        self.programs = Programs(logs=directory / "logs", say=self.say)
        self.recorder = Recorder(hall=self.hall.id, login=self._login("recorder"), log=directory / "mqtt.log")
        self.crowd = Crowd(
            floor=self.floor,
            finger=Finger(port=self.ports.touch),
            order=self.order,
            services=[service.id for service in self.hall.services],
            seed=options.seed,
        )
        self.tasks: set[asyncio.Task[None]] = set()

    def _settings(self) -> dict[str, object]:
        return {
            "ticket_s": 2 if self.headless else 8,
            "board_width": 1920 if self.headless else 1280,
            "board_height": 1080 if self.headless else 720,
            "speaker": f"tcp:127.0.0.1:{self.ports.speaker}" if self.silent else "alsa:default",
            "languages": json.dumps(self.languages),
            "repeats": self.repeats,
        }

    def _login(self, name: str) -> Login:
        password = (self.directory / "config" / f"{name}.password").read_text(encoding="utf-8").strip()
        return Login(host="127.0.0.1", port=self.ports.broker, name=name, password=password)

    def say(self, what: str) -> None:
        self.said.append(what)
        sys.stdout.write(f"  {what}\n")
        sys.stdout.flush()

    def order(self, **act: object) -> None:
        """Do something at the far end of a cable."""
        self.programs.write("cables", json.dumps(act))

    def spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.say(f"the demo itself failed: {error!r}")
            os.kill(os.getpid(), signal.SIGTERM)

    def start(self) -> None:
        """Start every program; each waits by itself for what it needs."""
        python, config, screens = sys.executable, self.directory / "config", str(self.directory / "screens")
        window = {"SDL_VIDEODRIVER": "offscreen"} if self.headless else {}
        self.programs.start("mosquitto", mosquitto_command(config / "mosquitto.conf"))
        self.programs.start(
            "cables",
            [
                python,
                "-m",
                "hallcall.demo.cables",
                str(self.directory),
                str(len(self.hall.counters)),
                json.dumps(asdict(self.ports)),
            ],
            on_line=lambda line: self.floor.take(json.loads(line)),
        )
        for name, module, witness, environment in (
            ("dispatcher", "broker.dispatcher", False, {}),
            ("kiosk", "kiosk", True, window),
            ("board", "display", True, window),
            ("voice", "display", False, {}),
            ("counter", "counter", False, {}),
        ):
            argv = [python, "-m", module, "--config", str(config / f"{name}.toml")]
            argv += ["--witness", screens] if witness else []
            self.programs.start(name, argv, environment=environment)
        self.spawn(self.recorder.run())
        self.spawn(follow(self.directory / "screens" / "kiosk.jsonl", self.floor.see_kiosk))
        self.spawn(follow(self.directory / "screens" / "board.jsonl", self.floor.see_board))

    async def ready(self) -> bool:
        """Wait until everybody is at their place; say who is not."""
        expected = {node.id for node in self.hall.nodes if node.role.value != "watch"} | {"dispatcher"}
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            if expected <= self.recorder.present.keys() and self.recorder.ready and self.floor.glass.screen == "home":
                return True
            await asyncio.sleep(0.1)
        missing = sorted(expected - self.recorder.present.keys())
        self.say(f"the hall is not ready after {READY_S:.0f} s: no word of {missing}; {self.recorder.troubles()}")
        return False

    async def visit(self, visitors: int, no_shows: int) -> None:
        """Send people through the hall, one after the other to the kiosk, and wait until the last has left."""
        stay_away = {round((number + 0.5) * visitors / no_shows) for number in range(no_shows)} if no_shows else set()
        async with asyncio.TaskGroup() as people:
            for number in range(visitors):
                people.create_task(self.crowd.send(stays=number not in stay_away))
        await self.floor.until(self._all_gone, timeout_s=EVENING_S)

    def _all_gone(self) -> bool:
        return (
            self.floor.quiet
            and len(self.floor.glimpses) >= len(self.floor.slips)
            and not any(self.floor.signs.values())
        )

    def staff(self) -> None:
        for counter in self.hall.counters:
            self.spawn(self.crowd.staff(counter.number))

    def report(self, visitors: int, no_shows: int) -> list[str]:
        """Count what the far ends saw, write calls.jsonl and summary.json, and return what is wrong."""
        audio = self.directory / "audio"
        errors = tally.recognise(self.floor, audio=audio, languages=self.languages, repeats=self.repeats)
        errors += tally.mismatches(self.floor, visitors=visitors, no_shows=no_shows, unlucky=self.crowd.unlucky)
        lines = [json.dumps(call, ensure_ascii=False) for call in tally.calls(self.floor)]
        (self.directory / "calls.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        summary = tally.summary(self.floor, visitors=visitors, errors=errors)
        text = json.dumps(summary, ensure_ascii=False, indent=2)
        (self.directory / "summary.json").write_text(text + "\n", encoding="utf-8")
        self.say(f"summary.json: {json.dumps(summary, ensure_ascii=False)}")
        return errors

    def invitation(self) -> str:
        guest = self._login("guest")
        return (
            f"watch with any MQTT client: mosquitto_sub -V 5 -h {guest.host} -p {guest.port} -u {guest.name} "
            f"-P {guest.password} -t 'hallcall/1/{self.hall.id}/#' -v"
        )


async def _run(directory: Path, options: argparse.Namespace, *, headless: bool) -> int:
    demo = Demo(directory=directory, options=options, headless=headless)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    demo.say(f"the hall's files: {demo.directory}")
    demo.start()
    try:
        if not await _unless(stopped, demo.ready()):
            return 1
        demo.say("the hall is open")
        if options.hold:
            demo.say(demo.invitation())
        errors: list[str] = []
        if options.visitors is not None:
            demo.staff()
            began = time.monotonic()
            await _unless(stopped, demo.visit(options.visitors, options.no_shows))
            demo.say(f"{options.visitors} visitors in {time.monotonic() - began:.0f} s")
        elif demo.headless:
            demo.staff()
            demo.spawn(_arrivals(demo))
        if options.visitors is None or options.hold:
            await stopped.wait()
    finally:
        for task in list(demo.tasks):
            task.cancel()
        await demo.programs.stop()
    if options.visitors is not None:
        errors = demo.report(options.visitors, options.no_shows)
        for error in errors:
            demo.say(f"MISSING: {error}")
        return 1 if errors else 0
    return 0


async def _arrivals(demo: Demo) -> None:
    while True:
        demo.spawn(demo.crowd.send())
        await asyncio.sleep(BETWEEN_ARRIVALS_S)


async def _unless(stopped: asyncio.Event, work: Any) -> Any:
    """Return what `work` returns, or None when the demo is stopped first."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stopped.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        stopping.cancel()
        return working.result()
    working.cancel()
    return None


def _has_screen() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _has_sound() -> bool:
    cards = Path("/proc/asound/cards")
    return cards.exists() and "no soundcards" not in cards.read_text(encoding="utf-8")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="hallcall demo", description="A whole hall on this machine 一台电脑上的整个营业厅"
    )
    parser.add_argument("--headless", action="store_true", help="no windows: virtual people act on the devices")
    parser.add_argument("--visitors", type=int, metavar="N", help="send N visitors, count everything, and end")
    parser.add_argument("--no-shows", type=int, default=0, metavar="N", help="how many of them do not come when called")
    parser.add_argument("--seed", type=int, default=1, help="of the virtual people's chances")
    parser.add_argument("--out", type=Path, help="directory for all that the run leaves behind")
    parser.add_argument(
        "--hold", action="store_true", help="keep the hall running until Ctrl-C; print a login to watch"
    )
    options = parser.parse_args(argv)
    directory = (options.out or Path(tempfile.mkdtemp(prefix="hallcall-demo-"))).resolve()
    try:
        clear(directory)
    except NotOurs as error:
        sys.stderr.write(f"{error}\n")
        return 2
    headless = options.headless or not _has_screen()
    return asyncio.run(_run(directory, options, headless=headless))
