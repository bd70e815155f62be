"""The counters' presses: what each does when it may, and why not when it may not."""

from typing import Any

import pytest

from broker.contract.messages import (
    ArmCounter,
    CallNext,
    CallTicket,
    CloseCounter,
    CounterCommand,
    CounterState,
    FinishService,
    Hold,
    HoldVisit,
    MarkNoShow,
    NotEntitled,
    OpenCounter,
    PauseCounter,
    Rate,
    Rating,
    Recall,
    Refused,
    ResumeVisit,
    ServeWithoutTicket,
    SignIn,
    StartService,
    TransferVisit,
    Undo,
)
from broker.hall.views import board_view, counter_view

from .floor import COURTESY, PLAIN, Floor, a_hall, reason

PRESSES: dict[type[CounterCommand], dict[str, Any]] = {
    CallNext: {},
    CallTicket: {"ticket": "A009"},
    ResumeVisit: {"ticket": "A009"},
    ServeWithoutTicket: {"service": "bill"},
    PauseCounter: {"reason": "tea"},
    CloseCounter: {},
    OpenCounter: {},
    ArmCounter: {"armed": False},
    SignIn: {"clerk": None},
    Undo: {},
    Recall: {},
    StartService: {},
    FinishService: {},
    MarkNoShow: {},
    HoldVisit: {"hold": Hold.OTHER_STEP},
    TransferVisit: {},
    NotEntitled: {},
}
STALE = {"stale"}
# What a counter answers in each state: None is done. States: idle, idle and closed, called, serving.
ANSWERS: dict[type[CounterCommand], tuple[str | None, str | None, str | None, str | None]] = {
    CallNext: ("nobody_waits", "nobody_waits", "counter_busy", "counter_busy"),
    CallTicket: ("unknown_ticket", "unknown_ticket", "counter_busy", "counter_busy"),
    ResumeVisit: ("unknown_ticket", "unknown_ticket", "counter_busy", "counter_busy"),
    ServeWithoutTicket: (None, None, "counter_busy", "counter_busy"),
    PauseCounter: (None, None, "counter_busy", "counter_busy"),
    CloseCounter: (None, None, "counter_busy", "counter_busy"),
    OpenCounter: (None, None, None, None),
    ArmCounter: (None, None, None, None),
    SignIn: (None, None, None, None),
    Undo: ("nothing_to_undo", None, None, None),
    Recall: ("no_call", "no_call", None, "already_started"),
    StartService: ("no_call", "no_call", None, "already_started"),
    FinishService: ("no_call", "no_call", None, None),
    MarkNoShow: ("no_call", "no_call", None, "already_started"),
    HoldVisit: ("no_call", "no_call", None, None),
    TransferVisit: ("no_call", "no_call", None, None),
    NotEntitled: ("no_call", "no_call", "is_ordinary", "is_ordinary"),
}


def a_counter(state: int) -> Floor:
    floor = Floor(a_hall(classes=(COURTESY, PLAIN)))
    if state == 1:
        floor.press(CloseCounter, 1)
    if state > 1:
        floor.take()
        floor.call(1)
    if state == 3:
        floor.press(StartService, 1)
    return floor


@pytest.mark.parametrize("state", range(4), ids=["idle", "closed", "called", "serving"])
@pytest.mark.parametrize("kind", PRESSES)
def test_each_press_in_each_state_of_a_counter(kind: type[CounterCommand], state: int) -> None:
    floor = a_counter(state)
    seq = floor.state.seq
    answer = floor.press(kind, 1, **PRESSES[kind])
    assert (answer.reason if isinstance(answer, Refused) else None) == ANSWERS[kind][state]
    assert not isinstance(answer, Refused) or floor.state.seq == seq


@pytest.mark.parametrize("kind", PRESSES)
def test_no_press_is_taken_from_another_node_for_another_counter_or_having_seen_another_call(
    kind: type[CounterCommand],
) -> None:
    floor = a_counter(2)
    more = PRESSES[kind]
    for node in ("kiosk-1", "box-2", "watcher", "board-1", "stranger"):
        assert reason(floor.press(kind, 1, node=node, **more)) == "not_allowed"
    assert reason(floor.press(kind, 7, node="boss", **more)) == "unknown_counter"
    for seen in (None, "2026-11-21-A001.2"):
        assert reason(floor.ask(kind(id="x", counter=1, seen=seen, **more))) == "stale"  # type: ignore[arg-type]
    assert reason(floor.ask(kind(id="x", counter=2, seen="2026-11-21-A001.1", **more))) == "stale"  # type: ignore[arg-type]
    assert reason(floor.ask(kind(id="x", counter=1, age_ms=5001, **more))) == "too_old"  # type: ignore[arg-type]


def test_the_supervisor_presses_for_any_counter() -> None:
    floor = a_counter(2)
    assert not isinstance(floor.press(StartService, 1, node="boss"), Refused)


def test_a_ticket_is_called_so_often_and_no_more() -> None:
    floor = Floor(a_hall(calls=3))
    floor.take()
    floor.call(1)
    floor.press(Recall, 1)
    floor.press(Recall, 1)
    assert reason(floor.press(Recall, 1)) == "called_enough"
    assert [row.times for row in board_view(floor.state, "main").rows] == [3]


def test_a_no_show_waits_its_time_from_the_last_recall() -> None:
    floor = Floor(a_hall(no_show_s=20))
    floor.take()
    floor.call(1)
    floor.later(seconds=15)
    floor.press(Recall, 1)
    floor.later(seconds=19)
    answer = floor.press(MarkNoShow, 1)
    assert isinstance(answer, Refused)
    assert (answer.reason, answer.args["seconds"]) == ("still_coming", 1)
    floor.later(seconds=1)
    floor.press(MarkNoShow, 1)
    assert floor.visit("A001").state.value == "missed"


def test_next_ends_a_pause_and_a_closed_counters_night() -> None:
    for stop in (PauseCounter, CloseCounter):
        floor = Floor(a_hall())
        floor.press(stop, 1, **PRESSES[stop])
        floor.take()
        assert floor.call(1) == "A001"
        floor.press(FinishService, 1)
        assert counter_view(floor.state, 1).state is CounterState.IDLE


def test_the_same_press_twice_changes_nothing_the_second_time() -> None:
    for kind in (PauseCounter, CloseCounter, OpenCounter, ArmCounter, SignIn):
        floor = Floor(a_hall())
        floor.press(kind, 1, **PRESSES[kind])
        seq = floor.state.seq
        assert not isinstance(floor.press(kind, 1, **PRESSES[kind]), Refused)
        assert floor.state.seq == seq


@pytest.mark.parametrize(
    ("call", "counter", "why"),
    [
        ("2026-11-21-A001.1", 1, "not_finished"),
        ("2026-11-21-A001.1", 2, "unknown_call"),
        ("2026-11-21-A001.2", 1, "unknown_call"),
        ("nonsense", 1, "unknown_call"),
        ("", 1, "unknown_call"),
    ],
)
def test_only_a_finished_call_is_rated_and_at_its_own_counter(call: str, counter: int, why: str) -> None:
    floor = a_counter(2)
    assert reason(floor.ask(Rate(id="r", call=call, counter=counter, rating=Rating.AVERAGE))) == why


def test_a_no_show_rates_nothing() -> None:
    floor = a_counter(2)
    call = floor.seen(1)
    assert call is not None
    floor.press(MarkNoShow, 1)
    assert counter_view(floor.state, 1).rate is None
    assert reason(floor.ask(Rate(id="r", call=call, counter=1, rating=Rating.AVERAGE))) == "not_finished"
    assert reason(floor.ask(Rate(id="r", call=call, counter=1, rating=Rating.AVERAGE), node="kiosk-1")) == "not_allowed"
