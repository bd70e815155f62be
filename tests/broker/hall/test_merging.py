"""Numbers that a kiosk gave while the dispatcher was away: where they stand, once they are known here."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.contract.messages import ORDINARY, Done, Language, MarkServedByHand, Refused, SlipFate
from broker.hall.clock import ms, utc
from broker.hall.life import VisitState

from .floor import BILL, COURTESY, MORNING, NEW, PLAIN, Floor, a_class, a_hall, reason

HOUR_S = 3600


def a_floor(**more: object) -> Floor:
    return Floor(a_hall(services=(BILL, NEW), **more))  # type: ignore[arg-type]


def in_line(floor: Floor) -> list[str]:
    """Return whom the first counter calls, one after the other."""
    called = []
    while not (ticket := floor.serve(1)).startswith("refused"):
        called.append(ticket)
    return called


def test_two_kiosks_that_were_alone_come_back_in_the_order_in_which_people_came() -> None:
    floor = a_floor()
    floor.take()
    floor.later(minutes=30)
    floor.take()
    for number, ago_s in ((1001, 1500), (1002, 700), (1003, 30)):
        assert isinstance(floor.merge(number, ago_s=ago_s), Done)
    for number, ago_s in ((1101, 1400), (1102, 90)):
        assert isinstance(floor.merge(number, ago_s=ago_s, node="kiosk-2"), Done)
    assert in_line(floor) == ["A001", "A1001", "A1101", "A1002", "A1102", "A1003", "A002"]


def test_a_merged_number_is_as_old_as_its_paper_and_was_promised_nothing() -> None:
    floor = a_floor()
    floor.later(minutes=20)
    floor.merge(1001, ago_s=600, language=Language.EN, age_ms=2000)
    visit = floor.visit("A1001")
    assert (visit.since_ms, visit.issued_ms) == (ms(floor.now) - 602_000, ms(floor.now) - 602_000)
    assert (visit.language, visit.promised_min, visit.slip) == (Language.EN, None, SlipFate.PRINTED)
    floor.call(1)
    assert floor.last_call().waited_s == 602


def test_the_hall_gives_its_own_numbers_on_as_if_nothing_had_been_merged() -> None:
    floor = a_floor()
    assert floor.take() == "A001"
    floor.merge(1001)
    assert [floor.take(), floor.take("new")] == ["A002", "B001"]


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        ({}, "done"),
        ({"ago_s": 600.4}, "done"),
        ({"ago_s": 700}, "number_taken"),
        ({"node": "kiosk-2"}, "number_taken"),
        ({"node": "box-1"}, "not_allowed"),
        ({"node": "boss"}, "not_allowed"),
    ],
)
def test_the_same_number_twice_is_one_customer_and_anybody_else_is_told_so(
    changed: dict[str, object], answer: str
) -> None:
    floor = a_floor()
    floor.merge(1001, ago_s=600)
    seq = floor.state.seq
    again = floor.merge(1001, **{"ago_s": 600, **changed})  # type: ignore[arg-type]
    assert (reason(again) if isinstance(again, Refused) else "done") == answer
    assert floor.state.seq == seq


@pytest.mark.parametrize(
    ("hours_ago", "day", "by_clock", "answer"),
    [
        (8.9, "2026-11-21", False, "done"),  # nine o'clock now: it was taken after midnight
        (9.1, "2026-11-21", False, "day_is_over"),  # whatever day the kiosk believed in
        (8.9, "2026-11-20", False, "done"),
        (1, "2026-11-20", True, "day_is_over"),  # nothing but the kiosk's word says when
        (1, "2026-11-21", True, "done"),
        (99, "2026-11-21", True, "done"),  # its clock was wrong; it is no older than today
    ],
)
def test_a_number_of_yesterday_is_refused(hours_ago: float, day: str, answer: str, *, by_clock: bool) -> None:
    floor = a_floor()
    merged = floor.merge(1001, ago_s=hours_ago * HOUR_S, day=day, by_clock=by_clock)
    assert (reason(merged) if isinstance(merged, Refused) else "done") == answer
    if answer == "done":
        assert floor.visit("A1001").since_ms >= ms(MORNING - timedelta(hours=9))


def test_a_number_for_a_service_that_is_gone_is_refused_and_a_closed_one_still_serves_it() -> None:
    floor = Floor(a_hall(services=(BILL,), counters={1: "bill"}))
    assert reason(floor.merge(1001, "new")) == "unknown_service"
    assert isinstance(floor.merge(1001, "bill"), Done)


def test_a_slip_that_never_came_out_leaves_a_number_that_nobody_holds() -> None:
    floor = a_floor()
    floor.merge(1001, ago_s=60, slip=SlipFate.NOT_PRINTED)
    floor.merge(1002, ago_s=30, slip=SlipFate.UNKNOWN)
    assert floor.visit("A1001").state is VisitState.VOID
    assert in_line(floor) == ["A1002"]


@pytest.mark.parametrize("grace_s", [0, 10])
def test_the_number_that_the_kiosk_never_heard_of_is_void_and_the_one_on_paper_waits(grace_s: int) -> None:
    floor = a_floor(slip_grace_s=grace_s)
    lost = floor.take(printed=False)
    floor.merge(1001, ago_s=3, abandoned=floor.visit(lost).id)
    assert floor.visit(lost).state is VisitState.VOID
    assert in_line(floor) == ["A1001"]


def test_a_number_never_heard_of_that_stands_at_a_counter_by_now_is_left_there() -> None:
    floor = a_floor()
    lost = floor.take(printed=False)
    floor.call(1)
    assert isinstance(floor.merge(1001, abandoned=floor.visit(lost).id), Done)
    assert floor.visit(lost).state is VisitState.CALLED


def test_no_kiosk_can_give_up_anothers_number_nor_one_whose_slip_is_out() -> None:
    floor = a_floor()
    printed, theirs = floor.take(), floor.try_take("bill", node="kiosk-2")
    floor.merge(1001, abandoned=floor.visit(printed).id)
    floor.merge(1002, abandoned=getattr(theirs, "visit", ""))
    assert {visit.state for visit in floor.state.visits.values()} == {VisitState.WAITING}


def test_courtesy_is_counted_in_the_hour_in_which_it_was_taken() -> None:
    courtesy = a_class("courtesy", 5, per_hour=2)
    floor = Floor(a_hall(classes=(courtesy, PLAIN)))
    floor.later(minutes=180)
    for number, minutes in ((1001, 130), (1002, 125), (1003, 120), (1004, 50), (1005, 40)):
        floor.merge(number, ago_s=minutes * 60, priority_class="courtesy")
    classes = [floor.visit(f"A{number}").priority_class for number in range(1001, 1006)]
    assert classes == ["courtesy", "courtesy", ORDINARY, "courtesy", "courtesy"]
    assert floor.visit(floor.take("bill", "courtesy")).priority_class == ORDINARY


@pytest.mark.parametrize("name", ["booked", "unheard-of", "emergency"])
def test_nobody_is_lost_for_a_class_that_a_kiosk_alone_cannot_give(name: str) -> None:
    floor = Floor(a_hall(classes=(COURTESY, PLAIN)))
    floor.merge(1001, priority_class=name, needs=("unheard-of",))
    assert (floor.visit("A1001").priority_class, floor.visit("A1001").needs) == (ORDINARY, ())


def test_served_by_hand_up_to_a_number_means_those_who_came_before_it() -> None:
    floor = a_floor()
    first = floor.take()
    floor.later(minutes=30)
    last = floor.take()
    for number, ago_s in ((1001, 1200), (1002, 600)):
        floor.merge(number, ago_s=ago_s)
    floor.ask(MarkServedByHand(id=floor.id(), up_to="A1001"), node="boss")
    assert [floor.visit(each).state for each in (first, "A1001")] == [VisitState.ENDED] * 2
    assert in_line(floor) == ["A1002", last]


@settings(max_examples=60, deadline=None)
@given(
    taken=st.lists(st.tuples(st.integers(0, 7000), st.sampled_from(["here", "kiosk-1", "kiosk-2"])), max_size=30),
    merged_first=st.sampled_from(["kiosk-1", "kiosk-2"]),
)
def test_whoever_gave_the_numbers_they_are_called_in_the_order_of_real_time(
    taken: list[tuple[int, str]], merged_first: str
) -> None:
    floor = a_floor()
    came: dict[str, int] = {}
    alone: list[tuple[str, int, int]] = []
    for at_s, who in sorted(taken):
        at = MORNING + timedelta(seconds=at_s)
        if who == "here":
            floor.now = at
            came[floor.take()] = ms(at)
        else:
            alone.append((who, 1001 + len(alone), ms(at)))
    floor.now = MORNING + timedelta(seconds=7000)
    for who, number, at_ms in sorted(alone, key=lambda each: each[0] != merged_first):
        floor.merge(number, node=who, ago_s=(ms(floor.now) - at_ms) / 1000)
        came[f"A{number}"] = at_ms
    called = in_line(floor)
    assert sorted(called) == sorted(came)
    assert [came[ticket] for ticket in called] == sorted(came.values())
    assert utc(ms(floor.now)) == floor.now
