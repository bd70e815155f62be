"""Turns a slip's items into the bytes of the kiosk's printer."""

from collections.abc import Sequence
from typing import Final

from hardware.drivers import escpos_layout

from .slip import Item, Line, Rule

ENCODINGS: Final[dict[str, escpos_layout.Encoding]] = {"gb18030": "gb18030", "gbk": "gbk", "utf-8": "utf-8"}


def slip_bytes(items: Sequence[Item], *, encoding: str, width_dots: int) -> bytes:
    return escpos_layout.encode(
        [_laid_out(item) for item in items], encoding=ENCODINGS[encoding], width_dots=width_dots
    )


def _laid_out(item: Item) -> escpos_layout.Item:
    match item:
        case Line(text=text, size=size, bold=bold):
            return escpos_layout.Line(text, size=size, align="center", bold=bold)
        case Rule():
            return escpos_layout.Rule()
