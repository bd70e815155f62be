"""A province's halls: one plan as a template, a line for each hall."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from broker.strict_toml import TomlFile

from .plan import Table
from .toml_text import toml_text

NEEDED: Final = ("id", "name_zh", "name_en")
OTHERS: Final = ("dispatcher", "gateway", "windows", "supervisor", "timezone", "pack", "notice_zh", "notice_en")
WHOLE_NUMBERS: Final = ("windows",)


class BadList(ValueError):
    """A list of halls that cannot be read at all; the text says what to do."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One hall of a list: its line, and its plan as tables or what is wrong with it."""

    line: int
    hall: str
    tables: Table
    wrong: tuple[str, ...] = ()


def rows(halls: Path, template: Path) -> list[Row]:
    """Return the halls of a list on top of a template. Raises BadList, BrokenConfig."""
    usual = TomlFile(template).tables
    reader = csv.DictReader(io.StringIO(_text(halls), newline=""), dialect=_dialect(_text(halls)))
    names = [name.strip() for name in reader.fieldnames or []]
    _check_columns(halls, names)
    reader.fieldnames = names
    found: list[Row] = []
    for each in reader:
        cells = {key: (value or "").strip() for key, value in each.items() if isinstance(key, str)}
        if not any(cells.values()):
            continue
        wrong = [f"{key}: empty; fill it in" for key in NEEDED if not cells[key]]
        if None in each:
            wrong.append("more cells than columns; put quotes around cells with commas")
        if cells["id"] and cells["id"] in {row.hall for row in found}:
            wrong.append(f"id: {cells['id']} stands in a line above; give another")
        wrong += [
            f"{key}: {cells[key]!r} is no whole number" for key in WHOLE_NUMBERS if not _whole(cells.get(key, ""))
        ]
        tables = {} if wrong else _on_top(cells, usual)
        found.append(Row(line=reader.line_num, hall=cells["id"], tables=tables, wrong=tuple(wrong)))
    if not found:
        raise BadList(f"{halls}: no hall in it; below the line of column names, a line for each hall")
    return found


def plan_text(row: Row, *, about: str) -> str:
    """Return a hall's plan as a file."""
    return toml_text(row.tables, about=[about])


def _on_top(cells: Mapping[str, str], usual: Mapping[str, object]) -> Table:
    own: Table = {"id": cells["id"], "name": {"zh": cells["name_zh"], "en": cells["name_en"]}}
    for key in OTHERS:
        if key.startswith("notice") or not cells.get(key):
            continue
        own[key] = int(cells[key]) if key in WHOLE_NUMBERS else cells[key]
    if cells.get("notice_zh") and cells.get("notice_en"):
        own["notice"] = {"zh": cells["notice_zh"], "en": cells["notice_en"]}
    return own | {key: value for key, value in usual.items() if key not in own}


def _check_columns(halls: Path, names: list[str]) -> None:
    unknown = [name for name in names if name not in (*NEEDED, *OTHERS)]
    missing = [name for name in NEEDED if name not in names]
    if unknown or missing:
        said = [f"column {name!r} is not known" for name in unknown] + [f"column {name} is missing" for name in missing]
        raise BadList(f"{halls}:1: {'; '.join(said)}; columns are {', '.join((*NEEDED, *OTHERS))}")


def _whole(cell: str) -> bool:
    return not cell or (cell.isascii() and cell.isdigit())


def _text(path: Path) -> str:
    """Return a table's text: UTF-8, or what Excel in China writes."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadList(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError as error:
        raise BadList(f"{path}: neither UTF-8 nor GB18030; save it as CSV UTF-8") from error


def _dialect(text: str) -> type[csv.Dialect]:
    class Cells(csv.excel):
        delimiter = max(",;\t", key=text.partition("\n")[0].count)

    return Cells
