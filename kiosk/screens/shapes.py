"""What screens are made of: boxes, words, icons and keys, in design pixels from the top left. No Kivy here.

A screen is a function that returns shapes; the painter scales them to the panel. Sizes follow a 10.1 inch panel of
1280x800; a wider panel gets a wider design of the same height.
"""

from dataclasses import dataclass
from typing import Final, Literal

INK: Final = "#10201E"
MUTED: Final = "#4A5A56"
PAPER: Final = "#F3F6F4"
CARD: Final = "#FFFFFF"
LINE: Final = "#D5DED9"
BRAND: Final = "#00695C"
BRAND_DEEP: Final = "#003F37"
BRAND_SOFT: Final = "#E0F0EC"
CALL: Final = "#FFC233"
ALERT: Final = "#B3261E"
ALERT_SOFT: Final = "#FBE9E7"
SHUT: Final = "#EDF0EE"
SHUT_ICON: Final = "#DDE3E0"
SHUT_INK: Final = "#5F6D69"
WHITE: Final = "#FFFFFF"
RADIUS: Final = 20.0
MARGIN: Final = 36.0
HEADER: Final = 84.0
KEY_HEIGHT: Final = 112.0
BOTTOM: Final = 24.0

CAP: Final = 0.36  # half a capital's height: how far a baseline lies below the middle of its line
WIDE_FROM: Final = "\u2e80"

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
class Dashes:
    x: float
    y: float
    w: float
    color: str


@dataclass(frozen=True, kw_only=True)
class Key:
    """Where a touch means `name`; it draws nothing."""

    name: str
    area: Area


Shape = Box | Words | Icon | Dashes | Key


@dataclass(frozen=True, kw_only=True)
class Picture:
    """All of one screen; `name` is the screen's, `ground` the colour behind it."""

    name: str
    ground: str
    shapes: tuple[Shape, ...]

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
) -> Words:
    return Words(x=x, y=y, runs=(Run(text=text, size=size, color=color, bold=bold),), anchor=anchor, fit=fit)


def rich(text: str, *, size: float, color: str, strong_size: float, strong_color: str) -> tuple[Run, ...]:
    """Return runs in which what stands between asterisks is large and bold."""
    return tuple(
        Run(text=part, size=strong_size, color=strong_color, bold=True)
        if place % 2
        else Run(text=part, size=size, color=color)
        for place, part in enumerate(text.split("*"))
        if part
    )


def width(text: str, size: float) -> float:
    """Return about how wide a text is: close enough to break lines by."""
    return sum(size if character >= WIDE_FROM else size * 0.53 for character in text)


def wrapped(text: str, size: float, fit: float) -> list[str]:
    """Break a text into lines no wider than `fit`: at spaces, or anywhere between Chinese characters."""
    lines = [""]
    for piece in _pieces(text):
        if lines[-1] and width((lines[-1] + piece).rstrip(), size) > fit and piece not in "，。；：！？、":
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
