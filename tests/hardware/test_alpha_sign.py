import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from hardware.drivers.alpha_sign import AlphaCode, seven_bits_even, show_packet
from hardware.drivers.line_signs import LineSigns
from hardware.line import Line
from hardware.simulators.alpha_signs import SimulatedAlphaSigns
from hardware.simulators.candle_signs import SignShows
from hardware.simulators.reports import Reports

Start = Callable[[Coroutine[object, object, object]], None]


def test_a_packet_as_the_document_draws_it() -> None:
    """Nulls, SOH, type Z, address, STX, write text, priority file, ESC, middle line, hold, text, EOT."""
    assert show_packet(1, "A012") == b"\x00\x00\x00\x00\x00\x01Z01\x02A0\x1b bA012\x04"
    assert show_packet(0xAF, "A012", flashing=True)[5:] == b"\x01ZAF\x02A0\x1b cA012\x04"


def test_seven_bits_with_even_parity_are_made_of_eight_without() -> None:
    assert seven_bits_even(b"\x00\x01AC") == bytes((0x00, 0x81, 0x41, 0xC3))


def test_chinese_is_left_out_or_named() -> None:
    assert AlphaCode().written("A012号 3号窗口").text == "A012 3"
    assert AlphaCode().written("暂停").lost == "暂停"


@pytest.mark.parametrize("address", [-1, 256])
def test_an_address_of_more_than_two_digits_is_refused(address: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 255"):
        show_packet(address, "A")


@pytest.mark.parametrize("even_parity", [True, False])
async def test_people_read_the_text_which_flashes_and_then_stands(
    link: Path, reports: Reports, start: Start, *, even_parity: bool
) -> None:
    up = asyncio.Event()
    line = Line(f"serial:{link}?baud=9600", baud=9600, on_link=lambda *_: up.set())
    signs = LineSigns(line, AlphaCode(even_parity=even_parity))
    far = SimulatedAlphaSigns(link=link, report=reports, even_parity=even_parity)
    async with asyncio.timeout(10), far as hall:
        start(line.run())
        await up.wait()
        await signs.sign(2).show("A012  3", blinks=1)
        first, second = await reports.next(SignShows), await reports.next(SignShows)
        assert [(each.text, each.blinks) for each in (first, second)] == [("A012  3", -1), ("A012  3", 0)]
        assert hall.text(1) == ""
        assert (hall.bad_bytes, hall.not_understood) == (0, 0)
