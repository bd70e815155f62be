"""Somebody sits in the hall with closed eyes, while forty calls arrive: what is heard is all that counts here."""

import asyncio
from array import array
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Final

import pytest

from broker.bus import Letter, MemoryBroker
from broker.contract import wire
from broker.contract.messages import AnyEvent, CallRepeated, Language, Recorded, ServiceStarted, TicketCalled
from broker.link import subscriptions
from broker.voice_file import Voice
from display.announcer import Announcer
from display.phrases import GAP_S, JOINED_GAP_S
from display.spoken import SpokenCalls
from display.voice_node import VoiceNode, heard_by_voice
from hallcall.listener import Heard, References, Said, Sentence, listen, references, samples
from hardware.drivers.loudspeaker import duration_s
from hardware.simulators.loudspeaker import HallTape, samples_of
from hardware.voice.maker import usual_maker

pytestmark = pytest.mark.sound

NOON: Final = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
SPEED: Final = 6  # the hall's seconds in one of ours
CALLS: Final = 40


class Room:
    """A loudspeaker in a hall whose time runs faster; all that sounds is on the tape, where it sounded."""

    def __init__(self, tape: Path) -> None:
        self._tape = HallTape(tape)
        self._began_s = asyncio.get_running_loop().time()

    @property
    def hall_s(self) -> float:
        return (asyncio.get_running_loop().time() - self._began_s) * SPEED

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.hall_s)

    async def until(self, hall_s: float) -> None:
        await asyncio.sleep(max(0.0, hall_s - self.hall_s) / SPEED)

    async def play(self, wav: bytes) -> None:
        at_s = self.hall_s
        self._tape.mix(samples_of(wav), at_s=at_s)
        await self.until(at_s + duration_s(wav))


@dataclass(frozen=True, kw_only=True)
class Happening:
    at_s: float
    event: AnyEvent


def drawn() -> list[Happening]:
    """Return forty calls, some a tenth of a second apart, with recalls and with customers who are quick."""
    chance, at_s, plan = Random(4), 1.0, list[Happening]()  # noqa: S311 - people, no secrets
    for n in range(1, CALLS + 1):
        language = Language.EN if chance.random() < 0.15 else Language.ZH
        ticket, counter, call, visit = f"{chance.choice('ABP')}{n:03d}", chance.randint(1, 12), f"c{n}", f"v{n}"
        plan.append(
            Happening(
                at_s=at_s,
                event=TicketCalled(
                    call=call,
                    visit=visit,
                    ticket=ticket,
                    service="bill",
                    counter=counter,
                    zone="main",
                    language=language,
                    rule="fcfs",
                    waited_s=9,
                ),
            )
        )
        if chance.random() < 0.15:
            again = CallRepeated(
                call=call, visit=visit, ticket=ticket, counter=counter, zone="main", language=language, times=2
            )
            plan.append(Happening(at_s=at_s + chance.choice([0.2, 40.0]), event=again))
        elif chance.random() < 0.15:
            come = ServiceStarted(call=call, visit=visit, ticket=ticket, counter=counter)
            plan.append(Happening(at_s=at_s + chance.uniform(0.3, 9), event=come))
        at_s += chance.choice([0.1, 0.1, 1.0, 3.0, 12.0])
    return sorted(plan, key=lambda each: each.at_s)


@dataclass(frozen=True, kw_only=True)
class Evening:
    """What happened, and what was heard of it."""

    plan: list[Happening]
    heard: Heard
    tape: Path
    known: References

    @property
    def calls(self) -> dict[str, TicketCalled]:
        return {each.event.ticket: each.event for each in self.plan if isinstance(each.event, TicketCalled)}

    def at_s(self, ticket: str, kind: type[AnyEvent]) -> float | None:
        """Return when something happened to a ticket."""
        return next(
            (each.at_s for each in self.plan if isinstance(each.event, kind) and each.event.ticket == ticket),  # type: ignore[union-attr]
            None,
        )

    def heard_s(self, ticket: str) -> list[float]:
        """Return the beginnings of the announcements in which a ticket was called."""
        return [
            each.start_s for each in self.heard.announcements if any(said.sentence[0] == ticket for said in each.said)
        ]


async def _played(directory: Path, plan: list[Happening]) -> None:
    broker, room = MemoryBroker(), Room(directory / "hall.wav")
    also = heard_by_voice("main")
    node = VoiceNode(
        bus=broker.bus(name="voice-1", subscriptions=subscriptions(hall="east", node="voice-1", also=also)),
        hall="east",
        node="voice-1",
        voice=Voice(zone="main"),
        spoken=SpokenCalls(directory / "spoken"),
        announcer=Announcer(usual_maker(directory)),
        speaker=room,
        clock=asyncio.get_running_loop().time,
        now=room.now,
    )
    bus = broker.bus(name="dispatcher", subscriptions=[])
    tasks = [asyncio.create_task(bus.run()), asyncio.create_task(node.run())]
    for seq, each in enumerate(plan, 1):
        await room.until(each.at_s)
        recorded = Recorded(epoch=1, seq=seq, at=room.now(), event=each.event)
        bus.publish(Letter(topic=wire.event_topic("east", recorded), payload=wire.encode(recorded)))
    while node.busy:
        await room.until(room.hall_s + 1)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Evening:
    directory, plan = tmp_path_factory.mktemp("evening"), drawn()
    asyncio.run(_played(directory, plan))
    sentences: list[Sentence] = [
        (each.event.ticket, each.event.counter, language.value)
        for each in plan
        if isinstance(each.event, TicketCalled)
        for language in Language
    ]
    known = references(sentences, place=directory / "references")
    tape = directory / "hall.wav"
    return Evening(plan=plan, heard=listen(samples(tape), known), tape=tape, known=known)


def test_nothing_is_heard_but_whole_announcements_one_after_the_other(evening: Evening) -> None:
    assert evening.heard.strange_s == []
    assert all(each.said for each in evening.heard.announcements), "a chime, and nobody was called"
    assert all(
        later.start_s - earlier.end_s >= GAP_S - 0.01 for earlier, later in pairwise(evening.heard.announcements)
    )


def test_every_call_is_heard_unless_its_customer_had_come(evening: Evening) -> None:
    for ticket in evening.calls:
        came_s = evening.at_s(ticket, ServiceStarted)
        heard_s = evening.heard_s(ticket)
        if came_s is None:
            assert heard_s, f"{ticket} was never heard"
        else:
            assert all(at_s < came_s + 1 for at_s in heard_s), f"{ticket} was called after having come"


def test_a_call_is_heard_once_and_once_more_for_a_recall_that_came_after_it(evening: Evening) -> None:
    for ticket in evening.calls:
        recalled_s = evening.at_s(ticket, CallRepeated)
        heard_s = evening.heard_s(ticket)
        assert len(heard_s) <= (1 if recalled_s is None else 2), ticket
        assert recalled_s is None or max(heard_s) > recalled_s - 1, f"the recall of {ticket} was not heard"


def test_calls_are_heard_in_their_order(evening: Evening) -> None:
    first = {ticket: heard_s[0] for ticket in evening.calls if (heard_s := evening.heard_s(ticket))}
    assert sorted(first, key=lambda ticket: first[ticket]) == list(first)


def test_each_is_sent_to_the_right_window_in_the_language_of_the_ticket(evening: Evening) -> None:
    for announcement in evening.heard.announcements:
        for said in announcement.said:
            assert said.sentence[1] == evening.calls[said.sentence[0]].counter
        for ticket in {said.sentence[0] for said in announcement.said}:
            languages = {said.sentence[2] for said in announcement.said if said.sentence[0] == ticket}
            assert evening.calls[ticket].language.value in languages


def test_pauses_are_as_configured(evening: Evening) -> None:
    said = [pair for each in evening.heard.announcements for pair in zip(each.said, [None, *each.said], strict=False)]
    for each, before in said:
        wanted = GAP_S if before is None or not each.short else JOINED_GAP_S
        assert each.gap_s >= wanted - 0.01
        assert before is None or each.gap_s == pytest.approx(wanted, abs=0.02)


def test_a_rush_is_said_shorter_and_a_quiet_hour_in_full(evening: Evening) -> None:
    kinds = [tuple(_kind(said) for said in each.said) for each in evening.heard.announcements]
    print(f"{len(evening.calls)} calls in {len(kinds)} announcements, {sum(map(len, kinds))} sentences")  # noqa: T201
    assert ("zh", "zh", "en") in kinds
    assert any(len(kind) > 2 and set(kind) <= {"zh short", "en short"} for kind in kinds)


def test_the_listener_would_have_noticed_two_at_once(evening: Evening) -> None:
    second = evening.heard.announcements[1]
    from_s, to_s = round((second.start_s - 1) * 22050), round((second.end_s + 1) * 22050)
    alone = samples(evening.tape)[from_s:to_s]
    late = array("h", bytes(2 * 22050)) + alone
    both = array("h", (max(-32000, min(32000, one + other)) for one, other in zip(alone, late, strict=False)))
    assert listen(alone, evening.known).strange_s == []
    assert listen(both, evening.known).strange_s != []


def _kind(said: Said) -> str:
    return f"{said.sentence[2]}{' short' if said.short else ''}"
