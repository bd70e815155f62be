"""The way back from a day that a wrong clock opened."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from broker.contract.messages import (
    AnyEvent,
    DayOpened,
    GivenNumbers,
    Hall,
    HallConfigured,
    Language,
    Recorded,
    TicketIssued,
)
from broker.journal import Entry, Journal, JournalInUse
from broker.told import RESTORED, Restored, restored
from hallcall.clock import undo_day

AT = datetime(2026, 11, 22, 1, tzinfo=UTC)


def journal_of(directory: Path, hall: Hall) -> Journal:
    """Return the journal of a hall whose clock jumped to January at noon."""
    journal = Journal(directory)
    happened: list[AnyEvent] = [
        DayOpened(day="2026-11-22"),
        HallConfigured(hall=hall),
        issued("A001", "bill"),
        DayOpened(day="2027-01-05"),
        HallConfigured(hall=hall),
        issued("A001", "bill"),
        issued("A002", "bill"),
        issued("B001", "new"),
    ]
    for seq, event in enumerate(happened, 1):
        recorded = Recorded(epoch=1, seq=seq, at=AT, event=event)
        journal.append([Entry(node="dispatcher", command="c", answer=None, events=[recorded])])
    return journal


def issued(ticket: str, service: str) -> TicketIssued:
    return TicketIssued(
        visit=f"v-{ticket}", ticket=ticket, service=service, number=int(ticket[1:]), language=Language.ZH,
        node="kiosk-1", ahead=0, wait_low_min=None, wait_high_min=None,
    )  # fmt: skip


def test_days_later_than_today_are_put_aside_and_their_numbers_kept(
    tmp_path: Path, small_hall: Hall, capsys: pytest.CaptureFixture[str]
) -> None:
    journal_of(tmp_path, small_hall).close()
    assert undo_day(tmp_path, today="2026-11-22") == 0
    assert "A002, B001 were the last ones" in capsys.readouterr().out
    again = Journal(tmp_path)
    assert (again.seq, again.epoch) == (3, 1)
    known = restored(tmp_path / RESTORED)
    assert known == Restored(epoch=1, given=(GivenNumbers(day="2026-11-22", last={"bill": "A002", "new": "B001"}),))
    assert list(tmp_path.glob("wrong-days-*/2027-01-05.sqlite"))


def test_a_hall_that_runs_is_left_alone(tmp_path: Path, small_hall: Hall) -> None:
    journal = journal_of(tmp_path, small_hall)
    with pytest.raises(JournalInUse):
        undo_day(tmp_path, today="2026-11-22")
    journal.close()
    assert undo_day(tmp_path, today="2027-01-05") == 0
    assert not (tmp_path / RESTORED).exists()


def test_a_mark_that_is_torn_is_a_mark_all_the_same(tmp_path: Path) -> None:
    assert restored(tmp_path / RESTORED) is None
    (tmp_path / RESTORED).write_bytes(msgspec.json.encode(Restored(epoch=4))[:5])
    assert restored(tmp_path / RESTORED) == Restored()
