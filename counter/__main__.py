"""Run the counter box: `python -m counter --config counter.toml`."""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

from broker.badge_file import load_badges
from broker.bus import Login, MqttBus
from broker.config import BrokenConfig, CounterFile, load_node, login_of
from broker.contract.messages import Role
from broker.link import subscriptions, will
from broker.pad_keys import PadKeys

from .node import CounterBox, views
from .wiring import connect
from .wording import wording

log = logging.getLogger(__name__)

BAD_CONFIG: Final = os.EX_CONFIG  # systemd need not try again


def main() -> int:
    if "--check" in sys.argv[1:]:
        from .check import main as check  # noqa: PLC0415 - what the box itself never needs

        return check([each for each in sys.argv[1:] if each != "--check"])
    arguments = argparse.ArgumentParser(prog="counter", description="The box at the windows of a hall.")
    arguments.add_argument("--config", type=Path, required=True, help="this box's TOML file")
    path: Path = arguments.parse_args().config
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        file = load_node(path, CounterFile)
        asyncio.run(_serve(file, login_of(file)))
    except BrokenConfig as error:
        log.critical("%s", error)
        return BAD_CONFIG
    return 0


async def _serve(file: CounterFile, login: Login) -> None:
    counters = [each.counter for each in file.windows]
    box = CounterBox(
        bus=MqttBus(
            login=login,
            subscriptions=subscriptions(hall=file.hall, node=file.node, also=views(counters)),
            will=will(hall=file.hall, node=file.node, role=Role.COUNTER),
        ),
        hall=file.hall,
        node=file.node,
        windows=file.windows,
        wording=wording(file.sign_language, file.sign_texts),
        rating_s=file.rating_s,
        keys=file.pads.keys if file.pads is not None else PadKeys(),
        badges=load_badges(Path(file.badges)).badges if file.badges else (),
        state_dir=Path(file.state_dir),
        clock=time.monotonic,
    )
    devices = connect(file, on_link=box.line_changed, on_sign=box.sign_answers)
    serving = asyncio.ensure_future(box.run(devices))
    for order in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(order, serving.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


if __name__ == "__main__":
    sys.exit(main())
