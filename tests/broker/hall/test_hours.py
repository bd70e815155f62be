"""Opening hours: a midday break, days off, the end of serving, the hall's own time zone."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from broker.contract.messages import (
    ConfigureHall,
    Hall,
    Hold,
    HoldVisit,
    Hours,
    MarkNoShow,
    OpenDay,
    Outcome,
    Refused,
    ReturnTicket,
    StartService,
    VisitEnded,
    Weekday,
)
from broker.hall.apply import apply
from broker.hall.clock import ms, utc
from broker.hall.hours import is_open, opens_next, serve_until_ms
from broker.hall.life import VisitState
from broker.hall.state import HallState

from .floor import Floor, a_hall, reason

ZONE = ZoneInfo("Asia/Shanghai")
WORKDAYS = tuple(Weekday)[:5]
WEEK = (
    Hours(days=WORKDAYS, open="08:30", close="12:00"),
    Hours(days=WORKDAYS, open="14:00", close="17:00", serve_until="17:30"),
    Hours(days=(Weekday.SAT,), open="09:00", close="11:00"),
)


def a_week(**more: Any) -> Hall:
    return replace(a_hall(), **{"hours": WEEK, "closed_on": ("2026-11-24",), **more})


def at(clock: str, day: str = "2026-11-20") -> datetime:
    """Return a local time; the 20th is a Friday."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("day", "clock", "is_it", "opens"),
    [
        ("2026-11-20", "08:29", False, "2026-11-20T08:30"),
        ("2026-11-20", "08:30", True, "2026-11-20T14:00"),
        ("2026-11-20", "11:59", True, "2026-11-20T14:00"),
        ("2026-11-20", "12:00", False, "2026-11-20T14:00"),
        ("2026-11-20", "13:59:59", False, "2026-11-20T14:00"),
        ("2026-11-20", "16:59", True, "2026-11-21T09:00"),
        ("2026-11-20", "17:00", False, "2026-11-21T09:00"),
        ("2026-11-21", "12:00", False, "2026-11-23T08:30"),  # Saturday: on to Monday
        ("2026-11-22", "10:00", False, "2026-11-23T08:30"),
        ("2026-11-23", "18:00", False, "2026-11-25T08:30"),  # Tuesday is a day off
        ("2026-11-24", "10:00", False, "2026-11-25T08:30"),
    ],
)
def test_when_tickets_are_given_out(day: str, clock: str, *, is_it: bool, opens: str) -> None:
    now_ms = ms(at(clock, day))
    assert is_open(a_week(), now_ms) is is_it
    found = opens_next(a_week(), now_ms)
    assert found is not None
    assert found.isoformat(timespec="minutes")[:16] == opens


def test_a_hall_without_hours_is_always_open_and_one_that_never_opens_says_nothing() -> None:
    assert is_open(a_hall(), ms(at("03:00")))
    closed = replace(a_hall(), closed_on=("2026-11-20",))
    assert not is_open(closed, ms(at("10:00")))
    assert is_open(closed, ms(at("10:00", "2026-11-21")))
    assert opens_next(replace(a_week(), hours=()), ms(at("10:00"))) is None


def test_hours_are_local_whatever_the_zone() -> None:
    tashkent = a_week(timezone="Asia/Tashkent")  # three hours west
    assert not is_open(tashkent, ms(at("08:30")))
    assert is_open(tashkent, ms(at("11:30")))


def test_serving_ends_at_the_latest_time_of_the_day() -> None:
    assert serve_until_ms(a_week(), "2026-11-20") == ms(at("17:30"))
    assert serve_until_ms(a_week(), "2026-11-21") == 0
    assert serve_until_ms(a_week(), "2026-11-22") == 0


@pytest.fixture
def monday() -> Floor:
    floor = Floor(a_week())
    floor.now = at("09:00", "2026-11-23").astimezone(floor.now.tzinfo)
    floor.ask(OpenDay(id="monday", day="2026-11-23"), node="dispatcher")
    return floor


def test_outside_the_hours_nobody_gets_a_number_and_hears_when(monday: Floor) -> None:
    assert monday.take() == "A001"
    monday.now = at("12:30", "2026-11-23")
    answer = monday.try_take("bill")
    assert isinstance(answer, Refused)
    assert (answer.reason, answer.args["opens"]) == ("closed", "2026-11-23T14:00+08:00")
    assert monday.call(1) == "A001"  # who waits is called in the break too
    assert all(row.closed for row in monday.queues().queues)


def test_who_still_waits_when_serving_ends_goes_home_and_who_is_served_is_served(monday: Floor) -> None:
    for _ in range(5):
        monday.take()
    monday.call(1)
    monday.press(StartService, 1)
    monday.call(2)
    monday.press(MarkNoShow, 2)
    monday.call(2)
    monday.press(HoldVisit, 2, hold=Hold.DOCUMENTS_KEPT)
    monday.call(2)
    monday.now = at("17:30", "2026-11-23")
    monday.elapse()
    states = {ticket: monday.visit(ticket).state for ticket in ("A001", "A002", "A003", "A004", "A005")}
    assert states == {
        "A001": VisitState.SERVING,
        "A002": VisitState.ENDED,
        "A003": VisitState.ENDED,
        "A004": VisitState.CALLED,
        "A005": VisitState.ENDED,
    }
    assert monday.visit("A005").outcome is Outcome.CLOSED_UNSERVED
    assert monday.visit("A002").outcome is Outcome.NO_SHOW
    assert reason(monday.ask(ReturnTicket(id="r", ticket="A002"), node="kiosk-1")) == "not_missed"
    assert monday.state.next_deadline_ms() is None


def test_nobody_is_told_twice_that_the_day_is_over(monday: Floor) -> None:
    monday.take()
    monday.call(1)
    monday.press(MarkNoShow, 1)
    monday.later(minutes=60 * 9)
    monday.later(minutes=60 * 9)
    monday.ask(OpenDay(id="tuesday", day="2026-11-24"), node="dispatcher")
    ended = [each.event.outcome for each in monday.history if isinstance(each.event, VisitEnded)]
    assert ended == [Outcome.NO_SHOW, Outcome.NO_SHOW]  # missed the call; did not come back by the day's end


def test_a_replay_finds_the_end_of_serving_again_before_it_has_come(monday: Floor) -> None:
    monday.take()
    again = HallState(epoch=1)
    for recorded in monday.history:
        apply(again, recorded)
    assert again.next_deadline_ms() == monday.state.next_deadline_ms() == ms(at("17:30", "2026-11-23"))


def test_a_changed_file_moves_the_end_of_serving(monday: Floor) -> None:
    monday.take()
    hours = tuple(replace(each, serve_until="18:00") for each in WEEK)
    monday.ask(ConfigureHall(id="h", hall=a_week(hours=hours)), node="dispatcher")
    monday.now = at("17:45", "2026-11-23")
    monday.elapse()
    assert monday.visit("A001").state is VisitState.WAITING
    monday.later(minutes=15)
    assert monday.visit("A001").state is VisitState.ENDED


@pytest.mark.parametrize("shift_ms", [0, 1, 999, 123_456, 86_399_999])
def test_instants_are_whole_milliseconds_there_and_back(shift_ms: int) -> None:
    at_ms = ms(at("00:00")) + shift_ms
    assert ms(utc(at_ms)) == at_ms
    assert utc(at_ms + 1) - utc(at_ms) == timedelta(milliseconds=1)
