"""Turns a slip's items into the bytes of the kiosk's printer, and says how much paper they take."""

from collections.abc import Sequence
from typing import Final, assert_never

from broker.printer_file import ChineseEncoding, Knife, PrinterProfile
from hardware.drivers import escpos_layout

from .slip import Feed, Item, Line, Logo, Mark, Qr, Rule

DOTS_A_MM: Final = 8
ENCODINGS: Final[dict[ChineseEncoding, escpos_layout.Encoding]] = {
    ChineseEncoding.GB18030: "gb18030",
    ChineseEncoding.GBK: "gbk",
    ChineseEncoding.GB2312: "gb2312",
    ChineseEncoding.UTF_8: "utf-8",
}
KNIVES: Final[dict[Knife, escpos_layout.Knife]] = {
    Knife.FEED: "feed",
    Knife.FULL: "full",
    Knife.OLD: "old",
    Knife.NONE: "none",
}


def paper_of(profile: PrinterProfile) -> escpos_layout.Paper:
    """Return the printer's paper as the driver knows it."""
    return escpos_layout.Paper(
        encoding=ENCODINGS[profile.encoding],
        width_dots=profile.width_dots,
        native_qr=profile.native_qr,
        knife=KNIVES[profile.knife],
    )


def slip_bytes(
    items: Sequence[Item], *, encoding: str = "gb18030", width_dots: int = 576, paper: escpos_layout.Paper | None = None
) -> bytes:
    on = paper or escpos_layout.Paper(encoding=ENCODINGS[ChineseEncoding(encoding)], width_dots=width_dots)
    return escpos_layout.encode_for(on, [_laid_out(item) for item in items])


def slip_mm(items: Sequence[Item], paper: escpos_layout.Paper) -> int:
    """Return the length of a slip."""
    return -(-escpos_layout.length_dots(paper, [_laid_out(item) for item in items]) // DOTS_A_MM)


def unprintable(items: Sequence[Item], paper: escpos_layout.Paper) -> str:
    """Return the characters that neither the printer nor this machine's font has: an empty box stands for each."""
    drawn = [item.text for item in items if isinstance(item, Line)]
    rare = "".join(text for text in drawn if not escpos_layout.is_native(text, paper.encoding))
    return escpos_layout.missing_glyphs(rare, paper.font) if rare else ""


def _laid_out(item: Item) -> escpos_layout.Item:
    match item:
        case Line(text=text, size=size, bold=bold, align=align):
            return escpos_layout.Line(text, size=size, align=align, bold=bold)
        case Rule():
            return escpos_layout.Rule()
        case Logo(png=png):
            return escpos_layout.Picture(png)
        case Qr(text=text, dots=dots):
            return escpos_layout.Qr(text, module_dots=dots)
        case Feed(lines=lines):
            return escpos_layout.Feed(lines)
        case Mark():
            return escpos_layout.Mark()
        case _:
            assert_never(item)
