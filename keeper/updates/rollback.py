"""Starts the release before again, if it can still read what was written since. `python -m keeper.updates.rollback`."""

import argparse
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from broker.contract.messages import UpdateStep
from broker.journal import JournalDamaged, JournalTooNew, read_day
from broker.readable import BrokenReader, Reader, left_by

from .notes import FOLDER, Notes, Outcome
from .slots import Rauc, UpdateRefused, release

JOURNALS: Final = Path("/var/lib/hallcall/state")
DAYS: Final = 2  # what a start reads


def unreadable(reader: Reader, journals: Path) -> str:
    """Return what a release could not read of the newest journals below a folder, or nothing."""
    for path in _newest(journals):
        try:
            day = read_day(path)
        except (JournalDamaged, JournalTooNew, OSError) as error:
            return str(error)
        for each in day:
            if obstacle := reader.obstacle(each.event):
                return f"{path.name}: event {each.seq}: {obstacle}"
    return ""


def _newest(journals: Path) -> Iterator[Path]:
    for folder in sorted({path.parent for path in journals.glob("*/????-??-??.sqlite")}):
        yield from sorted(folder.glob("????-??-??.sqlite"))[-DAYS:]


def go_back(*, rauc: Rauc, notes: Notes, journals: Path, running: str, anyway: bool) -> str:
    """Let the other slot start next; return its release. Raises UpdateRefused."""
    if notes.trial is not None:
        raise UpdateRefused("an update is on trial: it goes back by itself if the box is not healthy in ten minutes")
    slots = rauc.slots()
    other = slots.other
    outcome = notes.outcome
    if not other.good or (outcome is not None and outcome.step is UpdateStep.FELL_BACK and not anyway):
        raise UpdateRefused(f"slot {other.name} holds no release that ever was healthy here; apply another one")
    try:
        reader = left_by(notes.other_reader)
    except BrokenReader:
        reader = None
    found = unreadable(reader, journals) if reader is not None else ""
    if found and not anyway:
        raise UpdateRefused(
            f"the release before cannot read what was written since: {found}. The hall would not start on it. Wait for "
            "the end of the business day, or repair forward; --anyway goes back all the same"
        )
    rauc.mark("active", "other")
    said = f"{running} was left by hand"
    notes.judge(Outcome(version=running, step=UpdateStep.FELL_BACK, at=datetime.now(UTC), why=said))
    return other.version or (reader.release if reader is not None else "")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="hallcall update rollback", description=__doc__)
    parser.add_argument("--anyway", action="store_true", help="though the hall's journal may not start on it")
    parser.add_argument("--no-restart", action="store_true", help="leave the restart to somebody else")
    parser.add_argument("--journals", type=Path, default=JOURNALS, help=argparse.SUPPRESS)
    parser.add_argument("--rauc-conf", default="", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, default=FOLDER, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if os.geteuid() != 0:
        sys.stderr.write("only root goes back to another release: sudo hallcall update rollback\n")
        return os.EX_NOPERM
    rauc = Rauc(conf=options.rauc_conf)
    try:
        version = go_back(
            rauc=rauc,
            notes=Notes(options.folder),
            journals=options.journals,
            running=release(),
            anyway=options.anyway,
        )
    except UpdateRefused as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"release {version or 'of the other slot'} starts next\n")
    if not options.no_restart:
        rauc.restart()
    return 0


if __name__ == "__main__":
    sys.exit(main())
