import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.devices import CallPads, Lamp, PadKey, PadPress, Port, PortGone
from hardware.drivers.qsystem_pads import KEYS, PressDecoder, QSystemPads, lamp_frame, text_frame
from hardware.line import Line
from hardware.ports import open_port
from hardware.simulators.bad_cable import LossyPort, OneByteAtATime
from hardware.simulators.qsystem_pads import LampLit, SimulatedPads, TextShown
from hardware.simulators.reports import Reports

Start = Callable[[Coroutine[object, object, object]], None]

presses = st.builds(
    lambda address, key: PadPress(address=address, key=key), st.integers(0, 255), st.sampled_from(list(KEYS.values()))
)


def frame(press: PadPress) -> bytes:
    key = next(byte for byte, key in KEYS.items() if key is press.key)
    return bytes((1, press.address, key, 7))


def test_the_lamp_frames_are_those_of_the_document() -> None:
    assert lamp_frame(0x21, Lamp.OFF) == bytes.fromhex("01 21 30 07")
    assert lamp_frame(0x21, Lamp.GREEN) == bytes.fromhex("01 21 32 07")
    assert lamp_frame(0x21, Lamp.RED, beep=True) == bytes.fromhex("01 21 38 07")
    assert text_frame(0x21, "A012") == bytes.fromhex("01 21 30 31 32 07")
    assert text_frame(0x21, "7") == bytes.fromhex("01 21 20 20 37 07")


def test_what_a_pad_cannot_show_is_refused() -> None:
    with pytest.raises(ValueError, match="号"):
        text_frame(0x21, "3号")
    with pytest.raises(ValueError, match="256"):
        lamp_frame(256, Lamp.RED)


@given(st.lists(presses), st.data())
def test_any_split_of_the_bytes_gives_the_same_presses(sent: list[PadPress], data: st.DataObject) -> None:
    stream = b"".join(map(frame, sent))
    decoder, heard = PressDecoder(), list[PadPress]()
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        heard += decoder.feed(stream[:size])
        stream = stream[size:]
    assert heard == sent
    assert decoder.discarded_bytes == 0


@given(st.binary(max_size=40), presses)
def test_noise_before_a_press_never_loses_the_press(noise: bytes, press: PadPress) -> None:
    decoder = PressDecoder()
    heard = decoder.feed(noise) + decoder.feed(frame(press))
    assert heard[-1] == press
    assert decoder.discarded_bytes == len(noise) - 4 * (len(heard) - 1)


@pytest.mark.parametrize("wrap", [lambda port: port, OneByteAtATime])
async def test_a_press_reaches_the_hall_and_the_answer_reaches_the_pad(
    link: Path, reports: Reports, start: Start, wrap: Callable[[Port], Port]
) -> None:
    async def cable(url: str) -> Port:
        return wrap(await open_port(url))

    line = Line(f"serial:{link}", opener=cable)
    pads: CallPads = QSystemPads(line)
    async with asyncio.timeout(10), SimulatedPads(link=link, report=reports) as hall:
        await pads.lamp(3, Lamp.GREEN)
        start(line.run())
        assert (await reports.next(LampLit)).lamp == "green"
        hall.press(3, "call")
        hall.press(7, "finish")
        pressed = pads.presses()
        assert [await anext(pressed), await anext(pressed)] == [
            PadPress(address=3, key=PadKey.CALL),
            PadPress(address=7, key=PadKey.FINISH),
        ]
        await pads.lamp(3, Lamp.BLINK_RED, beep=True)
        lit = await reports.next(LampLit)
        assert (lit.address, lit.lamp, lit.beep) == (3, "red fast", True)
        await pads.text(3, "A012")
        shown = await reports.next(TextShown)
        assert (shown.address, shown.text) == (3, "012")


async def test_two_pads_talking_at_once_cost_only_the_broken_frame(link: Path, reports: Reports, start: Start) -> None:
    line = Line(f"serial:{link}")
    pads = QSystemPads(line)
    async with asyncio.timeout(10), SimulatedPads(link=link, report=reports) as hall:
        await pads.lamp(3, Lamp.RED)
        start(line.run())
        await reports.next(LampLit)
        hall.garble(5)
        hall.press(3, "start")
        assert await anext(pads.presses()) == PadPress(address=3, key=PadKey.START)
    assert pads.discarded_bytes == 3


async def test_after_an_unplug_the_lamps_are_lit_again_without_a_beep(
    link: Path, reports: Reports, start: Start
) -> None:
    line = Line(f"serial:{link}")
    pads = QSystemPads(line)
    pressed = pads.presses()
    async with asyncio.timeout(10), SimulatedPads(link=link, report=reports) as hall:
        start(line.run())
        await pads.lamp(3, Lamp.RED, beep=True)
        assert (await reports.next(LampLit)).lamp == "red"
        hall.cable.unplug()
        with pytest.raises(PortGone):
            await anext(pressed)
        hall.cable.plug()
        lit = await reports.next(LampLit)
        assert (lit.lamp, lit.beep) == ("red", False)
        hall.press(3, "redirect")
        assert await anext(pads.presses()) == PadPress(address=3, key=PadKey.REDIRECT)


async def test_a_noisy_line_never_invents_a_pad_that_is_not_there(link: Path, reports: Reports, start: Start) -> None:
    async def cable(url: str) -> Port:
        return LossyPort(await open_port(url), seed=7, lost=0.05, flipped=0.0)

    line = Line(f"serial:{link}?baud=115200", opener=cable)
    pads = QSystemPads(line)
    heard: list[PadPress] = []
    async with asyncio.timeout(10), SimulatedPads(link=link, report=reports, baud=115200) as hall:
        await pads.lamp(3, Lamp.RED)
        start(line.run())
        await reports.next(LampLit)
        for _ in range(200):
            hall.press(3, "call")
        async for press in pads.presses():
            heard.append(press)
            if len(heard) == 100:
                break
    assert set(heard) == {PadPress(address=3, key=PadKey.CALL)}
    assert pads.discarded_bytes > 0
