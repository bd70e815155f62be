"""What a spare shows on its text console."""

from keeper.big_digits import big
from keeper.joining import shown_code


def test_a_code_of_six_digits_fits_a_console_of_eighty_columns() -> None:
    lines = big("482 913").splitlines()
    assert len(lines) == 10
    assert max(map(len, lines)) == 75
    assert set("".join(lines)) == {"#", " "}


def test_each_digit_looks_like_no_other() -> None:
    assert len({big(digit) for digit in "0123456789"}) == 10


def test_a_spare_shows_its_code_large_and_in_both_languages() -> None:
    shown = shown_code("482913")
    assert shown.startswith(big("482 913"))
    assert "备用机代码：482 913" in shown
    assert "Spare machine, code: 482 913" in shown
