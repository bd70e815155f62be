"""A box's newest warnings, each once with how often; kept through power cuts, told in pages.

Pure but for `load` and `save`. Warnings that differ only in their figures, of one unit within the hour, are one.
"""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, structs

from broker.contract.messages import BoxLog, BoxWarning
from broker.discretion import struck

from .journald import Entry

KEPT: Final = 500
PAGE: Final = 40
TOGETHER: Final = timedelta(hours=1)
_FIGURES: Final = re.compile(r"0x[0-9a-f]+|\d+", re.IGNORECASE)


class Notes(Struct, frozen=True, kw_only=True):
    """All that a keeper remembers. `untold` are numbers that the hall has not heard of as they are now."""

    run: str  # of these numbers
    cursor: str = ""  # how far the journal has been read
    next_number: int = 1
    warnings: tuple[BoxWarning, ...] = ()
    untold: tuple[int, ...] = ()

    def read(self, entry: Entry) -> "Notes":
        """Note that a line was read, which may be none to pass on."""
        return structs.replace(self, cursor=entry.cursor)

    def noted(self, entry: Entry) -> "Notes":
        """Note a warning: one more of its like, or a new one."""
        text = struck(entry.text)
        for index, old in enumerate(reversed(self.warnings)):
            if old.unit == entry.unit and abs(entry.at - old.first) < TOGETHER and _shape(old.text) == _shape(text):
                place = len(self.warnings) - 1 - index
                more = structs.replace(old, last=max(old.last, entry.at), count=old.count + 1, text=text)
                warnings = (*self.warnings[:place], more, *self.warnings[place + 1 :])
                return self._with(warnings, old.number, self.next_number)
        new = BoxWarning(
            number=self.next_number,
            first=entry.at,
            last=entry.at,
            unit=entry.unit,
            priority=entry.priority,
            text=text,
        )
        return self._with((*self.warnings, new)[-KEPT:], new.number, self.next_number + 1)

    def page(self, box: str) -> BoxLog | None:
        """Return what is to be told next: the oldest untold ones; with the last page the newest of all."""
        if not self.untold:
            return None
        untold = set(self.untold)
        page = [each for each in self.warnings if each.number in untold][:PAGE]
        if len(page) == len(untold):
            others = [each for each in self.warnings if each.number not in untold]
            page = sorted([*others[len(others) - (PAGE - len(page)) :], *page], key=lambda each: each.number)
        return BoxLog(box=box, run=self.run, warnings=tuple(page))

    def told(self, page: BoxLog) -> "Notes":
        """Note that the hall has heard a page; what has grown since is still to be told."""
        counts = {each.number: each.count for each in self.warnings}
        heard = {each.number for each in page.warnings if counts.get(each.number, 0) <= each.count}
        return structs.replace(self, untold=tuple(each for each in self.untold if each not in heard))

    def anew(self) -> "Notes":
        """Note that the newest page is to be told again: a broker that restarts has forgotten it."""
        newest = tuple(each.number for each in self.warnings[-PAGE:])
        return structs.replace(self, untold=tuple(sorted({*self.untold, *newest})))

    def _with(self, warnings: tuple[BoxWarning, ...], changed: int, next_number: int) -> "Notes":
        here = {each.number for each in warnings}
        untold = tuple(sorted(({*self.untold, changed}) & here))
        return structs.replace(self, warnings=warnings, untold=untold, next_number=next_number)


def _shape(text: str) -> str:
    return _FIGURES.sub("0", text)


def load(path: Path, *, run: str) -> Notes:
    """Read what was kept; with nothing there, or nothing readable, begin anew under `run`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Notes)
    except (OSError, msgspec.DecodeError):
        return Notes(run=run)


def save(path: Path, notes: Notes) -> None:
    """Keep it through a power cut. Raises OSError."""
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        file.write(msgspec.json.encode(notes))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
