"""Lines of text: both languages on one baseline, paragraphs, columns, and the card beneath them."""

from collections.abc import Sequence
from dataclasses import dataclass

from broker.text_width import width_of

from .layout import CAPTION, Said
from .shapes import CAP, CARD, LINE, MUTED, RADIUS, Area, Box, Run, Shape, Words, words, wrapped


def two_lines(
    x: float,
    y: float,
    said: Said,
    size: float,
    *,
    fit: float,
    color: str | None = None,
    second_color: str = MUTED,
    bold: bool = False,
) -> Words:
    """Return both languages on one baseline, the second smaller, or the first alone where both have no room."""
    first, second = said
    main = (
        Run(text=first, size=size, bold=bold) if color is None else Run(text=first, size=size, color=color, bold=bold)
    )
    both = width_of(first, size) + width_of(f"  {second}", max(CAPTION, size * 0.65))
    if not second or both > fit:
        return Words(x=x, y=y, runs=(main,), fit=fit)
    caption = Run(text=f"  {second}", size=max(CAPTION, size * 0.65), color=second_color)
    return Words(x=x, y=y, runs=(main, caption), fit=fit)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a column of text."""

    text: str
    size: float
    color: str
    bold: bool = False
    small: bool = False
    before: float = 0.0  # space above

    @property
    def height(self) -> float:
        return self.size * 1.3 + self.before


def paragraph(
    said: Said, fit: float, *, size: float, color: str, second_color: str, bold: bool = False, before: float = 0.0
) -> list[Line]:
    """Return the lines of a text in the first language, then in the second."""
    first, second = said
    lines = [
        Line(text=line, size=size, color=color, bold=bold, before=0 if place else before)
        for place, line in enumerate(wrapped(first, size, fit))
    ]
    small = max(CAPTION, size * 0.66)
    return lines + [
        Line(text=line, size=small, color=second_color, small=True)
        for line in (wrapped(second, small, fit) if second else [])
    ]


def column(
    lines: Sequence[Line], area: Area, *, anchor: str = "left", middle: bool = False
) -> tuple[list[Shape], float]:
    """Return lines beneath one another in an area, and where they end."""
    height = sum(line.height for line in lines)
    squeeze = min(1.0, area.h / height) if height else 1.0
    y = area.y + (max(0.0, area.h - height) / 2 if middle else 0.0)
    shapes: list[Shape] = []
    for line in lines:
        y += line.height * squeeze
        x = area.middle if anchor == "center" else area.x
        shapes.append(
            words(
                line.text,
                x,
                y - line.size * (0.65 - CAP) * squeeze,
                line.size,
                color=line.color,
                bold=line.bold,
                anchor="center" if anchor == "center" else "left",
                fit=area.w,
                small=line.small,
            )
        )
    return shapes, y


def fitting(area: Area, *choices: Sequence[Line]) -> Sequence[Line]:
    """Return the first of several ways to say something that has room, or the last."""
    for lines in choices:
        if sum(line.height for line in lines) <= area.h:
            return lines
    return choices[-1]


def card(area: Area, *, fill: str = CARD, line: str = LINE) -> Box:
    return Box(area=area, fill=fill, line=line, radius=RADIUS)
