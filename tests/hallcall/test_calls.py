"""What a supervisor reads of signs, boards and voice together."""

import asyncio
import json

import pytest

from broker.bus import Letter, MemoryBroker
from broker.contract import wire
from broker.contract.messages import AnyView, Hall, HallView, Language, Medium, Presence, Reached, Role
from hallcall.calls import Seen, as_json, as_text, look, main

SIGN = Reached(zone="main", medium=Medium.SIGN, calls=40, p50_ms=9, p99_ms=14, worst_ms=20)
ROW = Reached(zone="main", medium=Medium.ROW, calls=40, p50_ms=35, p99_ms=80, worst_ms=95)
LOST_ROW = Reached(zone="main", medium=Medium.ROW, parted="A012 → 3 is not on the glass: start the board again")
SOUND = Reached(zone="main", medium=Medium.SOUND)


def node(name: str, role: Role, reached: Reached, *, up: bool = True) -> Presence:
    return Presence(node=name, role=role, up=up, reached=(reached,))


@pytest.fixture
def view(small_hall: Hall) -> HallView:
    return HallView(epoch=1, seq=1, day="2026-11-22", hall=small_hall)


def seen(view: HallView, *nodes: Presence) -> Seen:
    now = Seen()
    for message in (view, *nodes):
        now = now.heard(message)
    return now


def test_a_zone_has_its_sign_row_and_sound_in_both_languages(view: HallView) -> None:
    now = seen(
        view, node("voice-1", Role.DISPLAY, SOUND), node("box-1", Role.COUNTER, SIGN), node("b", Role.DISPLAY, ROW)
    )
    english, chinese = as_text(now, Language.EN), as_text(now, Language.ZH)
    lines = english.splitlines()
    assert [line.split() for line in lines[3:6]] == [
        ["Signs", "box-1", "9", "/", "14", "/", "20", "(40", "calls)"],
        ["Board", "b", "35", "/", "80", "/", "95", "(40", "calls)"],
        ["Voice", "voice-1", "no", "call", "yet"],
    ]
    assert "Signs, boards and voice are at one." in english
    assert "窗口屏、大屏、语音一致。" in chinese
    assert not now.is_parted


def test_who_has_parted_is_said_and_what_to_check(view: HallView) -> None:
    now = seen(view, node("board-1", Role.DISPLAY, LOST_ROW))
    english = as_text(now, Language.EN)
    assert "! A012 → 3 is not on the glass: start the board again" in english
    assert "have parted" in english
    assert "none tells of this zone" in english  # no sign, no voice
    assert json.loads(as_json(now))["parted"] is True
    assert json.loads(as_json(now))["reached"][0]["node"] == "board-1"


def test_a_node_that_has_gone_says_so_instead_of_old_figures(view: HallView) -> None:
    assert "away" in as_text(seen(view, node("box-1", Role.COUNTER, SIGN, up=False)), Language.EN)


async def test_what_the_broker_keeps_is_gathered_and_told_once(view: HallView) -> None:
    broker = MemoryBroker()
    hall = broker.bus(name="dispatcher", subscriptions=[])
    working = asyncio.create_task(hall.run())
    await asyncio.sleep(0)

    def keep(topic: str, message: AnyView | Presence) -> None:
        hall.publish(Letter(topic=topic, payload=wire.encode(message), retained=True))

    keep(wire.view_topic("east", view), view)
    keep(wire.topic("east", "node/{}", "box-1"), node("box-1", Role.COUNTER, SIGN))
    keep(wire.topic("east", "node/{}", "board-1"), node("board-1", Role.DISPLAY, LOST_ROW))
    topics = [wire.topic("east", "view/hall"), wire.topic("east", "node/{}", "+")]
    told: list[Seen] = []
    found = await look(broker.bus(name="desk", subscriptions=topics), "east", told.append)
    assert told == [found]
    assert [each for _, each in found.reached()] == [SIGN, LOST_ROW]
    working.cancel()


def test_a_node_file_that_is_missing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", "/nowhere/desk.toml"]) == 2
    assert "/nowhere/desk.toml" in capsys.readouterr().err
