"""What a keeper leaves for the screens of its box."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.ailments import found
from broker.bus import Letter
from broker.contract import wire
from broker.contract.messages import BoxHealth, DeviceState, DeviceStatus, Language, Presence, Role
from broker.technician.told import left
from keeper.for_screens import ForScreens

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
HEALTH = BoxHealth(box="b1", findings=(found("disk_low", free_mb=310, path="/var"),))


def presence(node: str, role: Role, *, up: bool = True, paper: str = "") -> Letter:
    state = DeviceState.FAULT if paper else DeviceState.OK
    devices = (DeviceStatus(name="printer", state=state, detail=paper),)
    said = Presence(node=node, role=role, up=up, program="0.1.0", devices=devices)
    return Letter(topic=wire.topic("east", "node/{}", node), payload=wire.encode(said), retained=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "findings.json"


@pytest.fixture
def screens(path: Path) -> ForScreens:
    return ForScreens(hall="east", node="keeper-b1", broker=("10.0.0.2", 8883), path=path, now=lambda: NOW)


def keys(path: Path, language: Language = Language.ZH) -> list[str]:
    told = left(path, NOW)
    assert told is not None
    return [each.finding.key for each in told.of(language)]


def test_a_box_that_is_cut_off_still_tells_of_itself(screens: ForScreens, path: Path) -> None:
    screens.leave(HEALTH, connected=False)
    assert keys(path) == ["disk_low", "broker_gone"]


def test_the_hall_is_told_with_what_somebody_must_see_to(screens: ForScreens, path: Path) -> None:
    screens.hear(presence("dispatcher", Role.DISPATCHER))
    screens.hear(presence("kiosk-1", Role.KIOSK, paper="no paper"))
    screens.leave(HEALTH, connected=True)
    assert keys(path)[:2] == ["disk_low", "dispatcher_ok"]
    told = left(path, NOW)
    assert told is not None
    assert all(each.finding.what != "log" for each in told.of(Language.EN))


def test_what_was_heard_before_a_cut_is_told_no_more(screens: ForScreens, path: Path) -> None:
    screens.hear(presence("dispatcher", Role.DISPATCHER))
    screens.leave(HEALTH, connected=False)
    screens.leave(HEALTH, connected=True)
    assert keys(path)[1] == "dispatcher_gone"


def test_a_machine_without_our_units_is_left_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run" / "findings.json"
    screens = ForScreens(hall="east", node="keeper-b1", broker=("10.0.0.2", 8883), path=path, now=lambda: NOW)
    screens.leave(HEALTH, connected=False)
    assert not path.parent.exists()
