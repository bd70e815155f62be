"""Candle RS-485 call panels: many seven-segment signs on one line, no checksum, no answer.

"01 addr blink text 07"; bytes below 0x20 never occur between the first and the last.
"""

from typing import Final

from ..devices import PortGone
from ..line import Line

BAUD: Final = 57600  # or 19200, by a jumper
GAP_S: Final = 0.2  # "200 ms between frames"

SHOW: Final = 0x01  # "01 addr blink text 07"
BRIGHTNESS: Final = 0x02  # "02 addr 20..23 07"
SET_ADDRESS: Final = 0x03  # "03 old|FF new 07"
END: Final = 0x07
ADDRESSES: Final = range(0x20, 0x80)  # "addr 20..7F"
STEADY: Final = 0x20  # "20 steady"
TIMES: Final = 0x21  # "22..7F = n-21 times"
MOST_BLINKS: Final = 0x7F - TIMES
LEVELS: Final = range(4)
GLYPHS: Final = frozenset("0123456789ABCEFHILOPSUbcdlo")  # "seven-segment glyphs"
CLEAR: Final = " "


def displayable(text: str) -> str:
    """Return `text` in letters that a sign has; raises ValueError naming the first character that it lacks."""
    shown = ""
    for character in text:
        glyph = next((each for each in (character, character.upper(), character.lower()) if each in GLYPHS), None)
        if glyph is None and character != CLEAR:
            raise ValueError(
                f"a Candle sign cannot show {character!r} in {text!r}: seven segments have {''.join(sorted(GLYPHS))}; "
                "choose another letter for this service"
            )
        shown += glyph or CLEAR
    return shown


def show_frame(address: int, text: str, *, blinks: int = 0) -> bytes:
    """Return the frame that shows `text` steadily, or blinks it first; more than 94 blinks are cut to 94."""
    blink = TIMES + min(blinks, MOST_BLINKS) if blinks > 0 else STEADY
    return bytes((SHOW, _checked(address), blink)) + (displayable(text) or CLEAR).encode("ascii") + bytes((END,))


def brightness_frame(address: int, level: int) -> bytes:
    if level not in LEVELS:
        raise ValueError(f"brightness {level} is not 0, 1, 2 or 3")
    return bytes((BRIGHTNESS, _checked(address), 0x20 + level, END))


def set_address_frame(old: int | None, new: int) -> bytes:
    """Return the frame that renames a sign; `old` None names whichever one is on the line: plug in only that one."""
    return bytes((SET_ADDRESS, 0xFF if old is None else _checked(old), _checked(new), END))


def _checked(address: int) -> int:
    if address not in ADDRESSES:
        raise ValueError(f"sign address {address:#x} is not between 0x20 and 0x7f: see the sticker on the sign")
    return address


class CandleSigns:
    """All signs of one line. Each shows its last text again, without blinking, after the line was lost."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._texts: dict[int, str] = {}
        line.subscribe(self._received, opened=self._show_again, lost=self._lost)

    def sign(self, address: int) -> "CandleSign":
        return CandleSign(self, _checked(address))

    def show(self, address: int, text: str, *, blinks: int = 0) -> None:
        """Let the newest text of `address` go out as soon as the line allows."""
        self._line.send(show_frame(address, text, blinks=blinks), slot=address)
        self._texts[address] = text

    def _show_again(self) -> None:
        for address, text in self._texts.items():
            self._line.send(show_frame(address, text), slot=address)

    def _received(self, _chunk: bytes) -> None:
        """Signs never answer: what comes is another device's or noise."""

    def _lost(self, _gone: PortGone) -> None:
        """Keep the texts: they are sent again when the line is back."""


class CandleSign:
    """One window's sign; implements `Sign`."""

    def __init__(self, signs: CandleSigns, address: int) -> None:
        self._signs = signs
        self._address = address

    async def show(self, text: str, *, blinks: int = 0) -> None:
        """Show `text`; returns once the line will send it. Raises ValueError for a letter that the sign lacks."""
        self._signs.show(self._address, text, blinks=blinks)
