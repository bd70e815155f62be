"""What signs say: the words and their fallbacks, a hall's sign, brightness by the hour; without a hall."""

from datetime import time

import pytest

from broker.contract.messages import BoardRow, BoardView, CounterState, CounterView, Language
from broker.sign_file import Dim, SignTexts
from counter.dimming import brightness
from counter.overview import Overview
from counter.window import BLINKS
from counter.wording import fitting, wording
from hardware.drivers.candle_sign import CandleCode
from hardware.drivers.matrix_sign import MatrixCode

PAUSED = CounterView(counter=3, state=CounterState.PAUSED, waiting=0)
IDLE = CounterView(counter=3, state=CounterState.IDLE, waiting=0)


def row(ticket: str, counter: int, *, times: int = 1, started: bool = False) -> BoardRow:
    return BoardRow(call=f"c-{ticket}", ticket=ticket, counter=counter, times=times, started=started)


def board(*rows: BoardRow) -> BoardView:
    return BoardView(zone="main", rows=rows)


def test_a_paused_window_says_so_in_the_best_words_that_its_sign_has() -> None:
    said = wording(Language.ZH).at_window(PAUSED)
    matrix, seven_segments = MatrixCode(), CandleCode()
    assert fitting(said, lambda text: matrix.written(text).is_whole) == "暂停服务"
    assert fitting(said, lambda text: seven_segments.written(text).is_whole) == ""
    english = wording(Language.EN).at_window(PAUSED)
    wide = CandleCode(characters=6)
    assert wide.written(fitting(english, lambda text: wide.written(text).is_whole)).text == "PAUSEd"


def test_an_idle_window_shows_its_number_unless_the_installer_wants_otherwise() -> None:
    assert wording(Language.EN).at_window(IDLE) == ("3",)
    assert wording(Language.EN, SignTexts(idle=("窗口{counter}", ""))).at_window(IDLE) == ("窗口3", "")


def test_a_number_that_no_form_can_show_whole_is_shown_as_well_as_can_be() -> None:
    assert fitting(("V004",), lambda _text: False) == "V004"


def test_a_halls_sign_shows_the_newest_calls_that_fit_whole_and_a_new_one_blinks() -> None:
    overview = Overview(calls=3, wording=wording(Language.ZH))
    shows = overview.viewed(board(row("A012", 3), row("B007", 5, started=True)))
    assert shows is not None
    assert shows.blinks == BLINKS
    assert shows.texts == ("A012 3  B007 5", "A012 3")
    assert fitting(shows.texts, lambda text: len(text) <= 8) == "A012 3"


@pytest.mark.parametrize(
    ("after", "blinks"),
    [
        (board(row("A012", 3, times=2), row("B007", 5)), BLINKS),  # called again
        (board(row("A012", 3)), 0),  # one has gone
        (board(row("B007", 5)), 0),  # the newest has gone
    ],
)
def test_only_a_call_blinks(after: BoardView, blinks: int) -> None:
    overview = Overview(calls=3, wording=wording(Language.ZH))
    overview.viewed(board(row("A012", 3), row("B007", 5)))
    shows = overview.viewed(after)
    assert shows is not None
    assert shows.blinks == blinks


def test_the_same_calls_again_touch_no_sign_and_no_calls_clear_it() -> None:
    overview = Overview(calls=1, wording=wording(Language.ZH))
    overview.viewed(board(row("A012", 3), row("B007", 5)))
    assert overview.viewed(board(row("A012", 3, started=True))) is None
    cleared = overview.viewed(board())
    assert cleared is not None
    assert cleared.texts == ("",)


NIGHT = Dim(begins="20:00", ends="07:00", brightness=10)
NOON = Dim(begins="11:00", ends="13:00", brightness=90)


@pytest.mark.parametrize(
    ("usual", "now", "percent"),
    [
        (60, time(19, 59), 60),
        (60, time(20, 0), 10),
        (60, time(6, 59), 10),
        (60, time(7, 0), 60),
        (60, time(12, 0), 90),
        (None, time(9, 0), 100),
    ],
)
def test_signs_are_dimmed_by_the_hour_also_over_midnight(usual: int | None, now: time, percent: int) -> None:
    assert brightness(usual, (NIGHT, NOON), now) == percent


def test_signs_without_a_stated_brightness_stay_as_they_are_set() -> None:
    assert brightness(None, (), time(12, 0)) is None
