"""The book of numbers that a kiosk gave by itself: each once a day, whatever is killed, each as old as it is."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from broker.contract.messages import OfflineNumbers, SlipFate
from kiosk.offline import Book, BookOnDisk, Given, ages_ms, merging, next_number, on_day, with_given

NUMBERS = OfflineNumbers(first=1001, last=1003)
NINE = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
A1001 = Given(
    id="boot-1",
    ticket="A1001",
    number=1001,
    service="pay",
    day="2026-11-21",
    boot="one",
    taken_s=100,
    at=NINE,
    slip=SlipFate.PRINTED,
)


def a_number(number: int, *, boot: str = "one", taken_s: float = 0, at_s: float = 0, heard_s: float = -60) -> Given:
    at, heard_at = NINE + timedelta(seconds=at_s), NINE + timedelta(seconds=heard_s)
    ticket = f"A{number}"
    return replace(A1001, id=ticket, ticket=ticket, number=number, boot=boot, taken_s=taken_s, at=at, heard_at=heard_at)


def test_numbers_run_behind_each_letter_to_the_last_one_and_begin_again_on_a_later_day() -> None:
    book = on_day(Book(), "2026-11-21")
    taken = []
    for letters in "AABAAB":
        number = next_number(book, letters, NUMBERS)
        taken.append((letters, number))
        if number is not None:
            book = with_given(book, letters, replace(A1001, number=number))
    assert taken == [("A", 1001), ("A", 1002), ("B", 1001), ("A", 1003), ("A", None), ("B", 1002)]
    assert next_number(on_day(book, "2026-11-22"), "A", NUMBERS) == 1001


@pytest.mark.parametrize("clock_says", ["2026-11-20", "1970-01-01", "2026-11-21"])
def test_a_clock_that_steps_back_gives_no_number_again(clock_says: str) -> None:
    book = with_given(on_day(Book(), "2026-11-21"), "A", A1001)
    assert next_number(on_day(book, clock_says), "A", NUMBERS) == 1002
    assert on_day(book, clock_says).day == "2026-11-21"


def test_a_changed_range_never_leads_back_to_a_number_of_today() -> None:
    book = with_given(on_day(Book(), "2026-11-21"), "A", A1001)
    assert next_number(book, "A", OfflineNumbers(first=1000, last=1999)) == 1002
    assert next_number(book, "A", OfflineNumbers(first=2001, last=2099)) == 2001
    assert next_number(book, "A", OfflineNumbers(first=801, last=899)) is None


@pytest.mark.parametrize(
    ("numbers", "ages_s"),
    [
        ([a_number(1, taken_s=100), a_number(2, taken_s=160)], [900, 840]),  # the machine has run since
        ([a_number(1, taken_s=100, at_s=-99999), a_number(2, taken_s=160, at_s=99999)], [900, 840]),  # whatever day
        ([a_number(1, boot="before", at_s=0), a_number(2, taken_s=160)], [1800, 840]),  # started anew in between
        ([a_number(1, boot="before", at_s=-9e9)], [1860]),  # not before the last contact with the hall
        ([a_number(1, boot="before", at_s=9e9)], [0]),  # nor in the time to come
        ([a_number(1, boot="before", at_s=1700), a_number(2, taken_s=160)], [840, 840]),  # the kiosk's own order
        ([], []),
    ],
)
def test_a_number_is_as_old_as_it_is(numbers: list[Given], ages_s: list[int]) -> None:
    ages = ages_ms(numbers, boot="one", clock_s=1000, now=NINE + timedelta(seconds=1800))
    assert ages == [age * 1000 for age in ages_s]


@given(
    st.lists(st.tuples(st.sampled_from(["one", "before"]), st.integers(0, 999), st.integers(-9999, 9999)), max_size=8)
)
def test_nobody_who_came_earlier_is_younger_whatever_the_clocks_say(seen: list[tuple[str, int, int]]) -> None:
    numbers = [a_number(n, boot=boot, taken_s=s, at_s=at_s) for n, (boot, s, at_s) in enumerate(seen)]
    ages = ages_ms(numbers, boot="one", clock_s=1000, now=NINE)
    assert ages == sorted(ages, reverse=True)
    assert all(age >= 0 for age in ages)


@pytest.mark.parametrize(("boot", "by_clock"), [("one", False), ("two", True)])
def test_a_time_is_flagged_that_only_the_kiosks_clock_knows(boot: str, *, by_clock: bool) -> None:
    assert merging(A1001, boot=boot, ago_ms=7).by_clock == by_clock


def test_a_kiosk_killed_while_it_prints_says_that_the_paper_may_be_out(tmp_path: Path) -> None:
    BookOnDisk(tmp_path / "offline.json").put(with_given(Book(), "A", replace(A1001, slip=None)))
    (again,) = BookOnDisk(tmp_path / "offline.json").book.given
    assert again == replace(A1001, slip=SlipFate.UNKNOWN)


@pytest.mark.parametrize("left", [b"", b"\0" * 100, b'{"day":"2026-11-21","next":{"A":10', b"\xff\xfe"])
def test_a_book_that_cannot_be_read_gives_no_numbers_and_is_left_for_a_technician(tmp_path: Path, left: bytes) -> None:
    path = tmp_path / "offline.json"
    path.write_bytes(left)
    assert str(path) in BookOnDisk(path).wrong
    assert path.read_bytes() == left


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(st.sampled_from(["give", "give", "kill", "half-written", "yesterday", "tomorrow"]), max_size=25))
def test_no_number_is_given_twice_on_a_day_whatever_is_killed(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    path = tmp_path_factory.mktemp("kiosk") / "offline.json"
    disk, today, numbers = BookOnDisk(path), 0, OfflineNumbers(first=1001, last=1999)
    printed: list[tuple[str, int]] = []
    for step in steps:
        if step == "give":
            book = on_day(disk.book, f"2026-11-{21 + today}")
            number = next_number(book, "A", numbers)
            assert number is not None
            disk.put(with_given(book, "A", replace(A1001, number=number, day=book.day)))
            printed.append((book.day, number))
        elif step == "kill":
            disk = BookOnDisk(path)
        elif step == "half-written":
            path.with_suffix(".new").write_bytes(b'{"day":')
            disk = BookOnDisk(path)
        else:
            today = min(max(today + (1 if step == "tomorrow" else -1), 0), 8)
    assert len(set(printed)) == len(printed)
    assert [(each.day, each.number) for each in BookOnDisk(path).book.given] == printed
