"""The hall's memory: an append-only SQLite journal, one file a business day.

WAL with synchronous=FULL, one writer (a lock file), one commit for all commands that wait together. A journal that is
damaged, or newer than this program, is refused with a message; an empty hall never stands in its place. Beside its
events a file holds the last snapshot of the hall, which only saves time: one that cannot be used is passed over.
"""

import fcntl
import hashlib
import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import IO, Final, NamedTuple

import msgspec

from .contract.messages import AnyAnswer, AnyEvent, DayOpened, Event, Recorded
from .database import connect, format_of, reading_address, stretch_log

log = logging.getLogger(__name__)

SCHEMA: Final = 2  # PRAGMA user_version; files of format 1 have no snapshots, and are continued as they are
NO_HASH: Final = ""  # before the first row of the first file

_EVENT: Final = msgspec.json.Decoder(AnyEvent)
_ANSWER: Final = msgspec.json.Decoder(AnyAnswer)


class JournalDamaged(RuntimeError):
    """The journal on disk cannot be trusted."""


class JournalTooNew(RuntimeError):
    """The journal was written by a newer Hallcall: install that version again."""


class JournalInUse(RuntimeError):
    """Another dispatcher holds this journal: stop it first."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One command, its answer, and the events it made."""

    node: str
    command: str
    answer: AnyAnswer | None  # None: nobody will ask for it again
    events: Sequence[Recorded] = ()


class Place(NamedTuple):
    """An event of a day's file, and the hash that covers it and all before it."""

    path: Path | None
    seq: int
    digest: str


class Journal:
    """Open for writing in one process; `replay` first, then `append`."""

    def __init__(self, directory: Path, *, newest: int = SCHEMA) -> None:
        """Open the journal, or begin one in an empty directory; no file is begun in a format above `newest`.

        Raises JournalDamaged, JournalTooNew, JournalInUse.
        """
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._format = min(SCHEMA, newest)  # one with more tables than its format knows is read as that format
        self._lock = _lock(directory / "writer.lock")
        self._db: sqlite3.Connection | None = None
        self._last_hash = NO_HASH
        self._path: Path | None = None
        self.epoch = 1
        self.seq = 0
        days = _days(directory)
        if days:
            self._take_up(days[-1])

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever written here."""
        return self._db is None

    def replay(self, *, after_seq: int = 0) -> Iterator[Recorded]:
        """Yield today's events, which make the whole state: each day's file begins with the day and the hall."""
        if self._db is None:
            return
        for row in self._db.execute("SELECT seq, at, body FROM event WHERE seq > ? ORDER BY seq", (after_seq,)):
            yield self._recorded(row)

    @property
    def place(self) -> Place:
        """Where the journal ends just now."""
        return Place(self._path, self.seq, self._last_hash)

    def keep_snapshot(self, place: Place, *, shape: str, body: bytes) -> None:
        """Put a snapshot of the hall, as it was at that place, on disk, instead of the one before.

        Raises sqlite3.Error; nothing is lost then.
        """
        if self._db is not None and self._path == place.path and format_of(self._db) > 1:
            row = (place.seq, shape, body, _seal(place.digest, shape, body))
            self._db.execute("INSERT OR REPLACE INTO snapshot VALUES (1, ?, ?, ?, ?)", row)

    def snapshot(self, *, shape: str) -> bytes | None:
        """Return today's last snapshot, if it has this shape and is what was written after these very events."""
        if self._db is None or format_of(self._db) == 1:
            return None
        row = self._db.execute(
            "SELECT snapshot.seq, shape, snapshot.body, seal, hash FROM snapshot LEFT JOIN event USING (seq)"
        ).fetchone()
        if row is None:
            return None
        seq, its_shape, body, seal, digest = row
        if its_shape != shape:
            log.warning("the snapshot of event %d is another version's: all events are replayed", seq)
            return None
        if seal != _seal(digest, shape, body):
            log.warning("the snapshot of event %d is not what was written: all events are replayed", seq)
            return None
        return bytes(body)

    def answers(self) -> dict[tuple[str, str], AnyAnswer]:
        """Return the answers given today and the business day before, by node and command id."""
        known: dict[tuple[str, str], AnyAnswer] = {}
        for path in _days(self._directory)[-2:]:
            try:
                with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
                    for node, command, body in db.execute("SELECT node, command, body FROM answer"):
                        known[node, command] = _ANSWER.decode(body)
            except (sqlite3.DatabaseError, msgspec.DecodeError) as error:
                raise JournalDamaged(_advice(path, f"its answers: {error}")) from error
        return known

    def read(self, *, after_seq: int, limit: int) -> list[Recorded]:
        """Return up to `limit` of today's events after a sequence number."""
        if self._db is None:
            return []
        rows = self._db.execute(
            "SELECT seq, at, body FROM event WHERE seq > ? ORDER BY seq LIMIT ?", (after_seq, limit)
        )
        return [self._recorded(row) for row in rows]

    def append(self, entries: Sequence[Entry]) -> None:
        """Put entries on disk with one commit; when this returns they survive a power cut.

        A day's opening begins a new file and costs a commit of its own. Raises sqlite3.Error; the process must then
        end, for nobody may be told of what is not on disk.
        """
        for entry in entries:
            for recorded in entry.events:
                if isinstance(recorded.event, DayOpened):
                    self._commit()
                    self._begin(recorded.event.day)
                self._insert(entry, recorded)
            if entry.answer is not None:
                self._writable().execute(
                    "INSERT INTO answer VALUES (?, ?, ?)",
                    (entry.node, entry.command, msgspec.json.encode(entry.answer).decode()),
                )
        self._commit()

    def raise_epoch(self, above: int) -> None:
        """Begin a new epoch, after a restore: nodes then forget what they saw of the older ones."""
        self.epoch = max(self.epoch, above) + 1
        if self._db is not None:
            self._db.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (str(self.epoch),))
            self._commit()

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None
        self._lock.close()

    def _writable(self) -> sqlite3.Connection:
        if self._db is None:
            raise JournalDamaged(f"{self._directory}: an answer before any day was opened")
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")
        return self._db

    def _insert(self, entry: Entry, recorded: Recorded) -> None:
        event = recorded.event
        at, body = recorded.at.isoformat(), msgspec.json.encode(event).decode()
        self._last_hash = _chain(self._last_hash, recorded.seq, at, body)
        self._writable().execute(
            "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (recorded.seq, at, type(event).__name__, event.VERSION, entry.node, entry.command, body, self._last_hash),
        )
        self.seq = recorded.seq

    def _commit(self) -> None:
        if self._db is not None and self._db.in_transaction:
            self._db.execute("COMMIT")

    def _begin(self, day: str) -> None:
        """Begin the file of a day: its tables and its first events come in one transaction."""
        if self._db is not None:
            self._db.close()
        self._path = self._directory / f"{day}.sqlite"
        self._db = connect(self._path)
        stretch_log(self._db)
        self._db.execute("BEGIN IMMEDIATE")
        for statement in files("broker").joinpath("journal.sql").read_text(encoding="utf-8").split(";"):
            if statement.strip():
                self._db.execute(statement)
        self._db.execute(f"PRAGMA user_version = {self._format}")
        self._db.executemany(
            "INSERT INTO meta VALUES (?, ?)", [("epoch", str(self.epoch)), ("before", self._last_hash)]
        )

    def _take_up(self, path: Path) -> None:
        self._path = path
        try:
            self._db = connect(path)
            self.epoch, self.seq, self._last_hash = _end(self._db, path)
            stretch_log(self._db)
        except sqlite3.DatabaseError as error:
            raise JournalDamaged(_advice(path, str(error))) from error

    def _recorded(self, row: tuple[int, str, str]) -> Recorded:
        return _recorded(self.epoch, row, self._path or self._directory)


def read_day(path: Path) -> list[Recorded]:
    """Return the events of one day's file, which is only read; a dispatcher may write to it meanwhile.

    Raises JournalDamaged, JournalTooNew, and OSError where there is no such file.
    """
    path.stat()
    try:
        with closing(sqlite3.connect(reading_address(path), uri=True)) as db:
            db.execute("BEGIN")
            version = format_of(db)
            if version > SCHEMA:
                raise JournalTooNew(_newer(path, version))
            epoch, _, _ = _end(db, path)
            rows = db.execute("SELECT seq, at, body FROM event ORDER BY seq")
            return [_recorded(epoch, row, path) for row in rows]
    except sqlite3.DatabaseError as error:
        raise JournalDamaged(_advice(path, str(error))) from error


def _end(db: sqlite3.Connection, path: Path) -> tuple[int, int, str]:
    """Check every row against its hash; return the epoch, the last number and the last hash."""
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise JournalDamaged(_advice(path, verdict))
    meta = dict(db.execute("SELECT key, value FROM meta").fetchall())
    last_hash = meta["before"]
    before = None
    newest = {kind.__name__: kind.VERSION for kind in Event.__subclasses__()}
    for seq, at, kind, version, body, digest in db.execute(
        "SELECT seq, at, kind, version, body, hash FROM event ORDER BY seq"
    ):
        if version > newest.get(kind, 0):
            raise JournalTooNew(f"{path}: event {seq} is {kind} version {version}, which this program cannot read")
        last_hash = _chain(last_hash, seq, at, body)
        if digest != last_hash or (before is not None and seq != before + 1):
            raise JournalDamaged(_advice(path, f"event {seq} is not what was written, or one before it is missing"))
        before = seq
    return int(meta["epoch"]), before or 0, last_hash


def _recorded(epoch: int, row: tuple[int, str, str], path: Path) -> Recorded:
    seq, at, body = row
    try:
        return Recorded(epoch=epoch, seq=seq, at=datetime.fromisoformat(at), event=_EVENT.decode(body))
    except (msgspec.DecodeError, ValueError) as error:
        raise JournalDamaged(_advice(path, f"event {seq}: {error}")) from error


def _chain(before: str, seq: int, at: str, body: str) -> str:
    return hashlib.sha256(f"{before}\n{seq}\n{at}\n{body}".encode()).hexdigest()


def _seal(digest: str, shape: str, body: bytes) -> str:
    """Return what binds a snapshot to the events before it."""
    return hashlib.sha256(f"{digest}\n{shape}\n".encode() + body).hexdigest()


def _days(directory: Path) -> list[Path]:
    """Return the journal's files, oldest first. A file that holds nothing yet, from a crash at its birth, is none."""
    found = sorted(directory.glob("????-??-??.sqlite"))
    while found and _unborn(found[-1]):
        found.pop()
    return found


def _unborn(path: Path) -> bool:
    wal = path.with_name(path.name + "-wal")
    if path.stat().st_size == 0 and (not wal.exists() or wal.stat().st_size == 0):
        return True
    try:
        db = connect(path)
        version = format_of(db)
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        db.close()
    except sqlite3.DatabaseError as error:
        raise JournalDamaged(_advice(path, str(error))) from error
    if version > SCHEMA:
        raise JournalTooNew(_newer(path, version))
    return bool(tables == 0)


def _lock(path: Path) -> IO[str]:
    """Hold the lock of the one writer until the process ends, however it ends."""
    held = path.open("a+", encoding="ascii")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        held.close()
        raise JournalInUse(f"{path.parent}: another dispatcher is writing this journal; stop it first") from error
    held.truncate(0)
    held.write(f"{os.getpid()}\n")
    held.flush()
    return held


def _newer(path: Path, version: int) -> str:
    return f"{path}: written in format {version}; this program knows {SCHEMA}. Install the newer one."


def _advice(path: Path, what: str) -> str:
    return (
        f"journal {path} is damaged: {what}. The hall does not start on it, and it was left as it is. Keep this file, "
        f"put back the last copy of {path.parent}, or move the directory away to begin a new journal; numbers given "
        "today are then lost and must be served by hand."
    )
