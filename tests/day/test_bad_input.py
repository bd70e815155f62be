"""What comes wrong from outside: corrupt frames, foreign letters, missing devices, no paper. The hall goes on."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio

from broker.bus import Letter, Login, MqttBus
from broker.contract import wire
from broker.contract.messages import BoardView, DeviceState, Presence, Recorded, TicketIssued
from hallcall.demo.casting import cast
from hallcall.demo.floor import Floor
from hallcall.demo.layout import clear, free_ports, lay_out
from hallcall.demo.people import Crowd
from hallcall.demo.programs import Programs
from hallcall.demo.touch import Finger
from hallcall.demo.witnesses import follow

PATIENCE_S: Final = 60.0
SETTINGS: Final = {"ticket_s": 2, "speaker": "alsa:default", "languages": '["zh"]', "repeats": 1}
BOARD: Final = {"board_width": 1280, "board_height": 720}
KINDS_OF_RUBBISH: Final = {
    "nothing like a letter": b"\x00\xff\xfe",
    "no JSON": b"call the next",
    "JSON of nothing known": b'{"type":"OpenTheSafe","id":"r1"}',
    "a key too many": b'{"type":"TakeTicket","id":"r2","service":"pay","first":true}',
    "a key too few": b'{"type":"CallNext","id":"r3"}',
    "a counter that cannot be": b'{"type":"CallNext","id":"r4","counter":-1}',
    "brackets without end": b"[" * 50_000,
}

pytestmark = [pytest.mark.broker, pytest.mark.screen, pytest.mark.asyncio(loop_scope="module")]


class Room:
    """Dispatcher, kiosk and counter box at work; `board-1` and `voice-1` are away, so that their logins are free."""

    def __init__(self, directory: Path) -> None:
        clear(directory)
        self.directory = directory
        ports = free_ports()
        self.hall = lay_out(directory, ports=ports, settings={**SETTINGS, **BOARD})
        self.port = ports.broker
        self.floor = Floor()
        self.said: list[str] = []
        self.programs = Programs(logs=directory / "logs", say=self.said.append)
        self.present: dict[str, Presence] = {}
        self.issued: list[str] = []
        self._parts = {part.name: part for part in cast(directory, hall=self.hall, ports=ports, desk=None)}
        self._crowd = Crowd(
            floor=self.floor, finger=Finger(port=ports.touch), order=self.order, services=["pay"], seed=1
        )
        self._bus = MqttBus(login=self.login("recorder"), subscriptions=[wire.topic(self.hall.id, "#")])
        self._bus.listen(on_letter=self._hear, on_state=lambda _: None)
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        for name in ("mosquitto", "cables", "dispatcher", "kiosk", "counter"):
            self.start(name)
        seen = follow(self.directory / "screens" / "kiosk.jsonl", self.floor.see_kiosk)
        self._tasks += [asyncio.create_task(self._bus.run()), asyncio.create_task(seen)]
        await self.sees(lambda: self.present.keys() >= {"dispatcher", "kiosk-1", "box-1"} and not self.faults())
        await self.sees(lambda: self.floor.glass.screen == "home")

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await self.programs.stop()

    def start(self, name: str) -> None:
        part = self._parts[name]
        hears = self._cables_say if name == "cables" else None
        self.programs.start(name, part.argv, environment=part.environment, on_line=hears)

    def login(self, name: str) -> Login:
        password = (self.directory / "config" / f"{name}.password").read_text(encoding="utf-8").strip()
        return Login(host="127.0.0.1", port=self.port, name=name, password=password)

    def order(self, **act: object) -> None:
        self.programs.write("cables", json.dumps(act))

    def faults(self) -> dict[str, str]:
        """Return what the nodes' presence says is wrong, by device."""
        devices = [device for each in self.present.values() for device in each.devices]
        return {device.name: device.detail for device in devices if device.state is DeviceState.FAULT}

    async def sees(self, wanted: Callable[[], bool]) -> None:
        assert await self.floor.until(wanted, timeout_s=PATIENCE_S), (self.faults(), self.present, self.said)

    async def gives_a_number(self) -> str:
        """Let somebody take a number and leave; return what the slip says."""
        slips = len(self.floor.slips)
        await self._crowd.send(stays=False)
        assert len(self.floor.slips) == slips + 1, self.floor.glass
        return self.floor.slips[-1]

    async def sends_somebody_away(self) -> None:
        unlucky = self._crowd.unlucky
        await self._crowd.send()
        assert self._crowd.unlucky == unlucky + 1

    async def serves(self, counter: int) -> None:
        """Start and finish whoever is called to a counter."""
        self.order(do="press", counter=counter, key="start")
        await self.sees(lambda: self.floor.lamps.get(counter) == "green")
        self.order(do="press", counter=counter, key="finish")
        await self.sees(lambda: self.floor.signs.get(counter) == "")

    def _cables_say(self, line: str) -> None:
        self.floor.take(json.loads(line))

    def _hear(self, letter: Letter) -> None:
        try:
            message = wire.decode(self.hall.id, letter.topic, letter.payload).message
        except wire.BadMessage:
            return
        match message:
            case Presence(node=node):
                self.present[node] = message
            case Recorded(event=TicketIssued(ticket=ticket)):
                self.issued.append(ticket)
            case _:
                pass
        self.floor.stir()


class Stranger:
    """Somebody with a display's login who writes what no display would. Returns whether the broker took it."""

    def __init__(self, room: Room) -> None:
        self._bus = MqttBus(login=room.login("board-1"), subscriptions=[])
        self._connected = asyncio.Event()
        self._bus.listen(on_letter=lambda _: None, on_state=lambda up: self._connected.set() if up else None)

    async def writes(self, topic: str, *payloads: bytes, retained: bool = False) -> list[bool]:
        running = asyncio.create_task(self._bus.run())
        await self._connected.wait()
        letters = [Letter(topic=topic, payload=payload, retained=retained) for payload in payloads]
        taken = await asyncio.gather(*(self._bus.publish(letter) for letter in letters))
        running.cancel()
        return taken


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    room = Room(tmp_path_factory.mktemp("room"))
    try:
        async with asyncio.timeout(2 * PATIENCE_S):
            await room.open()
        yield room
    finally:
        await room.close()


async def test_a_corrupt_frame_on_the_pads_line_costs_no_press(room: Room) -> None:
    async with asyncio.timeout(2 * PATIENCE_S):
        ticket = await room.gives_a_number()
        for _ in range(3):
            room.order(do="garble")
        room.order(do="press", counter=1, key="call")
        await room.sees(lambda: room.floor.signs.get(1) == ticket)
        await room.serves(1)


async def test_rubbish_on_a_command_topic_is_counted_and_stops_nothing(room: Room) -> None:
    async with asyncio.timeout(3 * PATIENCE_S):
        before, life = room.present["dispatcher"].bad_messages, room.programs.pid("dispatcher")
        topic = wire.topic(room.hall.id, "cmd/{}", "board-1")
        assert all(await Stranger(room).writes(topic, *KINDS_OF_RUBBISH.values()))
        ticket = await room.gives_a_number()
        room.order(do="press", counter=2, key="call")
        await room.sees(lambda: room.floor.signs.get(2) == ticket)
        await room.serves(2)
        await room.sees(lambda: room.present["dispatcher"].bad_messages == before + len(KINDS_OF_RUBBISH))
        assert room.programs.pid("dispatcher") == life


async def test_a_display_cannot_say_what_a_board_shows(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    async with asyncio.timeout(PATIENCE_S):
        lie = wire.encode(BoardView(epoch=9, seq=9, zone="main", rows=()))
        with caplog.at_level(logging.ERROR, logger="broker.bus"):
            taken = await Stranger(room).writes(wire.topic(room.hall.id, "view/board/{}", "main"), lie, retained=True)
        assert taken == [False]
        assert "broker refuses a letter of board-1" in caplog.text
        assert "is its topic allowed to this node?" in caplog.text


async def test_a_box_without_its_cables_says_what_to_check_and_works_once_they_are_in(room: Room) -> None:
    async with asyncio.timeout(4 * PATIENCE_S):
        ticket = await room.gives_a_number()
        room.programs.retire("cables")
        for link in (room.directory / "lines").iterdir():
            link.unlink()
        room.programs.kill("counter")
        lines = {"pads", "signs", "keypad-1", "keypad-2", "keypad-3", "keypad-4"}
        await room.sees(
            lambda: lines <= {name for name, detail in room.faults().items() if "is the adapter plugged in" in detail}
        )
        assert str(room.directory / "lines" / "pads") in room.faults()["pads"]
        room.start("cables")
        await room.sees(lambda: not room.faults())
        await room.sees(lambda: room.floor.pad_texts.get(1) == "1")
        room.order(do="press", counter=1, key="call")
        await room.sees(lambda: room.floor.signs.get(1) == ticket)
        await room.serves(1)


async def test_a_kiosk_without_paper_says_so_and_takes_no_number(room: Room) -> None:
    async with asyncio.timeout(4 * PATIENCE_S):
        room.order(do="end_paper")
        await room.sees(lambda: room.faults() == {"printer": "out of paper: put in a new roll"})
        issued = list(room.issued)
        await room.sends_somebody_away()
        assert room.issued == issued
        room.order(do="refill")
        await room.sees(lambda: not room.faults())
        ticket = await room.gives_a_number()
        assert room.issued == [*issued, ticket]
        room.order(do="press", counter=4, key="call")
        await room.sees(lambda: room.floor.signs.get(4) == ticket)
        await room.serves(4)
