"""The same outage with real processes: mosquitto, dispatcher and two kiosks, ended with SIGKILL; a restored hall."""

import asyncio
import json
import random
import shutil
import sqlite3
import sys
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import closing
from itertools import combinations
from pathlib import Path
from typing import Final, Protocol

import pytest

from broker.bus import Login, MqttBus
from broker.contract.messages import (
    Called,
    CallNext,
    FinishService,
    OpenCounter,
    Recorded,
    Role,
    TicketIssued,
    TicketVoided,
)
from broker.link import HallLink, subscriptions, will
from broker.told import RESTORED

HALL: Final = """\
id = "east"
name = { zh = "东厅", en = "East hall" }
zones = [{ id = "main", name = { zh = "一区", en = "Zone 1" } }]
services = [
    { id = "bill", name = { zh = "电费", en = "Bills" }, prefix = "A", zone = "main" },
    { id = "new", name = { zh = "报装", en = "New" }, prefix = "B", zone = "main" },
]
counters = [{ number = 1, zone = "main", skills = ["bill", "new"] }]
nodes = [
    { id = "kiosk-1", role = "kiosk", offline = { first = 1001, last = 1499 } },
    { id = "kiosk-2", role = "kiosk", offline = { first = 1501, last = 1999 } },
    { id = "box-1", role = "counter", counters = [1] },
]
"""
TICKETS: Final = 200
PATIENCE_S: Final = 60.0
SLACK_S: Final = 1.0  # on a busy machine a command takes so long to be heard

pytestmark = [pytest.mark.broker, pytest.mark.asyncio]


class Mosquitto(Protocol):
    port: int

    def login(self, name: str) -> Login: ...

    def kill(self) -> None: ...

    def start(self) -> None: ...


class Program:
    """A process of ours, killed and started again."""

    def __init__(self, *argv: str) -> None:
        self._argv = argv
        self._process: Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(sys.executable, *self._argv, stdin=PIPE, stdout=PIPE)

    async def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    def tell(self, line: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    async def hear(self, *starts: str) -> str:
        """Return the first line that begins so."""
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            while line := (await self._process.stdout.readline()).decode().strip():
                if line.startswith(starts):
                    return line
        raise EOFError(f"it ended, and never said {starts}")


class Town:
    def __init__(self, mosquitto: Mosquitto, directory: Path) -> None:
        self._directory = directory
        (directory / "hall.toml").write_text(HALL, encoding="utf-8")
        for name in ("dispatcher", "kiosk-1", "kiosk-2"):
            (directory / name).mkdir()
            (directory / f"{name}.password").write_text(mosquitto.login(name).password, encoding="utf-8")
        lines = (
            'node = "dispatcher"',
            'hall = "east"',
            f"state_dir = {json.dumps(str(directory / 'dispatcher'))}",
            f"hall_file = {json.dumps(str(directory / 'hall.toml'))}",
            "[broker]",
            f"port = {mosquitto.port}",
            f"password_file = {json.dumps(str(directory / 'dispatcher.password'))}",
        )
        (directory / "dispatcher.toml").write_text("\n".join(lines), encoding="utf-8")
        self.dispatcher = Program("-m", "broker.dispatcher", "--config", str(directory / "dispatcher.toml"))
        alone = str(Path(__file__).with_name("kiosk_without_window.py"))
        self.kiosks = [
            Program(alone, name, str(mosquitto.port), str(directory / f"{name}.password"), str(directory / name))
            for name in ("kiosk-1", "kiosk-2")
        ]
        self.events: list[object] = []
        self.came: list[tuple[float, str]] = []
        self.news = asyncio.Event()
        self.box = HallLink(
            bus=MqttBus(
                login=mosquitto.login("box-1"),
                subscriptions=subscriptions(hall="east", node="box-1", also=["event/+"]),
                will=will(hall="east", node="box-1", role=Role.COUNTER),
            ),
            hall="east",
            node="box-1",
            role=Role.COUNTER,
            clock=time.monotonic,
            on_event=self._happened,
            look_back=9999,
        )

    async def take(self, kiosk: Program, service: str, until: str = "done") -> None:
        at_s = time.monotonic()
        kiosk.tell(f"take {service}")
        said = await kiosk.hear(until)
        self.came.append((at_s, said.split()[1]))

    async def until_issued(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while len([event for event in self.events if isinstance(event, TicketIssued)]) < count:
                self.news.clear()
                await self.news.wait()

    async def call_everybody(self) -> list[str]:
        await self.box.ask(OpenCounter(id=self.box.new_id(), counter=1))
        called = []
        while isinstance(call := await self.box.ask(CallNext(id=self.box.new_id(), counter=1)), Called):
            called.append(call.ticket)
            await self.box.ask(FinishService(id=self.box.new_id(), counter=1, seen=call.call))
        return called

    def _happened(self, recorded: Recorded) -> None:
        self.events.append(recorded.event)
        self.news.set()


@pytest.fixture
async def town(mosquitto: Mosquitto, tmp_path: Path) -> AsyncIterator[Town]:
    mosquitto.kill()  # it keeps what another town's dispatcher told
    mosquitto.start()
    town = Town(mosquitto, tmp_path)
    box = asyncio.create_task(town.box.run())
    try:
        yield town
    finally:
        for program in (*town.kiosks, town.dispatcher):
            await program.kill()
        box.cancel()


async def test_nothing_is_lost_or_doubled_when_everything_is_killed_around_two_hundred_tickets(town: Town) -> None:
    chance = random.Random(4)  # noqa: S311 - people, not secrets
    first, second = town.kiosks
    await town.dispatcher.start()
    for kiosk in town.kiosks:
        await kiosk.start()
        await kiosk.hear("here")
        await town.take(kiosk, "bill")
    await town.dispatcher.kill()
    for kiosk in town.kiosks:
        await kiosk.hear("alone")
    for number in range(TICKETS):
        if number == TICKETS // 2:
            second.tell("hold")
            await town.take(second, "new", until="slip")
            await second.kill()
            await second.start()
            await second.hear("alone")
        await town.take(chance.choice(town.kiosks), chance.choice(["bill", "new"]))
    await first.kill()
    await first.start()
    await town.dispatcher.start()
    await town.until_issued(50)
    await town.dispatcher.kill()  # while it merges
    await town.dispatcher.start()
    await town.until_issued(TICKETS + 3)
    called = await town.call_everybody()
    assert len(set(called)) == len(called) == TICKETS + 3
    assert sorted(called) == sorted(ticket for _, ticket in town.came)
    at_s = {ticket: came_s for came_s, ticket in town.came}
    assert [pair for pair in combinations(called, 2) if at_s[pair[0]] > at_s[pair[1]] + SLACK_S] == []
    offline = [each for each in town.events if isinstance(each, TicketIssued) and each.taken_offline_at is not None]
    assert (len(offline), any(each.by_clock for each in offline)) == (TICKETS + 1, False)
    assert not any(isinstance(each, TicketVoided) for each in town.events)


async def test_without_the_broker_it_is_the_same(town: Town, mosquitto: Mosquitto) -> None:
    await town.dispatcher.start()
    for kiosk in town.kiosks:
        await kiosk.start()
        await kiosk.hear("here")
        await town.take(kiosk, "bill")
    mosquitto.kill()
    for kiosk in town.kiosks:
        await kiosk.hear("alone")
    for kiosk in town.kiosks * 3:
        await town.take(kiosk, "bill")
        await asyncio.sleep(2 * SLACK_S)
    mosquitto.start()
    for kiosk in town.kiosks:
        await kiosk.hear("here")
    await town.until_issued(8)
    assert await town.call_everybody() == [ticket for _, ticket in town.came]


async def hallcall(*argv: str | Path) -> str:
    """Run a command, and return what it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hallcall", *map(str, argv), stdout=PIPE, stderr=STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def test_after_a_restore_no_number_is_given_twice(town: Town, mosquitto: Mosquitto, tmp_path: Path) -> None:
    first, second = town.kiosks
    await town.dispatcher.start()
    for kiosk in town.kiosks:
        await kiosk.start()
        await kiosk.hear("here")
    for kiosk, service in [(first, "bill"), (second, "bill"), (second, "new")]:
        await town.take(kiosk, service)
    medium, config = tmp_path / "stick", tmp_path / "dispatcher.toml"
    medium.mkdir()
    said = await hallcall("backup", "--config", config, "--to", medium, "--same-disk")
    assert "read back" in said
    for kiosk, service in [(first, "bill"), (second, "bill"), (first, "bill"), (second, "new")]:
        await town.take(kiosk, service)  # lost with the dispatcher's disk
    await town.dispatcher.kill()
    mosquitto.kill()
    await second.kill()
    shutil.rmtree(tmp_path / "dispatcher")
    mosquitto.start()  # a fresh box remembers nothing of what was told
    await second.start()
    began = time.monotonic()
    assert "is in place" in await hallcall("restore", medium, "--config", config)
    await town.dispatcher.start()
    await first.hear("here")
    assert time.monotonic() - began < PATIENCE_S
    for kiosk, service in [(first, "bill"), (second, "new")]:
        await town.take(kiosk, service)
    assert [ticket for _, ticket in town.came[:3]] == ["A001", "A002", "B001"]
    assert [ticket for _, ticket in town.came[3:7]] == ["A003", "A004", "A005", "B002"]
    assert [ticket for _, ticket in town.came[7:]] == ["A006", "B003"]
    with closing(sqlite3.connect(next((tmp_path / "dispatcher").glob("*.sqlite")))) as journal:
        assert journal.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone() == ("2",)
        kinds = [kind for (kind,) in journal.execute("SELECT kind FROM event ORDER BY seq")]
    assert "NumbersResumed" in kinds
    assert not (tmp_path / "dispatcher" / RESTORED).exists()
    called = await town.call_everybody()  # of those whom the restored hall knows
    assert sorted(called) == ["A001", "A002", "A006", "B001", "B003"]
