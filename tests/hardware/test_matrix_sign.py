"""Matrices by luma against a chain of chips that was written from the data sheet: what people see, LED by LED."""

import asyncio
from collections.abc import Callable, Coroutine
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from hardware.devices import PortGone
from hardware.drivers.line_signs import LineSigns
from hardware.drivers.matrix_sign import MatrixCode, picture, wide
from hardware.line import Line
from hardware.ports import open_port
from hardware.sign_kinds import Chain
from hardware.simulators.max7219_chain import Lit, SimulatedChain
from hardware.simulators.reports import Reports

Start = Callable[[Coroutine[object, object, object]], None]
SMALL = Chain(width=32, height=8)


def rows(image: Image.Image) -> tuple[str, ...]:
    return tuple(
        "".join("#" if image.getpixel((x, y)) else "." for x in range(image.width)) for y in range(image.height)
    )


def lit(code: MatrixCode, chain: Chain, text: str) -> SimulatedChain:
    far = SimulatedChain(link=Path("none"), width=chain.width, height=chain.height)
    for latch in (*code.begun(0), *code.shown(0, text, blinks=0)):
        far._received(latch, 0.0)
    return far


@pytest.mark.parametrize(("chain", "text"), [(Chain(), "A012 3"), (Chain(), "暂停服务"), (SMALL, "A012")])
def test_every_led_is_that_of_the_picture(chain: Chain, text: str) -> None:
    far = lit(MatrixCode(chain=chain), chain, text)
    assert far.leds() == rows(picture(text, width=chain.width, height=chain.height))
    assert any("#" in row for row in far.leds())


def test_number_and_window_are_twelve_dots_high_and_well_apart() -> None:
    seen = rows(picture("A012 3", width=64, height=16))
    assert sum("#" in row for row in seen) >= 12
    columns = ["".join(column) for column in zip(*seen, strict=True)]
    blank = "".join("#" if "#" in column else " " for column in columns).strip()
    glyphs = [glyph for glyph in blank.split(" ") if glyph]
    assert len(glyphs) == 5  # each of A 0 1 2 and 3 stands free
    assert "     " in blank  # and the window apart from the number


def test_dots_that_the_font_lacks_are_named_and_small_matrices_have_no_chinese() -> None:
    assert MatrixCode().written("A012号").text == "A012号"
    assert MatrixCode().written("𠮷1").lost == "𠮷"
    assert MatrixCode(chain=SMALL).written("A012号").text == "A012"
    assert MatrixCode(chain=SMALL).written("暂停").lost == "暂停"


def test_a_text_that_is_too_wide_is_told() -> None:
    assert wide("A012到3号", height=16) > 64
    assert MatrixCode().written("A012到3号").cut
    assert MatrixCode(chain=SMALL).written("A0123").is_whole
    assert MatrixCode(chain=SMALL).written("A012345").cut


def test_brightness_is_the_chips_intensity() -> None:
    code = MatrixCode()
    far = lit(code, Chain(), "A")
    for percent, level in ((0, 0), (50, 8), (100, 15)):
        for latch in code.dimmed(0, percent):
            far._received(latch, 0.0)
        assert {chip.intensity for chip in far.chips} == {level}


async def test_a_called_number_is_dark_and_lit_in_turn_and_then_stands(
    link: Path, reports: Reports, start: Start
) -> None:
    up = asyncio.Event()
    line = Line(f"serial:{link}?baud=1000000", baud=1_000_000, on_link=lambda *_: up.set())
    signs = LineSigns(line, MatrixCode())
    async with asyncio.timeout(10), SimulatedChain(link=link, report=reports):
        start(line.run())
        await up.wait()
        await signs.sign(0).show("A012 3", blinks=2)
        seen = [await reports.next(Lit) for _ in range(5)]
    assert ["#" in "".join(each.rows) for each in seen] == [True, False, True, False, True]
    halves = [after.monotonic_ms - before.monotonic_ms for before, after in pairwise(seen)]
    assert min(halves) > 400  # 1 Hz, never faster


async def test_spi_that_is_switched_off_is_told_with_what_to_check(tmp_path: Path) -> None:
    with pytest.raises(PortGone, match="is SPI switched on"):
        await open_port(f"spi:{tmp_path / 'spidev0.0'}")
