"""Whether the glass shows what the hall decided."""

from display.board import Row
from display.glass import Agreement, OnGlass, RowOnGlass

A001 = Row(call="a.1", ticket="A001", counter=3, times=1, newest=True)
B002 = Row(call="b.1", ticket="B002", counter=4, times=1)


def frame(*rows: Row, covered: bool = False, shrunk: float = 1.0, at_s: float = 0) -> OnGlass:
    return OnGlass(
        rows=tuple(
            RowOnGlass(call=row.call, times=row.times, ticket=row.ticket, counter=str(row.counter), shrunk=shrunk)
            for row in rows
        ),
        covered=covered,
        at_s=at_s,
    )


def test_a_frame_has_two_seconds_to_come() -> None:
    agreement = Agreement()
    agreement.see(frame())
    agreement.want((A001,), 10.0, covered=False)
    assert agreement.parted(11.9) == ""
    assert "A001 → 3 is not on the glass, though the hall called so 3 s ago" in agreement.parted(13.0)
    agreement.see(frame(A001))
    assert agreement.parted(13.0) == ""


def test_a_label_that_says_another_window_is_noticed() -> None:
    agreement = Agreement()
    agreement.want((A001, B002), 0.0, covered=False)
    wrong = frame(A001, B002)
    agreement.see(
        OnGlass(
            rows=(wrong.rows[0], RowOnGlass(call="b.1", times=1, ticket="B002", counter="5")), covered=False, at_s=1
        )
    )
    assert "B002 → 4 is not on the glass" in agreement.parted(5.0)


def test_a_window_that_never_draws_is_noticed() -> None:
    agreement = Agreement()
    agreement.want((), 0.0, covered=False)
    assert agreement.parted(5.0).startswith("no frame has come to the glass")


def test_a_message_that_does_not_cover_the_board_is_noticed() -> None:
    agreement = Agreement()
    agreement.want((A001,), 0.0, covered=True)
    agreement.see(frame(A001))
    assert "should cover the board" in agreement.parted(5.0)
    agreement.see(frame(covered=True))
    assert agreement.parted(5.0) == ""


def test_each_call_comes_to_the_glass_once() -> None:
    agreement = Agreement()
    assert agreement.see(frame(A001)) == [("a.1", 1)]
    assert agreement.see(frame(B002, A001)) == [("b.1", 1)]
    assert agreement.see(frame(B002)) == []
    assert agreement.see(frame(A001, B002)) == []


def test_a_number_too_long_for_the_distance_is_said() -> None:
    agreement = Agreement()
    agreement.see(frame(A001, shrunk=0.8))
    assert agreement.too_long == "A001"
