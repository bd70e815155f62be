"""A press that waited in a stalled dispatcher is as old as the stall."""

import pytest

from broker.pulse import Pulse


@pytest.mark.parametrize(
    ("beats", "now_s", "late_ms"),
    [
        ([], 0.1, 0),
        ([0.5, 1.0], 1.4, 0),
        ([0.5, 1.0], 1.9, 0),  # a slow commit is no stall
        ([0.5], 7.5, 6000),
        ([0.5, 7.5], 7.6, 0),  # alive again
    ],
)
def test_what_is_read_after_a_stall_is_older_by_it(beats: list[float], now_s: float, late_ms: int) -> None:
    pulse = Pulse(now_s=0.0)
    for at in beats:
        pulse.beat(now_s=at)
    assert pulse.late_ms(now_s=now_s) == late_ms
