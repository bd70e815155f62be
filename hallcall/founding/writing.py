"""A card's folder onto a stick or card that is mounted, or into an image file's boot partition.

What was written is read back. Only then may the laptop's copy of its secrets be erased: a card lets one box join, once.
"""

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from broker.box_file import load_box
from broker.erasing import erase
from broker.invitations import BOX_FILE

from .cards import Files
from .folder import CARD_FOLDER, CARDS, write_files

BOOT_TYPES: Final = {
    *("1", "4", "6", "b", "c", "e", "ef"),
    "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",  # EFI system partition
}
SECTOR: Final = 512
_TOKEN: Final = "token ="  # noqa: S105 - how the line begins


class CannotWrite(ValueError):
    """A card that was not written; the text says why, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """A box's card as it lies on the laptop, complete with what is not in its folder."""

    box: str
    folder: Path
    files: Files
    has_token: bool = True  # a spare's has none


def card_of(hall: Path, box: str) -> Card:
    """Return a box's card. Raises CannotWrite where there is none, or it was written before."""
    folder = hall / CARDS / box / CARD_FOLDER
    if not (folder / BOX_FILE).is_file():
        known = ", ".join(sorted(each.name for each in (hall / CARDS).glob("*"))) or "none"
        raise CannotWrite(f"{hall} has no card for a box {box}; it has: {known}")
    about = load_box(folder / BOX_FILE)
    if not about.spare and not about.token:
        raise CannotWrite(
            f"the card of {box} was written before, and its token lets one box join, once;"
            f" for another one: hallcall hall replace {box} (the dispatcher: hallcall restore)"
        )
    files = {
        PurePosixPath(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    return Card(box=box, folder=folder, files=files, has_token=not about.spare)


def write_to(card: Card, medium: Path, *, instead: bool) -> Path:
    """Write a card onto what is mounted at `medium`; return its folder there. Raises CannotWrite."""
    if not medium.is_dir():
        raise CannotWrite(f"{medium} is no folder; is the card in, and mounted? `lsblk` shows where")
    folder = medium / CARD_FOLDER
    if (folder / BOX_FILE).exists() and not instead:
        raise CannotWrite(f"{folder} holds a box's files already; is it the right card? Then say --replace")
    try:
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        write_files(folder, card.files)
        os.sync()
        read_back = {name: _from_medium(folder / name) for name in card.files}
    except OSError as error:
        raise CannotWrite(f"{folder}: {error.strerror}; is the card full, or write-protected?") from error
    if read_back != card.files:
        raise CannotWrite(f"{folder} reads otherwise than it was written: the card is broken, take another")
    return folder


def _from_medium(path: Path) -> bytes:
    """Read what the medium holds, not what the kernel remembers to have written."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return file.read()


def write_into(card: Card, image: Path, *, instead: bool) -> str:
    """Write a card into the FAT partition of an image file; return where. Raises CannotWrite."""
    place = f"{image}@@{_fat_offset(image)}"
    there = _mtools("mdir", "-b", "-i", place, f"::/{CARD_FOLDER}", may_fail=True)
    if there and not instead:
        raise CannotWrite(f"{image} holds a box's files already; say --replace, or take a fresh image")
    if there:
        _mtools("mdeltree", "-i", place, f"::/{CARD_FOLDER}")
    with tempfile.TemporaryDirectory(prefix="hallcall-card-", dir=_memory()) as directory:
        folder = Path(directory) / CARD_FOLDER
        write_files(folder, card.files)
        _mtools("mcopy", "-s", "-i", place, str(folder), "::/")
        back = Path(directory) / "back"
        back.mkdir()
        _mtools("mcopy", "-s", "-i", place, f"::/{CARD_FOLDER}", str(back))
        if any((back / CARD_FOLDER / name).read_bytes() != content for name, content in card.files.items()):
            raise CannotWrite(f"{image} reads otherwise than it was written; make it anew")
    return f"{image}:/{CARD_FOLDER}"


def _memory() -> str | None:
    """Return a folder that is not on disk, if the machine has one: what passes through it is secret."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder of its own is made there


def _fat_offset(image: Path) -> int:
    """Return where an image's boot partition begins, in bytes; 0 where it is nothing but a FAT."""
    try:
        head = image.open("rb").read(SECTOR)
    except OSError as error:
        raise CannotWrite(f"{image}: {error.strerror}; give an image that `./run image` made") from error
    if head[54:57] == b"FAT" or head[82:85] == b"FAT":
        return 0
    asked = subprocess.run(["sfdisk", "--json", str(image)], capture_output=True, text=True, check=False)
    if asked.returncode != 0:
        raise CannotWrite(f"{image} has no partitions: {asked.stderr.strip()}; give an image that `./run image` made")
    table = json.loads(asked.stdout)["partitiontable"]
    for part in table.get("partitions", []):
        if part["type"] in BOOT_TYPES or part.get("name", "").upper() == "HALLCALL":
            return int(part["start"]) * int(table.get("sectorsize", SECTOR))
    raise CannotWrite(f"{image} has no boot partition (FAT); give an image that `./run image` made")


def _mtools(*command: str, may_fail: bool = False) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, "MTOOLS_SKIP_CHECK": "1"}
        )
    except FileNotFoundError as error:
        raise CannotWrite(f"{command[0]} is not there; install it: apt-get install mtools") from error
    if done.returncode != 0 and not may_fail:
        raise CannotWrite(
            f"{command[0]}: {done.stderr.strip()}; is the image whole, and its boot partition large enough?"
        )
    return done.stdout.strip() if done.returncode == 0 else ""


# The laptop's copy ----------------------------------------------------------------------------------------------------


def erase_token(card: Card) -> None:
    """Take the token out of the laptop's copy of a card; the rest stays, to be looked at."""
    path = card.folder / BOX_FILE
    kept = [line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if not line.startswith(_TOKEN)]
    erase(path)
    write_files(card.folder, {BOX_FILE: "".join(kept).encode()})
