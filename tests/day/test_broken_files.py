"""What a technician's hand or a bad disk does to the files: each program says what is wrong, and invents nothing."""

import asyncio
import re
import shutil
import signal
import sqlite3
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio

from broker.bus import Letter, Login, MqttBus
from broker.contract import wire
from broker.contract.messages import (
    DeviceState,
    HallView,
    Presence,
    Role,
    TakeTicket,
    TicketTaken,
)
from broker.link import HallLink, subscriptions
from hallcall.demo.layout import clear, free_ports, lay_out
from hallcall.demo.programs import Programs, mosquitto_command

PATIENCE_S: Final = 60.0
SETTINGS: Final = {"ticket_s": 2, "speaker": "alsa:default", "languages": '["zh"]', "repeats": 1}
BOARD: Final = {"board_width": 1280, "board_height": 720}
REFUSES_TO_START: Final = 3
ALL_WRONG: Final = """
[[counters]]
number = 5
zone = "cellar"
skills = ["pay", "dance"]

[[services]]
id = "gift"
name = { zh = "礼品", en = "Gifts" }
prefx = "A"
zone = "main"
"""
NEW_SERVICE: Final = """
[[services]]
id = "gift"
name = { zh = "礼品", en = "Gifts" }
prefix = "UU"
zone = "main"

[[counters]]
number = 95
zone = "main"
skills = ["gift"]
"""

pytestmark = pytest.mark.broker


class Office:
    """A dispatcher with its journal and mosquitto; the kiosk is the test itself."""

    def __init__(self, directory: Path) -> None:
        clear(directory)
        self.config, self.journal = directory / "config", directory / "journal"
        ports = free_ports()
        self.hall = lay_out(directory, ports=ports, settings={**SETTINGS, **BOARD})
        self.log = directory / "logs" / "dispatcher.log"
        self._port = ports.broker
        self._programs = Programs(logs=directory / "logs", say=lambda _: None)
        self._changed = asyncio.Event()
        self.presence: Presence | None = None
        self.view: HallView | None = None
        self._bus = MqttBus(login=self.login("guest"), subscriptions=[wire.topic(self.hall.id, "#")])
        self._bus.listen(on_letter=self._hear, on_state=lambda _: None)
        self._kiosk = HallLink(
            bus=MqttBus(
                login=self.login("kiosk-1"), subscriptions=subscriptions(hall=self.hall.id, node="kiosk-1", also=[])
            ),
            hall=self.hall.id,
            node="kiosk-1",
            role=Role.KIOSK,
            clock=time.monotonic,
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._started: list[asyncio.subprocess.Process] = []

    async def open(self) -> None:
        self._programs.start("mosquitto", mosquitto_command(self.config / "mosquitto.conf"))
        self._tasks = [asyncio.create_task(self._bus.run()), asyncio.create_task(self._kiosk.run())]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for process in self._started:
            if process.returncode is None:
                process.kill()
                await process.wait()
        await self._programs.stop()

    def login(self, name: str) -> Login:
        password = (self.config / f"{name}.password").read_text(encoding="utf-8").strip()
        return Login(host="127.0.0.1", port=self._port, name=name, password=password)

    async def dispatches(self, *options: str) -> asyncio.subprocess.Process:
        """Start the dispatcher and return it once it is at work."""
        self.presence = None
        config = str(self.config / "dispatcher.toml")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "broker.dispatcher", "--config", config, *options, stderr=PIPE
        )
        self._started.append(process)
        await self.sees(lambda: self.presence is not None and self.presence.up)
        return process

    async def stops(self, dispatcher: asyncio.subprocess.Process) -> None:
        """Tell the dispatcher to stop; return once it has said goodbye to the hall."""
        dispatcher.terminate()
        await dispatcher.communicate()
        await self.sees(lambda: self.presence is not None and not self.presence.up)

    async def sees(self, wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not wanted():
                self._changed.clear()
                await self._changed.wait()

    async def number(self, *, service: str = "pay") -> str:
        answer = await self._kiosk.ask(TakeTicket(id=self._kiosk.new_id(), service=service))
        assert isinstance(answer, TicketTaken), answer
        return answer.ticket

    def services(self) -> dict[str, bool]:
        """Return the services in force, and whether each is closing."""
        return {each.id: each.closing for each in self.view.hall.services} if self.view is not None else {}

    def alarm(self) -> str:
        devices = self.presence.devices if self.presence is not None else ()
        return "\n".join(each.detail for each in devices if each.state is DeviceState.FAULT)

    @property
    def file(self) -> Path:
        (found,) = self.journal.glob("*.sqlite")
        return found

    def _hear(self, letter: Letter) -> None:
        if not letter.payload:  # a view that was taken away
            return
        message = wire.decode(self.hall.id, letter.topic, letter.payload).message
        match message:
            case Presence(node="dispatcher") if not letter.retained:
                self.presence = message
            case HallView():
                self.view = message
            case _:
                pass
        self._changed.set()


async def runs(module: str, config: Path, *options: str) -> tuple[int | None, str]:
    """Run a program that is to refuse to start; return its exit code and what it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, "--config", str(config), *options, stderr=PIPE
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, said.decode()


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = Office(tmp_path)
    try:
        async with asyncio.timeout(PATIENCE_S):
            await office.open()
        yield office
    finally:
        await office.close()


async def test_a_broken_hall_file_leaves_the_last_good_one_in_force_and_says_all_that_is_wrong(office: Office) -> None:
    async with asyncio.timeout(2 * PATIENCE_S):
        dispatcher = await office.dispatches()
        await office.sees(lambda: office.view is not None)
        assert await office.number() == "A001"
        await office.stops(dispatcher)
        path = office.config / "hall.toml"
        good = path.read_text(encoding="utf-8")
        path.write_text(good + ALL_WRONG, encoding="utf-8")
        dispatcher = await office.dispatches()
        alarm, lines = office.alarm(), (good + ALL_WRONG).splitlines()
        for words in ('zone = "cellar"', '"dance"]', "prefx ="):
            line = next(number for number, text in enumerate(lines, 1) if words in text)
            assert f"hall.toml:{line}: " in alarm, alarm
        assert "did you mean prefix?" in alarm
        assert "the last good one stays in force" in alarm
        assert office.view is not None
        assert office.view.hall == office.hall
        assert await office.number() == "A002"
        await office.stops(dispatcher)


async def test_a_changed_hall_file_comes_into_force_while_people_wait_and_nobody_is_lost(office: Office) -> None:
    async with asyncio.timeout(2 * PATIENCE_S):
        dispatcher = await office.dispatches()
        assert await office.number() == "A001"
        path = office.config / "hall.toml"
        good = path.read_text(encoding="utf-8")
        path.write_text(good + NEW_SERVICE, encoding="utf-8")
        dispatcher.send_signal(signal.SIGHUP)
        await office.sees(lambda: "gift" in office.services())
        assert not any(office.services().values())
        assert await office.number(service="gift") == "UU001"
        assert await office.number() == "A002"
        path.write_text(good, encoding="utf-8")
        dispatcher.send_signal(signal.SIGHUP)
        await office.sees(lambda: office.services().get("gift") is True)  # somebody waits for it: closing
        assert await office.number() == "A003"
        await office.stops(dispatcher)


async def test_a_file_broken_while_the_hall_runs_raises_an_alarm_that_a_good_one_clears(office: Office) -> None:
    async with asyncio.timeout(2 * PATIENCE_S):
        dispatcher = await office.dispatches()
        path = office.config / "hall.toml"
        good = path.read_text(encoding="utf-8")
        path.write_text(good + ALL_WRONG, encoding="utf-8")
        dispatcher.send_signal(signal.SIGHUP)
        await office.sees(lambda: "did you mean prefix?" in office.alarm())
        assert "the last good one stays in force" in office.alarm()
        assert await office.number() == "A001"
        path.write_text(good, encoding="utf-8")
        dispatcher.send_signal(signal.SIGHUP)
        await office.sees(lambda: office.alarm() == "")
        assert office.view is not None
        assert office.view.hall == office.hall
        assert await office.number() == "A002"
        await office.stops(dispatcher)


@pytest.mark.parametrize(
    ("module", "name"),
    [("broker.dispatcher", "dispatcher"), ("kiosk", "kiosk"), ("display", "board"), ("counter", "counter")],
)
async def test_a_broken_node_file_ends_the_program_with_every_error_and_its_line(
    tmp_path: Path, module: str, name: str
) -> None:
    clear(tmp_path)
    lay_out(tmp_path, ports=free_ports(), settings={**SETTINGS, **BOARD})
    path = tmp_path / "config" / f"{name}.toml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("state_dir =", "state_dri =").replace("port =", 'colour = "red"\nport =', 1)
    path.write_text(re.sub(r"^port = \d+", "port = 77777", text, flags=re.MULTILINE), encoding="utf-8")
    lines = path.read_text(encoding="utf-8").splitlines()
    code, said = await runs(module, path)
    assert code != 0
    for words in ("state_dri =", "colour =", "port = 77777"):
        line = next(number for number, text in enumerate(lines, 1) if words in text)
        assert f"{path}:{line}: " in said, said
    assert "state_dri: unknown key; did you mean state_dir?" in said
    assert "Traceback" not in said


def flip(path: Path) -> None:
    """Change one number in one event, as a bad disk block does."""
    content = path.read_bytes()
    assert b'"ticket":"A001"' in content
    path.write_bytes(content.replace(b'"ticket":"A001"', b'"ticket":"A007"'))


def cut(path: Path) -> None:
    """Lose the second half of the file."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def overwrite(path: Path) -> None:
    """Put something else where the file was."""
    path.write_bytes(b"\x00" * 100 + path.read_bytes()[100:])


@pytest.mark.parametrize("damage", [flip, cut, overwrite])
async def test_a_damaged_journal_is_refused_named_and_left_as_it_is(
    office: Office, damage: Callable[[Path], None]
) -> None:
    async with asyncio.timeout(2 * PATIENCE_S):
        dispatcher = await office.dispatches()
        await office.number()
        await office.stops(dispatcher)
        with closing(sqlite3.connect(office.file)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        damage(office.file)
        damaged = office.file.read_bytes()
        code, said = await runs("broker.dispatcher", office.config / "dispatcher.toml")
        assert code == REFUSES_TO_START
        assert f"journal {office.file} is damaged" in said
        assert "put back the last copy" in said
        assert "Traceback" not in said
        assert office.file.read_bytes() == damaged


async def test_an_older_copy_of_the_journal_is_refused_until_somebody_accepts_the_loss(
    office: Office, tmp_path: Path
) -> None:
    async with asyncio.timeout(2 * PATIENCE_S):
        dispatcher = await office.dispatches()
        assert await office.number() == "A001"
        await office.stops(dispatcher)
        copy = tmp_path / "copy"
        shutil.copytree(office.journal, copy)
        dispatcher = await office.dispatches()
        assert await office.number() == "A002"
        await office.stops(dispatcher)
        assert office.view is not None
        epoch = office.view.epoch
        shutil.rmtree(office.journal)
        shutil.copytree(copy, office.journal)
        code, said = await runs("broker.dispatcher", office.config / "dispatcher.toml")
        assert code == REFUSES_TO_START
        assert "--accept-loss" in said
        assert "this journal ends at event" in said
        dispatcher = await office.dispatches("--accept-loss")
        await office.sees(lambda: office.view is not None and office.view.epoch > epoch)
        assert await office.number()
        await office.stops(dispatcher)
