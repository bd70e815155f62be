"""A stick with an update was plugged in: hallcall-stick@.service, started by udev. Root.

Nobody can log in at a box, so the stick itself asks and answers: the first time it is plugged in, the box says what is
on it; the same stick, plugged in again within ten minutes, is the technician's yes.
"""

import argparse
import logging
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from broker.contract.messages import Language
from broker.contract.texts import texts

from .install import install, why_not
from .notes import FOLDER, Notes
from .slots import Rauc, UpdateRefused, boot_id, release
from .versions import order

log = logging.getLogger(__name__)

ASKED: Final = Path("/run/hallcall-stick/asked.json")
ANSWER_WITHIN_S: Final = 600.0
SCREEN: Final = Path("/dev/tty1")
FOLDER_ON_STICK: Final = "hallcall-update"


class Asked(Struct, frozen=True, kw_only=True):
    """What was on the stick that was plugged in before."""

    version: str
    at_s: float  # monotonic


def is_yes(asked: Asked | None, version: str, now_s: float) -> bool:
    """Tell whether the same release was plugged in a moment ago."""
    return asked is not None and asked.version == version and 0 <= now_s - asked.at_s <= ANSWER_WITHIN_S


def newest(rauc: Rauc, paths: Sequence[Path], running: str) -> tuple[Path, str] | None:
    """Return the newest bundle that may be installed here, and its release; why others may not, the log says."""
    found: list[tuple[Path, str]] = []
    slots = rauc.slots()
    for path in sorted(paths):
        try:
            bundle = rauc.bundle(path)
        except UpdateRefused as error:
            log.warning("%s", error)
            continue
        if refusal := why_not(bundle, slots, running=running, older=False):
            log.warning("%s: %s", path.name, refusal)
        else:
            found.append((path, bundle.version))
    return max(found, key=lambda each: order(each[1]), default=None)


def tell(key: str, screen: Path = SCREEN, **about: str) -> None:
    """Say something to whoever stands before the box, in both languages; on a kiosk only the journal has it."""
    said = "\n".join(texts(language)["update"][key].format_map(about) for language in (Language.ZH, Language.EN))
    log.warning("%s", said)
    try:
        with screen.open("w", encoding="utf-8") as console:
            console.write(f"\n\n{said}\n\n")
    except OSError:
        return


def handle(stick: Path, *, rauc: Rauc, notes: Notes, asked_at: Path, now_s: float) -> bool:
    """Ask, or do what was asked; tell whether the machine is to start anew."""
    bundles = list(stick.glob(f"{FOLDER_ON_STICK}/*.raucb"))
    if not bundles:
        return False
    running = release()
    found = newest(rauc, bundles, running)
    if found is None:
        tell("nothing_here", running=running)
        return False
    path, version = found
    try:
        asked = msgspec.json.decode(asked_at.read_bytes(), type=Asked)
    except (OSError, msgspec.DecodeError):
        asked = None
    if not is_yes(asked, version, now_s):
        asked_at.parent.mkdir(parents=True, exist_ok=True)
        asked_at.write_bytes(msgspec.json.encode(Asked(version=version, at_s=now_s)))
        tell("plug_again", version=version, running=running)
        return False
    asked_at.unlink()
    tell("installing", version=version)
    install(
        path,
        rauc=rauc,
        notes=notes,
        running=running,
        boot=boot_id(),
        older=False,
        progress=lambda line: log.info("%s", line),
    )
    tell("restarting", version=version)
    return True


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m keeper.updates.stick", description=__doc__)
    parser.add_argument("device", help="the stick's partition, such as /dev/sda1")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    at = Path("/run/hallcall-stick") / Path(options.device).name
    # no fsck: it fails on a stick that is write-protected, and nothing is written here
    mount = [
        "systemd-mount",
        "--fsck=no",
        "--options=ro,nosuid,nodev,noexec,nosymfollow",
        "--collect",
        options.device,
        str(at),
    ]
    if subprocess.run(mount, check=False).returncode:
        log.error("%s cannot be read; use a stick with FAT or exFAT", options.device)
        return 1
    rauc = Rauc()
    try:
        restart = handle(at, rauc=rauc, notes=Notes(FOLDER), asked_at=ASKED, now_s=time.monotonic())
    except UpdateRefused as error:
        tell("refused", why=str(error))
        return 1
    finally:
        subprocess.run(["systemd-umount", str(at)], check=False)
    if restart:
        rauc.restart()
    return 0


if __name__ == "__main__":
    sys.exit(main())
