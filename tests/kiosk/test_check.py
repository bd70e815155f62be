"""What `hallcall kiosk --check` says: real processes, with each thing broken in turn."""

import asyncio
import contextlib
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
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
from kiosk.checks.window import size_of, touch_finding
from kiosk.only_one import AlreadyRunning, only_one
from kiosk.screens.trial import CROSSES

CONFIG = """
node = "{node}"
hall = "east"
state_dir = "{directory}/state"

[broker]
port = {broker_port}
password_file = "{directory}/password"

[screen]
touch = "tuio,127.0.0.1:{touch_port}"

[printer]
port = "tcp:127.0.0.1:{printer_port}"
acknowledge_s = 4
"""


class Mosquitto(Protocol):
    port: int

    def login(self, name: str) -> Login: ...


@dataclass
class Place:
    """A kiosk's machine with a hall behind it; a test breaks one thing and asks for the check."""

    directory: Path
    broker_port: int
    printer: SimulatedPrinter
    slips: list[SlipPrinted]
    node: str = "kiosk-1"
    printer_port: int = 0
    touch_port: int = 3333
    more: list[str] = field(default_factory=list)

    @property
    def config(self) -> Path:
        path = self.directory / "kiosk.toml"
        path.write_text(
            CONFIG.format(
                node=self.node,
                directory=self.directory,
                broker_port=self.broker_port,
                printer_port=self.printer_port or self.printer.port,
                touch_port=self.touch_port,
            ),
            encoding="utf-8",
        )
        with path.open("a", encoding="utf-8") as file:
            file.write("".join(self.more))
        return path

    async def check(self, *arguments: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "kiosk", "--check", "--config", str(self.config), *arguments),
            env={**os.environ, "SDL_VIDEODRIVER": "offscreen"},
            stdout=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(90):
            said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode()

    async def findings(self) -> dict[str, str]:
        """Return the worst light of each device."""
        _, said = await self.check("--json", "--unattended")
        order = ["skipped", "green", "amber", "red"]
        worst: dict[str, str] = {}
        for each in json.loads(said)["findings"]:
            worst[each["device"]] = max(worst.get(each["device"], "skipped"), each["light"], key=order.index)
        return worst


@pytest.fixture
def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture
async def place(mosquitto: Mosquitto, small_hall: Hall, tmp_path: Path) -> AsyncIterator[Place]:
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
    (tmp_path / "password").write_text(mosquitto.login("kiosk-1").password, encoding="utf-8")
    async with SimulatedPrinter(report=fell, speed_mm_s=400) as printer:
        deciding = asyncio.get_running_loop().create_task(dispatcher.run())
        try:
            yield Place(directory=tmp_path, broker_port=mosquitto.port, printer=printer, slips=slips)
        finally:
            deciding.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await deciding


@pytest.mark.screen
@pytest.mark.broker
async def test_a_kiosk_that_is_well_prints_its_test_slip_and_ends_with_0(place: Place) -> None:
    code, said = await place.check("--unattended", "--lang", "zh")
    assert code == 0, said
    assert "故障" not in said
    assert "接受 kiosk-1 的登录" in said
    assert "东区供电营业厅" in said
    assert [("NOT A TICKET" in line) for slip in place.slips for line in slip.lines if "TICKET" in line] == [True]


@pytest.mark.screen
@pytest.mark.broker
async def test_each_thing_that_is_broken_is_red_and_nothing_else(place: Place) -> None:
    well = await place.findings()
    assert "red" not in well.values(), well

    password = (place.directory / "password").read_text(encoding="utf-8")
    (place.directory / "password").write_text("wrong", encoding="utf-8")
    assert reds(await place.findings()) == {"broker"}
    (place.directory / "password").write_text(password, encoding="utf-8")

    place.printer.open_cover()
    assert reds(await place.findings()) == {"printer"}
    place.printer.close_cover()

    (place.directory / "state" / "offline.json").write_text("{torn", encoding="utf-8")
    assert reds(await place.findings()) == {"offline"}
    (place.directory / "state" / "offline.json").unlink()

    place.printer_port = 9
    place.broker_port, there = 9, place.broker_port
    assert reds(await place.findings()) == {"broker", "printer"}
    place.broker_port = there


@pytest.mark.screen
@pytest.mark.broker
async def test_what_stands_beside_the_screen_is_tried_where_the_file_names_it(place: Place) -> None:
    well = await place.findings()
    assert not {"scanner", "id_cards", "keypad", "speech"} & well.keys()
    place.more = [
        f'[scanner]\nport = "serial:{place.directory}/nothing-there"\n',
        '[id_cards]\nport = "tcp:127.0.0.1:9"\n',
    ]
    assert reds(await place.findings()) == {"scanner", "id_cards"}


def reds(findings: dict[str, str]) -> set[str]:
    return {device for device, light in findings.items() if light == "red"}


@pytest.mark.broker
async def test_a_broken_file_a_broken_disk_and_a_running_kiosk_are_said_in_words(place: Place) -> None:
    config = place.config
    (place.directory / "state").write_text("a file where a directory should be", encoding="utf-8")
    code, said = await place.check("--unattended", "--no-slip", "--lang", "en")
    assert (code, "state cannot be written" in said) == (1, True)
    (place.directory / "state").unlink()

    with only_one(place.directory / "state"):
        code, said = await place.check("--lang", "zh")
        assert (code, "取号程序正在运行" in said, "打印机  " in said) == (1, True, False)
        with pytest.raises(AlreadyRunning, match="stop it first"), only_one(place.directory / "state"):
            pass

    config.write_text('node = "kiosk-1"\ncolour = "red"\n', encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hallcall", "kiosk", "--check", "--config", str(config), "--json"),
        stdout=asyncio.subprocess.PIPE,
    )
    said_json = json.loads((await process.communicate())[0])
    assert (process.returncode, said_json["ok"], said_json["findings"][0]["device"]) == (1, False, "config")
    assert "colour" in said_json["findings"][0]["text"]


@pytest.mark.screen
@pytest.mark.broker
async def test_crosses_are_touched_where_they_stand(place: Place, free_udp_port: int) -> None:
    place.touch_port = free_udp_port
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kiosk.trial", "--config", str(place.config), "--touch-s", "20"),
        env={**os.environ, "SDL_VIDEODRIVER": "offscreen"},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    finger, off_mm = OSCClient("127.0.0.1", free_udp_port), []
    async with asyncio.timeout(60):
        while line := await process.stdout.readline():
            said: dict[str, Any] = json.loads(line)
            if "cross" in said:
                x, y = CROSSES[said["cross"]]
                touch = [b"set", said["cross"] + 1, x, 1 - y, 0.0, 0.0, 0.0]
                finger.send_bundle([(b"/tuio/2Dcur", [b"alive", said["cross"] + 1]), (b"/tuio/2Dcur", touch)])
                finger.send_bundle([(b"/tuio/2Dcur", [b"alive"])])
            if "off_mm" in said:
                off_mm.append(said["off_mm"])
        assert await process.wait() == 0
    assert len(off_mm) == len(CROSSES)
    assert touch_finding(off_mm, crosses=len(CROSSES), s=20).key == "touch_ok"


@pytest.mark.parametrize(
    ("off_mm", "key"),
    [
        ([], "touch_none"),
        ([1.0, 2.0], "touch_some"),
        ([1.0, 1, 1, 1, 5.9], "touch_ok"),
        ([1.0, 1, 1, 1, 30.2], "touch_beside"),
    ],
)
def test_what_touches_tell_of_the_panel(off_mm: list[float], key: str) -> None:
    assert touch_finding(off_mm, crosses=5, s=20).key == key


def test_a_panel_says_its_millimetres_in_its_edid() -> None:
    edid = bytearray(128)
    edid[:8] = bytes.fromhex("00ffffffffffff00")
    edid[66:69] = bytes([0x0F, 0x28, 0x21])  # 0x20F by 0x128
    assert size_of(bytes(edid)) == (0x20F, 0x128)
    assert size_of(bytes(128)) is None
    assert size_of(b"") is None
