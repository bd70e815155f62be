"""Somebody who only listens: tells from the sound of a hall which calls were announced, when, and with which pauses.

Every sentence that could have been said is made outside the running programs, and looked for sample by sample.
"""

import json
import subprocess
import sys
import wave
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

Samples: TypeAlias = "array[int]"
Sentence: TypeAlias = tuple[str, int, str]  # ticket, counter, language

_RATE: Final = 22050
_AUDIBLE: Final = 200
_PAUSE: Final = _RATE // 4
_BLOCK: Final = 512


@dataclass(frozen=True, kw_only=True)
class Said:
    """A sentence that was heard; `gap_s` is the silence before it."""

    sentence: Sentence
    short: bool
    start_s: float
    gap_s: float


@dataclass(kw_only=True)
class HeardAnnouncement:
    """A chime, and what followed it up to the next one."""

    start_s: float
    end_s: float
    said: list[Said] = field(default_factory=list)


@dataclass(kw_only=True)
class Heard:
    """All that was heard; `strange_s` are the moments of sound that is nothing known: an overlap, a torn word."""

    announcements: list[HeardAnnouncement] = field(default_factory=list)
    strange_s: list[float] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class References:
    """What is known: the chime, and each sentence without silence at its ends."""

    chime: "Samples"
    sentences: dict[tuple[Sentence, bool], "Samples"]  # sentence, short


def references(sentences: Iterable[Sentence], *, place: Path) -> References:
    """Have the sentences made, each by itself and as it is said among others, in a process apart."""
    wanted = {
        f"{number}-{'short' if short else 'full'}": (sentence, short)
        for number, sentence in enumerate(sentences)
        for short in (False, True)
    }
    orders = [
        {"name": name, "ticket": ticket, "counter": counter, "languages": [language], "short": short}
        for name, ((ticket, counter, language), short) in wanted.items()
    ]
    subprocess.run(
        [sys.executable, "-m", "display.reference", "--out", str(place)],
        input="".join(json.dumps(order) + "\n" for order in orders),
        text=True,
        check=True,
    )
    found: dict[tuple[Sentence, bool], Samples] = {}
    chime: Samples = array("h")
    for name, (sentence, short) in wanted.items():
        sound = samples(place / f"{name}.wav")
        if not short:
            chime, sound = _split(sound)
        found[sentence, short] = trimmed(sound)
    return References(chime=chime, sentences=found)


def samples(path: Path) -> "Samples":
    with wave.open(str(path)) as sound:
        return array("h", sound.readframes(sound.getnframes()))


def listen(tape: "Samples", known: References) -> Heard:
    """Return what is to be heard on a tape."""
    heard = Heard()
    by_beginning: dict[bytes, list[tuple[Sentence, bool]]] = {}
    for key, sound in known.sentences.items():
        by_beginning.setdefault(sound[:_BLOCK].tobytes(), []).append(key)
    at, quiet_since = _next_audible(tape, 0), 0
    while at is not None:
        match = _sentence(tape, at, known, by_beginning)
        if tape[at : at + len(known.chime)] == known.chime:
            end = at + len(known.chime)
            heard.announcements.append(HeardAnnouncement(start_s=at / _RATE, end_s=end / _RATE))
        elif match is not None and heard.announcements:
            end = at + len(known.sentences[match])
            gap_s = (at - quiet_since) / _RATE
            announcement = heard.announcements[-1]
            announcement.said.append(Said(sentence=match[0], short=match[1], start_s=at / _RATE, gap_s=gap_s))
            announcement.end_s = end / _RATE
        else:
            heard.strange_s.append(at / _RATE)
            end = _next_silence(tape, at)
        quiet_since, at = end, _next_audible(tape, end)
    return heard


def _sentence(
    tape: "Samples", at: int, known: References, by_beginning: dict[bytes, list[tuple[Sentence, bool]]]
) -> tuple[Sentence, bool] | None:
    keys: Sequence[tuple[Sentence, bool]] = by_beginning.get(tape[at : at + _BLOCK].tobytes(), [])
    fitting = [key for key in keys if tape[at : at + len(sound := known.sentences[key])] == sound]
    return max(fitting, key=lambda key: len(known.sentences[key]), default=None)


def _split(announcement: "Samples") -> tuple["Samples", "Samples"]:
    """Return the chime and the sentence of a lone announcement."""
    silence = _next_silence(announcement, 0)
    return trimmed(announcement[:silence]), announcement[silence:]


def trimmed(sound: "Samples") -> "Samples":
    loud = [place for place, sample in enumerate(sound) if abs(sample) > _AUDIBLE]
    return sound[loud[0] : loud[-1] + 1] if loud else sound[:0]


def _next_audible(tape: "Samples", at: int) -> int | None:
    """Return the place of the next sample that can be heard."""
    silence = bytes(2 * _BLOCK)
    while at < len(tape):
        block = tape[at : at + _BLOCK]
        if block.tobytes() != silence[: 2 * len(block)]:
            for place, sample in enumerate(block, at):
                if abs(sample) > _AUDIBLE:
                    return place
        at += _BLOCK
    return None


def _next_silence(tape: "Samples", at: int) -> int:
    """Return where a quarter of a second without sound begins."""
    quiet = 0
    for place in range(at, len(tape)):
        quiet = 0 if abs(tape[place]) > _AUDIBLE else quiet + 1
        if quiet == _PAUSE:
            return place - _PAUSE + 1
    return len(tape)
