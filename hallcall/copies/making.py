"""Makes a copy: beside the older ones, read back before it counts. The dispatcher goes on meanwhile."""

import io
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

from broker.authority.reading import read_chain
from broker.authority.sealing import sealed
from broker.contract.messages import HallConfigured
from broker.database import reading_address
from broker.journal import JournalDamaged, JournalTooNew, read_day

from .manifest import DAYS, JOURNAL, MANIFEST, OPENED, SEALED, BadCopy, CopiedFile, Manifest, of_file, read
from .places import Places

DAY_FILES: Final = "????-??-??.sqlite"
OPEN_DAYS: Final = 2  # the last ones may still change: answers are kept for two
BESIDE: Final = ("refused-commands.jsonl",)


def make(places: Places, *, hall: str, medium: Path, keep: int, now: datetime) -> Path:
    """Write a copy, read it back, and take away the oldest beyond `keep`; return its folder.

    Raises BadCopy, OSError; nothing half-written is then left under a copy's name.
    """
    folder = medium / hall
    copy = folder / f"{now:%Y%m%dT%H%M%SZ}"
    part = folder / f"{copy.name}.part"
    for left in folder.glob("*.part"):
        shutil.rmtree(left, ignore_errors=True)
    (part / JOURNAL).mkdir(parents=True)
    try:
        files = dict(_journal(places.journal, folder, part, copy.name))
        days = sorted((part / JOURNAL).glob(DAY_FILES))
        epoch, seq = _end(days[-1], hall) if days else (0, 0)
        files |= dict(_others(places, part, copy.name))
        manifest = Manifest(
            hall=hall,
            made_at=now,
            program=version("hallcall"),
            day=days[-1].stem if days else None,
            epoch=epoch,
            seq=seq,
            files=files,
        )
        _write(part / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        _synced(part)
        part.replace(copy)
        _synced(folder)
        _forget_caches(copy)
        read(copy)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    for old in sorted(folder.glob(f"[0-9]*/{MANIFEST}"))[:-keep]:
        shutil.rmtree(old.parent)
    return copy


def _journal(journal: Path, folder: Path, part: Path, name: str) -> Iterator[tuple[str, CopiedFile]]:
    """Copy the journal's files, those of days that are over only once a medium."""
    days = [each for each in sorted(journal.glob(DAY_FILES)) if each.stat().st_size]
    if not days:
        raise BadCopy(f"{journal} holds no journal: is this the dispatcher's box, and did it ever run?")
    for day in days[:-OPEN_DAYS]:
        target = folder / DAYS / day.name
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            _copy_database(day, target)
        yield f"{DAYS}/{day.name}", of_file(target)
    for day in days[-OPEN_DAYS:]:
        target = part / JOURNAL / day.name
        _copy_database(day, target)
        yield f"{name}/{JOURNAL}/{day.name}", of_file(target)
    for beside in BESIDE:
        if (journal / beside).exists():
            _write(part / JOURNAL / beside, (journal / beside).read_bytes())
            yield f"{name}/{JOURNAL}/{beside}", of_file(part / JOURNAL / beside)


def _copy_database(source: Path, target: Path) -> None:
    """Copy one day as it is at one moment, though the dispatcher writes on."""
    fresh = target.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(reading_address(source), uri=True)) as live,
            closing(sqlite3.connect(fresh)) as copied,
        ):
            live.backup(copied)
            copied.execute("PRAGMA journal_mode = DELETE")  # one file, that any reader may open read-only
    except sqlite3.Error as error:
        raise BadCopy(f"{source}: {error}; the copy was given up. Is the journal whole, and is there room?") from error
    with fresh.open("rb+") as file:
        os.fsync(file.fileno())
    fresh.replace(target)


def _end(day: Path, hall: str) -> tuple[int, int]:
    """Check the copied journal as a dispatcher would, and whose it is; return where it ends."""
    try:
        events = read_day(day)
    except (JournalDamaged, JournalTooNew) as error:
        raise BadCopy(f"the journal cannot be copied: {error}") from error
    its = next((each.event.hall.id for each in events if isinstance(each.event, HallConfigured)), hall)
    if its != hall:
        raise BadCopy(f"the journal is of hall {its}, not of {hall}: look at the dispatcher's file and hall.toml")
    return (events[-1].epoch, events[-1].seq) if events else (0, 0)


def _others(places: Places, part: Path, name: str) -> Iterator[tuple[str, CopiedFile]]:
    """Copy the hall's file as it is, and whatever holds a secret sealed for the hall's root."""
    _write(part / "hall.toml", places.hall.read_bytes())
    yield f"{name}/hall.toml", of_file(part / "hall.toml")
    root = places.tls / "root.crt"
    if root.exists():
        _write(part / SEALED, sealed(_tar(places), root=read_chain(root.read_bytes())[0]))
        yield f"{name}/{SEALED}", of_file(part / SEALED)
    elif places.etc.is_dir():  # a hall without certificates: there is nobody to seal it for
        _write(part / OPENED, _tar(places))
        yield f"{name}/{OPENED}", of_file(part / OPENED)


def _tar(places: Places) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, folder in places.closed.items():
            if folder.is_dir():
                _add_folder(tar, folder.resolve(), name)
    return packed.getvalue()


def _add_folder(tar: tarfile.TarFile, folder: Path, name: str) -> None:
    for path in sorted(each for each in folder.rglob("*") if each.is_file() and not each.is_symlink()):
        below = f"{name}/{path.relative_to(folder)}"
        if path.suffix == ".sqlite":
            with closing(sqlite3.connect(reading_address(path), uri=True)) as db:
                content = db.serialize()
        elif path.name.endswith((".sqlite-wal", ".sqlite-shm")):
            continue
        else:
            content = path.read_bytes()
        known = tarfile.TarInfo(below)
        known.size, known.mode, known.mtime = len(content), path.stat().st_mode & 0o777, int(path.stat().st_mtime)
        tar.addfile(known, io.BytesIO(content))


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _synced(folder: Path) -> None:
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _forget_caches(copy: Path) -> None:
    """Let what is read back come from the medium, not from memory."""
    for path in (each for each in copy.rglob("*") if each.is_file()):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
