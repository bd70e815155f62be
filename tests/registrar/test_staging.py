"""A release goes through a hall in stages, outside opening hours, and stops where a box came to harm."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.contract.messages import BoxHealth, BoxUpdate, Hall, Hours, Role, Text, UpdateStep, Weekday
from broker.hall.clock import ms
from broker.hall.hours import is_open
from registrar.quiet import Quiet, next_quiet
from registrar.staging import Package, Plan, Rollout, Seen, plan, stage_of

BEGUN = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUIET = Quiet(begins=BEGUN, ends=BEGUN + timedelta(hours=10))
ROLLOUT = Rollout(
    version="2.0",
    packages=(
        Package(arch="amd64", file="hallcall-2.0-amd64.raucb", sha256="a" * 64, size=10),
        Package(arch="arm64", file="hallcall-2.0-arm64.raucb", sha256="b" * 64, size=20),
    ),
    begun=BEGUN,
)
HALL = {
    "board-1": Role.DISPLAY,
    "board-2": Role.DISPLAY,
    "kiosk-1": Role.KIOSK,
    "windows": Role.COUNTER,
    "web": Role.WEB,
    "dispatcher": Role.DISPATCHER,
}


def seen(
    box: str,
    *,
    image: str = "1.0",
    step: UpdateStep = UpdateStep.NONE,
    up: bool = True,
    heard: datetime = BEGUN + timedelta(minutes=5),
    why: str = "",
) -> Seen:
    version = "" if step is UpdateStep.NONE else "2.0"
    return Seen(
        box=box,
        roles=frozenset({HALL[box], Role.KEEPER}),
        up=up,
        at=heard,
        health=BoxHealth(
            box=box, image=image, update=BoxUpdate(arch="arm64", step=step, version=version, at=BEGUN, why=why)
        ),
    )


def hall(**different: Seen) -> list[Seen]:
    return [different.get(box.replace("-", "_"), seen(box)) for box in HALL]


def planned(boxes: Sequence[Seen], *, after: timedelta = timedelta(minutes=5)) -> Plan:
    return plan(ROLLOUT, boxes, QUIET, BEGUN + after)


def test_one_box_goes_first_then_displays_then_kiosks_and_windows_then_the_web_and_the_dispatcher_last() -> None:
    have: set[str] = set()
    stages = []
    while True:
        now = planned([seen(box, image="2.0" if box in have else "1.0") for box in HALL])
        if not now.offers:
            break
        stages.append(set(now.offers))
        have |= set(now.offers)
    assert stages == [{"board-1"}, {"board-2"}, {"kiosk-1", "windows"}, {"web"}, {"dispatcher"}]
    assert now.ended


def test_the_hall_goes_back_in_the_same_order_and_a_box_that_cannot_stops_it() -> None:
    rollout = msgspec.structs.replace(ROLLOUT, back=True)
    after = BEGUN + timedelta(minutes=5)
    have = {box: seen(box, image="2.0") for box in HALL}
    now = plan(rollout, list(have.values()), QUIET, after)
    assert list(now.offers) == ["board-1"]
    assert now.offers["board-1"].back
    have["board-1"] = seen("board-1", image="1.0", step=UpdateStep.FELL_BACK)
    now = plan(rollout, list(have.values()), QUIET, after)
    assert (list(now.offers), now.alert) == (["board-2"], "")
    have["board-2"] = seen("board-2", image="2.0", step=UpdateStep.FELL_BACK)  # just before its restart
    assert plan(rollout, list(have.values()), QUIET, after).alert == ""
    have["board-2"] = seen("board-2", image="2.0", step=UpdateStep.FAILED, why="slot A is bad")
    assert plan(rollout, list(have.values()), QUIET, after).alert == "board-2 could not go back: slot A is bad"
    assert plan(rollout, [seen(box) for box in HALL], QUIET, after).ended


def test_a_box_that_takes_no_updates_holds_nobody_up_and_is_named() -> None:
    plain = msgspec.structs.replace(BoxHealth(box="web"), image="1.0")
    web = Seen(box="web", roles=frozenset({Role.WEB}), up=True, at=BEGUN, health=plain)
    now = planned([web, seen("board-1")])
    assert (now.waits_for, now.later, now.takes_none) == (("board-1",), (), ("web",))
    now = planned([web, seen("board-1", image="2.0")])
    assert now.ended
    assert (now.absent, now.takes_none) == ((), ("web",))


def test_a_box_with_several_nodes_goes_with_the_last_of_them() -> None:
    assert stage_of(frozenset({Role.DISPLAY, Role.KEEPER})) == 0
    assert stage_of(frozenset({Role.DISPLAY, Role.WEB, Role.KIOSK})) == 2
    assert stage_of(frozenset(Role)) == 3
    assert stage_of(frozenset({Role.KEEPER})) == 1


def test_a_release_that_runs_but_is_not_confirmed_keeps_the_next_stage_waiting() -> None:
    now = planned(hall(board_1=seen("board-1", image="2.0", step=UpdateStep.TRIAL)))
    assert now.waits_for == ("board-1",)
    assert set(now.offers) == {"board-1"}


@pytest.mark.parametrize(
    ("step", "said"),
    [(UpdateStep.FELL_BACK, "fell back.*no sound"), (UpdateStep.FAILED, "could not install.*no sound")],
)
def test_a_box_that_came_to_harm_stops_everything(step: UpdateStep, said: str) -> None:
    now = planned(hall(board_1=seen("board-1", step=step, why="no sound")))
    assert not now.offers
    assert "kiosk-1" in now.later
    assert not now.ended
    assert re.search(said, now.alert)


def test_harm_of_a_rollout_before_does_not_count() -> None:
    before = BoxUpdate(arch="arm64", step=UpdateStep.FELL_BACK, version="2.0", at=BEGUN - timedelta(days=1))
    health = BoxHealth(box="board-1", image="1.0", update=before)
    boxes = hall(board_1=Seen(box="board-1", roles=frozenset({Role.DISPLAY}), up=True, at=BEGUN, health=health))
    assert set(planned(boxes).offers) == {"board-1"}


def test_a_box_that_was_off_before_holds_up_nobody_and_gets_it_when_it_is_back() -> None:
    off = seen("board-1", up=False, heard=BEGUN - timedelta(days=2))
    now = planned(hall(board_1=off))
    assert set(now.offers) == {"board-2"}
    now = planned(hall(board_1=off, board_2=seen("board-2", image="2.0")))
    assert set(now.offers) == {"board-1", "kiosk-1", "windows"}
    assert now.absent == ("board-1",)


def test_a_box_that_got_it_and_then_said_nothing_more_stops_the_rollout() -> None:
    lost = seen("board-1", up=False, step=UpdateStep.INSTALLING)
    assert planned(hall(board_1=lost), after=timedelta(minutes=30)).waits_for == ("board-1",)
    assert "board-1 has been silent" in planned(hall(board_1=lost), after=timedelta(minutes=60)).alert


def test_a_kind_of_machine_without_a_bundle_is_said_at_once() -> None:
    rollout = msgspec.structs.replace(ROLLOUT, packages=ROLLOUT.packages[:1])
    assert "kind arm64" in plan(rollout, hall(), QUIET, BEGUN).alert


def test_boxes_restart_in_the_quiet_time_and_at_once_only_when_that_was_asked_for() -> None:
    (release,) = planned(hall()).offers.values()
    assert (release.not_before, release.not_after) == (QUIET.begins, QUIET.ends)
    assert release.path == "/releases/hallcall-2.0-arm64.raucb"
    (release,) = plan(msgspec.structs.replace(ROLLOUT, at_once=True), hall(), QUIET, BEGUN).offers.values()
    assert (release.not_before, release.not_after) == (None, None)


STEPS = st.sampled_from(list(UpdateStep))


@settings(max_examples=60)
@given(
    states=st.lists(st.tuples(STEPS, st.booleans(), st.booleans()), min_size=len(HALL), max_size=len(HALL)),
    minutes=st.integers(0, 600),
)
def test_no_box_is_offered_anything_before_all_that_come_first_are_healthy_or_absent(
    states: list[tuple[UpdateStep, bool, bool]], minutes: int
) -> None:
    boxes = [
        seen(box, step=step, up=up, image="2.0" if has and step is not UpdateStep.TRIAL else "1.0")
        for box, (step, up, has) in zip(HALL, states, strict=True)
    ]
    now = planned(boxes, after=timedelta(minutes=minutes))
    if now.alert:
        assert not now.offers
    stages = {each.box: stage_of(each.roles) for each in boxes}
    for box in now.offers:
        assert box not in now.done
        before = {other for other, stage in stages.items() if stage < stages[box]}
        assert before <= {*now.done, *now.absent}


def opened(*hours: tuple[str, str]) -> Hall:
    days = tuple(Weekday)[:5]
    return Hall(
        id="east",
        name=Text(zh="厅", en="hall"),
        timezone="Asia/Shanghai",
        zones=(),
        services=(),
        counters=(),
        nodes=(),
        hours=tuple(Hours(days=days, open=at, close=to) for at, to in hours),
    )


@pytest.mark.parametrize(
    ("now", "begins", "ends"),
    [
        ("2026-11-23T10:00", "2026-11-23T18:00", "2026-11-24T08:15"),  # Monday, open: an hour after closing
        ("2026-11-23T17:30", "2026-11-23T18:00", "2026-11-24T08:15"),  # closed, and the last are still being served
        ("2026-11-23T23:05", "2026-11-23T23:00", "2026-11-24T08:15"),
        ("2026-11-24T07:50", "2026-11-24T18:00", "2026-11-25T08:15"),  # too short until opening
        ("2026-11-28T12:00", "2026-11-28T12:00", "2026-11-30T08:15"),  # Saturday
    ],
)
def test_the_quiet_time_is_outside_opening_hours(now: str, begins: str, ends: str) -> None:
    hall = opened(("08:45", "11:45"), ("13:00", "17:00"))
    found = next_quiet(hall, datetime.fromisoformat(f"{now}+08:00"))
    local = [at.astimezone(datetime.fromisoformat(f"{now}+08:00").tzinfo) for at in (found.begins, found.ends)]
    assert [f"{at:%Y-%m-%dT%H:%M}" for at in local] == [begins, ends]


def test_a_hall_that_never_closes_is_quiet_at_night() -> None:
    found = next_quiet(opened(), datetime(2026, 11, 23, 4, tzinfo=UTC))
    assert found.begins == datetime(2026, 11, 23, 17, tzinfo=UTC)  # 01:00 there


@settings(max_examples=40)
@given(at=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2026, 12, 1)))  # noqa: DTZ001
def test_in_the_quiet_time_the_hall_is_never_open(at: datetime) -> None:
    hall = opened(("08:45", "11:45"), ("13:00", "17:00"))
    found = next_quiet(hall, at.replace(tzinfo=UTC))
    step = found.begins
    while step <= found.ends + timedelta(minutes=29):
        assert not is_open(hall, ms(step))
        step += timedelta(minutes=5)
