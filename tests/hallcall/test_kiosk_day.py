"""The bench of a kiosk's day, with a small day: real window, real hall, touches from outside."""

from itertools import pairwise
from pathlib import Path

import pytest

from hallcall.benches.kiosk_day import KioskDay

CUSTOMERS = 24
GROWS_MB = 60  # in twelve customers, on a machine that renders in memory; unbounded pages took 13 MiB a customer


@pytest.mark.screen
@pytest.mark.broker
async def test_customers_one_after_the_other_miss_no_touch_and_leave_no_memory_behind(tmp_path: Path) -> None:
    day = await KioskDay(tmp_path / "day").run(CUSTOMERS, stretches=2, on_stretch=lambda _: None)
    assert day.missed == 0
    assert day.deaths == 0
    assert len(day.issued) == CUSTOMERS
    assert day.agrees, (day.issued, day.shown, day.printed)
    assert [each.customers for each in day.stretches] == [12, 12]
    for before, after in pairwise(each.memory_mb for each in day.stretches):
        assert after - before < GROWS_MB
