"""A hall's cards as a technician writes them, and a real registrar over real TLS on the loopback."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import pytest

from broker.authority.issuing import Authority, certificate_pem, chain_pem, new_issuing, new_root, node_certificate
from broker.authority.keys import key_pem, new_key
from broker.authority.reading import fingerprint
from broker.invitations import (
    BOX_FILE,
    BOXES,
    INVITATIONS,
    ISSUING_CERTIFICATE,
    ISSUING_KEY,
    ROOT_FILE,
    Invitation,
    Invitations,
    token_hash,
    written,
)
from broker.joining.asking import Registrar
from keeper.joining import Joining
from keeper.papers import Papers
from tests.conftest import free_port

HALL = """\
id = "east"
name = { zh = "东区供电营业厅", en = "East Service Hall" }
zones = [{ id = "main", name = { zh = "等候区", en = "Waiting area" } }]
services = [{ id = "bill", name = { zh = "电费", en = "Bills" }, prefix = "A", zone = "main" }]
counters = [{ number = 1, zone = "main", skills = ["bill"] }]
nodes = [{ id = "kiosk-1", role = "kiosk" }, { id = "board-1", role = "display" }, { id = "desk", role = "supervisor" }]
"""
BOXES_OF_HALL = {
    "dispatcher": ("keeper-dispatcher", "registrar", "dispatcher"),
    "kiosk-east": ("keeper-kiosk-east", "kiosk-1"),
    "board-west": ("keeper-board-west", "board-1"),
}


class Founded:
    """A technician's laptop with the hall's authority, its cards, and the machines that they are put into."""

    def __init__(self, folder: Path, *, now: datetime, port: int = 0, broker_port: int = 1) -> None:
        self.folder, self.now = folder, now
        self.port, self.broker_port = port, broker_port
        self.root = new_root("east", now=now)
        self.issuing = new_issuing(self.root, now=now)
        self.tokens = {box: f"{number:032x}" for number, box in enumerate(BOXES_OF_HALL, start=1)}
        self.card = folder / "etc"  # the dispatcher's, as it lies on its disk
        self.state = folder / "state"
        self.broker_dir = folder / "broker"
        self.broker_dir.mkdir(parents=True)
        for box in BOXES_OF_HALL:
            self.write_card(box, self.card_of(box), token=self.tokens[box])
        self._write_dispatchers_card()

    def card_of(self, box: str) -> Path:
        return self.folder / "cards" / box / "hallcall"

    def write_card(self, box: str, to: Path, *, token: str = "") -> None:
        for name, content in self.files_of(box, token=token).items():
            path = to / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def files_of(self, box: str, *, token: str = "") -> dict[str, bytes]:
        nodes = ", ".join(f'"{node}"' for node in BOXES_OF_HALL[box])
        told = self.box_text(box) + f"nodes = [{nodes}]\n" + (f'token = "{token}"\n' if token else "")
        files = {str(BOX_FILE): told.encode(), str(ROOT_FILE): certificate_pem(self.root.certificate)}
        return files | {f"nodes/{node}.toml": f'node = "{node}"\n'.encode() for node in BOXES_OF_HALL[box]}

    def box_text(self, box: str) -> str:
        mark = fingerprint(self.root.certificate)
        return f'box = "{box}"\nhall = "east"\ndispatcher = "127.0.0.1"\nauthority = "{mark}"\n'

    def spares_card(self, to: Path) -> None:
        to.mkdir(parents=True)
        (to / BOX_FILE).write_text(self.box_text("spare-1") + "spare = true\n")
        (to / ROOT_FILE).write_bytes(certificate_pem(self.root.certificate))

    def _write_dispatchers_card(self) -> None:
        card = self.card_of("dispatcher")
        invitations = Invitations(
            hall="east",
            invitations=tuple(
                Invitation(
                    box=box,
                    nodes=nodes,
                    token=token_hash(self.tokens[box]),
                    expires=self.now + timedelta(days=14),
                )
                for box, nodes in BOXES_OF_HALL.items()
            ),
        )
        files = {
            "hall.toml": HALL.encode(),
            str(ISSUING_CERTIFICATE): certificate_pem(self.issuing.certificate),
            str(ISSUING_KEY): key_pem(self.issuing.key),
            str(INVITATIONS): written(invitations),
            "nodes/registrar.toml": self.registrar_text().encode(),
        }
        for box in BOXES_OF_HALL:
            if box != "dispatcher":
                files |= {f"{BOXES}/{box}/{name}": content for name, content in self.files_of(box).items()}
        for name, content in files.items():
            (card / name).parent.mkdir(parents=True, exist_ok=True)
            (card / name).write_bytes(content)

    def registrar_text(self) -> str:
        return f"""\
node = "registrar"
hall = "east"
state_dir = "{self.state}"
card = "{self.card}"
hall_file = "{self.card}/hall.toml"
box_file = "{self.card}/box.toml"
broker_dir = "{self.broker_dir}"
listen = "127.0.0.1:{self.port}"
[broker]
host = "127.0.0.1"
port = {self.broker_port}
certificate = "node.crt"
authority = "root.crt"
key = "node.key"
"""

    def machine(self, name: str, card: Path | None = None) -> Joining:
        """Return a machine with a card in it; the box's own, if none is named."""
        at = self.folder / "machines" / name
        place = self.card if name == "dispatcher" else at / "etc"
        return Joining(
            card=card or self.card_of(name),
            place=place,
            papers=Papers(at / "tls"),
            serial=f"serial-{name}",
            port=self.port,
        )

    def technician(self, name: str = "technician") -> Registrar:
        return self._on_laptop(name, self.root)

    def supervisor(self, name: str) -> Registrar:
        """Return somebody with a certificate as nodes have them, for the bus."""
        return self._on_laptop(name, self.issuing)

    def _on_laptop(self, name: str, by: Authority) -> Registrar:
        key, place = new_key(), self.folder / "laptop"
        place.mkdir(exist_ok=True)
        made = node_certificate(by, key.public_key(), node=name, now=self.now)
        chain = [] if by is self.root else [by.certificate]
        (place / f"{name}.crt").write_bytes(chain_pem(made, *chain))
        (place / f"{name}.key").write_bytes(key_pem(key))
        (place / "root.crt").write_bytes(certificate_pem(self.root.certificate))
        return Registrar(
            host="127.0.0.1",
            root=place / "root.crt",
            certificate=place / f"{name}.crt",
            key=place / f"{name}.key",
            port=self.port,
        )


class RegistrarProcess:
    """`python -m registrar`, as systemd starts it."""

    def __init__(self, founded: Founded) -> None:
        self.founded = founded
        self._process: subprocess.Popen[str] | None = None
        self._reader = threading.Thread()
        self.lines: list[str] = []  # what it has written to its log

    def start(self) -> None:
        """Return when it listens."""
        config = self.founded.card / "nodes" / "registrar.toml"
        command = [sys.executable, "-m", "registrar", "--config", str(config)]
        self._process = process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        for line in process.stderr:
            self.lines.append(line.rstrip())
            if "boxes may ask at port" in line:
                break
        else:
            raise RuntimeError("the registrar does not start:\n" + "\n".join(self.lines))
        self._reader = threading.Thread(target=self._read_on, args=(process.stderr,), daemon=True)
        self._reader.start()

    def _read_on(self, log: IO[str]) -> None:
        self.lines.extend(line.rstrip() for line in log)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(how)
        code = self._process.wait()
        self._reader.join()
        self._process = None
        return code

    def kill_and_start(self) -> None:
        self.stop(signal.SIGKILL)
        self.start()


@pytest.fixture
def founded(tmp_path: Path) -> Founded:
    return Founded(tmp_path, now=datetime.now(UTC), port=free_port())


@pytest.fixture
def registrar(founded: Founded) -> Iterator[RegistrarProcess]:
    """A registrar on the dispatcher's box, whose card has been taken."""
    founded.machine("dispatcher").prepare()
    process = RegistrarProcess(founded)
    process.start()
    try:
        yield process
    finally:
        process.stop()


@pytest.fixture
def joined(founded: Founded, registrar: RegistrarProcess) -> Callable[[str], Joining]:
    """Return a box that has joined."""

    def join(name: str) -> Joining:
        machine = founded.machine(name)
        box = machine.prepare()
        assert box is not None
        assert machine.step(box) == ""
        return machine

    del registrar
    return join
