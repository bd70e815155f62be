"""Reads a slip's bytes as a stranger would: written from Epson's public ESC/POS command reference, and from nothing of
ours. Pure.

What the reference does not define is an error, what it says a printer ignores or drops is a complaint. A printer of
simplified Chinese has characters of 24 × 24 dots, others of 12 × 24 (font A) or 9 × 17 (font B).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

import zxingcpp

Align = Literal["left", "center", "right"]

ALIGNS: Final[dict[int, Align]] = {0: "left", 48: "left", 1: "center", 49: "center", 2: "right", 50: "right"}
FONTS: Final = {0: (12, 24), 48: (12, 24), 1: (9, 17), 49: (9, 17)}
HAN: Final = (24, 24)
SPACING_DOTS: Final = 30  # ESC 2: 1/6 inch, 3.75 mm
QR_LEVELS: Final = {48: "L", 49: "M", 50: "Q", 51: "H"}
FULL, PARTIAL = "full", "partial"


class Unreadable(Exception):
    """Bytes that the reference does not define."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A printed row of text; `sizes` are the times of width and height that stand in it."""

    text: str
    sizes: frozenset[tuple[int, int]]
    bold: bool
    align: Align
    width_dots: int
    top_dots: int
    high_dots: int


@dataclass(frozen=True, kw_only=True)
class Raster:
    """A picture in black and white: `rows` of packed bits, 1 is black."""

    width_dots: int
    rows: tuple[bytes, ...]
    align: Align
    top_dots: int
    high_dots: int


@dataclass(frozen=True, kw_only=True)
class Symbol:
    """A QR code that the printer makes itself."""

    content: bytes
    level: str
    module_dots: int
    width_dots: int
    align: Align
    top_dots: int

    @property
    def high_dots(self) -> int:
        return self.width_dots


@dataclass(frozen=True)
class Ask:
    """`GS r`: the printer answers when it has come here."""

    about: int


@dataclass(frozen=True, kw_only=True)
class Cut:
    kind: str
    feeds_dots: int


Piece = Row | Raster | Symbol | Ask | Cut


@dataclass(frozen=True, kw_only=True)
class Reading:
    """All that stands on the paper, from the top; `complaints` are what a printer would ignore, break or lose."""

    pieces: tuple[Piece, ...]
    complaints: tuple[str, ...]
    fed_dots: int
    live: tuple[bytes, ...]  # commands worked off at once, whatever is being printed


def read(raw: bytes, *, width_dots: int, encoding: str) -> Reading:
    """Read the bytes as a printer of simplified Chinese does whose own characters are in `encoding`."""
    stranger = _Stranger(raw, width_dots=width_dots, encoding=encoding)
    stranger.run()
    return Reading(
        pieces=tuple(stranger.pieces),
        complaints=tuple(stranger.complaints),
        fed_dots=stranger.fed_dots,
        live=tuple(stranger.live),
    )


@dataclass
class _Modes:
    """What `ESC @` sets back."""

    font: tuple[int, int] = FONTS[0]
    times: tuple[int, int] = (1, 1)
    bold: bool = False
    align: Align = "left"
    is_chinese: bool = False
    spacing_dots: int = SPACING_DOTS
    qr_level: str = "L"
    qr_module: int = 3
    qr_data: bytes = b""


@dataclass
class _Stranger:
    raw: bytes
    width_dots: int
    encoding: str
    at: int = 0
    modes: _Modes = field(default_factory=_Modes)
    line: list[tuple[str, tuple[int, int], tuple[int, int], bool]] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    fed_dots: int = 0
    live: list[bytes] = field(default_factory=list)

    def run(self) -> None:
        while self.at < len(self.raw):
            self._step()
        if self.line:
            self._complain(f"{self._text()!r} stays in the printer: nothing prints it")

    def _step(self) -> None:
        match self.raw[self.at]:
            case 0x0A:
                self.at += 1
                self._print_line()
            case 0x10:
                self._dle()
            case 0x1B:
                self._esc()
            case 0x1C:
                self._fs()
            case 0x1D:
                self._gs()
            case code if code < 0x20:
                raise self._unreadable("a control code without a meaning here", 1)
            case _:
                self._character()

    # What comes in

    def _take(self, count: int) -> bytes:
        taken = self.raw[self.at : self.at + count]
        if len(taken) < count:
            raise self._unreadable(f"the bytes end within a command: {count - len(taken)} are missing", 8)
        self.at += count
        return taken

    def _unreadable(self, what: str, count: int) -> Unreadable:
        return Unreadable(f"byte {self.at}: {self.raw[self.at : self.at + count].hex(' ')}: {what}")

    def _complain(self, what: str) -> None:
        self.complaints.append(f"byte {self.at}: {what}")

    def _among(self, value: int, allowed: range | frozenset[int], what: str) -> int:
        if value not in allowed:
            raise self._unreadable(f"{what} {value} is out of range", 0)
        return value

    # Text

    def _character(self) -> None:
        """FS &: a printer of Chinese looks for a two-byte code first; below 80h it is a plain character."""
        first = self.raw[self.at]
        if first < 0x7F:
            self._put(chr(first), self.modes.font)
            self.at += 1
            return
        if not (self.modes.is_chinese or self.encoding == "utf-8"):  # set to UTF-8, a printer has no other text
            raise self._unreadable("no Chinese mode is on: a code page would print something else", 2)
        for count in (2, 3, 4) if self.encoding == "utf-8" else (2, 4):
            try:
                text = self.raw[self.at : self.at + count].decode(self.encoding)
            except UnicodeDecodeError:
                continue
            if len(text) == 1:
                self.at += count
                self._put(text, HAN)
                return
        raise self._unreadable(f"no character in {self.encoding}", 4)

    def _put(self, text: str, cell: tuple[int, int]) -> None:
        wide = cell[0] * self.modes.times[0]
        if self._line_dots() + wide > self.width_dots:  # the line is full: it is printed, the rest goes below
            self._complain(f"{text!r} has no room after {self._text()!r}")
            self._print_line()
        self.line.append((text, cell, self.modes.times, self.modes.bold))

    def _text(self) -> str:
        return "".join(text for text, *_ in self.line)

    def _line_dots(self) -> int:
        return sum(cell[0] * times[0] for _, cell, times, _ in self.line)

    def _print_line(self) -> None:
        high = max((cell[1] * times[1] for _, cell, times, _ in self.line), default=0)
        top = self.fed_dots
        self.fed_dots += max(self.modes.spacing_dots, high)
        if not self.line:
            return
        weights = {bold for text, _, _, bold in self.line if text != " "}
        if len(weights) > 1:
            self._complain(f"{self._text()!r} is bold in parts")
        self.pieces.append(
            Row(
                text=self._text(),
                sizes=frozenset(times for _, _, times, _ in self.line),
                bold=weights == {True},
                align=self.modes.align,
                width_dots=self._line_dots(),
                top_dots=top,
                high_dots=high,
            )
        )
        self.line.clear()

    # DLE, ESC, FS

    def _dle(self) -> None:
        """Commands in real time: worked off before all that still waits to be printed."""
        match tuple(self.raw[self.at + 1 : self.at + 3]):
            case (0x04, n):
                self._among(n, range(1, 5), "DLE EOT")
                self.live.append(self._take(3))
            case (0x14, 8):
                command = self._take(10)
                if command[2:] != bytes([8, 1, 3, 20, 1, 6, 2, 8]):
                    raise self._unreadable("DLE DC4 8 clears only when followed by 1 3 20 1 6 2 8", 0)
                self.live.append(command)
            case _:
                raise self._unreadable("DLE and what the reference does not know", 3)

    def _esc(self) -> None:  # noqa: C901, PLR0912 - one command a case, as in the reference
        match bytes([self.raw[self.at + 1]]) if self.at + 1 < len(self.raw) else b"":
            case b"@":
                self.at += 2
                if self.line:
                    self._complain(f"ESC @ clears {self._text()!r}")
                self.line.clear()
                self.modes = _Modes()
            case b"2":
                self.at += 2
                self.modes.spacing_dots = SPACING_DOTS
            case b"3":
                self.modes.spacing_dots = self._take(3)[2]
            case b"a":
                align = ALIGNS[self._among(self._take(3)[2], frozenset(ALIGNS), "ESC a")]
                self._at_start("ESC a")
                if not self.line:
                    self.modes.align = align
            case b"d":
                lines = self._take(3)[2]
                for _ in range(lines):
                    self._print_line()
            case b"J":
                dots = self._take(3)[2]
                self._print_line()
                self.fed_dots += dots - self.modes.spacing_dots
            case b"E":
                self.modes.bold = bool(self._take(3)[2] & 1)
            case b"M":
                self.modes.font = FONTS[self._among(self._take(3)[2], frozenset(FONTS), "ESC M")]
            case b"!":
                mode = self._take(3)[2]
                self.modes.font = FONTS[mode & 1]
                self.modes.bold = bool(mode & 8)
                self.modes.times = (2 if mode & 0x20 else 1, 2 if mode & 0x10 else 1)
            case b"t":
                self._take(3)  # a code page: of no matter to ASCII and Chinese
            case b"i" | b"m" as old:
                self.at += 2
                self._cut(FULL if old == b"i" else PARTIAL, 0, "ESC i" if old == b"i" else "ESC m")
            case _:
                raise self._unreadable("ESC and what the reference does not know", 3)

    def _fs(self) -> None:
        match bytes([self.raw[self.at + 1]]) if self.at + 1 < len(self.raw) else b"":
            case b"&":
                self.at += 2
                self.modes.is_chinese = True
            case b".":
                self.at += 2
                self.modes.is_chinese = False
            case _:
                raise self._unreadable("FS and what the reference does not know", 3)

    # GS

    def _gs(self) -> None:
        match bytes([self.raw[self.at + 1]]) if self.at + 1 < len(self.raw) else b"":
            case b"!":
                n = self._take(3)[2]
                self._among(n & 0x88, frozenset({0}), "GS ! with reserved bits")
                self.modes.times = ((n >> 4) + 1, (n & 7) + 1)
            case b"r":
                self.pieces.append(Ask(self._among(self._take(3)[2], frozenset({1, 2, 49, 50}), "GS r")))
            case b"V":
                self._gs_cut()
            case b"v":
                self._gs_raster()
            case b"(":
                self._gs_symbol()
            case _:
                raise self._unreadable("GS and what the reference does not know", 3)

    def _gs_cut(self) -> None:
        mode = self._take(3)[2]
        kinds = {0: FULL, 48: FULL, 65: FULL, 1: PARTIAL, 49: PARTIAL, 66: PARTIAL}
        self._among(mode, frozenset(kinds), "GS V")
        feeds = self._take(1)[0] if mode in {65, 66} else 0
        self._cut(kinds[mode], feeds, "GS V")

    def _cut(self, kind: str, feeds: int, name: str) -> None:
        if self._at_start(name):
            self.pieces.append(Cut(kind=kind, feeds_dots=feeds))

    def _at_start(self, name: str) -> bool:
        """Many commands work at the beginning of a line only."""
        if self.line:
            self._complain(f"{name} is ignored after {self._text()!r}")
        return not self.line

    def _gs_raster(self) -> None:
        """GS v 0 m xL xH yL yH d1…dk: x bytes wide, y dots high."""
        head = self._take(8)
        self._among(head[2], frozenset({48}), "GS v")
        wide_times = 2 if self._among(head[3] & 0x0F, range(4), "GS v 0") & 1 else 1
        high_times = 2 if head[3] & 2 else 1
        row_bytes, high = int.from_bytes(head[4:6], "little"), int.from_bytes(head[6:8], "little")
        self._among(row_bytes, range(1, 65536), "GS v 0: width")
        self._among(high, range(1, 2304), "GS v 0: height")
        began = self.at
        dots = self._take(row_bytes * high)
        for spot in _live_within(dots):
            self._complain(f"a picture's byte {began + spot} begins a command in real time")
        if not self._at_start("GS v 0"):
            return
        rows = tuple(dots[n * row_bytes : (n + 1) * row_bytes] for n in range(high))
        ink = max((_ink_dots(row) for row in rows), default=0) * wide_times
        if ink > self.width_dots:
            self._complain(f"a picture of {ink} dots loses what is beyond {self.width_dots}")
        raster = Raster(
            width_dots=row_bytes * 8 * wide_times,
            rows=rows,
            align=self.modes.align,
            top_dots=self.fed_dots,
            high_dots=high * high_times,
        )
        self.pieces.append(raster)
        self.fed_dots += raster.high_dots

    def _gs_symbol(self) -> None:
        """GS ( k pL pH cn fn …: QR codes are cn 49."""
        head = self._take(7)
        length = int.from_bytes(head[3:5], "little")
        if head[2:3] != b"k" or head[5] != 49:
            raise self._unreadable("GS ( and what is no QR code", 0)
        told = self._take(length - 2)
        match head[6]:
            case 65:
                self._among(told[0], frozenset({49, 50, 51}), "QR model")
            case 67:
                self.modes.qr_module = self._among(told[0], range(1, 17), "QR module")
            case 69:
                self.modes.qr_level = QR_LEVELS[self._among(told[0], frozenset(QR_LEVELS), "QR level")]
            case 80:
                self._among(told[0], frozenset({48}), "QR store")
                self.modes.qr_data = told[1:]
            case 81:
                self._among(told[0], frozenset({48}), "QR print")
                self._print_symbol()
            case _:
                raise self._unreadable(f"QR function {head[6]}", 0)

    def _print_symbol(self) -> None:
        modes = self.modes
        if not modes.qr_data:
            self._complain("no QR code is printed: none is stored")
            return
        if not self._at_start("GS ( k"):
            return
        code = zxingcpp.create_barcode(modes.qr_data, zxingcpp.BarcodeFormat.QRCode, ec_level=modes.qr_level)
        modules = code.to_image(scale=1, add_quiet_zones=False).shape[0]
        wide = modules * modes.qr_module
        if wide > self.width_dots:
            self._complain(f"no QR code is printed: {wide} dots do not fit {self.width_dots}")
            return
        symbol = Symbol(
            content=modes.qr_data,
            level=modes.qr_level,
            module_dots=modes.qr_module,
            width_dots=wide,
            align=modes.align,
            top_dots=self.fed_dots,
        )
        self.pieces.append(symbol)
        self.fed_dots += wide


def _live_within(dots: bytes) -> Iterator[int]:
    """Return where a picture's bytes happen to be a command in real time: a printer may work it off."""
    for spot in range(len(dots) - 2):
        match tuple(dots[spot : spot + 3]):
            case (0x10, 0x04, 1 | 2 | 3 | 4) | (0x10, 0x05, 0 | 1 | 2) | (0x10, 0x14, 1 | 2 | 8):
                yield spot
            case _:
                pass


def _ink_dots(row: bytes) -> int:
    """Return how far right the last black dot stands."""
    bare = row.rstrip(b"\0")
    if not bare:
        return 0
    return len(bare) * 8 - ((bare[-1] & -bare[-1]).bit_length() - 1)
