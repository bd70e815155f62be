"""`python -m web --config web.toml`: the hall's pages for browsers."""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from broker.alive import keep_alive
from broker.bus import MqttBus
from broker.config import BrokenConfig, WebFile, load_node, load_theme, login_of
from broker.config import Console as ConsoleFile
from broker.contract.messages import DeviceState, Role
from broker.link import subscriptions, will
from broker.theme import Theme

from .boards import shown_of
from .console import Console
from .hearing import HEARD as CONSOLE_HEARD
from .hearing import Hearing
from .node import HEARD, WebNode
from .notes import Notes
from .pages import Site
from .pins import BrokenPins, Pins
from .rating import RatingPages
from .session_file import SessionFile
from .signing_in import Reception

log = logging.getLogger("web")


class Server(uvicorn.Server):
    """uvicorn, which leaves signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m web", description=__doc__)
    options.add_argument("--config", type=Path, required=True, help="this node's file")
    asked = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        return asyncio.run(serve(load_node(asked.config, WebFile)))
    except BrokenConfig as error:
        sys.stderr.write(f"{error}\n")
        return os.EX_CONFIG


async def serve(file: WebFile) -> int:
    """Serve until SIGTERM; return the exit code."""
    hearing = Hearing() if file.console is not None or file.tablets else None
    heard = (*HEARD, *(each for each in CONSOLE_HEARD if each not in HEARD)) if hearing is not None else HEARD
    node = WebNode(
        bus=MqttBus(
            login=login_of(file),
            subscriptions=subscriptions(hall=file.hall, node=file.node, also=heard),
            will=will(hall=file.hall, node=file.node, role=Role.WEB),
        ),
        hall=file.hall,
        node=file.node,
        boards=[shown_of(each) for each in file.boards],
        clock=time.monotonic,
        now=lambda: datetime.now(UTC),
        hearing=hearing,
    )
    further = list(console_of(file, file.console, hearing, node).routes()) if file.console and hearing else []
    if hearing is not None:
        secure = bool(file.pages.certificate)
        tablets = RatingPages(hearing=hearing, tablets=file.tablets, ask=node.link.ask, secure=secure)
        further += tablets.routes()
    host, _, port = file.pages.listen.rpartition(":")
    server = Server(
        uvicorn.Config(
            Site(node, further=further).app(),
            host=host.strip("[]"),
            port=int(port),
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
            ssl_certfile=file.pages.certificate or None,
            ssl_keyfile=file.pages.key or None,
        )
    )
    linked = asyncio.ensure_future(node.link.run())
    serving = asyncio.ensure_future(server.serve())
    living = asyncio.ensure_future(keep_alive(lambda: "" if server.started else "no pages yet"))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, server.handle_exit, number, None)
    log.info("pages at %s://%s/", "https" if file.pages.certificate else "http", file.pages.listen)
    ended, _ = await asyncio.wait({linked, serving}, return_when=asyncio.FIRST_COMPLETED)
    linked.cancel()
    living.cancel()
    server.should_exit = True
    await asyncio.gather(linked, serving, living, return_exceptions=True)
    if linked in ended:
        linked.result()
    return 0 if server.started else 1


def console_of(file: WebFile, console: ConsoleFile, hearing: Hearing, node: WebNode) -> Console:
    """Return the console as its table says. Raises BrokenConfig when its files cannot be used."""
    state, pins = Path(file.state_dir), Pins(Path(console.pins))
    try:
        if not pins.count():
            detail = f"{pins.path}: nobody can sign in yet; give clerks PINs with `hallcall clerk pin`"
            node.link.device("console", DeviceState.WARNING, detail)
        kept = SessionFile(state / "sessions.json", idle_s=console.idle_min * 60, longest_s=console.longest_h * 3600)
        notes = Notes(state / "notes.sqlite")
    except (BrokenPins, OSError, sqlite3.Error) as error:
        raise BrokenConfig(f"console: {error}") from error
    return Console(
        hearing=hearing,
        ask=node.link.ask,
        new_id=node.link.new_id,
        reception=Reception(
            pins=pins, kept=kept, now_s=time.time, secure=bool(file.pages.certificate), changed=hearing.wake
        ),
        notes=notes,
        now=lambda: datetime.now(UTC),
        theme=load_theme(Path(console.theme)) if console.theme else Theme(),
    )


if __name__ == "__main__":
    sys.exit(main())
