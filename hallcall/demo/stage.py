"""One run of the demo: its programs, its floor, its people, and what is seen of them."""

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from broker.bus import Login
from broker.contract.messages import Hall

from . import casting
from .acts import Acts
from .desk import Desk
from .floor import Floor
from .layout import Ports, free_ports, lay_out
from .people import Crowd
from .programs import Programs
from .recorder import Recorder
from .seen import CounterSeen, HallSeen
from .touch import Finger
from .witnesses import follow

log = logging.getLogger(__name__)

NOT_PLAYED: Final = {"supervisor", "watch"}  # roles of nodes that are no program of the demo's
READY_S: Final = 60.0
EVENING_S: Final = 30.0  # for the last announcements and ratings, when everybody has gone
BETWEEN_ARRIVALS_S: Final = 6.0  # in a demo without end
LOOK_S: Final = 0.1
REMIND_S: Final = 1.0  # a panel that was started again hears the state so soon


class View(Protocol):
    """Where a run is told: a live terminal, or plain lines."""

    def say(self, text: str) -> None: ...

    def news(self, text: str) -> None: ...

    def show(self, seen: HallSeen) -> None: ...


class Stage:
    """The whole hall of one run. `desk` places the windows; without one nothing has a window that a person sees."""

    def __init__(
        self, *, directory: Path, visitors: int | None, seed: int, desk: Desk | None, silent: bool, view: View
    ) -> None:
        self.directory = directory
        self.visitors = visitors
        self.languages = ["zh"] if visitors is not None else ["zh", "en"]
        self.repeats = 1 if visitors is not None else 2
        self.silent = silent
        self.stopped = asyncio.Event()
        self._desk = desk
        self._view = view
        self._messages: deque[str] = deque(maxlen=8)
        self._ports: Ports = free_ports()
        self.hall: Hall = lay_out(directory, ports=self._ports, settings=self._settings())
        self.floor = Floor(tell=self._news, hears=silent)
        self._programs = Programs(logs=directory / "logs", say=self.say)
        self._recorder = Recorder(hall=self.hall.id, login=self._login("recorder"), log=directory / "mqtt.log")
        self.crowd = Crowd(
            floor=self.floor,
            finger=Finger(port=self._ports.touch),
            order=self.order,
            services=[service.id for service in self.hall.services],
            seed=seed,
        )
        self._acts = Acts(hall=self.hall, order=self.order, programs=self._programs, crowd=self.crowd, spawn=self.spawn)
        self._tasks: set[asyncio.Task[None]] = set()
        self._up: dict[str, bool] = dict.fromkeys(self._expected, False)
        self._open = False

    def _settings(self) -> dict[str, object]:
        return {
            "ticket_s": 2 if self._desk is None else 8,
            "speaker": f"tcp:127.0.0.1:{self._ports.speaker}" if self.silent else "alsa:default",
            "languages": json.dumps(self.languages),
            "repeats": self.repeats,
            **casting.window_sizes(self._desk),
        }

    @property
    def _expected(self) -> list[str]:
        return ["dispatcher", *(node.id for node in self.hall.nodes if node.role.value not in NOT_PLAYED)]

    def _login(self, name: str) -> Login:
        password = (self.directory / "config" / f"{name}.password").read_text(encoding="utf-8").strip()
        return Login(host="127.0.0.1", port=self._ports.broker, name=name, password=password)

    def say(self, text: str) -> None:
        """Tell something that stays readable."""
        self._messages.append(text)
        self._view.say(text)

    def _news(self, text: str) -> None:
        self._messages.append(text)
        self._view.news(text)

    def order(self, **act: object) -> None:
        """Do something at the far end of a cable."""
        self._programs.write("cables", json.dumps(act))

    def act(self, act: Mapping[str, object]) -> None:
        """Do what a key of the panel or of the terminal means."""
        if not self._acts.do(act):
            self.say(f"nobody knows how to do {json.dumps(act, ensure_ascii=False)}")

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("the demo itself failed", exc_info=error)
            self.stop(f"the demo itself failed: {error!r}")

    def stop(self, why: str) -> None:
        """Let the run end, and say why."""
        self.say(why)
        self.stopped.set()

    def start(self) -> None:
        """Start every program; each waits by itself for what it needs."""
        for each in casting.cast(self.directory, hall=self.hall, ports=self._ports, desk=self._desk):
            self._programs.start(
                each.name,
                each.argv,
                environment=each.environment,
                on_line={"cables": self._cables_say, "panel": self._panel_says}.get(each.name),
                on_close=self.stopped.set if each.name == "panel" else None,
            )
        self.spawn(self._recorder.run())
        self.spawn(follow(self.directory / "screens" / "kiosk.jsonl", self.floor.see_kiosk))
        self.spawn(follow(self.directory / "screens" / "board.jsonl", self.floor.see_board))
        self.spawn(self._keep_showing())

    def _cables_say(self, line: str) -> None:
        self.floor.take(json.loads(line))

    def _panel_says(self, line: str) -> None:
        self.act(json.loads(line))

    async def _keep_showing(self) -> None:
        told: HallSeen | None = None
        told_s = 0.0
        while True:
            self._tell_who_is_up()
            seen = self.look()
            self._view.show(seen)
            if self._desk is not None and self._programs.reads("panel"):
                now_s = time.monotonic()
                if seen != told or now_s - told_s > REMIND_S:
                    told, told_s = seen, now_s
                    self._programs.write("panel", msgspec.json.encode(seen).decode())
            await asyncio.sleep(LOOK_S)

    def _tell_who_is_up(self) -> None:
        for name in self._expected:
            presence = self._recorder.present.get(name)
            is_up = presence is not None and presence.up
            if is_up != self._up[name]:
                self._up[name] = is_up
                self._news(f"{name} 在线 is up" if is_up else f"{name} 离线 is away")

    def look(self) -> HallSeen:
        """Return what can be seen of the hall now."""
        floor, crowd = self.floor, self.crowd
        called = {each.ticket for each in floor.glimpses.values()}
        return HallSeen(
            zh=self.hall.name.zh,
            en=self.hall.name.en,
            counters=tuple(self._counter(each.number) for each in self.hall.counters),
            nodes=dict(self._up),
            is_open=self._open,
            kiosk=floor.glass.screen,
            slips=tuple(floor.slips[-6:]),
            board=tuple((row["ticket"], row["counter"]) for row in floor.board_rows),
            printed=len(floor.slips),
            called=len(floor.glimpses),
            spoken=len(floor.announcements) if self.silent else None,
            served=sum(1 for each in floor.glimpses.values() if each.served),
            rated=sum(1 for each in floor.glimpses.values() if each.rating is not None),
            waiting=sum(1 for ticket in floor.slips if ticket not in called),
            people=crowd.inside,
            gone=len(crowd.gone),
            expected=self.visitors,
            lost=len(floor.lost),
            doubled=len(floor.doubled),
            paper=floor.paper,
            network=floor.network,
            clerks=crowd.clerks_at_work.is_set(),
            messages=tuple(self._messages),
        )

    def _counter(self, number: int) -> CounterSeen:
        floor = self.floor
        return CounterSeen(
            number=number,
            sign=floor.signs.get(number, ""),
            lamp=floor.lamps.get(number, "off"),
            pad=floor.pad_texts.get(number, ""),
            asking=floor.asking.get(number, False),
            plugged=number not in floor.unplugged,
        )

    async def ready(self) -> bool:
        """Wait until everybody is at their place; say who is not."""
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            present = self._recorder.present
            if set(self._expected) <= present.keys() and self._recorder.ready and self.floor.glass.screen == "home":
                self._open = True
                return True
            await asyncio.sleep(LOOK_S)
        missing = sorted(set(self._expected) - self._recorder.present.keys())
        self.say(f"the hall is not ready after {READY_S:.0f} s: no word of {missing}; {self._recorder.troubles()}")
        return False

    def staff(self) -> None:
        """Put a virtual clerk to work at every counter."""
        self.act({"act": "auto", "on": True})

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

    async def arrivals(self) -> None:
        """Let people come in for ever."""
        while True:
            self.spawn(self.crowd.send())
            await asyncio.sleep(BETWEEN_ARRIVALS_S)

    async def close(self) -> None:
        """Send everybody home and end every program."""
        for task in list(self._tasks):
            task.cancel()
        await self._programs.stop()

    def page(self) -> str:
        site = f"http://127.0.0.1:{self._ports.web}/"
        who = "工号 clerk 0317, 密码 PIN 2468; 主管 supervisor 9001, 1357"
        return f"大屏网页 the board in a browser: {site}\n窗口工作台 the clerk's console: {site}console ({who})"

    def invitation(self) -> str:
        guest = self._login("guest")
        return (
            f"watch with any MQTT client: mosquitto_sub -V 5 -h {guest.host} -p {guest.port} -u {guest.name} "
            f"-P {guest.password} -t 'hallcall/1/{self.hall.id}/#' -v"
        )
