import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from hardware.devices import PadKey, PadPress, Port, PortGone
from hardware.drivers.candle_sign import CandleCode, show_frame
from hardware.drivers.line_signs import LineSigns
from hardware.drivers.qsystem_pads import QSystemPads
from hardware.line import Line
from hardware.simulators.candle_signs import SignShows, SimulatedSigns
from hardware.simulators.qsystem_pads import SimulatedPads, TextShown
from hardware.simulators.reports import Reports

Start = Callable[[Coroutine[object, object, object]], None]


async def test_the_first_text_on_a_free_line_goes_out_at_once(link: Path, reports: Reports, start: Start) -> None:
    up = asyncio.Event()
    line = Line(f"serial:{link}?baud=57600", gap_s=30.0, baud=57600, on_link=lambda *_: up.set())
    sign = LineSigns(line, CandleCode()).sign(0x21)
    async with SimulatedSigns(link=link, report=reports), asyncio.timeout(10):
        start(line.run())
        await up.wait()
        await sign.show("A012", blinks=3)
        shown = await reports.next(SignShows)
    assert (shown.address, shown.text, shown.blinks) == (0x21, "A012", 3)


async def test_frames_keep_200_ms_apart_and_a_waiting_sign_shows_only_the_newest_text(
    link: Path, reports: Reports, start: Start
) -> None:
    line = Line(f"serial:{link}?baud=57600", gap_s=0.2, baud=57600)
    signs = LineSigns(line, CandleCode())
    async with SimulatedSigns(link=link, report=reports) as hall:
        for text in ("A001", "A002", "A003"):
            await signs.sign(0x21).show(text)
            await signs.sign(0x22).show(text)
        start(line.run())
        first, second = await reports.next(SignShows), await reports.next(SignShows)
        assert [(first.address, first.text), (second.address, second.text)] == [(0x21, "A003"), (0x22, "A003")]
        assert second.monotonic_ms - first.monotonic_ms >= 160
        assert hall.too_early == 0


async def test_a_busy_sign_does_not_starve_the_others(link: Path, reports: Reports, start: Start) -> None:
    line = Line(f"serial:{link}?baud=57600", gap_s=0.2, baud=57600)
    signs = LineSigns(line, CandleCode())
    async with SimulatedSigns(link=link, report=reports):
        start(line.run())
        await signs.sign(0x21).show("A001")
        await reports.next(SignShows)
        await signs.sign(0x22).show("b001")
        await signs.sign(0x21).show("A002")
        await signs.sign(0x22).show("b002")
        await signs.sign(0x21).show("A003")
        shown = [await reports.next(SignShows), await reports.next(SignShows)]
    assert [(each.address, each.text) for each in shown] == [(0x22, "b002"), (0x21, "A003")]


async def test_a_sign_that_was_unplugged_shows_its_newest_text_when_it_is_back(
    link: Path, reports: Reports, start: Start
) -> None:
    told = asyncio.Queue[tuple[bool, str]]()
    line = Line(f"serial:{link}?baud=57600", baud=57600, on_link=lambda up, why: told.put_nowait((up, why)))
    sign = LineSigns(line, CandleCode()).sign(0x21)
    async with asyncio.timeout(10), SimulatedSigns(link=link, report=reports) as hall:
        start(line.run())
        assert await told.get() == (True, "")
        await sign.show("A001")
        await reports.next(SignShows)
        hall.cable.unplug()
        up, reason = await told.get()
        assert not up
        assert str(link) in reason
        await sign.show("A002")
        hall.cable.plug()
        assert (await told.get())[0]
        assert (await reports.next(SignShows)).text == "A002"
    assert told.empty()


async def test_a_line_that_was_never_there_is_told_once_and_opened_when_it_comes(link: Path, start: Start) -> None:
    told = asyncio.Queue[bool]()
    line = Line(f"serial:{link}", on_link=lambda up, _why: told.put_nowait(up))
    pads = QSystemPads(line)
    start(line.run())
    async with asyncio.timeout(10):
        assert await told.get() is False
        async with SimulatedPads(link=link) as hall:
            assert await told.get() is True
            hall.press(7, "call")
            pressed = (press async for press in pads.presses())
            with pytest.raises(OSError, match="cannot be opened"):
                await anext(pressed)
            assert await anext(pads.presses()) == PadPress(address=7, key=PadKey.CALL)


async def test_pads_and_signs_share_a_line_and_each_hears_its_own(link: Path, reports: Reports, start: Start) -> None:
    line = Line(f"serial:{link}?baud=9600", gap_s=0.02, baud=9600)
    pads, signs = QSystemPads(line), LineSigns(line, CandleCode())
    async with asyncio.timeout(10), SimulatedPads(link=link, addresses=(1, 2), report=reports) as hall:
        far = SimulatedSigns(link=link, addresses=(0x21,), report=reports, baud=9600)  # on the same two wires
        hall.cable.also(far._received)
        start(line.run())
        await signs.sign(0x21).show("A012")
        assert (await reports.next(SignShows)).text == "A012"
        await pads.text(1, "012")
        hall.press(2, "call")
        assert await anext(pads.presses()) == PadPress(address=2, key=PadKey.CALL)
        assert (await reports.next(TextShown)).text == "012"


async def test_the_gap_after_a_frame_is_the_one_that_its_own_device_wants(
    link: Path, reports: Reports, start: Start
) -> None:
    line = Line(f"serial:{link}?baud=57600", gap_s=30.0, baud=57600)
    async with asyncio.timeout(10), SimulatedSigns(link=link, report=reports, busy_ms=0):
        start(line.run())
        line.send(show_frame(0x21, "1"), slot="first", gap_s=0.0)
        line.send(show_frame(0x22, "2"), slot="second")
        assert (await reports.next(SignShows)).text == "1"
        assert (await reports.next(SignShows)).text == "2"


class CableGoesAtTheEnd:
    """A port whose cable is pulled in the moment in which the program ends."""

    def __init__(self) -> None:
        self.is_read = asyncio.Event()

    async def read(self) -> bytes:
        self.is_read.set()
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            raise PortGone("unplugged") from None
        return b""

    async def write(self, data: bytes) -> None:
        raise PortGone(f"unplugged, {data!r}")

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_line_ends_though_its_cable_goes_in_the_same_moment() -> None:
    port = CableGoesAtTheEnd()

    async def opener(_url: str) -> Port:
        return port

    running = asyncio.create_task(Line("serial:/dev/hallcall/line1", opener=opener).run())
    await port.is_read.wait()
    running.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await running
