"""A real mosquitto with the registrar's files, a real dispatcher, a supervisor who types: the whole way of a spare."""

import asyncio
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.bus import Letter, Login, LoginRefused, MqttBus, try_login
from broker.config import SupervisorFile, load_node
from broker.contract import wire
from broker.contract.messages import ApproveSpare, BoxLog, BoxWarning, EndEvacuation, Refused, StartEvacuation
from broker.identity import Identity
from broker.joining.words import Acts, Boxes, Done, PutFiles, PutTold, Revoke
from broker.mosquitto import CONF_FILE
from hallcall.desk import Desk
from keeper.joining import Joining
from keeper.take_files import main as take_files
from registrar.node import LOOK_BACK
from tests.conftest import free_port

from .conftest import HALL, Founded, RegistrarProcess

pytestmark = pytest.mark.broker


class Broker:
    """mosquitto under the registrar's files; it reads them again when they are `written`, as systemd's unit does it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._seen = 0

    def start(self) -> None:
        conf = self._folder / CONF_FILE
        own = self._folder / "as-root.conf"  # here root starts it, who stays root
        own.write_text(conf.read_text().replace("user mosquitto", "user root"))
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin")
        assert program is not None
        self._seen = self._mark()
        self._process = subprocess.Popen([program, "-c", str(own)], stderr=subprocess.DEVNULL)

    def _mark(self) -> int:
        return (self._folder / "written").stat().st_mtime_ns

    def take_up(self) -> None:
        if self._mark() != self._seen:
            assert self._process is not None
            self._seen = self._mark()
            self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


@contextmanager
def hall_at_work(folder: Path) -> Iterator[tuple[Founded, Broker, RegistrarProcess, subprocess.Popen[bytes]]]:
    """Yield a hall whose dispatcher's box has joined, with broker, registrar and dispatcher."""
    founded = Founded(folder, now=datetime.now(UTC), port=free_port(), broker_port=free_port())
    dispatcher = founded.machine("dispatcher")
    dispatcher.prepare()
    registrar, broker = RegistrarProcess(founded), Broker(founded.broker_dir)
    program: subprocess.Popen[bytes] | None = None
    try:
        registrar.start()
        broker.start()
        assert step(dispatcher) == ""
        broker.take_up()
        config = founded.folder / "dispatcher.toml"
        config.write_text(node_text(founded, dispatcher, "dispatcher") + f'hall_file = "{founded.card}/hall.toml"\n')
        config.write_text(ordered(config.read_text()))
        program = subprocess.Popen([sys.executable, "-m", "broker.dispatcher", "--config", str(config)])
        yield founded, broker, registrar, program
    finally:
        if program is not None:
            program.terminate()
            program.wait()
        broker.stop()
        registrar.stop()


def ordered(text: str) -> str:
    """Return a node's file with its tables last, as TOML wants it."""
    plain, _, table = text.partition("[broker]")
    lines = table.splitlines()
    own = [line for line in lines if line.startswith("hall_file")]
    return plain + "\n".join(own) + "\n[broker]" + "\n".join(line for line in lines if line not in own) + "\n"


def node_text(founded: Founded, machine: Joining, node: str) -> str:
    return f"""\
node = "{node}"
hall = "east"
state_dir = "{founded.folder / "states" / node}"
[broker]
host = "127.0.0.1"
port = {founded.broker_port}
authority = "{machine.papers.root}"
certificate = "{machine.papers.certificate(node)}"
key = "{machine.papers.key(node)}"
"""


def step(machine: Joining) -> str:
    box = machine.prepare()
    assert box is not None
    return machine.step(box)


def login(founded: Founded, machine: Joining, node: str) -> Login:
    papers = machine.papers
    identity = Identity(authority=papers.root, certificate=papers.certificate(node), key=papers.key(node))
    return Login(host="127.0.0.1", port=founded.broker_port, name=node, identity=identity)


def desk(founded: Founded) -> Path:
    """Return a supervisor's file; its certificate was made as a node's is."""
    made = founded.supervisor("desk")
    config = founded.folder / "desk.toml"
    config.write_text(
        f'node = "desk"\nhall = "east"\nstate_dir = "{founded.folder}"\n[broker]\nhost = "127.0.0.1"\n'
        f'port = {founded.broker_port}\nauthority = "{made.root}"\n'
        f'certificate = "{made.certificate}"\nkey = "{made.key}"\n'
    )
    return config


async def until(what: Callable[[], bool], *, within_s: float = 20) -> None:
    async with asyncio.timeout(within_s):
        while not what():  # noqa: ASYNC110 - other processes are waited for
            await asyncio.sleep(0.05)


async def test_a_supervisor_gives_a_dead_kiosks_place_to_a_spare_and_the_old_one_is_thrown_off(tmp_path: Path) -> None:
    with hall_at_work(tmp_path) as (founded, broker, registrar, _):
        dead = founded.machine("kiosk-east")
        assert step(dead) == ""
        broker.take_up()
        states: list[bool] = []
        bus = MqttBus(login=login(founded, dead, "kiosk-1"), subscriptions=[wire.topic("east", "view/hall")])
        bus.listen(on_letter=lambda _: None, on_state=states.append)
        running = asyncio.create_task(bus.run())
        await until(lambda: states == [True])
        founded.spares_card(founded.folder / "spare-card" / "hallcall")
        spare = founded.machine("spare-1", founded.folder / "spare-card" / "hallcall")
        code = re.findall(r"code=(\d{6})", step(spare))[0]
        order = [sys.executable, "-m", "hallcall", "order", "--config", str(desk(founded)), "ApproveSpare"]
        told = await asyncio.to_thread(
            subprocess.run, [*order, f"code={code}", "box=kiosk-east"], capture_output=True, text=True, check=False
        )
        assert (told.returncode, told.stdout.split()[0]) == (0, "done"), told.stderr
        technician = founded.technician()
        await until(lambda: not technician.read("/boxes", Boxes).spares)
        assert "kiosk-east" in step(spare)
        assert step(spare) == ""
        broker.take_up()
        await until(lambda: states[-1] is False)
        await try_login(login(founded, spare, "kiosk-1"))
        with pytest.raises((LoginRefused, OSError)):
            await try_login(login(founded, dead, "kiosk-1"))
        running.cancel()
        assert states[-1] is False
    assert any("SpareGiven by desk" in line for line in registrar.lines)


async def test_what_a_supervisor_approves_while_the_registrar_is_away_is_carried_out_when_it_is_back(
    tmp_path: Path,
) -> None:
    with hall_at_work(tmp_path) as (founded, _, registrar, _):
        assert step(founded.machine("kiosk-east")) == ""
        founded.spares_card(founded.folder / "spare-card" / "hallcall")
        spare = founded.machine("spare-1", founded.folder / "spare-card" / "hallcall")
        code = re.findall(r"code=(\d{6})", step(spare))[0]
        async with Desk(load_node(desk(founded), SupervisorFile)) as boss:
            await until(lambda: noted(founded.state / "register.sqlite"))
            await asyncio.to_thread(registrar.stop)
            answer = await boss.ask(ApproveSpare(id="typed", code=code, box="kiosk-east"))
            assert not isinstance(answer, Refused)
            for _ in range(LOOK_BACK // 2 + 1):  # the hall goes on
                await boss.ask(StartEvacuation(id="typed"))
                await boss.ask(EndEvacuation(id="typed"))
        await asyncio.to_thread(registrar.start)
        technician = founded.technician()
        await until(lambda: "SpareGiven" in {each.what for each in technician.read("/acts", Acts).acts})
        assert "kiosk-east" in step(spare)
        assert step(spare) == ""


def noted(path: Path) -> bool:
    """Tell whether the registrar has written down up to where it has heard the hall."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return bool(db.execute("SELECT * FROM heard").fetchall())


async def test_a_revoked_box_is_thrown_off_and_the_others_notice_nothing(tmp_path: Path) -> None:
    with hall_at_work(tmp_path) as (founded, broker, registrar, _):
        machines = {name: founded.machine(name) for name in ("kiosk-east", "board-west")}
        for machine in machines.values():
            assert step(machine) == ""
            broker.take_up()
        seen: dict[str, list[bool]] = {"kiosk-1": [], "board-1": []}
        running = []
        for node, machine in zip(seen, machines.values(), strict=True):
            bus = MqttBus(login=login(founded, machine, node), subscriptions=[wire.topic("east", "view/hall")])
            bus.listen(on_letter=lambda _: None, on_state=seen[node].append)
            running.append(asyncio.create_task(bus.run()))
        await until(lambda: all(states == [True] for states in seen.values()))
        await asyncio.to_thread(founded.technician().tell, "/revoke", Revoke(box="kiosk-east", why="stolen"), Done)
        broker.take_up()
        await until(lambda: seen["kiosk-1"][-1] is False)
        with pytest.raises(OSError, match="was revoked"):
            await try_login(login(founded, machines["kiosk-east"], "kiosk-1"))
        await until(lambda: any("kiosk-1 is off the bus" in line for line in registrar.lines))
        assert seen["board-1"] == [True]
        for each in running:
            each.cancel()


async def test_the_broker_lets_no_technician_in_lost_or_not(tmp_path: Path) -> None:
    with hall_at_work(tmp_path) as (founded, _, _, _):
        made = founded.technician()
        assert (await asyncio.to_thread(made.read, "/boxes", Boxes)).boxes
        assert made.certificate is not None
        assert made.key is not None
        identity = Identity(authority=made.root, certificate=made.certificate, key=made.key)
        login = Login(host="127.0.0.1", port=founded.broker_port, name="technician", identity=identity)
        with pytest.raises(OSError, match="does not accept the certificate of technician"):
            await try_login(login)


async def test_a_box_revoked_while_the_registrar_dies_is_thrown_off_all_the_same(tmp_path: Path) -> None:
    with hall_at_work(tmp_path) as (founded, broker, registrar, _):
        kiosk = founded.machine("kiosk-east")
        assert step(kiosk) == ""
        broker.take_up()
        states: list[bool] = []
        bus = MqttBus(login=login(founded, kiosk, "kiosk-1"), subscriptions=[])
        bus.listen(on_letter=lambda _: None, on_state=states.append)
        running = asyncio.create_task(bus.run())
        await until(lambda: states == [True])
        await asyncio.to_thread(founded.technician().tell, "/revoke", Revoke(box="kiosk-east", why="stolen"), Done)
        registrar.kill_and_start()  # before the broker has read its files again
        broker.take_up()
        await until(lambda: states[-1] is False)
        with pytest.raises(OSError, match="was revoked"):
            await try_login(login(founded, kiosk, "kiosk-1"))
        running.cancel()


async def test_a_boxs_warnings_are_kept_through_a_kill(tmp_path: Path) -> None:
    at = datetime.now(UTC)
    with hall_at_work(tmp_path) as (founded, broker, registrar, _):
        kiosk = founded.machine("kiosk-east")
        assert step(kiosk) == ""
        broker.take_up()
        bus = MqttBus(login=login(founded, kiosk, "keeper-kiosk-east"), subscriptions=[])
        states: list[bool] = []
        bus.listen(on_letter=lambda _: None, on_state=states.append)
        running = asyncio.create_task(bus.run())
        await until(lambda: states == [True])
        warning = BoxWarning(number=1, first=at, last=at, unit="kernel", text="mmcblk0: error -110")
        said = BoxLog(box="kiosk-east", run="r-1", warnings=(warning,))
        topic = wire.topic("east", "log/{}", "keeper-kiosk-east")
        assert await bus.publish(Letter(topic=topic, payload=wire.encode(said), retained=True))
        store = founded.state / "warnings.sqlite"
        await until(lambda: "mmcblk0" in stored(store))
        registrar.kill_and_start()
        assert "mmcblk0" in stored(store)
        running.cancel()


def stored(path: Path) -> str:
    if not path.exists():
        return ""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return str(db.execute("SELECT text FROM warnings").fetchall())


async def test_a_changed_hall_comes_into_force_and_its_new_node_may_speak(tmp_path: Path) -> None:
    with hall_at_work(tmp_path) as (founded, broker, _, dispatcher):
        box, technician = founded.machine("dispatcher"), founded.technician()
        grown = HALL.replace('{ id = "desk"', '{ id = "kiosk-2", role = "kiosk" }, { id = "desk"').replace(
            "Bills", "Pay"
        )

        def told() -> PutTold:
            return technician.read("/files/told?box=dispatcher", PutTold)

        technician.tell("/files", PutFiles(box="dispatcher", files={"hall.toml": HALL.encode()}), Done)
        await until(lambda: told().in_force)
        technician.tell("/files", PutFiles(box="dispatcher", files={"hall.toml": grown.encode()}), Done)
        assert not told().in_force
        own = ["--place", str(box.place), "--tls", str(box.papers.folder), "--port", str(founded.port)]
        assert await asyncio.to_thread(take_files, [*own, "--only-write"]) == 0
        dispatcher.send_signal(signal.SIGHUP)  # as its unit is reloaded
        await until(lambda: told().in_force)
        broker.take_up()
        made = founded.supervisor("kiosk-2")
        assert made.certificate is not None
        assert made.key is not None
        identity = Identity(authority=made.root, certificate=made.certificate, key=made.key)
        bus = MqttBus(
            login=Login(host="127.0.0.1", port=founded.broker_port, name="kiosk-2", identity=identity),
            subscriptions=[wire.topic("east", "view/hall")],
        )
        heard: list[bytes] = []
        bus.listen(on_letter=lambda letter: heard.append(letter.payload), on_state=lambda _: None)
        running = asyncio.create_task(bus.run())
        await until(lambda: any(b'"Pay"' in each for each in heard))
        running.cancel()
