"""Does what the keeper handed over: installs the bundle that it fetched, or goes back. Root; hallcall-update@.service.

Whose word the offer is does not matter. A bundle's signature is judged here, back leads only to a release that was
healthy on this box, and the release's name is for whoever is told that it was refused.
"""

import argparse
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from broker.contract.messages import UpdateStep

from .install import install
from .notes import FOLDER, Notes, Outcome
from .offer import BACK, HANDED_OVER, READY
from .rollback import JOURNALS, go_back
from .slots import Rauc, UpdateRefused, boot_id, release

log = logging.getLogger(__name__)
MOST: Final = 400  # characters of an offer


class Offer(NamedTuple):
    back: bool
    version: str


def read_offer(path: Path) -> Offer | None:
    """Return what was handed over; None where it is no offer."""
    try:
        words = path.read_text(encoding="ascii")[:MOST].split()
    except (OSError, ValueError):
        return None
    return Offer(words[0] == BACK, words[-1]) if words else None


def take(folder: Path, *, rauc: Rauc, notes: Notes, running: str, boot: str, journals: Path) -> bool:
    """Do what was handed over; tell whether the machine is to start anew. A refusal is noted: the hall waits for it."""
    offer = read_offer(folder / HANDED_OVER)
    if offer is None:
        log.error("%s: nothing was handed over", folder)
        return False
    try:
        if offer.back:
            version = go_back(rauc=rauc, notes=notes, journals=journals, running=running, anyway=False)
            log.info("release %s is left; %s starts next", running, version or "the one before")
            return True
        ready = folder / READY
        told = install(ready, rauc=rauc, notes=notes, running=running, boot=boot, older=False, progress=log.info)
        log.info("release %s is in slot %s and starts next", told.version, told.slot)
    except UpdateRefused as error:
        log.error("%s", error)  # noqa: TRY400 - the text is for a technician
        notes.judge(Outcome(version=offer.version, step=UpdateStep.FAILED, at=datetime.now(UTC), why=str(error)))
        return False
    return True


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m keeper.updates.take", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the keeper hands over")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    rauc, notes = Rauc(), Notes(FOLDER)
    if not take(options.folder, rauc=rauc, notes=notes, running=release(), boot=boot_id(), journals=JOURNALS):
        return 1
    rauc.restart()
    return 0


if __name__ == "__main__":
    sys.exit(main())
