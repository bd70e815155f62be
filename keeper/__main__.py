"""`python -m keeper --config keeper.toml`: looks after one box of the hall."""

import argparse
import asyncio
import logging
import os
import secrets
import signal
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from msgspec import structs

from broker.alive import keep_alive
from broker.bus import MqttBus
from broker.config import BrokenConfig, KeeperFile, load_node, login_of
from broker.contract.messages import BoxHealth, Role
from broker.joining.asking import Registrar
from broker.joining.words import PORT, FilesMark
from broker.link import subscriptions, will

from .for_screens import HEARD, ForScreens
from .health import SLOT, health
from .joining import HERE
from .machine import Machine
from .node import KeeperNode
from .updates.fetch import Fetching, connected
from .updates.notes import Notes as UpdateNotes
from .updates.slots import architecture, release
from .wanted_files import EVERY_S, HERE_EVERY_S, keep_asking

RAUC: Final = Path("/etc/rauc/system.conf")  # where there is none, or no slot was started, no updates are taken
# without --merge: of this boot only, and a line that tells why the box went down is of the last one
JOURNAL: Final = ("journalctl", "--follow", "--output=json", "--no-pager", "--lines=all", "--quiet", "--merge")


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m keeper", description=__doc__)
    options.add_argument("--config", type=Path, required=True, help="this node's file")
    asked = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        return asyncio.run(serve(load_node(asked.config, KeeperFile)))
    except BrokenConfig as error:
        sys.stderr.write(f"{error}\n")
        return os.EX_CONFIG


def look(file: KeeperFile, fetching: Fetching | None) -> BoxHealth:
    told = health(
        Machine(),
        box=file.box,
        box_file=Path(file.box_file),
        tls_dir=Path(file.tls_dir),
        directory=file.disk,
        now=datetime.now(UTC),
    )
    return structs.replace(told, update=fetching.told()) if fetching is not None else told


def fetching_updates(file: KeeperFile) -> Fetching | None:
    """Return what fetches updates; None on a machine that takes none."""
    identity = login_of(file).identity
    from_slot = RAUC.exists() and SLOT.search(Path("/proc/cmdline").read_text(encoding="utf-8")) is not None
    if identity is None or not from_slot:
        return None
    return Fetching(
        folder=Path(file.state_dir) / "update",
        notes=UpdateNotes(),
        arch=architecture(),
        running=release(),
        connect=lambda: connected(
            file.broker.host, PORT, root=identity.authority, certificate=identity.certificate, key=identity.key
        ),
        now=lambda: datetime.now(UTC),
    )


async def changed_files(file: KeeperFile) -> None:
    """Look for files that the technician has changed; in a hall without certificates there are none."""
    identity = login_of(file).identity
    if identity is None:
        return
    registrar = Registrar(
        host=file.broker.host, root=identity.authority, certificate=identity.certificate, key=identity.key
    )
    await keep_asking(
        lambda have: registrar.read(f"/files/mark?have={have}", FilesMark),
        place=Path(file.box_file).parent,
        folder=Path(file.state_dir) / "files",
        clock=time.monotonic,
        every_s=HERE_EVERY_S if file.broker.host in {HERE, "localhost"} else EVERY_S,
    )


async def serve(file: KeeperFile) -> int:
    """Serve until SIGTERM; return the exit code."""
    state = Path(file.state_dir)
    state.mkdir(parents=True, exist_ok=True)
    fetching = fetching_updates(file)
    node = KeeperNode(
        bus=MqttBus(
            login=login_of(file),
            subscriptions=subscriptions(hall=file.hall, node=file.node, also=[f"release/{file.node}", *HEARD]),
            will=will(hall=file.hall, node=file.node, role=Role.KEEPER),
        ),
        hall=file.hall,
        node=file.node,
        box=file.box,
        look=partial(look, file, fetching),
        journal=JOURNAL,
        state_dir=state,
        run_id=secrets.token_hex(4),
        clock=time.monotonic,
        on_other=partial(fetching.hear, hall=file.hall, node=file.node) if fetching is not None else lambda _: None,
        for_screens=ForScreens(
            hall=file.hall,
            node=file.node,
            broker=(file.broker.host, file.broker.tcp_port),
            path=Path(file.findings),
            now=lambda: datetime.now(UTC),
        ),
    )
    running = asyncio.gather(
        node.run(), keep_alive(), changed_files(file), *([fetching.run()] if fetching is not None else [])
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
