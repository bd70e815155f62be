"""`python -m keeper.console`, as root on tty1 by hallcall-console.service: a shell for who knows the technician's PIN.

There is none on a box with a screen of the hall: customers stand there, and the technician's page is behind five
touches. A box that belongs to no hall asks for no PIN: it keeps nothing, and is there to be restored onto.
"""

import argparse
import getpass
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from broker.box_file import load_box
from broker.config import DisplayFile, KioskFile
from broker.strict_toml import BrokenConfig
from broker.technician.door import TRIES, Door, Stage, after_restart, checked
from broker.technician.pin import BrokenPin, is_right, line_of
from broker.technician.wrong_pins import FILE, WrongPins

from .node_files import PLACE, nodes_of

log = logging.getLogger(__name__)

PIN_FILE: Final = "nodes/technician.pin"
STATE: Final = Path("/var/lib/hallcall/console")
OPENED: Final = 75  # hallcall-console.service starts anew then, and waits until the shell has left the terminal
NOT_OPENED: Final = 1
# The kernel's console draws no Chinese.
NO_HALL: Final = """
This box belongs to no hall yet.
New: switch it off, write its card on the laptop (hallcall hall write), switch it on again.
To put a copy of a dispatcher onto it: press Enter, and go on as docs/backup.md says.
"""
SHELL: Final = (
    *("systemd-run", "--quiet", "--collect", "--no-block", "--unit=hallcall-shell"),
    *("--property=Type=simple", "--property=RuntimeMaxSec=1h", "--property=SendSIGHUP=yes"),
    *(f"--property=Standard{each}=tty" for each in ("Input", "Output", "Error")),
    "--property=TTYPath=/dev/tty1",
    *("--setenv=PATH=/opt/hallcall/bin:/usr/sbin:/usr/bin:/sbin:/bin", "--setenv=TERM=linux", "--setenv=LANG=C.UTF-8"),
    *("--setenv=HOME=/root", "--working-directory=/", "/bin/bash"),
)
WELCOME: Final = """
hallcall doctor --hall    what is broken?          hallcall backup    a copy now
hallcall devices          what is plugged in       hallcall warnings  of the last day
exit                      leave; it ends by itself after an hour
"""


def main(argv: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m keeper.console", description="A shell for the technician.")
    options.add_argument("--place", type=Path, default=PLACE, help="where box.toml and nodes/ are")
    options.add_argument("--state", type=Path, default=STATE, help="where wrong PINs are counted")
    chosen = options.parse_args(argv)
    place: Path = chosen.place
    wrong = WrongPins(chosen.state / FILE)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        if has_screen(place):
            return 0
        if not let_in(place, wrong=wrong, say=_say, secret=getpass.getpass, now=time.monotonic, sleep=time.sleep):
            return 0
    except EOFError:
        return NOT_OPENED
    log.warning("a shell was opened on this box's own screen, for an hour at most")
    _say(WELCOME)
    try:
        subprocess.run(SHELL, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError) as error:
        _say(f"No shell could be opened: {error}\n")
        return NOT_OPENED
    return OPENED


def has_screen(place: Path) -> bool:
    """Tell whether customers stand at this box."""
    try:
        nodes, _ = nodes_of(place)
    except BrokenConfig:
        return False
    return any(
        isinstance(each.file, KioskFile) or (isinstance(each.file, DisplayFile) and each.file.screen is not None)
        for each in nodes
    )


def let_in(
    place: Path,
    *,
    wrong: WrongPins,
    say: Callable[[str], None],
    secret: Callable[[str], str],
    now: Callable[[], float],
    sleep: Callable[[float], None],
) -> bool:
    """Ask until the PIN is right; False where there is no PIN to ask for. Raises EOFError."""
    if not (place / "box.toml").exists():
        say(NO_HALL)
        secret("")
        return True
    try:
        say(f"\n{_named(place)}\n")
        line = line_of(place / PIN_FILE)
        door = after_restart(wrong.count(), now())
        _wait(door, say=say, now=now, sleep=sleep)
        while not _is_right(secret("Technician's PIN: ").strip(), line, wrong):
            door = checked(replace(door, stage=Stage.CHECKING), now(), right=False)
            say("That is not it.\n")
            _wait(door, say=say, now=now, sleep=sleep)
    except BrokenPin as error:
        say(f"No shell here: {error}\n")
        log.warning("%s", error)
        return False
    return True


def _is_right(pin: str, line: str, wrong: WrongPins) -> bool:
    wrong.tried()
    if not is_right(pin, line):
        return False
    wrong.was_right()
    return True


def _wait(door: Door, *, say: Callable[[str], None], now: Callable[[], float], sleep: Callable[[float], None]) -> None:
    if wait_s := door.wait_s(now()):
        log.warning("%d wrong PINs at this box's own screen", door.tries)
        say(f"{TRIES} times or more; asked again in {wait_s} s.\n")
        sleep(wait_s)


def _named(place: Path) -> str:
    try:
        box = load_box(place / "box.toml")
    except BrokenConfig as error:
        return str(error)
    return f"Hallcall: {box.box} of hall {box.hall}{f', {box.address}' if box.address else ''}"


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
