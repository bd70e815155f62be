"""What the panel is made of: plates, words and keys, placed in design pixels from the top left."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from kivy.core.text import LabelBase
from kivy.graphics import Color, SmoothRoundedRectangle
from kivy.input.motionevent import MotionEvent
from kivy.uix.label import Label
from kivy.uix.widget import Widget
from kivy.utils import get_color_from_hex

WIDTH: Final = 1000.0
HEIGHT: Final = 800.0
FAMILY: Final = "panel"
FONTS: Final = (
    "/usr/share/fonts/opentype/noto/NotoSansCJKsc-Regular.otf",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
)

INK: Final = "#10201E"
MUTED: Final = "#4A5A56"
PAPER: Final = "#F3F6F4"
CARD: Final = "#FFFFFF"
LINE: Final = "#D5DED9"
BRAND: Final = "#00695C"
BRAND_DEEP: Final = "#003F37"
BRAND_SOFT: Final = "#E0F0EC"
CALL: Final = "#FFC233"
ALERT: Final = "#B3261E"
ALERT_DEEP: Final = "#7D1812"
ALERT_SOFT: Final = "#FBE9E7"
SHUT: Final = "#EDF0EE"
SHUT_INK: Final = "#5F6D69"
NIGHT: Final = "#0B1715"
NIGHT_MUTED: Final = "#9DB5AE"
ALIVE: Final = "#43C59E"
GREY: Final = "#6E807B"
WHITE: Final = "#FFFFFF"


class Look(NamedTuple):
    fill: str
    pressed: str
    ink: str
    second: str
    line: str


MAIN: Final = Look(BRAND, BRAND_DEEP, WHITE, WHITE, BRAND)
PLAIN: Final = Look(CARD, BRAND_SOFT, INK, MUTED, LINE)
LIVE: Final = Look(BRAND_SOFT, LINE, BRAND_DEEP, BRAND_DEEP, BRAND)
WRONG: Final = Look(ALERT_SOFT, "#F3CFCB", ALERT, ALERT_DEEP, ALERT)
OFF: Final = Look(SHUT, SHUT, SHUT_INK, SHUT_INK, SHUT)


class NoFont(RuntimeError):
    """There is no Chinese font on this machine: apt install fonts-wqy-microhei."""


def register_font() -> None:
    for path in FONTS:
        if Path(path).exists():
            LabelBase.register(name=FAMILY, fn_regular=path)
            return
    raise NoFont("there is no Chinese font on this machine: apt install fonts-wqy-microhei")


class Sheet:
    """From the design's pixels to the window's."""

    def __init__(self, width: float, height: float) -> None:
        self.scale = min(width / WIDTH, height / HEIGHT)
        self.height = height

    def point(self, x: float, y: float) -> tuple[float, float]:
        return x * self.scale, self.height - y * self.scale

    def box(self, x: float, y: float, w: float, h: float) -> tuple[tuple[float, float], tuple[float, float]]:
        return (x * self.scale, self.height - (y + h) * self.scale), (w * self.scale, h * self.scale)


class Words(Label):  # type: ignore[misc] # Kivy ships no types
    """One line of text whose middle is at `y`; shrunk where it would be wider than `fit`."""

    def __init__(self, sheet: Sheet, *, px: float, x: float, y: float, align: float = 0.0, fit: float) -> None:
        super().__init__(font_name=FAMILY, size_hint=(None, None))
        self._sheet, self._px, self._at, self._align, self._fit = sheet, px * sheet.scale, (x, y), align, fit
        self._said: tuple[str, str] | None = None

    def say(self, text: str, colour: str = INK) -> None:
        if self._said == (text, colour):
            return
        self._said = (text, colour)
        self.text, self.color, self.font_size = text, get_color_from_hex(colour), round(self._px)
        self.texture_update()
        most = self._fit * self._sheet.scale
        if self.texture_size[0] > most:
            self.font_size = int(self._px * most / self.texture_size[0])
            self.texture_update()
        x, y = self._sheet.point(*self._at)
        self.size = self.texture_size
        self.pos = (round(x - self._align * self.width), round(y - self.height / 2))


class Plate(Widget):  # type: ignore[misc] # Kivy ships no types
    """A rounded ground with an edge."""

    def __init__(
        self,
        sheet: Sheet,
        x: float,
        y: float,
        w: float,
        h: float,
        *,
        radius: float = 14,
        fill: str = CARD,
        line: str | None = None,
        edge: float = 1.5,
    ) -> None:
        super().__init__(size_hint=(None, None))
        self.sheet, self.x0, self.y0, self.w, self.h = sheet, x, y, w, h
        self.pos, self.size = sheet.box(x, y, w, h)
        inner_pos, inner_size = sheet.box(x + edge, y + edge, w - 2 * edge, h - 2 * edge)
        with self.canvas.before:
            self._line = Color(*get_color_from_hex(line or fill))
            SmoothRoundedRectangle(pos=self.pos, size=self.size, radius=[radius * sheet.scale])
            self._fill = Color(*get_color_from_hex(fill))
            SmoothRoundedRectangle(pos=inner_pos, size=inner_size, radius=[max(1, radius - edge) * sheet.scale])

    def paint(self, fill: str, line: str) -> None:
        self._fill.rgba, self._line.rgba = get_color_from_hex(fill), get_color_from_hex(line)

    def words(self, x: float, y: float, px: float, *, align: float = 0.0, fit: float | None = None) -> Words:
        """Add words at a place of this plate."""
        words = Words(self.sheet, px=px, x=self.x0 + x, y=self.y0 + y, align=align, fit=fit or self.w - x - 8)
        self.add_widget(words)
        return words


class Key(Plate):
    """A key with Chinese large and English small beneath it; silent while its look is OFF."""

    def __init__(
        self, sheet: Sheet, x: float, y: float, w: float, h: float, *, px: float, press: Callable[[], None]
    ) -> None:
        super().__init__(sheet, x, y, w, h, radius=12, line=LINE)
        gap = px * 0.62
        self._zh = self.words(w / 2, h / 2 - px * 0.38, px, align=0.5, fit=w - 12)
        self._en = self.words(w / 2, h / 2 + gap, max(13.0, px * 0.62), align=0.5, fit=w - 12)
        self._press = press
        self._look = OFF
        self._finger: object = None

    def show(self, zh: str, en: str, look: Look) -> None:
        self._look = look
        self._zh.say(zh, look.ink)
        self._en.say(en, look.second)
        self._paint()

    def _paint(self) -> None:
        self.paint(self._look.pressed if self._finger is not None else self._look.fill, self._look.line)

    def on_touch_down(self, touch: MotionEvent) -> bool:
        if not self.collide_point(*touch.pos) or self._look is OFF:
            return False
        self._finger = touch.uid
        self._paint()
        return True

    def on_touch_up(self, touch: MotionEvent) -> bool:
        if touch.uid != self._finger:
            return False
        self._finger = None
        self._paint()
        if self.collide_point(*touch.pos) and self._look is not OFF:
            self._press()
        return True
