"""What an ESC/POS printer puts on paper: each command's piece, how far the paper moves for it, and where it is cut."""

from dataclasses import dataclass, field
from typing import Final, Literal

from .escpos_commands import Command

DOTS_A_MM: Final = 8.0  # 203 dpi
_LINE_DOTS: Final = 30  # "default line spacing: 1/6 inch"
_GLYPH_DOTS: Final = 24
_COLUMN_DOTS: Final = 12
_KNIFE_MM: Final = 12.0  # from the head to the knife
_QR_CAPACITY: Final = (17, 32, 53, 78, 106, 134, 154, 192, 230, 271, 321, 367, 425, 458, 520, 586, 644, 718, 792, 858)
_QR_SIGNS: Final = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")  # alphanumeric mode packs them denser
_QR_SIGNS_CAPACITY: Final = (25, 47, 77, 114, 154, 195, 224, 279, 335, 395)
_QR_CODE: Final = 0x31
_ALIGNS: Final[tuple[Literal["left", "center", "right"], ...]] = ("left", "center", "right")


@dataclass(frozen=True, kw_only=True)
class Text:
    text: str
    size: int
    bold: bool
    align: Literal["left", "center", "right"]


@dataclass(frozen=True, kw_only=True)
class Dots:
    """A picture, one bit a dot, rows of whole bytes, 1 is black."""

    width: int
    height: int
    rows: bytes


@dataclass(frozen=True, kw_only=True)
class QrCode:
    text: str
    module_dots: int
    align: Literal["left", "center", "right"]


Piece = Text | Dots | QrCode


@dataclass(frozen=True, kw_only=True)
class Step:
    """What one command does: the paper moves, a piece is printed, the knife falls."""

    mm: float = 0.0
    piece: Piece | None = None
    cut: bool = False


@dataclass(kw_only=True)
class Slip:
    """What lies between two cuts."""

    raw: bytearray = field(default_factory=bytearray)
    pieces: list[Piece] = field(default_factory=list)
    mm: float = 0.0

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(piece.text for piece in self.pieces if isinstance(piece, Text) and piece.text.strip())

    @property
    def qr_texts(self) -> tuple[str, ...]:
        return tuple(piece.text for piece in self.pieces if isinstance(piece, QrCode))


class Typesetter:
    """Follows the modes that commands set; `kanji_encoding` is what the printer's Chinese font is wired for."""

    def __init__(self, *, width_dots: int = 576, kanji_encoding: str = "gb18030") -> None:
        self._width_dots = width_dots
        self._kanji_encoding = kanji_encoding
        self.reset()

    def reset(self) -> None:
        """ESC @."""
        self._kanji = False
        self._size = (1, 1)
        self._bold = False
        self._align: Literal["left", "center", "right"] = "left"
        self._spacing_dots = _LINE_DOTS
        self._line = ""
        self._line_columns = 0
        self._line_dots = 0
        self._half = b""
        self._barcode_dots = 162
        self._page_dots = 0
        self._page_mode = False
        self._stored_dots = 0
        self._qr_dots, self._qr_text = 3, ""

    def step(self, command: Command) -> Step:
        """Return what `command` does to the paper, and remember the modes that it sets."""
        arguments = command.arguments
        match command.name:
            case "text":
                self._type(arguments)
                return Step()
            case "LF":
                return self._end_line(1)
            case "ESC d":
                return self._end_line(arguments[0])
            case "ESC J":
                return self._end_line(0, more_dots=arguments[0])
            case "FF" if self._page_mode:
                self._page_mode, self._line, self._line_columns = False, "", 0
                return Step(mm=self._page_dots / DOTS_A_MM)
            case "GS v" | "ESC *" | "GS (" | "GS 8" | "GS k":
                return self._graphics(command)
            case "GS V":
                return self._cut(arguments)
            case "ESC i" | "ESC m":
                return Step(cut=True)
            case _:
                self._set_mode(command.name, arguments)
                return Step()

    def _set_mode(self, name: str, arguments: bytes) -> None:
        match name:
            case "ESC @":
                self.reset()
            case "FS &" | "FS .":
                self._kanji, self._half = name == "FS &", b""
            case "GS !":
                self._size = (arguments[0] >> 4 & 7) + 1, (arguments[0] & 7) + 1
            case "ESC !":
                wide, high = bool(arguments[0] & 0x20), bool(arguments[0] & 0x10)
                self._size, self._bold = (1 + wide, 1 + high), bool(arguments[0] & 0x08)
            case "ESC E":
                self._bold = bool(arguments[0] & 1)
            case "ESC a":
                self._align = _ALIGNS[arguments[0] % 0x30 % 3]
            case "ESC 2":
                self._spacing_dots = _LINE_DOTS
            case "ESC 3":
                self._spacing_dots = arguments[0]
            case "GS h":
                self._barcode_dots = arguments[0]
            case "ESC L" | "ESC S":
                self._page_mode = name == "ESC L"
            case "ESC W":
                self._page_dots = int.from_bytes(arguments[6:8], "little")

    def _type(self, chunk: bytes) -> None:
        is_chinese = self._kanji or self._kanji_encoding == "utf-8"  # where it is UTF-8, there is no other mode
        text, self._half = _decoded(self._half + chunk, self._kanji_encoding if is_chinese else "cp437")
        self._line += text
        self._line_columns += self._size[0] * sum(1 if character.isascii() else 2 for character in text)
        self._line_dots = max(self._line_dots, _GLYPH_DOTS * self._size[1])

    def _end_line(self, lines: int, *, more_dots: int = 0) -> Step:
        if self._page_mode:
            self._line, self._line_columns = "", 0
            return Step()
        rows = max(1, -(-self._line_columns * _COLUMN_DOTS // self._width_dots))
        dots = max(self._spacing_dots, self._line_dots) * rows + self._spacing_dots * (lines - 1) + more_dots
        piece = Text(text=self._line, size=self._size[1], bold=self._bold, align=self._align) if self._line else None
        self._line, self._line_columns, self._line_dots, self._half = "", 0, 0, b""
        return Step(mm=max(0.0, dots / DOTS_A_MM), piece=piece)

    def _graphics(self, command: Command) -> Step:
        arguments = command.arguments
        match command.name:
            case "GS v":
                width, height = _word(arguments, 2) * 8, _word(arguments, 4)
                return self._picture(Dots(width=width, height=height, rows=arguments[6:]))
            case "ESC *":
                self._line_dots = max(self._line_dots, _GLYPH_DOTS)
            case "GS k":
                return Step(mm=0.0 if self._page_mode else self._barcode_dots / DOTS_A_MM)
            case "GS 8" if arguments[:1] == b"L":
                return self._stored(arguments[5:])
            case "GS (" if arguments[:1] == b"L":
                return self._stored(arguments[3:])
            case "GS (" if arguments[:1] == b"k" and arguments[3:4] == bytes((_QR_CODE,)):
                return self._qr(arguments[4], arguments[5:])
        return Step()

    def _picture(self, dots: Dots) -> Step:
        return Step() if self._page_mode else Step(mm=dots.height / DOTS_A_MM, piece=dots)

    def _stored(self, body: bytes) -> Step:
        if body[1:2] == b"\x70":  # "fn 112: store in the print buffer: a bx by c xL xH yL yH"
            self._stored_dots = _word(body, 8)
            return Step()
        if body[1:2] in {b"\x02", b"\x32"} and not self._page_mode:  # "fn 50: print what is stored"
            return Step(mm=self._stored_dots / DOTS_A_MM)
        return Step()

    def _qr(self, function: int, body: bytes) -> Step:
        match function:
            case 67:
                self._qr_dots = body[0]
            case 80:
                self._qr_text = body[1:].decode("utf-8", errors="replace")
            case 81 if not self._page_mode:
                size = len(self._qr_text.encode())
                is_plain = _QR_SIGNS.issuperset(self._qr_text) and size <= _QR_SIGNS_CAPACITY[-1]
                capacity = _QR_SIGNS_CAPACITY if is_plain else _QR_CAPACITY
                version = next((n for n, most in enumerate(capacity, 1) if size <= most), len(capacity))
                piece = QrCode(text=self._qr_text, module_dots=self._qr_dots, align=self._align)
                return Step(mm=(17 + 4 * version) * self._qr_dots / DOTS_A_MM, piece=piece)
        return Step()

    def _cut(self, arguments: bytes) -> Step:
        if len(arguments) == 1:
            return Step(cut=True)
        return Step(mm=_KNIFE_MM + arguments[1] / DOTS_A_MM, cut=True)


def _decoded(typed: bytes, encoding: str) -> tuple[str, bytes]:
    """Return the text and the half character that may be left at the end."""
    for half in range(4):
        whole = typed[: len(typed) - half]
        try:
            return whole.decode(encoding), typed[len(whole) :]
        except UnicodeDecodeError:
            continue
    return typed.decode(encoding, errors="replace"), b""


def _word(stream: bytes, place: int) -> int:
    return int.from_bytes(stream[place : place + 2], "little")
