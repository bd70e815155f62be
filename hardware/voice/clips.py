"""Recorded words, joined to sentences: the voice of a day on which no engine works. They were made on a better day."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from . import sound
from .engines import NoSpeech
from .sound import Samples

_BETWEEN_S: Final = 0.03
_SILENT: Final = " ,.，。、!！"


class Clips:
    """Two files a word, its sound and how it is written; it may be a whole sentence. The longest that fits counts."""

    key = "clips"

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def has(self, voice: str, word: str) -> bool:
        return self._path(voice, word).exists()

    def keep(self, voice: str, word: str, samples: Samples) -> None:
        """Keep a word's sound; a full disk is told by whoever asks for it later."""
        path = self._path(voice, word)
        new = path.with_suffix(".new")
        try:
            new.write_bytes(sound.to_wav(samples))
            path.with_suffix(".txt").write_text(word, encoding="utf-8")
            new.replace(path)
        except OSError:
            new.unlink(missing_ok=True)

    def speaks(self, voice: str) -> bool:
        return any(self._directory.glob(f"{voice}-*.wav"))

    async def make(self, voice: str, text: str, pace: float = 1.0) -> Samples:
        """Return the words one after the other; their pace is what it is."""
        del pace
        try:
            words = {_written(path): path for path in self._directory.glob(f"{voice}-*.wav")}
            recorded = [sound.read(path.read_bytes()) for path in split(text, words)]
        except (OSError, sound.BadSound) as error:
            raise NoSpeech(f"a recorded word cannot be used ({error}): remove {self._directory}") from error
        pause = sound.silence(_BETWEEN_S)
        return sound.joined(piece for each in recorded for piece in (each, pause))

    async def close(self) -> None:
        """Nothing is open."""

    def _path(self, voice: str, word: str) -> Path:
        return self._directory / f"{voice}-{hashlib.sha256(word.encode()).hexdigest()[:16]}.wav"


def split(text: str, words: Mapping[str, Path]) -> list[Path]:
    """Return the files of the words that make up a text. Raises NoSpeech when one is missing."""
    known = sorted(words, key=len, reverse=True)
    found, rest = [], text.lstrip(_SILENT)
    while rest:
        word = next((each for each in known if _begins(rest, each)), None)
        if word is None:
            raise NoSpeech(f"no recorded word for the beginning of {rest!r}")
        found.append(words[word])
        rest = rest[len(word) :].lstrip(_SILENT)
    return found


def _begins(text: str, word: str) -> bool:
    """Tell whether a text begins with a word, and a Latin word ends there too."""
    follows = text[len(word) : len(word) + 1]
    runs_on = word[-1].isascii() and word[-1].isalnum() and follows.isascii() and follows.isalnum()
    return text.startswith(word) and not runs_on


def _written(path: Path) -> str:
    return path.with_suffix(".txt").read_text(encoding="utf-8", errors="replace")
