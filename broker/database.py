"""SQLite as the journal needs it: a commit survives a power cut, and waits for little else than the disk."""

import sqlite3
from pathlib import Path
from typing import Final

WAL_BYTES: Final = 4_400_000  # a little above the 1000 pages at which SQLite begins its log anew


def connect(path: Path) -> sqlite3.Connection:
    """Return a database whose commits survive a power cut."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    return db


def reading_address(path: Path) -> str:
    """Return the address under which a database is only read, whether somebody writes it or it lies on a stick."""
    at_rest = not path.with_name(path.name + "-wal").exists()  # nobody writes it: it needs no file beside it
    return f"{path.absolute().as_uri()}?mode=ro&immutable={int(at_rest)}"


def stretch_log(db: sqlite3.Connection) -> None:
    """Grow the write-ahead log once: a commit into a file that has its size waits for no change of the file system.

    What is rolled back has passed through the log all the same, for it is larger than SQLite's cache.
    """
    (cache,) = db.execute("PRAGMA cache_size").fetchone()
    db.execute("PRAGMA cache_size = 10")
    db.execute("BEGIN IMMEDIATE")
    db.execute("CREATE TABLE stretch (zeros BLOB)")
    db.execute("INSERT INTO stretch VALUES (zeroblob(?))", (WAL_BYTES,))
    db.execute("ROLLBACK")
    db.execute(f"PRAGMA cache_size = {cache}")


def format_of(db: sqlite3.Connection) -> int:
    """Return the format that a file says it is written in; 0 where it says nothing."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(version)
