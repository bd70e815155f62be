"""Speech by the first engine that makes it, one phrase at a time, out of the cache where it was made before."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import sound
from .cache import PhraseCache
from .engines import Engine, NoSpeech, Pyttsx3, espeak_command
from .sound import Samples

log = logging.getLogger(__name__)

CACHE: Final = "phrases"


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
    """Makes one phrase at a time; whoever asks first is served first."""

    def __init__(self, engines: Sequence[Engine], cache: PhraseCache) -> None:
        self._engines = engines
        self._cache = cache
        self._one_at_a_time = asyncio.Lock()

    async def speech(self, voice: str, text: str, *, anew: bool = False) -> Speech:
        """Return a text spoken by the voice of that tag; `anew`: not out of the cache. Raises NoSpeech."""
        async with self._one_at_a_time:
            if not anew:
                for engine in self._engines:
                    if (samples := self._cache.read(engine.key, voice, text)) is not None:
                        return Speech(samples=samples)
            faults = []
            for engine in self._engines:
                try:
                    samples = sound.levelled(sound.trimmed(await engine.make(voice, text)))
                except NoSpeech as error:
                    faults.append(str(error))
                    log.warning("%s", error)
                else:
                    self._cache.write(engine.key, voice, text, samples)
                    return Speech(samples=samples, fault="; ".join(faults))
        raise NoSpeech("; ".join(faults))

    async def close(self) -> None:
        for engine in self._engines:
            await engine.close()


def usual_maker(state_dir: Path) -> VoiceMaker:
    """Return a maker with the engines that every installation has, and its cache under `state_dir`."""
    return VoiceMaker(
        [Pyttsx3(state_dir), espeak_command(state_dir)],
        PhraseCache(state_dir / CACHE),
    )
