"""Long presses, by when a key went down and up."""

import asyncio
import struct
from pathlib import Path

import pytest

from hardware.devices import PadKey
from hardware.drivers.hid_pad import EVENT, HidCode
from hardware.drivers.holding import Holding
from hardware.drivers.pad_codes import pad_code
from hardware.drivers.pad_line import PadLine
from hardware.line import Line
from hardware.pad_frames import HidKey, HidPad
from hardware.simulators.odd_pads import OddPads

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


async def test_a_key_held_down_at_the_far_end_of_a_cable_is_one_long_press(tmp_path: Path) -> None:
    up = asyncio.Event()
    pad = HidPad(keys=(HidKey(code=79, means="finish"), HidKey(code=80, means="recall")), long_ms=30)
    far = OddPads(
        link=tmp_path / "pad", addresses=(79, 80), frame=lambda code, value: EVENT.pack(1, 0, 1, code, int(value))
    )
    line = Line(f"serial:{tmp_path / 'pad'}", on_link=lambda is_up, _reason: up.set() if is_up else None)
    pads = PadLine(line, pad_code(pad), addresses=(1,), alone=True)
    async with asyncio.timeout(15), far, asyncio.TaskGroup() as tasks:
        running = tasks.create_task(line.run())
        await up.wait()
        presses = pads.presses()
        far.press(79, "1")
        first = asyncio.ensure_future(anext(presses))
        while not first.done():
            far.press(79, "2")  # as the kernel repeats it
            await asyncio.wait({first}, timeout=0.01)
        far.press(79, "0")
        far.press(80, "1")
        assert [first.result().key, (await anext(presses)).key] == [PadKey.FINISH_LONG, PadKey.RECALL]
        running.cancel()
