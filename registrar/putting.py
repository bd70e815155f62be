"""What the technician puts onto boxes that run: hall.toml and nodes' files, checked here as `check-config` does.

A box's keeper asks for the mark of what was put; when it is another than it has, the box fetches the files. Whether
hall.toml is in force, the dispatcher's own words say: the hall that it shows to everybody.
"""

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import parse_qs

from msgspec import structs

from broker.box_file import load_box
from broker.config import BrokenConfig, NodeFile, disagreements, load_any, load_hall
from broker.contract.messages import Hall, HallView, Presence, Role
from broker.invitations import BOX_FILE, HALL_FILE, NODES
from broker.joining import words

from .changes import FilesPut
from .register import Box, Register
from .server import Request, Shown

KEEPER: Final = "keeper-"


class Putting:
    """`hall` returns the hall as its file here says it just now."""

    def __init__(self, *, register: Register, hall: Callable[[], Hall]) -> None:
        self._register, self._hall = register, hall
        self._has: dict[str, str] = {}  # by box, the mark that its keeper told last
        self._in_force: Hall | None = None
        self._alarm = ""

    # What the bus tells -----------------------------------------------------------------------------------------------

    def shown(self, view: HallView) -> None:
        """Take note of the hall in force."""
        self._in_force = as_filed(view.hall)

    def heard(self, presence: Presence) -> None:
        """Take note of what the dispatcher says of its file."""
        if presence.role is Role.DISPATCHER and presence.up:
            wrong = [each.detail for each in presence.devices if each.name == str(HALL_FILE)]
            self._alarm = wrong[0] if wrong else ""

    # What the technician puts -----------------------------------------------------------------------------------------

    def put(self, asked: words.PutFiles, *, by: str, now: datetime) -> FilesPut | words.Denied | None:
        """Return the change that this is; None where the box has all of it already."""
        entry = self._register.boxes.get(asked.box)
        if entry is None or entry.expelled:
            boxes = ", ".join(sorted(name for name, each in self._register.boxes.items() if not each.expelled))
            return words.Denied(reason="no_such_box", args={"box": asked.box, "boxes": boxes})
        there = {**entry.files, **entry.put}
        new = {name: content for name, content in asked.files.items() if there.get(name) != content}
        wrong = "\n".join(self._wrong(asked.box, entry, new))
        if wrong:
            return words.Denied(reason="bad_files", args={"detail": wrong})
        return FilesPut(at=now, who=by, box=asked.box, files=new) if new else None

    def _wrong(self, box: str, entry: Box, new: Mapping[str, bytes]) -> Iterator[str]:
        for name in new:
            path = PurePosixPath(name)
            is_node = path.parts[:1] == NODES.parts and len(path.parts) > 1
            if path == HALL_FILE and self._register.own not in entry.nodes:
                yield f"{name}: it is on the dispatcher's box only"
            elif path.is_absolute() or ".." in path.parts or not (is_node or path in {BOX_FILE, HALL_FILE}):
                yield f"{name}: no file that can be put onto a box; these are box.toml and nodes/…"
        with tempfile.TemporaryDirectory(prefix="hallcall-put-") as scratch:
            for text in self._wrong_in(Path(scratch), box, entry, new):
                yield text.replace(f"{scratch}/", "")

    def _wrong_in(self, scratch: Path, box: str, entry: Box, new: Mapping[str, bytes]) -> Iterator[str]:
        hall = self._hall()
        if (told := new.get(str(HALL_FILE))) is not None:
            try:
                hall = load_hall(_written(scratch / HALL_FILE, told))
            except BrokenConfig as error:
                yield str(error)
                return
            if hall.id != self._register.hall:
                yield f'{HALL_FILE}: id = "{hall.id}": the file of another hall; this one is {self._register.hall}'
                return
            yield from self._others_wrong(scratch / "others", hall, new)
        if (told := new.get(str(BOX_FILE))) is not None:
            yield from self._wrong_box(_written(scratch / BOX_FILE, told), box, entry)
        for name, content in new.items():
            path = PurePosixPath(name)
            if path.parent == NODES and path.suffix == ".toml" and path.stem in entry.nodes:
                yield from _wrong_node(_written(scratch / path, content), hall)

    def _others_wrong(self, scratch: Path, hall: Hall, new: Mapping[str, bytes]) -> Iterator[str]:
        """Yield which files that boxes have would not go with a changed hall."""
        for each in self._register.boxes.values():
            there = {} if each.expelled else {**each.files, **each.put}
            for node in each.nodes:
                name = f"{NODES}/{node}.toml"
                if name not in there or name in new:
                    continue
                path = _written(scratch / name, there[name])
                with contextlib.suppress(BrokenConfig):  # that box's own trouble, not the hall's
                    load_any(path)
                    yield from disagreements(path, hall)

    def _wrong_box(self, path: Path, box: str, entry: Box) -> Iterator[str]:
        try:
            told = load_box(path)
        except BrokenConfig as error:
            yield str(error)
            return
        if (told.box, told.hall, set(told.nodes)) != (box, self._register.hall, set(entry.nodes)):
            yield f"{BOX_FILE}: it is another box's, or has other nodes than {', '.join(entry.nodes)}; for other nodes"
            yield f"  write its card anew: hallcall hall replace {box}"

    # What boxes ask ---------------------------------------------------------------------------------------------------

    def mark(self, request: Request) -> words.FilesMark | words.Denied:
        """Answer a keeper that tells which mark its box has."""
        box = self._box_of(request.shown)
        if box is None:
            return words.Denied(reason="no_certificate")
        self._has[box] = asked_for(request, "have")
        return words.FilesMark(mark=mark_of(self._register.boxes[box].put))

    def files(self, request: Request) -> words.FilesTold | words.Denied:
        """Give a box what was put onto it."""
        box = self._box_of(request.shown)
        if box is None:
            return words.Denied(reason="no_certificate")
        put = self._register.boxes[box].put
        return words.FilesTold(files=put, mark=mark_of(put))

    def _box_of(self, shown: Shown | None) -> str | None:
        """Return the box whose keeper it is that shows a certificate, if that counts."""
        register = self._register
        if shown is None or shown.serial not in register.certificates or shown.serial in register.revoked:
            return None
        box = shown.node.removeprefix(KEEPER)
        return box if shown.node in (register.boxes[box].nodes if box in register.boxes else ()) else None

    # What the technician asks -----------------------------------------------------------------------------------------

    def told(self, request: Request) -> words.PutTold | words.Denied:
        """Tell whether a box has what was put, and whether the hall that was put is in force."""
        box = asked_for(request, "box")
        entry = self._register.boxes.get(box)
        if entry is None:
            return words.Denied(reason="no_such_box", args={"box": box, "boxes": ", ".join(self._register.boxes)})
        wanted = entry.put.get(str(HALL_FILE))
        return words.PutTold(
            taken=mark_of(entry.put) in {"", self._has.get(box)},
            in_force=wanted is None or self._is_in_force(wanted),
            alarm=self._alarm if wanted is not None else "",
        )

    def _is_in_force(self, wanted: bytes) -> bool:
        with tempfile.TemporaryDirectory(prefix="hallcall-put-") as scratch:
            return as_filed(load_hall(_written(Path(scratch) / HALL_FILE, wanted))) == self._in_force


def _wrong_node(path: Path, hall: Hall) -> Iterator[str]:
    try:
        file = load_any(path)
    except BrokenConfig as error:
        yield str(error)
        return
    if not isinstance(file, NodeFile) or file.node != path.stem:
        yield f'{path}: not the file of {path.stem}; it must begin with node = "{path.stem}"'
        return
    yield from disagreements(path, hall)


def as_filed(hall: Hall) -> Hall:
    """Return a hall without what is only still in use, and was not in its file."""
    services = tuple(each for each in hall.services if not each.closing)
    skills = {each.id for each in services}
    counters = tuple(
        structs.replace(each, skills=tuple(skill for skill in each.skills if skill in skills))
        for each in hall.counters
        if not each.closing
    )
    return structs.replace(
        hall,
        services=services,
        classes=tuple(each for each in hall.classes if not each.closing),
        counters=counters,
    )


def mark_of(files: Mapping[str, bytes]) -> str:
    """Return by what a box knows whether it has these files; nothing where there are none."""
    whole = hashlib.sha256()
    for name, content in sorted(files.items()):
        whole.update(f"{name} {len(content)}\n".encode())
        whole.update(content)
    return whole.hexdigest() if files else ""


def asked_for(request: Request, name: str) -> str:
    """Return what stands in a question's address."""
    return parse_qs(request.query).get(name, [""])[0]


def _written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
