"""Puts a bundle into the slot that does not run. Root; `python -m keeper.updates.install FILE`.

What the running release reads of the journal is left behind first, so that the new one writes nothing else until it has
been confirmed (`healthy.py`).
"""

import argparse
import logging
import os
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from broker.contract.messages import UpdateStep
from broker.journal import SCHEMA
from broker.readable import this_release
from broker.room import missing

from .notes import FOLDER, Notes, Outcome, Trial
from .slots import Bundle, Rauc, Slots, UpdateRefused, boot_id, release
from .versions import is_newer

log = logging.getLogger(__name__)
KEPT: Final = "bundle.raucb"  # our own copy: whoever brought the stick cannot change it any more


def why_not(bundle: Bundle, slots: Slots, *, running: str, older: bool) -> str:
    """Return why a bundle must not be installed, or nothing."""
    if bundle.compatible != slots.compatible:
        return (
            f"this bundle is for {bundle.compatible}, this machine is {slots.compatible}: take the file for this kind "
            "of machine"
        )
    if bundle.version == running:
        return f"release {running} runs here already"
    if not older and not is_newer(bundle.version, running):
        return (
            f"release {bundle.version} is older than {running}, which runs here. To go back to the release before: "
            "hallcall update rollback. To install an older one all the same: --older"
        )
    return ""


def install(
    path: Path, *, rauc: Rauc, notes: Notes, running: str, boot: str, older: bool, progress: Callable[[str], None]
) -> Trial:
    """Install a bundle; its slot runs with the next start. Raises UpdateRefused; the box is then as it was."""
    copy = _copied(path, notes.folder)
    try:
        bundle, slots = rauc.bundle(copy), rauc.slots()
        if refusal := why_not(bundle, slots, running=running, older=older):
            raise UpdateRefused(refusal)
        now = datetime.now(UTC)
        trial = Trial(
            version=bundle.version,
            slot=slots.other.name,
            old_version=running,
            old_slot=slots.running.name,
            boot=boot,
            at=now,
        )
        notes.begin(trial, this_release(SCHEMA))
        try:
            rauc.install(copy, progress)
        except UpdateRefused as error:
            notes.end(Outcome(version=bundle.version, step=UpdateStep.FAILED, at=now, why=str(error)))
            raise
    finally:
        copy.unlink(missing_ok=True)
    return trial


def _copied(path: Path, folder: Path) -> Path:
    """Return a bundle's copy on our own disk; a stick may be another one by the second look."""
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / KEPT
    copy.unlink(missing_ok=True)
    try:
        if lacks := missing(folder, path.stat().st_size):
            raise UpdateRefused(
                f"the data partition lacks {(lacks >> 20) + 1} MB for a copy of {path}: see hallcall doctor"
            )
        opened = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with path.open("rb") as source, os.fdopen(opened, "wb") as ours:
            shutil.copyfileobj(source, ours, 1 << 20)
    except OSError as error:
        copy.unlink(missing_ok=True)
        raise UpdateRefused(f"{path} cannot be read: {error.strerror}; is the stick still in?") from error
    return copy


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="hallcall update apply", description="Install a signed update on this box.")
    parser.add_argument("file", type=Path, help="the bundle, FILE.raucb")
    parser.add_argument("--older", action="store_true", help="also if it is older than what runs")
    parser.add_argument("--no-restart", action="store_true", help="leave the restart to somebody else")
    parser.add_argument("--rauc-conf", default="", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, default=FOLDER, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    if os.geteuid() != 0:
        log.error("an update is installed by root: sudo hallcall update apply %s", options.file)
        return os.EX_NOPERM
    rauc = Rauc(conf=options.rauc_conf)
    try:
        trial = install(
            options.file,
            rauc=rauc,
            notes=Notes(options.folder),
            running=release(),
            boot=boot_id(),
            older=options.older,
            progress=lambda line: log.info("%s", line),
        )
    except UpdateRefused as error:
        log.error("%s", error)  # noqa: TRY400 - the text is for a technician
        return 1
    log.info("release %s is in slot %s and starts next; %s stays beside it", trial.version, trial.slot, trial.old_slot)
    if not options.no_restart:
        log.info("restarting; when it is healthy for a minute the release is confirmed, otherwise this one comes back")
        rauc.restart()
    return 0


if __name__ == "__main__":
    sys.exit(main())
