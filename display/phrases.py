"""The sentences of the voice, spelt so that engines read a ticket's digits one by one."""

import string
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from broker.contract.messages import Language
from broker.contract.texts import texts

GAP_S: Final = 0.4  # before a sentence
JOINED_GAP_S: Final = 0.15  # between the numbers of calls that are announced together
_BRISK, _CALM = 1.2, 0.85  # paces: of calls that are announced together, and to somebody who walks slowly
_WORD_S: Final = {Language.ZH: 0.26, Language.EN: 0.36}  # measured; a Chinese word is a character
_WINDOWS: Final = 40  # as many counters can be said out of recorded words


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """One sentence in one language, `gap_s` after what came before; a pace of 0.85 is slower."""

    language: Language
    text: str
    pace: float = 1.0
    gap_s: float = GAP_S


def chinese_number(number: int) -> str:
    """Return a window's number in words, 1 to 99: 十, 十二, 二十, 三十一."""
    digits = texts(Language.ZH)["voice"]["digits"]
    tens, units = divmod(number, 10)
    return (
        ("" if tens <= 1 else digits[tens])
        + ("" if tens == 0 else texts(Language.ZH)["voice"]["ten"])
        + (digits[units] if units or not tens else "")
    )


def phrase(ticket: str, counter: int, language: Language, *, key: str = "announcement") -> str:
    """Return the sentence that calls a ticket."""
    words = texts(language)["voice"]
    signs = [words["digits"][int(sign)] if sign.isdecimal() else sign + words["after_letter"] for sign in ticket]
    for place, pair in enumerate(pairwise(ticket)):
        if "".join(pair).isalpha():
            signs[place] += words["between_letters"]  # or they are read as one word
    number = chinese_number(counter) if language is Language.ZH else str(counter)
    return words[key].format(ticket=" ".join(signs), counter=number)


def sentence(ticket: str, counter: int, language: Language, *, calm: bool = False) -> Spoken:
    """Return the whole sentence that calls a ticket."""
    return Spoken(language=language, text=phrase(ticket, counter, language), pace=_CALM if calm else 1.0)


def sentences(
    ticket: str, counter: int, languages: tuple[Language, ...], repeats: int, *, calm: bool = False
) -> tuple[Spoken, ...]:
    """Return what one announcement says: the first language `repeats` times, then the others in their order."""
    first, *others = [sentence(ticket, counter, each, calm=calm) for each in languages]
    return (first,) * repeats + tuple(others)


def short(ticket: str, counter: int, language: Language, *, first: bool) -> Spoken:
    """Return the few words that call a ticket among others; `first`: after the chime."""
    return Spoken(
        language=language,
        text=phrase(ticket, counter, language, key="joined"),
        pace=_BRISK,
        gap_s=GAP_S if first else JOINED_GAP_S,
    )


def warning(languages: tuple[Language, ...]) -> tuple[Spoken, ...]:
    """Return what is said while everybody has to leave."""
    return tuple(Spoken(language=each, text=texts(each)["voice"]["evacuation"]) for each in dict.fromkeys(languages))


def trial(languages: tuple[Language, ...]) -> tuple[Spoken, ...]:
    """Return what is said where a loudspeaker is tried."""
    return tuple(Spoken(language=each, text=texts(each)["voice"]["trial"]) for each in dict.fromkeys(languages))


def seconds(parts: tuple[Spoken, ...]) -> float:
    """Estimate how long the sentences take, with the pauses before them."""
    return sum(part.gap_s + _words(part) * _WORD_S[part.language] / part.pace for part in parts)


def vocabulary(language: Language) -> tuple[str, ...]:
    """Return the words that calls are made of, to be recorded for a day without an engine, and the warning."""
    words = texts(language)["voice"]
    frames = [words[key].format(ticket="", counter="").split() for key in ("announcement", "joined")]
    fixed = [bare for frame in frames for word in frame if (bare := word.strip(",. "))]
    numbers = [words["ten"]] if language is Language.ZH else [str(n) for n in range(10, _WINDOWS + 1)]
    return tuple(dict.fromkeys([*words["digits"], *string.ascii_uppercase, *numbers, *fixed, words["evacuation"]]))


def _words(part: Spoken) -> int:
    return len(part.text.replace(" ", "")) if part.language is Language.ZH else len(part.text.split())
