import pytest

from hardware.devices import Sign
from hardware.drivers.candle_sign import (
    CandleSigns,
    brightness_frame,
    displayable,
    set_address_frame,
    show_frame,
)
from hardware.line import Line


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("A045", "01 20 20 41 30 34 35 07"),
        ("A13", "01 20 20 41 31 33 07"),
        ("A135", "01 20 20 41 31 33 35 07"),
        ("", "01 20 20 20 07"),
    ],
)
def test_texts_make_the_documents_frames(text: str, frame: str) -> None:
    assert show_frame(0x20, text) == bytes.fromhex(frame)


def test_blinks_are_counted_from_22_and_never_mean_for_ever() -> None:
    assert show_frame(0x7F, "1", blinks=1)[2] == 0x22
    assert show_frame(0x7F, "1", blinks=5)[2] == 0x26
    assert show_frame(0x7F, "1", blinks=1000)[2] == 0x7F


def test_the_frames_of_the_installer() -> None:
    assert brightness_frame(0x21, 3) == bytes.fromhex("02 21 23 07")
    assert set_address_frame(None, 0x22) == bytes.fromhex("03 FF 22 07")
    assert set_address_frame(0x21, 0x22) == bytes.fromhex("03 21 22 07")
    with pytest.raises(ValueError, match="brightness 4"):
        brightness_frame(0x21, 4)


def test_letters_are_shown_in_the_case_that_seven_segments_have() -> None:
    assert displayable("a012") == "A012"
    assert displayable("D012") == "d012"
    assert displayable("o0 O") == "o0 O"


@pytest.mark.parametrize(
    ("text", "character"), [("V004", "'V'"), ("3号", "'号'"), ("K7", "'K'"), ("A\x07", r"'\\x07'")]
)
def test_a_letter_without_a_glyph_is_refused_by_name(text: str, character: str) -> None:
    with pytest.raises(ValueError, match=character):
        displayable(text)


def test_an_address_that_no_sign_can_have_is_refused_when_the_hall_is_built() -> None:
    signs = CandleSigns(Line("serial:/dev/hallcall/signs"))
    lowest: Sign = signs.sign(0x20)
    highest: Sign = signs.sign(0x7F)
    assert lowest is not highest
    with pytest.raises(ValueError, match="sticker"):
        signs.sign(1)
