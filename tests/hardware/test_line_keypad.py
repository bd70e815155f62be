"""The driver of a tactile keypad that sends lines, against its far end on a real pty."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hardware.devices import PortGone, TactileKey
from hardware.drivers.line_keypad import LineKeypad
from hardware.line import Line
from hardware.simulators.line_keypad import SimulatedTactileKeypad

KEYS = {"down": TactileKey.NEXT, "ok": TactileKey.OK}


@pytest.fixture
async def far_end(tmp_path: Path) -> AsyncIterator[SimulatedTactileKeypad]:
    async with SimulatedTactileKeypad(link=tmp_path / "keypad") as keypad:
        yield keypad


@pytest.fixture
async def keypad(far_end: SimulatedTactileKeypad) -> AsyncIterator[LineKeypad]:
    up = asyncio.Event()
    line = Line(f"serial:{far_end.cable.link}?baud=9600", on_link=lambda is_up, _: up.set() if is_up else None)
    keypad = LineKeypad(line, keys=KEYS)
    running = asyncio.create_task(line.run())
    await up.wait()
    yield keypad
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def presses(keypad: LineKeypad, count: int) -> list[TactileKey]:
    found = []
    async with asyncio.timeout(5):
        async for key in keypad.presses():
            found.append(key)
            if len(found) == count:
                break
    return found


async def test_each_line_is_the_key_of_its_name(far_end: SimulatedTactileKeypad, keypad: LineKeypad) -> None:
    far_end.press("down")
    far_end.press("ok")
    assert await presses(keypad, 2) == [TactileKey.NEXT, TactileKey.OK]


async def test_a_key_that_is_held_counts_once(far_end: SimulatedTactileKeypad, keypad: LineKeypad) -> None:
    far_end.press("down", times=30)
    far_end.press("ok")
    assert await presses(keypad, 2) == [TactileKey.NEXT, TactileKey.OK]


async def test_unknown_keys_and_noise_mean_nothing_and_are_told(
    far_end: SimulatedTactileKeypad, keypad: LineKeypad
) -> None:
    far_end.press("volume")
    far_end.press("volume")
    far_end.garble()
    far_end.press("ok")
    assert await presses(keypad, 1) == [TactileKey.OK]
    assert keypad.unknown == ["VOLUME"]
    assert keypad.discarded_bytes > 0


async def test_an_unplugged_keypad_is_told_and_works_again(far_end: SimulatedTactileKeypad, keypad: LineKeypad) -> None:
    far_end.cable.unplug()
    with pytest.raises(PortGone):
        await presses(keypad, 1)
    far_end.cable.plug()
    pressing = asyncio.create_task(presses(keypad, 1))
    async with asyncio.timeout(8):
        while not pressing.done():
            far_end.press("ok")  # until the line is open again
            await asyncio.wait({pressing}, timeout=0.2)
    assert pressing.result() == [TactileKey.OK]
