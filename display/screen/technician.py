"""The technician's page over a board: a PIN by the remote control's digits, then what is broken, with a code.

OK five times within three seconds asks for the PIN; ◀ ▶ turn pages, Back leaves. Other keys mean nothing.
"""

from collections.abc import Sequence
from typing import Final

from kivy.graphics import Color, Rectangle
from kivy.graphics.texture import Texture
from kivy.uix.widget import Widget

from broker.contract.messages import DeviceState, Language
from broker.contract.texts import texts
from broker.technician.desk import Desk, Seen
from broker.technician.door import Stage
from broker.technician.qr import squares
from broker.technician.sheet import Row, counts, rows
from broker.text_width import lines_of

from .ink import Ground, Ink, Rgba

OK: Final = frozenset({0x28, 0x58, 0x2C})  # USB usages: Enter, the keypad's Enter, space
LEAVES: Final = frozenset({0x29, 0x2A, 270})  # Escape, Backspace, a remote control's Back
KEYS: Final = {0x4F: "next", 0x51: "next", 0x50: "before", 0x52: "before", 0x2B: "language:"}  # arrows, Tab
DIGITS: Final = {**{0x1E + n: (n + 1) % 10 for n in range(10)}, **{0x59 + n: (n + 1) % 10 for n in range(10)}}
LIGHTS: Final = {
    DeviceState.FAULT: ("red", [1.0, 0.62, 0.58, 1]),
    DeviceState.WARNING: ("amber", [1.0, 0.80, 0.30, 1]),
    DeviceState.OK: ("green", [0.55, 0.90, 0.62, 1]),
}
WHITE: Final[Rgba] = [1, 1, 1, 1]
NIGHT: Final[Rgba] = [0.05, 0.07, 0.07, 1]
TEXT: Final = 1 / 27  # of the panel's height, for somebody who stands before it


class TechnicianLayer(Widget):  # type: ignore[misc] # Kivy ships no types
    """Covers the board while the desk is open, and hears the remote control."""

    def __init__(self, *, width: float, height: float, ground: Ground, desk: Desk) -> None:
        super().__init__()
        self._wide, self._high, self._ground, self._desk = width, height, ground, desk
        self._text = min(height * TEXT, width / 30)
        self._pages = 1
        self._shown: object = None

    def key(self, usage: int) -> None:
        """Hear a key, by its USB usage."""
        if usage in OK and not self._desk.is_open:
            self._desk.tap()
        elif usage in OK:
            self._desk.press("ok", pages=self._pages)
        elif usage in LEAVES:
            self._desk.press("leave")
        elif usage in DIGITS:
            self._desk.press(f"digit:{DIGITS[usage]}")
        elif usage in KEYS:
            self._desk.press(KEYS[usage], pages=self._pages)

    def draw(self) -> None:
        """Show what the desk shows; nothing while it is shut."""
        seen = self._desk.seen()
        if seen == self._shown:
            return
        self._shown = seen
        self.clear_widgets()
        self.canvas.before.clear()
        if seen.door.is_shut:
            return
        with self.canvas.before:
            Color(*NIGHT)
            margin = 0.1 * self._wide  # the picture moves: nothing shows at its edges
            Rectangle(pos=(-margin, -margin), size=(self._wide + 2 * margin, self._high + 2 * margin))
        if seen.door.stage is Stage.OPEN:
            self._sheet(seen)
        else:
            self._pad(seen)

    def _pad(self, seen: Seen) -> None:
        says = texts(seen.door.language)["technician"]
        wrong = (
            says["wait"].format(seconds=seen.wait_s) if seen.wait_s else says["wrong"] if seen.door.was_wrong else ""
        )
        waiting = says["checking"] if seen.door.stage is Stage.CHECKING else ""
        self._line(wrong or says["pin"], 0.36 * self._high, 1.6)
        self._line(waiting or "● " * len(seen.door.typed) or "—", 0.5 * self._high, 2.4)
        self._line(says["remote"], 0.66 * self._high, 1.0)

    def _line(self, text: str, y: float, size: float) -> None:
        where = self._ground.point(self._wide / 2, y)
        Ink(self).put(text, where, px=size * self._text, colour=WHITE, align=0.5, fit=0.94 * self._wide)

    def _sheet(self, seen: Seen) -> None:
        language = seen.door.language
        says, text = texts(language)["technician"], self._text
        red, amber, green = counts(seen.found)
        side = min(0.3 * self._wide, 0.5 * self._high)
        fit = 0.94 * self._wide - side - text
        leaves = _leaves([_lines(row, language, fit / text) for row in rows(seen.found, language)], self._rooms())
        self._pages = len(leaves)
        at = seen.door.page % self._pages
        said = says["sum"].format(reds=red, ambers=amber, greens=green) if red + amber else says["all_green"]
        count = says["page"].format(page=at + 1, pages=self._pages)
        left, y = 0.03 * self._wide, 1.6 * text
        Ink(self).put(
            f"{said}   {count}", self._ground.point(left, y), px=1.4 * text, colour=WHITE, fit=0.94 * self._wide
        )
        y += 1.6 * text
        for line, colour in leaves[at]:
            y += 1.35 * text
            Ink(self).put(line, self._ground.point(left, y), px=text, colour=colour, fit=fit)
        with self.canvas.before:
            Color(1, 1, 1, 1)
            x, top = 0.97 * self._wide - side, 4.2 * text
            Rectangle(texture=_code(squares(seen.report)), pos=self._ground.point(x, top + side), size=(side, side))
        for place, each in enumerate(lines_of(says["photo"], side / text)):
            where = self._ground.point(x, top + side + (1 + place) * 1.35 * text)
            Ink(self).put(each, where, px=text, colour=WHITE, fit=side)
        foot = self._ground.point(left, self._high - 1.2 * text)
        Ink(self).put(says["remote"], foot, px=0.9 * text, colour=WHITE, fit=0.94 * self._wide)

    def _rooms(self) -> int:
        """Return how many lines a page has."""
        return max(4, int((self._high / self._text - 3.2 - 2.4) / 1.35))


def _lines(row: Row, language: Language, fit: float) -> list[tuple[str, Rgba]]:
    says = texts(language)["technician"]
    word, colour = LIGHTS[row.light]
    head = f"[{says[word]}] {row.head}  {row.text}" if row.head else f"[{says[word]}] {row.text}"
    advice = says["to_do"].format(advice=row.to_do) if row.to_do else ""
    return [
        *((each, colour) for each in lines_of(head, fit)),
        *((each, WHITE) for each in (lines_of(advice, fit) if advice else ())),
        ("", WHITE),
    ]


def _leaves(blocks: Sequence[list[tuple[str, Rgba]]], most: int) -> list[list[tuple[str, Rgba]]]:
    """Return the lines of each page: findings are kept together where they have room."""
    leaves: list[list[tuple[str, Rgba]]] = [[]]
    for block in blocks:
        if leaves[-1] and len(leaves[-1]) + len(block) > most + 1:
            leaves.append([])
        leaves[-1] += block[: most + 1]
    return leaves


def _code(code: tuple[str, ...]) -> Texture:
    texture = Texture.create(size=(len(code[0]), len(code)), colorfmt="luminance")
    texture.mag_filter = texture.min_filter = "nearest"
    luminance = bytes(0 if square == "#" else 255 for row in reversed(code) for square in row)
    texture.blit_buffer(luminance, colorfmt="luminance", bufferfmt="ubyte")
    return texture
