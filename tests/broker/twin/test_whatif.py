"""What would have been different: hand-checked days, and the page that a manager reads."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
from msgspec.structs import replace

from broker.contract.messages import (
    Clerk,
    CloseCounter,
    Discipline,
    Hall,
    MarkNoShow,
    OpenCounter,
    PriorityClass,
    Recorded,
    SignIn,
)
from broker.journal import Entry, Journal
from broker.twin.change import AddedCounter, Change, ImpossibleChange, Target
from broker.twin.recorded import RecordedDay, recorded_day
from broker.twin.whatif import Comparison, what_if
from hallcall.whatif import main

NINE = datetime(2026, 11, 21, 1, tzinfo=UTC)  # in Shanghai
FCFS = Change(policy=Discipline.FCFS)
SHARE = Change(policy=Discipline.SHARE)


class Day(Protocol):
    """The fixture `worked`."""

    entries: list[Entry]

    @property
    def events(self) -> list[Recorded]: ...
    def at(self, minutes: float) -> "Day": ...
    def take(self, service: str = "bill", priority_class: str = "ordinary", **further: object) -> str: ...
    def press(self, kind: object, counter: int = 1, **further: object) -> object: ...
    def call(self, counter: int = 1) -> str: ...
    def finish(self, counter: int = 1) -> None: ...
    def save(self, directory: Path) -> Path: ...


def compared(day: Day | RecordedDay, change: Change) -> Comparison:
    recorded = day if isinstance(day, RecordedDay) else recorded_day(day.events)
    return what_if([recorded], change, progress=lambda _done, _of: None)


def waits(found: Comparison) -> dict[str, tuple[float, float]]:
    return {each.ticket: (each.before_min, each.after_min) for each in found.most_moved}


@pytest.fixture
def three(worked: Day) -> Day:
    """One counter, ten minutes each: two ordinary customers at 0 and 1, a courtesy one at 2; first come, first served.

    Called at 0, 10 and 20, so they wait 0, 9 and 18 minutes.
    """
    worked.at(0).take()
    worked.at(0).call()
    worked.at(1).take()
    worked.at(2).take("bill", "courtesy")
    for minute in (10, 20):
        worked.at(minute).finish()
        worked.at(minute).call()
    worked.at(30).finish()
    worked.at(30).press(CloseCounter)
    return worked


def test_under_the_same_policy_nothing_changes_and_the_replay_is_the_record(three: Day) -> None:
    found = compared(three, FCFS)
    assert (found.moved.gain, found.moved.lose, found.most_moved) == (0, 0, ())
    assert (found.fidelity.customers, found.fidelity.off_by_min) == (3, 0)
    assert found.before.all == found.after.all == found.recorded.all


def test_by_the_share_of_the_promise_courtesy_goes_first(three: Day) -> None:
    found = compared(three, SHARE)  # at 10: 8 of 5 minutes against 9 of 30
    assert waits(found) == {"A003": (18, 8), "A002": (9, 19)}
    assert (found.moved.gain, found.moved.gain_median_min) == (1, -10)
    assert (found.moved.lose, found.moved.lose_median_min) == (1, 10)
    assert found.moved_by_class["courtesy"].mean_min == -10
    assert (found.before.all.max_overtaken_times, found.after.all.max_overtaken_times) == (0, 1)
    assert found.after.all.max_overtaken_min == 1


def test_with_one_more_counter_nobody_waits_longer(three: Day) -> None:
    found = compared(three, Change(added=(AddedCounter(skills=("bill",)),)))
    assert waits(found) == {"A002": (9, 0), "A003": (18, 8)}
    assert [(each.counter, each.served) for each in found.after.counters] == [(1, 1), (3, 2)]  # 3 has fewer skills
    assert [each.utilisation for each in found.after.counters] == [0.5, 1.0]


def test_a_counter_added_for_an_hour_is_there_for_that_hour(three: Day) -> None:
    nine = 9 * 3_600_000
    late = AddedCounter(from_ms=nine + 5 * 60_000, until_ms=nine + 6 * 60_000)
    assert waits(compared(three, Change(added=(late,)))) == {"A002": (9, 4), "A003": (18, 8)}


def test_without_its_only_counter_nobody_is_served(three: Day) -> None:
    found = compared(three, Change(closed=(1,)))
    assert (found.left_before, found.left_after, found.after.all.called) == (0, 3, 0)


def test_another_promise_measures_both_sides_alike(three: Day) -> None:
    found = compared(three, Change(targets=(Target(priority_class="ordinary", minutes=5),)))
    assert found.new_targets
    assert found.before.by_class["ordinary"].share_within_target == 0.5
    assert waits(found) == {}


def test_a_promise_at_one_service_leaves_the_others_alone(three: Day) -> None:
    found = compared(three, Change(targets=(Target(priority_class="courtesy", minutes=20, service="bill"),)))
    assert found.after.by_class["courtesy"].share_within_target == 1
    assert found.before.by_class["ordinary"].target_min == 30


def test_counters_come_and_go_as_they_did(worked: Day) -> None:
    worked.at(0).take()
    worked.at(0).call(1)
    worked.at(1).take()
    worked.at(2).take()
    worked.at(6).press(OpenCounter, 2)
    worked.at(6).call(2)
    worked.at(9).finish(2)
    worked.at(9).press(CloseCounter, 2)
    worked.at(10).finish(1)
    worked.at(10).call(1)
    worked.at(20).finish(1)
    worked.at(30).take()
    worked.at(30).call(1)
    worked.at(31).finish(1)
    found = compared(worked, FCFS)
    assert found.fidelity.off_by_min == 0
    assert [(each.counter, each.staffed_min) for each in found.before.counters] == [(1, 31), (2, 3)]


def test_courtesy_that_was_given_is_not_taken_away_again_by_the_cap(worked: Day) -> None:
    worked.at(0).take("bill", "courtesy")
    worked.at(30).take("bill", "courtesy")  # ordinary: one an hour
    for _ in range(2):
        worked.at(31).call()
        worked.at(32).finish()
    found = compared(worked, FCFS)
    assert {name: group.customers for name, group in found.before.by_class.items()} == {"courtesy": 1, "ordinary": 1}


def test_an_early_appointment_waits_from_its_time_in_the_twin_too(hall: Hall, work: Callable[[Hall], Day]) -> None:
    booked = PriorityClass(id="booked", name=hall.classes[0].name, target_min=5, appointment=True)
    day = work(replace(hall, classes=(*hall.classes, booked)))
    day.at(0).take("bill", "booked", booked_at=NINE + timedelta(minutes=40))
    day.at(1).take()
    day.at(2).call()
    day.at(30).finish()
    day.at(30).call()
    day.at(35).finish()
    found = compared(day, FCFS)
    assert found.fidelity.off_by_min == 0
    assert found.before.by_class["booked"].max_wait_min == 30


def test_a_clerks_own_skills_hold_in_the_twin(hall: Hall, work: Callable[[Hall], Day]) -> None:
    day = work(replace(hall, clerks=(Clerk(id="li", skills=("new",)),)))
    day.at(0).press(SignIn, 1, clerk="li")
    day.at(0).take("bill")
    day.at(0).take("new")
    day.at(0).call(1)
    day.at(10).finish(1)
    day.at(12).call(2)
    day.at(20).finish(2)
    found = compared(day, FCFS)
    assert found.fidelity.off_by_min == 0
    assert [(each.counter, each.served) for each in found.before.counters] == [(1, 1), (2, 1)]


def test_who_missed_the_call_is_served_where_it_comes_early_enough(worked: Day) -> None:
    for _ in range(2):
        worked.at(0).take()
    worked.at(0).call()
    worked.at(10).finish()
    worked.at(10).call()
    worked.at(11).press(MarkNoShow)
    found = compared(worked, Change(added=(AddedCounter(),)))
    assert (found.left_before, found.left_after) == (1, 0)
    assert found.notes == {"no_show": 1, "imputed": 1}


def test_several_days_are_pooled(three: Day) -> None:
    day = recorded_day(three.events)
    found = what_if([day, replace_day(day, "2026-11-22")], SHARE, progress=lambda _done, _of: None)
    assert (found.days, found.moved.gain, found.before.all.customers) == (("2026-11-21", "2026-11-22"), 2, 6)


def replace_day(day: RecordedDay, name: str) -> RecordedDay:
    return RecordedDay(day=name, hall=day.hall, stays=day.stays, shifts=day.shifts, notes=day.notes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Change(closed=(9,)), "no counter 9; there are 1, 2"),
        (Change(targets=(Target(priority_class="vip", minutes=3),)), "no class vip; there are courtesy, ordinary"),
        (Change(added=(AddedCounter(skills=("gold",)),)), "no service gold; there are bill, new"),
    ],
)
def test_what_the_hall_has_not_cannot_change(three: Day, change: Change, said: str) -> None:
    with pytest.raises(ImpossibleChange, match=said):
        compared(three, change)


def test_the_same_day_gives_the_same_page_however_often_it_is_asked(three: Day) -> None:
    assert compared(three, SHARE) == compared(three, SHARE)


def test_the_hall_of_the_record_is_not_changed(three: Day, hall: Hall) -> None:
    day = recorded_day(three.events)
    compared(day, SHARE)
    assert day.hall == replace(hall)


# The command ----------------------------------------------------------------------------------------------------------


def test_the_page_begins_with_who_gains_and_who_loses(
    three: Day, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = three.save(tmp_path)
    assert main([str(path), "--policy", "share", "--lang", "en"]) == 0
    said = capsys.readouterr().out
    sentences = " ".join(said.split("\n\n")[1].split())
    assert sentences == (
        "With calls by “share of the promise used” instead of “first come, first served”, 1 of 3 customers would have "
        "waited at least a minute less (median: 10.0 min less), 1 at least a minute longer (median: 10.0 min longer). "
        "Nine of ten would have been called within 16.8 min instead of 16.2, and 67 % instead of 67 % within their "
        "target. Who gains most: Courtesy, 10.0 min less each, on average. "
        "Who loses most: Ordinary, 5.0 min more each, on average."
    )
    assert "A003    Courtesy  Bills    18.0 → 8.0   -10.0      18.0" in said
    assert main([str(tmp_path), "--policy", "share"]) == 0
    assert "受益最多：优待，平均每位少等 10.0 分钟。" in capsys.readouterr().out


def test_the_policy_that_the_hall_has_already_is_called_no_change(
    three: Day, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(three.save(tmp_path)), "--policy", "fcfs", "--lang", "en"]) == 0
    assert "With calls by “first come, first served”, as they were, nobody" in capsys.readouterr().out


def test_reading_a_journal_leaves_it_as_it_was(three: Day, tmp_path: Path) -> None:
    path = three.save(tmp_path)
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    assert main([str(path), "--counters", "+1", "--json"]) == 0
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == before


def test_the_hall_may_be_at_work_meanwhile(three: Day, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = Journal(tmp_path)
    journal.append(three.entries)
    assert main([str(tmp_path / "2026-11-21.sqlite"), "--policy", "share", "--json"]) == 0
    journal.close()
    assert json.loads(capsys.readouterr().out)["moved"]["gain"] == 1


def test_figures_as_json(three: Day, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(three.save(tmp_path)), "--close", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["before"]["all"]["customers"], told["change"]["closed"]) == (3, [2])


def test_a_damaged_journal_is_refused_in_its_own_words(
    three: Day, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = three.save(tmp_path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE event SET at = '2026-11-21T01:00:01+00:00' WHERE seq = 3")
    assert main([str(path), "--policy", "share"]) == 1
    assert "is damaged: event 3 is not what was written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "said"),
    [("none.sqlite", "there is no such file"), (".", "holds no day with a ticket")],
)
def test_where_there_is_no_journal_it_says_what_to_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    assert main([str(tmp_path / name)]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--target", "courtesy"], "CLASS=MINUTES"),
        (["--counters", "-1"], "--close COUNTER"),
        (["--add-counter", "skill=bill"], "give skills=a,b"),
        (["--add-counter", "from=9"], "HH:MM"),
        (["x.csv"], "--hall HALL.toml"),
    ],
)
def test_what_is_not_written_as_it_should_be_is_said(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    with pytest.raises(SystemExit):
        main(["day.sqlite", *arguments])
    assert said in capsys.readouterr().err
