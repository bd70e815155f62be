"""What is wrong with a device, in the reader's language.

Nodes tell it in English words for a technician, their drivers' own. Those words are its name too: the table `reasons`
of the English texts holds each as a pattern, the other languages' tables what it means. So neither wire nor drivers
know of languages, and what an older node says is understood as well. What is not known stays as it was said.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from string import Formatter
from typing import Final

from .contract.messages import Language
from .contract.texts import texts

PROSE: Final = frozenset({"detail", "problem", "device"})  # the blanks of our texts that hold a reason, or a device
LONGEST: Final = 2000  # characters of what is looked at; it came over the wire
BETWEEN: Final = "; "  # what a node puts between two reasons; some have it within
MOST: Final = 3  # pieces of one reason
_BLANK: Final = r"(?s:(?P<%s>.*?))"
_BETWEEN: Final = {Language.ZH: "；", Language.EN: BETWEEN}


def worded(reason: str, language: Language) -> str:
    """Return a reason, or several, in a language; what its blanks hold too, where that is a reason itself."""
    pieces = reason.split(BETWEEN)
    said = list(_each(pieces, language)) if language is not Language.EN and len(reason) <= LONGEST else pieces
    return reason if said == pieces else _BETWEEN[language].join(said).replace("？；", "？")


def all_worded(blanks: Mapping[str, str | float], language: Language) -> dict[str, str | float]:
    """Return what goes into a text's blanks, with those worded that programs said in words; figures stay."""
    return {
        name: worded(each, language) if name in PROSE and isinstance(each, str) else each
        for name, each in blanks.items()
    }


def _each(pieces: Sequence[str], language: Language) -> Iterator[str]:
    """Yield each reason worded: of the pieces as few together as make one that is known."""
    while pieces:
        together = ((count, BETWEEN.join(pieces[:count])) for count in range(1, min(MOST, len(pieces)) + 1))
        taken, said = next(
            ((count, said) for count, reason in together if (said := _one(reason, language)) is not None),
            (1, pieces[0]),
        )
        pieces = pieces[taken:]
        yield said


def _one(reason: str, language: Language) -> str | None:
    """Return one reason worded; None where it is not known."""
    for key, pattern in _patterns():
        if (match := pattern.fullmatch(reason)) is not None:
            blanks = {name: worded(text, language) for name, text in match.groupdict().items()}
            return texts(language)["reasons"][key].format(**blanks)
    return None


@cache
def _patterns() -> Sequence[tuple[str, re.Pattern[str]]]:
    """Return them with the most words of its own first: what fits two is the more telling one."""
    parts = {key: list(Formatter().parse(text)) for key, text in texts(Language.EN)["reasons"].items()}
    own = {key: sum(len(literal) for literal, *_ in each) for key, each in parts.items()}
    return [
        (key, re.compile("".join(re.escape(literal) + (_BLANK % name if name else "") for literal, name, *_ in each)))
        for key, each in sorted(parts.items(), key=lambda item: -own[item[0]])
    ]
