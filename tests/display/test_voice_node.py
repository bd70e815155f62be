"""The voice in the hall: events in, sound out, one announcement at a time."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from pathlib import Path

import pytest

from broker.bus import Letter, MemoryBroker, MemoryBus
from broker.contract import wire
from broker.contract.messages import AnyEvent, DeviceState, Language, Presence, Recorded, TicketCalled
from broker.link import subscriptions
from broker.voice_file import Voice
from display.announcer import Announcer
from display.spoken import SpokenCalls
from display.voice_node import VoiceNode
from hardware.devices import Speaker
from hardware.drivers.loudspeaker import TcpSpeaker
from hardware.simulators.loudspeaker import Announced, SimulatedLoudspeaker
from hardware.voice.cache import PhraseCache
from hardware.voice.engines import Pyttsx3
from hardware.voice.maker import VoiceMaker, usual_maker

pytestmark = pytest.mark.sound

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
QUICK = (sys.executable, str(Path(__file__).parents[1] / "hardware" / "voice" / "quick_worker.py"))


class Dispatcher:
    """Says what happened, as the real one would."""

    def __init__(self, bus: MemoryBus) -> None:
        self._bus = bus
        self._seq = count(1)
        self.presences: asyncio.Queue[Presence] = asyncio.Queue()
        bus.listen(on_letter=self._hear, on_state=lambda _: None)

    def _hear(self, letter: Letter) -> None:
        message = wire.decode("east", letter.topic, letter.payload).message
        if isinstance(message, Presence):
            self.presences.put_nowait(message)

    def happened(self, *events: AnyEvent, at: datetime = NOON) -> None:
        for event in events:
            recorded = Recorded(epoch=1, seq=next(self._seq), at=at, event=event)
            self._bus.publish(Letter(topic=wire.event_topic("east", recorded), payload=wire.encode(recorded)))

    async def device(self, name: str, state: DeviceState) -> str:
        """Wait until the node says that its device is in that state; return what it says to a technician."""
        while True:
            for device in (await self.presences.get()).devices:
                if (device.name, device.state) == (name, state):
                    return device.detail


class Ears:
    """Somebody in the hall, who notes each announcement heard to its end."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[Announced] = asyncio.Queue()

    def hear(self, sound: object) -> None:
        if isinstance(sound, Announced):
            self.heard.put_nowait(sound)


def call(ticket: str) -> TicketCalled:
    return TicketCalled(
        call=f"c-{ticket}",
        visit=f"v-{ticket}",
        ticket=ticket,
        service="bill",
        counter=3,
        zone="main",
        language=Language.ZH,
        rule="fcfs",
        waited_s=9,
    )


@asynccontextmanager
async def voice(tmp_path: Path, speaker: Speaker, *worker: str) -> AsyncIterator[Dispatcher]:
    """A voice that is ready, and a dispatcher for it to listen to."""
    broker = MemoryBroker()
    maker = usual_maker(tmp_path)
    if worker:
        maker = VoiceMaker([Pyttsx3(tmp_path, worker=worker)], PhraseCache(tmp_path / "phrases"))
    node = VoiceNode(
        bus=broker.bus(name="voice-1", subscriptions=subscriptions(hall="east", node="voice-1", also=["event/+"])),
        hall="east",
        node="voice-1",
        voice=Voice(zone="main", languages=(Language.ZH,), repeats=1),
        spoken=SpokenCalls(tmp_path / "spoken"),
        announcer=Announcer(maker),
        speaker=speaker,
        clock=asyncio.get_running_loop().time,
        now=lambda: NOON,
    )
    bus = broker.bus(name="dispatcher", subscriptions=[wire.topic("east", "node/{}", "voice-1")])
    dispatcher = Dispatcher(bus)
    tasks = [asyncio.create_task(bus.run()), asyncio.create_task(node.run())]
    await dispatcher.device("speaker", DeviceState.UNKNOWN)
    yield dispatcher
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_calls_at_the_same_moment_are_announced_one_after_the_other(tmp_path: Path) -> None:
    hall = Ears()
    async with (
        SimulatedLoudspeaker(report=hall.hear) as loudspeaker,
        voice(tmp_path, TcpSpeaker(loudspeaker.host, loudspeaker.port), *QUICK) as dispatcher,
    ):
        dispatcher.happened(call("A001"), call("A002"), call("B001"))
        spoken = [await hall.heard.get() for _ in range(3)]
    assert not any(each.overlapped for each in spoken)
    assert all(later.start_s > earlier.end_s for earlier, later in pairwise(spoken))


async def test_old_calls_are_not_spoken_after_a_restart(tmp_path: Path) -> None:
    hall = Ears()
    async with (
        SimulatedLoudspeaker(report=hall.hear) as loudspeaker,
        voice(tmp_path, TcpSpeaker(loudspeaker.host, loudspeaker.port), *QUICK) as dispatcher,
    ):
        dispatcher.happened(call("A001"), at=NOON - timedelta(seconds=40))
        dispatcher.happened(call("A002"))
        assert (await hall.heard.get()).number == 1
    assert hall.heard.empty()


async def test_a_voice_that_starts_again_does_not_repeat_what_was_heard(tmp_path: Path) -> None:
    stopwatch = Stopwatch()
    async with voice(tmp_path, stopwatch, *QUICK) as dispatcher:
        dispatcher.happened(call("A001"))
        await dispatcher.device("speaker", DeviceState.OK)
    with (tmp_path / "spoken").open("a", encoding="utf-8") as file:
        file.write("c-A00")  # the power failed here
    async with voice(tmp_path, stopwatch, *QUICK) as dispatcher:
        dispatcher.happened(call("A001"), call("A002"))
        await dispatcher.device("speaker", DeviceState.OK)
    assert stopwatch.played.qsize() == 2
    assert (tmp_path / "spoken").read_text(encoding="utf-8").splitlines() == ["c-A001 1", "c-A00", "c-A002 1"]


async def test_an_unplugged_loudspeaker_is_reported_and_the_call_is_heard_when_it_is_back(tmp_path: Path) -> None:
    hall = Ears()
    async with SimulatedLoudspeaker() as gone:
        port = gone.port
    async with voice(tmp_path, TcpSpeaker("127.0.0.1", port), *QUICK) as dispatcher:
        dispatcher.happened(call("A001"))
        assert "is it on" in await dispatcher.device("speaker", DeviceState.FAULT)
        async with SimulatedLoudspeaker(port=port, report=hall.hear):
            await hall.heard.get()
            await dispatcher.device("speaker", DeviceState.OK)


class Stopwatch:
    """A loudspeaker that only notes when it was given sound."""

    def __init__(self) -> None:
        self.played: asyncio.Queue[float] = asyncio.Queue()

    async def play(self, wav: bytes) -> None:
        assert wav.startswith(b"RIFF")
        self.played.put_nowait(asyncio.get_running_loop().time())


async def test_real_speech_starts_soon_after_the_call(tmp_path: Path) -> None:
    stopwatch = Stopwatch()
    async with voice(tmp_path, stopwatch) as dispatcher:
        dispatcher.happened(call("A001"))
        await stopwatch.played.get()
        began = asyncio.get_running_loop().time()
        dispatcher.happened(call("B123"))
        assert await stopwatch.played.get() - began < 1.0  # 0.05 s on a quiet machine
