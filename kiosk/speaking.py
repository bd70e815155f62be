"""Says what a screen says, on the node's loop: one sentence after the other, silent at once when a key is pressed.

A speaker that is gone, or an engine that makes nothing, is told to the hall's technicians and stops no customer.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Final, NoReturn, Protocol

from broker.contract.messages import DeviceState
from hardware.devices import PortGone, Speaker
from hardware.voice import sound
from hardware.voice.engines import NoSpeech
from hardware.voice.maker import Speech

from .flow import Kiosk
from .hearing import Heard, Sentence, always_said, told

log = logging.getLogger(__name__)

STEP_DB: Final = 5.0  # four steps: 20 dB (49 CFR 27.71)
ORDINARY_DB: Final = -20.0  # ordinary loudness, so that the loudest is the engine's own


class Maker(Protocol):
    async def speech(self, voice: str, text: str, *, anew: bool = False) -> Speech: ...


class Speaking:
    """`see` each new state, from the loop's thread; run `run()` for as long as the program lives.

    `hear` turns a state into what is heard of it; `on_health` hears of the speaker, for the node's presence.
    """

    def __init__(self, *, maker: Maker, speaker: Speaker, hear: Callable[[Kiosk], Heard]) -> None:
        self._maker = maker
        self._speaker = speaker
        self._hear = hear
        self._before: Kiosk | None = None
        self._waiting: deque[tuple[Sentence, int]] = deque()
        self._something_waits = asyncio.Event()
        self._saying: asyncio.Task[None] | None = None
        self._fault: str | None = None
        self.on_health: Callable[[DeviceState, str], None] = lambda _state, _detail: None

    def see(self, kiosk: Kiosk) -> None:
        """Say what is new in a state, and end at once what is not wanted any more."""
        before, self._before = self._before, kiosk
        utterance = told(before, kiosk, self._hear) if before is not None else None
        if utterance is None or before is None:
            return
        volume = kiosk.volume if kiosk.listening else before.volume  # the last words are his who goes
        if utterance.cuts:
            self._waiting.clear()
            if self._saying is not None:
                self._saying.cancel()
        self._waiting.extend((each, volume) for each in utterance.sentences)
        self._something_waits.set()

    async def run(self) -> NoReturn:
        await self._warm_up()
        while True:
            await self._something_waits.wait()
            if not self._waiting:
                self._something_waits.clear()
                continue
            sentence, volume = self._waiting.popleft()
            self._saying = asyncio.create_task(self._say(sentence, volume))
            await asyncio.wait({self._saying})
            if not self._saying.cancelled() and (error := self._saying.exception()) is not None:
                raise error
            self._saying = None

    async def _warm_up(self) -> None:
        """Make what everybody hears first, as long as nobody waits for anything."""
        for sentence in always_said():
            if self._waiting:
                return
            try:
                await self._maker.speech(sentence.language.value, sentence.text)
            except NoSpeech as error:
                self._tell(DeviceState.FAULT, str(error))

    async def _say(self, sentence: Sentence, volume: int) -> None:
        try:
            made = await self._maker.speech(sentence.language.value, sentence.text)
            gain_db = ORDINARY_DB + STEP_DB * volume
            await self._speaker.play(sound.to_wav(sound.gained(made.samples, gain_db)))
        except (PortGone, NoSpeech) as error:
            self._waiting.clear()  # nobody hears the rest either
            self._tell(DeviceState.FAULT, str(error))
        else:
            self._tell(DeviceState.WARNING if made.fault else DeviceState.OK, made.fault)

    def _tell(self, state: DeviceState, detail: str) -> None:
        if detail == self._fault:
            return
        self._fault = detail
        if detail:
            log.warning("speech: %s", detail)
        self.on_health(state, detail)
