"""Makes whole announcements: chime or alarm, then each sentence after a short pause. It never fails."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from broker.contract.messages import Language
from hardware.voice import bells, sound
from hardware.voice.engines import NoSpeech
from hardware.voice.maker import VoiceMaker
from hardware.voice.sound import Samples

from .phrases import GAP_S, Spoken, sentence, vocabulary

_WARNING_PAUSE_S: Final = 1.0  # after it, until the alarm sounds again


@dataclass(frozen=True, kw_only=True)
class Made:
    """One announcement's WAV, and the same without its opening, for an engine so slow that the chime came first.

    `fault` says what is wrong when an engine failed, for a technician.
    """

    whole: bytes
    rest: bytes
    fault: str = ""


class Announcer:
    def __init__(self, maker: VoiceMaker) -> None:
        self._maker = maker

    @property
    def slow(self) -> bool:
        """Tell whether it is worth making announcements before they are needed."""
        return self._maker.slow

    async def warm_up(self, languages: Sequence[Language]) -> str:
        """Say something in each language to nobody, so that the first call is quick; return what is wrong."""
        bells.chime(), bells.alarm()
        faults = []
        for part in dict.fromkeys(sentence("A001", 1, each) for each in languages):
            try:
                faults.append((await self._maker.speech(part.language.value, part.text, anew=True)).fault)
            except NoSpeech as error:
                faults.append(str(error))
        return _joined(faults)

    async def record_words(self, languages: Sequence[Language]) -> None:
        """Keep the words of calls, one at a time, for days on which no engine works."""
        for language in dict.fromkeys(languages):
            for word in vocabulary(language):
                try:
                    await self._maker.record(language.value, word)
                except NoSpeech:
                    return  # the first announcement tells

    async def make_ahead(self, part: Spoken) -> None:
        """Make a sentence that will probably be needed."""
        try:
            await self._maker.speech(part.language.value, part.text, pace=part.pace)
        except NoSpeech:
            return

    def opening(self, *, alarm: bool = False, volume_db: int = 0) -> bytes:
        """Return the WAV of what comes before the first word."""
        return sound.to_wav(_opening(alarm=alarm, volume_db=volume_db))

    async def make(self, parts: Sequence[Spoken], *, alarm: bool = False, volume_db: int = 0) -> Made:
        """Return an announcement; at worst it is the chime alone, or the alarm."""
        spoken: dict[Spoken, Samples] = {}
        faults = []
        for part in dict.fromkeys(parts):
            try:
                speech = await self._maker.speech(part.language.value, part.text, pace=part.pace)
            except NoSpeech as error:
                faults.append(str(error))
            else:
                spoken[part] = sound.gained(speech.samples, volume_db)
                faults.append(speech.fault)
        heard = [piece for part in parts if part in spoken for piece in (sound.silence(part.gap_s), spoken[part])]
        rest = sound.joined([*heard, sound.silence(_WARNING_PAUSE_S if alarm else GAP_S)])
        return Made(
            whole=sound.to_wav(_opening(alarm=alarm, volume_db=volume_db) + rest),
            rest=sound.to_wav(rest),
            fault=_joined(faults),
        )

    async def close(self) -> None:
        await self._maker.close()


def _opening(*, alarm: bool, volume_db: int) -> Samples:
    return sound.gained(bells.alarm() if alarm else bells.chime(), volume_db)


def _joined(faults: Sequence[str]) -> str:
    return "; ".join(each for each in dict.fromkeys(faults) if each)
