"""Cuts a stream of ESC/POS bytes into commands by their lengths, as a printer's firmware does; pure.

Names and lengths after Epson's ESC/POS command reference. Bytes inside a picture or a QR code are never taken for
commands.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

DLE, ESC, FS, GS = 0x10, 0x1B, 0x1C, 0x1D
_PREFIXES: Final = {DLE: "DLE", ESC: "ESC", FS: "FS", GS: "GS"}
_CONTROLS: Final = 0x20
CLEAR_BUFFERS: Final = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
_BARCODES_BY_LENGTH: Final = 65  # GS k m n d1…dn from m = 65 on, a closing NUL below

# How many bytes follow the name; what is not listed has none.
_FIXED: Final = {
    **dict.fromkeys([f"ESC {c}" for c in " !%-3=EGMRTV{abcdtrJeUfir"], 1),
    **dict.fromkeys(["ESC @", "ESC 2", "ESC L", "ESC S", "ESC i", "ESC m", "ESC <"], 0),
    **dict.fromkeys(["ESC $", "ESC \\", "ESC c"], 2),
    "ESC p": 3,
    "ESC W": 8,
    **dict.fromkeys([f"FS {c}" for c in "!-WC"], 1),
    "FS S": 2,
    **dict.fromkeys([f"GS {c}" for c in "!/BHITabefhrwz"], 1),
    **dict.fromkeys(["GS $", "GS L", "GS P", "GS W", "GS \\"], 2),
    "GS ^": 3,
}


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command: its `name` ("GS V", "LF", "text"), all its bytes, and the bytes after the name."""

    name: str
    raw: bytes
    arguments: bytes

    @property
    def is_real_time(self) -> bool:
        return self.name.startswith("DLE")


class Splitter:
    """Takes chunks of any size, gives whole commands; text comes in pieces, as it arrives."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, chunk: bytes) -> Iterator[Command]:
        self._pending += chunk
        while self._pending and (command := first_command(self._pending)):
            self._pending = self._pending[len(command.raw) :]
            yield command
        if (cleared_at := self._pending.find(CLEAR_BUFFERS)) > 0:  # known even amid the bytes of a broken picture
            yield from self._from(cleared_at)

    def forget(self) -> None:
        """Drop a command whose end never came."""
        self._pending = b""

    def _from(self, place: int) -> Iterator[Command]:
        self._pending = self._pending[place:]
        yield from self.feed(b"")


def first_command(stream: bytes) -> Command | None:
    """Return the command at the front, None while it is not whole yet."""
    first = stream[0]
    if first in _PREFIXES:
        return _prefixed(stream)
    if first < _CONTROLS:
        name = {0x0A: "LF", 0x0C: "FF", 0x0D: "CR", 0x09: "HT", 0x18: "CAN"}.get(first, "control")
        return Command(name=name, raw=stream[:1], arguments=b"")
    end = next((place for place, byte in enumerate(stream) if byte < _CONTROLS), len(stream))
    return Command(name="text", raw=stream[:end], arguments=stream[:end])


def _prefixed(stream: bytes) -> Command | None:
    if len(stream) < 2:  # noqa: PLR2004 - prefix and letter
        return None
    name = f"{_PREFIXES[stream[0]]} {chr(stream[1])}"
    head, length = 2, None
    if stream[0] == DLE:
        name, head, length = _real_time(stream)
    elif name in _FIXED:
        length = head + _FIXED[name]
    else:
        head, length = _counted(name, stream)
        if name == "GS (" and stream[2:3] == b"H":
            name = "GS ( H"
    if length is None or len(stream) < length:
        return None
    return Command(name=name, raw=stream[:length], arguments=stream[head:length])


def _real_time(stream: bytes) -> tuple[str, int, int | None]:
    match stream[1]:
        case 0x04:
            return "DLE EOT", 2, 3
        case 0x05:
            return "DLE ENQ", 2, 3
        case 0x14 if len(stream) < 3:  # noqa: PLR2004 - the function byte is still to come
            return "DLE DC4", 2, None
        case 0x14:
            return "DLE DC4", 2, {1: 5, 2: 5, 3: 6, 7: 4, 8: len(CLEAR_BUFFERS)}.get(stream[2], 3)
        case _:
            return "DLE", 1, 1


def _counted(name: str, stream: bytes) -> tuple[int, int | None]:
    """Return where the arguments begin and the whole length, None while the counting bytes are still to come."""
    size = len(stream)
    match name:
        case "ESC *":  # m nL nH d…
            return 2, 5 + _word(stream, 3) * (3 if stream[2] >= 32 else 1) if size >= 5 else None  # noqa: PLR2004
        case "ESC D":  # n… NUL
            end = stream.find(b"\0", 2)
            return 2, end + 1 if end >= 0 else None
        case "FS p":
            return 2, 4
        case "GS V":  # m, and n where m is a letter
            return 2, (3 if stream[2] in {0, 1, 0x30, 0x31} else 4) if size >= 3 else None  # noqa: PLR2004
        case "GS v":  # 0 m xL xH yL yH d…
            return 2, 8 + _word(stream, 4) * _word(stream, 6) if size >= 8 else None  # noqa: PLR2004
        case "GS *":  # x y d…
            return 2, 4 + stream[2] * stream[3] * 8 if size >= 4 else None  # noqa: PLR2004
        case "GS k":  # m n d…, or m d… NUL
            return 2, _barcode(stream)
        case "GS 8":  # letter p1 p2 p3 p4 d…
            return 2, 7 + int.from_bytes(stream[3:7], "little") if size >= 7 else None  # noqa: PLR2004
        case "GS (" | "FS (" | "ESC (":  # letter pL pH d…
            return 2, 5 + _word(stream, 3) if size >= 5 else None  # noqa: PLR2004
        case _:
            return 2, 2


def _barcode(stream: bytes) -> int | None:
    if len(stream) < 4:  # noqa: PLR2004 - name, kind and count
        return None
    if stream[2] >= _BARCODES_BY_LENGTH:
        return 4 + stream[3]
    end = stream.find(b"\0", 3)
    return end + 1 if end >= 0 else None


def _word(stream: bytes, place: int) -> int:
    return int.from_bytes(stream[place : place + 2], "little")
