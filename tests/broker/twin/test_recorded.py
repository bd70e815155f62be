"""What a day's journal says of its customers and counters."""

from datetime import timedelta
from typing import Protocol

import pytest

from broker.contract.messages import (
    CancelTicket,
    CloseCounter,
    Hold,
    HoldVisit,
    MarkNoShow,
    OpenCounter,
    OpenDay,
    Outcome,
    PauseCounter,
    Reclassify,
    Recorded,
    ReportSlip,
    ResumeVisit,
    ReturnTicket,
    ServeWithoutTicket,
    SlipFate,
    TransferVisit,
    Undo,
)
from broker.twin.arrivals import Stay
from broker.twin.chronicle import Note
from broker.twin.recorded import NothingRecorded, RecordedDay, recorded_day
from broker.twin.staffing import Gap, Shift, from_first_to_last, to_the_last_customer, without

NINE_MS = 9 * 3_600_000
MINUTE_MS = 60_000


class Day(Protocol):
    """The fixture `worked`."""

    @property
    def events(self) -> list[Recorded]: ...
    def at(self, minutes: float) -> "Day": ...
    def take(self, service: str = "bill", priority_class: str = "ordinary", **further: object) -> str: ...
    def press(self, kind: object, counter: int = 1, **further: object) -> object: ...
    def ask(self, command: object, node: str = "desk") -> object: ...
    def call(self, counter: int = 1) -> str: ...
    def finish(self, counter: int = 1) -> None: ...


def after_nine(at_ms: int | None) -> float | None:
    return None if at_ms is None else (at_ms - NINE_MS) / MINUTE_MS


def told(stay: Stay) -> tuple[str, str, float | None, float | None, float]:
    """Ticket, service, arrival, call, minutes at the counter."""
    arrival = stay.arrival
    return (
        stay.ticket,
        arrival.service,
        after_nine(arrival.at_ms),
        after_nine(stay.called_ms),
        arrival.service_ms / MINUTE_MS,
    )


def staffed(day: RecordedDay) -> list[tuple[int, float | None, float | None]]:
    return [(each.counter, after_nine(each.from_ms), after_nine(each.until_ms)) for each in sorted(day.shifts)]


def test_a_visit_from_ticket_to_end(worked: Day) -> None:
    worked.at(0).take()
    worked.at(3).call()
    worked.at(8).finish()
    day = recorded_day(worked.events)
    assert [told(stay) for stay in day.stays] == [("A001", "bill", 0, 3, 5)]
    assert (day.day, day.stays[0].counter, day.stays[0].outcome) == ("2026-11-21", 1, Outcome.DONE)
    assert day.stays[0].target_ms == 30 * MINUTE_MS
    assert not day.notes


def test_the_time_until_the_next_call_belongs_to_the_service_while_somebody_waits(worked: Day) -> None:
    for minute in (0, 1):
        worked.at(minute).take()
    worked.at(2).call()
    worked.at(5).finish()
    worked.at(6).call()
    worked.at(9).finish()
    worked.at(20).take()
    worked.at(21).call()
    worked.at(22).finish()
    day = recorded_day(worked.events)
    assert [told(stay)[-1] for stay in day.stays] == [4, 3, 1]


def test_a_counter_that_lets_people_wait_for_long_was_away(worked: Day) -> None:
    for minute in (0, 1):
        worked.at(minute).take()
    worked.at(2).call()
    worked.at(5).finish()
    worked.at(15).call()
    worked.at(16).finish()
    day = recorded_day(worked.events)
    assert staffed(day) == [(1, 2, 5), (1, 15, None)]
    assert day.notes == {Note.AWAY: 1}


def test_counters_are_staffed_from_their_first_act_and_not_while_they_pause(worked: Day) -> None:
    worked.at(0).press(OpenCounter, 2)
    worked.at(10).take()
    worked.at(10).call(1)
    worked.at(12).finish(1)
    worked.at(20).press(PauseCounter, 1, reason="lunch")
    worked.at(50).press(OpenCounter, 1)
    worked.at(55).press(CloseCounter, 2)
    worked.at(60).take()
    worked.at(61).call(1)
    worked.at(62).finish(1)
    worked.at(63).press(CloseCounter, 1)
    assert staffed(recorded_day(worked.events)) == [(1, 10, 20), (1, 50, None), (2, 0, 55)]


def test_a_counter_that_was_left_open_had_gone_after_its_last_act(worked: Day) -> None:
    for minute, counter in ((0, 2), (90, 1)):
        worked.at(minute).take()
        worked.at(minute).call(counter)
        worked.at(minute + 1).finish(counter)
    assert staffed(recorded_day(worked.events)) == [(1, 90, None), (2, 0, 1)]


def test_a_no_show_left_before_the_call_and_its_time_is_the_clerks(worked: Day) -> None:
    for _ in range(3):
        worked.at(0).take()
    worked.at(0).call()
    worked.at(10).finish()
    worked.at(10).call()
    worked.at(11).press(MarkNoShow)
    worked.at(11).call()
    worked.at(14).finish()
    day = recorded_day(worked.events)
    assert [told(stay) for stay in day.stays] == [
        ("A001", "bill", 0, 0, 11),
        ("A002", "bill", 0, None, 7),  # the mean of 11 and 3
        ("A003", "bill", 0, 11, 3),
    ]
    assert day.arrivals[1].patience_ms == 5 * MINUTE_MS
    assert day.notes == {Note.NO_SHOW: 1, Note.IMPUTED: 1}


def test_who_gave_up_waited_that_long(worked: Day) -> None:
    worked.at(0).take()
    worked.at(4).ask(CancelTicket(id="c", ticket="A001"))
    day = recorded_day(worked.events)
    assert day.arrivals[0].patience_ms == 4 * MINUTE_MS
    assert day.stays[0].outcome is Outcome.CANCELLED


def test_an_act_that_was_undone_never_happened(worked: Day) -> None:
    for _ in range(2):
        worked.at(0).take()
    worked.at(0).call()
    worked.at(0.2).press(Undo)
    worked.at(1).call()
    worked.at(2).press(MarkNoShow)
    worked.at(3).press(Undo)
    worked.at(6).finish()
    worked.at(6).call()
    worked.at(7).finish()
    day = recorded_day(worked.events)
    assert [told(stay) for stay in day.stays] == [("A001", "bill", 0, 1, 5), ("A002", "bill", 0, 6, 1)]
    assert Note.NO_SHOW not in day.notes


def test_further_services_and_transfers_arrive_anew(worked: Day) -> None:
    worked.at(0).take("bill", then=("new",))
    worked.at(1).call()
    worked.at(4).finish()
    worked.at(5).call()
    worked.at(7).press(TransferVisit, service="bill")
    worked.at(8).call(2)
    worked.at(9).finish(2)
    day = recorded_day(worked.events)
    assert [told(stay) for stay in day.stays] == [
        ("A001", "bill", 0, 1, 4),
        ("A001", "new", 4, 5, 2),
        ("A001", "bill", 7, 8, 1),
    ]
    assert day.notes == {Note.MULTI: 1, Note.TRANSFERRED: 1}


def test_a_hold_that_is_taken_up_again_is_one_service_and_one_that_waits_again_is_two(worked: Day) -> None:
    worked.at(0).take()
    worked.at(0).call()
    worked.at(2).press(HoldVisit, hold=Hold.DOCUMENTS_AWAY)
    worked.at(30).press(ResumeVisit, ticket="A001")
    worked.at(33).finish()
    worked.at(40).take()
    worked.at(40).call()
    worked.at(41).press(HoldVisit, hold=Hold.OTHER_STEP)
    worked.at(50).ask(ReturnTicket(id="r", ticket="A002"))
    worked.at(52).call()
    worked.at(56).finish()
    day = recorded_day(worked.events)
    assert [told(stay) for stay in day.stays] == [
        ("A001", "bill", 0, 0, 5),
        ("A002", "bill", 40, 40, 1),
        ("A002", "bill", 50, 52, 4),
    ]
    assert day.notes == {Note.HELD: 2, Note.RETURNED: 1}


def test_who_was_served_without_a_ticket_keeps_the_counter_away(worked: Day) -> None:
    worked.at(0).press(OpenCounter)
    worked.at(5).press(ServeWithoutTicket, service="bill")
    worked.at(9).finish()
    worked.at(10).take()
    worked.at(10).call()
    worked.at(11).finish()
    day = recorded_day(worked.events)
    assert [stay.ticket for stay in day.stays] == ["A001"]
    assert staffed(day) == [(1, 0, 5), (1, 9, None)]
    assert day.notes == {Note.WALK_UP: 1}


def test_who_was_given_another_class_has_it_from_the_start(worked: Day) -> None:
    worked.at(0).take()
    worked.at(1).ask(Reclassify(id="r", ticket="A001", priority_class="courtesy"))
    worked.at(2).call()
    worked.at(3).finish()
    day = recorded_day(worked.events)
    assert (day.arrivals[0].priority_class, day.stays[0].target_ms) == ("courtesy", 5 * MINUTE_MS)
    assert day.notes == {Note.RECLASSIFIED: 1}


def test_void_tickets_and_those_who_still_wait_are_left_out_and_counted(worked: Day) -> None:
    worked.at(0).take()
    worked.at(0).ask(ReportSlip(id="s", visit="2026-11-21-A001", fate=SlipFate.NOT_PRINTED))
    for _ in range(2):
        worked.at(1).take()
    worked.at(2).call()
    worked.at(3).finish()
    day = recorded_day(worked.events)
    assert [stay.ticket for stay in day.stays] == ["A002"]
    assert day.notes == {Note.VOIDED: 1, Note.UNENDED: 1}


def test_what_a_counter_still_holds_at_midnight_took_as_long_as_such_services_do(worked: Day) -> None:
    for _ in range(3):
        worked.at(0).take()
    worked.at(1).call(1)
    worked.at(5).finish(1)
    worked.at(5).call(1)
    worked.at(15 * 60).ask(OpenDay(id="tomorrow", day="2026-11-22"), "dispatcher")
    events = [each for each in worked.events if each.at < worked.events[0].at + timedelta(hours=15)]
    closed = [each for each in worked.events if type(each.event).__name__ == "VisitEnded"]
    day = recorded_day([*events, *closed[1:]])
    assert [told(stay) for stay in day.stays[:2]] == [("A001", "bill", 0, 1, 4), ("A002", "bill", 0, 5, 4)]
    assert day.stays[2].called_ms is None
    assert day.notes == {Note.UNSERVED: 1, Note.IMPUTED: 2}


def test_a_day_without_a_ticket_is_no_record(worked: Day) -> None:
    with pytest.raises(NothingRecorded, match="2026-11-21"):
        recorded_day(worked.events)


def test_shifts_lose_their_gaps_and_last_until_nobody_waits() -> None:
    shifts = [
        Shift(counter=1, from_ms=0, until_ms=100),
        Shift(counter=1, from_ms=200, until_ms=300),
        Shift(counter=2, from_ms=0, until_ms=150),
    ]
    assert to_the_last_customer(shifts, 250) == [
        Shift(counter=1, from_ms=0, until_ms=100),
        Shift(counter=1, from_ms=200, until_ms=None),
        Shift(counter=2, from_ms=0, until_ms=150),
    ]
    assert without(shifts[:1], [Gap(1, 20, 30), Gap(1, 90, 120), Gap(2, 0, 100)]) == [
        Shift(counter=1, from_ms=0, until_ms=20),
        Shift(counter=1, from_ms=30, until_ms=90),
    ]


def test_counters_of_which_only_acts_are_known_are_staffed_from_the_first_to_the_last() -> None:
    hour = 3_600_000
    assert from_first_to_last([(1, 5), (1, 10), (2, 3 * hour), (2, 4 * hour)]) == [
        Shift(counter=1, from_ms=5, until_ms=10),
        Shift(counter=2, from_ms=3 * hour, until_ms=None),
    ]
