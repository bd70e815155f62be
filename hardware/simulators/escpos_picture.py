"""Draws a printed slip as a picture, for people, for the demo and for QR readers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import qrcode  # type: ignore[import-untyped] # it ships no types
from PIL import Image, ImageDraw, ImageFont, ImageOps

from .escpos_paper import Dots, Piece, QrCode, Text

_FONT: Final = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
_EVEN: Final = 1  # the face of the collection whose narrow letters are all as wide
_GLYPH_DOTS: Final = 24
_SHARES: Final = {"left": 0.0, "center": 0.5, "right": 1.0}


def slip_picture(pieces: Sequence[Piece], *, width_dots: int = 576, font: Path = _FONT) -> Image.Image:
    """Return the slip as dots, black on white, without the printer's own feeds."""
    drawn = [(piece, _drawn(piece, font)) for piece in pieces]
    height = sum(picture.height for _piece, picture in drawn)
    slip = Image.new("L", (width_dots, max(1, height)), 255)
    top = 0
    for piece, picture in drawn:
        share = 0.0 if isinstance(piece, Dots) else _SHARES[piece.align]
        slip.paste(picture, (max(0, round((width_dots - picture.width) * share)), top))
        top += picture.height
    return slip


def _drawn(piece: Piece, font: Path) -> Image.Image:
    match piece:
        case Text():
            return _text(piece, font)
        case QrCode():
            code = qrcode.QRCode(
                box_size=piece.module_dots, border=4, error_correction=qrcode.constants.ERROR_CORRECT_L
            )
            code.add_data(piece.text.encode())
            picture: Image.Image = code.make_image().get_image().convert("L")
            return picture
        case Dots():
            return ImageOps.invert(Image.frombytes("1", (piece.width, piece.height), piece.rows).convert("L"))


def _text(piece: Text, font: Path) -> Image.Image:
    """Draw a line in the printer's cells: 12 dots wide for ASCII, 24 for all that is of its Chinese font."""
    cell, size = _GLYPH_DOTS * piece.size, piece.size
    widths = [cell // 2 if letter.isascii() else cell for letter in piece.text]
    face = ImageFont.truetype(font, cell - 2 * size, index=_EVEN if font.suffix == ".ttc" else 0)
    picture = Image.new("L", (max(1, sum(widths)), cell * 5 // 4), 255)
    brush = ImageDraw.Draw(picture)
    left = 0
    for letter, width in zip(piece.text, widths, strict=True):
        brush.text((left + width / 2, 0), letter, fill=0, font=face, anchor="ma")
        if piece.bold:  # struck twice, a dot apart
            brush.text((left + width / 2 + size, 0), letter, fill=0, font=face, anchor="ma")
        left += width
    return picture
