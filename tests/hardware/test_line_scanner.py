import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.devices import Port, PortGone, Scanner
from hardware.drivers.line_scanner import LONGEST, PAUSE_S, CodeDecoder, LineScanner
from hardware.line import Line
from hardware.ports import open_port
from hardware.simulators.bad_cable import LossyPort, OneByteAtATime
from hardware.simulators.line_scanner import SimulatedScanner

Start = Callable[[Coroutine[object, object, object]], None]

codes = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=60)
ends = st.sampled_from([b"\r", b"\n", b"\r\n"])


@given(st.lists(codes), ends, st.data())
def test_any_split_of_the_bytes_gives_the_same_codes(scanned: list[str], end: bytes, data: st.DataObject) -> None:
    stream = b"".join(code.encode() + end for code in scanned)
    decoder, heard = CodeDecoder(), list[str]()
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        heard += decoder.feed(stream[:size], now_s=1.0)
        stream = stream[size:]
    assert heard == scanned
    assert decoder.discarded_bytes == 0


@given(st.binary(max_size=2 * LONGEST), codes)
def test_noise_costs_itself_only_once_the_line_was_quiet(noise: bytes, code: str) -> None:
    decoder = CodeDecoder()
    decoder.feed(noise, now_s=1.0)
    assert decoder.feed(code.encode() + b"\r\n", now_s=1.1 + PAUSE_S) == [code]


@pytest.mark.parametrize(
    ("line", "heard", "discarded"),
    [
        (b"\x02HC1:T:B014*\r\n", ["HC1:T:B014"], 0),
        (b"HC1:T:B014*\r\n", [], 11),
        (b"\x02HC1:T:B014\r\n", [], 11),
        (b"\x02*\r\n", [], 2),
        (b"\x02B\x07014*\r\n", [], 7),
        (b"\x02\xff\xfe*\r\n", [], 4),
        (b"\r\n\r\n", [], 0),
    ],
)
def test_what_lacks_its_preamble_or_is_no_text_is_discarded(line: bytes, heard: list[str], discarded: int) -> None:
    decoder = CodeDecoder(prefix="\x02", suffix="*")
    assert decoder.feed(line, now_s=1.0) == heard
    assert decoder.discarded_bytes == discarded


def test_a_line_without_end_is_not_kept() -> None:
    decoder = CodeDecoder()
    assert decoder.feed(b"7" * 5000, now_s=1.0) == []
    assert decoder.feed(b"7\r\nB014\r\n", now_s=1.1) == ["B014"]
    assert decoder.discarded_bytes == 5001


@pytest.mark.parametrize("wrap", [lambda port: port, OneByteAtATime])
async def test_a_code_held_before_the_scanner_is_heard(link: Path, start: Start, wrap: Callable[[Port], Port]) -> None:
    async def cable(url: str) -> Port:
        return wrap(await open_port(url))

    line = Line(f"serial:{link}?baud=115200", opener=cable)
    scanner: Scanner = LineScanner(line, clock=asyncio.get_running_loop().time)
    async with asyncio.timeout(10), SimulatedScanner(link=link, baud=115200) as device:
        start(line.run())
        await opened(line)
        device.scan("HC1:T:2026-11-21-B014")
        device.scan("https://q.example/城东/2026-11-21-B015")
        heard = scanner.codes()
        assert [await anext(heard), await anext(heard)] == [
            "HC1:T:2026-11-21-B014",
            "https://q.example/城东/2026-11-21-B015",
        ]


async def test_after_an_unplug_in_the_middle_of_a_code_the_next_one_is_whole(link: Path, start: Start) -> None:
    line = Line(f"serial:{link}")
    scanner = LineScanner(line, clock=asyncio.get_running_loop().time)
    async with asyncio.timeout(10), SimulatedScanner(link=link) as device:
        start(line.run())
        await opened(line)
        device.scan("B013")
        assert await anext(scanner.codes()) == "B013"
        device.cut_off("HC1:T:B0")
        while not scanner._decoder._pending:  # noqa: ASYNC110 - until its first half is here
            await asyncio.sleep(0.005)
        device.cable.unplug()
        with pytest.raises(PortGone):
            await anext(scanner.codes())
        device.cable.plug()
        await opened(line)
        device.scan("B014")
        assert await anext(scanner.codes()) == "B014"
    assert scanner.discarded_bytes > 0


async def test_a_noisy_line_costs_only_the_codes_that_it_spoils(link: Path, start: Start) -> None:
    async def cable(url: str) -> Port:
        return LossyPort(await open_port(url), seed=7, lost=0.02, flipped=0.0)

    line = Line(f"serial:{link}?baud=115200", opener=cable)
    scanner = LineScanner(line, clock=asyncio.get_running_loop().time)
    sent = "HC1:T:2026-11-21-B014"
    heard: list[str] = []
    async with asyncio.timeout(10), SimulatedScanner(link=link, baud=115200) as device:
        start(line.run())
        await opened(line)
        for _ in range(100):
            device.scan(sent)
        async for code in scanner.codes():
            heard.append(code)
            if len(heard) == 60:
                break
    assert heard.count(sent) >= 30


async def opened(line: Line) -> None:
    """Wait until the driver holds the cable: what is scanned before is lost, as at a start."""
    while not line.is_up:  # noqa: ASYNC110 - the line tells programs, not tests
        await asyncio.sleep(0.01)
