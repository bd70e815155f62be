"""Phrases that were made before, as WAV files: bounded, the least used go first. Losing them costs time, no more."""

import hashlib
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from . import sound
from .sound import Samples

log = logging.getLogger(__name__)

MOST_BYTES: Final = 64 << 20  # about 400 announcements


class PhraseCache:
    """One file a phrase, named by engine, version, voice, pace and text. A file that is no sound is made anew."""

    def __init__(self, directory: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self._directory = directory
        self._most_bytes = most_bytes
        directory.mkdir(parents=True, exist_ok=True)
        for torn in directory.glob("*.new"):
            torn.unlink(missing_ok=True)
        files = sorted(directory.glob("*.wav"), key=lambda file: file.stat().st_mtime_ns)
        self._sizes = {file.name: file.stat().st_size for file in files}  # the least used first

    def read(self, engine: str, voice: str, text: str, pace: float) -> "Samples | None":
        """Return a phrase as it was kept, or None."""
        name = _name(engine, voice, text, pace)
        if name not in self._sizes:
            return None
        path = self._directory / name
        try:
            samples = sound.read(path.read_bytes())
            os.utime(path)
        except (OSError, sound.BadSound) as error:
            log.warning("%s is made anew: %s", path, error)
            self._drop(name)
            return None
        self._sizes[name] = self._sizes.pop(name)  # the most used last
        return samples

    def write(self, engine: str, voice: str, text: str, pace: float, samples: Samples) -> None:
        """Keep a phrase; a full disk is no fault of the voice."""
        name = _name(engine, voice, text, pace)
        wav = sound.to_wav(samples)
        new = self._directory / f"{name}.new"
        try:
            new.write_bytes(wav)
            new.replace(self._directory / name)
        except OSError as error:
            log.warning("no phrase is kept in %s: %s", self._directory, error)
            return
        self._sizes.pop(name, None)
        self._sizes[name] = len(wav)
        while sum(self._sizes.values()) > self._most_bytes:
            self._drop(next(iter(self._sizes)))

    def _drop(self, name: str) -> None:
        self._sizes.pop(name)
        with suppress(OSError):
            (self._directory / name).unlink(missing_ok=True)


def _name(engine: str, voice: str, text: str, pace: float) -> str:
    return hashlib.sha256(f"{engine}\0{voice}\0{pace}\0{text}".encode()).hexdigest()[:40] + ".wav"
