"""Makes whole announcements: the chime, then each sentence after a short pause. It never fails."""

from collections.abc import Sequence
from dataclasses import dataclass

from broker.contract.messages import Language
from hardware.voice import bells, sound
from hardware.voice.engines import NoSpeech
from hardware.voice.maker import VoiceMaker
from hardware.voice.sound import Samples

from .speech import GAP_S, Spoken, phrase


@dataclass(frozen=True, kw_only=True)
class Made:
    """One announcement's WAV; `fault` says what is wrong when an engine failed, for a technician."""

    wav: bytes
    fault: str = ""


class Announcer:
    def __init__(self, maker: VoiceMaker) -> None:
        self._maker = maker

    async def warm_up(self, languages: Sequence[Language]) -> None:
        """Say something in each language to nobody, so that the first call is quick."""
        await self.make([Spoken(language=each, text=phrase("A001", 1, each)) for each in languages])

    async def make(self, parts: Sequence[Spoken]) -> Made:
        """Return the WAV of an announcement; at worst it is the chime alone."""
        spoken: dict[Spoken, Samples] = {}
        faults = []
        for part in dict.fromkeys(parts):
            try:
                speech = await self._maker.speech(part.language.value, part.text)
            except NoSpeech as error:
                faults.append(str(error))
            else:
                spoken[part] = speech.samples
                faults += [speech.fault] if speech.fault else []
        pause = sound.silence(GAP_S)
        heard = [piece for part in parts if part in spoken for piece in (pause, spoken[part])]
        return Made(
            wav=sound.to_wav(sound.joined([bells.chime(), *heard, pause])), fault="; ".join(dict.fromkeys(faults))
        )

    async def close(self) -> None:
        await self._maker.close()
