"""How many calls a board shows, and how large: computed from its size and from where people read it."""

from pathlib import Path

import pytest

from broker.config import BrokenConfig, DisplayFile, load_node
from broker.legibility import CAP, Panel, arranged, faults

FILE = """
node = "board-1"
hall = "east"
state_dir = "state"

[broker]
password_file = "password"

[screen]
zone = "main"
"""


def panel(diagonal_in: float, distance_m: float, *, upright: bool = False, bottom_mm: int | None = None) -> Panel:
    width, height = (1080, 1920) if upright else (1920, 1080)
    return Panel(width=width, height=height, diagonal_in=diagonal_in, distance_m=distance_m, bottom_mm=bottom_mm)


@pytest.mark.parametrize(
    ("diagonal_in", "distance_m", "rows"),
    [(43, 8, 3), (55, 8, 4), (65, 8, 5), (43, 5, 5), (55, 5, 7), (65, 5, 8), (55, 12, 2), (65, 12, 3)],
)
def test_size_and_distance_give_the_number_of_rows(diagonal_in: float, distance_m: float, rows: int) -> None:
    assert faults(panel(diagonal_in, distance_m), None) == {}
    assert arranged(panel(diagonal_in, distance_m)).rows == rows


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("distance_m", [2, 3, 5, 6.5, 8, 12, 20])
@pytest.mark.parametrize("diagonal_in", [32, 43, 55, 65, 86, 98])
def test_whatever_is_not_refused_can_be_read_and_has_room(
    diagonal_in: float, distance_m: float, *, upright: bool
) -> None:
    shown = panel(diagonal_in, distance_m, upright=upright)
    if faults(shown, None):
        return
    board = arranged(shown)
    mm = shown.px_per_mm
    assert board.number * CAP / mm >= 12.2 * distance_m - 0.01
    assert board.text * CAP / mm >= 6.4 * distance_m - 0.01
    assert board.pitch >= 1.4 * 12.2 * distance_m * mm - 0.01
    places = [board.calls, board.strip, *([board.aside] if board.aside is not None else [])]
    for place in places:
        assert place.x >= 0
        assert place.y >= 0
        assert place.x + place.w <= shown.width + 0.01
        assert place.y + place.h <= shown.height + 0.01
    for one in places:
        for other in places:
            apart_x = one.x + one.w <= other.x + 0.01 or other.x + other.w <= one.x + 0.01
            apart_y = one.y + one.h <= other.y + 0.01 or other.y + other.h <= one.y + 0.01
            assert one is other or apart_x or apart_y


def test_longer_numbers_take_the_width_of_the_table() -> None:
    longer = Panel(width=1920, height=1080, diagonal_in=55, distance_m=8, characters=7)
    assert faults(longer, None) == {}
    assert arranged(longer).aside is None
    assert arranged(panel(55, 8)).aside is not None


def test_a_screen_that_hangs_high_is_read_from_farther_away() -> None:
    high = panel(55, 5, bottom_mm=2600)
    assert high.seen_from_m == pytest.approx(5 + ((2600 + 684.9 - 1200) / 1000) ** 2 / 5, abs=0.01)
    assert arranged(high).rows == 6
    assert arranged(panel(55, 5)).rows == 7


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("diagonal_in = 43\nrows = 4\n", "screen.rows: from 8 m a number must be 98 mm high: 3 rows have room"),
        ("diagonal_in = 43\nrows = 4\n", "give rows = 3, or distance_m = 6.5 at most"),
        ("diagonal_in = 32\ndistance_m = 12\n", "screen.distance_m: from 12 m a number must be 146 mm high"),
        ("diagonal_in = 32\ndistance_m = 12\n", "it can be read from 8.7 m at most"),
        ("width = 1080\nheight = 1920\ndiagonal_in = 43\n", "it can be read from 6.6 m at most"),
        ("width = 640\nheight = 480\ndiagonal_in = 98\ndistance_m = 2\n", "screen.diagonal_in: text of 13 mm would"),
    ],
)
def test_a_layout_that_could_not_be_read_is_refused_with_its_figures(tmp_path: Path, lines: str, said: str) -> None:
    path = tmp_path / "board.toml"
    path.write_text(FILE + lines, encoding="utf-8")
    with pytest.raises(BrokenConfig) as broken:
        load_node(path, DisplayFile)
    assert said in str(broken.value)
