"""`hallcall restore`: the last copy of a hall onto a fresh box, whose programs are stopped.

`--open` comes before that, on the laptop: it opens the copy's sealed part with the hall's authority.
"""

import argparse
import getpass
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from broker.authority.keys import BadKey
from broker.authority.safe import WrongPassphrase
from broker.authority.sealing import NotOpened
from broker.config import BrokenConfig
from broker.journal import JournalDamaged, JournalTooNew

from .backup import places_of
from .copies.manifest import BadCopy, newest
from .copies.places import DISPATCHER, Places
from .copies.restoring import open_copy, restore
from .founding.authority import ROOT, NoAuthority, opened

WRONG: Final = (BadCopy, BadKey, BrokenConfig, JournalDamaged, JournalTooNew, NoAuthority, NotOpened, OSError)
UNIT: Final = f"hallcall-{DISPATCHER}@{DISPATCHER}.service"


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="hallcall restore", description=__doc__)
    parser.add_argument("copy", type=Path, help="the medium's folder, of which the newest is taken, or one copy")
    parser.add_argument("--open", action="store_true", help="on the laptop: open the copy for a restore")
    parser.add_argument("--authority", type=Path, help="with --open: the hall's authority folder")
    parser.add_argument("--passphrase-file", type=Path, help="with --open: instead of asking")
    parser.add_argument("--replace", action="store_true", help="put a journal that is there aside")
    parser.add_argument("--config", type=Path, help="the dispatcher's file, of a hall that is not installed here")
    parser.add_argument("--root", type=Path, default=Path("/"), help="the box's disk, where it is mounted elsewhere")
    options = parser.parse_args(argv)
    began = time.monotonic()
    try:
        copy = newest(options.copy)
        if options.open:
            if options.authority is None:
                parser.error("--open needs --authority FOLDER")
            path = open_copy(copy, key=opened(options.authority, ROOT, passphrase=_passphrase(options)).key)
            sys.stdout.write(f"{path}: open. It holds keys: take the medium to the fresh box now, and restore.\n")
            return 0
        places = places_of(options.config, options.root)[0] if options.config else Places(root=options.root)
        if options.root == Path("/") and options.config is None and _runs():
            raise BadCopy("the dispatcher runs here: systemctl stop hallcall.target 'hallcall-*@*', then again")
        manifest = restore(copy, places, now=datetime.now(UTC), replace=options.replace)
    except WRONG as error:
        sys.stderr.write(f"hallcall restore: {error}\n")
        return 2
    except WrongPassphrase as error:
        sys.stderr.write(f"hallcall restore: {error}\n")
        return 1
    except (EOFError, KeyboardInterrupt):  # at the passphrase
        sys.stderr.write("\n")
        return 130
    sys.stdout.write(
        f"{copy} is in place ({time.monotonic() - began:.1f} s): hall {manifest.hall}, day {manifest.day}, up to event "
        f"{manifest.seq}.\nStart the dispatcher. It waits up to half a minute for the kiosks, and gives higher numbers "
        f"than they printed.\nCustomers who took numbers after {manifest.made_at:%H:%M} UTC hold valid slips that the "
        "hall does not know: serve them by hand.\n"
    )
    return 0


def _passphrase(options: argparse.Namespace) -> str:
    if options.passphrase_file is not None:
        return str(options.passphrase_file.read_text(encoding="utf-8").rstrip("\n"))
    return getpass.getpass("Passphrase of the hall's authority / 授权口令: ")


def _runs() -> bool:
    try:
        return subprocess.run(["systemctl", "is-active", "--quiet", UNIT], check=False).returncode == 0
    except FileNotFoundError:
        return False
