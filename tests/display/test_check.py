"""`hallcall display --check` as a technician starts it: what works is told, and what does not with what to do."""

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .test_program import display_file

if TYPE_CHECKING:
    from tests.conftest import BrokerProcess


async def told(path: Path) -> tuple[int, str]:
    arguments = ["--check", "--config", str(path), "--lang", "en", "--seconds", "0.5"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hallcall", "display", *arguments),
        env={**os.environ, "SDL_VIDEODRIVER": "offscreen"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(40):
        said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


@pytest.mark.broker
@pytest.mark.screen
async def test_a_board_that_works_says_its_figures(tmp_path: Path, mosquitto: "BrokerProcess") -> None:
    ended, said = await told(display_file(tmp_path, mosquitto, '[screen]\nzone = "main"\n'))
    assert "4 rows; from 8 m: numbers 98 mm, other text 51 mm" in said
    assert " OK  screen  1920 x 1080" in said
    assert (ended, said.splitlines()[-1]) == (0, "Everything works.")


@pytest.mark.broker
@pytest.mark.screen
async def test_a_board_without_its_hall_and_its_pictures_says_what_to_check(
    tmp_path: Path, mosquitto: "BrokerProcess"
) -> None:
    screen = f'[screen]\nzone = "main"\n[screen.media]\nfolder = "{tmp_path}/none"\n'
    path = display_file(tmp_path, mosquitto, screen)
    (tmp_path / "password").write_text("wrong", encoding="utf-8")
    ended, said = await told(path)
    assert "FAIL broker" in said
    assert "check the password in" in said
    assert "WARN pictures  none in" in said
    assert ended == 1


@pytest.mark.broker
@pytest.mark.sound
async def test_a_voice_without_its_loudspeaker_says_so(tmp_path: Path, mosquitto: "BrokerProcess") -> None:
    path = display_file(tmp_path, mosquitto, '[voice]\nzone = "main"\nspeaker = "tcp:127.0.0.1:9"\n')
    ended, said = await told(path)
    assert "FAIL loudspeaker  tcp:127.0.0.1:9" in said
    assert ended == 1
