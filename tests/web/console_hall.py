"""A hall with a console: mosquitto, dispatcher and web server as processes; a kiosk, a pad, browsers' requests."""

import asyncio
import contextlib
import http.client
import json
import os
import ssl
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self

from broker.bus import MqttBus
from broker.contract.messages import (
    AnyAnswer,
    AnyCommand,
    AnyView,
    CallNext,
    CounterView,
    FinishService,
    Hall,
    ReportSlip,
    Role,
    SlipFate,
    TakeTicket,
    TicketTaken,
)
from broker.link import HallLink, subscriptions, will
from tests.conftest import BrokerProcess, free_port
from web.pins import Pins, WebRole

PATIENCE_S = 50.0  # a busy machine
HALL = """
id = "east"
name = { zh = "东区供电营业厅", en = "East Service Hall" }
slip_grace_s = 0
zones = [{ id = "main", name = { zh = "等候区", en = "Waiting area" } }]
services = [
    { id = "bill", name = { zh = "电费", en = "Bills" }, prefix = "A", zone = "main" },
    { id = "new", name = { zh = "新装", en = "New supply" }, prefix = "B", zone = "main" },
]
counters = [
    { number = 1, zone = "main", skills = ["bill", "new"] },
    { number = 2, zone = "main", skills = ["bill"] },
]
classes = [
    { id = "courtesy", name = { zh = "关爱", en = "Courtesy" } },
    { id = "ordinary", name = { zh = "普通", en = "Ordinary" } },
]
clerks = [{ id = "0731" }, { id = "0802" }, { id = "boss" }]
nodes = [
    { id = "kiosk-1", role = "kiosk" },
    { id = "box-1", role = "counter", counters = [1, 2] },
    { id = "web-1", role = "web" },
]
"""
DISPATCHER = """
node = "dispatcher"
hall = "east"
state_dir = "{directory}/journal"
hall_file = "{directory}/hall.toml"

[broker]
port = {broker}
password_file = "{directory}/dispatcher.password"
"""
WEB = """
node = "web-1"
hall = "east"
state_dir = "{directory}/web"

[broker]
port = {broker}
password_file = "{directory}/web-1.password"

[pages]
listen = "127.0.0.1:{port}"
{pages}

[console]
pins = "{directory}/pins.toml"
idle_min = {idle_min}
longest_h = 12
"""
PIN = {"0731": "4711", "0802": "8281", "boss": "9999-long"}


@cache
def hashed_pins() -> bytes:
    """Return the file of PINs: each hash takes a tenth of a second, and all these halls have the same clerks."""
    with tempfile.TemporaryDirectory() as directory:
        pins = Pins(Path(directory) / "pins.toml")
        for clerk, pin in PIN.items():
            pins.store(clerk, pin, WebRole.SUPERVISOR if clerk == "boss" else WebRole.CLERK)
        return pins.path.read_bytes()


class ConsoleHall:
    """Everything runs from `async with` to its end."""

    def __init__(
        self, directory: Path, hall: Hall, *, idle_min: float = 30, pages: str = "", more: str = "", web: str = ""
    ) -> None:
        self.directory, self.port, self._tls = directory, free_port(), "certificate" in pages
        broker = directory / "broker"
        broker.mkdir(parents=True)
        self.mosquitto = BrokerProcess(hall=hall, directory=broker, port=free_port())
        self.pins = Pins(directory / "pins.toml")
        self.pins.path.write_bytes(hashed_pins())
        texts = {"hall.toml": HALL + more}
        blanks = {"directory": directory, "broker": self.mosquitto.port, "port": self.port}
        texts["dispatcher.toml"] = DISPATCHER.format(**blanks)
        texts["web.toml"] = WEB.format(**blanks, idle_min=idle_min, pages=pages) + web
        for node in ("dispatcher", "web-1"):
            texts[f"{node}.password"] = self.mosquitto.login(node).password
        for name, text in texts.items():
            (directory / name).write_text(text, encoding="utf-8")
        self._running: list[asyncio.subprocess.Process] = []

    async def __aenter__(self) -> Self:
        self.mosquitto.start()
        self.dispatcher = await self.start("broker.dispatcher", "dispatcher.toml")
        self.web = await self.start("web", "web.toml")
        self.kiosk = await self._join("kiosk-1", Role.KIOSK)
        self.pad = await self._join("box-1", Role.COUNTER)
        await self.serves()
        return self

    async def __aexit__(self, *_: object) -> None:
        for seat in (self.pad, self.kiosk):
            await seat.leave()
        for process in self._running:
            if process.returncode is None:
                process.kill()
            await process.communicate()
        self.mosquitto.stop()

    async def start(self, program: str, file: str) -> asyncio.subprocess.Process:
        arguments = (sys.executable, "-m", program, "--config", str(self.directory / file))
        process = await asyncio.create_subprocess_exec(*arguments, env={**os.environ}, stderr=asyncio.subprocess.PIPE)
        self._running.append(process)
        return process

    async def serves(self) -> None:
        """Return when the web server answers, and knows the hall."""
        pc = self.pc()
        async with asyncio.timeout(PATIENCE_S):
            assert self.web.stderr is not None
            while b"running on" not in (await self.web.stderr.readline()):
                pass
            while not ((start := (await pc.get("/console/start"))[1])["here"] and start["counters"]):
                pass

    async def _join(self, node: str, role: Role) -> "Seat":
        seat = Seat(self.mosquitto, node, role)
        await seat.here()
        return seat

    async def take(self, service: str = "bill", priority_class: str = "ordinary") -> str:
        """Take a number at the kiosk."""
        link = self.kiosk.link
        answer = await link.ask(TakeTicket(id=link.new_id(), service=service, priority_class=priority_class))
        assert isinstance(answer, TicketTaken), answer
        await link.ask(ReportSlip(id=link.new_id(), visit=answer.visit, fate=SlipFate.PRINTED))
        return answer.ticket

    def pc(self, address: str = "127.0.0.1") -> "Pc":
        return Pc(self.port, address, tls=self._tls)


class Seat:
    """A node of the hall on this loop: the kiosk, or the box with the pads."""

    def __init__(self, mosquitto: BrokerProcess, node: str, role: Role) -> None:
        self._counters: dict[int, CounterView] = {}
        self._news = asyncio.Event()
        self.link = HallLink(
            bus=MqttBus(
                login=mosquitto.login(node),
                subscriptions=subscriptions(hall="east", node=node, also=["view/counter/+"]),
                will=will(hall="east", node=node, role=role),
            ),
            hall="east",
            node=node,
            role=role,
            clock=time.monotonic,
            on_view=self._viewed,
            on_hall_here=lambda _: self._news.set(),
        )
        self._running = asyncio.create_task(self.link.run())

    def _viewed(self, view: AnyView) -> None:
        if isinstance(view, CounterView):
            self._counters[view.counter] = view
            self._news.set()

    async def here(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not self.link.here:
                self._news.clear()
                await self._news.wait()

    async def counter(self, number: int, **shown: object) -> CounterView:
        """Return a counter's view once it shows this."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                self._news.clear()
                view = self._counters.get(number)
                if view is not None and all(getattr(view, key) == value for key, value in shown.items()):
                    return view
                await self._news.wait()

    async def press(self, kind: type[CallNext] | type[FinishService], number: int) -> AnyAnswer:
        view = await self.counter(number)
        command: AnyCommand = kind(id=self.link.new_id(), counter=number, seen=view.call)
        return await self.link.ask(command)

    async def leave(self) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)


@dataclass
class Pc:
    """A browser as the server sees it: cookies, headers, JSON."""

    port: int
    address: str = "127.0.0.1"  # from which it asks
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    tls: bool = False

    async def get(self, path: str) -> tuple[int, Any]:
        return await asyncio.to_thread(self._ask, "GET", path, None, {})

    async def post(self, path: str, body: object, **headers: str) -> tuple[int, Any]:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        return await asyncio.to_thread(self._ask, "POST", path, body, named)

    async def sign_in(self, clerk: str, counter: int | None, pin: str = "", **more: object) -> tuple[int, Any]:
        body = {"clerk": clerk, "pin": pin or PIN[clerk], "counter": counter, "lang": "en", **more}
        status, me = await self.post("/console/sign-in", body)
        if status == 200:
            self.token = me["token"]
        return status, me

    async def act(self, kind: str, *, drawn: str = "", **fields: object) -> tuple[int, Any]:
        body = {"type": kind, "id": drawn or str(uuid.uuid4()), "lang": "en", **fields}
        return await self.post("/console/act", body)

    def _ask(self, method: str, path: str, body: object, headers: dict[str, str]) -> tuple[int, Any]:
        connection = self._connection()
        origin = {
            "origin": f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}",
            "sec-fetch-site": "same-origin",
        }
        sent = {**origin, "content-type": "application/json", "x-hallcall-token": self.token, **self._cookie()}
        sent |= {**self.headers, **headers}
        try:
            content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
            connection.request(method, path, content, {key: value for key, value in sent.items() if value})
            answer = connection.getresponse()
            self._keep(answer)
            text = answer.read()
        finally:
            connection.close()
        return answer.status, json.loads(text) if answer.getheader("content-type") == "application/json" else text

    def _connection(self) -> http.client.HTTPConnection:
        where = (self.address, 0)
        if not self.tls:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S, source_address=where)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # the test's own certificate
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=PATIENCE_S, source_address=where, context=context
        )

    def _cookie(self) -> dict[str, str]:
        return {"cookie": "; ".join(f"{key}={value}" for key, value in self.cookies.items())}

    def _keep(self, answer: http.client.HTTPResponse) -> None:
        for line in answer.headers.get_all("set-cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
            self.set_cookie = line

    @contextlib.asynccontextmanager
    async def live(self, path: str = "/console/live") -> AsyncIterator["Live"]:
        """Listen to what the server pushes to this browser."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        connection.request("GET", path, headers=self._cookie())
        answer = await asyncio.to_thread(connection.getresponse)
        live = Live(answer)
        try:
            yield live
        finally:
            connection.close()
            answer.close()


class Live:
    """Events as they come; `last` is the last of each kind."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.status, self._answer = answer.status, answer
        self.last: dict[str, Any] = {}

    async def event(self, name: str, **shown: object) -> Any:
        """Return the next event of a kind that shows this; one that has come already counts."""
        while True:
            found = self.last.get(name)
            if found is not None and all(found.get(key) == value for key, value in shown.items()):
                return found
            kind, body = await asyncio.to_thread(self._next)
            self.last[kind] = body

    def _next(self) -> tuple[str, Any]:
        return next(self._events())

    def _events(self) -> Iterator[tuple[str, Any]]:
        kind = ""
        while line := self._answer.readline():
            key, _, value = line.decode().rstrip("\n").partition(": ")
            if key == "event":
                kind = value
            elif key == "data":
                yield kind, json.loads(value)
        raise AssertionError("the server has closed the stream")
