"""What a box waits for, drawn on its screen before any program of the hall has one: a text console knows no Chinese.

The kernel's framebuffer (/dev/fb0) takes dots. Where there is none, or no font, the console's own words must do.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

log = logging.getLogger(__name__)

FRAMEBUFFER: Final = Path("/dev/fb0")
ABOUT: Final = Path("/sys/class/graphics/fb0")
FONT: Final = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
GREY_NEEDS: Final = 3  # bytes a dot: with fewer, equal bytes are grey only where they are black or white
MARGIN: Final = 0.05  # of the height
SMALL: Final = 1 / 24
LARGE: Final = 1 / 7
BETWEEN: Final = 1.4  # from line to line


@dataclass(frozen=True, kw_only=True)
class Screen:
    width: int
    height: int
    dot_bytes: int
    line_bytes: int


def show(text: str, *, framebuffer: Path = FRAMEBUFFER, about: Path = ABOUT, font: Path = FONT) -> bool:
    """Draw a text over all of the screen; tell whether it could be done."""
    try:
        dots = drawn(text, screen_of(about), font)
        with framebuffer.open("r+b") as screen:
            screen.write(dots)
    except (ImportError, OSError, ValueError) as error:
        log.debug("not drawn: %s", error)
        return False
    return True


def screen_of(about: Path) -> Screen:
    """Return the screen that the kernel tells of. Raises OSError, ValueError."""
    width, height = (int(each) for each in (about / "virtual_size").read_text(encoding="ascii").split(","))
    bits = int((about / "bits_per_pixel").read_text(encoding="ascii"))
    line_bytes = int((about / "stride").read_text(encoding="ascii"))
    if bits not in {16, 24, 32} or not width * bits // 8 <= line_bytes:
        raise ValueError(f"{bits} bits a dot, {line_bytes} bytes a line of {width}: no screen that is known here")
    return Screen(width=width, height=height, dot_bytes=bits // 8, line_bytes=line_bytes)


def drawn(text: str, screen: Screen, font: Path) -> bytes:
    """Return the screen's bytes with a text on it, its first line the largest; lines of # are the console's."""
    picture = _picture([each for each in text.splitlines() if each.strip(" #")], screen, font)
    if screen.dot_bytes < GREY_NEEDS:
        picture = picture.point(lambda grey: 255 * (grey > 127))  # noqa: PLR2004 - the middle
    row_bytes = screen.width * screen.dot_bytes
    dots = picture.resize((row_bytes, screen.height), resample=0).tobytes()  # a grey dot is the same byte, repeated
    rest = bytes(screen.line_bytes - row_bytes)
    return b"".join(dots[at : at + row_bytes] + rest for at in range(0, len(dots), row_bytes))


def _picture(lines: list[str], screen: Screen, font: Path) -> "Image.Image":
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - not each box's programs have it

    picture = Image.new("L", (screen.width, screen.height))
    pen, margin = ImageDraw.Draw(picture), round(screen.height * MARGIN)
    wide, y = screen.width - 2 * margin, margin
    for share, line in zip([LARGE, *[SMALL] * len(lines)], lines, strict=False):
        size = ImageFont.truetype(font, max(12, round(screen.height * share)))
        if pen.textlength(line, size) > wide and share == LARGE:
            size = ImageFont.truetype(font, max(12, int(size.size * wide / pen.textlength(line, size))))
        for piece in _broken(line, pen, size, wide):
            pen.text((margin, y), piece, fill=255, font=size)
            y += round(size.size * BETWEEN)
    return picture


def _broken(line: str, pen: "ImageDraw.ImageDraw", font: "ImageFont.FreeTypeFont", wide: int) -> list[str]:
    """Return a line in pieces that fit; Latin words stay whole."""
    pieces, rest = [], line
    while pen.textlength(rest, font) > wide:
        fits = max(1, sum(pen.textlength(rest[:count], font) <= wide for count in range(1, len(rest) + 1)))
        space = rest.rfind(" ", 0, fits + 1)
        at = space if space > 0 and rest[fits - 1].isascii() else fits
        pieces.append(rest[:at])
        rest = rest[at:].lstrip()
    return [*pieces, rest]
