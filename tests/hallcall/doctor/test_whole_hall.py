"""What the doctor says of a hall, from what its programs tell."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from broker.ailments import found
from broker.contract.messages import (
    BoxHealth,
    BoxLog,
    BoxWarning,
    DeviceState,
    DeviceStatus,
    Hall,
    HallView,
    Language,
    Medium,
    Node,
    Presence,
    QueueRow,
    QueuesView,
    Reached,
    Role,
)
from broker.whole_hall import SHOWN, Hearing, whole_hall
from hallcall.doctor.sheet import AMBER, GREEN, RED, Sheet, as_text

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def here(node: str, role: Role, **about: object) -> Presence:
    fields: dict[str, object] = {"up": True, "program": "0.2.0", **about}
    return Presence(node=node, role=role, **fields)  # type: ignore[arg-type]


@pytest.fixture
def well(small_hall: Hall) -> Hearing:
    """A hall in which all is well."""
    hall = msgspec.structs.replace(
        small_hall,
        nodes=(*small_hall.nodes, Node(id="desk", role=Role.SUPERVISOR), Node(id="keeper-k1", role=Role.KEEPER)),
    )
    told = [here("dispatcher", Role.DISPATCHER)]
    told += [here(each.id, each.role) for each in small_hall.nodes if each.role is not Role.WATCH]
    told.append(
        here(
            "keeper-k1",
            Role.KEEPER,
            box=BoxHealth(box="k1", findings=(found("disk_ok", path="/var", free_mb=9, total_mb=9),)),
        )
    )
    rows = (QueueRow(service="bill", waiting=3, wait_low_min=5, wait_high_min=15, last_called=None),)
    return Hearing(
        hall=HallView(epoch=1, seq=1, day="2026-11-22", hall=hall),
        queues=QueuesView(epoch=1, seq=1, queues=rows),
        nodes={each.node: each for each in told},
    )


def keys(heard: Hearing) -> list[tuple[str, str]]:
    return [(each.place, each.finding.key) for each in whole_hall(heard, Language.EN, now=NOW, own="desk")]


def text(heard: Hearing, language: Language = Language.EN) -> str:
    return as_text(list(whole_hall(heard, language, now=NOW, own="desk")), language)


def test_a_hall_in_which_all_is_well_is_green(well: Hearing) -> None:
    assert {key for _, key in keys(well)} == {
        "dispatcher_ok", "queue_ok", "calls_none", "nodes_ok", "version_ok", "keeper_ok", "log_ok",
    }  # fmt: skip
    assert text(well).splitlines()[-1] == "All well."
    assert "3 wait, the longest expected wait is 15 minutes" in text(well)
    assert text(well, Language.ZH).splitlines()[-1] == "一切正常。"


def test_a_node_that_was_never_heard_one_that_is_gone_and_a_stranger_are_named(well: Hearing) -> None:
    del well.nodes["kiosk-2"]
    well.nodes["board-1"] = here("board-1", Role.DISPLAY, up=False)
    well.nodes["old-kiosk"] = here("old-kiosk", Role.KIOSK)
    assert {("kiosk-2", "node_missing"), ("board-1", "node_gone"), ("old-kiosk", "node_stranger")} <= set(keys(well))
    assert "do: Is its box on? Look at power and network there; then hallcall doctor on that box." in text(well)


def test_a_supervisor_who_is_not_there_is_nobody_s_worry(well: Hearing) -> None:
    assert not [place for place, _ in keys(well) if place in {"desk", "watcher"}]


def test_without_a_dispatcher_nothing_is_called(well: Hearing) -> None:
    well.nodes["dispatcher"] = here("dispatcher", Role.DISPATCHER, up=False)
    assert keys(well)[0] == ("", "dispatcher_gone")


def test_a_device_in_trouble_is_named_with_what_to_check(well: Hearing) -> None:
    roll = DeviceStatus(name="printer", state=DeviceState.FAULT, detail="no paper; put in a roll")
    lamp = DeviceStatus(name="screen", state=DeviceState.OK)
    well.nodes["kiosk-1"] = here("kiosk-1", Role.KIOSK, devices=(roll, lamp), bad_messages=4)
    assert [key for place, key in keys(well) if place == "kiosk-1"] == ["device_fault", "node_bad_messages"]
    assert "[FAIL] device  kiosk-1, printer: no paper; put in a roll" in text(well)


def test_versions_that_differ_are_told_against_the_dispatcher_s(well: Hearing) -> None:
    well.nodes["web-1"] = here("web-1", Role.WEB, program="0.1.0")
    assert ("web-1", "version_differs") in keys(well)
    assert "web-1 runs 0.1.0, the dispatcher 0.2.0" in text(well)


def test_a_box_tells_its_own_troubles_once(well: Hearing) -> None:
    trouble = (found("clock_off", offset_ms=7200, source="192.168.8.1"), found("card_worn", percent=90))
    devices = (DeviceStatus(name="clock", state=DeviceState.FAULT, detail="7200 ms off"),)
    well.nodes["keeper-k1"] = here("keeper-k1", Role.KEEPER, box=BoxHealth(box="k1", findings=trouble), devices=devices)
    assert [each for each in keys(well) if each[0] in {"k1", "keeper-k1"}] == [("k1", "clock_off"), ("k1", "card_worn")]


def test_a_hall_without_keepers_says_so(well: Hearing) -> None:
    del well.nodes["keeper-k1"]
    assert ("", "keeper_missing") in keys(well)


def test_calls_that_are_late_or_not_the_hall_s_are_told(well: Hearing) -> None:
    row = Reached(zone="main", medium=Medium.ROW, calls=200, p50_ms=40, p99_ms=1400, worst_ms=1500)
    sign = Reached(zone="main", medium=Medium.SIGN, calls=200, p99_ms=14)
    sound = Reached(zone="main", medium=Medium.SOUND, parted="A012 was not said")
    patient = Reached(zone="main", medium=Medium.SOUND, calls=9, p99_ms=6900)
    well.nodes["board-1"] = here("board-1", Role.DISPLAY, reached=(row,))
    well.nodes["box-1"] = here("box-1", Role.COUNTER, reached=(sign, sound, patient))
    told = [key for _, key in keys(well) if key.startswith("calls")]
    assert told == ["calls_slow", "calls_ok", "calls_parted", "calls_ok"]
    assert "main: boards of board-1 needs 1400 ms (99 of 100 of 200)" in text(well)


def warned(number: int, *, priority: int = 4, count: int = 1, ago_h: float = 1) -> BoxWarning:
    at = NOW - timedelta(hours=ago_h)
    return BoxWarning(
        number=number, first=at, last=at, unit="kernel", priority=priority, text=f"error {number}", count=count
    )


def test_the_last_day_s_warnings_are_told_the_weightiest_first(well: Hearing) -> None:
    old = warned(1, priority=2, ago_h=30)
    well.logs["keeper-k1"] = BoxLog(
        box="k1", run="r", warnings=(old, warned(2), warned(3, count=9), warned(4, priority=3))
    )
    told = [line for line in text(well).splitlines() if "error" in line]
    assert [line.rpartition(" ")[2] for line in told] == ["4", "3", "2"]
    well.logs["keeper-k1"] = BoxLog(box="k1", run="r", warnings=tuple(map(warned, range(SHOWN + 5))))
    assert "5 more of the last day: hallcall warnings" in text(well)


def test_the_sheet_ends_as_what_was_found_is_and_tells_programs_the_same() -> None:
    said: list[str] = []
    for key, args, light in (
        ("log_ok", {}, GREEN),
        ("card_worn", {"percent": 90}, AMBER),
        ("disk_full", {"path": "/var", "free_mb": 3}, RED),
    ):
        sheet = Sheet(language=Language.EN, as_json=True, write=said.append)
        sheet.add("k1", found(key, **args))
        assert sheet.end() == light
    told = json.loads(said[-1])
    assert told["light"] == "red"
    assert told["findings"][0]["do"].startswith("Make room now")
    assert {"place", "what", "state", "key", "args", "text"} <= told["findings"][0].keys()
