"""Whom a rating belongs to."""

import pytest

from broker.contract.messages import CounterState, CounterView, Rating
from counter.asking import GRADES, LATE_S, Asked, Asking, KeypadShows, Rated
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
    assert asked().rated(pressed, 105) == [Rated(call="c1", rating=GRADES[pressed]), RESTS]


def test_every_grade_of_the_hall_has_its_key() -> None:
    assert set(GRADES.values()) == set(Rating)


def test_no_rating_is_nothing_and_the_asking_goes_on() -> None:
    asking = asked()
    assert asking.rated(KeypadRating.NONE, 105) == []
    assert asking.rated(GOOD, 106) == [Rated(call="c1", rating=Rating.SATISFIED), RESTS]


def test_a_customer_rates_once() -> None:
    asking = asked()
    asking.rated(GOOD, 105)
    assert asking.rated(KeypadRating.COMPLAINT, 106) == []
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
    assert asking.rated(GOOD, 104) == [Rated(call="c1", rating=Rating.SATISFIED)]


def test_a_rating_long_after_the_asking_belongs_to_nobody() -> None:
    asking = asked()
    asking.viewed(busy("c2"), 103)
    asking.elapsed(103 + LATE_S)
    assert asking.rated(GOOD, 110) == []
    assert asking.unasked == 1
    assert asking.next_deadline() is None


def test_a_rating_that_nobody_was_asked_for_is_counted_and_left_out() -> None:
    asking = Asking(rating_s=20)
    asking.viewed(free(), 0)
    assert asking.rated(GOOD, 1) == []
    assert asking.unasked == 1


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
    assert asking.viewed(free("c2"), 102) == [ASKS]
    assert asking.rated(GOOD, 103) == [Rated(call="c2", rating=Rating.SATISFIED), RESTS]


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
