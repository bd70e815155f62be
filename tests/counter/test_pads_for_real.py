"""What clerks press and customers rate, over cables, with the real programs: mosquitto, dispatcher and counter box.

The pads speak in lines: two keys, a long press, digits for a PIN. A card reader stands beside the first window.
"""

import asyncio
import contextlib
import json
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final, Protocol

import pytest

from broker.bus import Login, MqttBus
from broker.contract.messages import (
    AnyEvent,
    CallRepeated,
    CaseOpened,
    ClerkSignedIn,
    Outcome,
    Rating,
    RatingFlag,
    Recorded,
    ReportSlip,
    Role,
    SignedInBy,
    SlipFate,
    TakeTicket,
    TicketCalled,
    TicketTaken,
    Undone,
    VisitEnded,
    VisitRated,
    VisitReturned,
)
from broker.link import HallLink, subscriptions, will
from hardware.simulators.jtt905_keypad import SimulatedKeypad
from hardware.simulators.pty_cable import PtyCable

PATIENCE_S: Final = 20.0
HALL: Final = """\
id = "east"
name = { zh = "东厅", en = "East hall" }
zones = [{ id = "main", name = { zh = "一区", en = "Zone 1" } }]
services = [{ id = "bill", name = { zh = "电费", en = "Bills" }, prefix = "A", zone = "main" }]
counters = [{ number = 1, zone = "main", skills = ["bill"] }]
clerks = [{ id = "li" }, { id = "wang" }]
nodes = [{ id = "kiosk-1", role = "kiosk" }, { id = "box-1", role = "counter", counters = [1] }]
"""
PADS: Final = """\
press = "P{address}{key}"
text = "T{address} {text}"
lamp = "L{address} {lamp}"
keys = [
    { sends = "N", means = "call" },
    { sends = "F", means = "finish" },
    { sends = "R", means = "finish-long" },
    { sends = "U", means = "undo" },
    { sends = "1", means = "1" }, { sends = "2", means = "2" }, { sends = "3", means = "3" },
    { sends = "4", means = "4" }, { sends = "E", means = "enter" },
]
"""
BADGES: Final = '[[badges]]\nclerk = "li"\ncard = "0004711"\n[[badges]]\nclerk = "wang"\npin = "1234"\n'
BOX: Final = """\
rating_s = {rating_s}
badges = "{dir}/badges.toml"
[pads]
port = "serial:{dir}/pads"
driver = "line-pads"
file = "{dir}/pads.toml"
[pads.keys]
two_keys = true
double_next_s = 1.2
rate_first_s = {rate_first_s}
[[windows]]
counter = 1
pad = 1
keypad = {{ port = "serial:{dir}/keypad" }}
card = {{ port = "serial:{dir}/card" }}
"""

pytestmark = [pytest.mark.broker, pytest.mark.asyncio]


class Mosquitto(Protocol):
    port: int

    def login(self, name: str) -> Login: ...


class Window:
    """The first window, and the hall behind it."""

    def __init__(self, mosquitto: Mosquitto, directory: Path, *, rating_s: int = 60, rate_first_s: int = 30) -> None:
        self.directory = directory
        self._programs: list[Process] = []
        self._news = asyncio.Event()
        self.events: list[AnyEvent] = []
        self.shown: list[str] = []
        self._line = b""
        self.pads = PtyCable(directory / "pads", self._on_pad)
        self.card = PtyCable(directory / "card", lambda _chunk, _at: None)
        self.keypad = SimulatedKeypad(link=directory / "keypad", report=lambda _: self._news.set())
        texts = {"hall.toml": HALL, "pads.toml": PADS, "badges.toml": BADGES}
        for name, text in texts.items():
            (directory / name).write_text(text, encoding="utf-8")
        (directory / "badges.toml").chmod(0o600)
        box = BOX.format(dir=directory, rating_s=rating_s, rate_first_s=rate_first_s)
        more = {"dispatcher": f'hall_file = "{directory}/hall.toml"\n', "box-1": box}
        for node, rest in more.items():
            (directory / node).mkdir()
            (directory / f"{node}.password").write_text(mosquitto.login(node).password, encoding="utf-8")
            head, *tables = rest.partition("\n[pads]")
            broker = f'[broker]\nport = {mosquitto.port}\npassword_file = "{directory}/{node}.password"\n'
            start = f'node = "{node}"\nhall = "east"\nstate_dir = {json.dumps(str(directory / node))}\n'
            (directory / f"{node}.toml").write_text(f"{start}{head}\n{broker}{''.join(tables)}", encoding="utf-8")
        self.kiosk = HallLink(
            bus=MqttBus(
                login=mosquitto.login("kiosk-1"),
                subscriptions=subscriptions(hall="east", node="kiosk-1", also=["event/+"]),
                will=will(hall="east", node="kiosk-1", role=Role.KIOSK),
            ),
            hall="east",
            node="kiosk-1",
            role=Role.KIOSK,
            clock=time.monotonic,
            on_event=self._happened,
            look_back=9999,
        )

    async def start(self, program: str, node: str) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", program, "--config", str(self.directory / f"{node}.toml")
        )
        self._programs.append(process)
        return process

    async def stop(self) -> None:
        for program in self._programs:
            if program.returncode is None:
                program.kill()
                await program.wait()

    async def take(self) -> str:
        taken = await self.kiosk.ask(TakeTicket(id=self.kiosk.new_id(), service="bill"))
        assert isinstance(taken, TicketTaken)
        await self.kiosk.ask(ReportSlip(id=self.kiosk.new_id(), visit=taken.visit, fate=SlipFate.PRINTED))
        return taken.ticket

    def press(self, keys: str) -> None:
        """Press keys of the pad, one line each."""
        self.pads.send(b"".join(f"P1{key}\r\n".encode() for key in keys))

    def pause(self) -> None:
        """Let the hand rest, longer than a key bounces: so long the line is busy with nothing."""
        self.pads.send(b"\r\n" * 220)

    async def hold_card(self, card: str) -> None:
        """Hold a card to the reader until somebody is signed in: its line may not be open yet."""
        while not self.of(ClerkSignedIn):
            self.card.send(f"{card}\r\n".encode())
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._news.wait()

    async def pad_shows(self, *texts: str) -> None:
        """Wait until the pad has shown these since it was asked last, in this order."""
        for text in texts:
            await self.until(lambda text=text: text in self.shown)  # type: ignore[misc]
            del self.shown[: self.shown.index(text) + 1]

    async def call(self) -> str:
        """Press *next*; return who is called, once the pad shows it."""
        before = len(self.of(TicketCalled))
        self.press("N")
        return await self.called(before + 1)

    async def called(self, count: int) -> str:
        await self.until(lambda: len(self.of(TicketCalled)) == count)
        ticket: str = self.of(TicketCalled)[-1].ticket
        await self.pad_shows(f"T1 {ticket[-3:]}")
        return ticket

    def of(self, kind: type[AnyEvent]) -> list:  # type: ignore[type-arg] # of that kind
        return [each for each in self.events if isinstance(each, kind)]

    async def until(self, wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not wanted():
                self._news.clear()
                await self._news.wait()

    def _on_pad(self, chunk: bytes, _at_s: float) -> None:
        *lines, self._line = (self._line + chunk).replace(b"\n", b"\r").split(b"\r")
        self.shown += [" ".join(line.decode().split()) for line in lines if line]
        self._news.set()

    def _happened(self, recorded: Recorded) -> None:
        self.events.append(recorded.event)
        self._news.set()


async def opened(mosquitto: Mosquitto, directory: Path, *, rating_s: int, rate_first_s: int) -> AsyncIterator[Window]:
    window = Window(mosquitto, directory, rating_s=rating_s, rate_first_s=rate_first_s)
    window.pads.plug()
    window.card.plug()
    kiosk = asyncio.ensure_future(window.kiosk.run())
    async with window.keypad:
        await window.start("broker.dispatcher", "dispatcher")
        await window.start("counter", "box-1")
        await window.pad_shows("T1 0")
        yield window
        await window.stop()
    kiosk.cancel()
    window.pads.unplug()
    window.card.unplug()


@pytest.fixture
async def window(mosquitto: Mosquitto, tmp_path: Path) -> AsyncIterator[Window]:
    async for each in opened(mosquitto, tmp_path, rating_s=60, rate_first_s=30):
        yield each


async def test_two_keys_are_a_whole_morning(window: Window) -> None:
    first, second, third = [await window.take() for _ in range(3)]
    await window.hold_card("0004711")
    assert [(each.clerk, each.by) for each in window.of(ClerkSignedIn)] == [("li", SignedInBy.CARD)]

    assert await window.call() == first
    window.press("R")  # held down: recall
    await window.until(lambda: window.of(CallRepeated) != [])

    window.pause()
    window.press("NNNN")  # a bouncing *next*, with the first customer there
    await window.keypad.asked()
    ended = window.of(VisitEnded)
    assert [(each.ticket, each.outcome, each.start_inferred) for each in ended] == [(first, Outcome.DONE, True)]
    assert window.keypad.rate(3)
    assert await window.called(2) == second  # the rating called sooner
    await window.until(lambda: window.of(VisitRated) != [])
    rated = window.of(VisitRated)[0]
    assert (rated.ticket, rated.rating, rated.clerk, rated.counter) == (first, Rating.DISSATISFIED, "li", 1)
    assert RatingFlag.TOO_SHORT in rated.flags
    assert [(each.ticket, each.rating) for each in window.of(CaseOpened)] == [(first, Rating.DISSATISFIED)]

    window.pause()
    window.press("N")
    window.pause()
    window.press("N")
    assert await window.called(3) == third
    missed = window.of(VisitEnded)[-1]
    assert (missed.ticket, missed.outcome, missed.inferred) == (second, Outcome.NO_SHOW, True)

    window.press("U")  # she was there after all
    await window.until(lambda: window.of(VisitReturned) != [])
    assert [(each.ticket, each.first_at) for each in window.of(VisitReturned)] == [(second, 1)]
    assert window.of(Undone) == []

    window.press("4321E")
    await window.pad_shows("T1 E9")
    window.pause()
    window.press("1234E")
    await window.until(lambda: window.of(ClerkSignedIn)[-1].clerk == "wang")
    assert window.of(ClerkSignedIn)[-1].by is SignedInBy.PIN
