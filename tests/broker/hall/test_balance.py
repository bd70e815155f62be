"""Which counter: an armed counter that is idle is given the next customer; among several, the one whose turn it is."""

from typing import Any

import pytest
from msgspec.structs import replace

from broker.contract.messages import (
    ArmCounter,
    CallNext,
    Clerk,
    CloseCounter,
    ConfigureHall,
    FinishService,
    Hall,
    MarkNoShow,
    OpenCounter,
    Outcome,
    PauseCounter,
    SignIn,
    TicketCalled,
    Undo,
)
from broker.hall.balance import utilisation_ppb
from broker.hall.clock import ms

from .floor import COURTESY, PLAIN, Floor, a_hall, reason, with_counter

CLERKS = (Clerk(id="wang"), Clerk(id="li"))


def armed(hall: Hall, *counters: int) -> Floor:
    floor = Floor(hall)
    for counter in counters:
        floor.press(ArmCounter, counter, armed=True)
        floor.later(seconds=1)
    return floor


def bills(*counters: int, **more: Any) -> Hall:
    return a_hall(counters=dict.fromkeys(counters, "bill"), clerks=CLERKS, **more)


def given(floor: Floor) -> list[tuple[str, int]]:
    """Return who was pushed where."""
    events = [each.event for each in floor.history]
    return [(each.ticket, each.counter) for each in events if isinstance(each, TicketCalled) and each.pushed]


def busy(floor: Floor, counter: int, minutes: float) -> None:
    """Let a counter work for a while, when nobody else can be given the customer."""
    floor.press(FinishService, counter)
    floor.later(minutes=minutes)


def test_an_armed_idle_counter_is_given_whoever_comes() -> None:
    floor = armed(bills(1), 1)
    floor.take()
    floor.take()
    assert given(floor) == [("A001", 1)]
    floor.press(FinishService, 1)
    assert given(floor) == [("A001", 1), ("A002", 1)]


def test_whoever_waits_already_is_given_to_a_counter_that_is_armed() -> None:
    floor = Floor(bills(1, 2))
    floor.take()
    floor.press(ArmCounter, 2, armed=True)
    assert given(floor) == [("A001", 2)]


def test_a_press_that_crosses_a_push_is_stale() -> None:
    floor = armed(bills(1), 1)
    floor.take()
    assert reason(floor.ask(CallNext(id="c", counter=1, seen=None))) == "stale"


def test_the_lowest_utilisation_today_comes_first() -> None:
    floor = armed(bills(1, 2), 1)
    floor.take()
    busy(floor, 1, 0)
    floor.take()  # counter 1 works for ten minutes of the twenty
    floor.later(minutes=10)
    floor.press(FinishService, 1)
    floor.press(ArmCounter, 2, armed=True)
    floor.later(minutes=10)
    assert utilisation_ppb(floor.state, 1, ms(floor.now)) > utilisation_ppb(floor.state, 2, ms(floor.now)) == 0
    floor.take()
    assert given(floor)[-1] == ("A003", 2)


def test_then_the_fewest_skills_come_first() -> None:
    floor = armed(a_hall(counters={1: "bill new", 2: "bill"}), 1, 2)
    floor.take()
    assert given(floor) == [("A001", 2)]


def test_then_the_one_idle_longest_and_then_the_lowest_number() -> None:
    floor = armed(bills(1, 2, 3), 3, 1, 2)
    floor.take()
    assert given(floor) == [("A001", 3)]
    floor = Floor(bills(1, 2, 3))
    for counter in (3, 2):
        floor.press(ArmCounter, counter, armed=True)
    floor.take()
    assert given(floor) == [("A001", 2)]


def test_a_counter_whose_skill_it_is_comes_before_one_that_only_helps() -> None:
    hall = with_counter(a_hall(counters={1: "new", 2: "bill new"}), 1, helps=("bill",))
    floor = armed(hall, 1, 2)
    floor.take()
    assert given(floor) == [("A001", 2)]
    floor.take()
    assert given(floor) == [("A001", 2), ("A002", 1)]


def test_the_clerk_who_served_somebody_last_time_does_so_again() -> None:
    floor = Floor(bills(1, 2))
    floor.press(SignIn, 2, clerk="li")
    floor.take()
    floor.call(2)
    floor.press(FinishService, 2, outcome=Outcome.FOLLOW_UP)
    code = next(iter(floor.state.returns))
    floor.later(minutes=1)
    for counter in (1, 2):
        floor.press(ArmCounter, counter, armed=True)
    floor.take("bill", return_code=code)
    assert given(floor) == [("A002", 2)]  # though counter 1 was idle all day


def test_a_counter_rests_after_a_finished_visit_and_not_after_a_no_show() -> None:
    floor = armed(bills(1, rest_s=30), 1)
    floor.take()
    floor.take()
    floor.take()
    floor.press(MarkNoShow, 1)
    assert given(floor)[-1] == ("A002", 1)
    floor.press(FinishService, 1)
    floor.later(seconds=29)
    assert given(floor)[-1] == ("A002", 1)
    floor.later(seconds=1)
    assert given(floor)[-1] == ("A003", 1)


@pytest.mark.parametrize("stop", [PauseCounter, CloseCounter])
def test_a_counter_that_stopped_work_is_given_nobody(stop: type) -> None:
    floor = armed(bills(1, 2), 1)
    floor.press(stop, 1, **({"reason": "tea"} if stop is PauseCounter else {}))
    floor.take()
    assert given(floor) == []
    floor.press(OpenCounter, 1)
    assert given(floor) == ([("A001", 1)] if stop is PauseCounter else [])  # who closes is armed no more


def test_who_disarms_in_a_pause_is_still_in_a_pause() -> None:
    floor = armed(bills(1), 1)
    floor.press(PauseCounter, 1, reason="tea")
    floor.press(ArmCounter, 1, armed=False)
    assert floor.state.desk(1).paused == "tea"


def test_signing_in_does_not_end_a_pause() -> None:
    floor = armed(bills(1), 1)
    floor.press(PauseCounter, 1, reason="tea")
    floor.press(SignIn, 1, clerk="li")
    floor.take()
    assert given(floor) == []
    floor.press(OpenCounter, 1)
    assert given(floor) == [("A001", 1)]


def test_a_push_that_is_taken_back_disarms_the_counter() -> None:
    floor = armed(bills(1), 1)
    floor.take()
    floor.press(Undo, 1)
    assert floor.waits() == {"A001"}
    assert not floor.state.desk(1).armed


def test_several_armed_counters_are_given_several_people_at_once() -> None:
    floor = Floor(a_hall(counters={1: "bill new", 2: "bill", 3: "new"}, slip_grace_s=10))
    for counter in (1, 2, 3):
        floor.press(ArmCounter, counter, armed=True)
    for service in ("new", "bill", "bill"):
        floor.take(service, printed=False)
    floor.later(seconds=10)
    assert sorted(given(floor)) == [("A001", 2), ("A002", 1), ("B001", 3)]


def test_an_armed_counter_that_is_about_to_go_is_given_nobody() -> None:
    floor = armed(bills(1, 2), 1)
    hall = floor.state.hall
    assert hall is not None
    closing = replace(hall, counters=tuple(replace(each, closing=each.number == 1) for each in hall.counters))
    floor.ask(ConfigureHall(id="h", hall=closing), node="dispatcher")
    floor.take()
    assert given(floor) == []
    assert floor.call(1) == "refused: counter_closing"


def test_armed_counters_obey_the_same_turns_as_those_that_ask() -> None:
    hall = a_hall(counters={1: "bill"}, classes=(COURTESY, PLAIN))
    floor = Floor(hall)
    floor.take()
    floor.later(minutes=1)
    floor.take("bill", "courtesy")
    floor.later(minutes=1)
    floor.press(ArmCounter, 1, armed=True)
    assert given(floor) == [("A002", 1)]
    assert floor.last_call().rule == "share"
