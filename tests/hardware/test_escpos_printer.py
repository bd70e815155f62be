import asyncio
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.devices import PaperState, Port, Printed, PrintResult, Reached, TicketPrinter
from hardware.drivers.escpos_layout import Feed, Line, Mark, encode
from hardware.drivers.escpos_printer import Answering, Answers, EscposPrinter, paper_state
from hardware.ports import open_port
from hardware.simulators.bad_cable import OneByteAtATime
from hardware.simulators.escpos_printer import PrinterChanged, SimulatedPrinter, SlipPrinted, SlipTorn
from hardware.simulators.network_switch import SimulatedSwitch
from hardware.simulators.reports import Reports

A012 = encode([Line("A012", size=2), Line("请稍候")])
A013 = encode([Line("A013", size=2), Line("请稍候")])
FAST = math.inf


def result(printed: Printed, paper: PaperState) -> PrintResult:
    return PrintResult(printed=printed, paper=paper)


def answers(*, online: int = 0x16, cover: int = 0x12, error: int = 0x12, paper: int = 0x12) -> Answers:
    return Answers(online=online, offline_cause=cover, error_cause=error, paper=paper)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (answers(), PaperState.OK),
        (answers(paper=0x1E), PaperState.NEAR_END),
        (answers(online=0x1E, cover=0x32, paper=0x7E), PaperState.OUT),
        (answers(online=0x1E, cover=0x16, paper=0x7E), PaperState.COVER_OPEN),
        (answers(online=0x1E, cover=0x52, error=0x1A), PaperState.FAULT),
        (answers(online=0x1E), PaperState.FAULT),
    ],
)
def test_the_status_bytes_mean_what_the_manual_says(said: Answers, state: PaperState) -> None:
    assert paper_state(said) is state


@given(st.lists(st.sampled_from([b"\x12", b"\x1e", b"\x00", b"\x37\x25\x00", b"\x14\x00\x00\x0f"])), st.data())
def test_any_split_of_the_answers_is_read_the_same(sent: list[bytes], data: st.DataObject) -> None:
    answering, rest = Answering(), b"".join(sent)
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        answering.feed(rest[:size])
        rest = rest[size:]
    assert answering.statuses == [answer[0] for answer in sent if answer in {b"\x12", b"\x1e"}]
    assert answering.acknowledgements == sent.count(b"\x00")
    assert answering.cleared == (b"\x37\x25\x00" in sent)


@pytest.mark.parametrize("wrap", [lambda port: port, OneByteAtATime])
async def test_a_ticket_is_printed_and_acknowledged_over_the_network(
    reports: Reports, wrap: Callable[[Port], Port]
) -> None:
    async def cable(url: str) -> Port:
        return wrap(await open_port(url))

    async with asyncio.timeout(10), SimulatedPrinter(report=reports, speed_mm_s=FAST) as desk:
        printer = EscposPrinter(f"tcp:127.0.0.1:{desk.port}", opener=cable)
        kiosk: TicketPrinter = printer
        assert await kiosk.status() is PaperState.OK
        assert await kiosk.print(A012) == result(Printed.YES, PaperState.OK)
        assert await kiosk.print(A013) == result(Printed.YES, PaperState.OK)
        await printer.close()
    slips = reports.all(SlipPrinted)
    assert [slip.lines for slip in slips] == [("A012", "请稍候"), ("A013", "请稍候")]
    assert [slip.raw for slip in slips] == [A012, A013]


async def test_a_ticket_is_printed_and_acknowledged_over_a_serial_line(link: Path, reports: Reports) -> None:
    async with asyncio.timeout(10), SimulatedPrinter(link=link, baud=38400, report=reports, speed_mm_s=FAST):
        printer = EscposPrinter(f"serial:{link}?baud=38400")
        assert await printer.print(A012) == result(Printed.YES, PaperState.OK)
        assert (await reports.next(SlipPrinted)).raw == A012
        await printer.close()


async def test_the_acknowledgement_comes_when_the_slip_is_out_not_when_it_was_sent(reports: Reports) -> None:
    async with asyncio.timeout(10), SimulatedPrinter(report=reports, speed_mm_s=150) as desk:
        printer = EscposPrinter(f"tcp:127.0.0.1:{desk.port}")
        began = asyncio.get_running_loop().time()
        assert (await printer.print(A012)).printed is Printed.YES
        took_s = asyncio.get_running_loop().time() - began
        (slip,) = reports.all(SlipPrinted)
        await printer.close()
    assert took_s >= slip.length_mm / 150


async def test_a_roll_near_its_end_still_prints_and_says_so(reports: Reports) -> None:
    async with asyncio.timeout(10), SimulatedPrinter(report=reports, speed_mm_s=FAST, paper_mm=500) as desk:
        printer = EscposPrinter(f"tcp:127.0.0.1:{desk.port}")
        assert await printer.print(A012) == result(Printed.YES, PaperState.NEAR_END)
        await printer.close()


async def test_without_paper_or_with_an_open_cover_nothing_is_sent(reports: Reports) -> None:
    async with asyncio.timeout(10), SimulatedPrinter(report=reports, speed_mm_s=FAST) as desk:
        printer = EscposPrinter(f"tcp:127.0.0.1:{desk.port}")
        desk.end_paper()
        assert await printer.print(A012) == result(Printed.NO, PaperState.OUT)
        desk.refill()
        desk.open_cover()
        assert await printer.print(A012) == result(Printed.NO, PaperState.COVER_OPEN)
        desk.close_cover()
        desk.jam_cutter()
        assert await printer.print(A012) == result(Printed.NO, PaperState.FAULT)
        desk.jam_cutter(jammed=False)
        assert await printer.print(A013) == result(Printed.YES, PaperState.OK)
        await printer.close()
    assert [slip.lines[0] for slip in reports.all(SlipPrinted)] == ["A013"]


LONG = encode([Line("城东供电营业厅"), Feed(20), Mark(), Line("A012", size=2), Feed(20), Line("请稍候")])


async def test_paper_that_ends_before_the_number_voids_it_and_its_rest_never_comes_out(reports: Reports) -> None:
    async with asyncio.timeout(15), SimulatedPrinter(report=reports, speed_mm_s=FAST, paper_mm=40) as desk:
        printer = EscposPrinter(f"tcp:127.0.0.1:{desk.port}")
        done = await printer.print(LONG)
        assert (done, done.reached) == (result(Printed.NO, PaperState.OUT), Reached.ACCEPTED)
        torn = await reports.next(SlipTorn)
        assert (torn.lines, torn.length_mm) == (("城东供电营业厅",), 40)
        desk.refill()
        assert await printer.print(A013) == result(Printed.YES, PaperState.OK)
        await printer.close()
    assert [slip.lines for slip in reports.all(SlipPrinted)] == [("A013", "请稍候")]


async def test_a_number_on_torn_paper_may_be_in_somebodys_hand(reports: Reports) -> None:
    async with asyncio.timeout(15), SimulatedPrinter(report=reports, speed_mm_s=FAST, paper_mm=100) as desk:
        printer = EscposPrinter(f"tcp:127.0.0.1:{desk.port}")
        done = await printer.print(LONG)
        assert (done, done.reached) == (result(Printed.UNKNOWN, PaperState.OUT), Reached.BEGUN)
        assert (await reports.next(SlipTorn)).lines == ("城东供电营业厅", "A012")
        await printer.close()


async def test_paper_that_ends_with_the_slips_last_millimetre_leaves_it_in_somebodys_hand(reports: Reports) -> None:
    async with asyncio.timeout(15), SimulatedPrinter(report=reports, speed_mm_s=FAST) as desk:
        printer = EscposPrinter(f"tcp:127.0.0.1:{desk.port}")
        await printer.print(LONG)
        whole = reports.all(SlipPrinted)[0].length_mm
        desk.end_paper(after_mm=whole)
        assert (await printer.print(LONG)).printed is Printed.UNKNOWN
        await printer.close()


async def test_a_printer_that_cannot_clear_leaves_it_open_and_prints_the_rest_after_the_refill(
    reports: Reports,
) -> None:
    async with asyncio.timeout(15), SimulatedPrinter(report=reports, speed_mm_s=FAST, paper_mm=40) as desk:
        printer = EscposPrinter(f"tcp:127.0.0.1:{desk.port}", clears=False)
        assert await printer.print(LONG) == result(Printed.UNKNOWN, PaperState.OUT)
        desk.refill()
        assert (await reports.next(SlipPrinted)).lines == ("A012", "请稍候")
        await printer.close()


async def test_a_cover_opened_before_the_number_voids_it(reports: Reports) -> None:
    async with asyncio.timeout(15), SimulatedPrinter(report=reports, speed_mm_s=20) as desk:
        printer = EscposPrinter(f"tcp:127.0.0.1:{desk.port}")
        printing = asyncio.create_task(printer.print(LONG))
        await desk.printing()
        desk.open_cover()
        assert await printing == result(Printed.NO, PaperState.COVER_OPEN)
        await printer.close()
    assert reports.all(SlipPrinted) == []


@pytest.mark.parametrize("answers", [False, None])
async def test_a_mute_printer_prints_on_trust(reports: Reports, *, answers: bool | None) -> None:
    async with asyncio.timeout(10), SimulatedPrinter(report=reports, speed_mm_s=FAST) as desk:
        desk.is_mute = True
        printer = EscposPrinter(f"tcp:127.0.0.1:{desk.port}", status_timeout_s=0.05, answers=answers)
        while await printer.status() is not PaperState.TRUSTED:
            pass
        done = await printer.print(A012)
        assert (done, done.reached) == (result(Printed.YES, PaperState.TRUSTED), Reached.ACCEPTED)
        assert (await reports.next(SlipPrinted)).lines[0] == "A012"
        await printer.close()


async def test_a_printer_that_has_answered_once_is_never_trusted(reports: Reports) -> None:
    async with asyncio.timeout(10), SimulatedPrinter(report=reports, speed_mm_s=FAST) as desk:
        printer = EscposPrinter(f"tcp:127.0.0.1:{desk.port}", status_timeout_s=0.05)
        assert await printer.status() is PaperState.OK
        desk.is_mute = True
        assert {await printer.status() for _ in range(5)} == {PaperState.UNKNOWN}
        await printer.close()


async def test_a_serial_printer_without_power_is_not_taken_for_a_mute_one(link: Path, reports: Reports) -> None:
    async with asyncio.timeout(10), SimulatedPrinter(link=link, baud=38400, report=reports, speed_mm_s=FAST) as desk:
        desk.is_mute = True
        printer = EscposPrinter(f"serial:{link}?baud=38400", status_timeout_s=0.05)
        assert {await printer.status() for _ in range(5)} == {PaperState.UNKNOWN}
        assert (await printer.print(A012)).printed is Printed.NO
        await printer.close()


async def test_a_silent_printer_is_unknown_and_is_sent_nothing(reports: Reports) -> None:
    async with asyncio.timeout(10), SimulatedPrinter(report=reports, speed_mm_s=FAST) as desk:
        printer = EscposPrinter(f"tcp:127.0.0.1:{desk.port}", status_timeout_s=0.05)
        desk.is_mute = True
        assert await printer.status() is PaperState.UNKNOWN
        assert await printer.print(A012) == result(Printed.NO, PaperState.UNKNOWN)
        desk.is_mute = False
        assert await printer.print(A013) == result(Printed.YES, PaperState.OK)
        await printer.close()
    assert [slip.lines[0] for slip in reports.all(SlipPrinted)] == ["A013"]


async def test_a_printer_that_falls_silent_in_mid_slip_leaves_it_unknown(reports: Reports) -> None:
    async with asyncio.timeout(15), SimulatedPrinter(report=reports, speed_mm_s=100) as desk:
        printer = EscposPrinter(f"tcp:127.0.0.1:{desk.port}", answer_timeout_s=0.3, status_timeout_s=0.05)
        printing = asyncio.create_task(printer.print(A012))
        await desk.printing()
        desk.is_mute = True
        assert await printing == result(Printed.UNKNOWN, PaperState.UNKNOWN)
        assert (await reports.next(SlipPrinted)).lines[0] == "A012"
        desk.is_mute = False
        printer = EscposPrinter(f"tcp:127.0.0.1:{desk.port}")
        assert await printer.print(A013) == result(Printed.YES, PaperState.OK)
        await printer.close()


async def test_a_printer_that_was_never_connected_printed_nothing() -> None:
    async with SimulatedSwitch(to_host="127.0.0.1", to_port=1) as switch:
        await switch.cut()
        printer = EscposPrinter(f"tcp:127.0.0.1:{switch.port}")
        assert await printer.status() is PaperState.UNKNOWN
        assert await printer.print(A012) == result(Printed.NO, PaperState.UNKNOWN)


async def test_a_cable_pulled_in_mid_slip_leaves_it_unknown_and_a_mended_one_prints_again(reports: Reports) -> None:
    async with (
        asyncio.timeout(15),
        SimulatedPrinter(report=reports, speed_mm_s=100) as desk,
        SimulatedSwitch(to_host="127.0.0.1", to_port=desk.port) as switch,
    ):
        printer = EscposPrinter(f"tcp:127.0.0.1:{switch.port}")
        printing = asyncio.create_task(printer.print(A012))
        await desk.printing()
        await switch.cut()
        assert await printing == result(Printed.UNKNOWN, PaperState.UNKNOWN)
        assert await printer.status() is PaperState.UNKNOWN
        await reports.next(SlipPrinted)
        await switch.mend()
        assert await printer.status() is PaperState.OK
        assert await printer.print(A013) == result(Printed.YES, PaperState.OK)
        await printer.close()


async def test_a_connection_that_died_unnoticed_costs_no_ticket(reports: Reports) -> None:
    async with (
        asyncio.timeout(10),
        SimulatedPrinter(report=reports, speed_mm_s=FAST) as desk,
        SimulatedSwitch(to_host="127.0.0.1", to_port=desk.port) as switch,
    ):
        printer = EscposPrinter(f"tcp:127.0.0.1:{switch.port}")
        assert await printer.print(A012) == result(Printed.YES, PaperState.OK)
        await switch.cut()
        await switch.mend()
        assert await printer.print(A013) == result(Printed.YES, PaperState.OK)
        await printer.close()


async def test_a_kiosk_that_gives_up_waiting_can_print_the_next_ticket(reports: Reports) -> None:
    async with asyncio.timeout(15), SimulatedPrinter(report=reports, speed_mm_s=20) as desk:
        printer = EscposPrinter(f"tcp:127.0.0.1:{desk.port}")
        printing = asyncio.create_task(printer.print(encode([Line("A012"), Feed(200)])))
        await desk.printing()
        printing.cancel()
        await asyncio.gather(printing, return_exceptions=True)
        assert (await printer.print(A013)).printed is Printed.YES
        await printer.close()
    assert [slip.lines for slip in reports.all(SlipPrinted)][-1] == ("A013", "请稍候")


async def test_the_second_program_waits_until_the_first_has_hung_up(reports: Reports) -> None:
    async with asyncio.timeout(10), SimulatedPrinter(report=reports, speed_mm_s=FAST) as desk:
        first, second = (EscposPrinter(f"tcp:127.0.0.1:{desk.port}", status_timeout_s=2) for _ in range(2))
        assert await first.status() is PaperState.OK
        waiting = asyncio.create_task(second.status())
        assert await first.status() is PaperState.OK
        await first.close()
        assert await waiting is PaperState.OK
        await second.close()


async def test_automatic_status_is_sent_at_each_change(reports: Reports) -> None:
    async with asyncio.timeout(10), SimulatedPrinter(report=reports) as desk:
        port = await open_port(f"tcp:127.0.0.1:{desk.port}")
        await port.write(b"\x1da\xff")
        assert await port.read() == b"\x14\x00\x00\x0f"
        desk.open_cover()
        assert await port.read() == b"\x3c\x00\x00\x0f"
        await port.write(b"\x10\x04\x02")
        assert await port.read() == b"\x16"
        await port.close()
    assert not reports.all(PrinterChanged)[0].online


async def test_the_printer_names_itself(reports: Reports) -> None:
    async with asyncio.timeout(10), SimulatedPrinter(report=reports) as desk:
        port = await open_port(f"tcp:127.0.0.1:{desk.port}")
        await port.write(b"\x1dIB\x1dIC")
        heard = b""
        while heard.count(b"\0") < 2:
            heard += await port.read()
        assert heard == b"_EPSON\0_TM-T88V\0"
        await port.write(b"\x1d(H\x06\x0000abcd")
        assert await port.read() == b"\x37\x22abcd\0"
        await port.close()
