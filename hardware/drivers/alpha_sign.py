"""Alpha and BetaBrite signs after the Alpha Sign Communications Protocol: ASCII only, no answer to what is written.

The text goes into the priority file "0", which needs no memory set up and is shown before all others.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from ..sign_kinds import KINDS, SignKind
from .line_signs import Blinking
from .sign_text import Written, written

GAP_S: Final = 0.1  # ours: the sign writes a file before it listens again
WAKE: Final = b"\x00" * 5  # "five nulls or more: the sign finds the speed by them"
START: Final = b"\x01"  # SOH
ALL_TYPES: Final = b"Z"  # type code: "all signs"
TEXT: Final = b"\x02"  # STX, then the command code and its data
END: Final = b"\x04"  # EOT
WRITE_TEXT: Final = b"A"
PRIORITY_FILE: Final = b"0"
MODE: Final = b"\x1b"  # ESC, then the position and the mode
MIDDLE: Final = b" "
HOLD: Final = b"b"
FLASH: Final = b"c"
ADDRESSES: Final = KINDS[SignKind.ALPHA].addresses  # "01 to FF; 00 is every sign"
_ASCII: Final = frozenset(map(chr, range(0x20, 0x7F)))


def packet(address: int, command: bytes) -> bytes:
    """Return a standard packet; the checksum is left out, as the document allows."""
    if not 0 <= address <= ADDRESSES[-1]:
        raise ValueError(f"an Alpha address is from 1 to 255 (0: every sign), not {address}: see the sign's set-up")
    return WAKE + START + ALL_TYPES + f"{address:02X}".encode() + TEXT + command + END


def show_packet(address: int, text: str, *, flashing: bool = False) -> bytes:
    """Return the packet that shows `text`."""
    mode = MODE + MIDDLE + (FLASH if flashing else HOLD)
    return packet(address, WRITE_TEXT + PRIORITY_FILE + mode + (text or " ").encode("ascii"))


def seven_bits_even(data: bytes) -> bytes:
    """Return bytes which on a line of 8 bits without parity are what 7 bits with even parity would be."""
    return bytes(byte | (byte.bit_count() % 2) << 7 for byte in data)


class AlphaCode:
    """What Alpha signs understand; implements `SignCode`. `even_parity` is for signs set to 7E1, their default."""

    gap_s = GAP_S
    blinking = Blinking.FLASHING  # until it is told to hold
    answer_s = 0.0

    def __init__(
        self, *, characters: int = 0, letters: Mapping[str, str] | None = None, even_parity: bool = True
    ) -> None:
        self._characters = characters or KINDS[SignKind.ALPHA].characters
        self._letters = letters
        self._even_parity = even_parity

    def begun(self, address: int) -> Sequence[bytes]:  # noqa: ARG002 - nothing is wanted
        return ()

    def written(self, text: str) -> Written:
        return written(
            text, has=_ASCII.__contains__, fits=lambda shown: len(shown) <= self._characters, letters=self._letters
        )

    def shown(self, address: int, text: str, *, blinks: int) -> Sequence[bytes]:
        made = show_packet(address, text, flashing=blinks > 0)
        return (seven_bits_even(made) if self._even_parity else made,)

    def dimmed(self, address: int, percent: int) -> Sequence[bytes]:  # noqa: ARG002 - not all models can
        return ()

    def reply(self, frame: bytes, heard: bytes) -> str | None:  # noqa: ARG002 - it never answers
        return None
