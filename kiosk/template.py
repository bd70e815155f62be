"""A slip's layout as data: a TOML file of lines, read strictly; those that are shipped lie in `slips/`.

Each line is one thing: a text, a rule, a logo, a QR code or a feed. `when` and `unless` name what must, and must not,
hold of the ticket; texts hold `{placeholders}`.
"""

import string
from collections.abc import Iterator
from enum import Enum
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct

from broker.contract.messages import Text
from broker.strict_toml import BrokenConfig, Finding, Reading, TomlFile

PLACEHOLDERS: Final = (
    "hall",
    "service",
    "ticket",
    "ahead",
    "range",
    "date",
    "time",
    "class",
    "needs",
    "zone",
    "return_numbers",
    "return_min",
    "url",
    "code",
)
_KINDS: Final = ("text", "rule", "logo", "qr", "feed")
_PNG: Final = b"\x89PNG\r\n\x1a\n"


class Fact(Enum):
    """What may hold of a ticket, a printer or a copy."""

    AHEAD = "ahead"  # somebody waits before it
    RANGE = "range"  # the wait is known, and not nought
    AT_ONCE = "at_once"  # the wait is nought
    CLASS = "class"  # it is not of the ordinary class
    NEEDS = "needs"
    ZONES = "zones"  # the hall has several
    RETURN_NUMBERS = "return_numbers"  # who missed the call may be back within so many numbers
    RETURN_MIN = "return_min"  # or minutes
    AFTER_NEXT = "after_next"  # it was missed, and is called after the next one
    CODE = "code"  # this kiosk has a scanner, and no address is printed that it could read
    URL = "url"  # there is a public address, and it answers
    REPRINT = "reprint"  # a copy, asked for
    OFFLINE = "offline"  # issued while the dispatcher was away
    LARGE = "large"
    NARROW = "narrow"  # 58 mm


class Align(Enum):
    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


Size = Annotated[int, Meta(ge=1, le=8)]


class SlipLine(Struct, frozen=True, kw_only=True):
    """One line of the slip."""

    text: Annotated[Text | None, Meta(description="words and {placeholders}")] = None
    rule: Annotated[bool, Meta(description="a line across the paper")] = False
    logo: Annotated[str | None, Meta(description="a PNG file beside the template, best in black and white")] = None
    qr: Annotated[str | None, Meta(description="what a QR code holds")] = None
    dots: Annotated[int, Meta(ge=3, le=7, description="edge of a QR code's small squares, 8 to the millimetre")] = 6
    feed: Annotated[int, Meta(ge=0, le=20, description="so many lines of white paper")] = 0
    size: Annotated[Size, Meta(description="times the ordinary size, at most: a wide text gets smaller")] = 1
    large: Annotated[Size | None, Meta(description="size on a slip in large print; left out: one more")] = None
    bold: bool = False
    align: Align = Align.CENTER
    also: Annotated[bool, Meta(description="below it once more, small, in the other language")] = False
    when: Annotated[tuple[Fact, ...], Meta(description="all of these hold")] = ()
    unless: Annotated[tuple[Fact, ...], Meta(description="none of these holds")] = ()


class Template(Struct, frozen=True, kw_only=True):
    """A slip's lines, from the top; `logos` are the files that they name."""

    lines: Annotated[tuple[SlipLine, ...], Meta(min_length=1)]


class SlipTemplate(Struct, frozen=True, kw_only=True):
    """A template with its pictures read."""

    lines: tuple[SlipLine, ...]
    logos: dict[str, bytes]


class SlipKind(Enum):
    """What a slip is for."""

    TICKET = "ticket"
    RETURN = "return"  # a missed number waits again, at another place


@cache
def shipped(kind: SlipKind = SlipKind.TICKET) -> SlipTemplate:
    """Return the template for halls that have none of their own."""
    with resources.as_file(resources.files(__package__) / "slips" / f"{kind.value}.toml") as path:
        return load_template(path)


def load_template(path: Path) -> SlipTemplate:
    """Read a template. Raises BrokenConfig, whose text is every error of the file."""
    file = TomlFile(path)
    reading = Reading()
    read = reading.structure(file.tables, Template)
    findings = [*reading.findings, *_findings(file)]
    if read is None or findings:
        raise BrokenConfig("\n".join(file.worded(findings)))
    logos = {line.logo: (path.parent / line.logo).read_bytes() for line in read.lines if line.logo is not None}
    return SlipTemplate(lines=read.lines, logos=logos)


def _findings(file: TomlFile) -> Iterator[Finding]:
    tickets = 0
    for place, line in file.select("lines[]"):
        if not isinstance(line, dict):
            continue
        kinds = [kind for kind in _KINDS if kind in line]
        if len(kinds) != 1:
            text = f"has {' and '.join(kinds) or 'nothing to print'}; give each line one of {', '.join(_KINDS)}"
            yield Finding(place=place, text=text)
    for pattern in ("lines[].text.zh", "lines[].text.en", "lines[].qr"):
        for place, said in file.select(pattern):
            yield from (Finding(place=place, text=wrong) for wrong in _wrong_in(said))
            tickets += isinstance(said, str) and "{ticket}" in said
    for place, logo in file.select("lines[].logo"):
        if isinstance(logo, str) and not _is_png(file.path.parent / logo):
            yield Finding(place=place, text=f"{file.path.parent / logo} is no PNG file; put it beside the template")
    if not tickets and "lines" in file.tables:
        yield Finding(place=("lines",), text="no line holds {ticket}; a slip without its number is of no use")


def _wrong_in(text: object) -> Iterator[str]:
    if not isinstance(text, str):
        return
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        yield "has a brace that is not closed; write {name}, and {{ for a brace itself"
        return
    for name in names:
        if name not in PLACEHOLDERS:
            yield f"{{{name}}} is no placeholder; there are {', '.join(PLACEHOLDERS)}"


def _is_png(path: Path) -> bool:
    try:
        return path.read_bytes().startswith(_PNG)
    except OSError:
        return False
