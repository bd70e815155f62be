"""Says what runs in which slot, and how the last update ended. `python -m keeper.updates.status`."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from broker.contract.messages import UpdateStep

from .notes import FOLDER, Notes
from .slots import Rauc, Slots, UpdateRefused, release

_WORDS = {
    UpdateStep.CONFIRMED: "confirmed",
    UpdateStep.FELL_BACK: "given up; the release before runs",
    UpdateStep.FAILED: "not installed",
}


def lines(slots: Slots, notes: Notes, running: str) -> Iterator[str]:
    """Yield what a technician is told."""
    for slot in slots.slots:
        version = running if slot.runs else slot.version
        marks = ["runs" if slot.runs else "", "starts next" if slot.name == slots.first else ""]
        marks.append("" if slot.good else "not to be started")
        yield f"slot {slot.name}  {version or 'nothing known':16} {', '.join(filter(None, marks))}"
    trial, outcome = notes.trial, notes.outcome
    if trial is not None:
        yield f"on trial: release {trial.version}, installed {trial.at:%Y-%m-%d %H:%M} UTC; not confirmed yet"
    if outcome is not None:
        word = _WORDS.get(outcome.step, outcome.step.value)
        yield f"last update: {outcome.version}, {outcome.at:%Y-%m-%d %H:%M} UTC: {word}"
        if outcome.why:
            yield f"  {outcome.why}"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="hallcall update status", description=__doc__)
    parser.add_argument("--rauc-conf", default="", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, default=FOLDER, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    try:
        slots = Rauc(conf=options.rauc_conf).slots()
        sys.stdout.writelines(f"{line}\n" for line in lines(slots, Notes(options.folder), release()))
    except UpdateRefused as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
