"""Colours, fonts and labels of the board, in the pixels of a 1920x1080 design with its origin at the top left."""

from pathlib import Path
from typing import Final

from kivy import kivy_data_dir
from kivy.core.text import LabelBase
from kivy.uix.label import Label
from kivy.uix.widget import Widget
from kivy.utils import get_color_from_hex

from ..fonts import Fonts

WIDTH: Final = 1920
HEIGHT: Final = 1080
TEXT: Final = "board-text"
FIGURES: Final = "board-figures"  # bold, all figures of one width

NIGHT: Final = get_color_from_hex("#0B1715")
NIGHT_2: Final = get_color_from_hex("#12231F")
NIGHT_LINE: Final = get_color_from_hex("#24403A")
MUTED: Final = get_color_from_hex("#9DB5AE")
WHITE: Final = get_color_from_hex("#FFFFFF")
TICKER: Final = get_color_from_hex("#DCE8E4")
NOTE: Final = get_color_from_hex("#1B332D")
CALL: Final = get_color_from_hex("#FFC233")
CALL_LIGHT: Final = get_color_from_hex("#FFE6A8")
ON_CALL: Final = get_color_from_hex("#1C1300")
ARROW_ON_CALL: Final = get_color_from_hex("#6B4A00")
ALIVE: Final = get_color_from_hex("#43C59E")
AWAY: Final = get_color_from_hex("#6E807B")


def register(fonts: Fonts) -> None:
    """Give Kivy the fonts; without a bold of the family, figures are in Kivy's own Roboto Bold."""
    LabelBase.register(name=TEXT, fn_regular=fonts.text, fn_bold=fonts.bold or None)
    LabelBase.register(name=FIGURES, fn_regular=fonts.bold or str(Path(kivy_data_dir) / "fonts" / "Roboto-Bold.ttf"))


class Scale:
    """From the design's pixels to the window's."""

    def __init__(self, width: float, height: float) -> None:
        self.x = width / WIDTH
        self.y = height / HEIGHT
        self.text = min(self.x, self.y)
        self.height = height

    def box(self, x: float, y: float, width: float, height: float) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return position and size for Kivy, whose origin is at the bottom left."""
        return (x * self.x, self.height - (y + height) * self.y), (width * self.x, height * self.y)

    def point(self, x: float, y: float) -> tuple[float, float]:
        return x * self.x, self.height - y * self.y


class Ink(Label):  # type: ignore[misc] # Kivy ships no types
    """One line of text, or a paragraph of a given width; redrawn only when it changes."""

    def __init__(self, parent: Widget, *, font: str = TEXT, colour: list[float] = WHITE) -> None:
        super().__init__(font_name=font, color=colour, size_hint=(None, None))
        self._drawn: object = None
        parent.add_widget(self)

    def put(
        self, text: str, at: tuple[float, float], *, px: float, align: float = 0.0, fit: float = 0.0, wrap: float = 0.0
    ) -> None:
        """Centre the line's height on `at`; `align` 0 begins there, 1 ends there. `fit` shrinks it to that width."""
        drawn = (text, px, fit, wrap, tuple(self.color))
        if drawn != self._drawn:
            self._drawn = drawn
            self.text, self.font_size, self.text_size = text, px, (wrap or None, None)
            self.texture_update()
            if fit and self.texture_size[0] > fit:
                self.font_size = px * fit / self.texture_size[0]
                self.texture_update()
            self._trigger_texture.cancel()  # it is drawn by now: not once more in the next frame
            self.size = self.texture_size
        self.pos = (at[0] - align * self.width, at[1] - self.height / 2)
