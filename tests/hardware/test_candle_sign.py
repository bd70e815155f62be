import pytest

from hardware.devices import Sign
from hardware.drivers.candle_sign import CandleCode, brightness_frame, set_address_frame, show_frame
from hardware.drivers.line_signs import LineSigns
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


@pytest.mark.parametrize(
    ("percent", "frame"), [(0, "02 21 20 07"), (30, "02 21 21 07"), (70, "02 21 22 07"), (100, "02 21 23 07")]
)
def test_brightness_in_percent_is_the_nearest_of_four_levels(percent: int, frame: str) -> None:
    assert CandleCode().dimmed(0x21, percent) == (bytes.fromhex(frame),)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a012", "A012"),
        ("D012", "d012"),
        ("o0 O", "o0 O"),
        ("Ａ０１２", "A012"),  # full-width, as a Chinese keyboard types it
        ("A012号", "A012"),
        ("3号窗口", "3"),
    ],
)
def test_seven_segments_show_what_they_have_letters_for(text: str, shown: str) -> None:
    written = CandleCode().written(text)
    assert (written.text, written.is_whole) == (shown, True)


@pytest.mark.parametrize(
    ("text", "shown", "lost"), [("V004", "004", "V"), ("K7", "7", "K"), ("暂停服务", "", "暂停服务")]
)
def test_what_seven_segments_lack_is_named_and_never_another_letter(text: str, shown: str, lost: str) -> None:
    written = CandleCode().written(text)
    assert (written.text, written.lost) == (shown, lost)


def test_the_installer_may_say_which_letter_stands_for_another() -> None:
    written = CandleCode(letters={"V": "U"}).written("V004")
    assert (written.text, written.is_whole) == ("U004", True)


def test_of_a_number_that_is_too_long_the_end_is_shown_and_it_is_said() -> None:
    written = CandleCode(characters=4).written("A1234")
    assert (written.text, written.cut) == ("1234", True)


def test_a_letter_that_slips_through_makes_no_frame() -> None:
    with pytest.raises(ValueError, match="no V"):
        show_frame(0x21, "V004")


def test_an_address_that_no_sign_can_have_is_refused_when_the_hall_is_built() -> None:
    signs = LineSigns(Line("serial:/dev/hallcall/signs"), CandleCode())
    lowest: Sign = signs.sign(0x20)
    highest: Sign = signs.sign(0x7F)
    assert lowest is not highest
    with pytest.raises(ValueError, match="sticker"):
        signs.sign(1)
