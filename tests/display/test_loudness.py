"""How loud the voice is at a time of day."""

from datetime import datetime

import pytest

from broker.voice_file import QuietHours
from display.loudness import volume_db

NOON_BREAK = QuietHours(begin="12:00", end="13:30", volume_db=-12)
NIGHT = QuietHours(begin="22:00", end="06:00", volume_db=-30)


@pytest.mark.parametrize(
    ("clock", "volume"),
    [
        ("11:59", -3),
        ("12:00", -12),
        ("13:29", -12),
        ("13:30", -3),
        ("22:00", -30),
        ("23:59", -30),
        ("00:00", -30),
        ("05:59", -30),
        ("06:00", -3),
    ],
)
def test_quiet_hours_are_softer_over_midnight_too(clock: str, volume: int) -> None:
    local = datetime.fromisoformat(f"2026-11-22T{clock}:30+08:00")
    assert volume_db(-3, [NOON_BREAK, NIGHT], local) == volume


def test_of_several_the_softest_counts() -> None:
    local = datetime.fromisoformat("2026-11-22T12:30:00+08:00")
    assert volume_db(-20, [NOON_BREAK], local) == -20
    assert volume_db(0, [NOON_BREAK, QuietHours(begin="12:15", end="12:45", volume_db=-18)], local) == -18
