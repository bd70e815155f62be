"""What screens are made of: boxes, words, icons and keys, in design pixels from the top left. No Kivy here.

A screen is a function that returns shapes; the painter scales them to the panel. A design pixel is never smaller than
1/5.884 mm, which is one pixel of a 10.1 inch panel of 1280x800: `panel.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from broker.text_width import WIDE_FROM, width_of

INK: Final = "ink"  # colours are names; the palette of the moment says which they are
MUTED: Final = "muted"
PAPER: Final = "paper"
CARD: Final = "card"
LINE: Final = "line"
BRAND: Final = "brand"
BRAND_DEEP: Final = "deep"
BRAND_SOFT: Final = "soft"
KEY_INK: Final = "key_ink"
ON_BRAND: Final = "on_brand"
ON_DEEP: Final = "on_deep"
PALE: Final = "pale"  # lesser words on deep
VEIL: Final = "veil"  # a box on deep
CALL: Final = "call"
ON_CALL: Final = "on_call"
NUMBER: Final = "number"  # the ticket's number on deep
ALERT: Final = "alert"
ALERT_SOFT: Final = "alert_soft"
SHUT: Final = "shut"
SHUT_ICON: Final = "shut_icon"
SHUT_INK: Final = "shut_ink"
SHADE: Final = "shade"  # what lies over a screen that asks for a touch
RADIUS: Final = 20.0

CAP: Final = 0.36  # half a capital's height: how far a baseline lies below the middle of its line

Anchor = Literal["left", "center", "right"]


@dataclass(frozen=True, kw_only=True)
class Area:
    """A rectangle; `y` grows downwards."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def bottom(self) -> float:
        return self.y + self.h

    @property
    def middle(self) -> float:
        return self.x + self.w / 2

    @property
    def centre(self) -> float:
        return self.y + self.h / 2

    def inset(self, dx: float, dy: float) -> "Area":
        return Area(x=self.x + dx, y=self.y + dy, w=self.w - 2 * dx, h=self.h - 2 * dy)


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rounded rectangle; `line` is the colour of its edge."""

    area: Area
    fill: str
    line: str | None = None
    line_width: float = 1.5
    radius: float = RADIUS


@dataclass(frozen=True, kw_only=True)
class Run:
    """Words of one size and colour."""

    text: str
    size: float
    color: str = INK
    bold: bool = False


@dataclass(frozen=True, kw_only=True)
class Words:
    """Runs on one baseline `y`, shrunk where they would be wider than `fit`."""

    x: float
    y: float
    runs: tuple[Run, ...]
    anchor: Anchor = "left"
    fit: float | None = None
    small: bool = False  # a caption in the second language, a unit, a date: capitals of 3 mm will do

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs).strip()


@dataclass(frozen=True, kw_only=True)
class Icon:
    """A line icon of a 24 by 24 grid."""

    name: str
    x: float
    y: float
    size: float
    color: str
    stroke: float = 2.2  # of the grid


@dataclass(frozen=True, kw_only=True)
class Logo:
    """The hall's own picture."""

    path: str
    area: Area


@dataclass(frozen=True, kw_only=True)
class Dashes:
    x: float
    y: float
    w: float
    color: str


@dataclass(frozen=True, kw_only=True)
class Dots:
    """A square code in black on white; each row is a string of `#` and blanks."""

    rows: tuple[str, ...]
    area: Area


@dataclass(frozen=True, kw_only=True)
class Key:
    """Where a touch means `name`; it draws nothing. `said` are its words, `chosen` whether it stays pressed."""

    name: str
    area: Area
    said: tuple[str, str] = ("", "")
    chosen: bool = False


Shape = Box | Words | Icon | Logo | Dashes | Dots | Key


@dataclass(frozen=True, kw_only=True)
class Picture:
    """All of one screen; `name` is the screen's, `ground` the colour behind it, `said` its sentences."""

    name: str
    ground: str
    shapes: tuple[Shape, ...]
    said: tuple[str, ...] = ()

    @property
    def texts(self) -> list[str]:
        return [shape.text for shape in self.shapes if isinstance(shape, Words)]

    @property
    def keys(self) -> tuple[Key, ...]:
        return tuple(shape for shape in self.shapes if isinstance(shape, Key))


def words(
    text: str,
    x: float,
    y: float,
    size: float,
    *,
    color: str = INK,
    bold: bool = False,
    anchor: Anchor = "left",
    fit: float | None = None,
    small: bool = False,
) -> Words:
    runs = (Run(text=text, size=size, color=color, bold=bold),)
    return Words(x=x, y=y, runs=runs, anchor=anchor, fit=fit, small=small)


def rich(text: str, *, size: float, color: str, strong_size: float, strong_color: str) -> tuple[Run, ...]:
    """Return runs in which what stands between asterisks is large and bold."""
    return tuple(
        Run(text=part, size=strong_size, color=strong_color, bold=True)
        if place % 2
        else Run(text=part, size=size, color=color)
        for place, part in enumerate(text.split("*"))
        if part
    )


ALONE: Final = 0.25  # of the widest line
NARROWER: Final = (0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6)


def wrapped(text: str, size: float, fit: float) -> list[str]:
    """Break a text into lines no wider than `fit`: at spaces, or anywhere between Chinese characters.

    Lines that would leave a word or a character alone on the last one are made narrower, as many as they are.
    """
    lines = _broken(text, size, fit)
    for share in NARROWER if len(lines) > 1 and _leaves_alone(lines, size) else ():
        narrower = _broken(text, size, fit * share)
        if len(narrower) == len(lines) and not _leaves_alone(narrower, size):
            return narrower
    return lines


def _leaves_alone(lines: Sequence[str], size: float) -> bool:
    return width_of(lines[-1], size) < ALONE * max(width_of(line, size) for line in lines)


def _broken(text: str, size: float, fit: float) -> list[str]:
    lines = [""]
    for each in _pieces(text):
        piece = each
        if lines[-1] and width_of((lines[-1] + piece).rstrip(), size) > fit:
            if each in "，。；：！？、":  # never at the head of a line: the character before comes along
                piece, lines[-1] = lines[-1][-1] + each, lines[-1][:-1]
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines]


def _pieces(text: str) -> list[str]:
    pieces = [""]
    for character in text:
        if character >= WIDE_FROM or (pieces[-1] and pieces[-1][-1] >= WIDE_FROM):
            pieces.append(character)
        else:
            pieces[-1] += character
        if character == " ":
            pieces.append("")
    return [piece for piece in pieces if piece]


def moved(shape: Shape, down: float) -> Shape:
    """Return a shape that lies so much lower."""
    match shape:
        case Box(area=area) | Logo(area=area) | Dots(area=area) | Key(area=area):
            return replace(shape, area=replace(area, y=area.y + down))
        case Words(y=y) | Icon(y=y) | Dashes(y=y):
            return replace(shape, y=y + down)
