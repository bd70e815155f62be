"""Whether a window's sign shows the call that the boards show."""

from broker.contract.messages import BoardRow, BoardView
from counter.agreement import Agreement

A012 = BoardRow(call="c1", ticket="A012", counter=3, times=1, started=False)


def boards(*rows: BoardRow) -> BoardView:
    return BoardView(zone="main", rows=rows)


def test_a_sign_has_two_seconds_for_a_call() -> None:
    agreement = Agreement()
    agreement.viewed(boards(A012), 10.0)
    assert agreement.parted(3, 12.0) == ""
    assert "boards call A012 to window 3" in agreement.parted(3, 12.1)
    assert "does not show it" in agreement.parted(3, 12.1)
    agreement.shown(3, "c1", 1)
    assert agreement.parted(3, 13.0) == ""


def test_another_call_and_one_that_was_not_repeated_are_told_apart() -> None:
    agreement = Agreement()
    agreement.viewed(boards(A012), 0.0)
    agreement.shown(3, "c9", 1)
    assert "shows another call" in agreement.parted(3, 3.0)
    agreement.shown(3, "c1", 1)
    repeated = BoardRow(call="c1", ticket="A012", counter=3, times=2, started=False)
    agreement.viewed(boards(repeated), 4.0)
    assert agreement.parted(3, 5.0) == ""
    assert "does not show it" in agreement.parted(3, 7.0)


def test_a_window_that_no_board_shows_has_nothing_to_part_from() -> None:
    agreement = Agreement()
    agreement.viewed(boards(A012), 0.0)
    agreement.viewed(boards(), 1.0)
    assert agreement.parted(3, 9.0) == ""
    assert agreement.parted(4, 9.0) == ""


def test_while_everybody_leaves_nothing_is_compared_and_afterwards_signs_have_their_time_again() -> None:
    agreement = Agreement()
    agreement.viewed(boards(A012), 0.0)
    agreement.cover(1.0, covered=True)
    assert agreement.parted(3, 60.0) == ""
    agreement.cover(60.0, covered=False)
    assert agreement.parted(3, 61.0) == ""
    assert agreement.parted(3, 63.0) != ""
