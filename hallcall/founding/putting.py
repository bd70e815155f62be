"""The folder's files onto the boxes of a hall that runs, and the answer whether they came into force."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import Final

from broker.invitations import BOX_FILE, HALL_FILE, NODES
from broker.joining import words
from broker.joining.asking import Registrar
from broker.reasons import worded
from broker.technician.pin import hashed

from .folder import CARD_FOLDER, CARDS, write_files
from .furnish import PINS, TECHNICIAN_PIN
from .interview import Interview
from .plan import DISPATCHER_BOX

PATIENCE_S: Final = 60.0  # a box asks twice a minute
LOOK_S: Final = 1.0

AtRegistrar = Callable[[], AbstractContextManager[Registrar]]


class NotTaken(ValueError):
    """What was put did not come into force, or there is nothing to put; the text says what to do."""


def put_hall(ask: Interview, hall: Path, at: AtRegistrar, *, wait_s: float) -> None:
    """Give the dispatcher the folder's hall.toml. Raises NotTaken, Refused, NotAnswered."""
    try:
        content = (hall / HALL_FILE).read_bytes()
    except OSError as error:
        raise NotTaken(f"{hall / HALL_FILE}: {error.strerror}; is --hall the hall's folder?") from error
    told = _put(at, DISPATCHER_BOX, {str(HALL_FILE): content}, wait_s=wait_s)
    write_files(hall / CARDS / DISPATCHER_BOX / CARD_FOLDER, {HALL_FILE: content})
    if told.taken and told.in_force:
        ask.say("hall_in_force")
    elif told.taken and told.alarm:
        raise NotTaken(ask.words("hall_not_taken", alarm=worded(told.alarm, ask.language)))
    else:
        raise NotTaken(ask.words("hall_waits"))


def put_box(ask: Interview, hall: Path, box: str, at: AtRegistrar, *, wait_s: float) -> None:
    """Give a box its node files, and what they name, as its card has them. Raises NotTaken, Refused, NotAnswered."""
    card = hall / CARDS / box / CARD_FOLDER
    if not (card / BOX_FILE).is_file():
        raise NotTaken(ask.words("put_no_card", box=box, folder=card))
    told = _put(at, box, files_of(card), wait_s=wait_s)
    ask.say("box_has_files" if told.taken else "box_takes_files_later", box=box)


def put_pin(ask: Interview, hall: Path, at: AtRegistrar, *, pin: str) -> None:
    """Give every box the technician's PIN that was drawn, as its hash. Raises NotTaken, Refused, NotAnswered."""
    line = f"{hashed(pin)}\n".encode()
    name = NODES / TECHNICIAN_PIN
    boxes = sorted(each.name for each in (hall / CARDS).iterdir() if (each / CARD_FOLDER / name).is_file())
    if not boxes:
        raise NotTaken(ask.words("put_no_card", box="*", folder=hall / CARDS))
    for box in boxes:
        _put(at, box, {name.as_posix(): line}, wait_s=0)
        write_files(hall / CARDS / box / CARD_FOLDER, {name: line})
        ask.say("box_takes_files_later", box=box)


def files_of(card: Path) -> dict[str, bytes]:
    """Return what of a card may change on a box that runs: box.toml without its token, and what is below nodes/.

    PINs are changed on the box (`hallcall clerk pin`), and stay as they are there.
    """
    text = (card / BOX_FILE).read_text(encoding="utf-8")
    kept = [line for line in text.splitlines(keepends=True) if not line.startswith("token =")]
    files = {str(BOX_FILE): "".join(kept).encode()}
    for path in sorted((card / NODES).rglob("*")):
        if path.is_file() and path.name != PINS:
            files[PurePosixPath(path.relative_to(card)).as_posix()] = path.read_bytes()
    return files


def _put(at: AtRegistrar, box: str, files: dict[str, bytes], *, wait_s: float) -> words.PutTold:
    until_s = time.monotonic() + wait_s
    with at() as registrar:
        registrar.tell("/files", words.PutFiles(box=box, files=files), words.Done)
        while True:
            told = registrar.read(f"/files/told?box={box}", words.PutTold)
            if (told.taken and told.in_force) or time.monotonic() >= until_s:
                return told
            time.sleep(LOOK_S)
