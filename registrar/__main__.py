"""`python -m registrar --config registrar.toml`: joins boxes to the hall and keeps their certificates."""

import argparse
import asyncio
import ipaddress
import logging
import os
import signal
import sqlite3
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from broker.alive import keep_alive
from broker.box_file import load_box
from broker.bus import Login, MqttBus
from broker.config import BrokenConfig, RegistrarFile, load_hall, load_node
from broker.contract.messages import Hall, Role
from broker.invitations import BadInvitations
from broker.link import subscriptions, will
from broker.warning_store import WarningStore

from .book import Book, BookDamaged
from .founding import invited
from .node import RegistrarNode
from .register import Register
from .registrar import KEEP_S, OWN_ROOT, Registrar
from .releases import Releases
from .server import Server
from .signing import NoAuthority, Signing
from .throwing_off import ThrowingOff

log = logging.getLogger(__name__)

REFUSED: Final = 3  # exit code: a person must look at a file first
LOOK_S: Final = 30.0  # at hall.toml, and at what is due


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m registrar", description=__doc__)
    options.add_argument("--config", type=Path, required=True, help="this node's file")
    asked = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        return asyncio.run(serve(load_node(asked.config, RegistrarFile)))
    except BrokenConfig as error:
        log.critical("%s", error)
        return os.EX_CONFIG
    except (BadInvitations, BookDamaged, NoAuthority, OSError) as error:
        log.critical("%s", error)
        return REFUSED


def now() -> datetime:
    return datetime.now(UTC)


class LastGoodHall:
    """hall.toml as it was last without an error: a broken one changes nobody's rights."""

    def __init__(self, path: Path) -> None:
        """Read it for the first time. Raises BrokenConfig."""
        self._path = path
        self._hall = load_hall(path)
        self._seen: tuple[int, int] | None = None

    def __call__(self) -> Hall:
        try:
            at = self._path.stat()
            if self._seen != (at.st_mtime_ns, at.st_size):
                self._seen = at.st_mtime_ns, at.st_size
                self._hall = load_hall(self._path)
        except (OSError, BrokenConfig) as error:
            log.error("rights stay as they were: %s", error)  # noqa: TRY400 - a technician's fault, without a trace
        return self._hall


def own_names(file: RegistrarFile) -> list[str]:
    """Return by which addresses and names this box is reached."""
    names = [*file.names, "127.0.0.1", "localhost"]
    box_file = Path(file.box_file)
    if box_file.exists():
        box = load_box(box_file)
        names = [box.dispatcher, box.box, *filter(None, [box.address.partition("/")[0]]), *names]
    return list(dict.fromkeys(map(as_certified, names)))


def as_certified(name: str) -> str:
    """Return an address as a certificate tells it, FD00::02 as fd00::2; a name as it is."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name


def build(file: RegistrarFile, off: ThrowingOff, signing: Signing) -> tuple[Registrar, Releases]:
    """Return the registrar over its state. Raises BrokenConfig, BookDamaged, NoAuthority, BadInvitations, OSError."""
    state, card = Path(file.state_dir), Path(file.card)
    hall, register = LastGoodHall(Path(file.hall_file)), Register(hall=file.hall, own=file.node)
    releases = Releases(
        directory=state / "releases",
        hall=hall,
        boxes=lambda: {name: box.nodes for name, box in register.boxes.items() if not box.expelled},
        now=now,
    )
    registrar = Registrar(
        book=Book(state),
        signing=signing,
        register=register,
        directory=state,
        broker_dir=Path(file.broker_dir),
        broker_port=file.broker.tcp_port,
        names=own_names(file),
        hall=hall,
        now=now,
        clock=time.monotonic,
        releases=releases,
        throw_off=off.take,
    )
    registrar.found(lambda: list(invited(card, hall=file.hall, now=now())))
    return registrar, releases


async def serve(file: RegistrarFile) -> int:
    """Serve until SIGTERM; return the exit code."""
    state = Path(file.state_dir)
    signing = Signing(state / "authority", card=Path(file.card))
    off = ThrowingOff(host=file.broker.host, port=file.broker.tcp_port, root=state / OWN_ROOT)
    registrar, releases = build(file, off, signing)
    bus = MqttBus(
        login=Login(host=file.broker.host, port=file.broker.tcp_port, name=file.node, identity=registrar.identity),
        subscriptions=subscriptions(hall=file.hall, node=file.node, also=["view/hall", "event/+", "log/+", "node/+"]),
        will=will(hall=file.hall, node=file.node, role=Role.REGISTRAR),
    )
    node = RegistrarNode(
        bus=bus,
        hall=file.hall,
        node=file.node,
        registrar=registrar,
        clock=time.monotonic,
        now=now,
        releases=releases,
        warnings=WarningStore(state / "warnings.sqlite"),
    )
    host, _, port = file.listen.rpartition(":")
    server = Server(context=registrar.context, answer=registrar.answer)
    running = asyncio.gather(
        node.run(),
        server.run(host, int(port), listening=_listening),
        off.run(signing, now=now),
        _look_after(registrar),
        _keep_waiting(registrar),
        keep_alive(),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        return 0
    return 1


def _listening(port: int) -> None:
    log.info("boxes may ask at port %d", port)


async def _look_after(registrar: Registrar) -> None:
    while True:
        await asyncio.sleep(LOOK_S)
        registrar.see_to_files()


async def _keep_waiting(registrar: Registrar) -> None:
    while True:
        await asyncio.sleep(KEEP_S)
        try:
            registrar.keep_waiting()
        except (OSError, sqlite3.Error) as error:
            log.warning("who waits for a place is not on disk: %s; is it full?", error)


if __name__ == "__main__":
    sys.exit(main())
