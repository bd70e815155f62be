"""What boards show is what was said."""

from datetime import UTC, datetime, timedelta

from broker.contract.messages import BoardRow, BoardView
from display.agreement import GRACE, Agreement

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
LATER = NOON + GRACE + timedelta(seconds=1)


def board(*rows: tuple[str, int], started: bool = False) -> BoardView:
    return BoardView(
        epoch=1,
        seq=1,
        zone="main",
        rows=tuple(
            BoardRow(call=f"c-{ticket}", ticket=ticket, counter=3, times=times, started=started)
            for ticket, times in rows
        ),
    )


def nothing_waits(_call: str, _times: int) -> bool:
    return False


def test_a_call_that_boards_show_and_nobody_said_is_told_after_a_moment() -> None:
    agreement = Agreement().viewed(board(), NOON).viewed(board(("A001", 1)), NOON)
    assert agreement.parted(NOON + GRACE, nothing_waits) == ()
    assert agreement.parted(LATER, nothing_waits) == ("A001",)
    assert agreement.parted(LATER, lambda call, times: (call, times) == ("c-A001", 1)) == ()


def test_what_was_said_or_shall_not_be_said_is_no_difference() -> None:
    agreement = Agreement().viewed(board(), NOON).viewed(board(("A001", 1)), NOON)
    assert agreement.heard("c-A001", 1).parted(LATER, nothing_waits) == ()
    before_it_was_shown = Agreement().viewed(board(), NOON).heard("c-A001", 2).viewed(board(("A001", 1)), NOON)
    assert before_it_was_shown.parted(LATER, nothing_waits) == ()


def test_a_recall_is_owed_again() -> None:
    agreement = Agreement().viewed(board(), NOON).viewed(board(("A001", 1)), NOON).heard("c-A001", 1)
    assert agreement.viewed(board(("A001", 2)), NOON).parted(LATER, nothing_waits) == ("A001",)


def test_calls_from_before_the_start_and_customers_who_came_are_not_owed() -> None:
    started = Agreement().viewed(board(("A001", 1)), NOON)
    assert started.viewed(board(("A001", 1), ("A002", 1)), NOON).parted(LATER, nothing_waits) == ("A002",)
    came = started.viewed(board(("A001", 1), ("A002", 1)), NOON).viewed(board(("A002", 1), started=True), NOON)
    assert came.parted(LATER, nothing_waits) == ()
