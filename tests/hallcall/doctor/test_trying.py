"""Devices of a whole hall are tried while it works: every program as it is shipped, simulators behind their cables."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.contract.messages import Presence, Role
from hallcall.doctor.trying import to_try

pytestmark = [pytest.mark.broker, pytest.mark.screen, pytest.mark.sound]
OPEN_WITHIN_S = 60


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run the demo's hall; return its supervisor's file."""
    place = tmp_path_factory.mktemp("hall")
    command = [sys.executable, "-m", "hallcall", "demo", "--headless", "--hold", "--visitors", "0", "--out", str(place)]
    hall = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert hall.stdout is not None
        assert any("the hall is open" in line for line in hall.stdout), "the demo ended before its hall was open"
        yield place / "config" / "desk.toml"
    finally:
        hall.terminate()
        hall.communicate(timeout=OPEN_WITHIN_S)


def doctor(desk: Path, *arguments: str) -> list[str]:
    """Return the lines of tests."""
    ran = subprocess.run(
        [sys.executable, "-m", "hallcall", "doctor", "--hall", "--test", "--config", str(desk), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert "Traceback" not in ran.stderr, ran.stderr
    return [line for line in ran.stdout.splitlines() if "] test  " in line or "] 测试  " in line]


def test_a_kiosk_prints_a_test_slip_and_the_doctor_says_so(desk: Path) -> None:
    (line,) = doctor(desk, "--node", "kiosk-1", "--lang", "en")
    assert line.startswith("[ OK ] test  kiosk-1, printer: a test slip came out in ")


def test_one_sign_of_a_counter_box_is_tried(desk: Path) -> None:
    assert doctor(desk, "--node", "box-1", "--device", "sign-2", "--lang", "zh") == [
        "[正常] 测试  box-1，2 号窗口屏：已送去 8888，请到屏前看是否显示"
    ]


def test_a_board_shows_its_test_picture_on_a_real_window(desk: Path) -> None:
    (line,) = doctor(desk, "--node", "board-1", "--lang", "en")
    assert "[ OK ] test  board-1, screen: the test picture was on the glass" in line


def test_a_device_that_is_not_there_is_told_with_those_that_are(desk: Path) -> None:
    (line,) = doctor(desk, "--node", "box-1", "--device", "sign-77", "--lang", "en")
    assert line.startswith("[WARN] test  box-1 has no sign-77 to try; it has: sign-1, pad-1, keypad-1")


def test_only_programs_with_devices_that_are_there_are_asked_kiosks_first() -> None:
    presences = [
        Presence(node="voice-1", role=Role.DISPLAY, up=True),
        Presence(node="web-1", role=Role.WEB, up=True),
        Presence(node="kiosk-2", role=Role.KIOSK, up=False),
        Presence(node="kiosk-1", role=Role.KIOSK, up=True),
    ]
    assert to_try(presences) == ["kiosk-1", "voice-1"]
    assert to_try(presences, "voice-1") == ["voice-1"]
