"""What the strip says, line by line, each understandable by itself: who looks up has not seen the one before. Pure.

A sentence that is too wide is said shorter, a notice in its phrases; one that must be cut says so with an ellipsis.
"""

from collections.abc import Sequence
from typing import Final

from broker.contract.messages import Language
from broker.contract.texts import texts
from broker.text_width import balanced, width_of

from .board import Queue

ELLIPSIS: Final = "…"
MARKS: Final = 2 * width_of(ELLIPSIS, 1)
_ENDS_PHRASE: Final = frozenset("，。；！,.;!")  # after a question its answer follows, after a colon what it is about


def fitting(forms: Sequence[str], width: float) -> str:
    """Return the first form that has room in so many font sizes, or else the last one."""
    return next((each for each in forms if width_of(each, 1) <= width), forms[-1])


def last_call(queue: Queue, language: Language, width: float) -> str:
    """Return whom a service called last: its name after the number, or left out, where it has no room."""
    words = texts(language)["board"]
    said = {"service": _in(queue, language), "ticket": queue.last}
    return fitting([words[key].format(**said) for key in ("last_called", "last_short", "last_ticket")], width)


def waiting(queue: Queue, language: Language, width: float) -> str:
    """Return how many wait and how long: shorter without how many, then by the letter of the numbers."""
    words = texts(language)["board"]
    minutes = queue.minutes_en if queue.minutes_en and language is not Language.ZH else queue.minutes
    keys = ("queue_line", "queue_short", "queue_letter")
    if not minutes[0].isdigit():
        keys = ("queue_word", "queue_word", "queue_word_letter")
    said = {"service": _in(queue, language), "waiting": queue.waiting, "minutes": minutes, "prefix": queue.prefix}
    return fitting([words[key].format(**said) for key in keys if queue.prefix or "letter" not in key], width)


def prose(forms: Sequence[str], width: float) -> list[str]:
    """Return a text in lines that end where a phrase ends, of the first form of which all phrases have room."""
    for form in forms:
        lines = _by_phrases(form, width)
        if lines:
            return lines
    lines = balanced(forms[-1], width - MARKS)
    return [
        ("" if at == 0 or lines[at - 1][-1] in _ENDS_PHRASE else ELLIPSIS)
        + line
        + ("" if at == len(lines) - 1 or line[-1] in _ENDS_PHRASE else ELLIPSIS)
        for at, line in enumerate(lines)
    ]


def _by_phrases(text: str, width: float) -> list[str]:
    """Return lines of whole phrases; empty: one of them has no room."""
    phrases, phrase = [], ""
    for at, character in enumerate(text):
        phrase += character
        is_end = character in _ENDS_PHRASE and text[at + 1 : at + 2] in {"", " "} if character.isascii() else True
        if character in _ENDS_PHRASE and is_end:
            phrases.append(phrase)
            phrase = ""
    phrases += [phrase] if phrase.strip() else []
    lines: list[str] = []
    for each in phrases:
        if width_of(each.strip(), 1) > width:
            return []
        if lines and width_of((lines[-1] + each).strip(), 1) <= width:
            lines[-1] += each
        else:
            lines.append(each)
    return [line.strip() for line in lines]


def _in(queue: Queue, language: Language) -> str:
    return queue.name.zh if language is Language.ZH else queue.name.en
