"""The calls: one card a row, the newest one amber and pulsing while it is announced."""

import math
from typing import Final

from kivy.graphics import Color, PopMatrix, PushMatrix, Rotate, SmoothRoundedRectangle
from kivy.uix.widget import Widget

from broker.contract.messages import Language
from broker.contract.texts import texts

from ..board import Row
from . import ink
from .ink import Ink, Scale

LEFT: Final = 48.0
RIGHT: Final = 1160.0
TOP: Final = 116.0
BOTTOM: Final = 964.0
GAP: Final = 18.0
PAD: Final = 36.0
DRAWN_HEIGHT: Final = 198.5  # of a row in the design, to which its text sizes belong
LARGEST: Final = 1.3


class RowTile(Widget):  # type: ignore[misc] # Kivy ships no types
    def __init__(self) -> None:
        super().__init__()
        self.row: Row | None = None
        with self.canvas.before:
            self._card_colour = Color(*ink.NIGHT_2)
            self._card = SmoothRoundedRectangle()
            self._arrow_colour = Color(*ink.MUTED)
            self._shaft = SmoothRoundedRectangle()
            self._head = [_Bar(angle) for angle in (135, -135)]
        self._ticket = Ink(self, font=ink.FIGURES)
        self._counter = Ink(self, font=ink.FIGURES)
        self._suffix = Ink(self)

    def draw(self, row: Row | None, *, top: float, height: float, scale: Scale) -> None:
        """Draw one call into its place; None leaves an empty card."""
        self.row = row
        self._card.pos, self._card.size = scale.box(LEFT, top, RIGHT - LEFT, height)
        self._card.radius = [26 * scale.text]
        size = min(height / DRAWN_HEIGHT, LARGEST) * scale.text
        middle = top + height / 2
        text = ink.ON_CALL if row and row.newest else ink.WHITE
        for label in (self._ticket, self._counter, self._suffix):
            label.color = text
        suffix = texts(Language.ZH)["board"]["counter_suffix"] if row else ""
        self._ticket.put(row.ticket if row else "", scale.point(LEFT + PAD, middle), px=150 * size, fit=590 * scale.x)
        x, y = scale.point(RIGHT - PAD, middle)
        self._suffix.put(suffix, (x, y - 22 * size), px=56 * size, align=1)
        self._counter.put(
            str(row.counter) if row else "", (x - self._suffix.width - 16 * size, y), px=138 * size, align=1
        )
        self._draw_arrow(scale.point(717, middle), size, visible=row is not None)
        self._arrow_colour.rgba = ink.ARROW_ON_CALL if row and row.newest else ink.MUTED
        self._arrow_colour.a = 0 if row is None else 1  # a smooth shape without a size still draws its edge
        self.pulse(0)

    def pulse(self, phase: float) -> None:
        """Colour the card; `phase` counts seconds since the call came, one wave a second."""
        row = self.row
        if row is None:
            self._card_colour.rgba = [*ink.NIGHT_2[:3], 0.45]
        elif not row.newest:
            self._card_colour.rgba = ink.NIGHT_2
        else:
            share = (0.5 - 0.5 * math.cos(2 * math.pi * phase)) if row.pulsing else 0.0
            self._card_colour.rgba = [a + (b - a) * share for a, b in zip(ink.CALL, ink.CALL_LIGHT, strict=True)]

    @property
    def words(self) -> str:
        """What the labels of this row say, as someone would read it."""
        return f"{self._ticket.text} ➜ {self._counter.text} {self._suffix.text}"

    def _draw_arrow(self, centre: tuple[float, float], size: float, *, visible: bool) -> None:
        x, y = centre
        arm, thick = 30 * size, 9.2 * size if visible else 0
        self._shaft.pos, self._shaft.size = (x - arm, y - thick / 2), (2 * arm if visible else 0, thick)
        self._shaft.radius = [thick / 2]
        for bar in self._head:
            bar.draw((x + arm - thick / 2, y), length=31 * size if visible else 0, thick=thick)


class _Bar:
    """Half of an arrow's head: a round-ended stroke from the tip, turned by `angle`."""

    def __init__(self, angle: float) -> None:
        PushMatrix()
        self._turn = Rotate(angle=angle)
        self._stroke = SmoothRoundedRectangle()
        PopMatrix()

    def draw(self, tip: tuple[float, float], *, length: float, thick: float) -> None:
        self._turn.origin = tip
        self._stroke.pos, self._stroke.size = (tip[0] - thick / 2, tip[1] - thick / 2), (length, thick)
        self._stroke.radius = [thick / 2]


class Rows(Widget):  # type: ignore[misc] # Kivy ships no types
    """The left of the board: a head line and as many cards as fit the hall."""

    def __init__(self, places: int) -> None:
        super().__init__()
        self._heads = (Ink(self, colour=ink.MUTED), Ink(self, colour=ink.MUTED))
        self.tiles = [RowTile() for _ in range(places)]
        for tile in self.tiles:
            self.add_widget(tile)

    def draw(self, rows: tuple[Row, ...], scale: Scale) -> None:
        zh, en = texts(Language.ZH)["board"], texts(Language.EN)["board"]
        left, right = self._heads
        left.put(f"{zh['number']} {en['number']}", scale.point(LEFT + PAD, 76), px=34 * scale.text)
        right.put(f"{zh['counter']} {en['counter']}", scale.point(RIGHT - PAD, 76), px=34 * scale.text, align=1)
        height = (BOTTOM - TOP - GAP * (len(self.tiles) - 1)) / len(self.tiles)
        for place, tile in enumerate(self.tiles):
            row = rows[place] if place < len(rows) else None
            tile.draw(row, top=TOP + place * (height + GAP), height=height, scale=scale)
