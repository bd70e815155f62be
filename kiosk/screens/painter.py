"""Puts pictures on the panel with Kivy: scales shapes, keeps rendered text, fades from one picture to the next."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Final

from kivy.animation import Animation
from kivy.core.text import Label as CoreLabel
from kivy.core.text import LabelBase
from kivy.graphics import Color, Rectangle, SmoothRoundedRectangle
from kivy.graphics.texture import Texture
from kivy.uix.widget import Widget
from kivy.utils import get_color_from_hex
from PIL import Image, ImageDraw

from broker.theme import Theme

from ..fonts import installed
from ..look import DARK, Palette, palette
from ..panel import Fit, Panel, fit
from .icons import strokes
from .shapes import Area, Box, Dashes, Dots, Icon, Key, Logo, Picture, Run, Shape, Words

FADE_S: Final = 0.15
FAMILY: Final = "hall"
BOLD_OUTLINE: Final = 0.024  # of the size: how much a family without a bold face is thickened on each side
BOLD_FROM: Final = 28  # pixels: smaller text would clot
SUPERSAMPLING: Final = 6
GRID: Final = 24
DASH: Final = 8
HUGE: Final = 100  # pixels


def register_font() -> bool:
    """Register the family; return whether it has a bold face of its own. Raises NoFont."""
    regular, bold = installed()
    LabelBase.register(name=FAMILY, fn_regular=str(regular), fn_bold=str(bold or regular))
    return bold is not None


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Words as they stand on the panel, in pixels from the bottom left; `shrink` is how much they had to give way."""

    said: Words
    x: float
    y: float
    w: float
    h: float
    pixels: int
    shrink: float


class Painter(Widget):  # type: ignore[misc] # Kivy ships no types
    """The panel's whole surface. `show` draws a picture; it fades in when another screen than before is shown."""

    def __init__(
        self,
        *,
        on_drawn: Callable[[Picture], None] = lambda _: None,
        panel: Panel | None = None,
        theme: Theme | None = None,
    ) -> None:
        super().__init__()
        self._panel = panel if panel is not None else Panel()
        self._palettes = {
            contrast: palette(theme if theme is not None else Theme(), contrast=contrast) for contrast in (False, True)
        }
        self._palette: Palette = DARK
        self.placed: list[Placed] = []  # the words of the picture that stands there
        self._own_bold = register_font()
        self._on_drawn = on_drawn
        self._layers = (Widget(), Widget())  # the one that stands there, and the one for the next picture
        self._picture: Picture | None = None
        self._small = lru_cache(maxsize=600)(self._render)
        self._huge = lru_cache(maxsize=16)(self._render)  # each takes a megabyte, and each customer's number is another
        self.scale = 1.0

    def fitted(self) -> Fit:
        """Return how a picture must be made for this window; sets the scale."""
        found = fit(self._panel, int(self.width), int(self.height))
        self.scale = found.scale
        return found

    def show(self, picture: Picture, *, fades: bool, contrast: bool = False) -> None:
        """Draw `picture` unless it is what stands there already."""
        colours = self._palettes[contrast]
        if picture == self._picture and colours is self._palette:
            return
        self._palette = colours
        self.placed = []
        before, layer = self._layers
        self._layers = (layer, before)
        Animation.cancel_all(layer)
        Animation.cancel_all(before)
        self._shed(layer)
        self._picture = picture
        layer.size, layer.pos = self.size, self.pos
        with layer.canvas:
            self._color(picture.ground)
            Rectangle(pos=self.pos, size=self.size)
            for shape in picture.shapes:
                self._draw(shape)
        self.add_widget(layer)
        before.opacity = layer.opacity = 1
        if fades and before.parent is not None:
            layer.opacity = 0
            fade = Animation(opacity=1, duration=FADE_S)
            fade.bind(on_complete=lambda *_: self._shed(before))
            fade.start(layer)
        else:
            self._shed(before)
        self._on_drawn(picture)

    def _shed(self, layer: Widget) -> None:
        """Take a picture away, and free what it was drawn with: Kivy's garbage would keep megabytes of each."""
        self.remove_widget(layer)
        layer.canvas.clear()

    @property
    def is_settled(self) -> bool:
        """Whether nothing fades any more."""
        return len(self.children) <= 1

    def key_at(self, x: float, y: float) -> str | None:
        """Return the key under a point of the window, in Kivy's pixels (y upwards)."""
        at_x, at_y = x / self.scale, (self.height - y) / self.scale
        for key in self._picture.keys if self._picture is not None else ():
            if key.area.x <= at_x <= key.area.right and key.area.y <= at_y <= key.area.bottom:
                return key.name
        return None

    def in_corner(self, x: float, y: float, side_mm: float) -> bool:
        """Tell whether a point of the window lies in a square in its upper left corner."""
        side = side_mm * self.fitted().units_per_mm * self.scale
        return x <= side and self.height - y <= side

    def keys(self) -> list[tuple[str, float, float, float, float]]:
        """Return name, x, y, width and height of each key, in pixels from the bottom left."""
        s = self.scale
        shown = self._picture.keys if self._picture is not None else ()
        return [
            (each.name, each.area.x * s, self.height - each.area.bottom * s, each.area.w * s, each.area.h * s)
            for each in shown
        ]

    def fraction(self, area: Area) -> list[float]:
        """Return x0, y0, x1, y1 of an area as parts of the window, y upwards as touch providers count."""
        w, h = self.width / self.scale, self.height / self.scale
        return [round(part, 4) for part in (area.x / w, 1 - area.bottom / h, area.right / w, 1 - area.y / h)]

    def _draw(self, shape: Shape) -> None:
        match shape:
            case Box():
                self._box(shape)
            case Words():
                self._words(shape)
            case Icon():
                self._icon(shape)
            case Dashes(x=x, y=y, w=w, color=color):
                self._color(color)
                for place in range(int(w // (2 * DASH))):
                    area = Area(x=x + place * 2 * DASH, y=y, w=DASH, h=2)
                    Rectangle(**self._place(area))
            case Logo(path=path, area=area):
                Color(1, 1, 1, 1)
                Rectangle(source=path, **self._place(area))
            case Dots(rows=rows, area=area):
                self._color("#FFFFFF")
                Rectangle(texture=_dots_texture(rows), **self._place(area))
            case Key():
                pass

    def _place(self, area: Area) -> dict[str, tuple[float, float]]:
        s = self.scale
        return {"pos": (area.x * s, self.height - area.bottom * s), "size": (area.w * s, area.h * s)}

    def _box(self, box: Box) -> None:
        if box.line is not None:
            self._rounded(box.area, box.line, box.radius)
            self._rounded(box.area.inset(box.line_width, box.line_width), box.fill, box.radius - box.line_width)
        else:
            self._rounded(box.area, box.fill, box.radius)

    def _rounded(self, area: Area, color: str, radius: float) -> None:
        self._color(color)
        if radius <= 0:
            place = self._place(area)
            Rectangle(
                pos=[round(side) for side in place["pos"]], size=[max(1, int(side)) for side in place["size"]]
            )  # on whole pixels: thin lines are equally thin everywhere
        else:
            SmoothRoundedRectangle(**self._place(area), radius=[radius * self.scale], segments=max(8, int(radius)))

    def _color(self, name: str) -> None:
        Color(*get_color_from_hex(self._palette.get(name, name)))

    def _words(self, said: Words) -> None:
        total = self._width(said.runs, 1.0)
        shrink = 1.0 if said.fit is None else min(1.0, said.fit * self.scale / max(total, 1))
        total = self._width(said.runs, shrink) if shrink < 1 else total
        x = said.x * self.scale - {"left": 0.0, "center": 0.5, "right": 1.0}[said.anchor] * total
        baseline = self.height - said.y * self.scale
        size = max(self._pixels(run, shrink) for run in said.runs)
        self.placed.append(Placed(said=said, x=x, y=baseline - size * 0.2, w=total, h=size, pixels=size, shrink=shrink))
        for run in said.runs:
            texture, descent, edge = self._texture(run.text, self._pixels(run, shrink), run.bold)
            self._color(run.color)
            Rectangle(texture=texture, pos=(round(x - edge), round(baseline - descent - edge)), size=texture.size)
            x += texture.width - 2 * edge

    def _pixels(self, run: Run, shrink: float) -> int:
        return max(8, ceil(run.size * self.scale * shrink - 0.01))

    def _width(self, runs: tuple[Run, ...], shrink: float) -> float:
        widths = (self._texture(run.text, self._pixels(run, shrink), run.bold) for run in runs)
        return float(sum(texture.width - 2 * edge for texture, _, edge in widths))

    def _texture(self, text: str, pixels: int, bold: bool) -> tuple[Texture, float, int]:  # noqa: FBT001 - a cache's key
        return (self._huge if pixels >= HUGE else self._small)(text, pixels, bold)

    def _render(self, text: str, pixels: int, bold: bool) -> tuple[Texture, float, int]:  # noqa: FBT001 - a cache's key
        """Return white text, how far it reaches below its baseline, and the width of its thickening."""
        edge = max(int(pixels * BOLD_OUTLINE), int(pixels >= BOLD_FROM)) if bold and not self._own_bold else 0
        options = {"outline_width": edge, "outline_color": (1, 1, 1, 1)} if edge else {}
        label = CoreLabel(text=text or " ", font_size=pixels, font_name=FAMILY, bold=bold, **options)
        label.refresh()
        return label.texture, -label.get_descent(), edge

    def _icon(self, icon: Icon) -> None:
        pixels = max(8, round(icon.size * self.scale))
        texture = _icon_texture(icon.name, pixels, icon.stroke)
        self._color(icon.color)
        area = Area(x=icon.x, y=icon.y, w=icon.size, h=icon.size)
        x, y = self._place(area)["pos"]
        Rectangle(texture=texture, pos=(round(x), round(y)), size=(pixels, pixels))


@lru_cache(maxsize=100)
def _icon_texture(name: str, pixels: int, stroke: float) -> Texture:
    big = pixels * SUPERSAMPLING
    unit = big / GRID
    picture = Image.new("L", (big, big), 0)
    pen = ImageDraw.Draw(picture)
    half = stroke * unit / 2
    for points in strokes(name):
        dots = [(x * unit, y * unit) for x, y in points]
        pen.line(dots, fill=255, width=round(stroke * unit), joint="curve")
        for x, y in dots:
            pen.ellipse((x - half, y - half, x + half, y + half), fill=255)
    small = picture.resize((pixels, pixels), Image.Resampling.LANCZOS).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    white = Image.new("L", small.size, 255)
    texture = Texture.create(size=small.size, colorfmt="rgba")
    rgba = Image.merge("RGBA", (white, white, white, small))
    texture.blit_buffer(rgba.tobytes(), colorfmt="rgba", bufferfmt="ubyte")
    return texture


@lru_cache(maxsize=2)
def _dots_texture(rows: tuple[str, ...]) -> Texture:
    """Return a code, a pixel for each of its squares."""
    texture = Texture.create(size=(len(rows[0]), len(rows)), colorfmt="luminance")
    texture.mag_filter = texture.min_filter = "nearest"
    luminance = bytes(0 if square == "#" else 255 for row in reversed(rows) for square in row)
    texture.blit_buffer(luminance, colorfmt="luminance", bufferfmt="ubyte")
    return texture
