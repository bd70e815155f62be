"""How a frame is described which no document of ours explains: its bytes, and the places to fill; pure.

A frame is written as it goes over the line: `AA 55 [ {length} ( {address} 01 {text} ) ] {check} 0D`. What stands in
round brackets is counted by the length, what stands in square ones is covered by the check, what stands in <…> is
escaped when all the rest is done.
"""

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import reduce
from operator import xor
from typing import Annotated, Final

from msgspec import Meta, Struct

_PIECE: Final = re.compile(r"[0-9A-Fa-f]{2}|\{[a-z0-9-]+\}|[\[\]()<>]|\s+|.")
_BYTE: Final = re.compile(r"^[0-9A-Fa-f]{2}$")
HEX: Final = r"^[0-9A-Fa-f]{2}( ?[0-9A-Fa-f]{2})*$"
_PAIRS: Final = {"]": "[", ")": "(", ">": "<"}
_PLACES: Final = frozenset(
    {"address", "address-digits", "text", "length", "length-be16", "length-le16", "check", "level", "blinks"}
)
_CRC16_MODBUS: Final = 0xA001  # x^16 + x^15 + x^2 + 1, reversed; begins with FFFF


class TextEncoding(Enum):
    ASCII = "ascii"
    GB2312 = "gb2312"
    GBK = "gbk"


class Check(Enum):
    NONE = "none"
    XOR = "xor"
    SUM8 = "sum8"
    CRC16_MODBUS = "crc16-modbus"  # low byte first, as Modbus has it
    CRC16_MODBUS_BE = "crc16-modbus-be"  # high byte first


class Escape(Struct, frozen=True, kw_only=True):
    """A byte that must not occur inside a frame, and what is sent instead."""

    byte: Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{2}$", description="a byte in hex")]
    send: Annotated[str, Meta(pattern=HEX, description="the bytes sent instead, in hex")]


class GenericSign(Struct, frozen=True, kw_only=True):
    """How to talk to one model of LED sign. Frames are bytes in hex, with {text} and other places to fill.

    Places: {text}, {address} (a byte), {address-digits} (two decimal digits), {length} (a byte), {length-be16},
    {length-le16}, {check}, {level} (of brightness), {blinks}. ( ) is what the length counts, [ ] what the check
    covers, < > where bytes are escaped.
    """

    show: Annotated[str, Meta(min_length=2, description="frame that shows a text")]
    blink: Annotated[str, Meta(description="frame that shows it blinking; left out: it is shown dark and lit")] = ""
    clear: Annotated[str, Meta(description="frame that clears the sign; left out: an empty text does")] = ""
    brightness: Annotated[str, Meta(description="frame that sets the brightness; left out: it has none")] = ""
    level_low: Annotated[int, Meta(ge=0, le=255, description="{level} at 0 %")] = 0
    level_high: Annotated[int, Meta(ge=0, le=255, description="{level} at 100 %")] = 100
    encoding: Annotated[TextEncoding, Meta(description="of the text")] = TextEncoding.GB2312
    characters: Annotated[int, Meta(ge=1, le=200, description="room; a Chinese character takes two")] = 8
    text_bytes: Annotated[
        int, Meta(ge=0, le=200, description="the text is always so long, filled up with `fill`; 0: as long as it is")
    ] = 0
    fill: Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{2}$", description="a byte in hex")] = "20"
    length_adds: Annotated[int, Meta(ge=-20, le=20, description="added to the length that ( ) counts")] = 0
    check: Annotated[Check, Meta(description="checksum in {check}")] = Check.NONE
    escapes: Annotated[tuple[Escape, ...], Meta(description="bytes that must not occur in a frame")] = ()
    gap_ms: Annotated[int, Meta(ge=0, le=5000, description="silence that the sign wants after a frame")] = 100
    baud: Annotated[int, Meta(ge=300, le=921_600, description="speed, where the port states none")] = 9600
    first_address: Annotated[int, Meta(ge=0, le=255)] = 0
    last_address: Annotated[int, Meta(ge=0, le=255)] = 255


class Unfit(ValueError):
    """A frame that cannot be understood, or not filled."""


class Frame:
    """A frame's description, read. Raises Unfit."""

    def __init__(self, text: str, *, places: frozenset[str] = _PLACES) -> None:
        self.parts: list[bytes | str] = []
        self.spans: dict[str, tuple[int, int]] = {}
        self.names: set[str] = set()
        opened: list[tuple[str, int]] = []
        for piece in _PIECE.findall(text):
            if piece in "[(<":
                opened.append((piece, len(self.parts)))
            elif piece in _PAIRS:
                if not opened or opened[-1][0] != _PAIRS[piece]:
                    raise Unfit(f"{piece} closes nothing, or closes across another bracket")
                kind, begin = opened.pop()
                if kind in self.spans:
                    raise Unfit(f"{kind}{piece} stands twice; a frame has one of each")
                self.spans[kind] = begin, len(self.parts)
            elif _BYTE.match(piece):
                self.parts.append(bytes.fromhex(piece))
            elif piece.startswith("{") and piece.endswith("}") and piece[1:-1] in places:
                self.parts.append(piece[1:-1])
                self.names.add(piece[1:-1])
            elif piece.strip():
                raise Unfit(f"{piece!r} is no byte in hex (two digits), no bracket and none of {_listed(places)}")
        if opened:
            raise Unfit(f"{opened[-1][0]} is not closed")
        if any(name.startswith("length") for name in self.names) and "(" not in self.spans:
            raise Unfit("it has a length, and nothing in ( ) that the length counts")
        if "check" in self.names and "[" not in self.spans:
            raise Unfit("it has {check}, and nothing in [ ] that the check covers")
        begin, end = self.spans.get("[", (0, 0))
        if "check" in self.parts[begin:end]:
            raise Unfit("{check} stands inside the [ ] that it covers")

    def filled(
        self, filling: Mapping[str, bytes], *, check: Check, length_adds: int, escapes: Mapping[int, bytes]
    ) -> bytes:
        done: list[bytes | str] = [filling.get(part, part) if isinstance(part, str) else part for part in self.parts]
        for index, part in enumerate(done):
            if isinstance(part, str) and part.startswith("length"):
                done[index] = _length(part, self._size(done) + length_adds)
        begin, end = self.spans.get("[", (0, 0))
        covered = b"".join(part for part in done[begin:end] if isinstance(part, bytes))
        whole = [part if isinstance(part, bytes) else checksum(check, covered) for part in done]
        begin, end = self.spans.get("<", (0, 0))
        inside = b"".join(escapes.get(byte, bytes((byte,))) for byte in b"".join(whole[begin:end]))
        return b"".join(whole[:begin]) + inside + b"".join(whole[end:])

    def _size(self, done: Sequence[bytes | str]) -> int:
        begin, end = self.spans["("]
        return sum(_width(part) for part in done[begin:end])


def _listed(places: frozenset[str]) -> str:
    return " ".join(f"{{{name}}}" for name in sorted(places))


def _width(part: bytes | str) -> int:
    """Return how many bytes a part has, or will have."""
    if isinstance(part, bytes):
        return len(part)
    return 2 if part.endswith("16") else 1


def _length(name: str, size: int) -> bytes:
    width, order = (1, "big") if name == "length" else (2, "big" if name == "length-be16" else "little")
    if not 0 <= size < 256**width:
        raise Unfit(f"a length of {size} does not fit {{{name}}}")
    return size.to_bytes(width, "big" if order == "big" else "little")


def checksum(kind: Check, covered: bytes) -> bytes:
    match kind:
        case Check.NONE:
            return b""
        case Check.XOR:
            return bytes((reduce(xor, covered, 0),))
        case Check.SUM8:
            return bytes((sum(covered) & 0xFF,))
        case Check.CRC16_MODBUS:
            return crc16_modbus(covered).to_bytes(2, "little")
        case Check.CRC16_MODBUS_BE:
            return crc16_modbus(covered).to_bytes(2, "big")


def crc16_modbus(covered: bytes) -> int:
    crc = 0xFFFF
    for byte in covered:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (_CRC16_MODBUS if crc & 1 else 0)
    return crc


def faults(sign: GenericSign) -> dict[str, str]:
    """Return what is wrong in a description, by its key."""
    found: dict[str, str] = {}
    for key, wanted in (("show", "text"), ("blink", "text"), ("brightness", "level"), ("clear", "")):
        text = getattr(sign, key)
        if not text:
            continue
        try:
            frame = Frame(text)
        except Unfit as unfit:
            found[key] = str(unfit)
            continue
        if wanted and wanted not in frame.names:
            found[key] = f"there is no {{{wanted}}} in it"
        elif "check" in frame.names and sign.check is Check.NONE:
            found[key] = "it has {check}, and `check` does not say which"
    if sign.check is not Check.NONE and "{check}" not in sign.show:
        found["check"] = "no {check} in `show`; put it where the checksum stands, or leave `check` out"
    if sign.escapes and "<" not in sign.show:
        found["escapes"] = "nothing in `show` stands in < >; mark there what is escaped"
    if sign.first_address > sign.last_address:
        found["last_address"] = "below first_address"
    if sign.text_bytes and sign.text_bytes < sign.characters:
        found["text_bytes"] = f"shorter than `characters` ({sign.characters})"
    return found
