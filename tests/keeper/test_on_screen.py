"""What stands on a box's screen before it has joined: Chinese too, on what the kernel calls a framebuffer."""

import re
from pathlib import Path

import pytest
from PIL import Image

from keeper.joining import shown_code
from keeper.on_screen import FONT, Screen, drawn, screen_of, show

SMALL = Screen(width=640, height=360, dot_bytes=4, line_bytes=640 * 4 + 64)


def framebuffer(place: Path, *, bits: int = 32, size: str = "640,360", line_bytes: int = 640 * 4 + 64) -> Path:
    (place / "virtual_size").write_text(f"{size}\n")
    (place / "bits_per_pixel").write_text(f"{bits}\n")
    (place / "stride").write_text(f"{line_bytes}\n")
    (place / "fb0").write_bytes(b"\x55" * line_bytes * 360)
    return place / "fb0"


def seen(dots: bytes, screen: Screen) -> Image.Image:
    """Return what an eye would see of a screen with three or four bytes a dot."""
    picture = Image.frombytes("L", (screen.line_bytes, screen.height), dots)
    return picture.crop((0, 0, screen.width * screen.dot_bytes, screen.height)).resize((screen.width, screen.height))


def test_a_spares_code_is_drawn_over_the_console_with_its_words_in_chinese(tmp_path: Path) -> None:
    fb = framebuffer(tmp_path)
    assert show(shown_code("482913"), framebuffer=fb, about=tmp_path)
    code_s_row = seen(fb.read_bytes(), SMALL).crop((0, 0, 640, 90))
    assert sum(code_s_row.histogram()[128:]) > 2000
    assert fb.stat().st_size == SMALL.line_bytes * 360


def test_chinese_is_no_row_of_empty_boxes() -> None:
    assert drawn("备用机", SMALL, FONT) != drawn("\ue000\ue001\ue002", SMALL, FONT)


@pytest.mark.parametrize("bits", [16, 24, 32])
def test_each_kind_of_screen_gets_as_many_bytes_as_it_has(bits: int) -> None:
    screen = Screen(width=320, height=200, dot_bytes=bits // 8, line_bytes=320 * bits // 8 + 8)
    dots = drawn("备用机代码：482 913\nSpare machine", screen, FONT)
    assert len(dots) == screen.line_bytes * 200
    assert dots[: screen.line_bytes][-8:] == bytes(8)
    assert bits != 16 or set(dots) == {0, 255}


def test_a_long_line_goes_on_below_and_words_stay_whole() -> None:
    one = seen(drawn("x\nshort", SMALL, FONT), SMALL)
    many = seen(drawn("x\n" + "supervisor " * 40, SMALL, FONT), SMALL)
    assert one.getbbox() is not None
    assert many.getbbox() is not None
    lowest = [each.getbbox()[3] for each in (one, many) if each.getbbox()]  # type: ignore[index]
    assert lowest[1] > lowest[0] + 60


def test_where_there_is_no_screen_or_no_font_the_console_must_do(tmp_path: Path) -> None:
    assert not show("备用机", framebuffer=tmp_path / "fb0", about=tmp_path)
    fb = framebuffer(tmp_path)
    assert not show("备用机", framebuffer=fb, about=tmp_path, font=tmp_path / "no-font.ttc")
    assert set(fb.read_bytes()) == {0x55}


def test_a_screen_of_a_kind_that_is_not_known_is_left_alone(tmp_path: Path) -> None:
    framebuffer(tmp_path, bits=8)
    with pytest.raises(ValueError, match=re.escape("8 bits a dot")):
        screen_of(tmp_path)
