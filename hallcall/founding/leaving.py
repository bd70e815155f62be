"""A box out of the hall's folder: out of plan, hall.toml and cards. Both files keep the rest as it was written."""

import re
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from broker.box_file import load_box
from broker.invitations import BOX_FILE, HALL_FILE

from .folder import CARD_FOLDER, CARDS, PLAN_FILE, write_files
from .growing import CannotGrow
from .plan import DISPATCHER_BOX

_HEADER: Final = re.compile(r"^\[\[?\s*([A-Za-z0-9_-]+)[^\],=]*\]\]?\s*(#.*)?$")


def check_can_leave(hall: Path, box: str) -> None:
    """Raise CannotGrow where the folder has no such box, or the hall cannot be without it."""
    if box == DISPATCHER_BOX:
        raise CannotGrow("a hall without its dispatcher's box is none; onto another machine: hallcall restore")
    if not (hall / CARDS / box / CARD_FOLDER / BOX_FILE).is_file():
        raise CannotGrow(f"{hall} has no box {box}; is --hall the hall's folder?")


def take_out(hall: Path, box: str) -> None:
    """Take a box and its nodes out of plan, hall.toml and cards; the others keep the addresses that they have."""
    nodes = load_box(hall / CARDS / box / CARD_FOLDER / BOX_FILE).nodes
    plan = without((hall / PLAN_FILE).read_text(encoding="utf-8"), "boxes", "box", [box])
    written = without((hall / HALL_FILE).read_text(encoding="utf-8"), "nodes", "id", nodes)
    write_files(
        hall,
        {
            PurePosixPath(PLAN_FILE): with_addresses(plan, _addresses(hall)).encode(),
            PurePosixPath(HALL_FILE): written.encode(),
        },
    )
    shutil.rmtree(hall / CARDS / box)


def without(text: str, table: str, key: str, values: Sequence[str]) -> str:
    """Return a TOML text without those of a list of tables whose `key` has one of the values. Raises CannotGrow."""
    kept = "".join(
        block for block in _blocks(text, table) if not (_starts(block, table) and _value(block, table, key) in values)
    )
    wanted = tomllib.loads(text)
    if table in wanted:
        wanted[table] = [each for each in wanted[table] if each.get(key) not in values]
    if tomllib.loads(kept) != {name: value for name, value in wanted.items() if value != [] or name != table}:
        raise CannotGrow(f"[[{table}]] with {key} = {', '.join(values)} cannot be taken out; take it out by hand")
    return kept


def with_addresses(plan: str, addresses: Mapping[str, str]) -> str:
    """Return a plan whose boxes say the addresses that were counted for them: those of the others stay as they are."""
    blocks = []
    for block in _blocks(plan, "boxes"):
        box = _value(block, "boxes", "box") if _starts(block, "boxes") else ""
        named = addresses.get(box, "")
        if named and not _value(block, "boxes", "address"):
            head, line, rest = block.partition("\n")
            blocks.append(f'{head}{line}address = "{named}"\n{rest}')
        else:
            blocks.append(block)
    return "".join(blocks)


def _addresses(hall: Path) -> dict[str, str]:
    """Return each box's address as its card has it; the dispatcher's is the hall's own to say."""
    files = [each / CARD_FOLDER / BOX_FILE for each in (hall / CARDS).iterdir() if each.name != DISPATCHER_BOX]
    return {box.box: box.address for box in (load_box(file) for file in files if file.is_file())}


def _blocks(text: str, table: str) -> list[str]:
    """Return the text cut before each [[table]], and after the last line that belongs to it."""
    blocks = [""]
    inside = False
    for line in text.splitlines(keepends=True):
        header = _HEADER.match(line.strip())
        begins = line.strip().startswith(f"[[{table}]]")
        if begins or (header and inside and header.group(1) != table):
            blocks.append("")
            inside = begins
        blocks[-1] += line
    return blocks


def _starts(block: str, table: str) -> bool:
    return block.lstrip().startswith(f"[[{table}]]")


def _value(block: str, table: str, key: str) -> str:
    rows = tomllib.loads(block).get(table, [{}])
    return str(rows[0].get(key, ""))
