"""Digit panels behind their cable, and a master that nobody here wrote."""

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from hardware.devices import Port
from hardware.drivers.line_signs import LineSigns, Unreadable
from hardware.drivers.modbus_sign import ModbusCode, consent, refusal, write_frame
from hardware.drivers.qsystem_pads import QSystemPads
from hardware.line import Line
from hardware.ports import open_port
from hardware.sign_kinds import Registers
from hardware.simulators.bad_cable import LossyPort, OneByteAtATime
from hardware.simulators.candle_signs import SignShows
from hardware.simulators.modbus_panels import BLINKS, BRIGHTNESS, SimulatedPanels
from hardware.simulators.qsystem_pads import SimulatedPads
from hardware.simulators.reports import Reports

Start = Callable[[Coroutine[object, object, object]], None]
WITH_ALL = Registers(blinks=BLINKS, brightness=BRIGHTNESS)
PATIENCE_S = 10.0


class Health:
    """What is told of each panel, in order."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[tuple[int, str]] = asyncio.Queue()

    def __call__(self, address: int, reason: str) -> None:
        self.told.put_nowait((address, reason))


def test_the_specifications_worked_example_of_function_16() -> None:
    """Section 6.12 writes 000A and 0102 to two registers from 0001."""
    assert write_frame(17, 1, [0x000A, 0x0102])[:-2] == bytes.fromhex("11 10 0001 0002 04 000A 0102")
    assert consent(write_frame(17, 1, [0x000A, 0x0102]))[:-2] == bytes.fromhex("11 10 0001 0002")


def test_the_text_stands_in_registers_two_characters_each_or_one() -> None:
    assert ModbusCode().shown(1, "A12", blinks=0)[0][7:-2] == b"A12 "
    unpacked = ModbusCode(registers=Registers(packed=False)).shown(1, "A12", blinks=0)[0]
    assert unpacked[7:-2] == b"\0A\0" + b"1\0" + b"2\0 "


def test_a_refusal_is_read_out_of_noise_and_a_wrong_check_is_none() -> None:
    frame = write_frame(1, 99, [0])
    said = bytes.fromhex("01 90 02 CD C1")  # the exception's frame, with its CRC
    assert refusal(frame, b"\x07\x90" + said) == "it has no such register: correct `registers`"
    assert refusal(frame, said[:-1] + b"\0") is None


async def test_people_read_what_was_called_and_how_it_blinks(link: Path, reports: Reports, start: Start) -> None:
    up = asyncio.Event()
    line = Line(f"serial:{link}?baud=9600", baud=9600, on_link=lambda *_: up.set())
    signs = LineSigns(line, ModbusCode(registers=WITH_ALL))
    async with asyncio.timeout(PATIENCE_S), SimulatedPanels(link=link, report=reports) as hall:
        start(line.run())
        await up.wait()
        await signs.sign(3).show("A012号", blinks=5)
        while hall.registers[3][BLINKS] != 5:
            await reports.next(SignShows)
        assert hall.text(3) == "A012"
        signs.dim(30)
        while hall.registers[3][BRIGHTNESS] != 30:
            await reports.next(SignShows)


async def test_a_dead_panel_is_noticed_delays_nobody_and_shows_its_text_when_it_is_back(
    link: Path, reports: Reports, start: Start
) -> None:
    health = Health()
    line = Line(f"serial:{link}?baud=9600", baud=9600)
    signs = LineSigns(line, ModbusCode(), refresh_s=0.2, on_health=health)
    async with asyncio.timeout(PATIENCE_S), SimulatedPanels(link=link, report=reports) as hall:
        start(line.run())
        hall.power_off(2)
        await signs.sign(2).show("A001")
        await signs.sign(1).show("A002")
        assert (await reports.next(SignShows)).text == "A002"  # after no more than one silence
        address, reason = await health.told.get()
        assert (address, "does not answer: check its power" in reason) == (2, True)
        asked = hall.asked[2]
        for number in range(20):
            await signs.sign(2).show(f"B{number:03}")
        await signs.sign(1).show("A003")
        while (await reports.next(SignShows)).text != "A003":
            pass
        assert hall.asked[2] <= asked + 1  # twenty calls for a dead panel cost the line at most one poll
        hall.power_on(2)
        assert await health.told.get() == (2, "")
        assert hall.text(2) == "B019"


async def test_a_panel_that_has_no_such_register_says_so(link: Path, start: Start) -> None:
    health = Health()
    line = Line(f"serial:{link}?baud=9600", baud=9600)
    signs = LineSigns(line, ModbusCode(registers=Registers(text=100)), on_health=health)
    async with asyncio.timeout(PATIENCE_S), SimulatedPanels(link=link):
        start(line.run())
        await signs.sign(1).show("A001")
        address, reason = await health.told.get()
    assert address == 1
    assert "no such register: correct `registers`" in reason


async def test_a_text_without_glyphs_is_told_and_the_rest_is_shown(link: Path, reports: Reports, start: Start) -> None:
    line = Line(f"serial:{link}?baud=9600", baud=9600)
    sign = LineSigns(line, ModbusCode()).sign(1)
    async with asyncio.timeout(PATIENCE_S), SimulatedPanels(link=link, report=reports) as hall:
        start(line.run())
        with pytest.raises(Unreadable, match="no 特"):
            await sign.show("特12")
        await reports.next(SignShows)
        assert hall.text(1) == "12"


@pytest.mark.parametrize("seed", range(3))
async def test_over_a_bad_cable_every_text_arrives(link: Path, reports: Reports, start: Start, seed: int) -> None:
    async def opener(url: str) -> Port:
        return LossyPort(OneByteAtATime(await open_port(url)), seed=seed, lost=0.01, flipped=0.01)

    line = Line(f"serial:{link}?baud=38400", baud=38400, opener=opener)
    signs = LineSigns(line, ModbusCode(answer_s=0.05), refresh_s=0.5)
    async with asyncio.timeout(PATIENCE_S), SimulatedPanels(link=link, report=reports, baud=38400) as hall:
        start(line.run())
        for number in range(1, 9):
            await signs.sign(number).show(f"C{number:03}")
        while [hall.text(number) for number in range(1, 9)] != [f"C{number:03}" for number in range(1, 9)]:
            await reports.next(SignShows)


async def test_pads_on_the_same_line_are_heard_while_a_dead_panel_is_asked(link: Path, start: Start) -> None:
    up = asyncio.Event()
    line = Line(f"serial:{link}?baud=9600", gap_s=0.02, baud=9600, on_link=lambda *_: up.set())
    pads = QSystemPads(line)
    signs = LineSigns(line, ModbusCode(), refresh_s=0.1)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(asyncio.timeout(PATIENCE_S))
        hall = await stack.enter_async_context(SimulatedPads(link=link, addresses=(1, 2)))
        reports = Reports()
        panels = SimulatedPanels(link=link, addresses=(40,), report=reports)
        panels.cable = hall.cable
        hall.cable.also(panels._received)
        start(line.run())
        await up.wait()
        await signs.sign(41).show("A001")  # nobody has this address
        await signs.sign(40).show("A002")
        for _ in range(10):
            hall.press(2, "call")
            assert (await anext(pads.presses())).address == 2
        assert (await reports.next(SignShows)).text == "A002"


@pytest.mark.skipif(shutil.which("mbpoll") is None, reason="mbpoll is not installed: apt-get install mbpoll")
async def test_an_independent_master_reads_and_writes_the_panel(link: Path) -> None:
    async with SimulatedPanels(link=link, addresses=(5,)) as hall:
        line = ["-m", "rtu", "-b", "9600", "-P", "none", "-a", "5", "-t", "4:hex", "-0", "-1"]
        await _mbpoll(*line, "-r", "0", str(link), "0x4130", "0x3132")
        assert hall.text(5) == "A012"
        said = await _mbpoll(*line, "-r", "0", "-c", "2", str(link))
        assert ("0x4130" in said, "0x3132" in said) == (True, True), said
        refused = await _mbpoll(*line, "-r", "99", "-c", "2", str(link))
        assert "Illegal data address" in refused


async def _mbpoll(*arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        "mbpoll", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    return said.decode()
