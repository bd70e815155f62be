"""What keys mean that reach the kiosk's window: a scanner that types, tactile keys, and rubbish."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.keyboard import MOST, TACTILE, Keyboard, Scan, Tactile

LETTERS = {letter: 0x04 + place for place, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}
DIGITS = {digit: 0x1E + place for place, digit in enumerate("1234567890")}
PLAIN = LETTERS | DIGITS | {"-": 0x2D, "/": 0x38, ".": 0x37, ";": 0x33, "=": 0x2E}
SHIFTED = {letter.upper(): usage for letter, usage in LETTERS.items()} | {":": 0x33, "?": 0x38, "_": 0x2D}
ENTER, KEYPAD_ENTER, TAB, SHIFT, RIGHT = 0x28, 0x58, 0x2B, 0xE1, 0x4F

Heard = list[Scan | Tactile]
codes = st.text(alphabet=sorted(PLAIN | SHIFTED), min_size=3, max_size=80)


def type_in(
    keyboard: Keyboard, text: str, *, at_s: float = 10.0, each_s: float = 0.01, end: int | None = ENTER
) -> Heard:
    """Type as a scanner does: every key goes down and up, Shift beside a capital."""
    heard: Heard = []
    keys = [(PLAIN | SHIFTED)[character] for character in text] + ([end] if end is not None else [])
    shifts = [character in SHIFTED for character in text] + [False]
    for place, (usage, shift) in enumerate(zip(keys, shifts, strict=False)):
        now_s = at_s + place * each_s
        said = [keyboard.down(SHIFT, now_s=now_s)] if shift else []
        said.append(keyboard.down(usage, shift=shift, now_s=now_s))
        heard += [each for each in said if each is not None]
        keyboard.up(usage)
        keyboard.up(SHIFT)
    return heard


@given(codes, st.floats(0.0, 0.04))
def test_whatever_a_scanner_types_is_read_as_it_stands_on_the_paper(text: str, each_s: float) -> None:
    assert type_in(Keyboard(), text, each_s=each_s) == [Scan(text)]


@pytest.mark.parametrize("end", [ENTER, KEYPAD_ENTER, TAB])
def test_a_scan_ends_with_enter_or_tab(end: int) -> None:
    assert type_in(Keyboard(), "HC1:T:B014", end=end) == [Scan("HC1:T:B014")]


@pytest.mark.parametrize("each_s", [0.09, 0.15, 0.5])
def test_what_a_person_types_is_no_scan_and_enter_stays_a_key(each_s: float) -> None:
    assert type_in(Keyboard(), "HC1:T:B014", each_s=each_s) == [Tactile("enter")]


def test_a_window_that_stood_still_hears_all_keys_at_once_and_reads_them() -> None:
    assert type_in(Keyboard(), "HC1:T:B014", each_s=0.0) == [Scan("HC1:T:B014")]


@pytest.mark.parametrize(("usage", "name"), sorted(TACTILE.items()))
def test_every_tactile_key_has_its_name(usage: int, name: str) -> None:
    assert Keyboard().down(usage, now_s=1) == Tactile(name)


def test_a_held_key_counts_once_and_one_whose_release_was_lost_counts_again() -> None:
    keyboard = Keyboard()
    held = [keyboard.down(RIGHT, now_s=1 + place * 0.03) for place in range(100)]
    assert held == [Tactile("right")] + [None] * 99
    assert keyboard.down(RIGHT, now_s=60) == Tactile("right")


def test_capitals_are_read_while_caps_lock_is_on() -> None:
    keyboard = Keyboard()
    for place, letter in enumerate("abc"):
        keyboard.down(LETTERS[letter], caps=True, shift=letter == "b", now_s=place * 0.01)
    assert keyboard.down(ENTER, now_s=0.04) == Scan("AbC")


def test_digits_of_a_number_pad_are_digits() -> None:
    keyboard = Keyboard()
    for place, usage in enumerate((0x59, 0x62, 0x61)):
        keyboard.down(usage, now_s=place * 0.01)
    assert keyboard.down(ENTER, now_s=0.04) == Scan("109")


def test_half_a_code_spoils_no_later_one() -> None:
    keyboard = Keyboard()
    assert type_in(keyboard, "HC1:T", end=None) == []
    assert type_in(keyboard, "B014", at_s=11) == [Scan("B014")]


def test_a_code_without_an_end_is_dropped_when_it_is_too_long() -> None:
    assert type_in(Keyboard(), "7" * (MOST + 1)) == [Tactile("enter")]
    assert type_in(Keyboard(), "7" * MOST) == [Scan("7" * MOST)]


@given(st.lists(st.tuples(st.integers(-1, 0x120), st.booleans(), st.booleans(), st.floats(0, 0.3))))
def test_a_storm_of_keys_breaks_nothing_and_the_next_code_is_read(
    storm: list[tuple[int, bool, bool, float]],
) -> None:
    keyboard, now_s = Keyboard(), 0.0
    for usage, shift, goes_up, later_s in storm:
        now_s += later_s
        heard = keyboard.down(usage, shift=shift, now_s=now_s)
        assert heard is None or isinstance(heard, Tactile) or 3 <= len(heard.text) <= MOST
        if goes_up:
            keyboard.up(usage)
    assert type_in(keyboard, "HC1:T:B014", at_s=now_s + 5) == [Scan("HC1:T:B014")]
