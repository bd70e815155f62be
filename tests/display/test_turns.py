"""Which calls have the rows when many come at once."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from display.turns import TURN_S, next_turn_s, on_rows, take_turns


def test_while_all_fresh_calls_have_room_the_rest_is_whoever_was_called_last() -> None:
    calls = ["E", "D", "C", "B", "A"]
    assert on_rows(calls, lambda call: call in {"E", "B"}, rows=3, now_s=0) == ("E", "D", "B")
    assert not take_turns(calls, lambda call: call in {"E", "B"}, rows=3)


def test_the_newest_stay_and_the_others_take_turns() -> None:
    calls = ["F", "E", "D", "C", "B", "A"]
    shown = [on_rows(calls, lambda _: True, rows=4, now_s=turn * TURN_S) for turn in range(2)]
    assert shown == [("F", "E", "D", "C"), ("F", "E", "B", "A")]


@pytest.mark.parametrize(
    ("a_minute", "rows", "seconds"),
    [(6, 1, 4), (6, 2, 16), (6, 3, 23), (6, 4, 36), (8, 2, 13), (8, 3, 20), (8, 4, 29), (12, 2, 5), (12, 4, 17)],
)
def test_thirty_counters_call_and_each_call_is_on_the_glass_long_enough(a_minute: int, rows: int, seconds: int) -> None:
    """Seconds of the first 45, for the call that is seen the least."""
    every_s, fresh_s = 60 / a_minute, 45
    seen: Counter[int] = Counter()
    for tenth in range(3000, 9000):
        now_s = tenth / 10
        newest = int(now_s // every_s)

        def is_fresh(call: int, now_s: float = now_s) -> bool:
            return now_s - call * every_s < fresh_s

        calls = list(range(newest, newest - 30, -1))
        seen.update(call for call in on_rows(calls, is_fresh, rows=rows, now_s=now_s) if is_fresh(call))
    assert min(seen[call] / 10 for call in range(int(310 // every_s), int(850 // every_s))) >= seconds


@pytest.mark.parametrize("rows", [1, 2, 3, 4])
def test_of_calls_that_come_together_each_is_seen(rows: int) -> None:
    burst = list("FEDCBA")
    seen = [on_rows(burst, lambda _: True, rows=rows, now_s=turn * TURN_S) for turn in range(12)]
    assert {call for shown in seen for call in shown} == set(burst)


@settings(max_examples=60, deadline=None)
@given(
    calls=st.lists(st.integers(0, 50), unique=True, max_size=20),
    fresh=st.sets(st.integers(0, 50)),
    rows=st.integers(1, 8),
    now_s=st.floats(0, 1e6),
)
def test_no_row_is_wasted_no_call_stands_twice_and_newest_stand_first(
    calls: list[int], fresh: set[int], rows: int, now_s: float
) -> None:
    shown = on_rows(calls, lambda call: call in fresh, rows=rows, now_s=now_s)
    assert len(shown) == len(set(shown)) == min(rows, len(calls))
    places = [calls.index(each) for each in shown]
    assert places == sorted(places)
    assert next_turn_s(now_s) > now_s
