"""Where the hall's journal lies, and which day's file is meant: for commands that read it while the hall runs."""

import tempfile
from datetime import date
from pathlib import Path
from typing import Final

from broker.config import DispatcherFile, load_node

INSTALLED: Final = Path("/etc/hallcall/dispatcher.toml")
DAYS: Final = "????-??-??.sqlite"


class NoJournal(FileNotFoundError):
    """There is no journal where it was looked for: name its directory with --journal."""


def directory(journal: Path | None, config: Path | None) -> Path:
    """Return where the journal lies: as named, as the dispatcher's file says, or that of the newest demo."""
    if journal is not None:
        return journal / "journal" if (journal / "journal").is_dir() else journal
    if config is not None or INSTALLED.exists():
        return Path(load_node(config or INSTALLED, DispatcherFile).state_dir)
    demos = Path(tempfile.gettempdir()).glob("hallcall-demo-*/journal")
    newest = max((each for each in demos if any(each.glob(DAYS))), key=lambda each: each.stat().st_mtime, default=None)
    if newest is None:
        raise NoJournal(
            f"no journal: there is no {INSTALLED} and no demo in {tempfile.gettempdir()}. Name the dispatcher's file "
            "with --config, or its state_dir (of a demo: its --out) with --journal."
        )
    return newest


def day_file(place: Path, day: date | None) -> Path:
    """Return the file of a day, or the last one's."""
    if place.is_file():
        if day is not None and place.stem != day.isoformat():
            raise NoJournal(
                f"{place} is not the journal of {day}: leave --day out, or name the directory {place.parent}"
            )
        return place
    days = [each for each in sorted(place.glob(DAYS)) if each.stat().st_size]
    if not days:
        raise NoJournal(f"{place} holds no journal: name the dispatcher's state_dir with --journal or --config")
    if day is None:
        return days[-1]
    found = next((each for each in days if each.stem == day.isoformat()), None)
    if found is None:
        raise NoJournal(f"{place} holds no journal of {day}: there are {days[0].stem} to {days[-1].stem}")
    return found
