"""A whole Monday in a large hall: 1,500 visitors, 30 counters, every room real, ahead of the clock; its figures add up.

What is played and what is only simulated, `building` says.
"""

import asyncio
import faulthandler
import random
import re
import shutil
import tempfile
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from broker.contract.messages import (
    SERVED,
    AnyView,
    CallRepeated,
    Language,
    Outcome,
    Recorded,
    TicketCalled,
    TicketIssued,
    TicketVoided,
    Undone,
    VisitEnded,
    VisitRated,
    VisitReturned,
    WalkUpServed,
)
from broker.hall.apply import apply
from broker.hall.balance import next_push
from broker.hall.clock import ms
from broker.hall.life import OPEN
from broker.hall.state import HallState
from broker.journal import Journal
from display.phrases import phrase

from .building import Building
from .large_hall import BEGIN, HALL, OVERTAKEN_TIMES, VISITORS, Visitor, second, visitors
from .townspeople import Town

SEED: Final = 7
TICKET: Final = re.compile(r"^[ABCEFH]\d{3}$")
FAST_DISK: Final = Path("/dev/shm")  # noqa: S108 - thousands of commits; that each is on the disk is shown elsewhere
UTILISATION_JAIN: Final = 0.95


@dataclass(kw_only=True)
class Day:
    """What a day has left behind."""

    directory: Path
    people: list[Visitor]
    town: Town
    building: Building
    state: HallState
    events: list[Recorded]
    evening: Mapping[str, AnyView]  # what the hall had been told when the dispatcher stopped
    after_restart: Mapping[str, AnyView]  # what one that was started on its journal tells
    restarted: HallState
    next_morning: HallState

    def of(self, *kinds: type) -> Iterator[Any]:
        return (each.event for each in self.events if isinstance(each.event, kinds))

    def at(self, *kinds: type) -> Iterator[tuple[datetime, Any]]:
        return ((each.at, each.event) for each in self.events if isinstance(each.event, kinds))


async def _play(directory: Path) -> Day:
    chance = random.Random(SEED)  # noqa: S311 - people, not secrets
    town = Town(chance=chance)
    building = Building(directory, on_call=town.called)
    town.move_in(building)
    people = list(visitors(chance))
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(town.come(people))]
    tasks += [loop.create_task(town.work(place)) for place in building.places.values()]
    tasks += [loop.create_task(town.mind()), loop.create_task(building.lose_paper(at_s=second("10:05")))]
    await asyncio.sleep(second("18:10"))
    for task in tasks:
        if task.done() and (error := task.exception()) is not None:
            raise error
        task.cancel()
    assert building.failures() == []
    state, evening, events = building.dispatcher.state, dict(building.views), list(building.heard)
    await building.close()
    restarted, after_restart = await _restart(directory)
    await asyncio.sleep(second("23:59") - loop.time() + 8 * 3600)
    next_morning, _ = await _restart(directory)
    return Day(
        directory=directory,
        people=people,
        town=town,
        building=building,
        state=state,
        events=events,
        evening=evening,
        after_restart=after_restart,
        restarted=restarted,
        next_morning=next_morning,
    )


async def _restart(directory: Path) -> tuple[HallState, Mapping[str, AnyView]]:
    """Start a dispatcher on the day's journal, for a moment; return its hall, and what it tells."""
    again = Building(directory, on_call=lambda _ticket, _counter: None, only_dispatcher=True)
    await asyncio.sleep(5)
    assert again.failures() == []
    await again.close()
    return again.dispatcher.state, dict(again.views)


@pytest.fixture(scope="module")
def day(in_no_time: Callable[[Coroutine[Any, Any, None]], None]) -> Iterator[Day]:
    directory = Path(tempfile.mkdtemp(prefix="long-day-", dir=FAST_DISK if FAST_DISK.is_dir() else None))
    played: list[Day] = []
    faulthandler.cancel_dump_traceback_later()  # on a slow machine it takes longer, and nothing hangs

    async def play() -> None:
        played.append(await _play(directory))

    try:
        in_no_time(play())
        yield played[0]
    finally:
        shutil.rmtree(directory)


def final(day: Day) -> dict[str, str]:
    """Return what became of each visit, as the events tell it."""
    ends: dict[str, str] = {}
    for event in day.of(TicketIssued, TicketVoided, VisitEnded, VisitReturned, Undone):
        match event:
            case TicketVoided(visit=visit):
                ends[visit] = "void"
            case VisitEnded(visit=visit, outcome=outcome):
                ends[visit] = outcome.value
            case TicketIssued(visit=visit) | VisitReturned(visit=visit) | Undone(visit=str(visit)):
                ends[visit] = "open"
    return ends


def test_whoever_took_a_number_is_accounted_for(day: Day) -> None:
    issued = {event.visit for event in day.of(TicketIssued)}
    walk_ups = {event.visit for event in day.of(WalkUpServed)}
    ends = final(day)
    became = Counter(ends[visit] for visit in issued)
    served = sum(became[outcome.value] for outcome in SERVED)
    assert len(issued) == len(day.people) + became["void"] == VISITORS + became["void"]
    assert became["open"] == 0, [visit for visit in issued if ends[visit] == "open"]
    assert len(issued) == served + sum(became[each] for each in ("no_show", "cancelled", "closed_unserved", "void"))
    assert min(became[each] for each in ("done", "no_show", "cancelled", "closed_unserved", "void")) > 0, became
    assert served > 0.9 * VISITORS
    tickets = {event.visit: event.ticket for event in day.of(TicketIssued)}
    assert {tickets[visit] for visit in issued if ends[visit] == "done"} == {
        each.ticket for each in day.people if each.end == "served"
    }
    assert became["cancelled"] == sum(each.end == "cancelled" for each in day.people)
    assert len(walk_ups) == day.town.walk_ups


def test_no_number_was_given_twice_and_each_slip_was_printed_once(day: Day) -> None:
    issued = [event.ticket for event in day.of(TicketIssued) if event.node != "desk"]
    void = [event.ticket for event in day.of(TicketVoided)]
    slips = [slip for stand in day.building.stands for slip in stand.slips]
    printed = [line for slip in slips for line in slip.lines if TICKET.match(line)]
    assert len(issued) == len(set(issued))
    assert sorted(printed) == sorted(set(issued) - set(void))
    assert len(slips) == len(printed)
    assert len([torn for stand in day.building.stands for torn in stand.torn]) == len(void) == 1


def test_numbers_are_given_in_opening_hours_and_from_their_first_minute_on(day: Day) -> None:
    times = sorted((at - BEGIN) / timedelta(seconds=1) for at, _ in day.at(TicketIssued))
    morning = [at for at in times if at < second("13:00")]
    afternoon = [at for at in times if at > second("13:00")]
    assert second("08:30") <= morning[0] < second("08:31")
    assert morning[-1] < second("12:00")
    assert second("13:30") <= afternoon[0] < second("13:31")
    assert afternoon[-1] < second("17:00")


def deduped(texts: Iterable[str]) -> list[str]:
    return [text for text, _ in groupby(texts)]


def test_boards_and_signs_showed_every_call_and_nothing_else(day: Day) -> None:
    zones = {counter.number: counter.zone for counter in HALL.counters}
    for zone, glass in day.building.glasses.items():
        called = {event.call: (event.ticket, event.counter) for event in day.of(TicketCalled) if event.zone == zone}
        assert glass.calls == called
    for number, place in day.building.places.items():
        called_here = [event.ticket for event in day.of(TicketCalled) if event.counter == number]
        assert deduped(place.signs_shown) == deduped(called_here)
        assert {event.zone for event in day.of(TicketCalled) if event.counter == number} <= {zones[number]}
    assert day.building.frames_lost == 0


def wording(event: TicketCalled | CallRepeated) -> set[str]:
    """Return how a call may be said in Chinese: by itself, or among others."""
    keys = ("announcement", "joined")
    return {phrase(event.ticket, event.counter, Language.ZH, key=key) for key in keys}


def test_voices_said_each_call_once_one_after_the_other(day: Day) -> None:
    for zone, speaker in day.building.speakers.items():
        lines = (day.directory / f"voice-{zone}" / "spoken").read_text(encoding="utf-8").splitlines()
        spoken = [(call, int(times)) for call, times in (line.split() for line in lines)]
        assert len(spoken) == len(set(spoken))
        assert all(before[1] <= after[0] for before, after in pairwise(speaker.said))
        calls = {(event.call, 1): event for event in day.of(TicketCalled) if event.zone == zone}
        calls |= {(event.call, event.times): event for event in day.of(CallRepeated) if event.zone == zone}
        owed = deque(calls[each] for each in spoken)
        for _, _, text in speaker.said:
            while owed and not wording(owed[0]).isdisjoint(text.splitlines()):
                owed.popleft()
        assert not owed, "said in another order, or in other words"
        unspoken = {call for call, _ in calls} - {call for call, _ in spoken}
        assert len(unspoken) < len(calls) / 4  # their customers had come before their turn


def test_clerks_count_what_the_events_count(day: Day) -> None:
    ended: defaultdict[int, list[str]] = defaultdict(list)
    missed: Counter[int] = Counter()
    walk_ups = {event.visit for event in day.of(WalkUpServed)}
    absent: set[str] = set()  # at the day's end a no-show ends for good, and is told once more
    for event in day.of(TicketCalled, VisitEnded, Undone):
        match event:
            case VisitEnded(outcome=Outcome.DONE, counter=int(counter), visit=visit) if visit not in walk_ups:
                ended[counter].append(event.ticket)
            case VisitEnded(outcome=Outcome.NO_SHOW, counter=int(counter), visit=visit) if visit not in absent:
                missed[counter] += 1
                absent.add(visit)
            case Undone(act="VisitEnded", counter=counter, visit=str(visit)):
                missed[counter] -= 1
                absent.discard(visit)
            case TicketCalled(visit=visit):
                absent.discard(visit)
    assert ended == day.town.served
    assert sum(len(each) for each in ended.values()) == sum(each.end == "served" for each in day.people)
    assert {counter: count for counter, count in missed.items() if count} == {
        counter: count for counter, count in day.town.given_up.items() if count
    }


def test_ratings_are_those_that_keypads_took(day: Day) -> None:
    rated = [event.call for event in day.of(VisitRated)]
    assert len(rated) == len(set(rated)) == day.town.rated
    assert len(rated) > 0.5 * VISITORS


def test_waits_are_the_same_by_events_and_by_state(day: Day) -> None:
    issued = {event.visit: at for at, event in day.at(TicketIssued)}
    first: dict[str, datetime] = {}
    for at, event in day.at(TicketCalled):
        first.setdefault(event.visit, at)
        assert event.waited_s == (at - issued[event.visit]) // timedelta(seconds=1) >= 0
    by_events = {visit: ms(at) - ms(issued[visit]) for visit, at in first.items()}
    by_state = {
        visit.id: visit.first_called_ms - visit.issued_ms
        for visit in day.state.visits.values()
        if visit.first_called_ms and visit.id in issued
    }
    undone = {event.visit for event in day.of(Undone) if event.act == "TicketCalled"}
    assert {visit: wait for visit, wait in by_events.items() if visit not in undone} == {
        visit: wait for visit, wait in by_state.items() if visit not in undone
    }


def test_a_replay_is_the_hall_and_a_restart_tells_what_the_hall_was_told(day: Day) -> None:
    replayed = HallState()
    for recorded in day.events:
        apply(replayed, recorded)
    for other in (replayed, day.restarted):
        assert other.seq == day.state.seq
        assert other.visits == day.state.visits
        assert other.desks == day.state.desks
        assert other.series == day.state.series
        assert (other.waiting, other.queued, other.last_called) == (
            day.state.waiting, day.state.queued, day.state.last_called,
        )  # fmt: skip
    assert bare(day.after_restart) == bare(day.evening)


def bare(views: Mapping[str, AnyView]) -> dict[str, AnyView]:
    return {name: msgspec.structs.replace(view, seq=0) for name, view in views.items()}


def test_nobody_was_overtaken_more_often_than_the_policy_allows(day: Day) -> None:
    overtaken = [visit.overtaken for visit in day.state.visits.values()]
    assert max(overtaken) <= OVERTAKEN_TIMES
    assert max(overtaken) > 0
    told = [each.times for event in day.of(TicketCalled) if not event.exempt for each in event.passed]
    assert max(told) <= OVERTAKEN_TIMES


def test_no_armed_counter_was_idle_while_somebody_waited_whom_it_could_serve(day: Day) -> None:
    state = HallState()
    armed = 0
    for recorded, follows in pairwise(day.events):
        apply(state, recorded)
        just_before_ms = ms(follows.at) - 100
        if just_before_ms > ms(recorded.at):
            armed += len(state.armed_idle)
            assert next_push(state, just_before_ms) is None, recorded
    assert armed > 0
    assert sum(event.pushed for event in day.of(TicketCalled)) > VISITORS / 6


def test_the_work_was_shared_evenly(day: Day) -> None:
    """Jain's index of the counters' utilisation: 1 when all are busy for the same share of their time."""
    desks = day.state.desks.values()
    shares = [desk.busy_ms / desk.staffed_ms for desk in desks]  # all are closed by now
    assert len(shares) == len(HALL.counters)
    jain = sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))
    assert jain > UTILISATION_JAIN, (jain, shares)


def test_the_next_morning_begins_with_nobody(day: Day) -> None:
    tomorrow = day.next_morning
    assert tomorrow.day == "2026-11-24"
    assert not tomorrow.visits
    assert not [visit for visit in tomorrow.visits.values() if visit.state in OPEN]
    with_numbers = {name: series.next for name, series in tomorrow.series.items()}
    assert with_numbers == {}
    journal = Journal(day.directory / "journal")
    assert journal.seq > day.state.seq
    journal.close()
