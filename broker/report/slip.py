"""*Why not me?* on paper: lines that fit the slip. Pure; whoever prints turns them into a printer's bytes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .sentences import title, what_stands, who_went_first
from .why import Account
from .words import Words

NUMBER_SIZE: Final = 3  # times the text
LAST_PASSES: Final = 12  # told on paper
_NOT_AT_THE_START: Final = "，。；：、）！？,.;:)!?%"


@dataclass(frozen=True)
class Line:
    """One printed line; `size` is a multiple of the text's own."""

    text: str
    size: int = 1
    bold: bool = False
    centred: bool = False


@dataclass(frozen=True)
class Rule:
    """A line across the paper."""


Item = Line | Rule


def slip(account: Account, words: Words, *, at: datetime, columns: int) -> tuple[Item, ...]:
    """Return the slip, printed at `at`; `columns` narrow characters fit on a line, half as many Chinese ones."""
    first = who_went_first(account, words, at_most=LAST_PASSES)
    stands: list[Item] = [Line(row) for line in what_stands(account, words) for row in wrapped(line, columns)]
    about = title(account, words).removeprefix(account.ticket).lstrip(" ·")
    return (
        *_centred(words.hall_name, columns, bold=True),
        Rule(),
        Line(account.ticket, size=NUMBER_SIZE, bold=True, centred=True),
        *_centred(about, columns),
        Rule(),
        *([*stands, Rule()] if stands else []),
        *(Line(row, bold=True) for row in wrapped(first.heading, columns)),
        *(Line(row) for line in first.lines for row in wrapped(line, columns)),
        Rule(),
        *_centred(words.say("printed", time=f"{words.local(at):%Y-%m-%d %H:%M}"), columns),
    )


def _centred(text: str, columns: int, *, bold: bool = False) -> tuple[Line, ...]:
    return tuple(Line(row, bold=bold, centred=True) for row in wrapped(text, columns))


def wrapped(text: str, columns: int) -> list[str]:
    """Break a text into rows: between words and between Chinese characters, never before a comma or a full stop."""
    rows = [""]
    for piece in _pieces(text):
        if rows[-1] and width(rows[-1] + piece.rstrip()) > columns:
            rows[-1] = rows[-1].rstrip()
            rows.append("")
        rows[-1] += piece if rows[-1] else piece.lstrip()
    return [row.rstrip() for row in rows]


def width(text: str) -> int:
    """Return how many narrow characters a text takes; all that is not ASCII is printed from the Chinese font."""
    return sum(1 if character.isascii() else 2 for character in text)


def _pieces(text: str) -> list[str]:
    """Return what may not be broken: words, numbers with their unit, characters with the marks that follow them."""
    pieces: list[str] = []
    for character in text:
        last = pieces[-1] if pieces else " "
        is_word = last[-1].isascii() and last[-1] != " " and character.isascii()
        is_unit = last[-2:-1].isdigit() and last[-1] == " " and not character.isascii()
        is_mark = character in _NOT_AT_THE_START and last[-1] != " "
        is_bound = is_word or is_unit or is_mark or last[-1] == "（" or character == " "
        if pieces and is_bound:
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces
