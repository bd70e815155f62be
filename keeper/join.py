"""`python -m keeper.join`, as root by hallcall-join.service: makes this box one of the hall's, and tells its name.

It asks again until the box has joined; what it waits for stands on the console and in the journal, once each time it
changes.
"""

import argparse
import contextlib
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from broker.box_file import BoxFile
from broker.joining.asking import NotAnswered, Refused
from broker.joining.words import PORT
from broker.strict_toml import BrokenConfig
from broker.whole_files import replace_file

from .address import write_network
from .card import CARD, BadCard
from .joining import REGISTRAR_NODE, Joining, network_file, said
from .node_files import PLACE
from .on_screen import show
from .papers import TLS, Papers
from .systemd import SystemdRefused, systemctl

log = logging.getLogger(__name__)

HOST_NAME: Final = Path("/etc/hostname")
SERIALS: Final = ("/sys/firmware/devicetree/base/serial-number", "/sys/class/dmi/id/product_serial", "/etc/machine-id")
FIRST_S, LONGEST_S, SPARE_S = 2.0, 30.0, 5.0


def main(argv: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m keeper.join", description="Makes this box one of the hall's.")
    options.add_argument("--card", type=Path, default=CARD, help="the card's folder hallcall/")
    options.add_argument("--place", type=Path, default=PLACE, help="where the box's files go")
    options.add_argument("--tls", type=Path, default=TLS, help="where the nodes' certificates go")
    options.add_argument("--port", type=int, default=PORT, help="the registrar's")
    options.add_argument("--guest", action="store_true", help="leave host name and network to whose machine it is")
    options.add_argument("--only-join", action="store_true", help="leave host name, network and systemd alone")
    asked = options.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    joining = Joining(card=asked.card, place=asked.place, papers=Papers(asked.tls), serial=serial(), port=asked.port)
    try:
        settling = start_registrar if asked.guest else settle
        if asked.only_join:
            return until_joined(joining, settle=_leave_alone, sleep=time.sleep)
        return until_joined(joining, settle=settling, sleep=time.sleep, draw=_leave_alone if asked.guest else show)
    except (BadCard, BrokenConfig, OSError) as error:
        log.critical("%s", error)
        return 1


def _leave_alone(_: object) -> None:
    """Do nothing to a machine that is not ours."""


def until_joined(
    joining: Joining,
    *,
    settle: Callable[[BoxFile], None],
    sleep: Callable[[float], None],
    draw: Callable[[str], object] = _leave_alone,
) -> int:
    """Ask until the box has joined. Raises BadCard, BrokenConfig, OSError.

    `draw` puts what is waited for on the screen, each time anew: the console may have written over it.
    """
    shown, wait_s = "", FIRST_S
    while True:
        box = joining.prepare()
        if box is None:
            log.info("no card and no box file: this machine is no box of a hall")
            return 0
        settle(box)
        try:
            waits_for = joining.step(box)
            if not waits_for:
                log.info("%s belongs to hall %s", box.box, box.hall)
                return 0
            wait_s = SPARE_S
        except NotAnswered as error:
            waits_for = f"{box.box}：正在等待调度主机 {box.dispatcher}。\n{box.box}: {error}"
        except Refused as refused:
            waits_for = f"{box.box}：\n{said(refused)}"
        if waits_for != shown:
            sys.stdout.write(f"\n{waits_for}\n")
            sys.stdout.flush()
            shown = waits_for
        draw(waits_for)
        sleep(wait_s)
        wait_s = min(wait_s * 1.5, LONGEST_S)


def settle(box: BoxFile) -> None:
    """Give the machine its name and its address; on the dispatcher's box have the registrar started as well."""
    if box.nodes and socket.gethostname() != box.box:
        with contextlib.suppress(OSError):  # a root that cannot be written; the name is set below all the same
            replace_file(HOST_NAME, f"{box.box}\n".encode(), mode=0o644)
        _try("hostnamectl", "set-hostname", "--transient", box.box)
    if write_network(network_file(box)):  # a spare that takes a place; others have had theirs since the start
        _try("networkctl", "reload")
    start_registrar(box)


def start_registrar(box: BoxFile) -> None:
    """Have the registrar started, where it is this box's."""
    if REGISTRAR_NODE in box.nodes:
        try:
            systemctl("start", "--no-block", f"hallcall-registrar@{REGISTRAR_NODE}.service")
        except (SystemdRefused, OSError) as error:
            log.warning("%s", error)


def _try(*words: str) -> None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("%s: %s", " ".join(words), error)
        return
    if done.returncode != 0:
        log.warning("%s: %s", " ".join(words), done.stderr.strip())


def serial() -> str:
    """Return what stands on the machine's label, or something that tells it from others."""
    for path in SERIALS:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            found = Path(path).read_text().strip("\0 \n")
            if found.isprintable() and " " not in found and found.lower() not in {"", "none", "0"}:
                return found[:64]
    return "unknown"


if __name__ == "__main__":
    sys.exit(main())
