"""What a copy says of itself: every file with its hash, and where the journal stood."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

MANIFEST: Final = "copy.json"
SEALED: Final = "private.sealed"  # etc/, registrar/ and tls/ as one tar, for the hall's root alone
OPENED: Final = "private.tar"  # the same, opened on the technician's laptop
JOURNAL: Final = "journal"
DAYS: Final = "days"  # beside the copies: days that are over, each once


class BadCopy(RuntimeError):
    """A copy cannot be used; the text says why, and which to take instead."""


class CopiedFile(Struct, frozen=True, kw_only=True):
    sha256: str
    size: int


class Manifest(Struct, frozen=True, kw_only=True):
    """`files` by their path below the medium's folder of the hall."""

    hall: str
    made_at: datetime
    program: str
    day: str | None  # the last business day in it
    epoch: int = 0
    seq: int = 0
    files: dict[str, CopiedFile] = {}


def of_file(path: Path) -> CopiedFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return CopiedFile(sha256=digest, size=path.stat().st_size)


def read(copy: Path) -> Manifest:
    """Return what a copy says of itself, and make sure that all of it is there. Raises BadCopy."""
    try:
        manifest = msgspec.json.decode((copy / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadCopy(f"{copy} is no copy of a hall ({error}): name a folder that holds {MANIFEST}") from error
    for name, known in manifest.files.items():
        path = copy.parent / name
        try:
            found = of_file(path)
        except OSError as error:
            raise BadCopy(
                f"{path} cannot be read ({error.strerror}): take an older copy, and another medium"
            ) from error
        if found != known:
            raise BadCopy(f"{path} is not what was written: take an older copy, and another medium")
    return manifest


def newest(folder: Path) -> Path:
    """Return the newest copy of a medium, or the folder itself where it is one. Raises BadCopy."""
    if (folder / MANIFEST).exists():
        return folder
    found = sorted(folder.glob(f"[0-9]*/{MANIFEST}")) or sorted(folder.glob(f"*/[0-9]*/{MANIFEST}"))
    halls = {each.parent.parent for each in found}
    if not found:
        raise BadCopy(f"{folder} holds no copy of a hall: name the medium's folder, or a copy in it")
    if len(halls) > 1:
        names = ", ".join(sorted(str(each) for each in halls))
        raise BadCopy(f"{folder} holds copies of several halls: name one of {names}")
    return found[-1].parent
