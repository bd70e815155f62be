"""ID-card readers that send a line: only the number leaves the driver, whatever else stands in it."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.devices import IdCards, PortGone
from hardware.drivers.line_id_cards import LONGEST, PAUSE_S, CardDecoder, LineIdCards
from hardware.line import Line
from hardware.simulators.line_scanner import SimulatedScanner

Start = Callable[[Coroutine[object, object, object]], None]
NUMBER = "11010519491231002X"


@pytest.mark.parametrize(
    ("line", "heard"),
    [
        (f"{NUMBER}\r\n".encode(), [NUMBER]),
        (f"{NUMBER.lower()}\n".encode(), [NUMBER]),
        (f"张三,男,{NUMBER},北京市东城区\r\n".encode("gbk"), [NUMBER]),
        (f"ID={NUMBER};{NUMBER}\r".encode(), [NUMBER]),
        (b"110105194912310021,440524188001010014\r\n", []),
        (b"1101051949123100\r\n", []),
        (b"1101051949123100212\r\n", []),
        (b"\r\n\r\n", []),
    ],
)
def test_what_a_line_holds(line: bytes, heard: list[str]) -> None:
    assert CardDecoder().feed(line, now_s=1.0) == heard


@given(st.data(), st.binary(max_size=40))
def test_any_split_of_the_bytes_gives_the_same_number(data: st.DataObject, noise: bytes) -> None:
    stream = noise + b"\r\n" + NUMBER.encode() + b"\r\n"
    whole = CardDecoder().feed(stream, now_s=1.0)
    decoder, heard = CardDecoder(), list[str]()
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        heard += decoder.feed(stream[:size], now_s=1.0)
        stream = stream[size:]
    assert heard == whole
    assert heard[-1] == NUMBER


def test_a_line_that_was_cut_or_never_ends_costs_only_itself() -> None:
    decoder = CardDecoder()
    decoder.feed(NUMBER[:9].encode(), now_s=1.0)
    assert decoder.feed(f"{NUMBER}\n".encode(), now_s=1.1 + PAUSE_S) == [NUMBER]
    for _ in range(5):
        decoder.feed(b"7" * LONGEST, now_s=3.0)
    assert decoder.feed(f"\n{NUMBER}\n".encode(), now_s=3.0) == [NUMBER]


async def test_a_card_is_read_over_a_cable_and_again_once_it_is_back(link: Path, start: Start) -> None:
    line = Line(f"serial:{link}")
    cards: IdCards = LineIdCards(line, clock=asyncio.get_running_loop().time)
    async with asyncio.timeout(10), SimulatedScanner(link=link) as reader:
        start(line.run())
        await opened(line)
        reader.scan(f"张三,{NUMBER}")
        assert await anext(cards.numbers()) == NUMBER
        reader.cable.unplug()
        with pytest.raises(PortGone):
            await anext(cards.numbers())
        reader.cable.plug()
        await opened(line)
        reader.scan(NUMBER)
        assert await anext(cards.numbers()) == NUMBER


async def opened(line: Line) -> None:
    while not line.is_up:  # noqa: ASYNC110 - the line tells programs, not tests
        await asyncio.sleep(0.01)
