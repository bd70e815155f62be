"""The voice in the hall: events in, sound out, one announcement at a time."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from pathlib import Path

import msgspec
import pytest

from broker.bus import Letter, MemoryBroker, MemoryBus
from broker.contract import messages as m
from broker.contract import wire
from broker.contract.messages import (
    AnyEvent,
    AnyView,
    BoardRow,
    BoardView,
    DeviceState,
    Hall,
    HallView,
    Language,
    Presence,
    Recorded,
    TicketCalled,
    TicketIssued,
)
from broker.link import subscriptions
from broker.voice_file import QuietHours, Voice
from display.announcer import Announcer
from display.phrases import phrase
from display.spoken import SpokenCalls
from display.voice_node import VoiceNode, heard_by_voice
from hallcall.listener import samples
from hardware.devices import Speaker
from hardware.drivers.loudspeaker import TcpSpeaker
from hardware.simulators.loudspeaker import Announced, SimulatedLoudspeaker
from hardware.voice import bells, sound
from hardware.voice.cache import PhraseCache
from hardware.voice.engines import Command, Engine, Pyttsx3
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
        self.reports: asyncio.Queue[m.ReportDeviceTest] = asyncio.Queue()
        bus.listen(on_letter=self._hear, on_state=lambda _: None)

    def _hear(self, letter: Letter) -> None:
        message = wire.decode("east", letter.topic, letter.payload).message
        match message:
            case Presence():
                self.presences.put_nowait(message)
            case m.ReportDeviceTest():
                self.reports.put_nowait(message)
            case _:
                pass

    def shows(self, view: AnyView) -> None:
        """Retain a view."""
        self._bus.publish(Letter(topic=wire.view_topic("east", view), payload=wire.encode(view), retained=True))

    def happened(self, *events: AnyEvent, at: datetime = NOON) -> None:
        for event in events:
            recorded = Recorded(epoch=1, seq=next(self._seq), at=at, event=event)
            self._bus.publish(Letter(topic=wire.event_topic("east", recorded), payload=wire.encode(recorded)))

    async def ready(self) -> None:
        """Wait until the voice has tried its engines."""
        while not {"speaker", "voice"} <= {each.name for each in (await self.presences.get()).devices}:
            pass

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


def issued(ticket: str) -> TicketIssued:
    return TicketIssued(
        visit=f"v-{ticket}",
        ticket=ticket,
        service="bill",
        number=1,
        language=Language.ZH,
        node="kiosk-1",
        ahead=0,
        wait_low_min=None,
        wait_high_min=None,
    )


@asynccontextmanager
async def voice(
    tmp_path: Path,
    speaker: Speaker,
    *worker: str,
    settings: Voice | None = None,
    engine: Engine | None = None,
    now: Callable[[], datetime] = lambda: NOON,
) -> AsyncIterator[Dispatcher]:
    """A voice that is ready, and a dispatcher for it to listen to."""
    broker = MemoryBroker()
    maker = usual_maker(tmp_path)
    if worker:
        engine = Pyttsx3(tmp_path, worker=worker)
    if engine:
        maker = VoiceMaker([engine], PhraseCache(tmp_path / "phrases"))
    node = VoiceNode(
        bus=broker.bus(
            name="voice-1", subscriptions=subscriptions(hall="east", node="voice-1", also=heard_by_voice("main"))
        ),
        hall="east",
        node="voice-1",
        voice=settings or Voice(zone="main", languages=(Language.ZH,), repeats=1),
        spoken=SpokenCalls(tmp_path / "spoken"),
        announcer=Announcer(maker),
        speaker=speaker,
        clock=asyncio.get_running_loop().time,
        now=now,
    )
    heard = [wire.topic("east", pattern, "voice-1") for pattern in ("node/{}", "cmd/{}")]
    bus = broker.bus(name="dispatcher", subscriptions=heard)
    dispatcher = Dispatcher(bus)
    tasks = [asyncio.create_task(bus.run()), asyncio.create_task(node.run())]
    try:
        async with asyncio.timeout(30):
            await dispatcher.ready()
            yield dispatcher
    finally:
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


async def test_a_supervisor_hears_that_this_is_a_test_and_reads_that_it_was_played(tmp_path: Path) -> None:
    hall = Ears()
    async with (
        SimulatedLoudspeaker(report=hall.hear) as loudspeaker,
        voice(tmp_path, TcpSpeaker(loudspeaker.host, loudspeaker.port), *QUICK) as dispatcher,
    ):
        dispatcher.happened(m.DeviceTestAsked(test="t-1", node="voice-1", by="desk"))
        assert not (await hall.heard.get()).cut
        report = await dispatcher.reports.get()
    assert (report.test, report.device, report.finding.key) == ("t-1", "speaker", "test_spoken")
    assert not report.more


async def test_a_call_cuts_a_test_off(tmp_path: Path) -> None:
    hall = Ears()
    async with (
        SimulatedLoudspeaker(report=hall.hear) as loudspeaker,
        voice(tmp_path, TcpSpeaker(loudspeaker.host, loudspeaker.port), *QUICK) as dispatcher,
    ):
        dispatcher.happened(m.DeviceTestAsked(test="t-1", node="voice-1", by="desk"), call("A001"))
        assert (await dispatcher.reports.get()).finding.key == "test_busy"
        sounds = [await hall.heard.get()]
        while sounds[-1].cut:
            sounds.append(await hall.heard.get())
    assert not sounds[-1].overlapped


async def test_a_test_of_an_unplugged_loudspeaker_is_red(tmp_path: Path) -> None:
    async with SimulatedLoudspeaker() as gone:
        port = gone.port
    async with voice(tmp_path, TcpSpeaker("127.0.0.1", port), *QUICK) as dispatcher:
        dispatcher.happened(m.DeviceTestAsked(test="t-1", node="voice-1", by="desk"))
        finding = (await dispatcher.reports.get()).finding
    assert (finding.key, finding.state) == ("test_spoken_not", DeviceState.FAULT)
    assert "is it on" in str(finding.args["problem"])


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


async def test_evacuation_cuts_in_at_once_is_repeated_and_the_call_is_heard_afterwards(
    tmp_path: Path, small_hall: Hall
) -> None:
    hall, tape, spoken = Ears(), tmp_path / "hall.wav", tmp_path / "spoken"
    async with SimulatedLoudspeaker(tape=tape, report=hall.hear) as loudspeaker:
        speaker = TcpSpeaker(loudspeaker.host, loudspeaker.port)
        async with voice(tmp_path, speaker, *QUICK) as dispatcher:
            dispatcher.shows(HallView(epoch=1, seq=1, day="2026-11-21", hall=small_hall))
            dispatcher.happened(call("A001"))
            await loudspeaker.sounding()
            alarmed = HallView(epoch=1, seq=2, day="2026-11-21", hall=small_hall, evacuation=True)
            dispatcher.shows(alarmed)
            cut = await hall.heard.get()
            warnings = [await hall.heard.get() for _ in range(3)]  # alarms, and words where they took their time
            dispatcher.shows(msgspec.structs.replace(alarmed, seq=3, evacuation=False))
            while "first sound" not in await dispatcher.device("speaker", DeviceState.OK):
                pass  # the warning was heard; now the call
    assert cut.cut
    assert cut.end_s - cut.start_s < 1
    assert warnings[0].start_s - cut.end_s < 0.5
    assert not any(each.cut or each.overlapped for each in warnings)
    whole = samples(tape)
    begun = whole[round(warnings[0].start_s * 22050) :][: 2 * 22050]
    assert sound.level_db(begun) > sound.level_db(bells.chime()) + 6, "no alarm was heard"
    assert spoken.read_text(encoding="utf-8").split() == ["c-A001", "1"]


async def test_a_voice_that_starts_during_an_evacuation_warns_at_once(tmp_path: Path, small_hall: Hall) -> None:
    stopwatch = Stopwatch()
    async with voice(tmp_path, stopwatch, *QUICK) as dispatcher:
        view = HallView(epoch=1, seq=1, day="2026-11-21", hall=small_hall, evacuation=True)
        dispatcher.shows(view)
        for _ in range(3):
            await stopwatch.played.get()


async def test_a_slow_engine_lets_the_chime_come_first_and_has_the_next_calls_ready(tmp_path: Path) -> None:
    program = tmp_path / "slow.sh"
    program.write_text('sleep 0.6; exec espeak-ng -v cmn-latn-pinyin -w "$1" --stdin\n')
    engine = Command(tmp_path, ("sh", str(program), "{wav}"), voices={"zh": "zh"})
    stopwatch = Stopwatch()
    async with voice(tmp_path, stopwatch, engine=engine) as dispatcher:
        dispatcher.happened(issued("A001"), issued("A002"))
        began = asyncio.get_running_loop().time()
        dispatcher.happened(call("A001"))
        assert await stopwatch.played.get() - began < 0.3, "the chime waits for the words"
        await stopwatch.played.get()
        cache = PhraseCache(tmp_path / "phrases")
        text = phrase("A002", 3, Language.ZH)
        async with asyncio.timeout(10):
            while cache.read(engine.key, "zh", text, 1.0) is None:
                await asyncio.to_thread(os.stat, tmp_path)
                cache = PhraseCache(tmp_path / "phrases")
        dispatcher.happened(call("A002"))
        await dispatcher.device("speaker", DeviceState.OK)
        await stopwatch.played.get()
        assert stopwatch.played.empty(), "it was ready, chime and words in one"


def at_that_time(when: datetime) -> Callable[[], datetime]:
    return lambda: when


async def test_quiet_hours_are_heard_to_be_quiet(tmp_path: Path) -> None:
    """Measured on the tape: the same call at noon and in the evening."""
    levels = []
    quiet = Voice(
        zone="main",
        languages=(Language.ZH,),
        repeats=1,
        quiet=(QuietHours(begin="04:00", end="05:00", volume_db=-12),),
    )
    for place, now in (("noon", NOON), ("evening", NOON + timedelta(hours=6))):
        hall, tape = Ears(), tmp_path / f"{place}.wav"
        async with SimulatedLoudspeaker(tape=tape, report=hall.hear) as loudspeaker:
            speaker = TcpSpeaker(loudspeaker.host, loudspeaker.port)
            async with voice(tmp_path / place, speaker, *QUICK, settings=quiet, now=at_that_time(now)) as dispatcher:
                dispatcher.happened(call("A001"), at=now)
                heard = await hall.heard.get()
                await dispatcher.device("speaker", DeviceState.OK)
        levels.append(sound.level_db(samples(tape)[round(heard.start_s * 22050) :][: 2 * 22050]))
    assert levels[0] - levels[1] == pytest.approx(-12, abs=0.3)


async def test_a_technician_is_told_when_boards_call_somebody_whom_nobody_hears(tmp_path: Path) -> None:
    began_s = asyncio.get_running_loop().time()

    def quick_clock() -> datetime:
        return NOON + timedelta(seconds=20 * (asyncio.get_running_loop().time() - began_s))

    row = BoardRow(call="c-A001", ticket="A001", counter=3, times=1, started=False)
    async with voice(tmp_path, Stopwatch(), *QUICK, now=quick_clock) as dispatcher:
        dispatcher.shows(BoardView(epoch=1, seq=0, zone="main", rows=()))
        dispatcher.shows(BoardView(epoch=1, seq=0, zone="main", rows=(row,)))
        async with asyncio.timeout(20):
            assert "A001" in await dispatcher.device("agreement", DeviceState.FAULT)


async def test_the_way_from_the_call_to_the_first_sound_is_in_the_presence(tmp_path: Path) -> None:
    async with voice(tmp_path, Stopwatch(), *QUICK) as dispatcher:
        dispatcher.happened(call("A001"))
        assert "to first sound" in await dispatcher.device("speaker", DeviceState.OK)
