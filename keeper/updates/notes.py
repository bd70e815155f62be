"""What a box notes of its updates, on the data partition that both slots share: the release on trial, the last outcome.

A note is replaced whole and synced; power that goes leaves the old one or the new one.
"""

from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from broker.contract.messages import UpdateStep
from broker.readable import Reader
from broker.whole_files import replace_file, sync_folder

FOLDER: Final = Path("/var/lib/hallcall/update")
N = TypeVar("N", bound=Struct)


class Trial(Struct, frozen=True, kw_only=True):
    """A release that was put into a slot and has not been confirmed."""

    version: str
    slot: str  # A or B
    old_version: str
    old_slot: str
    boot: str  # id of the start during which it was installed
    at: datetime


class Outcome(Struct, frozen=True, kw_only=True):
    """How the last update ended."""

    version: str
    step: UpdateStep
    at: datetime
    why: str = ""


class Notes:
    """The notes in their folder."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self.readers = folder / "readers.json"  # what the old release reads; the dispatcher's `also_read_by`
        self.other_reader = folder / "other-slot.json"  # the same, of the slot that does not run

    @property
    def trial(self) -> Trial | None:
        return _read(self.folder / "trial.json", Trial)

    @property
    def outcome(self) -> Outcome | None:
        return _read(self.folder / "outcome.json", Outcome)

    def begin(self, trial: Trial, old: Reader) -> None:
        """Note a trial before anything is installed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _write(self.readers, old)
        _write(self.folder / "trial.json", trial)

    def judge(self, outcome: Outcome) -> None:
        """Note why, while the trial still stands: the restart that follows ends it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _write(self.folder / "outcome.json", outcome)

    def end(self, outcome: Outcome) -> None:
        """Note how the trial ended. The old release's way of reading stays beside the slot that has it, if it has."""
        self.judge(outcome)
        if self.readers.exists():
            if outcome.step is UpdateStep.CONFIRMED:
                self.readers.replace(self.other_reader)
            else:
                self.readers.unlink()
        (self.folder / "trial.json").unlink(missing_ok=True)
        sync_folder(self.folder)


def _read(path: Path, kind: type[N]) -> N | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (
        FileNotFoundError,
        msgspec.DecodeError,
        UnicodeDecodeError,
    ):  # half a note is none: it was being written when power went
        return None


def _write(path: Path, note: Struct) -> None:
    replace_file(path, msgspec.json.encode(note), mode=0o644)
