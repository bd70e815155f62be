"""A hall's folder on the technician's laptop: written whole, or not at all.

DIR/HALL/hall-plan.toml      what was asked for
DIR/HALL/hall.toml           the hall
DIR/HALL/authority/          see authority.py
DIR/HALL/cards/BOX/hallcall/ what goes onto each box's card
DIR/HALL/README.md …         for whoever takes the hall over
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final

from broker.authority.reading import fingerprint, read_chain

from . import authority, handover, secrets_drawn
from .cards import Files, Founding, cards, hall_text
from .furnish import PINS, Furnished, furnished
from .named_files import named_here, on_card
from .plan import Plan, Table

PLAN_FILE: Final = "hall-plan.toml"
CARDS: Final = "cards"
CARD_FOLDER: Final = "hallcall"  # on the card


class HallExists(ValueError):
    """There is a hall of this id in the folder already."""


@dataclass(frozen=True, kw_only=True)
class Founded:
    """A hall that was written, and what is told once."""

    folder: Path
    furnished: Furnished
    supervisor: str
    pin: str  # empty where there is no console
    technician_pin: str
    tablets: dict[int, str]


def found(plan: Plan, *, to: Path, passphrase: str, now: datetime, instead: bool = False) -> Founded:
    """Write a hall's folder into `to`. Raises HallExists, WrongPassphrase, OSError; then nothing was written.

    `instead`: an older hall of this id is set aside, as HALL.old-DATE.
    """
    folder = to / plan.hall.id
    if folder.exists() and not instead:
        raise HallExists(f"{folder} is there already; move it away, or say --replace to set it aside")
    keys = authority.new_authority(plan.hall.id, passphrase=passphrase, now=now)
    with _staged(folder, now) as stage:
        made = _write(plan, stage, keys, now)
        authority.note(
            stage / authority.FOLDER, "founded", now=now, hall=plan.hall.id, boxes=str(len(made.furnished.boxes))
        )
    return replace(made, folder=folder)


def _write(plan: Plan, stage: Path, keys: Files, now: datetime) -> Founded:
    tablets = [number for box in plan.hall.boxes if box.web is not None for number in _numbers(box.web)]
    names = [box.box for box in furnished(plan, codes=dict.fromkeys(tablets, "")).boxes if not box.spare]
    drawn = secrets_drawn.drawn(names, tablets)
    planned = furnished(plan, codes=drawn.codes)
    made, extra = with_files(planned, plan.file.path.parent)
    has_console = any(PINS in node.secrets for box in made.boxes for node in box.nodes)
    founding = Founding(
        hall=plan.hall.id,
        timezone=plan.hall.timezone,
        dispatcher=plan.hall.dispatcher_host,
        furnished=made,
        drawn=drawn,
        root=keys[PurePosixPath("root.crt")],
        fingerprint=fingerprint(read_chain(keys[PurePosixPath("root.crt")])[0]),
        issuing=keys[PurePosixPath("issuing.crt")],
        pins=pins_file(plan.hall.supervisor, drawn.supervisor_pin, stage) if has_console else b"",
        extra=extra,
        made=now,
    )
    write_files(stage, {PurePosixPath("hall.toml"): hall_text(made).encode()})
    write_files(stage / authority.FOLDER, keys)
    for box, files in cards(founding).items():
        write_files(stage / CARDS / box / CARD_FOLDER, files)
    shutil.copyfile(plan.file.path, stage / PLAN_FILE)
    _copy_named(planned, plan.file.path.parent, stage)
    for language, text in handover.readmes(plan, made, now=now).items():
        (stage / language).write_text(text, encoding="utf-8")
    return Founded(
        folder=stage,
        furnished=made,
        supervisor=plan.hall.supervisor,
        pin=drawn.supervisor_pin if has_console else "",
        technician_pin=drawn.technician_pin,
        tablets=dict(drawn.codes),
    )


def write_files(folder: Path, files: Files) -> None:
    """Write files that are for their owner's eyes."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def _numbers(web: Table) -> list[int]:
    tablets = web.get("tablets")
    return [number for number in tablets if isinstance(number, int)] if isinstance(tablets, list) else []


def with_files(made: Furnished, beside: Path) -> tuple[Furnished, dict[str, dict[str, bytes]]]:
    """Return the nodes with their files named as on the box, and those files."""
    boxes, extra = [], {}
    for box in made.boxes:
        nodes = []
        for node in box.nodes:
            tables, extra[node.id] = on_card(node, beside)
            nodes.append(replace(node, tables=tables))
        boxes.append(replace(box, nodes=tuple(nodes)))
    return replace(made, boxes=tuple(boxes)), extra


def _copy_named(planned: Furnished, beside: Path, stage: Path) -> None:
    """Keep the files that nodes name beside the plan, for the day a box is added."""
    for name in (name for box in planned.boxes for node in box.nodes for name in named_here(node)):
        if ".." in PurePosixPath(name).parts:
            continue
        (stage / name).parent.mkdir(parents=True, exist_ok=True)
        if (beside / name).is_dir():
            shutil.copytree(beside / name, stage / name, dirs_exist_ok=True)
        else:
            shutil.copyfile(beside / name, stage / name)


def pins_file(supervisor: str, pin: str, stage: Path) -> bytes:
    """Return the console's file with the first supervisor's PIN; it is made in a folder that holds secrets anyway."""
    file = stage / PINS
    secrets_drawn.write_pin(file, supervisor=supervisor, pin=pin)
    content = file.read_bytes()
    file.unlink()
    return content


# Whole, or not at all -------------------------------------------------------------------------------------------------


@contextmanager
def _staged(folder: Path, now: datetime) -> Iterator[Path]:
    """Give an empty folder beside the one that is meant; it takes its name once all of it is on disk."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    _clear_leftovers(folder)
    stage = folder.parent / f".{folder.name}.new-{os.getpid()}"
    stage.mkdir(mode=0o700)
    try:
        yield stage
        _sync(stage)
        if folder.exists():
            folder.rename(_free(folder.parent / f"{folder.name}.old-{now:%Y%m%d-%H%M%S}"))
        stage.rename(folder)
        _sync_folder(folder.parent)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _clear_leftovers(folder: Path) -> None:
    """Remove what a writing left that was killed: it is no hall, and it has keys in it."""
    for left in folder.parent.glob(f".{folder.name}.new-*"):
        pid = left.name.rpartition("-")[2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(left, ignore_errors=True)


def _free(path: Path) -> Path:
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def _sync(folder: Path) -> None:
    for directory, _, _ in os.walk(folder):
        _sync_folder(Path(directory))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
