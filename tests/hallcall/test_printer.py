"""The probe of an unknown printer, on simulated ones whose strips are read as a technician would."""

import asyncio
import math
from pathlib import Path

import pytest

from broker.config import KioskFile, load_node
from broker.printer_file import ChineseEncoding, Knife, PrinterProfile, load_profile, profile_text
from broker.strict_toml import BrokenConfig
from hallcall.printer import NoAnswer, answered, heard_from, profile_of
from hardware.drivers.escpos_probe import COMMON, QR_TEXT, QUESTIONS, RARE, WIDTHS
from hardware.simulators.escpos_paper import Dots
from hardware.simulators.escpos_printer import SimulatedPrinter, SlipPrinted
from hardware.simulators.reports import Reports


async def strips_of(desk: SimulatedPrinter, reports: Reports) -> tuple[PrinterProfile, list[SlipPrinted]]:
    """Probe a printer; the answers are what its paper shows."""
    heard = await heard_from(f"tcp:127.0.0.1:{desk.port}", listen_s=0.3)
    async with asyncio.timeout(5):
        while len(reports.all(SlipPrinted)) < 2:
            await reports.next(SlipPrinted)
    first = reports.all(SlipPrinted)[0]
    right = [line for line in first.lines if line.endswith((COMMON + RARE, COMMON))]
    frames = [piece for piece in first.pieces if isinstance(piece, Dots)]
    assert [each.width for each in frames] == list(WIDTHS)
    fitting = sum(1 for each in frames if each.width <= 576)
    assert first.qr_texts == (QR_TEXT,)
    return profile_of([int(right[0][0]), fitting, 1, 1], heard), reports.all(SlipPrinted)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
async def test_the_strips_show_which_encoding_a_printer_is_wired_for(encoding: str) -> None:
    reports = Reports()
    desk = SimulatedPrinter(report=reports, speed_mm_s=math.inf, kanji_encoding=encoding)
    async with asyncio.timeout(10), desk:
        profile, slips = await strips_of(desk, reports)
    assert profile == PrinterProfile(encoding=ChineseEncoding(encoding), answers=True, width_dots=576)
    assert slips[0].lines[-1] == "1", "the printer cuts first after the first knife's strip"


async def test_a_mute_printer_is_found_to_be_mute() -> None:
    reports = Reports()
    async with asyncio.timeout(10), SimulatedPrinter(report=reports, speed_mm_s=math.inf) as desk:
        desk.is_mute = True
        profile, _ = await strips_of(desk, reports)
    assert (profile.answers, profile.clears) == (False, False)


def test_an_answer_that_is_no_strip_is_refused() -> None:
    with pytest.raises(NoAnswer, match="encoding: '9' is no strip; give 1 to 3"):
        answered(QUESTIONS[0], "9")
    assert answered(QUESTIONS[3], "0") == 0


def test_a_profile_is_what_it_was_after_a_journey_through_its_file(tmp_path: Path) -> None:
    profile = PrinterProfile(encoding=ChineseEncoding.GB2312, width_dots=384, knife=Knife.OLD, answers=False)
    path = tmp_path / "printer.toml"
    path.write_text(profile_text(profile, about="a test"), encoding="utf-8")
    assert load_profile(path) == profile


KIOSK = """\
node = "kiosk-1"
hall = "east"
state_dir = "state"

[broker]
password_file = "password"

[printer]
port = "usblp:/dev/usb/lp0"
profile = "{profile}"
width_dots = 512
"""


def test_a_kiosks_own_keys_override_its_printers_profile(tmp_path: Path) -> None:
    profile, kiosk = tmp_path / "printer.toml", tmp_path / "kiosk.toml"
    profile.write_text('encoding = "gb2312"\nwidth_dots = 384\n', encoding="utf-8")
    kiosk.write_text(KIOSK.format(profile=profile), encoding="utf-8")
    printer = load_node(kiosk, KioskFile).printer
    assert (printer.encoding, printer.width_dots) == (ChineseEncoding.GB2312, 512)


def test_a_broken_profile_is_told_with_its_line(tmp_path: Path) -> None:
    profile, kiosk = tmp_path / "printer.toml", tmp_path / "kiosk.toml"
    profile.write_text('encoding = "big5"\nwidth = 384\n', encoding="utf-8")
    kiosk.write_text(KIOSK.format(profile=profile), encoding="utf-8")
    with pytest.raises(BrokenConfig, match=r"printer.toml:1: encoding: .*one of gb18030") as broken:
        load_node(kiosk, KioskFile)
    assert "printer.toml:2: width: unknown key; did you mean width_dots?" in str(broken.value)
