"""The program itself: its file, its signals, kill -9."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol

import pytest

from broker.bus import Letter, Login, MqttBus
from broker.contract import wire
from broker.contract.messages import (
    AnyCommand,
    AnyView,
    Called,
    CallNext,
    CounterState,
    CounterView,
    Done,
    Presence,
    Rate,
    Rating,
    Role,
)
from counter.__main__ import BAD_CONFIG
from hardware.simulators.candle_signs import SimulatedSigns
from hardware.simulators.jtt905_keypad import SimulatedKeypad
from hardware.simulators.qsystem_pads import SimulatedPads

PATIENCE_S = 15.0
FILE = """\
node = "box-1"
hall = "east"
state_dir = "{dir}"
[broker]
port = {port}
password_file = "{dir}/password"
[pads]
port = "serial:{dir}/pads"
[[signs]]
port = "serial:{dir}/signs"
[[windows]]
counter = 1
pad = 1
sign = 33
keypad = {{ port = "serial:{dir}/keypad" }}
"""
IDLE = CounterView(epoch=1, seq=1, counter=1, state=CounterState.IDLE, waiting=2)
CALLED = CounterView(epoch=1, seq=2, counter=1, state=CounterState.CALLED, waiting=1, call="c1", ticket="A012", times=1)
FINISHED = CounterView(epoch=1, seq=3, counter=1, state=CounterState.IDLE, waiting=1, rate="c1")


class Town:
    """mosquitto, devices behind their cables, and the hall's side of the wire in the test's own hand."""

    def __init__(self, directory: Path, *, dispatcher: Login, box: Login) -> None:
        self.config = directory / "counter.toml"
        self.config.write_text(FILE.format(dir=directory, port=box.port), encoding="utf-8")
        (directory / "password").write_text(f"{box.password}\n", encoding="utf-8")
        self.commands: list[AnyCommand] = []
        self.box_is_up: bool | None = None
        self.answers = True
        self._news = asyncio.Event()
        self.pads = SimulatedPads(link=directory / "pads", report=lambda _: self._news.set())
        self.signs = SimulatedSigns(link=directory / "signs", report=lambda _: self._news.set())
        self.keypad = SimulatedKeypad(link=directory / "keypad", report=lambda _: self._news.set())
        self.bus = MqttBus(
            login=dispatcher,
            subscriptions=[wire.topic("east", "cmd/{}", "box-1"), wire.topic("east", "node/{}", "box-1")],
        )
        self.bus.listen(on_letter=self._hear, on_state=self._connection)

    async def start_box(self) -> Process:
        return await asyncio.create_subprocess_exec(sys.executable, "-m", "counter", "--config", str(self.config))

    def show(self, view: AnyView) -> None:
        self._send(wire.view_topic("east", view), wire.encode(view), retained=True)

    async def until(self, wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not wanted():
                self._news.clear()
                await self._news.wait()

    def _send(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        self.bus.publish(Letter(topic=topic, payload=payload, retained=retained))

    def _connection(self, connected: bool) -> None:  # noqa: FBT001 - the bus's callback has this shape
        if connected:
            presence = Presence(node="dispatcher", role=Role.DISPATCHER, up=True)
            self._send(wire.topic("east", "node/{}", "dispatcher"), wire.encode(presence), retained=True)
            self.show(IDLE)

    def _hear(self, letter: Letter) -> None:
        message = wire.decode("east", letter.topic, letter.payload).message
        self._news.set()
        match message:
            case Presence(up=up):
                self.box_is_up = up
            case CallNext(id=command):
                self.commands.append(message)
                self.show(CALLED)
                self._answer(Called(id=command, epoch=1, seq=2, call="c1", ticket="A012"))
            case Rate(id=command):
                self.commands.append(message)
                if self.answers:
                    self._answer(Done(id=command, epoch=1, seq=4))
            case _:
                pass

    def _answer(self, answer: Called | Done) -> None:
        self._send(wire.topic("east", "reply/{}", "box-1"), wire.encode(answer))


class Mosquitto(Protocol):
    def login(self, name: str) -> Login: ...


@pytest.fixture
async def town(tmp_path: Path, mosquitto: Mosquitto) -> AsyncIterator[Town]:
    town = Town(tmp_path, dispatcher=mosquitto.login("dispatcher"), box=mosquitto.login("box-1"))
    async with town.pads, town.signs, town.keypad:
        bus = asyncio.create_task(town.bus.run())
        yield town
        bus.cancel()


@pytest.mark.broker
async def test_kill_9_loses_no_rating_and_sigterm_ends_cleanly(town: Town) -> None:
    box = await town.start_box()
    await town.until(lambda: town.pads.texts[1] == "  2")
    town.pads.press(1, "call")
    await town.until(lambda: town.signs.texts[33] == "A012")
    town.show(FINISHED)
    await town.until(lambda: town.keypad.is_asking)
    town.answers = False
    town.keypad.rate(1)
    await town.until(lambda: any(isinstance(each, Rate) for each in town.commands))
    box.send_signal(signal.SIGKILL)
    await town.until(lambda: town.box_is_up is False)
    rates = [each for each in town.commands if isinstance(each, Rate)]
    town.commands.clear()
    town.answers = True
    box = await town.start_box()
    await town.until(lambda: town.commands != [])
    again = town.commands[0]
    assert isinstance(again, Rate)
    assert (again.id, again.call, again.rating) == (rates[0].id, "c1", Rating.SATISFIED)
    box.terminate()
    assert await box.wait() == 0


async def test_a_broken_file_is_named_and_ends_the_program(tmp_path: Path) -> None:
    config = tmp_path / "counter.toml"
    config.write_text(FILE.format(dir=tmp_path, port=1883).replace("pad =", "pud ="), encoding="utf-8")
    box = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "counter", "--config", str(config), stderr=PIPE, cwd=tmp_path
    )
    _, errors = await box.communicate()
    assert box.returncode == BAD_CONFIG, errors.decode()
    assert b"pud" in errors
    assert b"Traceback" not in errors
