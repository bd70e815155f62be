"""The shells of board and voice: they hear the hall and pass on what is to be drawn or played. No Kivy here."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from broker.bus import Bus
from broker.contract.messages import AnyView, DeviceState, Recorded, Role, TicketCalled
from broker.link import HallLink
from hardware.devices import PortGone, Speaker

from .announcer import Announcer
from .board import Board, Picture
from .speech import TOO_OLD, Announcement, SpeechQueue
from .spoken import SpokenCalls

log = logging.getLogger(__name__)

LOOK_AT_CLOCK_S: Final = 5.0  # it may have been set
LOOK_BACK: Final = 100  # events; a voice that starts again goes on with the calls that it had not spoken yet
RETRY_S: Final = (0.5, 1.0, 2.0, 5.0)  # pauses before a silent loudspeaker is tried again; the last one repeats


def heard_by_voice(zone: str) -> tuple[str, ...]:
    """Return what a voice listens to; after a cut, the view of the calls shows that one was missed, a recall too."""
    return ("view/hall", "view/queues", f"view/board/{zone}", "event/+")


class BoardNode:
    """Keeps one board's picture; `show` gets each new one, on the event loop. `now` is aware."""

    def __init__(
        self,
        *,
        bus: Bus,
        hall: str,
        node: str,
        board: Board,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        show: Callable[[Picture], None],
    ) -> None:
        self._board = board
        self._now = now
        self._show = show
        self._shown: Picture | None = None
        self._news = asyncio.Event()
        self.link = HallLink(
            bus=bus,
            hall=hall,
            node=node,
            role=Role.DISPLAY,
            clock=clock,
            on_view=self._viewed,
            on_hall_here=self._reached,
        )

    async def run(self) -> None:
        """Stay in the hall until cancelled."""
        self.link.device("screen", DeviceState.OK)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.link.run())
            tasks.create_task(self._keep_time())

    async def _keep_time(self) -> None:
        while True:
            self._draw()
            self._news.clear()
            now = self._now()
            wait_s = (self._board.changes_at(now) - now).total_seconds()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(wait_s, LOOK_AT_CLOCK_S)):
                    await self._news.wait()

    def _viewed(self, view: AnyView) -> None:
        self._board = self._board.seen(view, self._now())
        self._draw()
        self._news.set()

    def _reached(self, here: bool) -> None:  # noqa: FBT001 - the link's callback has this shape
        self._board = self._board.reached(here, self._now())
        self._draw()
        self._news.set()

    def _draw(self) -> None:
        picture = self._board.picture(self._now())
        if picture != self._shown:
            self._shown = picture
            self._show(picture)


class VoiceNode:
    """Speaks the calls of one zone. `now` is aware wall-clock time, compared with that of the events."""

    def __init__(
        self,
        *,
        bus: Bus,
        hall: str,
        node: str,
        speech: SpeechQueue,
        spoken: SpokenCalls,
        announcer: Announcer,
        speaker: Speaker,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._speech = replace(speech, spoken=spoken.read())
        self._spoken = spoken
        self._announcer = announcer
        self._speaker = speaker
        self._now = now
        self._changed = asyncio.Event()
        self._began = now()
        self.link = HallLink(
            bus=bus,
            hall=hall,
            node=node,
            role=Role.DISPLAY,
            clock=clock,
            on_event=self._happened,
            look_back=LOOK_BACK,
        )

    async def run(self) -> None:
        """Stay in the hall until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.link.run())
                tasks.create_task(self._speak())
        finally:
            await self._announcer.close()

    def _happened(self, recorded: Recorded) -> None:
        age = self._now() - recorded.at
        if isinstance(recorded.event, TicketCalled) and age > TOO_OLD and recorded.at > self._began:
            log.warning(
                "%s not spoken: called %d s ago; is this box's clock right?", recorded.event.ticket, age.seconds
            )
        self._speech = self._speech.heard(recorded, self._now())
        self._changed.set()

    async def _speak(self) -> None:
        self.link.device("speaker", DeviceState.UNKNOWN, "nothing was played yet")
        await self._announcer.warm_up(self._speech.languages)
        failures = 0
        while True:
            announcement, self._speech = self._speech.begin()
            if announcement is None:
                self._changed.clear()
                await self._changed.wait()
            elif await self._announced(announcement):
                failures = 0
            else:
                await asyncio.sleep(RETRY_S[min(failures, len(RETRY_S) - 1)])
                failures += 1

    async def _announced(self, announcement: Announcement) -> bool:
        """Return whether it was heard to its end."""
        made = await self._announcer.make(announcement.parts)
        self.link.device("voice", DeviceState.FAULT if made.fault else DeviceState.OK, made.fault)
        try:
            await self._speaker.play(made.wav)
        except PortGone as error:
            log.warning("%s not heard: %s", announcement.ticket, error)
            self.link.device("speaker", DeviceState.FAULT, str(error))
            self._speech = self._speech.failed()
            return False
        self.link.device("speaker", DeviceState.OK)
        self._speech = self._speech.ended()
        self._spoken.add(announcement.call, announcement.times)
        return True
