"""Files that a plan's nodes name: themes, pictures, what unknown devices speak. They travel on the node's card.

A relative name is a file beside the plan; on the card it lies in `nodes/`. An absolute one is the box's own.
"""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Final

from broker.contract.messages import Role
from broker.strict_toml import TomlFile

from .furnish import ETC, Node
from .plan import Table

PATHS: Final = {
    Role.KIOSK: ("screen.theme", "slip.template", "slip.return_template"),
    Role.DISPLAY: ("screen.theme", "screen.media.folder"),
    Role.COUNTER: ("badges", "pads.file", "signs[].file", "windows[].keypad.file"),
    Role.WEB: (
        "console.theme",
        "boards[].screen.theme",
        "boards[].screen.media.folder",
        "tablets[].photos",
        "pages.certificate",
        "pages.key",
    ),
}


class FileMissing(ValueError):
    """A file that the plan names is not there; put it beside the plan."""


def on_laptop(node: Node, beside: Path) -> Table:
    """Return the node's tables with its files as they lie here. Raises FileMissing, or BrokenConfig for a profile."""
    tables = _with_profile(deepcopy(node.tables), beside)
    for table, key in _names(tables, node.role):
        if not (path := beside / str(table[key])).exists():
            raise FileMissing(f"{key}: {path} is not there; put it beside the plan, or correct the name")
        table[key] = str(path)
    return tables


def on_card(node: Node, beside: Path) -> tuple[Table, dict[str, bytes]]:
    """Return the node's tables with its files as they lie on the box, and those files by their names in `nodes/`."""
    tables = _with_profile(deepcopy(node.tables), beside)
    files: dict[str, bytes] = {}
    for table, key in _names(tables, node.role):
        path = beside / str(table[key])
        files |= {str(each.relative_to(path.parent)): each.read_bytes() for each in _all(path)}
        if key == "theme" and (logo := TomlFile(path).tables.get("logo")):
            files[str(logo)] = (path.parent / str(logo)).read_bytes()
        table[key] = f"{ETC}/nodes/{path.name}"
    return tables, files


def named_here(node: Node) -> list[str]:
    """Return the names of the node's files beside the plan."""
    tables = deepcopy(node.tables)
    printer = tables.get("printer")
    profile = [str(printer["profile"])] if isinstance(printer, dict) and printer.get("profile") else []
    return profile + [str(table[key]) for table, key in _names(tables, node.role)]


def _names(tables: Table, role: Role) -> Iterator[tuple[Table, str]]:
    """Yield each table that names a file beside the plan, and under which key."""
    for pattern in PATHS.get(role, ()):
        found: list[object] = [tables]
        *steps, key = pattern.replace("[]", ".[]").split(".")
        for step in steps:
            if step == "[]":
                found = [each for some in found if isinstance(some, list) for each in some]
            else:
                found = [each[step] for each in found if isinstance(each, dict) and step in each]
        for table in found:
            if isinstance(table, dict) and table.get(key) and not Path(str(table[key])).is_absolute():
                yield table, key


def _all(path: Path) -> list[Path]:
    return sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]


def _with_profile(tables: Table, beside: Path) -> Table:
    """Return a kiosk's tables with its printer's profile written out: what `hallcall printer probe` found here."""
    printer = tables.get("printer")
    if not isinstance(printer, dict) or not printer.get("profile"):
        return tables
    path = beside / str(printer["profile"])
    if not path.is_file():
        raise FileMissing(f"printer.profile: {path} is not there; put it beside the plan, or leave the key out")
    own = {key: value for key, value in printer.items() if key != "profile"}
    return {**tables, "printer": {**TomlFile(path).tables, **own}}
