"""`hallcall counter --check`: what a technician is told at the windows."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Protocol

import pytest

from broker.bus import Login
from hardware.simulators.jtt905_keypad import SimulatedKeypad
from hardware.simulators.qsystem_pads import LampLit, SimulatedPads, TextShown

FILE = """\
node = "box-1"
hall = "east"
state_dir = "{dir}"
[broker]
port = {port}
password_file = "{dir}/password"
[pads]
port = "serial:{dir}/pads"
[[windows]]
counter = 1
pad = 1
keypad = {{ port = "serial:{dir}/keypad" }}
"""
GRADES = {"satisfied": 1, "average": 2, "dissatisfied": 3, "complaint": 4}


class Mosquitto(Protocol):
    def login(self, name: str) -> Login: ...


@pytest.fixture
def config(tmp_path: Path, mosquitto: Mosquitto) -> Path:
    login = mosquitto.login("box-1")
    path = tmp_path / "counter.toml"
    path.write_text(FILE.format(dir=tmp_path, port=login.port), encoding="utf-8")
    (tmp_path / "password").write_text(f"{login.password}\n", encoding="utf-8")
    return path


@pytest.mark.broker
async def test_each_key_is_walked_through_and_a_dead_one_is_named(config: Path) -> None:
    here = config.parent
    shown: list[LampLit | TextShown] = []
    async with (
        asyncio.timeout(60),
        SimulatedPads(link=here / "pads", addresses=(1, 2), report=shown.append) as pads,
        SimulatedKeypad(link=here / "keypad") as keypad,
    ):
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hallcall", "counter", "--check", "--config", str(config)),
            *("--lang", "en", "--press-s", "2"),
            stdout=PIPE,
        )
        assert program.stdout is not None
        said = []
        async for line in program.stdout:
            said.append(line.decode().strip())
            key = said[-1].partition("press ")[2].partition(" ")[0]
            if key in GRADES:
                await keypad.asked()
                keypad.rate(GRADES[key])
            elif key == "finish":
                pads.press(2, "finish")  # its switches say two
            elif key:
                pads.press(1, key)  # type: ignore[arg-type]
        assert await program.wait() == 1
    assert [each.lamp for each in shown if isinstance(each, LampLit)] == ["green", "off"]
    assert "[ OK ] pad-1  call came" in said
    assert "[ OK ] keypad-1  complaint came" in said
    failed = [line for line in said if line.startswith("[FAIL]")]
    assert len(failed) == 1
    assert "finish did not come; pressed at other addresses meanwhile: 2" in failed[0]


@pytest.mark.broker
async def test_without_anybody_there_it_tells_programs_which_lines_are_dead(config: Path) -> None:
    async with asyncio.timeout(60), SimulatedPads(link=config.parent / "pads"):
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "counter", "--check", "--config", str(config)),
            *("--lang", "en", "--unattended", "--json"),
            stdout=PIPE,
        )
        said, _ = await program.communicate()
    assert program.returncode == 1
    whole = json.loads(said)
    lights = {each["device"]: each["light"] for each in whole["findings"]}
    assert (
        lights
        == {
            "config": "green",
            "broker": "green",
            "pads": "green",
            "keypad-1": "skipped",
            "pad-1": "skipped",
        }
        or lights["keypad-1"] == "skipped"
    )
    assert any(each["light"] == "red" and "cannot be opened" in each["text"] for each in whole["findings"])
