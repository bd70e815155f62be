"""An update that breaks the program falls back by itself; the queue is as it was, and goes on.

Real RAUC writes real slots, GRUB's own interpreter chooses over a real FAT, the real dispatcher of the slot that runs
serves the hall over a real broker. What is played is systemd, and the minutes that it waits.
"""

import asyncio
import contextlib
import os
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from broker.bus import Login, MqttBus
from broker.contract import messages
from broker.contract.messages import Role, TakeTicket, TicketTaken, UpdateStep
from broker.journal import read_day
from broker.link import HallLink, subscriptions, will
from broker.readable import left_by
from keeper.units import Unit
from keeper.updates.healthy import NEVER_STARTED, settle
from keeper.updates.install import install
from keeper.updates.notes import Notes, Outcome, Trial
from keeper.updates.slots import UpdateRefused
from keeper.updates.take import take
from keeper.updates.trial import Sight
from tests.conftest import free_port

from .box_with_slots import REPOSITORY, PlayedBox, missing

pytestmark = [pytest.mark.broker, pytest.mark.skipif(bool(missing()), reason=missing())]

HALL = """\
id = "east"
name = { zh = "东区供电营业厅", en = "East Service Hall" }
zones = [{ id = "main", name = { zh = "等候区", en = "Waiting area" } }]
services = [{ id = "bill", name = { zh = "电费", en = "Bills" }, prefix = "A", zone = "main" }]
counters = [{ number = 1, zone = "main", skills = ["bill"] }]
nodes = [{ id = "kiosk-1", role = "kiosk" }]
"""
READY_WITHIN_S = 30.0


class Mosquitto(Protocol):
    port: int

    def __init__(self, *, hall: messages.Hall, directory: Path, port: int) -> None: ...

    def login(self, name: str) -> Login: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Hall:
    """A dispatcher's box and its hall: what stands on the data partition, and the program of the slot that runs."""

    def __init__(self, box: PlayedBox, mosquitto: Mosquitto, folder: Path) -> None:
        self.box, self._mosquitto, self._folder = box, mosquitto, folder
        self.notes = Notes(box.data)
        self._program: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._now_s = 0.0
        self._starts = 0
        (folder / "password").write_text(mosquitto.login("dispatcher").password, encoding="utf-8")
        (folder / "hall.toml").write_text(HALL, encoding="utf-8")
        (folder / "dispatcher.toml").write_text(
            f'node = "dispatcher"\nhall = "east"\nstate_dir = "{folder}/state"\nhall_file = "{folder}/hall.toml"\n'
            f'also_read_by = "{self.notes.readers}"\n\n'
            f'[broker]\nport = {mosquitto.port}\npassword_file = "{folder}/password"\n',
            encoding="utf-8",
        )

    def release(self, version: str, *, breaks: str = "") -> Path:
        """Return a release's root with our programs in it; `breaks` is put in front of its dispatcher."""
        root = self.box.root(version)
        library = root / "opt/hallcall/lib"
        shutil.copytree(REPOSITORY / "broker", library / "broker", ignore=shutil.ignore_patterns("__pycache__"))
        dispatcher = library / "broker/dispatcher.py"
        dispatcher.write_text(
            dispatcher.read_text(encoding="utf-8").replace("import argparse\n", breaks + "import argparse\n")
        )
        return root

    def install(self, version: str, root: Path) -> Trial:
        running = (
            (self.box.unpacked(self.box.rauc.slots().running.name) / "usr/lib/hallcall/release").read_text().strip()
        )
        return install(
            self.box.bundle(version, root),
            rauc=self.box.rauc,
            notes=self.notes,
            running=running,
            boot=f"start-{self._starts}",
            older=False,
            progress=lambda _: None,
        )

    def power_on(self) -> str:
        """Start the machine; the slot's dispatcher is started with it. Returns the slot."""
        self.power_off()
        slot = self.box.start()
        self._starts += 1
        library = self.box.unpacked(slot) / "opt/hallcall/lib"
        self._heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        address = self._folder / "notify"
        address.unlink(missing_ok=True)
        self._heard.bind(str(address))
        self._ready = False
        self._program = subprocess.Popen(
            [sys.executable, "-m", "broker.dispatcher", "--config", str(self._folder / "dispatcher.toml")],
            env={
                **os.environ,
                "PYTHONPATH": str(library),
                "PYTHONSAFEPATH": "1",
                "PYTHONDONTWRITEBYTECODE": "1",
                "NOTIFY_SOCKET": str(address),
            },
            cwd=self._folder,
            stderr=subprocess.DEVNULL,
        )
        return slot

    def power_off(self) -> None:
        if self._program is not None:
            self._program.kill()
            self._program.wait()
            self._program = None
            self._heard.close()
        self.box.cut()

    def settle(self) -> Outcome | None:
        """Do what hallcall-trial.service and hallcall-healthy.service do."""
        return settle(
            rauc=self.box.rauc,
            notes=self.notes,
            expected=["hallcall-dispatcher@dispatcher.service"],
            boot=f"start-{self._starts}",
            look=self._look,
            now_s=lambda: self._now_s,
            wait=self._wait,
        )

    def until_ready(self) -> None:
        until = time.monotonic() + READY_WITHIN_S
        while not self._ready:
            assert time.monotonic() < until
            self._wait(0)
            assert self._program is not None
            assert self._program.poll() is None

    def _look(self) -> Sight:
        assert self._program is not None
        state = "failed" if self._program.poll() is not None else "active" if self._ready else "activating"
        unit = Unit(
            name="hallcall-dispatcher@dispatcher.service", active=state, sub="", restarts=0, result="", status=""
        )
        return Sight(units=[unit])

    def _wait(self, seconds: float) -> None:
        """Let time pass: as much as the box believes, but no less than the program needs to say something."""
        self._now_s += seconds
        assert self._program is not None
        while not self._ready and self._program.poll() is None:
            process = os.pidfd_open(self._program.pid)
            try:
                said, _, _ = select.select([self._heard.fileno(), process], [], [], READY_WITHIN_S)
            finally:
                os.close(process)
            if self._heard.fileno() in said:
                self._ready = b"READY=1" in self._heard.recv(4096)

    def take_number(self) -> str:
        """Let a customer take a number at a kiosk."""
        return asyncio.run(self._at_kiosk())

    async def _at_kiosk(self) -> str:
        link = HallLink(
            bus=MqttBus(
                login=self._mosquitto.login("kiosk-1"),
                subscriptions=subscriptions(hall="east", node="kiosk-1", also=[]),
                will=will(hall="east", node="kiosk-1", role=Role.KIOSK),
            ),
            hall="east",
            node="kiosk-1",
            role=Role.KIOSK,
            clock=time.monotonic,
        )
        running = asyncio.ensure_future(link.run())
        try:
            answer = await link.ask(TakeTicket(id=link.new_id(), service="bill"), patience_s=READY_WITHIN_S)
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
        assert isinstance(answer, TicketTaken)
        return answer.ticket


@pytest.fixture
def hall(
    mosquitto: Mosquitto, small_hall: messages.Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Hall]:
    """A box of a hall that has just been founded, with a broker that remembers no other one."""
    (tmp_path / "machine").mkdir()
    (tmp_path / "broker").mkdir()
    broker = type(mosquitto)(hall=small_hall, directory=tmp_path / "broker", port=free_port())
    broker.start()
    box = PlayedBox(tmp_path / "machine")
    for name, value in box.environment.items():
        monkeypatch.setenv(name, value)
    playing = Hall(box, broker, tmp_path)
    try:
        yield playing
    finally:
        playing.power_off()
        box.close()
        broker.stop()


def test_an_update_that_breaks_the_program_falls_back_and_the_queue_goes_on(hall: Hall) -> None:
    hall.box.burn(hall.release("1.0"), "A")
    assert hall.power_on() == "A"
    hall.until_ready()
    assert hall.settle() is None
    assert [hall.take_number() for _ in range(3)] == ["A001", "A002", "A003"]

    trial = hall.install("2.0", hall.release("2.0", breaks="raise SystemExit(1)\n"))
    assert (trial.slot, trial.old_version) == ("B", "1.0")
    assert hall.power_on() == "B"
    assert (hall.box.boot / "B" / "release").read_text() == "2.0\n"
    given_up = hall.settle()
    assert given_up is not None
    assert given_up.step is UpdateStep.FELL_BACK
    assert given_up.why.startswith("hallcall-dispatcher@dispatcher.service is failed")

    assert hall.power_on() == "A"
    hall.until_ready()
    outcome = hall.settle()
    assert outcome == hall.notes.outcome
    assert outcome is not None
    assert (outcome.step, outcome.why) == (UpdateStep.FELL_BACK, given_up.why)
    assert (hall.notes.trial, hall.notes.readers.exists()) == (None, False)
    assert hall.take_number() == "A004"
    assert hall.power_on() == "A"
    hall.until_ready()
    assert hall.take_number() == "A005"
    (day,) = (hall._folder / "state").glob("*.sqlite")
    assert [each.seq for each in read_day(day)] == list(range(1, 1 + len(read_day(day))))


def test_a_release_that_never_gets_as_far_as_its_own_check_has_three_starts(hall: Hall) -> None:
    hall.box.burn(hall.release("1.0"), "A")
    hall.power_on()
    hall.until_ready()
    hall.settle()
    hall.install("2.0", hall.release("2.0", breaks="raise SystemExit(1)\n"))
    assert [hall.power_on() for _ in range(4)] == ["B", "B", "B", "A"]
    outcome = hall.settle()
    assert outcome is not None
    assert (outcome.step, outcome.why) == (UpdateStep.FELL_BACK, NEVER_STARTED)
    assert [hall.power_on() for _ in range(2)] == ["A", "A"]


def test_a_good_release_is_confirmed_and_what_it_wrote_before_can_be_read_by_the_old_one(hall: Hall) -> None:
    hall.box.burn(hall.release("1.0"), "A")
    hall.power_on()
    hall.until_ready()
    hall.settle()
    hall.install("2.0", hall.release("2.0"))
    old = left_by(hall.notes.readers)
    assert old is not None
    assert hall.power_on() == "B"
    hall.until_ready()
    assert hall.take_number() == "A001"
    (day,) = (hall._folder / "state").glob("*.sqlite")
    assert [found for each in read_day(day) if (found := old.obstacle(each.event))] == []
    outcome = hall.settle()
    assert outcome is not None
    assert (outcome.step, outcome.version) == (UpdateStep.CONFIRMED, "2.0")
    assert (hall.notes.trial, hall.notes.readers.exists(), hall.notes.other_reader.exists()) == (None, False, True)
    for _ in range(4):  # each start that comes up says so, and none uses up the slot's three
        assert hall.power_on() == "B"
        hall.settle()


def test_power_that_goes_in_the_morning_does_not_bring_back_an_old_release(hall: Hall) -> None:
    hall.box.burn(hall.release("1.0"), "A")
    hall.power_on()
    hall.settle()
    hall.install("2.0", hall.release("2.0"))
    hall.power_on()
    hall.until_ready()
    hall.settle()
    assert [hall.power_on() for _ in range(3)] == ["B", "B", "B"]  # each cut before the machine was up
    hall.settle()
    assert hall.power_on() == "B"


def test_what_the_registrar_takes_back_is_left_and_the_queue_goes_on(hall: Hall, tmp_path: Path) -> None:
    hall.box.burn(hall.release("1.0"), "A")
    hall.power_on()
    hall.until_ready()
    hall.settle()
    offered = tmp_path / "offered"
    offered.mkdir()

    def back(running: str) -> bool:
        (offered / "install").write_text(f"back - {running}")
        state = tmp_path / "state"
        return take(offered, rauc=hall.box.rauc, notes=hall.notes, running=running, boot="b", journals=state.parent)

    assert not back("1.0")  # the other slot is empty
    assert hall.notes.outcome is not None
    assert (hall.notes.outcome.step, hall.notes.outcome.version) == (UpdateStep.FAILED, "1.0")
    hall.install("2.0", hall.release("2.0"))
    assert hall.power_on() == "B"
    hall.until_ready()
    hall.settle()
    assert hall.take_number() == "A001"
    assert back("2.0")
    assert hall.power_on() == "A"
    hall.until_ready()
    assert hall.settle() is None
    assert hall.take_number() == "A002"
    assert hall.power_on() == "A"


@pytest.mark.parametrize(
    "what", ["another's signature", "a changed byte", "another kind of machine", "older", "the same"]
)
def test_what_must_not_be_installed_is_refused_in_plain_words_and_nothing_changes(hall: Hall, what: str) -> None:
    box = hall.box
    box.burn(hall.release("2.0"), "A")
    hall.power_on()
    version = {"older": "1.9", "the same": "2.0"}.get(what, "2.1")
    root = box.root(version) if version != "2.0" else box.folder / "root-2.0"
    bundle = box.bundle(
        version, root, compatible="hallcall-arm64" if what == "another kind of machine" else "hallcall-amd64"
    )
    if what == "another's signature":
        other = box.folder / "other.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3",
             "-subj", "/CN=release", "-keyout", str(other), "-out", str(other.with_suffix(".crt"))],
            check=True, capture_output=True,
        )  # fmt: skip
        bundle = box.bundle(version, root, key=other)
    if what == "a changed byte":
        whole = bytearray(bundle.read_bytes())
        whole[5000] ^= 1
        bundle.write_bytes(whole)
    said = {
        "another's signature": "self-signed certificate",
        "a changed byte": "digest failure|verification",
        "another kind of machine": "for hallcall-arm64, this machine is hallcall-amd64",
        "older": "older than 2.0.*rollback",
        "the same": "runs here already",
    }[what]
    with pytest.raises(UpdateRefused, match=said):
        install(bundle, rauc=box.rauc, notes=hall.notes, running="2.0", boot="b", older=False, progress=lambda _: None)
    assert (hall.notes.trial, hall.notes.readers.exists()) == (None, False)
    assert hall.power_on() == "A"
