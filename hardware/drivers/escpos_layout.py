"""Turns lines, rules, pictures and QR codes into one slip's ESC/POS bytes; pure, nothing is sent.

Chinese is sent as our own encoded bytes in Kanji mode; a line with a character outside GBK (GB2312 where that is all
that the printer has) is drawn as dots, because the printers' fonts end there.
"""

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, assert_never

import qrcode  # type: ignore[import-untyped] # it ships no types
from escpos.printer import Dummy
from PIL import Image, ImageDraw, ImageFont, ImageOps

from .escpos_printer import CUT, MARK

CJK_FONT: Final = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
START: Final = b"\x1b@"  # "ESC @: initialise printer"
KANJI_ON: Final = b"\x1c&"  # "FS &: select Kanji character mode"
WHITE: Final = b"\x1bd\x01"  # "ESC d 1": 1/6 inch, for a QR code's quiet zone, four modules, is left to the user
TO_THE_KNIFE_DOTS: Final = 96  # 12 mm from the head to the knife, as most printers have it
LINE_DOTS: Final = 30  # "default line spacing: 1/6 inch"
_ALIGNS: Final = {"left": 0, "center": 1, "right": 2}  # "ESC a n"
_SIZES: Final = range(1, 9)  # "GS ! n: bits 4-6 width, bits 0-2 height, each 1 to 8 times"
_GLYPH_DOTS: Final = 24  # a Chinese character of size 1
_QR_DOTS: Final = 6
_DARK: Final = 127
# "DLE EOT", "DLE ENQ", "DLE DC4": worked off in real time, even where they stand within a picture
_REAL_TIME: Final = re.compile(rb"\x10(?=[\x04\x05\x14])")
_BAND_DOTS: Final = 960

Align = Literal["left", "center", "right"]
Encoding = Literal["gb18030", "gbk", "gb2312", "utf-8"]
Knife = Literal["feed", "full", "old", "none"]
KNIVES: Final[Mapping[Knife, bytes]] = {
    "feed": CUT,
    "full": b"\x1bd\x04\x1dV\x00",  # feed four lines, "GS V 0: cut"
    "old": b"\x1bd\x04\x1bi",  # "ESC i: partial cut", of printers before GS V
    "none": b"\x1bd\x06",  # torn off by hand
}


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
class Picture:
    """A picture file, such as a logo: centred, never enlarged, black where it is dark."""

    file: bytes


@dataclass(frozen=True)
class Mark:
    """Where the printer is to say that it came so far; one a slip, before the ticket's number."""


@dataclass(frozen=True)
class Feed:
    lines: int = 1


@dataclass(frozen=True)
class Cut:
    """Feed to the knife and cut; `encode` adds one at the end where there is none."""


Item = Line | Rule | Qr | Picture | Mark | Feed | Cut


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What a printer understands and how wide it prints."""

    encoding: Encoding = "gb18030"
    width_dots: int = 576
    native_qr: bool = True
    knife: Knife = "feed"
    font: Path = CJK_FONT


def encode(
    items: Iterable[Item], *, encoding: Encoding = "gb18030", width_dots: int = 576, font: Path = CJK_FONT
) -> bytes:
    """Return the bytes of one slip. Raises ValueError for a size that printers lack or a missing font."""
    return encode_for(Paper(encoding=encoding, width_dots=width_dots, font=font), items)


def encode_for(paper: Paper, items: Iterable[Item]) -> bytes:
    """Return the bytes of one slip on this paper. Raises ValueError as `encode` does."""
    kanji = b"" if paper.encoding == "utf-8" else KANJI_ON
    return START + kanji + b"".join(_item(item, paper) for item in _with_cut(items))


def length_dots(paper: Paper, items: Iterable[Item]) -> int:
    """Return how much paper a slip takes, feed to the knife included."""
    return sum(_dots(item, paper) for item in _with_cut(items))


def columns(text: str) -> int:
    """Return how wide a line is in the printer's narrow characters; what is not ASCII takes two."""
    return sum(1 if character.isascii() else 2 for character in text)


def _with_cut(items: Iterable[Item]) -> list[Item]:
    listed = list(items)
    return listed if listed and listed[-1] == Cut() else [*listed, Cut()]


def is_native(text: str, encoding: Encoding = "gbk") -> bool:
    """Return whether every character is in GBK, or GB2312, and so in a Chinese printer's own font."""
    try:
        text.encode("gb2312" if encoding == "gb2312" else "gbk")
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


def _item(item: Item, paper: Paper) -> bytes:
    match item:
        case Line():
            return _line(item, paper)
        case Rule():
            return _style("left", 1, bold=False) + b"-" * (paper.width_dots * 2 // _GLYPH_DOTS) + b"\n"
        case Qr(text=text, module_dots=dots) if paper.native_qr:
            return _style("center", 1, bold=False) + WHITE + _qr(text, dots) + WHITE
        case Qr() | Picture():
            return _style("center", 1, bold=False) + _raster(_dotted(item, paper))
        case Mark():
            return MARK
        case Feed(lines=lines):
            return bytes((0x1B, 0x64, lines))  # "ESC d n: print and feed n lines"
        case Cut():
            return KNIVES[paper.knife]
        case _:
            assert_never(item)


def _dots(item: Item, paper: Paper) -> int:
    match item:
        case Line() if is_native(item.text, paper.encoding):
            rows = -(-columns(item.text) * item.size * _GLYPH_DOTS // 2 // paper.width_dots)
            return max(LINE_DOTS, _GLYPH_DOTS * item.size) * max(1, rows)
        case Line():
            return draw(item, width_dots=paper.width_dots, font=paper.font).height
        case Rule():
            return LINE_DOTS
        case Qr() if paper.native_qr:
            return int(_code(item).modules_count) * item.module_dots + 2 * LINE_DOTS
        case Qr() | Picture():
            return _dotted(item, paper).height
        case Mark():
            return 0
        case Feed(lines=lines):
            return LINE_DOTS * lines
        case Cut():
            return {"feed": TO_THE_KNIFE_DOTS, "none": 6 * LINE_DOTS}.get(paper.knife, 4 * LINE_DOTS)
        case _:
            assert_never(item)


def _line(line: Line, paper: Paper) -> bytes:
    if line.size not in _SIZES:
        raise ValueError(f"size {line.size} of {line.text!r}: printers have 1 to 8")
    if any(ord(character) < ord(" ") for character in line.text):
        raise ValueError(f"{line.text!r} holds a control character: one Line is one printed line")
    if is_native(line.text, paper.encoding):
        return _style(line.align, line.size, bold=line.bold) + line.text.encode(paper.encoding) + b"\n"
    return _style("left", 1, bold=False) + _raster(draw(line, width_dots=paper.width_dots, font=paper.font))


def _style(align: Align, size: int, *, bold: bool) -> bytes:
    return bytes((0x1B, 0x61, _ALIGNS[align], 0x1D, 0x21, (size - 1) * 0x11, 0x1B, 0x45, bold))


def _qr(text: str, module_dots: int) -> bytes:
    printer = Dummy()
    printer.qr(text, size=module_dots, native=True)
    return bytes(printer.output)


def _code(item: Qr) -> qrcode.QRCode:
    code = qrcode.QRCode(box_size=item.module_dots, border=4, error_correction=qrcode.constants.ERROR_CORRECT_L)
    code.add_data(item.text.encode())
    code.make(fit=True)
    return code


def _dotted(item: Qr | Picture, paper: Paper) -> Image.Image:
    """Return a QR code or a picture in the middle of paper as wide as the printer's."""
    if isinstance(item, Qr):
        picture: Image.Image = _code(item).make_image().get_image()
    else:
        picture = Image.open(io.BytesIO(item.file))
        if picture.mode in {"LA", "RGBA", "P"}:
            clear = picture.convert("RGBA")
            picture = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
    ink = picture.convert("L")
    if ink.width > paper.width_dots:
        ink = ink.resize((paper.width_dots, max(1, ink.height * paper.width_dots // ink.width)))
    whole = Image.new("L", (paper.width_dots, ink.height), 255)
    whole.paste(ink, ((paper.width_dots - ink.width) // 2, 0))
    return whole.point(lambda shade: 255 if shade > _DARK else 0).convert("1")


def _raster(picture: Image.Image) -> bytes:
    """Return "GS v 0 m xL xH yL yH d…": rows of whole bytes, 1 is black; high ones in bands.

    What a printer could take for a command in real time gets one black dot more.
    """
    ink = ImageOps.invert(picture.convert("L")).convert("1")
    bands = [
        ink.crop((0, top, ink.width, min(top + _BAND_DOTS, ink.height))) for top in range(0, ink.height, _BAND_DOTS)
    ]
    across = -(-ink.width // 8)
    return b"".join(
        b"\x1dv0\x00"
        + across.to_bytes(2, "little")
        + band.height.to_bytes(2, "little")
        + _REAL_TIME.sub(b"\x18", band.tobytes())
        for band in bands
    )


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
