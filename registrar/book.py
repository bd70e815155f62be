"""The registrar's book on disk: all that was done, and what was refused lately.

Beside it stand who waits for a place, and up to where the hall's events were heard: nothing follows from these.

SQLite, WAL with synchronous=FULL, one writer (a lock file). The book is the state: what does not stand in it did not
happen. A damaged or newer book is refused, and left as it is.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from broker.database import connect, format_of
from broker.joining.words import Act

from .changes import AnyChange
from .spares import Waits

FORMAT: Final = 1
KEPT_REFUSALS: Final = 5_000
_CHANGE: Final = msgspec.json.Decoder(AnyChange)
_WAITS: Final = msgspec.json.Decoder(Waits)
_TABLES: Final = """
CREATE TABLE change (number INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE refusal (number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT, who TEXT, what TEXT, reason TEXT);
"""
_BESIDE: Final = """
CREATE TABLE IF NOT EXISTS waiting (body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS heard (one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER, seq INTEGER);
"""


class BookDamaged(RuntimeError):
    """The book cannot be trusted, or is in use; the text says what to do."""


class Book:
    """Open for writing in one process."""

    def __init__(self, directory: Path) -> None:
        """Open the book, or begin one. Raises BookDamaged."""
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / "register.sqlite"
        self._lock = (directory / "writer.lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BookDamaged(f"{directory}: another registrar writes here; stop it first") from error
        try:
            self._db = connect(self.path)
            self._db.execute("BEGIN IMMEDIATE")
            found = format_of(self._db)
            if found == 0:
                for table in _TABLES.strip().splitlines():
                    self._db.execute(table)
                self._db.execute(f"PRAGMA user_version = {FORMAT}")
            for table in _BESIDE.strip().splitlines() if found <= FORMAT else ():
                self._db.execute(table)
            self._db.execute("COMMIT")
            (health,) = self._db.execute("PRAGMA quick_check").fetchone()
        except sqlite3.OperationalError as error:
            raise BookDamaged(
                f"the registrar's book {self.path} cannot be opened: {error}. Is the disk full?"
            ) from error
        except sqlite3.DatabaseError as error:
            raise BookDamaged(_advice(self.path, str(error))) from error
        self.path.chmod(0o600)
        if found > FORMAT:
            raise BookDamaged(f"{self.path}: written in format {found}; this program knows {FORMAT}. Install the newer")
        if health != "ok":
            raise BookDamaged(_advice(self.path, str(health)))

    def replay(self) -> Iterator[AnyChange]:
        """Yield all that was done, in order. Raises BookDamaged."""
        try:
            for number, body in self._db.execute("SELECT number, body FROM change ORDER BY number"):
                try:
                    yield _CHANGE.decode(body)
                except msgspec.MsgspecError as error:
                    raise BookDamaged(_advice(self.path, f"line {number}: {error}")) from error
        except sqlite3.DatabaseError as error:
            raise BookDamaged(_advice(self.path, str(error))) from error

    def write(self, changes: Sequence[AnyChange]) -> None:
        """Put changes on disk, all or none."""
        with self._at_once():
            self._add("change", changes)

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # SQLite has taken some back by itself
                self._db.execute("ROLLBACK")
            raise

    def _add(self, table: str, said: Sequence[Struct]) -> None:
        rows = [(msgspec.json.encode(each).decode(),) for each in said]
        self._db.executemany(f"INSERT INTO {table} (body) VALUES (?)", rows)  # noqa: S608 - a name of ours

    def keep_waiting(self, waits: Sequence[Waits]) -> None:
        """Note who waits for a place now."""
        with self._at_once():
            self._db.execute("DELETE FROM waiting")
            self._add("waiting", waits)

    def waiting(self) -> Sequence[Waits]:
        """Return who waited for a place. Raises BookDamaged."""
        try:
            return [_WAITS.decode(body) for (body,) in self._db.execute("SELECT body FROM waiting ORDER BY rowid")]
        except (msgspec.MsgspecError, sqlite3.DatabaseError) as error:
            raise BookDamaged(_advice(self.path, str(error))) from error

    def note_heard(self, place: tuple[int, int]) -> None:
        """Note up to where the hall's events were heard: epoch and sequence."""
        self._db.execute("INSERT OR REPLACE INTO heard VALUES (1, ?, ?)", place)

    def heard(self) -> tuple[int, int] | None:
        """Return up to where they were heard, if ever."""
        row = self._db.execute("SELECT epoch, seq FROM heard").fetchone()
        return (int(row[0]), int(row[1])) if row is not None else None

    def refuse(self, *, at: datetime, who: str, what: str, reason: str) -> None:
        """Note a refusal; of very many the oldest go."""
        self._db.execute(
            "INSERT INTO refusal (at, who, what, reason) VALUES (?, ?, ?, ?)", (at.isoformat(), who, what, reason)
        )
        self._db.execute("DELETE FROM refusal WHERE number <= (SELECT max(number) FROM refusal) - ?", (KEPT_REFUSALS,))

    def acts(self, *, after: int, most: int) -> tuple[Act, ...]:
        """Return what was done after a line of the book, for people."""
        rows = self._db.execute(
            "SELECT number, body FROM change WHERE number > ? ORDER BY number LIMIT ?", (after, most)
        ).fetchall()
        return tuple(_act(number, _CHANGE.decode(body)) for number, body in rows)

    def refusals(self, *, most: int) -> tuple[Act, ...]:
        """Return the last refusals, the newest first."""
        rows = self._db.execute(
            "SELECT number, at, who, what, reason FROM refusal ORDER BY number DESC LIMIT ?", (most,)
        ).fetchall()
        return tuple(
            Act(number=number, at=datetime.fromisoformat(at), who=who, what=f"refused {what}", about=reason)
            for number, at, who, what, reason in rows
        )

    def close(self) -> None:
        self._db.close()
        self._lock.close()


def _act(number: int, change: AnyChange) -> Act:
    said = msgspec.to_builtins(change)
    certificates = [*said.get("certificates", ()), *filter(None, [said.get("certificate")])]
    about = [str(said[key]) for key in ("box", "serial", "why") if said.get(key)]
    about += [f"{each['node']} {each['serial']}" for each in certificates]
    about += [str(node) for node in said.get("nodes", ())]
    about += [f"generation {said['generation']}"] if "generation" in said else []
    return Act(
        number=number,
        at=change.at,
        who=change.who,
        what=type(change).__name__,
        about=" ".join(about),
        box=str(said.get("box", "")),
        nodes=tuple([str(node) for node in said.get("nodes", ())] or [each["node"] for each in certificates]),
    )


def _advice(path: Path, what: str) -> str:
    return (
        f"the registrar's book {path} is damaged: {what}. It was left as it is. Put back the last copy of "
        f"{os.fspath(path.parent)}; customers are served meanwhile, only joining and renewing wait."
    )
