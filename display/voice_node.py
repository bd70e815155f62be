"""The shell of a voice: it hears the hall, and plays one announcement after the other."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from broker.ailments import found
from broker.alive import keep_alive
from broker.bus import Bus
from broker.contract.messages import (
    AnyView,
    BoardView,
    BoxFinding,
    CallRepeated,
    DeviceState,
    HallView,
    Medium,
    Recorded,
    Role,
    TicketCalled,
)
from broker.link import HallLink
from broker.trying import Tries
from broker.voice_file import Voice
from broker.ways import Ways, figures
from hardware.devices import PortGone, Speaker
from hardware.drivers.loudspeaker import duration_s

from .agreement import Agreement
from .announcer import Announcer
from .foresight import Foresight
from .loudness import volume_db
from .phrases import sentence, trial
from .speech import TOO_OLD, Announcement, SpeechQueue
from .spoken import SpokenCalls

log = logging.getLogger(__name__)

SPEAKER: Final = "speaker"
LOOK_BACK: Final = 100  # events; a voice that starts again goes on with the calls that it had not spoken yet
RETRY_S: Final = (0.5, 1.0, 2.0, 5.0)  # pauses before a silent loudspeaker is tried again; the last one repeats
HASTE_S: Final = 0.12  # an announcement that takes longer to make begins with its chime
COMPARE_S: Final = 5.0


def heard_by_voice(zone: str) -> tuple[str, ...]:
    """Return what a voice listens to; after a cut, the view of the calls shows that one was missed, a recall too."""
    return ("view/hall", "view/queues", f"view/board/{zone}", "event/+")


class VoiceNode:
    """Speaks the calls of one zone. `now` is aware wall-clock time, compared with that of the events."""

    def __init__(
        self,
        *,
        bus: Bus,
        hall: str,
        node: str,
        voice: Voice,
        spoken: SpokenCalls,
        announcer: Announcer,
        speaker: Speaker,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._voice = voice
        self._speech = SpeechQueue(
            zone=voice.zone,
            languages=voice.languages,
            repeats=voice.repeats,
            backlog_s=voice.backlog_s,
            spoken=spoken.read(),
        )
        self._agreement = Agreement()
        self._foresight = Foresight()
        self._timezone: ZoneInfo | None = None
        self._spoken = spoken
        self._announcer = announcer
        self._speaker = speaker
        self._now = now
        self._changed = asyncio.Event()
        self._cut = asyncio.Event()  # what is being said is not wanted any more
        self._began = now()
        self._ways = Ways(Medium.SOUND)
        self._node = node
        self._trial: asyncio.Task[tuple[str, float]] | None = None
        self._tries = Tries(node=node, devices=lambda: (SPEAKER,), one=self._try_out)
        self.link = HallLink(
            bus=bus,
            hall=hall,
            node=node,
            role=Role.DISPLAY,
            clock=clock,
            on_event=self._happened,
            on_view=self._viewed,
            on_test=self._tries.asked,
            on_hall_here=self._reached,
            look_back=LOOK_BACK,
        )

    @property
    def busy(self) -> bool:
        """Tell whether something is being said, or waits to be said."""
        return self._speech.evacuation or bool(self._speech.waiting or self._speech.speaking)

    async def run(self) -> None:
        """Stay in the hall until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.link.run())
                tasks.create_task(keep_alive())
                tasks.create_task(self._warm_up())
                tasks.create_task(self._speak())
                tasks.create_task(self._tries.run(self.link))
                tasks.create_task(self._compare())
        finally:
            await self._announcer.close()

    # What the hall says -----------------------------------------------------------------------------------------------

    def _happened(self, recorded: Recorded) -> None:
        event, age = recorded.event, self._now() - recorded.at
        if isinstance(event, TicketCalled) and age > TOO_OLD and recorded.at > self._began:
            log.warning("%s not spoken: called %d s ago; is this box's clock right?", event.ticket, age.seconds)
        self._foresight = self._foresight.heard(recorded)
        self._become(self._speech.heard(recorded, self._now()))
        if isinstance(event, TicketCalled | CallRepeated):
            times = event.times if isinstance(event, CallRepeated) else 1
            if not self._speech.knows(event.call, times):  # too old, or said before: it shall not be said
                self._agreement = self._agreement.heard(event.call, times)

    def _viewed(self, view: AnyView) -> None:
        match view:
            case HallView():
                self._timezone = ZoneInfo(view.hall.timezone)
                if view.evacuation != self._speech.evacuation:
                    self._cut.set()
                self._become(self._speech.viewed(view))
            case BoardView(zone=self._voice.zone):
                self._agreement = self._agreement.viewed(view, self._now())
            case _:
                return

    def _reached(self, here: bool) -> None:  # noqa: FBT001 - the link's callback has this shape
        if here:
            self._agreement = Agreement()  # what was called meanwhile is too old to be said

    def _become(self, speech: SpeechQueue) -> None:
        if speech != self._speech:
            self._speech = speech
            self._changed.set()

    # What is said -----------------------------------------------------------------------------------------------------

    async def _warm_up(self) -> None:
        self._tell_engine(await self._announcer.warm_up(self._speech.languages))

    async def _speak(self) -> None:
        self.link.device(SPEAKER, DeviceState.UNKNOWN, "nothing was played yet")
        failures = 0
        while True:
            announcement, self._speech = self._speech.begin()
            if announcement is None:
                await self._until_changed()
            elif await self._announced(announcement):
                failures = 0
            else:
                await asyncio.sleep(RETRY_S[min(failures, len(RETRY_S) - 1)])
                failures += 1

    async def _until_changed(self) -> None:
        """Wait for the next call, and use the time."""
        self._changed.clear()
        ahead = asyncio.create_task(self._make_ahead())
        try:
            await self._changed.wait()
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)

    async def _make_ahead(self) -> None:
        await self._announcer.record_words(self._speech.languages)
        if not self._announcer.slow:
            return
        for coming in self._foresight.likely():
            for language in dict.fromkeys(self._speech.languages):
                await self._announcer.make_ahead(sentence(coming.ticket, coming.counter, language))

    async def _announced(self, announcement: Announcement) -> bool:
        """Return whether it was heard to its end, or cut off on purpose."""
        if self._trial is not None:
            self._trial.cancel()
            await asyncio.gather(self._trial, return_exceptions=True)
        self._cut.clear()
        playing = asyncio.create_task(self._play(announcement))
        cut = asyncio.create_task(self._cut.wait())
        try:
            await asyncio.wait({playing, cut}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            unheard = playing.cancel()
            cut.cancel()
            await asyncio.gather(playing, cut, return_exceptions=True)
        if unheard:
            self._speech = self._speech.failed()  # its calls are said afterwards
            return True
        try:
            playing.result()
        except PortGone as error:
            log.warning("%s not heard: %s", " ".join(each.ticket for each in announcement.calls) or "warning", error)
            self.link.device(SPEAKER, DeviceState.FAULT, str(error))
            self._speech = self._speech.failed()
            return False
        self._speech = self._speech.ended()
        for each in announcement.calls:
            self._spoken.add(each.call, each.times)
            self._agreement = self._agreement.heard(each.call, each.times)
        self.link.device(SPEAKER, DeviceState.OK, figures(self._ways.reached(self._voice.zone), to="first sound"))
        return True

    async def _play(self, announcement: Announcement) -> None:
        """Play an announcement; when it is long in the making, its opening comes first."""
        alarm, volume = not announcement.calls, self._volume(announcement)
        making = asyncio.create_task(self._announcer.make(announcement.parts, alarm=alarm, volume_db=volume))
        try:
            ready, _ = await asyncio.wait({making}, timeout=HASTE_S)
            if ready:
                made = await making
                await self._sound(made.whole, announcement)
            else:
                await self._sound(self._announcer.opening(alarm=alarm, volume_db=volume), announcement)
                made = await making
                await self._speaker.play(made.rest)
        finally:
            making.cancel()
            await asyncio.gather(making, return_exceptions=True)
        self._tell_engine(made.fault)

    async def _sound(self, wav: bytes, announcement: Announcement) -> None:
        """Play what begins an announcement, and note how soon after its call it was heard."""
        await self._speaker.play(wav)
        began = self._now().timestamp() - duration_s(wav)
        for each in announcement.calls:
            self._ways.took(self._voice.zone, (began - each.at.timestamp()) * 1000)

    def _tell_engine(self, fault: str) -> None:
        self.link.device("voice", DeviceState.FAULT if fault else DeviceState.OK, fault)

    def _volume(self, announcement: Announcement) -> int:
        return self._usual_volume() if announcement.calls else 0  # a warning knows no quiet hours

    def _usual_volume(self) -> int:
        local = self._now().astimezone(self._timezone) if self._timezone else self._now()
        return volume_db(self._voice.volume_db, self._voice.quiet, local)

    async def _try_out(self, device: str, _press_s: int) -> BoxFinding:
        """Say that this is a test; a call that comes meanwhile cuts it off."""
        if self.busy:
            return found("test_busy", node=self._node, device=device)
        self._trial = asyncio.create_task(self._say_trial())
        try:
            await asyncio.wait({self._trial})
            problem, seconds = self._trial.result()
        except asyncio.CancelledError:
            if not self._trial.cancelled():
                raise
            return found("test_busy", node=self._node, device=device)
        except PortGone as error:
            self.link.device(SPEAKER, DeviceState.FAULT, str(error))
            problem, seconds = str(error), 0.0
        finally:
            self._trial.cancel()
        if problem:
            return found("test_spoken_not", node=self._node, device=device, problem=problem)
        return found("test_spoken", node=self._node, device=device, seconds=round(seconds, 1))

    async def _say_trial(self) -> tuple[str, float]:
        """Return what is wrong with the speech, and how long it was."""
        made = await self._announcer.make(trial(self._voice.languages), volume_db=self._usual_volume())
        await self._speaker.play(made.whole)
        self.link.device(SPEAKER, DeviceState.OK, figures(self._ways.reached(self._voice.zone), to="first sound"))
        return made.fault, duration_s(made.whole)

    # Whether ear and eye are told the same --------------------------------------------------------------------------

    async def _compare(self) -> None:
        while True:
            unspoken = ", ".join(self._agreement.parted(self._now(), self._speech.knows))
            parted = (
                f"on the boards and never spoken: {unspoken}; is the clock of this box right, does it lose its"
                " connection?"
                if unspoken
                else ""
            )
            self.link.device("agreement", DeviceState.FAULT if parted else DeviceState.OK, parted)
            self.link.reached(self._ways.reached(self._voice.zone, parted))
            await asyncio.sleep(COMPARE_S)
