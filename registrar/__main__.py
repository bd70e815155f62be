"""`python -m registrar --config registrar.toml`: joins boxes to the hall and keeps their certificates."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import time
from pathlib import Path

from broker.bus import MqttBus
from broker.config import BrokenConfig, RegistrarFile, load_node, login_of
from broker.contract.messages import Role
from broker.link import HallLink, subscriptions, will


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m registrar", description=__doc__)
    options.add_argument("--config", type=Path, required=True, help="this node's file")
    asked = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        return asyncio.run(serve(load_node(asked.config, RegistrarFile)))
    except BrokenConfig as error:
        sys.stderr.write(f"{error}\n")
        return os.EX_CONFIG


async def serve(file: RegistrarFile) -> int:
    """Serve until SIGTERM; return the exit code."""
    link = HallLink(
        bus=MqttBus(
            login=login_of(file),
            subscriptions=subscriptions(hall=file.hall, node=file.node, also=["view/hall", "log/+"]),
            will=will(hall=file.hall, node=file.node, role=Role.REGISTRAR),
        ),
        hall=file.hall,
        node=file.node,
        role=Role.REGISTRAR,
        clock=time.monotonic,
    )
    running = asyncio.ensure_future(link.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
