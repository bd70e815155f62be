"""What overrides everything: that people must leave, or that calls are interrupted."""

from typing import Final

from kivy.graphics import Color, Rectangle
from kivy.uix.widget import Widget

from broker.legibility import Arrangement
from broker.text_width import lines_of, width_of

from ..pages import Message, Sight
from .ink import FIGURES, TEXT, Ground, Ink

MOST_LINES: Final = 14


class Whole(Widget):  # type: ignore[misc] # Kivy ships no types
    """Covers the board while there is a message."""

    def __init__(self, arrangement: Arrangement, ground: Ground) -> None:
        super().__init__()
        self._arrangement, self._ground = arrangement, ground
        with self.canvas.before:
            self._colour = Color(0, 0, 0, 0)
            self._cover = Rectangle(size=(0, 0))
        self._lines = [Ink(self) for _ in range(MOST_LINES)]
        self._drawn: Message | None = None

    def draw(self, sight: Sight) -> None:
        message = sight.message
        if message == self._drawn:
            return
        self._drawn = message
        panel, colours = self._arrangement.panel, self._ground.colours
        self._colour.rgba = [*colours["alarm" if message and message.alarm else "night"][:3], 1 if message else 0]
        margin = 0.1 * panel.width  # the picture moves: nothing shows at its edges
        whole = (panel.width + 2 * margin, panel.height + 2 * margin)
        self._cover.pos, self._cover.size = (-margin, -margin), whole if message else (0, 0)
        said = self._said(message) if message else []
        y = (panel.height - _height(said)) / 2
        for at, label in enumerate(self._lines):
            words, size = said[at] if at < len(said) else ("", self._arrangement.text)
            y += 0.65 * size
            where = self._ground.point(panel.width / 2, y)
            label.font = FIGURES if words.isascii() and size > self._arrangement.text else TEXT
            label.put(words, where, px=size, colour=colours["white"], align=0.5, fit=0.96 * panel.width)
            y += 0.65 * size

    def _said(self, message: Message) -> list[tuple[str, float]]:
        """Return the lines with their sizes: titles as large as can be, all as large as must be."""
        panel, text = self._arrangement.panel, self._arrangement.text
        across, high = 0.94 * panel.width, 0.94 * panel.height
        largest = min(0.28 * panel.height, across / max(width_of(each, 0.92) for each in message.title))
        for bodies in (message.body, message.body[:1], ()):
            for share in (1.0, 0.85, 0.7, 0.55):
                title = max(text, share * largest)
                said = [(head, title) for head in message.title]
                said += [(line, text) for body in bodies for line in lines_of(body, across / text)]
                if _height(said) <= high:
                    return said[:MOST_LINES]
        return [(head, text) for head in message.title]


def _height(said: list[tuple[str, float]]) -> float:
    return sum(size * 1.3 for _, size in said)
