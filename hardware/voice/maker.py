"""Speech by the first engine that makes it, one phrase at a time, out of the cache where it was made before."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import sound
from .cache import PhraseCache
from .clips import Clips
from .engines import Engine, NoSpeech, Pyttsx3, espeak_command
from .sound import Samples

log = logging.getLogger(__name__)

CACHE: Final = "phrases"
CLIPS: Final = "words"
_SLOW_S: Final = 0.15  # an engine that takes longer is worth being asked before the phrase is needed


@dataclass(frozen=True, kw_only=True)
class Speech:
    """A phrase as sound, without silence at its ends, at the nominal loudness.

    `fault` says what is wrong when an engine before the one that made it failed, for a technician.
    """

    samples: Samples
    fault: str = ""

    @property
    def wav(self) -> bytes:
        return sound.to_wav(self.samples)


class VoiceMaker:
    """Makes one phrase at a time; whoever asks first is served first. The last resort are words that were recorded."""

    def __init__(self, engines: Sequence[Engine], cache: PhraseCache, clips: Clips | None = None) -> None:
        self._engines = engines
        self._cache = cache
        self._clips = clips
        self._one_at_a_time = asyncio.Lock()
        self.slow = False  # the last phrase took its time

    async def speech(self, voice: str, text: str, *, pace: float = 1.0, anew: bool = False) -> Speech:
        """Return a text spoken by the voice of that tag; `anew`: not out of the cache. Raises NoSpeech."""
        async with self._one_at_a_time:
            if not anew:
                for engine in self._engines:
                    if (samples := self._cache.read(engine.key, voice, text, pace)) is not None:
                        return Speech(samples=samples)
            began_s = time.monotonic()
            engine, speech = await self._first(voice, text, pace, last_resort=True)
            self.slow = time.monotonic() - began_s > _SLOW_S
            if engine is not self._clips:
                self._cache.write(engine.key, voice, text, pace, speech.samples)
            return speech

    async def record(self, voice: str, word: str) -> None:
        """Keep a word for days on which no engine works, if it is not kept yet. Raises NoSpeech."""
        if self._clips is None or self._clips.has(voice, word):
            return
        async with self._one_at_a_time:
            _, speech = await self._first(voice, word, 1.0, last_resort=False)
            self._clips.keep(voice, word, speech.samples)

    async def close(self) -> None:
        for engine in self._engines:
            await engine.close()

    async def _first(self, voice: str, text: str, pace: float, *, last_resort: bool) -> tuple[Engine, Speech]:
        """Return the first engine that makes it, and what it made."""
        faults = []
        engines: list[Engine] = [each for each in self._engines if each.speaks(voice)]
        if last_resort and self._clips is not None:
            engines.append(self._clips)
        for engine in engines:
            try:
                samples = sound.levelled(sound.trimmed(await engine.make(voice, text, pace)))
            except NoSpeech as error:
                faults.append(str(error))
                log.warning("%s", error)
            else:
                return engine, Speech(samples=samples, fault="; ".join(faults))
        raise NoSpeech("; ".join(faults) or f"no engine has the voice {voice}")


def usual_maker(state_dir: Path, own: Sequence[Engine] = ()) -> VoiceMaker:
    """Return a maker with a hall's own engines, if any, and those that every installation has."""
    return VoiceMaker(
        [*own, Pyttsx3(state_dir), espeak_command(state_dir)],
        PhraseCache(state_dir / CACHE),
        Clips(state_dir / CLIPS),
    )
