"""A bar that is described by its sheet's frame, against a receiver written from the same sheet."""

import asyncio
import tomllib
from collections.abc import Callable, Coroutine
from pathlib import Path

import msgspec
import pytest

from hardware.drivers.generic_sign import GenericCode
from hardware.drivers.line_signs import LineSigns
from hardware.line import Line
from hardware.sign_frames import Check, GenericSign, TextEncoding, Unfit, checksum, crc16_modbus, faults
from hardware.simulators.candle_signs import SignShows
from hardware.simulators.led_bars import SHEET, SimulatedBars
from hardware.simulators.reports import Reports

Start = Callable[[Coroutine[object, object, object]], None]


def sheet() -> GenericSign:
    return msgspec.convert(tomllib.loads(SHEET), GenericSign)


def shown(sign: GenericSign, text: str, *, address: int = 1, blinks: int = 0) -> str:
    return GenericCode(sign).shown(address, text, blinks=blinks)[0].hex(" ").upper()


def test_a_chinese_text_goes_out_in_gb2312_with_length_and_check() -> None:
    sign = GenericSign(show="AA 55 [ {address} {length} ( 01 {text} ) ] {check} 0D", check=Check.XOR)
    assert shown(sign, "3号") == "AA 55 01 04 01 33 BA C5 48 0D"


def test_what_stands_between_angles_is_escaped_last() -> None:
    assert shown(sheet(), "A", address=0x7E) == "7E 7D 5E 02 31 41 0C 7F"


@pytest.mark.parametrize(
    ("frame", "bytes_sent"),
    [
        ("02 {address-digits} {text} 03", "02 37 07 41 31 03".replace("37 07", "30 37")),
        ("02 {length-be16} ( {text} ) 03", "02 00 02 41 31 03"),
        ("02 {length-le16} ( {text} 03 )", "02 03 00 41 31 03"),
        ("02{text}03", "02 41 31 03"),
    ],
)
def test_addresses_and_lengths_as_sheets_have_them(frame: str, bytes_sent: str) -> None:
    assert shown(GenericSign(show=frame), "A1", address=7) == bytes_sent


def test_a_text_of_fixed_length_is_filled_up() -> None:
    sign = GenericSign(show="02 {text} 03", characters=4, text_bytes=6, fill="00")
    assert shown(sign, "A1") == "02 41 31 00 00 00 00 03"


def test_checksums_are_those_of_the_documents() -> None:
    assert crc16_modbus(b"123456789") == 0x4B37  # the catalogue's check value of CRC-16/MODBUS
    assert checksum(Check.CRC16_MODBUS, b"123456789") == b"\x37\x4b"
    assert checksum(Check.CRC16_MODBUS_BE, b"123456789") == b"\x4b\x37"
    assert checksum(Check.SUM8, bytes((0xFF, 0x02))) == b"\x01"
    assert checksum(Check.XOR, bytes((0xF0, 0x0F))) == b"\xff"


@pytest.mark.parametrize(
    ("sign", "key", "reason"),
    [
        (GenericSign(show="02 03"), "show", "no {text}"),
        (GenericSign(show="02 {txt} 03"), "show", "none of"),
        (GenericSign(show="02 {text} 3"), "show", "'3' is no byte"),
        (GenericSign(show="0x02 {text}"), "show", "no byte in hex"),
        (GenericSign(show="02 ( {text} 03"), "show", "( is not closed"),
        (GenericSign(show="02 [ ( {text} ] ) 03"), "show", "closes across"),
        (GenericSign(show="02 {length} {text}"), "show", "nothing in ( )"),
        (GenericSign(show="02 {text} {check}", check=Check.XOR), "show", "nothing in [ ]"),
        (GenericSign(show="02 [ {text} ] {check}"), "show", "`check` does not say which"),
        (GenericSign(show="02 {text} 03", check=Check.XOR), "check", "no {check}"),
        (GenericSign(show="02 {text} 03", blink="05"), "blink", "no {text}"),
        (GenericSign(show="02 {text} 03", brightness="05"), "brightness", "no {level}"),
        (GenericSign(show="02 {text} 03", first_address=3, last_address=1), "last_address", "below"),
        (GenericSign(show="02 {text} 03", text_bytes=2), "text_bytes", "shorter"),
    ],
)
def test_a_description_that_cannot_work_is_refused_with_its_key(sign: GenericSign, key: str, reason: str) -> None:
    assert reason in faults(sign)[key]
    with pytest.raises(Unfit, match=key):
        GenericCode(sign)


def test_a_bar_with_ascii_only_leaves_courtesy_out_and_names_the_rest() -> None:
    code = GenericCode(GenericSign(show="02 {text} 03", encoding=TextEncoding.ASCII))
    assert code.written("A012号").is_whole
    assert code.written("暂停服务").lost == "暂停服务"


def test_a_chinese_character_takes_two_places() -> None:
    code = GenericCode(sheet())
    assert code.written("暂停服务").is_whole
    assert code.written("A012到3号").cut


def test_an_address_that_the_bar_has_no_switch_for_is_refused() -> None:
    code = GenericCode(GenericSign(show="02 {address} {text}", first_address=1, last_address=16))
    with pytest.raises(ValueError, match="from 1 to 16"):
        code.shown(17, "A", blinks=0)


async def test_people_read_the_text_and_its_blinking_ends(link: Path, reports: Reports, start: Start) -> None:
    up = asyncio.Event()
    line = Line(f"serial:{link}?baud=9600", baud=9600, on_link=lambda *_: up.set())
    signs = LineSigns(line, GenericCode(sheet()))
    async with asyncio.timeout(10), SimulatedBars(link=link, report=reports) as hall:
        start(line.run())
        await up.wait()
        await signs.sign(0x01).show("A012号", blinks=1)
        first, second = await reports.next(SignShows), await reports.next(SignShows)
        assert [(each.text, each.blinks) for each in (first, second)] == [("A012号", -1), ("A012号", 0)]
        assert 900 < second.monotonic_ms - first.monotonic_ms < 2000
        signs.dim(0)
        await signs.sign(0x02).show("暂停服务")
        assert (await reports.next(SignShows)).text == "暂停服务"
        await signs.sign(0x02).show("")
        assert (await reports.next(SignShows)).text == ""
        assert hall.brightness[1] == 0
        assert (hall.too_early, hall.not_understood) == (0, 0)
