"""Files that the technician changes on a box that runs: which it has taken, and what of them it may take.

Only what was put anew since the last time is written: what somebody changed on the box itself stays until then.
"""

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec
from msgspec import Struct

from broker.box_file import BoxFile, load_box
from broker.config import load_hall
from broker.invitations import BOX_FILE, HALL_FILE, NODES

NOTE: Final = "put.json"  # beside box.toml


class NotForHere(ValueError):
    """Files that are no box's, or another's; the text says which."""


class Taken(Struct, frozen=True, kw_only=True):
    """What a box has taken: the mark of the last time, and of each file its SHA-256."""

    mark: str = ""
    files: dict[str, str] = {}


def taken(place: Path) -> Taken:
    """Return what was taken; nothing, where there is no note."""
    try:
        return msgspec.json.decode((place / NOTE).read_bytes(), type=Taken)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return Taken()


def sums(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def news(files: Mapping[str, bytes], before: Taken) -> dict[str, bytes]:
    """Return what was put since."""
    return {name: files[name] for name, found in sums(files).items() if before.files.get(name) != found}


def check(files: Mapping[str, bytes], box: BoxFile) -> None:
    """Raise NotForHere, or BrokenConfig, where these are not files for this box."""
    for name in files:
        path = PurePosixPath(name)
        is_node = path.parts[:1] == NODES.parts and len(path.parts) > 1
        if path.is_absolute() or ".." in path.parts or not (is_node or path in {BOX_FILE, HALL_FILE}):
            raise NotForHere(f"{name} is no file of a box; nothing was changed")
    with tempfile.TemporaryDirectory(prefix="hallcall-put-") as folder:
        if (told := files.get(str(BOX_FILE))) is not None:
            (Path(folder) / BOX_FILE).write_bytes(told)
            new = load_box(Path(folder) / BOX_FILE)
            if (new.box, new.hall, new.authority, new.nodes) != (box.box, box.hall, box.authority, box.nodes):
                raise NotForHere(f"box.toml is that of {new.box} in hall {new.hall}, or has other nodes")
        if (told := files.get(str(HALL_FILE))) is not None:
            (Path(folder) / HALL_FILE).write_bytes(told)
            if (hall := load_hall(Path(folder) / HALL_FILE).id) != box.hall:
                raise NotForHere(f"hall.toml is of hall {hall}, and this box is in {box.hall}")
