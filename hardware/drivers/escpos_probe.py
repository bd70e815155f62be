"""Strips that show what an unknown printer understands: numbered, so that a technician can say which is right. Pure."""

import io
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw

from .escpos_layout import KNIVES, START, Encoding, Feed, Item, Knife, Line, Paper, Picture, Qr, Rule, encode_for

COMMON: Final = "城东供电营业厅"  # in GB2312
RARE: Final = "镕喆"  # in GBK only
ENCODINGS: Final[tuple[Encoding, ...]] = ("gb18030", "gb2312", "utf-8")
WIDTHS: Final = (360, 384, 416, 512, 576, 640)
CUTS: Final[tuple[Knife, ...]] = ("feed", "full", "old")
QR_TEXT: Final = "HALLCALL"
_FRAME_DOTS: Final = 24


@dataclass(frozen=True, kw_only=True)
class Question:
    """What to ask about one row of strips; the answer is a strip's number, 0 where that is allowed: none."""

    name: str
    text: str
    strips: int
    none: bool = False


QUESTIONS: Final = (
    Question(name="encoding", text="the FIRST strip whose Chinese is right in full", strips=len(ENCODINGS)),
    Question(name="width", text="the LAST frame whose right edge is on the paper", strips=len(WIDTHS)),
    Question(name="qr", text="1 when a phone reads the QR code, 0 when there is none", strips=1, none=True),
    Question(name="knife", text="the FIRST strip after which the paper was cut", strips=len(CUTS), none=True),
)


def strips() -> bytes:
    """Return all strips, in the order of the questions."""
    return b"".join((*_encodings(), *_widths(), _qr(), *_knives()))


def _encodings() -> list[bytes]:
    rows = [_job([Line("ENCODING"), Rule()], Paper(width_dots=360))]
    for number, encoding in enumerate(ENCODINGS, 1):
        said = COMMON if encoding == "gb2312" else COMMON + RARE
        rows.append(_job([Line(f"{number}  {said}")], Paper(encoding=encoding, width_dots=360)))
    return rows


def _widths() -> list[bytes]:
    rows = [_job([Line("WIDTH"), Rule()], Paper(width_dots=360))]
    for number, width in enumerate(WIDTHS, 1):
        rows.append(_job([Line(f"{number}  {width}"), Picture(_frame(width))], Paper(width_dots=width)))
    return rows


def _qr() -> bytes:
    return _job([Line("QR"), Rule(), Line("1"), Qr(QR_TEXT)], Paper(width_dots=360))


def _knives() -> list[bytes]:
    rows = [_job([Line("KNIFE"), Rule()], Paper(width_dots=360))]
    for number, knife in enumerate(CUTS, 1):
        rows.append(_job([Line(f"{number}", size=2), Feed(1)], Paper(width_dots=360)) + KNIVES[knife])
    return [*rows, START + KNIVES["none"]]


def _job(items: list[Item], paper: Paper) -> bytes:
    return encode_for(paper, items).removesuffix(KNIVES[paper.knife])


def _frame(width: int) -> bytes:
    """Return a frame exactly so wide, with a thick right edge, as a PNG file."""
    picture = Image.new("1", (width, _FRAME_DOTS), 1)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, width - 1, _FRAME_DOTS - 1), outline=0, width=2)
    pen.rectangle((width - 8, 0, width - 1, _FRAME_DOTS - 1), fill=0)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
