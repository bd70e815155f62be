"""A counter's own day: what is told of sessions, serving, idle and pause times."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.contract.messages import (
    ArmCounter,
    CallNext,
    CallTicket,
    Clerk,
    CloseCounter,
    CounterCommand,
    FinishService,
    Hold,
    HoldVisit,
    MarkNoShow,
    OpenCounter,
    Outcome,
    PauseCounter,
    Recall,
    ResumeVisit,
    ServeWithoutTicket,
    SignIn,
    StartService,
    StateOutcome,
    TransferVisit,
    Undo,
)
from broker.report.counter_day import CounterDay, Doing, Spell, counter_days, spells

from ..hall.floor import BILL, MORNING, NEW, Floor, a_hall

CLERKS = (Clerk(id="wang"), Clerk(id="li"))
LONG_AFTER = MORNING + timedelta(hours=12)


@pytest.fixture
def floor() -> Floor:
    """One counter, opened at nine by nobody in particular; four people wait."""
    floor = Floor(a_hall(services=(BILL, NEW), clerks=CLERKS))
    for _ in range(4):
        floor.take()
    return floor


def told(floor: Floor) -> list[tuple[Doing, float]]:
    """Return what counter 1 did until now, and for how many minutes."""
    mine = (each for each in spells(floor.history, floor.now) if each.counter == 1 and each.seconds)
    return [(each.doing, round(each.seconds / 60, 3)) for each in mine]


def day(floor: Floor, clerk: str | None = None) -> CounterDay:
    found = counter_days(spells(floor.history, floor.now), MORNING, LONG_AFTER)
    return next(each for each in found if (each.counter, each.clerk) == (1, clerk))


def test_a_plain_morning_is_cut_into_what_the_counter_did(floor: Floor) -> None:
    floor.press(OpenCounter, 1)
    floor.later(minutes=5)
    floor.call(1)
    floor.later(minutes=1)
    floor.press(StartService, 1)
    floor.later(minutes=7)
    floor.press(FinishService, 1)
    floor.later(minutes=2)
    floor.press(PauseCounter, 1, reason="lunch")
    floor.later(minutes=30)
    floor.press(OpenCounter, 1)
    floor.later(minutes=3)
    floor.press(CloseCounter, 1)
    floor.later(minutes=60)
    assert told(floor) == [
        (Doing.IDLE, 5), (Doing.COMING, 1), (Doing.SERVING, 7), (Doing.IDLE, 2), (Doing.PAUSED, 30), (Doing.IDLE, 3),
    ]  # fmt: skip
    figures = day(floor)
    assert (figures.session_s, figures.sessions, figures.calls, figures.served) == (48 * 60, 1, 1, 1)
    assert (figures.idle_s, figures.paused_s, figures.mean_serving_s) == (600, 1800, 420)
    assert [(each.reason, each.times, each.seconds) for each in figures.pauses] == [("lunch", 1, 1800)]
    assert (figures.begin, figures.end) == (MORNING, MORNING + timedelta(minutes=48))


def test_a_start_that_nobody_pressed_is_inferred_from_the_call(floor: Floor) -> None:
    floor.call(1)
    floor.later(minutes=4)
    floor.press(FinishService, 1)
    assert told(floor) == [(Doing.SERVING, 4)]
    assert (day(floor).calls, day(floor).served) == (1, 1)


def test_a_no_show_was_called_and_not_served(floor: Floor) -> None:
    floor.call(1)
    floor.later(minutes=2)
    floor.press(Recall, 1)
    floor.later(minutes=1)
    floor.press(MarkNoShow, 1)
    assert told(floor) == [(Doing.COMING, 3)]
    assert (day(floor).calls, day(floor).served, day(floor).no_shows) == (1, 0, 1)


def test_each_clerk_has_the_time_from_signing_in_to_signing_out(floor: Floor) -> None:
    floor.press(SignIn, 1, clerk="wang")
    floor.later(minutes=10)
    floor.call(1)
    floor.press(StartService, 1)
    floor.later(minutes=5)
    floor.press(SignIn, 1, clerk="li")
    floor.later(minutes=5)
    floor.press(FinishService, 1)
    floor.press(SignIn, 1, clerk=None)
    floor.press(CloseCounter, 1)
    wang, li = day(floor, "wang"), day(floor, "li")
    assert (wang.session_s, wang.serving_s, wang.idle_s, wang.served) == (900, 300, 600, 0)
    assert (li.session_s, li.serving_s, li.served, li.calls) == (300, 300, 1, 0)


def test_what_was_undone_did_not_happen(floor: Floor) -> None:
    floor.press(OpenCounter, 1)
    floor.later(minutes=1)
    floor.call(1)
    floor.later(seconds=20)
    floor.press(Undo, 1)
    floor.later(minutes=1)
    assert told(floor) == [(Doing.IDLE, round(140 / 60, 3))]
    assert day(floor).calls == 0
    floor.call(1)
    floor.press(StartService, 1)
    floor.later(minutes=2)
    floor.press(FinishService, 1)
    floor.later(seconds=10)
    floor.press(Undo, 1)
    floor.later(minutes=1)
    floor.press(FinishService, 1)
    assert told(floor)[-1] == (Doing.SERVING, round(190 / 60, 3))
    assert day(floor).served == 1


def test_a_pause_that_was_undone_is_no_pause(floor: Floor) -> None:
    floor.press(OpenCounter, 1)
    floor.later(minutes=1)
    floor.press(PauseCounter, 1, reason="lunch")
    floor.later(seconds=10)
    floor.press(Undo, 1)
    floor.later(minutes=1)
    assert [doing for doing, _ in told(floor)] == [Doing.IDLE]
    assert day(floor).pauses == ()


def test_stating_an_outcome_that_is_owed_is_wrap_up_unless_something_else_begins() -> None:
    floor = Floor(a_hall(services=(BILL, NEW), outcome_mandatory=True))
    for _ in range(2):
        floor.take()
    visits = []
    for minutes in (3, 4):
        floor.call(1)
        floor.press(StartService, 1)
        floor.later(minutes=5)
        visits.append(floor.visit(floor.last_call().ticket).id)
        floor.press(FinishService, 1)
        floor.later(minutes=minutes)
    floor.ask(StateOutcome(id=floor.id(), visit=visits[1], counter=1, outcome=Outcome.DONE))
    floor.later(minutes=1)
    assert told(floor) == [
        (Doing.SERVING, 5), (Doing.WRAP_UP, 3), (Doing.SERVING, 5), (Doing.WRAP_UP, 4), (Doing.IDLE, 1),
    ]  # fmt: skip


def test_an_armed_counter_rests_after_a_visit_and_is_idle_then() -> None:
    floor = Floor(a_hall(services=(BILL, NEW), rest_s=30))
    floor.take()
    floor.press(ArmCounter, 1, armed=True)
    floor.later(minutes=2)
    floor.press(FinishService, 1)
    floor.later(minutes=2)
    assert told(floor) == [(Doing.SERVING, 2), (Doing.WRAP_UP, 0.5), (Doing.IDLE, 1.5)]


def test_a_visit_taken_up_again_is_one_press_and_no_call(floor: Floor) -> None:
    floor.call(1)
    floor.later(minutes=1)
    floor.press(HoldVisit, 1, hold=Hold.OTHER_STEP)
    floor.later(minutes=1)
    floor.press(ResumeVisit, 1, ticket="A001")
    floor.later(seconds=30)
    assert told(floor) == [(Doing.COMING, 1), (Doing.IDLE, 1), (Doing.SERVING, 0.5)]
    assert day(floor).calls == 1
    floor.press(Undo, 1)
    assert told(floor)[-1] == (Doing.IDLE, 1.5)


def test_a_span_of_the_day_is_half_open() -> None:
    floor = Floor(a_hall(services=(BILL, NEW)))
    floor.take()
    floor.take()
    for _ in range(2):
        floor.call(1)
        floor.press(StartService, 1)
        floor.later(minutes=10)
        floor.press(FinishService, 1)
    found = spells(floor.history, floor.now)
    cut = MORNING + timedelta(minutes=10)
    (first,) = counter_days(found, MORNING, cut)
    (second,) = counter_days(found, cut, LONG_AFTER)
    assert (first.serving_s, first.served) == (600, 0)  # it ended when the second span began
    assert (second.serving_s, second.served) == (600, 2)
    assert counter_days(found, LONG_AFTER, LONG_AFTER + timedelta(hours=1)) == ()


def test_a_counter_left_open_is_told_until_the_moment_of_asking(floor: Floor) -> None:
    floor.press(OpenCounter, 1)
    (spell,) = spells(floor.history, MORNING + timedelta(hours=10))
    assert spell == Spell(
        counter=1, clerk=None, doing=Doing.IDLE, begin=MORNING, end=datetime(2026, 11, 21, 11, tzinfo=UTC)
    )


ACTS: tuple[tuple[type[CounterCommand], dict[str, Any]], ...] = (
    (CallNext, {}),
    (StartService, {}),
    (FinishService, {}),
    (MarkNoShow, {}),
    (HoldVisit, {"hold": Hold.OTHER_STEP}),
    (ResumeVisit, {"ticket": "A001"}),
    (CallTicket, {"ticket": "A002"}),
    (TransferVisit, {"service": "bill"}),
    (ServeWithoutTicket, {"service": "bill"}),
    (PauseCounter, {"reason": "lunch"}),
    (OpenCounter, {}),
    (CloseCounter, {}),
    (ArmCounter, {"armed": True}),
    (ArmCounter, {"armed": False}),
    (SignIn, {"clerk": "wang"}),
    (SignIn, {"clerk": None}),
    (Undo, {}),
)


@settings(max_examples=60)
@given(
    steps=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(1, 2), st.integers(0, 90)), max_size=40),
    rest_s=st.sampled_from((0, 20)),
    cut_min=st.integers(0, 60),
)
def test_spells_never_overlap_and_what_is_idle_is_what_remains(
    steps: list[tuple[tuple[type[CounterCommand], dict[str, Any]], int, int]], rest_s: int, cut_min: int
) -> None:
    floor = Floor(a_hall(services=(BILL, NEW), clerks=CLERKS, rest_s=rest_s), promising=False)
    for _ in range(6):
        floor.take()
    for (kind, more), counter, seconds in steps:
        floor.press(kind, counter, **more)
        floor.later(seconds=seconds)
    found = spells(floor.history, floor.now)
    for number in (1, 2):
        mine = sorted((each for each in found if each.counter == number), key=lambda each: (each.begin, each.end))
        assert all(one.end <= other.begin for one, other in itertools.pairwise(mine))
        desk, busy = floor.state.desk(number), {Doing.SERVING, Doing.COMING}
        if mine and mine[-1].end == floor.now and mine[-1].begin < floor.now:
            assert (mine[-1].doing in busy) == (desk.visit is not None)
            assert (mine[-1].doing is Doing.PAUSED) == (desk.paused is not None)
            assert mine[-1].clerk == desk.clerk
    cut = MORNING + timedelta(minutes=cut_min)
    whole = counter_days(found, MORNING, LONG_AFTER)
    parts = (*counter_days(found, MORNING, cut), *counter_days(found, cut, LONG_AFTER))
    for key in ("session_s", "idle_s", "serving_s", "paused_s", "served", "no_shows", "calls"):
        assert sum(getattr(each, key) for each in whole) == sum(getattr(each, key) for each in parts), key
