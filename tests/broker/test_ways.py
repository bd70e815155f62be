"""How long calls took to eye and ear, as a node's presence tells it."""

from broker.contract.messages import Medium, Reached
from broker.ways import REMEMBERED, Ways, figures


def test_each_zone_has_its_figures_and_one_without_calls_says_none() -> None:
    ways = Ways(Medium.ROW)
    for way_ms in (30, 40, 950):
        ways.took("main", way_ms)
    assert ways.reached("main", "A001 is missing") == Reached(
        zone="main", medium=Medium.ROW, calls=3, p50_ms=40, p99_ms=950, worst_ms=950, parted="A001 is missing"
    )
    assert ways.reached("upstairs") == Reached(zone="upstairs", medium=Medium.ROW)
    assert figures(ways.reached("main"), ways.reached("upstairs"), to="the glass") == (
        "3 calls to the glass: 40 ms, 99 % 950 ms"
    )


def test_only_the_last_calls_count_and_a_clock_that_is_ahead_gives_no_time_below_zero() -> None:
    ways = Ways(Medium.SIGN)
    ways.took("main", 9000)
    for _ in range(REMEMBERED):
        ways.took("main", -3)
    assert ways.reached("main").worst_ms == 0
    assert ways.reached("main").calls == REMEMBERED
