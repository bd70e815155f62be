"""`python -m web --config web.toml`: the hall's pages for browsers."""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from broker.bus import MqttBus
from broker.config import BrokenConfig, WebFile, load_node, login_of
from broker.contract.messages import Role
from broker.link import subscriptions, will

from .boards import shown_of
from .node import HEARD, WebNode
from .pages import Site

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
    node = WebNode(
        bus=MqttBus(
            login=login_of(file),
            subscriptions=subscriptions(hall=file.hall, node=file.node, also=HEARD),
            will=will(hall=file.hall, node=file.node, role=Role.WEB),
        ),
        hall=file.hall,
        node=file.node,
        boards=[shown_of(each) for each in file.boards],
        clock=time.monotonic,
        now=lambda: datetime.now(UTC),
    )
    host, _, port = file.pages.listen.rpartition(":")
    server = Server(
        uvicorn.Config(
            Site(node).app(),
            host=host.strip("[]"),
            port=int(port),
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
    )
    hearing = asyncio.ensure_future(node.link.run())
    serving = asyncio.ensure_future(server.serve())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, server.handle_exit, number, None)
    log.info("pages at http://%s/", file.pages.listen)
    ended, _ = await asyncio.wait({hearing, serving}, return_when=asyncio.FIRST_COMPLETED)
    hearing.cancel()
    server.should_exit = True
    await asyncio.gather(hearing, serving, return_exceptions=True)
    if hearing in ended:
        hearing.result()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
