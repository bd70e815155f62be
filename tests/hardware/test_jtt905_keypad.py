import asyncio
from collections.abc import Callable, Coroutine
from functools import reduce
from operator import xor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.devices import Keypad, KeypadRating, Port, PortGone
from hardware.drivers.jtt905_keypad import Frame, FrameDecoder, Jtt905Keypad, decode, encode
from hardware.line import Line
from hardware.ports import open_port
from hardware.simulators.bad_cable import OneByteAtATime
from hardware.simulators.jtt905_keypad import Asking, SimulatedKeypad
from hardware.simulators.reports import Reports

Start = Callable[[Coroutine[object, object, object]], None]

frames = st.builds(
    lambda device_type, vendor, command, content: Frame(
        device_type=device_type, vendor=vendor, command=command, data=content
    ),
    st.integers(0, 255),
    st.integers(0, 255),
    st.integers(0, 0xFFFF),
    st.binary(max_size=30) | st.just(b"\x55\xaa") | st.just(b"\x55\xaa\x55\xaa"),
)


def test_the_example_of_the_standard_is_read_and_written() -> None:
    example = bytes.fromhex("55AA 000B 02 00 0000 2011111111111129 55AA")
    frame = Frame(device_type=2, vendor=0, command=0, data=bytes.fromhex("20111111111111"))
    assert decode(example) == frame
    assert encode(frame) == example


def test_the_check_byte_covers_the_length_too() -> None:
    frame = encode(Frame(device_type=6, vendor=0, command=0x00E8, data=bytes(0x42)))
    assert frame[2:4] == b"\x00\x46"
    assert frame[-3] == reduce(xor, frame[2:-3]) == 0x46 ^ 0x06 ^ 0xE8


@pytest.mark.parametrize(
    "spoilt",
    [
        "55AA 000B 02 00 0000 2011111111111128 55AA",
        "55AA 000A 02 00 0000 2011111111111129 55AA",
        "55AB 000B 02 00 0000 2011111111111129 55AA",
        "55AA 000B 02 00 0000 2011111111111129 55AB",
        "55AA 0003 02 00 00 01 55AA",
    ],
)
def test_a_spoilt_frame_is_no_frame(spoilt: str) -> None:
    assert decode(bytes.fromhex(spoilt)) is None


@given(st.lists(frames, max_size=5), st.data())
def test_any_split_of_the_bytes_gives_the_same_frames(sent: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(map(encode, sent))
    decoder, heard = FrameDecoder(), list[Frame]()
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        heard += decoder.feed(stream[:size])
        stream = stream[size:]
    assert heard == sent
    assert decoder.discarded_bytes == 0


@given(st.binary(max_size=40), st.lists(frames, min_size=1, max_size=3))
def test_noise_never_loses_a_frame_for_longer_than_the_silence_after_it(noise: bytes, sent: list[Frame]) -> None:
    decoder = FrameDecoder()
    heard = decoder.feed(noise) + decoder.feed(b"".join(map(encode, sent))) + decoder.lapse()
    assert heard[-len(sent) :] == sent
    assert not decoder.is_amid_frame


def test_a_frame_cut_short_hides_the_next_only_until_the_line_falls_silent() -> None:
    whole = encode(Frame(device_type=6, vendor=0, command=0x12, data=b"\x01"))
    decoder = FrameDecoder()
    assert decoder.feed(whole[:7] + whole) + decoder.lapse() == [decode(whole)]
    assert decoder.discarded_bytes == 7


@pytest.mark.parametrize("wrap", [lambda port: port, OneByteAtATime])
async def test_a_customer_is_asked_and_the_rating_arrives(
    link: Path, reports: Reports, start: Start, wrap: Callable[[Port], Port]
) -> None:
    async def cable(url: str) -> Port:
        return wrap(await open_port(url))

    line = Line(f"serial:{link}", opener=cable)
    keypad: Keypad = Jtt905Keypad(line)
    async with asyncio.timeout(10), SimulatedKeypad(link=link, report=reports) as desk:
        start(line.run())
        assert not (await reports.next(Asking)).lit
        assert not desk.rate(1)
        await keypad.ask()
        await desk.asked()
        ratings = keypad.ratings()
        for grade, rating in enumerate(list(KeypadRating)[:5]):
            assert desk.rate(grade)
            assert await anext(ratings) is rating
        await keypad.rest()
        assert (await reports.next(Asking)).lit
        assert not (await reports.next(Asking)).lit
        assert not desk.rate(1)


async def test_a_spoilt_rating_is_counted_and_dropped_and_the_next_one_arrives(
    link: Path, reports: Reports, start: Start
) -> None:
    line = Line(f"serial:{link}")
    keypad = Jtt905Keypad(line)
    async with asyncio.timeout(10), SimulatedKeypad(link=link, report=reports) as desk:
        await keypad.ask()
        start(line.run())
        await desk.asked()
        desk.garble()
        desk.rate(3)
        assert await anext(keypad.ratings()) is KeypadRating.DISSATISFIED
    assert keypad.discarded_bytes == 12


async def test_another_vendors_command_numbers_are_settings(link: Path, start: Start) -> None:
    line = Line(f"serial:{link}")
    keypad = Jtt905Keypad(line, device_type=0x11, ask_command=0x20, rest_command=0x21, rating_command=0x22)
    desk = SimulatedKeypad(link=link, device_type=0x11, ask_command=0x20, rest_command=0x21, rating_command=0x22)
    async with asyncio.timeout(10), desk:
        await keypad.ask()
        start(line.run())
        await desk.asked()
        desk.rate(4)
        assert await anext(keypad.ratings()) is KeypadRating.COMPLAINT


async def test_a_keypad_that_is_plugged_in_again_still_asks(link: Path, reports: Reports, start: Start) -> None:
    line = Line(f"serial:{link}")
    keypad = Jtt905Keypad(line)
    async with asyncio.timeout(10), SimulatedKeypad(link=link, report=reports) as desk:
        await keypad.ask()
        start(line.run())
        await reports.next(Asking)
        desk.cable.unplug()
        with pytest.raises(PortGone):
            await anext(keypad.ratings())
        desk.cable.plug()
        assert (await reports.next(Asking)).lit
        desk.rate(2)
        assert await anext(keypad.ratings()) is KeypadRating.AVERAGE
