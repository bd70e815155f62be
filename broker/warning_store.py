"""Thirty days of all boxes' warnings in one SQLite file: the registrar writes it, `hallcall warnings` reads it.

A box's warnings are told again and again with growing counts; each is one row. The registrar's own clock says what is
old, for a box's may be wrong.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from .contract.messages import BoxLog
from .database import connect

KEPT: Final = timedelta(days=30)
MOST: Final = 50_000  # rows, about 15 MB; a hall of twenty boxes writes some hundred a day on its worst
EVERY: Final = 500  # letters between two tidyings
_TABLE: Final = """\
CREATE TABLE IF NOT EXISTS warnings (
    node TEXT NOT NULL,
    run TEXT NOT NULL,
    number INTEGER NOT NULL,
    heard_ms INTEGER NOT NULL, -- when its count last grew, by this machine's clock
    box TEXT NOT NULL,
    first TEXT NOT NULL,
    last TEXT NOT NULL,
    unit TEXT NOT NULL,
    priority INTEGER NOT NULL,
    count INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (node, run, number)
) STRICT;
CREATE INDEX IF NOT EXISTS warnings_heard ON warnings (heard_ms);
"""
_TAKE: Final = """\
INSERT INTO warnings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (node, run, number) DO UPDATE
    SET heard_ms = excluded.heard_ms, last = excluded.last, count = excluded.count, text = excluded.text
    WHERE excluded.count > warnings.count
"""
_SINCE: Final = """\
SELECT box, heard_ms, first, last, unit, priority, count, text FROM warnings
WHERE heard_ms >= ? ORDER BY heard_ms DESC, number DESC LIMIT ?
"""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A warning as it is kept; `heard` is by the registrar's clock, `first` and `last` by the box's."""

    box: str
    heard: datetime
    first: str
    last: str
    unit: str
    priority: int
    count: int
    text: str


class WarningStore:
    """Opened once, for writing. Raises sqlite3.Error where the file cannot be used."""

    def __init__(self, path: Path) -> None:
        self._db = connect(path)
        self._db.executescript(_TABLE)
        self._since_tidied = EVERY  # tidy with the first letter

    def take(self, node: str, log: BoxLog, *, now: datetime) -> None:
        """Keep what a box has told; what is known already changes nothing. On disk when it returns."""
        heard_ms = _ms(now)
        rows = [
            (node, log.run, each.number, heard_ms, log.box, _text(each.first), _text(each.last), each.unit,
             each.priority, each.count, each.text)
            for each in log.warnings
        ]  # fmt: skip
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany(_TAKE, rows)
            self._since_tidied += 1
            if self._since_tidied >= EVERY:
                self._tidy(now)
                self._since_tidied = 0
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _tidy(self, now: datetime) -> None:
        self._db.execute("DELETE FROM warnings WHERE heard_ms < ?", (_ms(now - KEPT),))
        newest = "SELECT rowid FROM warnings ORDER BY heard_ms DESC, number DESC LIMIT ?"
        self._db.execute(f"DELETE FROM warnings WHERE rowid NOT IN ({newest})", (MOST,))  # noqa: S608 - our own text

    def close(self) -> None:
        self._db.close()


def stored(path: Path, *, since: datetime, most: int = MOST) -> Iterator[Stored]:
    """Yield what is kept, the newest first; another program may be writing. Raises sqlite3.Error."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        for box, heard_ms, first, last, unit, priority, count, text in db.execute(_SINCE, (_ms(since), most)):
            yield Stored(
                box=box, heard=datetime.fromtimestamp(heard_ms / 1000, UTC), first=first, last=last, unit=unit,
                priority=priority, count=count, text=text,
            )  # fmt: skip


def _ms(when: datetime) -> int:
    return int(when.timestamp() * 1000)


def _text(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="seconds")
