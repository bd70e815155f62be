"""Writes TOML as a person would: short tables on one line, long ones under a heading of their own. Pure."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

SHORT: Final = 3  # keys of a table that may stand on one line
WIDE: Final = 110


def toml_text(tables: Mapping[str, object], *, about: Sequence[str] = ()) -> str:
    """Return a file; `about` are its first lines, as comments. Raises TypeError for what TOML cannot say."""
    lines = [f"# {line}".rstrip() for line in about]
    lines += _table(tables, "")
    return "\n".join(lines).strip("\n") + "\n"


def _table(table: Mapping[str, object], path: str) -> Iterator[str]:
    """Yield what stands on one line first: whatever follows a heading belongs to that heading."""
    own = {key: value for key, value in table.items() if not _has_heading(value, path)}
    for key, value in own.items():
        yield f"{_key(key)} = {_value(value)}"
    for key, value in table.items():
        name = f"{path}{_key(key)}"
        if key in own:
            continue
        if isinstance(value, Mapping):
            yield from ("", f"[{name}]", *_table(value, f"{name}."))
        elif isinstance(value, Sequence):
            for each in value:
                yield from ("", f"[[{name}]]", *_table(each, f"{name}."))


def _has_heading(value: object, path: str) -> bool:
    if isinstance(value, Mapping):
        return not _is_words(value) and (not path or not _is_short(value))
    tables = _tables(value)
    return bool(tables) and (not path or not all(map(_is_short, tables)))


def _is_words(table: Mapping[object, object]) -> bool:
    """Tell whether a table is a text in the hall's languages."""
    return bool(table) and set(table) <= {"zh", "en"}


def _tables(value: object) -> list[Mapping[object, object]]:
    """Return the tables of a list; none where it lists anything else, or texts in the hall's languages."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    found = [each for each in value if isinstance(each, Mapping) and not _is_words(each)]
    return found if len(found) == len(value) else []


def _is_short(table: Mapping[object, object]) -> bool:
    plain = not any(isinstance(value, Mapping) or bool(_tables(value)) for value in table.values())
    return plain and len(table) <= SHORT


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(int(value)) if isinstance(value, float) and value.is_integer() else repr(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping) and not value:
        return "{}"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, Sequence):
        return _list([_value(each) for each in value])
    raise TypeError(f"{value!r} cannot be written as TOML")


def _list(items: Sequence[str]) -> str:
    line = f"[{', '.join(items)}]"
    if len(line) <= WIDE:
        return line
    return "\n".join(["[", *(f"    {each}," for each in items), "]"])


def _key(key: str) -> str:
    return key if re.fullmatch("[A-Za-z0-9_-]+", key) else _text(key)


def _text(value: str) -> str:
    """Return a text in quotes: as in JSON, which only lets one character more stand as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
