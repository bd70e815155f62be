"""Whom a rating belongs to."""

import pytest

from broker.contract.messages import CounterState, CounterView, Rating
from counter.asking import GRADES, LATE_S, Asked, Asking, KeypadShows, Rated, Stray
from hardware.devices import KeypadRating

GOOD = KeypadRating.SATISFIED
ASKS, RESTS = KeypadShows(asking=True), KeypadShows(asking=False)


def free(rate: str | None = None) -> CounterView:
    return CounterView(counter=3, state=CounterState.IDLE, waiting=0, rate=rate)


def busy(call: str) -> CounterView:
    return CounterView(counter=3, state=CounterState.CALLED, waiting=0, call=call, ticket="A001", times=1)


def asked(call: str = "c1") -> Asking:
    asking = Asking(rating_s=20)
    asking.viewed(busy(call), 0)
    assert asking.viewed(free(call), 100) == [ASKS]
    return asking


@pytest.mark.parametrize("pressed", GRADES)
def test_a_grade_is_kept_for_the_call_and_the_keys_go_dark(pressed: KeypadRating) -> None:
    assert asked().rated(pressed, 105) == [
        Rated(call="c1", rating=GRADES[pressed], after_ms=5000),
        RESTS,
    ]


def test_every_grade_of_the_hall_has_its_key() -> None:
    assert set(GRADES.values()) == set(Rating)


def test_no_rating_is_nothing_and_the_asking_goes_on() -> None:
    asking = asked()
    assert asking.rated(KeypadRating.NONE, 105) == []
    assert asking.rated(GOOD, 106) == [Rated(call="c1", rating=Rating.SATISFIED, after_ms=6000), RESTS]


def test_a_customer_rates_once() -> None:
    asking = asked()
    asking.rated(GOOD, 105)
    assert asking.rated(GOOD, 105.5) == []  # the finger insists
    assert asking.unasked == 0
    assert asking.rated(KeypadRating.COMPLAINT, 107) == [Stray(rating=Rating.COMPLAINT)]
    assert asking.unasked == 1


def test_nobody_rates_and_the_keys_go_dark() -> None:
    asking = asked()
    assert asking.next_deadline() == 120
    assert asking.elapsed(119) == []
    assert asking.elapsed(120) == [RESTS]


def test_the_next_call_ends_the_asking() -> None:
    assert asked().viewed(busy("c2"), 103) == [RESTS]


def test_a_rating_that_arrives_after_the_next_call_belongs_to_the_one_asked_about() -> None:
    asking = asked()
    asking.viewed(busy("c2"), 103)
    assert asking.rated(GOOD, 104) == [Rated(call="c1", rating=Rating.SATISFIED, after_ms=4000, late=True)]


def test_a_rating_long_after_the_asking_belongs_to_nobody() -> None:
    asking = asked()
    asking.viewed(busy("c2"), 103)
    assert asking.elapsed(103 + LATE_S) == [Rated(call="c1", rating=None)]
    assert asking.rated(GOOD, 110) == [Stray(rating=Rating.SATISFIED)]
    assert asking.unasked == 1
    assert asking.next_deadline() is None


def test_a_rating_that_nobody_was_asked_for_is_told_apart_a_child_at_the_keys_once() -> None:
    asking = Asking(rating_s=20)
    asking.viewed(free(), 0)
    acts = [act for tenth in range(10, 40, 9) for act in asking.rated(GOOD, tenth / 10)]
    assert acts == [Stray(rating=Rating.SATISFIED)]
    assert asking.unasked == 4


def test_the_same_call_is_not_asked_about_twice() -> None:
    asking = asked()
    asking.elapsed(120)
    asking.viewed(busy("c2"), 121)
    assert asking.viewed(free("c1"), 122) == []


def test_a_call_finished_before_this_program_began_is_not_asked_about() -> None:
    assert Asking(rating_s=20).viewed(free("yesterday"), 0) == [RESTS]


def test_the_second_customer_is_asked_while_the_first_may_still_be_late() -> None:
    asking = asked("c1")
    asking.viewed(busy("c2"), 101)
    assert asking.viewed(free("c2"), 102) == [Rated(call="c1", rating=None), ASKS]
    assert asking.rated(GOOD, 103) == [Rated(call="c2", rating=Rating.SATISFIED, after_ms=1000), RESTS]


def test_who_was_asked_and_pressed_nothing_is_stored_as_none() -> None:
    asking = asked()
    assert asking.elapsed(120) == [RESTS]
    assert asking.elapsed(120 + LATE_S) == [Rated(call="c1", rating=None)]
    assert asking.next_deadline() is None


def test_who_rated_on_the_page_is_not_stored_as_none() -> None:
    asking = asked()
    assert asking.viewed(free(), 104) == [RESTS]
    assert asking.elapsed(200) == []


def test_a_finish_that_is_taken_back_ends_the_asking_and_the_next_finish_asks_again() -> None:
    asking = asked()
    assert asking.viewed(busy("c1"), 103) == [RESTS]
    assert asking.elapsed(104) == []
    assert asking.viewed(free("c1"), 110) == [ASKS]


@pytest.mark.parametrize(
    ("now", "rate", "acts"),
    [
        (105, "c1", [ASKS]),
        (105, None, [RESTS]),  # rated, or the next call, while the box was away
        (105, "c2", [RESTS]),
        (121, "c1", [RESTS]),  # too late
        (3, "c1", [RESTS]),  # the machine was started again, and its clock with it
    ],
)
def test_a_restart_goes_on_asking_only_who_still_stands_there(now: float, rate: str | None, acts: list[object]) -> None:
    before = asked("c1").asked
    assert before == Asked(call="c1", until_s=120)
    asking = Asking(rating_s=20)
    asking.resume(before)
    assert asking.viewed(free(rate), now) == acts
