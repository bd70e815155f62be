"""About how wide a text is, rather too wide: close enough to break lines by. Pure, for screens of every kind."""

from collections.abc import Iterator
from typing import Final

WIDE_FROM: Final = "\u2e80"
_NARROW: Final = frozenset("iljtfrI.,:;'!|()-· ")
_BROAD: Final = frozenset("mwMW%@&—")
_ENDS_LINE: Final = frozenset("，。；：、！？,.;:!?）)")


def width_of(text: str, size: float) -> float:
    """Return about how wide a text of this font size is."""
    return sum(_width(character) for character in text) * size


def lines_of(text: str, width: float) -> list[str]:
    """Break a text into lines of that many font sizes: between words and Chinese characters, best after a comma."""
    lines: list[str] = []
    line, at_comma = "", 0
    for piece in _pieces(text):
        if line and width_of(line + piece.rstrip(), 1) > width:
            cut = at_comma if width_of(line[:at_comma], 1) > 0.5 * width else len(line)
            lines.append(line[:cut].strip())
            line, at_comma = line[cut:].lstrip(), 0
        line += piece
        if piece.rstrip()[-1:] in _ENDS_LINE:
            at_comma = len(line)
    return [*lines, line.strip()] if line.strip() else lines


def balanced(text: str, width: float) -> list[str]:
    """Break a text into lines that are about equally long."""
    lines = lines_of(text, width)
    narrow = width_of(text, 1) / max(1, len(lines))
    for step in range(10):
        narrower = lines_of(text, min(width, narrow * (1 + step / 10)))
        if len(narrower) == len(lines):
            return narrower
    return lines


def _pieces(text: str) -> Iterator[str]:
    """Yield what may not be broken: a word with the space after it, a Chinese character with the stop after it."""
    piece = ""
    for character in text:
        wide = character >= WIDE_FROM and character not in _ENDS_LINE
        if piece and (wide or (piece[-1] == " " and character != " ") or piece[-1] >= WIDE_FROM):
            if character in _ENDS_LINE:
                piece += character
                continue
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece


def _width(character: str) -> float:
    if character >= WIDE_FROM:
        return 1.0
    if character in _NARROW:
        return 0.36
    if character in _BROAD:
        return 0.9
    return 0.68 if character.isupper() else 0.58
