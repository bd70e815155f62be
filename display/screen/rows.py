"""The calls: one card a row, the newest one amber and pulsing while it is announced."""

import math
from typing import Final

from kivy.graphics import Color, SmoothLine, SmoothRoundedRectangle
from kivy.uix.widget import Widget

from broker.contract.messages import Language
from broker.contract.texts import texts
from broker.legibility import ARROW, BETWEEN, COUNTER, SIDES, TICKET, Arrangement, Place
from broker.text_width import width_of

from ..board import Row
from ..pages import Sight
from .ink import FIGURES, Arrow, Ground, Ink

SUFFIX_GAP: Final = 0.2  # of the text's size
TAG_PAD: Final = 0.28


class RowTile(Widget):  # type: ignore[misc] # Kivy ships no types
    def __init__(self, place: Place, arrangement: Arrangement, ground: Ground, first: Language) -> None:
        super().__init__()
        self.row: Row | None = None
        self._place, self._arrangement, self._ground, self._first = place, arrangement, ground, first
        with self.canvas.before:
            self._card_colour = Color(*ground.colours["card"])
            self._card = SmoothRoundedRectangle()
            self._arrow = Arrow(ground.colours["muted"])
            self._tag_colour = Color(*ground.colours["tag"])
            self._tag_frame = SmoothLine()
        self._card.pos, self._card.size = ground.box(place)
        self._card.radius = [min(0.2 * place.h, 0.3 * arrangement.text)]
        self._tag_drawn: object = None
        self.ticket = Ink(self, font=FIGURES)
        self.counter = Ink(self, font=FIGURES)
        self._word = Ink(self)
        self._tag = Ink(self)

    @property
    def words(self) -> str:
        """What the labels of this row say, as someone would read it."""
        counter, word = self.counter.text, self._word.text
        said = f"{word} {counter}" if self._first is not Language.ZH else f"{counter} {word}"
        return f"{self.ticket.text} ➜ {said.strip()}"

    @property
    def shrunk(self) -> float:
        """By how much the number had to be smaller than it should be; 1: it was not."""
        return float(self.ticket.shrunk)

    def draw(self, row: Row | None, *, faded: bool) -> None:
        """Draw one call into its place; None leaves an empty card."""
        self.row, colours = row, self._ground.colours
        amber = row is not None and row.newest and not faded
        self._ink = colours["faded" if faded else "on_call" if amber else "white"]
        size, text, place = self._arrangement.number, self._arrangement.text, self._place
        left, right, middle = place.x + SIDES / 2 * size, place.x + place.w - SIDES / 2 * size, place.y + place.h / 2
        end = self._draw_counter(row, right, middle)
        room = end - left - BETWEEN * size
        self.ticket.put(
            row.ticket if row else "", self._ground.point(left, middle), px=size, colour=self._ink, fit=room
        )
        if self.ticket.shrunk < 1 and self._word.text:  # a number goes before the word behind the window
            end = self._draw_counter(row, right, middle, with_word=False)
            room = end - left - BETWEEN * size
            at = self._ground.point(left, middle)
            self.ticket.put(row.ticket if row else "", at, px=size, colour=self._ink, fit=room)
        start = left + self.ticket.width
        word, tag = self._tag_of(row)
        if tag and tag + 0.5 * text > end - start:  # why goes before the word behind the window
            end = self._draw_counter(row, right, middle, with_word=False)
            if tag + 0.5 * text > end - start:
                word, tag = "", 0.0
        self._draw_tag(word, start + 0.25 * text, middle, tag)
        start += tag + 0.25 * text if tag else 0.0
        column = (left + TICKET * size + right - self._widest_word() - COUNTER * size) / 2
        half = ARROW * size / 2
        fits = start + half <= column and column + half <= end
        x = column if fits else (start + end) / 2
        self._arrow.colour.rgba = colours["arrow_on_call" if amber else "muted"]
        visible = row is not None and (fits or end - start > 2 * half)
        self._arrow.draw(self._ground.point(x, middle), 0.42 * size, visible=visible)
        self.pulse(0, faded=faded)

    def pulse(self, phase: float, *, faded: bool = False) -> None:
        """Colour the card; `phase` counts seconds since the call came, one wave a second."""
        row, colours = self.row, self._ground.colours
        if row is None:
            self._card_colour.rgba = [*colours["card"][:3], 0.45]
        elif not row.newest or faded:
            self._card_colour.rgba = colours["card"]
        else:
            share = (0.5 - 0.5 * math.cos(2 * math.pi * phase)) if row.pulsing else 0.0
            pairs = zip(colours["call"], colours["call_light"], strict=True)
            self._card_colour.rgba = [a + (b - a) * share for a, b in pairs]

    def _tag_of(self, row: Row | None) -> tuple[str, float]:
        """Return a tag's word, and its width with the frame around it."""
        if row is None or row.tag is None:
            return "", 0.0
        text = self._arrangement.text
        word = row.tag.zh if self._first is Language.ZH else row.tag.en
        return word, width_of(word, text) + 2 * TAG_PAD * text

    def _widest_word(self) -> float:
        """Width that the word behind a window takes where it stands."""
        return float(self._word.width) + SUFFIX_GAP * self._arrangement.text if self._word.text else 0.0

    def _draw_counter(self, row: Row | None, right: float, middle: float, *, with_word: bool = True) -> float:
        """Draw the window at the right, with its word where there is room; return where it begins."""
        size, text, place = self._arrangement.number, self._arrangement.text, self._place
        figures = str(row.counter) if row else ""
        zh = self._first is Language.ZH
        word = texts(Language.ZH)["board"]["counter_suffix"] if zh else texts(Language.EN)["board"]["counter_prefix"]
        room = place.w - self._arrangement.panel.row_width * size - SUFFIX_GAP * text
        ways = (word, word[:1]) if zh else (word,)
        said = next((each for each in ways if width_of(each, text) <= room), "") if row and with_word else ""
        colour = self._ink
        if zh:
            self._word.put(said, self._ground.point(right, middle + 0.16 * text), px=text, colour=colour, align=1)
            edge = right - self._word.width - (SUFFIX_GAP * text if said else 0)
            self.counter.put(figures, self._ground.point(edge, middle), px=size, colour=colour, align=1)
            return float(edge - self.counter.width)
        self.counter.put(figures, self._ground.point(right, middle), px=size, colour=colour, align=1)
        edge = right - max(float(self.counter.width), 1.16 * size if row else 0) - SUFFIX_GAP * text
        self._word.put(said, self._ground.point(edge, middle + 0.16 * text), px=text, colour=colour, align=1)
        return float(edge - self._word.width)

    def _draw_tag(self, word: str, x: float, middle: float, width: float) -> None:
        text = self._arrangement.text
        colour = self._ink
        self._tag.put(word, self._ground.point(x + TAG_PAD * text, middle), px=text, colour=colour)
        self._tag_colour.rgba = [*colour[:3], 1 if word else 0]
        if not word or (x, width) == self._tag_drawn:
            return
        self._tag_drawn = (x, width)
        h = 1.28 * text
        left, bottom = self._ground.point(x, middle + h / 2)
        self._tag_frame.rounded_rectangle = (left, bottom, max(width, 1), h, 0.2 * text)
        self._tag_frame.width = max(1.0, 0.02 * text)


class Rows(Widget):  # type: ignore[misc] # Kivy ships no types
    """As many cards as can be read from where people wait; one sentence instead where nobody is called."""

    def __init__(self, arrangement: Arrangement, ground: Ground, first: Language) -> None:
        super().__init__()
        self._arrangement, self._ground = arrangement, ground
        calls = arrangement.calls
        self.tiles = [
            RowTile(
                Place(x=calls.x, y=calls.y + at * arrangement.pitch, w=calls.w, h=arrangement.pitch - arrangement.gap),
                arrangement,
                ground,
                first,
            )
            for at in range(arrangement.rows)
        ]
        for tile in self.tiles:
            self.add_widget(tile)
        self._empty = [Ink(self) for _ in range(2)]

    def draw(self, sight: Sight) -> None:
        for place, tile in enumerate(self.tiles):
            tile.draw(sight.rows[place] if place < len(sight.rows) else None, faded=sight.faded)
        said = sight.empty if not sight.rows else ()
        calls, size = self._arrangement.calls, self._arrangement.text
        for place, label in enumerate(self._empty):
            middle = calls.y + calls.h / 2 + (place - (len(said) - 1) / 2) * 1.5 * size
            at = self._ground.point(calls.x + calls.w / 2, middle)
            words = said[place] if place < len(said) else ""
            label.put(words, at, px=size, colour=self._ground.colours["muted"], align=0.5, fit=0.9 * calls.w)
