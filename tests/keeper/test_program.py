"""The keeper as a program, at a real broker, beside a journal that tells what a bad day tells."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from broker.bus import Letter, MqttBus
from broker.contract import wire
from broker.contract.messages import BoxHealth, BoxLog, DeviceState, Hall, Node, Presence, Role
from broker.technician.told import Told
from tests.conftest import BrokerProcess, free_port

pytestmark = pytest.mark.broker
BAD_DAY = [
    {"__CURSOR": "c1", "__REALTIME_TIMESTAMP": "1795338000000000", "_TRANSPORT": "kernel", "PRIORITY": "3",
     "MESSAGE": "EXT4-fs error (device mmcblk0p4): ext4_find_entry"},
    {"__CURSOR": "c2", "__REALTIME_TIMESTAMP": "1795338001000000", "_SYSTEMD_UNIT": "hallcall-web@web-1.service",
     "PRIORITY": "6", "MESSAGE": "ERROR web: booking of 13800138000 for 张三 failed"},
    {"__CURSOR": "c3", "__REALTIME_TIMESTAMP": "1795338002000000", "_SYSTEMD_UNIT": "cron.service", "PRIORITY": "3",
     "MESSAGE": "none of ours"},
]  # fmt: skip
JOURNALCTL = """\
#!/bin/sh
echo "$@" >>{place}/asked
case "$*" in *--after-cursor*) ;; *) cat {place}/lines ;; esac
exec sleep 600
"""


class Place:
    def __init__(self, directory: Path, hall: Hall) -> None:
        self.directory = directory
        keeper = Node(id="keeper-k1", role=Role.KEEPER)
        self.hall = msgspec.structs.replace(hall, nodes=(*hall.nodes, keeper, Node(id="desk", role=Role.SUPERVISOR)))
        (directory / "broker").mkdir()
        self.broker = BrokerProcess(hall=self.hall, directory=directory / "broker", port=free_port())
        login = self.broker.login("keeper-k1")
        (directory / "password").write_text(login.password, encoding="utf-8")
        self.kept = directory / "state" / "warnings.json"
        self.file = directory / "keeper.toml"
        self.file.write_text(
            f'node = "keeper-k1"\nhall = "east"\nbox = "k1"\nstate_dir = "{directory / "state"}"\n'
            f'disk = "{directory}"\ntls_dir = "{directory / "tls"}"\n'
            f'findings = "{directory / "findings.json"}"\n'
            f'[broker]\nport = {login.port}\npassword_file = "{directory / "password"}"\n',
            encoding="utf-8",
        )
        (directory / "bin").mkdir()
        (directory / "lines").write_text("\n".join(map(json.dumps, BAD_DAY)) + "\n", encoding="utf-8")
        journalctl = directory / "bin" / "journalctl"
        journalctl.write_text(JOURNALCTL.format(place=directory), encoding="utf-8")
        journalctl.chmod(0o755)

    @asynccontextmanager
    async def keeper(self) -> AsyncIterator[None]:
        environment = {**os.environ, "PATH": f"{self.directory / 'bin'}:{os.environ['PATH']}"}
        command = [sys.executable, "-m", "keeper", "--config", str(self.file)]
        process = await asyncio.create_subprocess_exec(*command, env=environment)
        try:
            yield
        finally:
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 10) == 0

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[Callable[[type, Callable[[object], bool]], "asyncio.Future[object]"]]:
        """Yield what waits until a message of a kind was heard that is as wanted."""
        said: list[object] = []
        news = asyncio.Event()

        def hear(letter: Letter) -> None:
            if letter.payload:
                said.append(wire.decode("east", letter.topic, letter.payload).message)
                news.set()

        async def until(kind: type, wanted: Callable[[object], bool]) -> object:
            async with asyncio.timeout(20):
                while True:
                    for each in reversed(said):
                        if isinstance(each, kind) and wanted(each):
                            return each
                    news.clear()
                    await news.wait()

        topics = [wire.topic("east", "log/{}", "+"), wire.topic("east", "node/{}", "+")]
        bus = MqttBus(login=self.broker.login("desk"), subscriptions=topics)
        bus.listen(on_letter=hear, on_state=lambda _: None)
        running = asyncio.create_task(bus.run())
        try:
            yield lambda kind, wanted: asyncio.ensure_future(until(kind, wanted))
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def place(tmp_path: Path, small_hall: Hall) -> Place:
    return Place(tmp_path, small_hall)


async def test_a_box_tells_how_it_is_and_what_went_wrong_there(place: Place) -> None:
    place.broker.start()
    try:
        async with place.desk() as until:
            async with place.keeper():
                here = await until(Presence, lambda each: getattr(each, "box", None) is not None)
                log = await until(BoxLog, lambda each: len(getattr(each, "warnings", ())) == 2)
            gone = await until(Presence, lambda each: not getattr(each, "up", True))
    finally:
        place.broker.stop()
    assert isinstance(here, Presence)
    assert isinstance(here.box, BoxHealth)
    assert here.role is Role.KEEPER
    assert here.box.disk_free_mb
    assert {each.name for each in here.devices} >= {"clock", "disk", "memory"}
    assert isinstance(log, BoxLog)
    assert [(each.unit, each.text) for each in log.warnings] == [
        ("kernel", "EXT4-fs error (device mmcblk0p4): ext4_find_entry"),
        ("hallcall-web@web-1.service", "web: booking of … for … failed"),
    ]
    assert isinstance(gone, Presence)
    assert gone.node == "keeper-k1"
    left = msgspec.json.decode((place.directory / "findings.json").read_bytes(), type=Told)
    assert left.box == "k1"
    assert {each.what for each in left.own} >= {"clock", "disk", "memory"}


async def test_what_went_wrong_while_the_hall_was_away_is_told_later_and_once(place: Place) -> None:
    async with place.keeper():
        async with asyncio.timeout(20):
            while not place.kept.exists():  # noqa: ASYNC110 - another program writes it
                await asyncio.sleep(0.05)
    assert "张三" not in place.kept.read_text(encoding="utf-8")
    place.broker.start()
    try:
        async with place.desk() as until, place.keeper():
            log = await until(BoxLog, lambda each: len(getattr(each, "warnings", ())) == 2)
    finally:
        place.broker.stop()
    assert isinstance(log, BoxLog)
    assert [each.count for each in log.warnings] == [1, 1]
    assert "--after-cursor c3" in (place.directory / "asked").read_text(encoding="utf-8").splitlines()[-1]


def test_a_look_from_the_command_line_is_json(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "keeper.check", "--box", "k9", "--disk", str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, check=True, timeout=30)
    told = msgspec.json.decode(ran.stdout, type=BoxHealth)
    assert told.box == "k9"
    assert all(isinstance(each.state, DeviceState) for each in told.findings)
