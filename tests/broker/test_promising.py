"""The table of promised waits: made now and then, and nothing fails with it."""

import logging

import pytest

from broker.hall.request import Promise, Promises
from broker.hall.state import HallState
from broker.promising import PromiseTable

SOON: Promises = {("bill", "ordinary"): Promise(60, 0, 2)}


class Seconds:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_waits_are_estimated_at_most_twice_a_second() -> None:
    clock, made = Seconds(), []

    def estimate(_: HallState, now_ms: int) -> Promises:
        made.append(now_ms)
        return SOON

    table = PromiseTable(clock=clock, estimate=estimate)
    for now_ms in range(0, 2000, 100):
        clock.now = now_ms / 1000
        table.make(HallState(), now_ms)
    assert made == [0, 500, 1000, 1500]
    assert table.table == SOON


def test_an_estimate_that_fails_promises_nothing_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    clock, broken = Seconds(), True

    def estimate(_: HallState, __: int) -> Promises:
        if broken:
            raise ZeroDivisionError
        return SOON

    table = PromiseTable(clock=clock, estimate=estimate)
    with caplog.at_level(logging.ERROR):
        for second in range(5):
            clock.now = second
            table.make(HallState(), 0)
    assert not table.table
    assert [record.getMessage() for record in caplog.records] == ["fault: no waits can be promised"]
    broken, clock.now = False, 9
    table.make(HallState(), 0)
    assert table.table == SOON
