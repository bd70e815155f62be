"""What every room's tests may use: a small hall, a real mosquitto, time that does not have to be waited for."""

import asyncio
import contextlib
import resource
import secrets
import selectors
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import IO, Any

import pytest
from cryptography import x509
from hypothesis import settings

from broker.authority.issuing import (
    Authority,
    certificate_pem,
    chain_pem,
    new_issuing,
    new_root,
    node_certificate,
    server_certificate,
)
from broker.authority.keys import key_pem, new_key
from broker.authority.reading import read_chain
from broker.authority.revoking import Revoked, list_pem, revocation_list
from broker.bus import Login
from broker.contract.messages import Counter, Hall, Node, Role, Service, Text, Zone
from broker.identity import Identity
from broker.mosquitto import (
    ACL_FILE,
    AUTHORITY_FILE,
    CERTIFICATE_FILE,
    CONF_FILE,
    KEY_FILE,
    OPEN_FILES,
    PASSWORD_FILE,
    REVOKED_FILE,
    acl,
    broker_conf,
    password_line,
    secured_conf,
)

settings.register_profile("every-day", derandomize=True, deadline=None)  # the same examples on every machine
settings.register_profile("soak", deadline=None, print_blob=True)  # new ones each time: `./run soak`
settings.load_profile("every-day")


LONG = ("day", "web", "registrar", "keeper", "hallcall")  # folders whose tests take long: not at the end, alone


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what takes long first where tests run several at a time."""
    if hasattr(config, "workerinput"):
        rank = {name: place for place, name in enumerate(LONG)}
        items.sort(key=lambda item: rank.get(item.path.parent.name, len(LONG)))


def _text(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


@pytest.fixture(scope="session")
def small_hall() -> Hall:
    """One zone, two services, two counters, two kiosks, a board, a counter box and somebody who watches."""
    return Hall(
        id="east",
        name=_text("东区供电营业厅", "East Service Hall"),
        zones=(Zone(id="main", name=_text("等候区", "Waiting area")),),
        services=(
            Service(id="bill", name=_text("电费", "Bills"), prefix="A", zone="main"),
            Service(id="new", name=_text("新装", "New supply"), prefix="B", zone="main"),
        ),
        counters=(
            Counter(number=1, zone="main", skills=("bill", "new")),
            Counter(number=2, zone="main", skills=("bill",)),
        ),
        nodes=(
            Node(id="kiosk-1", role=Role.KIOSK),
            Node(id="kiosk-2", role=Role.KIOSK),
            Node(id="board-1", role=Role.DISPLAY),
            Node(id="box-1", role=Role.COUNTER, counters=(1, 2)),
            Node(id="web-1", role=Role.WEB),
            Node(id="watcher", role=Role.WATCH),
        ),
    )


class NoMosquitto(RuntimeError):
    """mosquitto is not installed, or does not start: `./run` installs it (Debian package mosquitto)."""


# Below what the system gives to whoever connects, 32768: a port found free is still free when a program takes it.
_PORTS = cycle(range(12_000, 32_000))
for _ in range(secrets.randbelow(20_000)):  # tests that run at the same time begin elsewhere
    next(_PORTS)


def free_port() -> int:
    """Return a TCP port on the loopback that nobody listens on just now."""
    for port in _PORTS:
        with socket.socket() as sock, contextlib.suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port
    raise AssertionError("ports never end")


class BrokerProcess:
    """mosquitto with the logins and rights of a hall; its files lie in `directory`, which must exist."""

    def __init__(self, *, hall: Hall, directory: Path, port: int) -> None:
        self.port = port
        self.lines: list[str] = []  # what it has written to its log
        self._heard = threading.Condition()
        self._passwords = {
            name: secrets.token_urlsafe(24) for name in ("dispatcher", *(node.id for node in hall.nodes))
        }
        self._conf = directory / CONF_FILE
        self._process: subprocess.Popen[str] | None = None
        passwords = [password_line(name, password) for name, password in self._passwords.items()]
        directory.chmod(0o700)
        self._conf.write_text(self._configured(directory), encoding="utf-8")
        (directory / ACL_FILE).write_text(acl(hall), encoding="utf-8")
        (directory / PASSWORD_FILE).write_text("\n".join(passwords) + "\n", encoding="utf-8")

    def _configured(self, directory: Path) -> str:
        return broker_conf(port=self.port, directory=directory)

    def login(self, name: str) -> Login:
        return Login(host="127.0.0.1", port=self.port, name=name, password=self._passwords[name])

    def start(self) -> None:
        """Return when it takes connections. Raises NoMosquitto."""
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
        if program is None:
            raise NoMosquitto("mosquitto is not installed: apt-get install mosquitto")
        process = subprocess.Popen([program, "-c", str(self._conf)], stderr=subprocess.PIPE, text=True)
        self._process = process
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))  # as its unit does
        for line in process.stderr or ():
            self.lines.append(line.rstrip())
            if line.rstrip().endswith(" running"):
                break
        else:
            raise NoMosquitto("mosquitto does not start:\n" + "\n".join(self.lines[-5:]))
        if process.stderr is not None:
            threading.Thread(target=self._read_on, args=(process.stderr,), daemon=True).start()

    def _read_on(self, log: IO[str]) -> None:
        for line in log:
            with self._heard:
                self.lines.append(line.rstrip())
                self._heard.notify_all()

    def says(self, part: str, *, since: int = 0, within_s: float = 10) -> str:
        """Wait for a line of its log, after the first `since` ones, with this in it; return the line."""
        with self._heard:
            self._heard.wait_for(lambda: any(part in line for line in self.lines[since:]), within_s)
            found = [line for line in self.lines[since:] if part in line]
        assert found, f"mosquitto has not said {part}, but:\n" + "\n".join(self.lines[since:][-5:])
        return found[0]

    def hang_up(self) -> None:
        """Have it read its access list and certificates again, as `systemctl reload` does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def resident_bytes(self) -> int:
        """Return how much memory it has."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        return 1024 * int(status.partition("VmRSS:")[2].split()[0])

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None


class SecuredBroker(BrokerProcess):
    """mosquitto with certificates: a hall's authority, its broker's files, and each node's beside them."""

    def __init__(self, *, hall: Hall, directory: Path, port: int) -> None:
        self.directory = directory
        self.now = datetime.now(UTC)
        self.root = new_root(hall.id, now=self.now)
        self.issuing = new_issuing(self.root, now=self.now)
        self.revoked: x509.CertificateRevocationList | None = None
        self._gone: list[Revoked] = []
        super().__init__(hall=hall, directory=directory, port=port)
        (directory / AUTHORITY_FILE).write_bytes(certificate_pem(self.root.certificate))
        key = new_key()
        own = server_certificate(
            self.issuing, key.public_key(), node="broker", addresses=["127.0.0.1", "localhost"], now=self.now
        )
        (directory / CERTIFICATE_FILE).write_bytes(chain_pem(own, self.issuing.certificate))
        (directory / KEY_FILE).write_bytes(key_pem(key))
        self.revoke()

    def _configured(self, directory: Path) -> str:
        return secured_conf(directory=directory, port=self.port, listen="127.0.0.1", account="root")

    def identity(self, name: str, *, by: Authority | None = None, now: datetime | None = None) -> Identity:
        """Return a new certificate of this name, as it were; `by` another authority, or at another time."""
        issuing, key = by or self.issuing, new_key()
        made = node_certificate(issuing, key.public_key(), node=name, now=now or self.now)
        place = self.directory / "nodes" / f"{name}-{made.serial_number:x}"
        place.mkdir(parents=True)
        (place / "node.crt").write_bytes(chain_pem(made, issuing.certificate))
        (place / "node.key").write_bytes(key_pem(key))
        return Identity(
            authority=self.directory / AUTHORITY_FILE, certificate=place / "node.crt", key=place / "node.key"
        )

    def login(self, name: str) -> Login:
        return self.login_with(name, self.identity(name))

    def login_with(self, name: str, identity: Identity) -> Login:
        return Login(host="127.0.0.1", port=self.port, name=name, identity=identity)

    def revoke(self, *identities: Identity) -> None:
        """Write the list of revoked certificates anew, with these as well; `hang_up` makes it count."""
        self._gone += [
            Revoked(serial=read_chain(each.certificate.read_bytes())[0].serial_number, when=self.now)
            for each in identities
        ]
        self.revoked = revocation_list(self.issuing, self._gone, before=self.revoked)
        (self.directory / REVOKED_FILE).write_bytes(list_pem(self.revoked))


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory, small_hall: Hall) -> Iterator[SecuredBroker]:
    """A real mosquitto that takes the small hall's certificates."""
    process = SecuredBroker(hall=small_hall, directory=tmp_path_factory.mktemp("secured"), port=free_port())
    try:
        process.start()
        yield process
    finally:
        process.stop()


@pytest.fixture(scope="module")
def mosquitto(tmp_path_factory: pytest.TempPathFactory, small_hall: Hall) -> Iterator[BrokerProcess]:
    """A real mosquitto with the small hall's logins; it fails, and does not skip, where mosquitto is missing."""
    directory: Path = tmp_path_factory.mktemp("mosquitto with spaces in its path")
    process = BrokerProcess(hall=small_hall, directory=directory, port=free_port())
    try:
        process.start()
        yield process
    finally:
        process.stop()


class _Jumping(selectors.DefaultSelector):
    """Does not wait: when nothing is to be read, the time has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout == 0:  # somebody is busy; nobody outside has anything to say
            return []
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("everybody waits for ever")
        if not ready and timeout is not None:
            self.now += max(timeout, 0)
        return ready


class _JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.jumping = _Jumping()
        super().__init__(self.jumping)

    def time(self) -> float:
        return self.jumping.now


Story = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(scope="session")
def in_no_time() -> Story:
    """Run a coroutine on a clock that jumps: hours of timeouts in milliseconds. Not for threads or sockets."""

    def play(story: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=_JumpingLoop) as runner:
            runner.run(story)

    return play
