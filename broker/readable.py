"""What another release can read of a journal: asked while an update is on trial, so that the way back stays open.

Before an update the old release leaves what its own decoders take: the JSON Schema of events and answers, and the
journal's format. Until the update is confirmed, the new one writes nothing else. Pure, but for `left_by`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from .contract.messages import AnyAnswer, AnyEvent

Schema = Mapping[str, object]
_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


class BrokenReader(ValueError):
    """The file that says what the other slot's release can read cannot be used."""


class Reader(Struct, frozen=True, kw_only=True):
    """A release, as a reader of journals."""

    release: str
    journal_format: int
    events: dict[str, object]  # JSON Schema
    answers: dict[str, object]

    def obstacle(self, message: AnyEvent | AnyAnswer) -> str:
        """Return what this release could not read in a message, or nothing."""
        schema = self.answers if isinstance(message, AnyAnswer) else self.events
        body = msgspec.json.decode(msgspec.json.encode(message))
        return next(_obstacles(body, schema, schema, type(message).__name__), "")


def this_release(journal_format: int) -> Reader:
    """Return what this program reads."""
    return Reader(
        release=version("hallcall"),
        journal_format=journal_format,
        events=msgspec.json.schema(AnyEvent),
        answers=msgspec.json.schema(AnyAnswer),
    )


def left_by(path: Path) -> Reader | None:
    """Return the release that must be able to read on; None where there is none. Raises BrokenReader."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Reader)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise BrokenReader(
            f"{path}: cannot be used ({error}). It is there while an update is on trial; see hallcall update status; "
            "go back by hallcall update rollback"
        ) from error


class OnTrial:
    """Asks, as long as an update is on trial, what the release before it could read. A trial begins by a restart."""

    def __init__(self, path: Path | None) -> None:
        """`path` is the file that the other release left. Raises BrokenReader."""
        self._path = path
        self.reader = left_by(path) if path is not None else None

    def obstacle(self, messages: Iterable[AnyEvent | AnyAnswer]) -> str:
        """Return what must not be written yet, or nothing."""
        if self.reader is None or self._path is None:
            return ""
        if not self._path.exists():  # the update has been confirmed
            self.reader = None
            return ""
        return next((found for each in messages if (found := self.reader.obstacle(each))), "")


NO_TRIAL: Final = OnTrial(None)


def _obstacles(value: object, schema: Schema, root: Schema, at: str) -> Iterator[str]:
    """Yield why a decoder made of this schema refuses a value; unknown fields are no reason, as in the decoder."""
    schema = _followed(schema, root)
    if "anyOf" in schema:
        yield from _of_any(value, schema, root, at)
        return
    kind = schema.get("type")
    if isinstance(kind, str) and not _is(value, kind):
        yield f"{at}: {value!r} is no {kind}"
        return
    choices = schema.get("enum")
    if isinstance(choices, list) and value not in choices:
        yield f"{at}: {value!r} is unknown there"
    if isinstance(value, dict):
        yield from _of_object(value, schema, root, at)
    elif isinstance(value, list):
        yield from _of_array(value, schema, root, at)
    elif isinstance(value, str):
        pattern = schema.get("pattern")
        if isinstance(pattern, str) and not re.search(pattern, value):
            yield f"{at}: {value!r} does not match {pattern}"
        yield from _too(len(value), schema, "Length", at)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _too(value, schema, "imum", at)


def _of_any(value: object, schema: Schema, root: Schema, at: str) -> Iterator[str]:
    options = [_followed(each, root) for each in _list(schema["anyOf"])]
    tagged = [each for each in options if isinstance(value, dict) and _tag(each) == value.get("type") is not None]
    if tagged:
        yield from _obstacles(value, tagged[0], root, at)
    elif all(next(_obstacles(value, each, root, at), "") for each in options):
        what = value.get("type", "a table") if isinstance(value, dict) else value
        yield f"{at}: {what!r} is unknown there"


def _of_object(value: dict[str, object], schema: Schema, root: Schema, at: str) -> Iterator[str]:
    for name in _list(schema.get("required", [])):
        if name not in value:
            yield f"{at}: {name} is missing"
    fields, others = schema.get("properties"), schema.get("additionalProperties")
    known: Schema = fields if isinstance(fields, dict) else {}
    for name, each in value.items():
        below = known.get(name, others)
        if isinstance(below, dict):
            yield from _obstacles(each, below, root, f"{at}.{name}")


def _of_array(value: list[object], schema: Schema, root: Schema, at: str) -> Iterator[str]:
    yield from _too(len(value), schema, "Items", at)
    first, rest = _list(schema.get("prefixItems", [])), schema.get("items")
    for place, each in enumerate(value):
        below = first[place] if place < len(first) else rest
        if isinstance(below, dict):
            yield from _obstacles(each, below, root, f"{at}[{place + 1}]")


def _too(size: float, schema: Schema, what: str, at: str) -> Iterator[str]:
    least, most = schema.get(f"min{what}"), schema.get(f"max{what}")
    if isinstance(least, int | float) and size < least:
        yield f"{at}: less than {least:g}"
    if isinstance(most, int | float) and size > most:
        yield f"{at}: more than {most:g}"


def _followed(schema: object, root: Schema) -> Schema:
    if not isinstance(schema, dict):
        return {}
    name, kinds = schema.get("$ref"), root.get("$defs")
    if isinstance(name, str) and isinstance(kinds, dict):
        return _followed(kinds[name.rpartition("/")[2]], root)
    return schema


def _tag(schema: Schema) -> object:
    fields = schema.get("properties")
    tag = fields.get("type") if isinstance(fields, dict) else None
    return _list(tag.get("enum", []))[0] if isinstance(tag, dict) and tag.get("enum") else None


def _is(value: object, kind: str) -> bool:
    return isinstance(value, _KINDS[kind]) and not (isinstance(value, bool) and kind != "boolean")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
