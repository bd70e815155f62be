"""The map of another vendor's export: which column is what, how times are written, what their words mean here."""

from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, Struct

from ..contract.messages import ORDINARY, Id
from ..strict_toml import BrokenConfig, Finding, Reading, TomlFile

Column = Annotated[str, Meta(min_length=1, description="name of a column, as the header has it")]
Times = Annotated[tuple[str, ...], Meta(min_length=1, description="how times are written, as strptime has it")]
THEIRS: Final = "their words for it"


class Encoding(Enum):
    UTF_8 = "utf-8"
    GB18030 = "gb18030"


class Unit(Enum):
    """How a duration is written."""

    SECONDS = "s"
    MINUTES = "min"
    CLOCK = "h:m:s"


class Columns(Struct, frozen=True, kw_only=True):
    """Which column is what. `ended` or `duration` must be there."""

    issued: Annotated[Column, Meta(description="column of the time at which the number was taken")]
    service: Annotated[Column, Meta(description="column of the business")]
    called: Annotated[Column | None, Meta(description="column of the time of the call")] = None
    started: Annotated[Column | None, Meta(description="column of the time at which service began")] = None
    ended: Annotated[Column | None, Meta(description="column of the time at which service ended")] = None
    duration: Annotated[Column | None, Meta(description="column of how long service took, from its beginning")] = None
    date: Annotated[Column | None, Meta(description="column of the date, put before every time with a space")] = None
    priority_class: Annotated[Column | None, Meta(description="column of who the customer is")] = None
    ticket: Annotated[Column | None, Meta(description="column of the number")] = None
    counter: Annotated[Column | None, Meta(description="column of the window; the first number in it counts")] = None


class ServiceWords(Struct, frozen=True, kw_only=True):
    """What a service of ours is called there."""

    ours: Annotated[Id, Meta(description="id of the service in hall.toml")]
    theirs: Annotated[tuple[str, ...], Meta(min_length=1, description=THEIRS)]


class ClassWords(Struct, frozen=True, kw_only=True):
    """What a priority class of ours is called there."""

    ours: Annotated[Id, Meta(description="id of the class in hall.toml")]
    theirs: Annotated[tuple[str, ...], Meta(min_length=1, description=THEIRS)]


class Rows(Struct, frozen=True, kw_only=True):
    """Rows that have one of these words in a column."""

    column: Column
    words: Annotated[tuple[str, ...], Meta(min_length=1, description="values of that column")]


class ImportMap(Struct, frozen=True, kw_only=True):
    """The whole map."""

    encoding: Annotated[Encoding, Meta(description="utf-8 or gb18030")] = Encoding.UTF_8
    delimiter: Annotated[str, Meta(min_length=1, max_length=1, description="between columns")] = ","
    header_line: Annotated[int, Meta(ge=1, le=100, description="line with the names of the columns")] = 1
    timezone: Annotated[str, Meta(description="IANA name of the zone of the times")] = "Asia/Shanghai"
    times: Times = ("%Y-%m-%d %H:%M:%S",)
    duration_in: Annotated[Unit, Meta(description="how durations are written: s, min or h:m:s")] = Unit.SECONDS
    longest_min: Annotated[int, Meta(ge=1, le=1440, description="a longer service is a bad row: nobody ended it")] = 240
    default_class: Annotated[Id, Meta(description="class of rows that name none")] = ORDINARY
    bad_percent: Annotated[float, Meta(ge=0, le=100, description="more bad rows than this are refused")] = 2
    columns: Columns
    services: Annotated[tuple[ServiceWords, ...], Meta(min_length=1)]
    classes: tuple[ClassWords, ...] = ()
    skip: Annotated[tuple[Rows, ...], Meta(description="rows that are no customers, such as void numbers")] = ()
    left: Annotated[tuple[Rows, ...], Meta(description="customers who did not come when called, or went")] = ()

    def service_of(self) -> Mapping[str, str]:
        return {word: each.ours for each in self.services for word in each.theirs}

    def class_of(self) -> Mapping[str, str]:
        return {word: each.ours for each in self.classes for word in each.theirs}


def load_map(path: Path) -> ImportMap:
    """Read a map. Raises BrokenConfig, whose text is every error of the file."""
    file = TomlFile(path)
    reading = Reading()
    found = reading.structure(file.tables, ImportMap)
    findings = [*reading.findings, *(_findings(file, found) if found is not None else ())]
    if found is None or findings:
        raise BrokenConfig("\n".join(file.worded(findings)))
    return found


def _findings(file: TomlFile, found: ImportMap) -> Iterator[Finding]:
    try:
        ZoneInfo(found.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        yield Finding(
            place=("timezone",), text=f"no such time zone: {found.timezone}; give a name such as Asia/Shanghai"
        )
    if found.columns.ended is None and found.columns.duration is None:
        yield Finding(place=("columns",), text="neither ended nor duration: how long a service took must be known")
    for pattern in ("services[].theirs[]", "classes[].theirs[]"):
        first: dict[str, int] = {}
        for place, word in file.select(pattern):
            line = first.setdefault(str(word), file.line(place))
            if line != file.line(place):
                yield Finding(place=place, text=f"{word} stands already in line {line}")
