"""How soon after its call an announcement is heard, and whether a rush is heard whole: measured from the sound.

The real voice program, a real broker, a simulated loudspeaker that plays in real time, and a listener apart.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from broker.bus import Letter, Login, MqttBus
from broker.contract import wire
from broker.contract.messages import AnyEvent, CallRepeated, Language, Presence, Recorded, ServiceStarted, TicketCalled
from hardware.simulators.loudspeaker import Announced, NotSound, SimulatedLoudspeaker

from ..demo.layout import clear, free_ports, lay_out
from ..demo.programs import Programs, mosquitto_command
from ..listener import Heard, Sentence, listen, references, samples

HALL: Final = "chengdong"
LONE: Final = 20
RUSH: Final = 100
LONE_S: Final = 11.0  # chime, two sentences, and silence
SELDOM: Final = 0.1  # share of calls that are recalled, or whose customer is quick, or in English
AIM_MS: Final = 300
COUNTERS: Final = 12


class Bench:
    """A voice and its loudspeaker; we are the dispatcher."""

    def __init__(self, directory: Path) -> None:
        clear(directory)
        ports = free_ports()
        self.directory = directory
        self._port = ports.broker
        self._speaker_port = ports.speaker
        speaker = f"tcp:127.0.0.1:{ports.speaker}"
        settings = {"ticket_s": 8, "board_width": 1280, "board_height": 720, "speaker": speaker}
        lay_out(
            directory,
            ports=replace(ports, switch=ports.broker),
            settings={**settings, "languages": '["zh", "en"]', "repeats": 1},
        )
        file = directory / "config" / "voice.toml"
        file.write_text(file.read_text(encoding="utf-8").replace("backlog_s = 120", "backlog_s = 15"), encoding="utf-8")
        self.programs = Programs(logs=directory / "logs", say=lambda what: print(what, file=sys.stderr))  # noqa: T201
        self.tape = directory / "audio" / "hall.wav"
        self.sentences: list[Sentence] = []
        self.lone: list[tuple[str, float]] = []  # ticket, and its moment on the tape
        self.rush: list[str] = []
        self.recalls: set[str] = set()
        self.came: set[str] = set()
        self._seq = 0
        self._ready = asyncio.Event()
        self._sounded = asyncio.Event()
        self._bus: MqttBus | None = None

    async def run(self) -> None:
        """Let lone calls arrive, then a rush."""
        config = self.directory / "config"
        password = (config / "dispatcher.password").read_text(encoding="utf-8").strip()
        login = Login(host="127.0.0.1", port=self._port, name="dispatcher", password=password)
        self._bus = MqttBus(login=login, subscriptions=[wire.topic(HALL, "node/{}", "voice-1")])
        self._bus.listen(on_letter=self._heard_of_voice, on_state=lambda _: None)
        self.programs.start("mosquitto", mosquitto_command(config / "mosquitto.conf"))
        running = asyncio.create_task(self._bus.run())
        voice = [sys.executable, "-m", "display", "--config", str(config / "voice.toml")]
        self.programs.start("voice", voice)
        try:
            async with SimulatedLoudspeaker(port=self._speaker_port, tape=self.tape, report=self._heard) as loudspeaker:
                self._began_ms = loudspeaker.started_monotonic_ms
                await self._ready.wait()
                await asyncio.sleep(LONE_S)  # its words are recorded
                await self._lone_calls()
                await self._rush_of_calls()
        finally:
            running.cancel()
            await self.programs.stop()

    async def _lone_calls(self) -> None:
        for n in range(1, LONE + 1):
            ticket = f"A{n:03d}"
            self.lone.append((ticket, time.monotonic() - self._began_ms / 1000))
            self._call(ticket, n % COUNTERS + 1, Language.ZH)
            await asyncio.sleep(LONE_S)

    async def _rush_of_calls(self) -> None:
        chance = random.Random(11)
        for n in range(1, RUSH + 1):
            ticket, counter = f"B{n:03d}", chance.randint(1, COUNTERS)
            language = Language.EN if chance.random() < SELDOM else Language.ZH
            self.rush.append(ticket)
            self._call(ticket, counter, language)
            if chance.random() < SELDOM:
                self.recalls.add(ticket)
                self._tell(
                    CallRepeated(
                        call=ticket,
                        visit=ticket,
                        ticket=ticket,
                        counter=counter,
                        zone="main",
                        language=language,
                        times=2,
                    )
                )
            elif chance.random() < SELDOM:
                self.came.add(ticket)
                self._tell(ServiceStarted(call=ticket, visit=ticket, ticket=ticket, counter=counter))
            await asyncio.sleep(chance.choice([0.1, 0.1, 0.5, 2.0, 5.0]))
        with suppress(TimeoutError):  # nothing more is heard
            while True:
                self._sounded.clear()
                async with asyncio.timeout(LONE_S * 3):
                    await self._sounded.wait()

    def _call(self, ticket: str, counter: int, language: Language) -> None:
        self.sentences += [(ticket, counter, each.value) for each in Language]
        self._tell(
            TicketCalled(
                call=ticket,
                visit=ticket,
                ticket=ticket,
                service="pay",
                counter=counter,
                zone="main",
                language=language,
                rule="fcfs",
                waited_s=60,
            )
        )

    def _tell(self, event: AnyEvent) -> None:
        self._seq += 1
        recorded = Recorded(epoch=1, seq=self._seq, at=datetime.now(UTC), event=event)
        if self._bus is not None:
            self._bus.publish(Letter(topic=wire.event_topic(HALL, recorded), payload=wire.encode(recorded)))

    def _heard(self, _sound: Announced | NotSound) -> None:
        self._sounded.set()

    def _heard_of_voice(self, letter: Letter) -> None:
        presence = wire.decode(HALL, letter.topic, letter.payload).message if letter.payload else None
        if isinstance(presence, Presence) and any(each.name == "voice" for each in presence.devices):
            self._ready.set()


def measure() -> None:
    """Time a call to its first sound, and let somebody listen to a rush."""
    say = sys.stdout.write
    say(f"{LONE} lone calls, then a rush of {RUSH}: about nine minutes\n")
    with tempfile.TemporaryDirectory(prefix="hallcall-bench-") as place:
        bench = Bench(Path(place))
        asyncio.run(bench.run())
        known = references(bench.sentences, place=Path(place) / "audio" / "references")
        heard = listen(samples(bench.tape), known)
    first: dict[str, list[float]] = {}
    for announcement in heard.announcements:
        for ticket in dict.fromkeys(said.sentence[0] for said in announcement.said):
            first.setdefault(ticket, []).append(announcement.start_s)
    ways = sorted(1000 * (first[ticket][0] - at_s) for ticket, at_s in bench.lone if ticket in first)
    half, worst = statistics.median(ways), ways[-1]
    verdict = "met" if worst <= AIM_MS else "MISSED"
    say(f"call to first sound:  p50 {half:.0f} ms, worst {worst:.0f} ms of {len(ways)} (aim {AIM_MS} ms: {verdict})\n")
    say("".join(f"{line}\n" for line in _of_the_rush(bench, heard, first)))


def _of_the_rush(bench: Bench, heard: Heard, first: dict[str, list[float]]) -> list[str]:
    """Return what the listener has to say of the rush."""
    owed = [ticket for ticket in bench.rush if ticket not in bench.came]
    lost = [ticket for ticket in owed if ticket not in first]
    often = [ticket for ticket, times in first.items() if len(times) > 1 + (ticket in bench.recalls)]
    order = [first[ticket][0] for ticket in bench.rush if ticket in first]
    rush = [each for each in heard.announcements if any(said.sentence[0] in bench.rush for said in each.said)]
    pauses = [later.start_s - earlier.end_s for earlier, later in pairwise(rush)]
    gaps = [said.gap_s for each in rush for said in each.said]
    jumps = sum(1 for one, other in pairwise(order) if other < one)
    return [
        f"rush: {len(bench.rush)} calls in {len(rush)} announcements; lost {len(lost)}, too often {len(often)}",
        f"out of order {jumps}, sounds that are nothing known {len(heard.strange_s)}",
        f"between announcements at least {min(pauses):.2f} s, between sentences {min(gaps):.2f} to {max(gaps):.2f} s",
    ]
