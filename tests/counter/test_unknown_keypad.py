"""A rating keypad that nobody knows is fitted with `hallcall sniff` and its file alone, and then rates in a hall."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final, Protocol

import pytest

from broker.bus import Letter, Login, MqttBus
from broker.contract import wire
from broker.contract.messages import CounterState, CounterView, Done, Presence, Rate, Rating, Role
from hardware.simulators.odd_pads import OddPads
from hardware.simulators.pty_cable import PtyCable

PATIENCE_S: Final = 40.0
POLL_S: Final = 0.03
CODES: Final = {"satisfied": 0x31, "average": 0x35, "dissatisfied": 0x3A, "complaint": 0x3C}
ASK, REST = bytes.fromhex("3C 11 01 2E 3E"), bytes.fromhex("3C 11 00 2D 3E")
FILE = """\
node = "box-1"
hall = "east"
state_dir = "{dir}"
[broker]
port = {port}
password_file = "{dir}/password"
[[windows]]
counter = 1
keypad = {{ port = "serial:{dir}/keypad", driver = "generic-pads", file = "{dir}/keypad.toml" }}
"""


def framed(*body: int) -> bytes:
    """The format made up for this test: < body sum > with the sum counting from a constant of the vendor's own."""
    check = 0
    for byte in body:
        check ^= byte
    return bytes((0x3C, *body, check, 0x3E))


class Technician:
    """Reads what `hallcall sniff` asks, and does it."""

    def __init__(self, program: Process, does: Callable[[str], str | None]) -> None:
        self._program = program
        self._does = does
        self.read: list[str] = []

    async def work(self) -> int:
        assert self._program.stdout is not None
        assert self._program.stdin is not None
        async with asyncio.timeout(PATIENCE_S):
            async for line in self._program.stdout:
                self.read.append(line.decode().rstrip())
                typed = self._does(self.read[-1])
                if typed is not None:
                    await asyncio.sleep(0.25)  # a hand; and the frames' time on the wire
                    self._program.stdin.write(f"{typed}\n".encode())
            return await self._program.wait()


async def sniff(does: Callable[[str], str | None], *arguments: str) -> list[str]:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hallcall", "sniff", "--lang", "en", *arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    technician = Technician(program, does)
    code = await technician.work()
    assert program.stderr is not None
    assert code == 0, ("\n".join(technician.read), (await program.stderr.read()).decode())
    return technician.read


def key_in(line: str) -> str | None:
    named = line.partition("(")[2].partition(")")[0]
    return named if line.startswith(("Press ", "Is there")) else None


class Mosquitto(Protocol):
    def login(self, name: str) -> Login: ...


class Hall:
    """The hall's side of the wire: it wants one rating."""

    def __init__(self, directory: Path, *, dispatcher: Login, box: Login) -> None:
        self.config = directory / "counter.toml"
        self.config.write_text(FILE.format(dir=directory, port=box.port), encoding="utf-8")
        (directory / "password").write_text(f"{box.password}\n", encoding="utf-8")
        self.rates: list[Rate] = []
        self.rated = asyncio.Event()
        self.bus = MqttBus(login=dispatcher, subscriptions=[wire.topic("east", "cmd/{}", "box-1")])
        self.bus.listen(on_letter=self._hear, on_state=self._connected)

    def _connected(self, connected: bool) -> None:  # noqa: FBT001 - the bus's callback has this shape
        if connected:
            presence = Presence(node="dispatcher", role=Role.DISPATCHER, up=True)
            self._send(wire.topic("east", "node/{}", "dispatcher"), wire.encode(presence), retained=True)
            self._show(CounterView(epoch=1, seq=1, counter=1, state=CounterState.SERVING, waiting=0, call="c1"))

    def wants_rating(self) -> None:
        self._show(CounterView(epoch=1, seq=2, counter=1, state=CounterState.IDLE, waiting=0, rate="c1"))

    def _show(self, view: CounterView) -> None:
        self._send(wire.view_topic("east", view), wire.encode(view), retained=True)

    def _hear(self, letter: Letter) -> None:
        message = wire.decode("east", letter.topic, letter.payload).message
        if isinstance(message, Rate):
            self.rates.append(message)
            self._send(
                wire.topic("east", "reply/{}", "box-1"),
                wire.encode(Done(id=message.id, epoch=1, seq=2)),
                retained=False,
            )
            self.rated.set()

    def _send(self, topic: str, payload: bytes, *, retained: bool) -> None:
        self.bus.publish(Letter(topic=topic, payload=payload, retained=retained))


@pytest.fixture
async def hall(tmp_path: Path, mosquitto: Mosquitto) -> AsyncIterator[Hall]:
    hall = Hall(tmp_path, dispatcher=mosquitto.login("dispatcher"), box=mosquitto.login("box-1"))
    bus = asyncio.create_task(hall.bus.run())
    yield hall
    bus.cancel()


async def rates_in(hall: Hall, keypad: OddPads, key: str) -> Rate:
    """Run the real counter program until the hall has a rating of this key."""
    box = await asyncio.create_subprocess_exec(sys.executable, "-m", "counter", "--config", str(hall.config))
    try:
        async with asyncio.timeout(PATIENCE_S):
            await keypad.shows("resting")
            hall.wants_rating()
            await keypad.shows("asking")
            keypad.press(1, key)
            await hall.rated.wait()
    finally:
        box.terminate()
        await box.wait()
    return hall.rates[0]


@pytest.mark.broker
async def test_a_keypad_that_speaks_by_itself_is_fitted_and_rates(tmp_path: Path, hall: Hall) -> None:
    def frame(_address: int, key: str) -> bytes:
        return framed(0x21, 0x01, CODES[key])

    keypad = OddPads(link=tmp_path / "keypad", frame=frame, shows={ASK: "asking", REST: "resting"})

    def does(line: str) -> str | None:
        key = key_in(line)
        if key is not None and "second" not in line and key in CODES:
            for _ in range(3):
                keypad.press(1, key)
                keypad.cable.send(b"")
            return ""
        if key is not None:
            return "" if "second" in line else "s"
        return None

    written = tmp_path / "keypad.toml"
    async with keypad:
        read = await sniff(does, str(tmp_path / "keypad"), "--baud", "9600", "--out", str(written))
        assert any("3C [ 21 01 {key} ] {check} 3E" in line and "xor" in line for line in read), read
        # what the keypad shows is in its sheet: two lines by hand
        text = f'ask = "{ASK.hex(" ")}"\nrest = "{REST.hex(" ")}"\n' + written.read_text(encoding="utf-8")
        written.write_text(text, encoding="utf-8")
        rate = await rates_in(hall, keypad, "dissatisfied")
    assert (rate.call, rate.rating) == ("c1", Rating.DISSATISFIED)


class OldHost:
    """The old system's end of its line: polls one keypad, and asks it for ratings."""

    def __init__(self, link: Path) -> None:
        self.cable = PtyCable(link, lambda _chunk, _at: None)

    async def poll(self, frame: bytes) -> None:
        while True:
            self.cable.send(frame)
            await asyncio.sleep(POLL_S)


@pytest.mark.broker
async def test_a_polled_keypad_is_tapped_from_its_old_host_fitted_and_rates(tmp_path: Path, hall: Hall) -> None:
    asking, nothing = framed(0x10, 0x01), framed(0x20, 0x01, 0x00)

    def frame(_address: int, key: str) -> bytes:
        return framed(0x20, 0x01, CODES[key])

    keypad = OddPads(
        link=tmp_path / "keypad",
        frame=frame,
        poll=lambda _address: asking,
        nothing=lambda _address: nothing,
        shows={ASK: "asking", REST: "resting"},
    )
    old = OldHost(tmp_path / "old")

    def does(line: str) -> str | None:
        key = key_in(line)
        if key in CODES:
            for _ in range(3):
                keypad.press(1, key)
            return ""
        if key is not None:
            return "s"
        if line.startswith("Let the old system ask"):
            old.cable.send(ASK)
            return ""
        if line.startswith("Let the asking end"):
            old.cable.send(REST)
            return ""
        return None

    written = tmp_path / "keypad.toml"
    async with keypad, old.cable:
        polling = asyncio.create_task(old.poll(asking))
        read = await sniff(
            does,
            *(str(tmp_path / "keypad"), "--tap", str(tmp_path / "old"), "--quiet-s", "1"),
            *("--scan-s", "1", "--out", str(written)),
        )
        polling.cancel()
        assert any("The old system polls 1 device" in line for line in read), read
        keypad.shown.clear()
        rate = await rates_in(hall, keypad, "complaint")
    assert (rate.call, rate.rating) == ("c1", Rating.COMPLAINT)
    assert keypad.polls[1] > 10
