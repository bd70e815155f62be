"""What certificates cost on the bus: the way of a press to a sign, over TLS and over plain TCP, turn by turn.

A press is a command; what comes of it is an event, a view and an answer, as the dispatcher sends them.
"""

import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from broker.authority.issuing import (
    certificate_pem,
    chain_pem,
    new_issuing,
    new_root,
    node_certificate,
    server_certificate,
)
from broker.authority.keys import key_pem, new_key
from broker.authority.revoking import list_pem, revocation_list
from broker.bus import Letter, Login, MqttBus, try_login
from broker.contract import wire
from broker.contract.messages import Hall
from broker.identity import Identity
from broker.mosquitto import (
    ACL_FILE,
    AUTHORITY_FILE,
    CERTIFICATE_FILE,
    CONF_FILE,
    KEY_FILE,
    REVOKED_FILE,
    acl,
    secured_conf,
)

from ..demo.layout import Ports, clear, free_ports, lay_out
from ..demo.programs import Programs, mosquitto_command
from .press import HALL, percentiles

PRESSES: Final = 500  # each way
PAUSE_S: Final = 0.02  # presses come one by one
LOGINS: Final = 40
NODES: Final = ("dispatcher", "kiosk-1")
VIEW: Final = b"x" * 400  # a counter's view


class Way:
    """A kiosk's and the dispatcher's connections to one broker."""

    def __init__(self, login: Callable[[str], Login]) -> None:
        self.login = login
        self._arrived: asyncio.Queue[float] = asyncio.Queue()
        view = wire.topic(HALL, "view/counter/{}", 1)
        self._kiosk = MqttBus(login=login("kiosk-1"), subscriptions=[wire.topic(HALL, "reply/{}", "kiosk-1"), view])
        self._dispatcher = MqttBus(login=login("dispatcher"), subscriptions=[wire.topic(HALL, "cmd/{}", "kiosk-1")])
        self._there = asyncio.Semaphore(0)

        def decided(_: Letter) -> None:
            self._dispatcher.publish(Letter(topic=wire.topic(HALL, "event/{}", "TicketCalled"), payload=VIEW))
            self._dispatcher.publish(Letter(topic=view, payload=VIEW, retained=True))
            self._dispatcher.publish(Letter(topic=wire.topic(HALL, "reply/{}", "kiosk-1"), payload=VIEW))

        def shown(letter: Letter) -> None:
            if letter.topic == view and not letter.retained:
                self._arrived.put_nowait(time.perf_counter())

        self._kiosk.listen(on_letter=shown, on_state=lambda here: self._there.release() if here else None)
        self._dispatcher.listen(on_letter=decided, on_state=lambda here: self._there.release() if here else None)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        running = [asyncio.create_task(bus.run()) for bus in (self._kiosk, self._dispatcher)]
        try:
            for _ in running:
                await self._there.acquire()
            yield
        finally:
            for task in running:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def press(self) -> float:
        """Return the milliseconds from a press to what a sign shows."""
        began = time.perf_counter()
        self._kiosk.publish(Letter(topic=wire.topic(HALL, "cmd/{}", "kiosk-1"), payload=b"x" * 120))
        return (await self._arrived.get() - began) * 1000

    async def sign_in(self) -> float:
        """Return the milliseconds of a login and a goodbye."""
        began = time.perf_counter()
        await try_login(self.login("kiosk-1"))
        return (time.perf_counter() - began) * 1000


def certified(directory: Path, hall: Hall, port: int) -> Callable[[str], Login]:
    """Write the files of a broker with certificates, and of two nodes; return the nodes' logins."""
    now = datetime.now(UTC)
    root = new_root(hall.id, now=now)
    issuing = new_issuing(root, now=now)
    key = new_key()
    own = server_certificate(issuing, key.public_key(), node="broker", addresses=["127.0.0.1"], now=now)
    files = {
        CONF_FILE: secured_conf(directory=directory, port=port, listen="127.0.0.1", account="root").encode(),
        ACL_FILE: acl(hall).encode(),
        AUTHORITY_FILE: certificate_pem(root.certificate),
        CERTIFICATE_FILE: chain_pem(own, issuing.certificate),
        KEY_FILE: key_pem(key),
        REVOKED_FILE: list_pem(revocation_list(issuing, [])),
    }
    for node in NODES:
        node_key = new_key()
        made = node_certificate(issuing, node_key.public_key(), node=node, now=now)
        files |= {f"{node}.crt": chain_pem(made, issuing.certificate), f"{node}.key": key_pem(node_key)}
    directory.mkdir(mode=0o700)
    for name, content in files.items():
        (directory / name).write_bytes(content)

    def login(node: str) -> Login:
        identity = Identity(
            authority=directory / AUTHORITY_FILE,
            certificate=directory / f"{node}.crt",
            key=directory / f"{node}.key",
        )
        return Login(host="127.0.0.1", port=port, name=node, identity=identity)

    return login


def _by_password(config: Path, ports: Ports) -> Callable[[str], Login]:
    def login(node: str) -> Login:
        password = (config / f"{node}.password").read_text(encoding="utf-8").strip()
        return Login(host="127.0.0.1", port=ports.broker, name=node, password=password)

    return login


async def _run(place: Path) -> tuple[Mapping[str, list[float]], Mapping[str, list[float]]]:
    """Return the times of presses and of logins in milliseconds, by way."""
    clear(place)
    ports, secret = free_ports(), free_ports().broker
    settings = {"ticket_s": 8, "board_width": 1280, "board_height": 720, "speaker": "alsa:null"}
    hall = lay_out(place, ports=ports, settings={**settings, "languages": '["zh"]', "repeats": 1})
    ways = {
        "passwords, TCP": Way(_by_password(place / "config", ports)),
        "certificates, TLS": Way(certified(place / "certificates", hall, secret)),
    }
    programs = Programs(logs=place / "logs", say=lambda what: print(what, file=sys.stderr))  # noqa: T201
    presses: dict[str, list[float]] = {name: [] for name in ways}
    logins: dict[str, list[float]] = {name: [] for name in ways}
    try:
        programs.start("mosquitto", mosquitto_command(place / "config" / CONF_FILE))
        programs.start("mosquitto with TLS", mosquitto_command(place / "certificates" / CONF_FILE))
        async with contextlib.AsyncExitStack() as stack:
            for way in ways.values():
                await stack.enter_async_context(way.open())
            for _ in range(PRESSES):
                for name, way in ways.items():
                    await asyncio.sleep(PAUSE_S)
                    presses[name].append(await way.press())
        for _ in range(LOGINS):
            for name, way in ways.items():
                logins[name].append(await way.sign_in())
    finally:
        await programs.stop()
    return presses, logins


def measure() -> None:
    """Time a press to a sign on the bus alone, with certificates and with passwords; and a login."""
    with tempfile.TemporaryDirectory(prefix="hallcall-bench-") as place:
        presses, logins = asyncio.run(_run(Path(place)))
    for name, times in presses.items():
        p50, p99 = percentiles(times)
        login = statistics.median(logins[name])
        sys.stdout.write(
            f"{name:18}  press to sign: p50 {p50:5.2f} ms   p99 {p99:5.2f} ms   a login: {login:5.1f} ms\n"
        )
    (plain, _), (secret, _) = (percentiles(times) for times in presses.values())
    sys.stdout.write(f"TLS adds {secret - plain:.2f} ms at p50\n")
