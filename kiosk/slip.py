"""What the slip says: lines for the printer, and for the picture of it on the ticket screen. Pure.

The customer's language comes first; the service's name stands in both, for the clerk.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from broker.contract.messages import Language, Service, Text, TicketTaken, Zone

NUMBER_SIZE: Final = 4  # times the text: legible at arm's length
DOUBLE_COLUMNS: Final = 16  # of double width that fit on 58 mm paper


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
    text: str


@dataclass(frozen=True)
class Feed:
    lines: int


@dataclass(frozen=True)
class Mark:
    """From here on the paper shows whose ticket it is: the printer says when it comes here."""


Item = Line | Rule | Logo | Qr | Feed | Mark


def minutes(low: int, high: int) -> str:
    """Return a range of minutes as people read it."""
    return str(low) if low == high else f"{low}–{high}"


def wait_words(*, ahead: int | None, low_min: int | None, high_min: int | None, words: Mapping[str, str]) -> str:
    """Return who is ahead and how long it takes; at once when nobody waits, unknown when nobody knows."""
    if ahead is None:
        return words["unknown"]
    people = words["ahead"].format(ahead=ahead) if ahead else words["nobody"]
    if low_min is None or high_min is None:
        return f"{people} · {words['unknown']}"
    if high_min == 0:
        return f"{people} · {words['at_once']}"
    return f"{people} · {words['wait'].format(range=minutes(low_min, high_min))}"


def columns(text: str) -> int:
    """Return how wide a line is in the printer's narrow characters; a Chinese one takes two."""
    return sum(1 if character < "\u2000" else 2 for character in text)


def slip(
    *,
    hall_name: Text,
    service: Service,
    zone: Zone,
    taken: TicketTaken,
    at: datetime,
    language: Language,
    words: Mapping[str, str],
) -> tuple[Item, ...]:
    """Return the slip of a ticket. `at` is in the hall's time, `words` the table `slip` of the language."""
    wait = wait_words(ahead=taken.ahead, low_min=taken.wait_low_min, high_min=taken.wait_high_min, words=words)
    if language is Language.ZH:
        hall, first, second, place = hall_name.zh, service.name.zh, service.name.en, zone.name.zh
    else:
        hall, first, second, place = hall_name.en, service.name.en, service.name.zh, zone.name.en
    return (
        Line(hall, bold=True),
        Rule(),
        Line(first, size=2 if columns(first) <= DOUBLE_COLUMNS else 1),
        Line(second),
        Line(taken.ticket, size=NUMBER_SIZE, bold=True),
        Line(wait),
        Line(words["zone"].format(zone=place)),
        Rule(),
        Line(f"{at:%Y-%m-%d %H:%M}"),
        Line(words["late"]),
    )
