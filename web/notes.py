"""Clerks' notes about today's visits: free text, so it stays here, in a file of this server's own.

Never in an event, never on the bus; gone when the day is over.
"""

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from broker.database import connect

LONGEST: Final = 500  # characters of a note
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS note (
    day TEXT NOT NULL, visit TEXT NOT NULL, clerk TEXT NOT NULL, counter INTEGER NOT NULL, at TEXT NOT NULL,
    text TEXT NOT NULL, PRIMARY KEY (visit, clerk)
) STRICT
"""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    at: datetime
    counter: int
    clerk: str
    text: str


class Notes:
    """One note of each clerk on each visit."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db: sqlite3.Connection = connect(path)
        path.chmod(0o600)
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.execute(_TABLE)

    def write(self, visit: str, note: Note, *, day: str) -> None:
        """Keep a clerk's note on a visit in place of the last one; an empty one takes it away."""
        self._db.execute("DELETE FROM note WHERE visit = ? AND clerk = ?", (visit, note.clerk))
        if note.text:
            row = (day, visit, note.clerk, note.counter, note.at.isoformat(), note.text)
            self._db.execute("INSERT INTO note VALUES (?, ?, ?, ?, ?, ?)", row)

    def on(self, visit: str) -> tuple[Note, ...]:
        """Return the notes on a visit, oldest first."""
        rows = self._db.execute("SELECT at, counter, clerk, text FROM note WHERE visit = ? ORDER BY at", (visit,))
        return tuple(
            Note(at=datetime.fromisoformat(at), counter=counter, clerk=clerk, text=text)
            for at, counter, clerk, text in rows
        )

    def forget_all_but(self, day: str | None) -> None:
        """Delete the notes of other days, from the file and its log too."""
        changes = self._db.execute("DELETE FROM note WHERE day IS NOT ?", (day,))
        if changes.rowcount:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self._db.close()
