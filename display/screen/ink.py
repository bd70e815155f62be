"""Fonts and labels of the board, in pixels from the top left."""

from functools import lru_cache
from pathlib import Path
from typing import Final

from kivy import kivy_data_dir
from kivy.core.text import Label as CoreLabel
from kivy.core.text import LabelBase
from kivy.graphics import Color, PopMatrix, PushMatrix, Rectangle, Rotate, SmoothRoundedRectangle
from kivy.uix.widget import Widget
from kivy.utils import get_color_from_hex

from broker.legibility import Place

from ..fonts import Fonts

TEXT: Final = "board-text"
FIGURES: Final = "board-figures"  # bold, all figures of one width
REMEMBERED: Final = 128  # texts; more than a board and its next pages have
Rgba = list[float]


def register(fonts: Fonts) -> None:
    """Give Kivy the fonts; without a bold of the family, figures are in Kivy's own Roboto Bold."""
    LabelBase.register(name=TEXT, fn_regular=fonts.text, fn_bold=fonts.bold or None)
    LabelBase.register(name=FIGURES, fn_regular=fonts.bold or str(Path(kivy_data_dir) / "fonts" / "Roboto-Bold.ttf"))


class Ground:
    """The board's pixels, counted from the top left, and its colours by name."""

    def __init__(self, *, height: float, palette: dict[str, str]) -> None:
        self.height = height
        self.colours: dict[str, Rgba] = {name: get_color_from_hex(said) for name, said in palette.items()}

    def box(self, place: Place) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return position and size for Kivy, whose origin is at the bottom left."""
        return (place.x, self.height - place.y - place.h), (place.w, place.h)

    def point(self, x: float, y: float) -> tuple[float, float]:
        return x, self.height - y


class Writing:
    """A text as pixels, in white; `shrunk` is by how much it had to be smaller than asked for."""

    def __init__(self, text: str, *, font: str, px: float, fit: float) -> None:
        self._label = CoreLabel(text=text, font_name=font, font_size=px)
        self._label.refresh()
        self.shrunk = 1.0
        if fit and self._label.texture.width > fit:
            self.shrunk = fit / self._label.texture.width
            self._label = CoreLabel(text=text, font_name=font, font_size=px * self.shrunk)
            self._label.refresh()
        self.texture = self._label.texture


@lru_cache(maxsize=REMEMBERED)
def written(text: str, font: str, px: float, fit: float) -> Writing:
    """Return a text's pixels; a call that moves to another row, or is amber no more, is not written anew."""
    return Writing(text, font=font, px=px, fit=fit)


class Ink(Widget):  # type: ignore[misc] # Kivy ships no types
    """One line of text. `shrunk` is by how much it had to be smaller than asked for."""

    def __init__(self, parent: Widget, *, font: str = TEXT) -> None:
        super().__init__(size_hint=(None, None), size=(0, 0))
        self.font, self.text, self.shrunk = font, "", 1.0
        with self.canvas:
            self._colour = Color(1, 1, 1, 1)
            self._rectangle = Rectangle(size=(0, 0))
        parent.add_widget(self)

    def put(
        self,
        text: str,
        at: tuple[float, float],
        *,
        px: float,
        colour: Rgba,
        align: float = 0.0,
        fit: float = 0.0,
    ) -> None:
        """Centre the line's height on `at`; `align` 0 begins there, 1 ends there. `fit` is the width it may have."""
        self.text = text
        if not text:
            self.size, self.shrunk = (0, 0), 1.0
            self._rectangle.size = (0, 0)
            return
        writing = written(text, self.font, px, fit)
        self.shrunk, self.size = writing.shrunk, writing.texture.size
        self._colour.rgba = colour
        self._rectangle.texture = writing.texture
        self.pos = (at[0] - align * self.width, at[1] - self.height / 2)
        self._rectangle.pos, self._rectangle.size = self.pos, self.size


class Arrow:
    """An arrow to the right: a round-ended shaft and two strokes. Make it inside `with canvas`."""

    def __init__(self, colour: Rgba) -> None:
        self.colour = Color(*colour)
        self._drawn: object = None
        self._shaft = SmoothRoundedRectangle()
        self._strokes = []
        for angle in (135, -135):
            PushMatrix()
            self._strokes.append((Rotate(angle=angle), SmoothRoundedRectangle()))
            PopMatrix()

    def draw(self, centre: tuple[float, float], size: float, *, visible: bool) -> None:
        """Draw it `size` wide; a smooth shape without a size still draws its edge, so it has no colour then."""
        self.colour.a = 1 if visible else 0
        if not visible or (centre, size) == self._drawn:
            return  # smooth shapes cost more than all else in a frame
        self._drawn = (centre, size)
        (x, y), arm, thick = centre, size / 2, 0.15 * size
        self._shaft.pos, self._shaft.size = (x - arm, y - thick / 2), (size, thick)
        self._shaft.radius = [thick / 2]
        tip = (x + arm - thick / 2, y)
        for turn, stroke in self._strokes:
            turn.origin = tip
            stroke.pos, stroke.size = (tip[0] - thick / 2, tip[1] - thick / 2), (0.52 * size, thick)
            stroke.radius = [thick / 2]
