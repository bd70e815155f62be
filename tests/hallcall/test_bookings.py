"""A list of bookings: how it is read, and what is said of lines that are wrong."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.contract.messages import Hall
from hallcall.booking_list import BadList, Booked, read_list, write_list
from hallcall.bookings import main

TODAY = date(2026, 11, 22)


def draws() -> Iterator[str]:
    return (f"{900000 + number}" for number in count())


def read(text: str, hall: Hall) -> list[Booked]:
    drawn = draws()
    return read_list(text, name="list.csv", hall=hall, today=TODAY, draw=lambda: next(drawn))


@pytest.mark.parametrize(
    "time",
    ["2026-11-23 09:30", "2026/11/23 9:30", "2026-11-23T09:30", "2026-11-23 09:30:00", "2026-11-23T01:30:00+00:00"],
)
def test_a_time_is_the_halls_own_unless_it_says_which(small_hall: Hall, time: str) -> None:
    (booked,) = read(f"code,service,time\n482913,bill,{time}\n", small_hall)
    assert booked.at == datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
    assert (booked.line, booked.code, booked.service, booked.is_drawn) == (2, "482913", "bill", False)


def test_columns_may_stand_in_any_order_and_a_spreadsheets_mark_is_no_matter(small_hall: Hall) -> None:
    (booked,) = read("\ufefftime, service, code\r\n2026-11-23 09:30, new, 482913\r\n", small_hall)
    assert (booked.service, booked.code) == ("new", "482913")


def test_a_code_that_is_left_out_is_drawn_and_is_nobody_elses(small_hall: Hall) -> None:
    lines = ("code,service,time", "900000,bill,2026-11-23 09:30", ",new,2026-11-23 10:00", ",new,2026-11-23 10:30")
    booked = read("\n".join(lines), small_hall)
    assert [(each.code, each.is_drawn) for each in booked] == [("900000", False), ("900001", True), ("900002", True)]
    assert [(each.code, each.at) for each in read(write_list(booked, small_hall), small_hall)] == [
        (each.code, each.at) for each in booked
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "list.csv:1: the first line names the columns: code,service,time; here it is: empty"),
        ("482913,bill,2026-11-23 09:30", "list.csv:1: the first line names the columns"),
        (
            "code,service,time,name\n1,2,3,4",
            "list.csv:1: remove the column name: only code, service, time are known, and",
        ),
        ("code,service,time\n482913,bill", "list.csv:2: give 3 values: code, service, time"),
        ("code,service,time\n482913,bill,2026-11-23 09:30,王", "list.csv:2: give 3 values"),
        ("code,service,time\n12345,bill,2026-11-23 09:30", "list.csv:2: code 12345: give 6 to 12 digits, or leave"),
        ("code,service,time\n12345,bill,2026-11-23 09:30", "did a spreadsheet drop a leading 0?"),
        ("code,service,time\n48A913,bill,2026-11-23 09:30", "code 48A913: give 6 to 12 digits"),
        ("code,service,time\n482913,bil,2026-11-23 09:30", "list.csv:2: service bil: did you mean bill?"),
        ("code,service,time\n482913,,2026-11-23 09:30", "service is left out: services are bill, new"),
        ("code,service,time\n482913,bill,tomorrow", "time tomorrow: write it as 2026-11-30 09:30, in the hall's time"),
        ("code,service,time\n482913,bill,2026-11-21 09:30", "time 2026-11-21 09:30: that day is over"),
        (
            "code,service,time\n482913,bill,2026-11-23 09:30\n482913,new,2026-11-23 10:30",
            "list.csv:3: code 482913 stands in line 2 already: each visit has its own",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(small_hall: Hall, lines: str, said: str) -> None:
    with pytest.raises(BadList) as wrong:
        read(lines, small_hall)
    assert said in str(wrong.value)


def test_all_that_is_wrong_is_said_at_once(small_hall: Hall) -> None:
    with pytest.raises(BadList) as wrong:
        read("code,service,time\n1,bill,2026-11-23 09:30\n482913,x,y\n482914,bill,2026-11-23 09:30\n", small_hall)
    assert [line.partition(": ")[0] for line in str(wrong.value).splitlines()] == [
        "list.csv:2",
        "list.csv:3",
        "list.csv:3",
    ]


@settings(max_examples=60)
@given(st.text(max_size=80))
def test_whatever_a_file_holds_it_is_a_list_or_told_what_is_wrong(small_hall: Hall, text: str) -> None:
    for said in (text, f"code,service,time\n{text}"):
        try:
            read(said, small_hall)
        except BadList as wrong:
            assert str(wrong).startswith("list.csv:")  # noqa: PT017 - most texts raise it, and a few do not


def test_a_node_file_that_is_missing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list.csv", "--config", "/nowhere/desk.toml"]) == 2
    assert "/nowhere/desk.toml" in capsys.readouterr().err
