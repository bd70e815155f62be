"""The journal: what was acknowledged is there after any death; what is damaged is refused in plain words."""

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.contract.messages import (
    Called,
    DayOpened,
    Done,
    Hall,
    HallConfigured,
    Language,
    Recorded,
    Refused,
    TicketIssued,
)
from broker.journal import Entry, Journal, JournalDamaged, JournalInUse, JournalTooNew, read_day

AT = datetime(2026, 11, 21, 1, tzinfo=UTC)


def issued(seq: int) -> Recorded:
    event = TicketIssued(
        visit=f"v{seq}",
        ticket=f"A{seq:03d}",
        service="bill",
        number=seq,
        language=Language.ZH,
        node="kiosk-1",
        ahead=0,
        wait_low_min=None,
        wait_high_min=None,
    )
    return Recorded(epoch=1, seq=seq, at=AT, event=event)


def opening(hall: Hall, *, day: str = "2026-11-21", seq: int = 1) -> Entry:
    events = [
        Recorded(epoch=1, seq=seq, at=AT, event=DayOpened(day=day)),
        Recorded(epoch=1, seq=seq + 1, at=AT, event=HallConfigured(hall=hall)),
    ]
    return Entry(node="dispatcher", command=f"day-{day}", answer=Done(id=f"day-{day}"), events=events)


def entry(seq: int) -> Entry:
    return Entry(node="kiosk-1", command=f"c{seq}", answer=Done(id=f"c{seq}", epoch=1, seq=seq), events=[issued(seq)])


@pytest.fixture
def directory(tmp_path: Path, small_hall: Hall) -> Path:
    """A journal with a day, a hall and two tickets."""
    journal = Journal(tmp_path)
    journal.append([opening(small_hall), entry(3), entry(4)])
    journal.close()
    return tmp_path


def test_everything_comes_back_in_order(directory: Path) -> None:
    journal = Journal(directory)
    assert [each.seq for each in journal.replay()] == [1, 2, 3, 4]
    assert (journal.epoch, journal.seq) == (1, 4)
    assert journal.answers()["kiosk-1", "c4"] == Done(id="c4", epoch=1, seq=4)
    assert [each.seq for each in journal.read(after_seq=2, limit=1)] == [3]


def test_a_refusal_is_remembered_as_well(directory: Path) -> None:
    journal = Journal(directory)
    journal.append([Entry(node="box-1", command="c9", answer=Refused(id="c9", reason="stale"))])
    journal.close()
    assert Journal(directory).answers()["box-1", "c9"] == Refused(id="c9", reason="stale")


def test_each_day_has_its_file_which_stands_alone(directory: Path, small_hall: Hall) -> None:
    journal = Journal(directory)
    journal.append([opening(small_hall, day="2026-11-22", seq=5)])
    journal.close()
    assert sorted(path.name for path in directory.glob("*.sqlite")) == ["2026-11-21.sqlite", "2026-11-22.sqlite"]
    again = Journal(directory)
    assert [each.seq for each in again.replay()] == [5, 6]
    assert ("kiosk-1", "c4") in again.answers()


def test_only_one_dispatcher_writes(directory: Path) -> None:
    first = Journal(directory)
    with pytest.raises(JournalInUse, match="another dispatcher"):
        Journal(directory)
    first.close()
    Journal(directory).close()


@pytest.mark.parametrize("what", ["the header", "a page", "one letter of one event"])
def test_a_damaged_file_is_refused_and_left_as_it_is(directory: Path, what: str) -> None:
    path = directory / "2026-11-21.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    whole = path.read_bytes()
    place, damage = {
        "the header": (40, b"\xa5" * 60),
        "a page": (4096, b"\xa5" * 200),
        "one letter of one event": (whole.index(b'"ticket":"A003"') + 10, b"B"),
    }[what]
    spoilt = whole[:place] + damage + whole[place + len(damage) :]
    path.write_bytes(spoilt)
    with pytest.raises(JournalDamaged, match=r"(?s)2026-11-21\.sqlite is damaged.*put back the last copy"):
        list(Journal(directory).replay())
    assert path.read_bytes() == spoilt


def test_a_damaged_file_of_yesterday_is_refused_in_plain_words_too(directory: Path, small_hall: Hall) -> None:
    """A command of before midnight may come again; without yesterday's answers it would be done twice."""
    journal = Journal(directory)
    journal.append([opening(small_hall, day="2026-11-22", seq=5)])
    journal.close()
    path = directory / "2026-11-21.sqlite"
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xa5" * 3000 + whole[3100:])
    journal = Journal(directory)
    with pytest.raises(JournalDamaged, match=r"2026-11-21\.sqlite is damaged: its answers"):
        journal.answers()


@pytest.mark.parametrize(
    "tampering",
    [
        """UPDATE event SET body = replace(body, 'A003', 'A009') WHERE seq = 3""",
        "DELETE FROM event WHERE seq = 3",
        "UPDATE event SET at = '2026-11-21T09:00:00+00:00' WHERE seq = 4",
    ],
)
def test_a_changed_row_is_noticed(directory: Path, tampering: str) -> None:
    with sqlite3.connect(directory / "2026-11-21.sqlite") as db:
        db.execute(tampering)
    db.close()
    with pytest.raises(JournalDamaged, match=r"event \d is not what was written"):
        Journal(directory)


def test_a_newer_journal_is_refused(directory: Path) -> None:
    with sqlite3.connect(directory / "2026-11-21.sqlite") as db:
        db.execute("UPDATE event SET version = 2 WHERE seq = 3")
    db.close()
    with pytest.raises(JournalTooNew, match="TicketIssued version 2"):
        Journal(directory)


def test_a_file_from_a_crash_at_its_birth_hides_nothing(directory: Path) -> None:
    (directory / "2026-11-22.sqlite").touch()
    assert [each.seq for each in Journal(directory).replay()] == [1, 2, 3, 4]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A journal of the release before: format 1."""
    golden = Path(__file__).parents[1] / "golden" / "journal-schema-1" / "2026-11-21.sqlite"
    shutil.copy(golden, tmp_path)
    return tmp_path


def test_a_journal_of_the_release_before_is_read_and_continued_as_it_is(old: Path, small_hall: Hall) -> None:
    journal = Journal(old)
    events = list(journal.replay())
    assert (journal.seq, len(events)) == (34, 34)
    assert isinstance(journal.answers()["box-1", "press-1"], Called)
    journal.append([entry(35)])
    journal.keep_snapshot(journal.place, shape="x", body=b"body")  # which format 1 has no place for
    assert journal.snapshot(shape="x") is None
    yesterday = journal.place
    journal.append([opening(small_hall, day="2026-11-22", seq=36)])
    journal.keep_snapshot(journal.place, shape="x", body=b"body")
    journal.keep_snapshot(yesterday, shape="x", body=b"too late")
    journal.close()
    assert len(read_day(old / "2026-11-21.sqlite")) == 35
    formats = []
    for path in sorted(old.glob("*.sqlite")):
        with closing(sqlite3.connect(path)) as db:
            formats += db.execute("PRAGMA user_version").fetchone()
    assert formats == [1, 2]
    again = Journal(old)
    assert [each.seq for each in again.replay()] == [36, 37]
    assert again.snapshot(shape="x") == b"body"
    assert ("box-1", "press-1") in again.answers()


def test_an_answer_that_nobody_will_ask_for_again_is_not_kept(directory: Path) -> None:
    journal = Journal(directory)
    journal.append([Entry(node="dispatcher", command="elapsed-1-4", answer=None, events=[issued(5)])])
    assert not any(node == "dispatcher" and command.startswith("elapsed") for node, command in journal.answers())
    assert journal.seq == 5


def test_whatever_was_acknowledged_survives_kill_9(directory: Path) -> None:
    """A writer acknowledges each entry on a pipe only after `append`; it is killed in full flight."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path; from test_journal import entry; from broker.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1])); seq = 4\n"
        "while True:\n"
        "    seq += 1; journal.append([entry(seq)]); print(seq, flush=True)\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", program, str(directory), str(Path(__file__).parent)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    acknowledged = 4
    while acknowledged < 60:
        acknowledged = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    acknowledged = max([acknowledged, *(int(line) for line in writer.stdout.read().split())])
    writer.wait()
    kept = [each.seq for each in Journal(directory).replay()]
    assert kept[:acknowledged] == list(range(1, acknowledged + 1))
    shutil.rmtree(directory)
