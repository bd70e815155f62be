"""Whether what is shown reaches the glass."""

from broker.contract.messages import DeviceState
from kiosk.glass import OPENING_S, STILL_S, Glass


def test_a_window_that_turns_and_hands_its_frames_over_is_well() -> None:
    glass = Glass(now_s=100)
    for second in range(101, 110):
        glass.turned(now_s=second)
        glass.drew(now_s=second)
        glass.flipped()
    assert glass.health(now_s=110) == (DeviceState.OK, "")


def test_a_window_that_opens_is_not_known_yet_and_one_that_never_does_is_broken() -> None:
    glass = Glass(now_s=100)
    assert glass.health(now_s=101)[0] is DeviceState.UNKNOWN
    state, detail = glass.health(now_s=100 + OPENING_S)
    assert (state, "cable" in detail) == (DeviceState.FAULT, True)


def test_a_window_is_ready_when_its_first_picture_is_on_the_screen_however_long_its_shaders_take() -> None:
    glass = Glass(now_s=100)
    glass.turned(now_s=101)
    glass.flipped()  # of an empty window
    glass.drew(now_s=101)
    assert glass.health(now_s=101 + 3 * STILL_S)[0] is DeviceState.UNKNOWN
    glass.flipped()
    glass.turned(now_s=102 + 3 * STILL_S)
    assert glass.health(now_s=102 + 3 * STILL_S)[0] is DeviceState.OK


def test_a_window_that_hangs_is_broken_until_it_goes_on() -> None:
    glass = Glass(now_s=100)
    glass.turned(now_s=101)
    glass.drew(now_s=101)
    glass.flipped()
    state, detail = glass.health(now_s=101 + STILL_S + 0.1)
    assert (state, "stands still" in detail) == (DeviceState.FAULT, True)
    glass.turned(now_s=120)
    assert glass.health(now_s=120.5)[0] is DeviceState.OK


def test_frames_that_never_reach_the_screen_are_noticed_though_the_loop_turns() -> None:
    glass = Glass(now_s=100)
    glass.drew(now_s=100)
    glass.flipped()
    for second in range(101, 120):
        glass.turned(now_s=second)
        glass.drew(now_s=second)
    state, detail = glass.health(now_s=119)
    assert (state, "do not reach" in detail) == (DeviceState.FAULT, True)
    glass.flipped()
    assert glass.health(now_s=119)[0] is DeviceState.OK
