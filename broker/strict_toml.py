"""Strict TOML into frozen structures: all that is wrong at once, each with its line and what to do."""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from .fields import Shape, shape, words
from .toml_lines import Place, lines_of

LARGEST: Final = 2**53  # beyond it JSON is not exact everywhere; nothing in these files means more

S = TypeVar("S", bound=Struct)
_KINDS: Final = {str: "a text", bool: "a truth value", int: "a whole number", float: "a number", list: "a list"}


class BrokenConfig(ValueError):
    """A configuration file that cannot be used; its text names every error, one a line."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    place: Place
    text: str


def named(place: Place) -> str:
    """Return a place as people write it, counting from 1: services[2].prefix."""
    text = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".")


def shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


class TomlFile:
    """A file as read: its tables, and where each key stands. Raises BrokenConfig when it is no TOML at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
            self.tables: dict[str, object] = tomllib.loads(text)
        except OSError as error:
            raise BrokenConfig(f"{path}: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise BrokenConfig(f"{path}:{line}: not UTF-8; save the file as UTF-8") from error
        except tomllib.TOMLDecodeError as error:
            raise BrokenConfig(_syntax(path, text, str(error))) from error
        self._lines = lines_of(text)

    def on_top_of(self, defaults: Mapping[str, object]) -> "TomlFile":
        """Return the file with further tables below its own, key by key; they stand on none of its lines."""
        both = copy(self)
        both.tables = _merged(self.tables, defaults)
        return both

    def states(self, place: Place) -> bool:
        """Tell whether a place is written in the file itself."""
        return place in self._lines

    def line(self, place: Place) -> int:
        """Return the line of a place, or of the nearest table around it."""
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 1)

    def select(self, pattern: str) -> Iterator[tuple[Place, object]]:
        """Return what stands at "services[].prefix", with its place, skipping what is not there."""
        found: list[tuple[Place, object]] = [((), self.tables)]
        for step in pattern.replace("[]", ".[]").split("."):
            if step == "[]":
                found = [((*at, i), each) for at, v in found if isinstance(v, list) for i, each in enumerate(v)]
            else:
                found = [((*at, step), v[step]) for at, v in found if isinstance(v, dict) and step in v]
        yield from found

    def worded(self, findings: Iterable[Finding]) -> list[str]:
        """Return a line for each finding, in the order of the file."""
        rows = sorted((self.line(finding.place), named(finding.place), finding.text) for finding in findings)
        return [f"{self.path}:{line}: {name}: {text}" for line, name, text in rows]


def _merged(upper: Mapping[str, object], lower: Mapping[str, object]) -> dict[str, object]:
    both = {**lower, **upper}
    for key, above in upper.items():
        below = lower.get(key)
        if isinstance(above, dict) and isinstance(below, dict):
            both[key] = _merged(above, below)
    return both


def _syntax(path: Path, text: str, message: str) -> str:
    said, _, where = message.partition(" (at ")
    digits = "".join(c for c in where.split(",")[0] if c.isdigit())
    line = int(digits) if digits else text.rstrip("\n").count("\n") + 1
    return f"{path}:{line}: not TOML: {said}; check quotes, brackets and = near this line"


class Reading:
    """Turns tables into structures and notes what does not fit."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def structure(self, tables: Mapping[str, object], kind: type[S], place: Place = ()) -> S | None:
        """Return the structure; None when something is wrong inside it."""
        before = len(self.findings)
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        for key in tables:
            if key not in fields:
                self._note((*place, key), _unknown(key, list(fields)))
        values: dict[str, object] = {}
        for key, field in fields.items():
            wanted = shape(field.type)
            if key in tables:
                values[field.name] = self._value(tables[key], field.type, (*place, key))
            elif field.required:
                self._note((*place, key), f"missing; give {words(wanted)}{_why(wanted)}")
        return kind(**values) if len(self.findings) == before else None

    def _value(self, value: object, annotation: object, place: Place) -> object:
        wanted = shape(annotation)
        misfit = self._misfit(value, wanted, annotation)
        if misfit is not None:
            self._note(place, misfit)
            return None
        if wanted.structure is not None and isinstance(value, dict):
            return self.structure(value, wanted.structure, place)
        if wanted.item is not None and isinstance(value, list):
            return tuple(self._value(each, wanted.item, (*place, index)) for index, each in enumerate(value))
        return msgspec.convert(value, annotation)

    def _misfit(self, value: object, wanted: Shape, annotation: object) -> str | None:
        give = f"give {words(wanted)}{_why(wanted)}"
        if wanted.structure is not None:
            return None if isinstance(value, dict) else f"{_kind(value)}; {give}"
        if wanted.item is not None:
            if not isinstance(value, list):
                return f"{_kind(value)}; {give}"
            return None if len(value) >= (wanted.min_length or 0) else f"too few; {give}"
        if isinstance(value, int | float) and abs(value) > LARGEST:
            return f"{shown(value)} is too large; {give}"
        try:
            msgspec.convert(value, annotation)
        except msgspec.ValidationError:
            return _leaf_misfit(value, wanted, give)
        return None

    def _note(self, place: Place, text: str) -> None:
        self.findings.append(Finding(place=place, text=text))


def _unknown(key: str, known: list[str]) -> str:
    close = get_close_matches(key, known, n=1) or [each for each in known if f"_{key}" in each]
    return f"unknown key; did you mean {close[0]}?" if close else f"unknown key; known are {', '.join(known)}"


def _leaf_misfit(value: object, wanted: Shape, give: str) -> str:
    if wanted.choices:
        close = get_close_matches(str(value), wanted.choices, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        return f"{shown(value)} is not {words(wanted)}{hint}"
    if type(value) is wanted.core or (type(value) is int and wanted.core is float):
        return f"{shown(value)} does not fit; {give}"
    return f"{shown(value)} is {_kind(value)}; {give}"


def _why(wanted: Shape) -> str:
    return f" ({wanted.description})" if wanted.description else ""


def _kind(value: object) -> str:
    return "a table" if isinstance(value, dict) else _KINDS.get(type(value), f"a {type(value).__name__}")
