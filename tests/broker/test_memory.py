"""A dispatcher that starts again: from its last snapshot and what came later, or from everything."""

import asyncio
import logging
import random
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from broker import memory
from broker.bus import MemoryBroker
from broker.contract.messages import CounterOpened, Done, Hall, Recorded
from broker.dispatcher import Dispatcher
from broker.hall.apply import apply
from broker.hall.state import HallState
from broker.journal import Entry, Journal
from broker.memory import Snapshots, packed, remembered

Story = Callable[[Coroutine[Any, Any, None]], None]
AT = datetime(2026, 11, 21, 1, tzinfo=UTC)


def busy(journal: Journal, state: HallState, events: int) -> None:
    """Let much happen, in one commit."""
    happened = [
        Recorded(epoch=1, seq=state.seq + number, at=AT, event=CounterOpened(counter=1 + number % 2))
        for number in range(1, events + 1)
    ]
    journal.append([Entry(node="box-1", command=f"c{state.seq}", answer=Done(id="c"), events=happened)])
    for each in happened:
        apply(state, each)


def open_hall(directory: Path, hall: Hall) -> Journal:
    journal = Journal(directory)
    bus = MemoryBroker().bus(name="dispatcher", subscriptions=[])
    dispatcher = Dispatcher(bus=bus, journal=journal, hall="east", poison=directory / "poison.jsonl", now=lambda: AT)
    dispatcher.configure(hall)
    return journal


@pytest.fixture
def directory(tmp_path: Path, small_hall: Hall, in_no_time: Story) -> Path:
    """A journal with a snapshot, and ten events after it."""

    async def story() -> None:
        journal = open_hall(tmp_path, small_hall)
        state = remembered(journal)
        snapshots = Snapshots(journal=journal, state=state)
        busy(journal, state, memory.EVENTS)
        snapshots.after(memory.EVENTS)
        await asyncio.sleep(memory.QUIET_S * 2)
        busy(journal, state, 10)
        journal.close()

    in_no_time(story())
    return tmp_path


def spoil(directory: Path, statement: str) -> None:
    with closing(sqlite3.connect(directory / "2026-11-21.sqlite")) as db:
        db.execute(statement)
        db.commit()


def kept(directory: Path) -> list[int]:
    """Return the number of the event of which there is a snapshot."""
    with closing(sqlite3.connect(directory / "2026-11-21.sqlite")) as db:
        return [seq for (seq,) in db.execute("SELECT seq FROM snapshot")]


def test_a_start_replays_only_what_came_after_the_snapshot(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert kept(directory) == [memory.EVENTS + 2]
    journal = Journal(directory)
    assert journal.snapshot(shape=memory.shape()) is not None
    state = remembered(journal)
    assert state.seq == journal.seq == memory.EVENTS + 12
    assert state.desks[1].is_working
    assert not caplog.records


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("UPDATE snapshot SET shape = 'another'", "another version's"),
        ("UPDATE snapshot SET body = CAST(body || x'00' AS BLOB)", "not what was written"),
        ("UPDATE snapshot SET seq = seq - 1", "not what was written"),
        ("UPDATE snapshot SET seq = seq + 100000", "not what was written"),
    ],
)
def test_a_snapshot_that_cannot_be_trusted_is_passed_over(
    directory: Path, caplog: pytest.LogCaptureFixture, damage: str, words: str
) -> None:
    whole = memory.written(remembered(Journal(directory)))
    spoil(directory, damage)
    with caplog.at_level(logging.WARNING):
        state = remembered(Journal(directory))
    assert memory.written(state) == whole
    assert words in caplog.text
    assert "all events are replayed" in caplog.text


def test_a_snapshot_that_does_not_decode_is_passed_over(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal(directory)
    whole = memory.written(remembered(journal))
    for body in (b"", b"\x81", packed(b""), packed(whole[:-40]), packed(whole)[:-40], packed(b'{"seq":1}')):
        journal.keep_snapshot(journal.place, shape=memory.shape(), body=body)
        with caplog.at_level(logging.WARNING):
            assert memory.written(remembered(journal)) == whole
        assert "cannot be read" in caplog.text
        caplog.clear()


def test_a_busy_hall_gets_no_snapshot_until_it_is_quiet_or_far_too_much_has_happened(
    tmp_path: Path, small_hall: Hall, in_no_time: Story
) -> None:
    async def story() -> None:
        journal = open_hall(tmp_path, small_hall)
        state = remembered(journal)
        snapshots = Snapshots(journal=journal, state=state)
        for _ in range(memory.AT_MOST - 1):
            busy(journal, state, memory.EVENTS)
            snapshots.after(memory.EVENTS)
            await asyncio.sleep(memory.QUIET_S / 2)
        assert kept(tmp_path) == []
        busy(journal, state, memory.EVENTS)
        snapshots.after(memory.EVENTS)
        await asyncio.sleep(memory.QUIET_S / 100)
        assert kept(tmp_path) == [journal.seq]
        journal.close()

    in_no_time(story())


def test_a_disk_that_is_full_costs_the_snapshot_and_nothing_else(
    tmp_path: Path, small_hall: Hall, in_no_time: Story, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        journal = open_hall(tmp_path, small_hall)
        state = remembered(journal)
        snapshots = Snapshots(journal=journal, state=state)
        busy(journal, state, memory.EVENTS)
        snapshots.after(memory.EVENTS)
        state.last_called["bill"] = random.Random(1).randbytes(100_000).hex()  # noqa: S311 - large, and not to be packed
        assert journal._db is not None
        journal._db.execute("PRAGMA max_page_count = 1")  # no page more than it has by now
        await asyncio.sleep(memory.QUIET_S * 2)
        assert "is the disk full?" in caplog.text
        journal._db.execute("PRAGMA max_page_count = 100000")
        busy(journal, state, 1)
        journal.close()

    in_no_time(story())
    assert kept(tmp_path) == []
    assert remembered(Journal(tmp_path)).seq == memory.EVENTS + 3
