"""What a field of a structure may hold, in words: the same words in error messages and in the reference."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Final, TypeVar, Union, get_args, get_origin

from msgspec import Meta, Struct

T = TypeVar("T")
_WORDS: Final = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    datetime: "a UTC time, ISO 8601",
}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """An annotation taken apart; `core` is the type without None and without bounds."""

    core: object
    optional: bool = False
    description: str = ""
    ge: float | None = None
    le: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None

    @property
    def item(self) -> object | None:
        """What a tuple holds; None when it is no tuple."""
        return get_args(self.core)[0] if get_origin(self.core) is tuple else None

    @property
    def structure(self) -> type[Struct] | None:
        return self.core if isinstance(self.core, type) and issubclass(self.core, Struct) else None

    @property
    def choices(self) -> tuple[str, ...]:
        """The values of an enumeration."""
        is_enum = isinstance(self.core, type) and issubclass(self.core, Enum)
        return tuple(str(member.value) for member in self.core) if is_enum else ()  # type: ignore[attr-defined]


def shape(annotation: object) -> Shape:
    metas: list[Meta] = []
    optional = False
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *notes = get_args(annotation)
            metas = [note for note in notes if isinstance(note, Meta)] + metas
        elif get_origin(annotation) in (Union, UnionType) and NoneType in get_args(annotation):
            optional = True
            rest = tuple(kind for kind in get_args(annotation) if kind is not NoneType)
            annotation = Union[rest]  # noqa: UP007 - a union made at run time
        else:
            break
    return Shape(
        core=annotation,
        optional=optional,
        description=_last(meta.description for meta in metas) or "",
        ge=_last(meta.ge for meta in metas),
        le=_last(meta.le for meta in metas),
        min_length=_last(meta.min_length for meta in metas),
        max_length=_last(meta.max_length for meta in metas),
        pattern=_last(meta.pattern for meta in metas),
    )


def words(wanted: Shape) -> str:
    """Return what to give: "a whole number from 1 to 95", "one of zh, en", "a list of tables"."""
    if wanted.choices:
        return "one of " + ", ".join(wanted.choices)
    if wanted.structure is not None or get_origin(wanted.core) is dict:
        return "a table"
    if wanted.item is not None:
        inner = words(shape(wanted.item))
        few = f"{wanted.min_length} or more" if wanted.min_length else "any number"
        return f"a list, {few}, of {inner.removeprefix('a ')}"
    plain = _WORDS.get(wanted.core, str(wanted.core)) if isinstance(wanted.core, type) else str(wanted.core)
    return plain + _bounds(wanted)


def _bounds(wanted: Shape) -> str:
    if wanted.pattern is not None:
        return f" matching {wanted.pattern}"
    if wanted.ge is not None and wanted.le is not None:
        return f" from {wanted.ge:g} to {wanted.le:g}"
    if wanted.ge is not None:
        return f" of at least {wanted.ge:g}"
    if wanted.le is not None:
        return f" of at most {wanted.le:g}"
    if wanted.max_length is not None:
        return f" of {wanted.min_length or 0} to {wanted.max_length} characters"
    return ", not empty" if wanted.min_length else ""


def _last(values: Iterable[T | None]) -> T | None:
    given = [value for value in values if value is not None]
    return given[-1] if given else None
