"""Matrices of MAX7219 chips (8 x 8 LEDs each) in a chain on SPI: text in dots, Chinese where they are 16 high.

luma makes the registers' words, the line is ours. One matrix a line: what the chain shows has no address.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from ..sign_kinds import Chain
from .line_signs import Blinking
from .sign_text import Written, written

MODULE: Final = 8  # LEDs a side
HEIGHT_OF_CHINESE: Final = 16
FONT: Final = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"  # Debian: fonts-wqy-microhei
ROWS: Final = range(1, 9)  # "digit 0 to digit 7": the registers of the dots
LEVELS: Final = 16  # "intensity register: 0 to 15"


class NoFont(OSError):
    """The dots of Chinese letters are missing: install the Debian package fonts-wqy-microhei."""


@cache
def _font() -> ImageFont.FreeTypeFont:
    try:
        return ImageFont.truetype(FONT, HEIGHT_OF_CHINESE)
    except OSError as error:
        raise NoFont(f"{FONT} cannot be read ({error}): install fonts-wqy-microhei") from error


@cache
def _no_glyph() -> bytes:
    """Return the box that stands for what the font lacks."""
    return bytes(_font().getmask("\U0010ffff"))


def picture(text: str, *, width: int, height: int) -> Image.Image:
    """Return `text` in dots, in the middle; it is cut where it is too wide."""
    image = Image.new("1", (width, height))
    if not text:
        return image
    drawing = ImageDraw.Draw(image)
    if height < HEIGHT_OF_CHINESE:
        from luma.core.legacy import text as draw_small  # noqa: PLC0415 - Raspberry Pi's only

        draw_small(drawing, ((width - small_width(text)) // 2, (height - MODULE) // 2), text, fill=1, font=_small())
        return image
    drawing.fontmode = "1"  # whole dots, no greys
    left, _, right, _ = drawing.textbbox((0, 0), text, font=_font())
    _, top, _, bottom = drawing.textbbox((0, 0), "A0", font=_font())
    if not text.isascii():
        _, top, _, bottom = drawing.textbbox((0, 0), text, font=_font())
    at = ((width - (right - left)) // 2 - left, (height - (bottom - top)) // 2 - top)
    drawing.text(at, text, font=_font(), fill=1)
    return image


def wide(text: str, *, height: int) -> int:
    """Return how many columns of dots a text takes."""
    if height < HEIGHT_OF_CHINESE:
        return small_width(text)
    left, _, right, _ = _font().getbbox(text, mode="1")
    return int(right - left)


def small_width(text: str) -> int:
    from luma.core.legacy import textsize  # noqa: PLC0415 - Raspberry Pi's only

    return int(textsize(text, font=_small())[0])


def _small() -> object:
    from luma.core.legacy.font import LCD_FONT, proportional  # noqa: PLC0415 - Raspberry Pi's only

    return proportional(LCD_FONT)


class _Words:
    """What luma sends: the words of each latch, kept instead of put on a bus."""

    def __init__(self) -> None:
        self.latches: list[bytes] = []

    def command(self, *words: int) -> None:
        self.latches.append(bytes(words))

    def data(self, words: Sequence[int]) -> None:
        self.latches.append(bytes(words))

    def cleanup(self) -> None:
        """Nothing is open."""


class MatrixCode:
    """What a chain of matrices understands; implements `SignCode`. Each frame is latched by itself."""

    gap_s = 0.0
    blinking = Blinking.BY_HAND
    answer_s = 0.0

    def __init__(self, *, chain: Chain | None = None, letters: Mapping[str, str] | None = None) -> None:
        from luma.led_matrix.device import max7219  # noqa: PLC0415 - Raspberry Pi's only

        self._chain = chain or Chain()
        self._letters = letters
        self._words = _Words()
        self._device = max7219(
            self._words, width=self._chain.width, height=self._chain.height, block_orientation=self._chain.turned
        )
        self._device.persist = True  # it is not cleared when the program ends
        self._begun = tuple(latch for latch in self._taken() if latch[0] not in ROWS)

    def begun(self, address: int) -> Sequence[bytes]:  # noqa: ARG002 - a chain has no address
        return self._begun

    def written(self, text: str) -> Written:
        return written(text, has=self._has, fits=self._fits, letters=self._letters)

    def shown(self, address: int, text: str, *, blinks: int) -> Sequence[bytes]:  # noqa: ARG002
        self._device.display(picture(text, width=self._chain.width, height=self._chain.height))
        return self._taken()

    def dimmed(self, address: int, percent: int) -> Sequence[bytes]:  # noqa: ARG002
        self._device.contrast(round(percent / 100 * (LEVELS - 1)) * LEVELS)
        return self._taken()

    def reply(self, frame: bytes, heard: bytes) -> str | None:  # noqa: ARG002 - the chips say nothing
        return None

    def _taken(self) -> Sequence[bytes]:
        taken, self._words.latches = tuple(self._words.latches), []
        return taken

    def _has(self, character: str) -> bool:
        if character.isascii():
            return character.isprintable()
        return self._chain.height >= HEIGHT_OF_CHINESE and bytes(_font().getmask(character)) != _no_glyph()

    def _fits(self, text: str) -> bool:
        return wide(text, height=self._chain.height) <= self._chain.width
