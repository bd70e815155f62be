"""Long presses, by when a key went down and up."""

import struct

import pytest

from hardware.drivers.hid_pad import EVENT, HidCode
from hardware.drivers.holding import Holding
from hardware.pad_frames import HidKey, HidPad

UP = ""


@pytest.mark.parametrize(
    ("story", "pressed"),
    [
        ([("finish", 0), (UP, 0.1)], ["finish"]),
        ([("finish", 0), ("finish", 0.4), (UP, 0.7)], ["finish"]),
        ([("finish", 0), ("finish", 0.8), ("finish", 1.2), (UP, 1.3)], ["finish-long"]),
        ([("finish", 0), (UP, 2.0)], ["finish-long"]),  # nothing was said while it was down
        ([("finish", 0)], []),
        ([("recall", 0), ("recall", 2.0), (UP, 2.1)], ["recall"]),  # it has no long form
        ([("finish", 0), ("call", 0.2), (UP, 0.3)], ["finish", "call"]),
        ([("satisfied", 0), (UP, 3), ("satisfied", 4)], ["satisfied", "satisfied"]),
    ],
)
def test_a_press_is_long_by_the_time_the_key_was_down(story: list[tuple[str, float]], pressed: list[str]) -> None:
    holding = Holding(0.8)
    assert [each for down, now_s in story for each in holding.takes(down, now_s)] == pressed


def test_without_a_time_every_press_is_told_as_the_key_goes_down() -> None:
    assert Holding(0).takes("finish", 1.0) == ["finish"]


def test_what_was_down_before_an_outage_is_no_press_after_it() -> None:
    holding = Holding(0.8)
    holding.takes("finish", 0)
    holding.forget("finish")
    assert holding.takes("finish", 5) + holding.takes(UP, 6) == []
    assert holding.takes("finish", 7) + holding.takes(UP, 7.1) == ["finish"]


def test_a_usb_keypad_tells_which_key_is_down() -> None:
    code = HidCode(HidPad(keys=(HidKey(code=79, means="call"), HidKey(code=80, means="finish"))))
    events = [(1, 79, 1), (1, 79, 2), (1, 80, 1), (1, 79, 0), (1, 99, 1), (1, 80, 0), (1, 79, 1), (0, 3, 0)]
    said = code.feed(b"".join(struct.pack(EVENT.format, 1, 0, *each) for each in events))
    assert [each.means for each in said] == ["call", "call", "finish", "", "call", ""]
