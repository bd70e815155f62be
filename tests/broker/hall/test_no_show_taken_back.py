"""A no-show that nobody stated: marked, and undone for five minutes though others were called since."""

from broker.contract.messages import MarkNoShow, Recall, Undo, VisitEnded
from broker.hall.views import counter_view

from .floor import Floor, a_hall, reason


def a_mistake() -> Floor:
    """A001 was there after all; A002 has been called since."""
    floor = Floor(a_hall(counters={1: "bill", 2: "bill"}))
    for _ in range(3):
        floor.take()
    floor.call(1)
    floor.press(MarkNoShow, 1, inferred=True)
    floor.call(1)
    return floor


def test_the_event_says_that_nobody_stated_it() -> None:
    ended = [each.event for each in a_mistake().history if isinstance(each.event, VisitEnded)]
    assert [(each.ticket, each.inferred) for each in ended] == [("A001", True)]


def test_the_customer_is_the_next_at_this_counter_and_the_call_since_stands() -> None:
    floor = a_mistake()
    floor.later(minutes=4)
    assert type(floor.press(Undo, 1, no_show="A001")).__name__ == "Done"
    assert counter_view(floor.state, 1).ticket == "A002"
    assert floor.call(2) == "A003"  # another counter does not take her
    floor.press(MarkNoShow, 1)
    assert floor.call(1) == "A001"
    assert type(floor.press(Recall, 1)).__name__ == "Done"


def test_after_five_minutes_it_is_too_late() -> None:
    floor = a_mistake()
    floor.later(minutes=5, seconds=1)
    assert reason(floor.press(Undo, 1, no_show="A001")) == "too_late_to_undo"


def test_only_the_counter_that_missed_her_takes_it_back_and_only_once() -> None:
    floor = a_mistake()
    assert reason(floor.press(Undo, 2, no_show="A001")) == "nothing_to_undo"
    floor.press(Undo, 1, no_show="A001")
    assert reason(floor.press(Undo, 1, no_show="A001")) == "nothing_to_undo"
    assert reason(floor.press(Undo, 1, no_show="A777")) == "nothing_to_undo"
