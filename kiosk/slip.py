"""What stands on a slip, as items from the top: what the printer's bytes are made of. Pure."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Line:
    """One line; `size` is a multiple of the text's own."""

    text: str
    size: int = 1
    bold: bool = False
    align: Literal["left", "center", "right"] = "center"


@dataclass(frozen=True)
class Rule:
    """A line across the paper."""


@dataclass(frozen=True)
class Logo:
    """A picture, as its PNG file."""

    png: bytes


@dataclass(frozen=True)
class Qr:
    """A QR code; `dots` is the edge of its small squares."""

    text: str
    dots: int = 6


@dataclass(frozen=True)
class Feed:
    lines: int


@dataclass(frozen=True)
class Mark:
    """From here on the paper shows whose ticket it is: the printer says when it comes here."""


Item = Line | Rule | Logo | Qr | Feed | Mark
