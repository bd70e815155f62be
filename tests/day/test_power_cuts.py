"""The plug is pulled on one program after the other, while people wait and calls stand."""

import asyncio
import contextlib
import json
import random
import sqlite3
from collections.abc import AsyncIterator, Callable
from typing import Final

import pytest
import pytest_asyncio

from broker.bus import Letter, MqttBus
from broker.contract import wire
from hallcall.demo.floor import Glass
from hallcall.demo.layout import clear
from hallcall.demo.seen import HallSeen
from hallcall.demo.stage import Stage

PATIENCE_S: Final = 120.0
BACK_S: Final = 10.0
PEOPLE: Final = 4
PRESENCE: Final = {"kiosk": "kiosk-1", "board": "board-1", "voice": "voice-1", "counter": "box-1"}

pytestmark = [
    pytest.mark.broker,
    pytest.mark.screen,
    pytest.mark.sound,
    pytest.mark.asyncio(loop_scope="module"),
]


class Watching:
    """Keeps what is said, and lets everybody look again, ten times a second."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.stage: Stage | None = None

    def say(self, text: str) -> None:
        self.said.append(text)

    def news(self, text: str) -> None:
        self.said.append(text)

    def show(self, _seen: HallSeen) -> None:
        if self.stage is not None:
            self.stage.floor.stir()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """An open hall: some people wait, one stands called before a counter, no clerk presses anything."""
    directory = tmp_path_factory.mktemp("power")
    clear(directory)
    view = Watching()
    view.stage = stage = Stage(directory=directory, visitors=PEOPLE, seed=5, desk=None, silent=True, view=view)
    stage.crowd.clerks_at_work.clear()
    stage.start()
    try:
        async with asyncio.timeout(PATIENCE_S):
            assert await stage.ready(), view.said
            for _ in range(PEOPLE):
                stage.spawn(stage.crowd.send())
            assert await stage.floor.until(lambda: len(stage.floor.slips) == PEOPLE, timeout_s=60), view.said
            (counter, *_) = await waiting_counters(stage, 1)
            stage.order(do="press", counter=counter, key="call")
            assert await stage.floor.until(
                lambda: counter in called(stage) and called(stage) == picture(stage)[0], timeout_s=10
            ), view.said
        yield stage
    finally:
        await stage.close()


def picture(stage: Stage) -> tuple[dict[int, str], dict[int, str]]:
    """Return whom the board calls to each counter, and what the signs show."""
    rows = {row["counter"]: row["ticket"] for row in stage.floor.board_rows}
    return rows, {counter: text for counter, text in stage.floor.signs.items() if text}


def called(stage: Stage) -> dict[int, str]:
    """Return the calls that stand on signs."""
    return picture(stage)[1]


def everybody_is_here(stage: Stage) -> bool:
    present = stage._recorder.present.keys() >= set(stage._expected)
    return present and stage._recorder.ready and stage.floor.glass.screen == "home"


def pull_the_plug(stage: Stage, program: str) -> None:
    """Kill a program and forget what was last seen of it."""
    if program == "mosquitto":
        stage._recorder.present.clear()
    stage._recorder.present.pop(PRESENCE.get(program, program), None)
    if program == "kiosk":
        stage.floor.glass = Glass()
    if program == "board":
        stage.floor.board_rows = []
    if program == "counter":
        stage.floor.signs.clear()
    stage._programs.kill(program)


async def waiting_counters(stage: Stage, wanted: int) -> list[int]:
    """Return counters that are free and whose pads say that somebody waits."""

    def found() -> list[int]:
        return [each.number for each in stage.look().counters if each.somebody_waits]

    assert await stage.floor.until(lambda: len(found()) >= wanted, timeout_s=20)
    return found()[:wanted]


async def one_more_number(stage: Stage) -> tuple[str, str]:
    """Let one more customer come in; return the number on the slip, and the one that comes next by the slips given."""
    given = list(stage.floor.slips)
    stage.spawn(stage.crowd.send())
    assert await stage.floor.until(lambda: len(stage.floor.slips) > len(given), timeout_s=30)
    fresh = stage.floor.slips[-1]
    last = max((int(ticket[1:]) for ticket in given if ticket[0] == fresh[0]), default=0)
    return fresh, f"{fresh[0]}{last + 1:03d}"


@pytest.mark.parametrize("program", ["dispatcher", "kiosk", "board", "voice", "counter", "mosquitto"])
async def test_after_a_power_cut_the_hall_is_as_it_was_and_goes_on_counting(stage: Stage, program: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        before, calls, pid = picture(stage), set(stage.floor.glimpses), stage._programs.pid(program)
        assert before[0]
        assert before[0] == before[1]
        pull_the_plug(stage, program)
        assert await stage.floor.until(
            lambda: stage._programs.pid(program) != pid and everybody_is_here(stage) and picture(stage) == before,
            timeout_s=BACK_S,
        ), (stage._recorder.troubles(), stage.floor.glass.screen, picture(stage), before)
        fresh, expected = await one_more_number(stage)
        assert fresh == expected
        assert picture(stage) == before
        assert set(stage.floor.glimpses) == calls
        assert stage.floor.doubled == set()


@contextlib.asynccontextmanager
async def listening(stage: Stage, node: str) -> AsyncIterator[list[Letter]]:
    """Hear a node's commands as soon as the dispatcher does."""
    heard: list[Letter] = []
    connected = asyncio.Event()

    def hear(letter: Letter) -> None:
        heard.append(letter)
        stage.floor.stir()

    bus = MqttBus(login=stage._login("guest"), subscriptions=[wire.topic(stage.hall.id, "cmd/{}", node)])
    bus.listen(on_letter=hear, on_state=lambda up: connected.set() if up else None)
    running = asyncio.create_task(bus.run())
    await connected.wait()
    yield heard
    running.cancel()


@pytest.mark.parametrize("moment", ["the pads are pressed", "the dispatcher hears of it", "the first sign lights"])
async def test_two_presses_in_the_instant_of_a_power_cut_call_each_number_once(stage: Stage, moment: str) -> None:
    floor = stage.floor
    async with asyncio.timeout(PATIENCE_S), listening(stage, "box-1") as commands:
        pair = await waiting_counters(stage, 2)
        beeps, pid = dict(floor.beeps), stage._programs.pid("dispatcher")
        pressed = {number: floor._pressed_ms.get(number) for number in pair}
        has_come: dict[str, Callable[[], bool]] = {
            "the pads are pressed": lambda: all(floor._pressed_ms.get(number) != at for number, at in pressed.items()),
            "the dispatcher hears of it": lambda: bool(commands),
            "the first sign lights": lambda: any(floor.signs.get(number) for number in pair),
        }

        def is_settled(number: int) -> bool:
            """Tell whether the clerk sees a call, or hears that there is none."""
            return bool(floor.signs.get(number)) or floor.beeps.get(number, 0) > beeps.get(number, 0)

        for number in pair:
            stage.order(do="press", counter=number, key="call")
        assert await floor.until(has_come[moment], timeout_s=10)
        pull_the_plug(stage, "dispatcher")
        assert await floor.until(
            lambda: (
                stage._programs.pid("dispatcher") != pid
                and everybody_is_here(stage)
                and all(is_settled(number) for number in pair)
            ),
            timeout_s=BACK_S,
        ), (called(stage), floor.beeps, beeps, floor.glass.screen)
        assert await floor.until(lambda: picture(stage)[0] == called(stage), timeout_s=BACK_S)
        assert floor.doubled == set()
        chance = random.Random(1)  # noqa: S311 - people, not secrets
        await asyncio.gather(*(stage.crowd._serve(number, chance) for number in pair if floor.signs.get(number)))


async def test_at_closing_time_nobody_was_lost_and_nobody_called_twice(stage: Stage) -> None:
    async with asyncio.timeout(PATIENCE_S):
        floor = stage.floor
        stage.staff()
        assert await floor.until(
            lambda: stage.crowd.inside == 0 and not any(floor.signs.values()), timeout_s=PATIENCE_S
        ), (stage.crowd.gone, floor.slips, called(stage))
    assert (floor.lost, floor.doubled, floor.torn, stage.crowd.unlucky) == ([], set(), 0, 0)
    assert not stage.stopped.is_set()
    (journal,) = (stage.directory / "journal").glob("*.sqlite")
    with contextlib.closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as db:
        bodies = db.execute("SELECT body FROM event WHERE kind = 'TicketCalled'").fetchall()
    assert sorted(json.loads(body)["ticket"] for (body,) in bodies) == sorted(floor.slips)
