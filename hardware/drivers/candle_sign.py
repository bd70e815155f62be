"""Candle RS-485 call panels: many seven-segment signs on one line, no checksum, no answer.

"01 addr blink text 07"; bytes below 0x20 never occur between the first and the last.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from ..sign_kinds import KINDS, SignKind
from .line_signs import Blinking
from .sign_text import Written, written

BAUD: Final = KINDS[SignKind.CANDLE].baud  # 57600; or 19200, by a jumper
GAP_S: Final = 0.2  # "200 ms between frames"

SHOW: Final = 0x01  # "01 addr blink text 07"
BRIGHTNESS: Final = 0x02  # "02 addr 20..23 07"
SET_ADDRESS: Final = 0x03  # "03 old|FF new 07"
END: Final = 0x07
ADDRESSES: Final = KINDS[SignKind.CANDLE].addresses  # "addr 20..7F"
STEADY: Final = 0x20  # "20 steady"
TIMES: Final = 0x21  # "22..7F = n-21 times"
MOST_BLINKS: Final = 0x7F - TIMES
LEVELS: Final = range(4)
GLYPHS: Final = frozenset("0123456789ABCEFHILOPSUbcdlo ")  # "seven-segment glyphs"
CLEAR: Final = " "


def show_frame(address: int, text: str, *, blinks: int = 0) -> bytes:
    """Return the frame that shows `text` steadily, or blinks it first; more than 94 blinks are cut to 94."""
    if strange := set(text) - GLYPHS:
        raise ValueError(f"seven segments have no {' '.join(sorted(strange))}, and {text!r} wants it")
    blink = TIMES + min(blinks, MOST_BLINKS) if blinks > 0 else STEADY
    return bytes((SHOW, _checked(address), blink)) + (text or CLEAR).encode("ascii") + bytes((END,))


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


class CandleCode:
    """What Candle panels understand; implements `SignCode`."""

    gap_s = GAP_S
    blinking = Blinking.COUNTED
    answer_s = 0.0

    def __init__(self, *, characters: int = 0, letters: Mapping[str, str] | None = None) -> None:
        self._characters = characters or KINDS[SignKind.CANDLE].characters
        self._letters = letters

    def begun(self, address: int) -> Sequence[bytes]:
        _checked(address)
        return ()

    def written(self, text: str) -> Written:
        return written(
            text, has=GLYPHS.__contains__, fits=lambda shown: len(shown) <= self._characters, letters=self._letters
        )

    def shown(self, address: int, text: str, *, blinks: int) -> Sequence[bytes]:
        return (show_frame(address, text, blinks=blinks),)

    def dimmed(self, address: int, percent: int) -> Sequence[bytes]:
        return (brightness_frame(address, round(percent / 100 * LEVELS[-1])),)

    def reply(self, frame: bytes, heard: bytes) -> str | None:  # noqa: ARG002 - panels never answer
        return None
