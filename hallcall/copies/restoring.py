"""Puts a copy onto a fresh box. The dispatcher then begins a new epoch, above all that nodes have seen."""

import contextlib
import grp
import io
import os
import shutil
import tarfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from broker.authority.keys import Key
from broker.authority.sealing import opened
from broker.erasing import erase
from broker.told import RESTORED, Restored
from broker.whole_files import replace_file, sync_folder

from .manifest import DAYS, JOURNAL, OPENED, SEALED, BadCopy, Manifest, of_file, read
from .places import Places

KEPT_ASIDE: Final = "before-restore"


def open_copy(copy: Path, *, key: Key) -> Path:
    """Open a copy's sealed part with the root's key; the file then lies beside it, until it has been restored."""
    read(copy)
    if not (copy / SEALED).exists():
        raise BadCopy(f"{copy} has no sealed part: it can be restored as it is")
    replace_file(copy / OPENED, opened((copy / SEALED).read_bytes(), key=key))
    return copy / OPENED


def restore(copy: Path, places: Places, *, now: datetime, replace: bool) -> Manifest:
    """Put a copy in place; with `replace` what is there is put aside. Raises BadCopy, OSError.

    The mark that makes the dispatcher ask the nodes first comes before the journal: cut off anywhere, do it again.
    """
    manifest = read(copy)
    if (copy / SEALED).exists() and not (copy / OPENED).exists() and not (places.tls / "root.crt").exists():
        raise BadCopy(
            f"keys and logins of {copy} are sealed for the hall's root. On the laptop that holds the authority run: "
            f"hallcall restore --open {copy} --authority FOLDER; then come back with the medium"
        )
    journal = places.journal
    there = [*journal.glob("*.sqlite*")] if journal.is_dir() else []
    if there and not replace and not (journal / RESTORED).exists():
        raise BadCopy(f"{journal} holds a journal already: give --replace to put it aside, if this is the right box")
    if there:
        aside = journal / f"{KEPT_ASIDE}-{now:%Y%m%dT%H%M%SZ}"
        aside.mkdir(exist_ok=True)
        for path in there:
            path.replace(aside / path.name)
    journal.mkdir(parents=True, exist_ok=True)
    replace_file(journal / RESTORED, msgspec.json.encode(Restored(epoch=manifest.epoch)))
    _place_journal(copy, manifest, journal)
    if (copy / OPENED).exists():
        _place_private(copy / OPENED, places)
        if (copy / SEALED).exists():
            erase(copy / OPENED)
    elif not places.hall.exists():
        places.hall.parent.mkdir(parents=True, exist_ok=True)
        replace_file(places.hall, (copy / "hall.toml").read_bytes(), mode=0o640)
    return manifest


def _place_journal(copy: Path, manifest: Manifest, journal: Path) -> None:
    """Copy the days beside, then put them in place, the newest first: the hall stands on that one alone."""
    names = sorted(
        (name for name in manifest.files if JOURNAL in Path(name).parts or DAYS in Path(name).parts),
        key=lambda name: Path(name).name,
        reverse=True,
    )
    for name in names:
        fresh = journal / f"{Path(name).name}.new"
        shutil.copyfile(copy.parent / name, fresh)
        with fresh.open("rb+") as file:
            os.fsync(file.fileno())
        if of_file(fresh) != manifest.files[name]:
            raise BadCopy(f"{fresh} is not what was read from the copy: is this box's disk whole?")
    for name in names:
        (journal / f"{Path(name).name}.new").replace(journal / Path(name).name)
    sync_folder(journal)


def _place_private(packed: Path, places: Places) -> None:
    with tarfile.open(fileobj=io.BytesIO(packed.read_bytes()), mode="r:gz") as tar:
        for known in tar.getmembers():
            name, _, below = known.name.partition("/")
            file = tar.extractfile(known)
            if file is None or name not in places.closed or not _stays_below(below.split("/")):
                raise BadCopy(f"{packed}: {known.name} is no file of a hall; the copy was changed by somebody")
            target = places.closed[name] / below
            target.parent.mkdir(parents=True, exist_ok=True)
            replace_file(target, file.read(), mode=known.mode & 0o777)
    _let_programs_read(places.etc)


def _let_programs_read(etc: Path) -> None:
    """Give what was put in place to the group of the hall's programs, where there is one, as on an installed box."""
    with contextlib.suppress(KeyError, PermissionError):
        group = grp.getgrnam("hallcall").gr_gid
        for path in (etc, *etc.rglob("*")):
            os.chown(path, -1, group)
            if path.is_dir():
                path.chmod(0o750)


def _stays_below(parts: Sequence[str]) -> bool:
    return all(part not in {"", ".", ".."} for part in parts)
