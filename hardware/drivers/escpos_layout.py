"""Turns lines, rules and QR codes into one slip's ESC/POS bytes; pure, nothing is sent.

Chinese is sent as our own encoded bytes in Kanji mode; a line with a character outside GBK is drawn as dots, because
the printers' fonts end there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, assert_never

from escpos.printer import Dummy
from PIL import Image, ImageDraw, ImageFont

CJK_FONT: Final = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
START: Final = b"\x1b@"  # "ESC @: initialise printer"
KANJI_ON: Final = b"\x1c&"  # "FS &: select Kanji character mode"
CUT: Final = b"\x1dVB\x00"  # "GS V 66 n: feed to the cutting position plus n, then cut"
_ALIGNS: Final = {"left": 0, "center": 1, "right": 2}  # "ESC a n"
_SIZES: Final = range(1, 9)  # "GS ! n: bits 4-6 width, bits 0-2 height, each 1 to 8 times"
_GLYPH_DOTS: Final = 24  # a Chinese character of size 1
_QR_DOTS: Final = 6

Align = Literal["left", "center", "right"]
Encoding = Literal["gb18030", "gbk", "utf-8"]


@dataclass(frozen=True)
class Line:
    text: str
    size: int = 1
    align: Align = "left"
    bold: bool = False


@dataclass(frozen=True)
class Rule:
    """A line of dashes across the paper."""


@dataclass(frozen=True)
class Qr:
    """A QR code, centred; its text is UTF-8, `module_dots` the edge of one small square."""

    text: str
    module_dots: int = _QR_DOTS


@dataclass(frozen=True)
class Feed:
    lines: int = 1


@dataclass(frozen=True)
class Cut:
    """Feed to the knife and cut; `encode` adds one at the end where there is none."""


Item = Line | Rule | Qr | Feed | Cut


def encode(
    items: Iterable[Item], *, encoding: Encoding = "gb18030", width_dots: int = 576, font: Path = CJK_FONT
) -> bytes:
    """Return the bytes of one slip. Raises ValueError for a size that printers lack or a missing font."""
    listed = list(items)
    if not listed or listed[-1] != Cut():
        listed.append(Cut())
    kanji = b"" if encoding == "utf-8" else KANJI_ON
    return START + kanji + b"".join(_item(item, encoding, width_dots, font) for item in listed)


def is_native(text: str) -> bool:
    """Return whether every character is in GBK, and so in a Chinese printer's own font."""
    try:
        text.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


def missing_glyphs(text: str, font: Path = CJK_FONT) -> str:
    """Return the characters that `font` would draw as an empty box, for an installer's check."""
    face = _face(font, _GLYPH_DOTS)
    box = bytes(face.getmask("\U0010ffff"))
    return "".join(character for character in text if bytes(face.getmask(character)) == box)


def _face(font: Path, dots: int) -> ImageFont.FreeTypeFont:
    try:
        return ImageFont.truetype(font, dots)
    except OSError as error:
        raise ValueError(f"font {font} for rare characters is missing: apt install fonts-wqy-microhei") from error


def _item(item: Item, encoding: Encoding, width_dots: int, font: Path) -> bytes:
    match item:
        case Line():
            return _line(item, encoding, width_dots, font)
        case Rule():
            return _style("left", 1, bold=False) + b"-" * (width_dots * 2 // _GLYPH_DOTS) + b"\n"
        case Qr(text=text, module_dots=dots):
            return _style("center", 1, bold=False) + _qr(text, dots)
        case Feed(lines=lines):
            return bytes((0x1B, 0x64, lines))  # "ESC d n: print and feed n lines"
        case Cut():
            return CUT
        case _:
            assert_never(item)


def _line(line: Line, encoding: Encoding, width_dots: int, font: Path) -> bytes:
    if line.size not in _SIZES:
        raise ValueError(f"size {line.size} of {line.text!r}: printers have 1 to 8")
    if any(ord(character) < ord(" ") for character in line.text):
        raise ValueError(f"{line.text!r} holds a control character: one Line is one printed line")
    if is_native(line.text):
        return _style(line.align, line.size, bold=line.bold) + line.text.encode(encoding) + b"\n"
    return _style("left", 1, bold=False) + _raster(draw(line, width_dots=width_dots, font=font))


def _style(align: Align, size: int, *, bold: bool) -> bytes:
    return bytes((0x1B, 0x61, _ALIGNS[align], 0x1D, 0x21, (size - 1) * 0x11, 0x1B, 0x45, bold))


def _qr(text: str, module_dots: int) -> bytes:
    printer = Dummy()
    printer.qr(text, size=module_dots, native=True)
    return bytes(printer.output)


def _raster(picture: Image.Image) -> bytes:
    printer = Dummy()
    printer.image(picture, impl="bitImageRaster", center=False)
    return bytes(printer.output)


def draw(line: Line, *, width_dots: int, font: Path = CJK_FONT) -> Image.Image:
    """Draw a line black on white, broken into rows where it is wider than the paper."""
    face = _face(font, _GLYPH_DOTS * line.size)
    rows = _rows(line.text, face, width_dots)
    row_dots = _GLYPH_DOTS * line.size * 5 // 4
    picture = Image.new("1", (width_dots, row_dots * len(rows)), 1)
    pen = ImageDraw.Draw(picture)
    for number, row in enumerate(rows):
        left = (width_dots - round(face.getlength(row))) * _ALIGNS[line.align] // 2
        pen.text((max(0, left), number * row_dots), row, fill=0, font=face, stroke_width=int(line.bold))
    return picture


def _rows(text: str, face: ImageFont.FreeTypeFont, width_dots: int) -> list[str]:
    rows = [""]
    for character in text:
        if rows[-1] and face.getlength(rows[-1] + character) > width_dots:
            rows.append("")
        rows[-1] += character
    return rows
