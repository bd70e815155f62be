"""The line at the bottom: a dot that says whether all is live, one sentence at a time, and the clock."""

from typing import Final

from kivy.graphics import Color, Line, SmoothEllipse
from kivy.uix.widget import Widget

from broker.legibility import Arrangement

from ..pages import CLOCK, DOT, PAD, Sight
from .ink import Ground, Ink

DOT_SIZE: Final = 0.42


class Strip(Widget):  # type: ignore[misc] # Kivy ships no types
    def __init__(self, arrangement: Arrangement, ground: Ground) -> None:
        super().__init__()
        self._arrangement, self._ground = arrangement, ground
        with self.canvas.before:
            Color(*ground.colours["line"])
            self._rule = Line(width=1)
            self._dot_colour = Color(*ground.colours["away"])
            self._dot = SmoothEllipse()
        self._words, self.clock = Ink(self), Ink(self)

    def draw(self, sight: Sight) -> None:
        place, size = self._arrangement.strip, self._arrangement.text
        point, colours = self._ground.point, self._ground.colours
        self._rule.points = [*point(place.x, place.y), *point(place.x + place.w, place.y)]
        middle, side = place.y + place.h / 2, DOT_SIZE * size
        x, y = point(place.x + PAD * size, middle)
        self._dot.pos, self._dot.size = (x, y - side / 2), (side, side)
        self._dot_colour.rgba = colours["alive" if sight.alive else "away"]
        left, right = place.x + (PAD + DOT) * size - 0.15 * size, place.x + place.w - PAD * size
        self.clock.put(sight.clock, point(right, middle), px=size, colour=colours["white"], align=1)
        width = right - left - CLOCK * size + 0.4 * size
        self._words.put(sight.strip, point(left, middle), px=size, colour=colours["white"], fit=width)
