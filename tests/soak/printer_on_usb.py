"""Our printer driver on a real /dev/usb/lp0. Started by `./run soak printer-on-usb`, inside a guest of its own."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from typing import Final

import pytest
from PIL import Image

from hallcall.printer import heard_from
from hardware.devices import PaperState, PortGone, Printed, PrintResult, Reached
from hardware.drivers.escpos_layout import Line, Picture, encode
from hardware.drivers.escpos_printer import EscposPrinter, ask
from hardware.drivers.escpos_probe import strips
from hardware.ports import open_port
from hardware.simulators.escpos_printer import Report, SlipPrinted, SlipTorn

from .usb_gadget import LP, UsbPrinter, build

URL: Final = f"usblp:{LP}"
LPGETSTATUS: Final = 0x060B
SLIP: Final = encode([Line("用电报装", size=2), Line("B014", size=5)])
WELL: Final = PrintResult(printed=Printed.YES, paper=PaperState.OK)

pytestmark = pytest.mark.device


@pytest.fixture(scope="module", autouse=True)
def _bus() -> None:
    build()


@pytest.fixture
def seen() -> list[Report]:
    return []


@pytest.fixture
async def far(seen: list[Report]) -> AsyncIterator[UsbPrinter]:
    async with UsbPrinter(seen.append) as far:
        yield far


@pytest.fixture
async def driver(far: UsbPrinter) -> AsyncIterator[EscposPrinter]:
    del far  # the cable is in
    driver = EscposPrinter(URL, status_timeout_s=5, answer_timeout_s=30)
    yield driver
    await driver.close()


def slips(seen: list[Report]) -> list[tuple[str, ...]]:
    return [each.lines for each in seen if isinstance(each, SlipPrinted)]


async def test_a_slip_is_printed_and_acknowledged(driver: EscposPrinter, seen: list[Report]) -> None:
    assert await driver.status() is PaperState.OK
    result = await driver.print(SLIP)
    assert result == WELL
    assert result.reached is Reached.ACKNOWLEDGED
    assert slips(seen) == [("用电报装", "B014")]


async def test_the_kernel_calls_the_printer_selected_and_without_error(far: UsbPrinter) -> None:
    assert far.printer.sensors.is_online
    fd = os.open(LP, os.O_RDWR)
    try:
        status = fcntl.ioctl(fd, LPGETSTATUS, bytes(4))
    finally:
        os.close(fd)
    assert status[0] == 0x18


async def test_a_printer_that_another_program_holds_is_told(driver: EscposPrinter) -> None:
    assert await driver.status() is PaperState.OK
    with pytest.raises(PortGone, match="does another program hold it"):
        await open_port(URL)


async def test_cover_and_paper_are_seen_and_a_slip_is_refused_beforehand(
    driver: EscposPrinter, far: UsbPrinter, seen: list[Report]
) -> None:
    far.printer.open_cover()
    assert await driver.status() is PaperState.COVER_OPEN
    assert await driver.print(SLIP) == PrintResult(printed=Printed.NO, paper=PaperState.COVER_OPEN)
    far.printer.close_cover()
    far.printer.end_paper()
    assert await driver.status() is PaperState.OUT
    far.printer.refill(2_000)
    assert await driver.status() is PaperState.NEAR_END
    assert (await driver.print(SLIP)).printed is Printed.YES
    assert slips(seen) == [("用电报装", "B014")]


async def test_paper_that_ends_before_the_number_makes_the_slip_void(
    driver: EscposPrinter, far: UsbPrinter, seen: list[Report]
) -> None:
    from hardware.drivers.escpos_layout import Mark  # noqa: PLC0415 - only here

    assert await driver.status() is PaperState.OK
    far.printer.end_paper(after_mm=3)
    long = encode([Line("用电报装", size=8), Mark(), Line("B014", size=5)])
    assert await driver.print(long) == PrintResult(printed=Printed.NO, paper=PaperState.OUT)
    far.printer.refill()
    assert await driver.print(SLIP) == WELL
    assert slips(seen) == [("用电报装", "B014")]
    assert any(isinstance(each, SlipTorn) for each in seen)


async def test_a_pulled_cable_is_unknown_and_a_mended_one_prints(
    driver: EscposPrinter, far: UsbPrinter, seen: list[Report]
) -> None:
    for _ in range(3):
        assert await driver.print(SLIP) == WELL
        await far.unplug()
        assert await driver.status() is PaperState.UNKNOWN
        assert await driver.print(SLIP) == PrintResult(printed=Printed.NO, paper=PaperState.UNKNOWN)
        await far.plug()
        assert await driver.status() is PaperState.OK
    assert len(slips(seen)) == 3


async def test_a_cable_pulled_while_nobody_asks_wakes_whoever_reads(far: UsbPrinter) -> None:
    port = await open_port(URL)
    reading = asyncio.create_task(port.read())
    await asyncio.sleep(0)
    await far.unplug()
    async with asyncio.timeout(10):
        with pytest.raises(PortGone):
            await reading
        with pytest.raises(PortGone):
            await port.write(b"late")
    await port.close()


async def test_a_cable_pulled_in_the_middle_of_a_slip_leaves_it_unknown_and_the_next_slip_alone(
    driver: EscposPrinter, far: UsbPrinter, seen: list[Report]
) -> None:
    assert await driver.status() is PaperState.OK
    printing = asyncio.create_task(driver.print(large_slip()))
    await far.printer.printing()
    await far.unplug()
    assert (await printing).printed is Printed.UNKNOWN
    await far.plug()
    seen.clear()
    assert await driver.print(SLIP) == WELL
    assert slips(seen)[-1] == ("用电报装", "B014")


async def test_a_slip_of_many_transfers_arrives_whole(driver: EscposPrinter, seen: list[Report]) -> None:
    slip = large_slip()
    assert len(slip) > 3 * 8192, "more than usblp takes at once"
    assert await driver.print(slip) == WELL
    (printed,) = (each for each in seen if isinstance(each, SlipPrinted))
    assert printed.raw in slip


def large_slip() -> bytes:
    """A slip with a picture, 80 mm wide and 100 mm long."""
    from io import BytesIO  # noqa: PLC0415

    file = BytesIO()
    Image.effect_noise((576, 800), 90).save(file, "PNG")
    return encode([Picture(file.getvalue()), Line("B014", size=5)])


async def test_an_answer_that_came_too_late_is_not_taken_for_the_next(far: UsbPrinter) -> None:
    """What a printer said to the last program waits in it until somebody opens the device again."""
    port = await open_port(URL)
    for asked in range(1, 4):
        await port.write(ask(4))
        await far.has_said(asked)
    await port.close()
    far.printer.open_cover()
    driver = EscposPrinter(URL, status_timeout_s=5)
    assert await driver.status() is PaperState.COVER_OPEN
    far.printer.close_cover()
    assert await driver.status() is PaperState.OK
    await driver.close()


async def test_a_port_that_is_closed_at_once_has_sent_all(far: UsbPrinter, seen: list[Report]) -> None:
    assert far.printer.sensors.is_online
    for _ in range(20):
        port = await open_port(URL)
        await port.write(SLIP)
        await port.close()
    driver = EscposPrinter(URL, status_timeout_s=5, answer_timeout_s=60, clears=False)
    assert (await driver.print(SLIP)).printed is Printed.YES
    await driver.close()
    assert slips(seen) == [("用电报装", "B014")] * 21


async def test_a_printer_that_takes_nothing_is_gone_after_the_write_timeout(far: UsbPrinter) -> None:
    far.take_nothing()
    port = await open_port(f"{URL}?write_timeout=1")
    async with asyncio.timeout(20):
        with pytest.raises(PortGone, match="no bytes for 1 s"):
            await port.write(bytes(200_000))
    await port.close()
    far.take()


async def test_probing_prints_every_strip(far: UsbPrinter, seen: list[Report]) -> None:
    heard = await heard_from(URL, listen_s=5)
    assert heard.statuses
    assert heard.cleared
    driver = EscposPrinter(URL, status_timeout_s=5, clears=False)
    assert await driver.print(encode([Line("end")])) == WELL
    await driver.close()
    raw = b"".join(each.raw for each in seen if isinstance(each, SlipPrinted))
    assert raw.startswith(strips())
    assert far.printer.sensors.is_online
