"""Beside the calls: clock, date and zone, the table of services, the hall's notice, and the ticker beneath all."""

from typing import Final

from kivy.graphics import Color, Line, Rectangle, SmoothEllipse, SmoothRoundedRectangle
from kivy.uix.widget import Widget

from broker.contract.messages import Language, Text
from broker.contract.texts import texts

from ..board import Picture, Queue
from . import ink
from .ink import Ink, Scale

LEFT: Final = 1190.0
FLOOR: Final = 984.0  # where the ticker begins
TEXT_LEFT: Final = 1234.0
TEXT_RIGHT: Final = 1876.0
TABLE_TOP: Final = 312.0
ROW: Final = 124.0
TIGHTEST: Final = 96.0  # below this the texts of a row shrink
LAST, WAITING, MINUTES = 1587.0, 1721.0, TEXT_RIGHT  # right edges of the columns
NAME_WIDTH: Final = 245.0
NOTE_BOTTOM: Final = 948.0
DOT: Final = 18.0


class QueueLine(Widget):  # type: ignore[misc] # Kivy ships no types
    def __init__(self) -> None:
        super().__init__()
        with self.canvas.before:
            Color(*ink.NIGHT_LINE)
            self._rule = Line(width=1)
        self._name, self._name_en = Ink(self), Ink(self, colour=ink.MUTED)
        self._last, self._waiting = Ink(self), Ink(self)
        self._minutes, self._minutes_en = Ink(self), Ink(self, colour=ink.MUTED)

    def draw(self, queue: Queue, *, top: float, height: float, scale: Scale) -> None:
        size = min(1.0, height / TIGHTEST) * scale.text
        self._rule.points = [*scale.point(TEXT_LEFT, top), *scale.point(TEXT_RIGHT, top)]
        upper, lower, middle = top + 0.40 * height, top + 0.74 * height, top + 0.52 * height
        width = NAME_WIDTH * scale.x
        self._name.put(queue.name.zh, scale.point(TEXT_LEFT, upper), px=38 * size, fit=width)
        self._name_en.put(queue.name.en, scale.point(TEXT_LEFT, lower), px=23 * size, fit=width)
        self._last.put(queue.last, scale.point(LAST, middle), px=38 * size, align=1)
        self._waiting.put(queue.waiting, scale.point(WAITING, middle), px=38 * size, align=1)
        minutes = upper if queue.minutes_en else middle
        self._minutes.put(queue.minutes, scale.point(MINUTES, minutes), px=38 * size, align=1)
        self._minutes_en.put(queue.minutes_en, scale.point(MINUTES, lower), px=23 * size, align=1)


class Note(Widget):  # type: ignore[misc] # Kivy ships no types
    def __init__(self) -> None:
        super().__init__()
        with self.canvas.before:
            self._colour = Color(*ink.NOTE)
            self._card = SmoothRoundedRectangle()
        self._zh, self._en = Ink(self), Ink(self, colour=ink.MUTED)
        self._zh.line_height = self._en.line_height = 1.25

    def draw(self, notice: Text | None, scale: Scale) -> float:
        """Return where the table may end, in the design's pixels."""
        self._colour.a = 1 if notice else 0
        wrap = (TEXT_RIGHT - TEXT_LEFT - 56) * scale.x
        self._zh.put(notice.zh if notice else "", (0, 0), px=30 * scale.text, wrap=wrap)
        self._en.put(notice.en if notice else "", (0, 0), px=23 * scale.text, wrap=wrap)
        if notice is None:
            return NOTE_BOTTOM
        zh_height: float = self._zh.height / scale.y
        en_height: float = self._en.height / scale.y
        top = NOTE_BOTTOM - zh_height - en_height - 44
        self._card.pos, self._card.size = scale.box(TEXT_LEFT, top, TEXT_RIGHT - TEXT_LEFT, NOTE_BOTTOM - top)
        self._card.radius = [20 * scale.text]
        self._zh.pos = scale.point(TEXT_LEFT + 28, top + 20 + zh_height)
        self._en.pos = scale.point(TEXT_LEFT + 28, top + 24 + zh_height + en_height)
        return top - 16


class Aside(Widget):  # type: ignore[misc] # Kivy ships no types
    def __init__(self) -> None:
        super().__init__()
        with self.canvas.before:
            Color(*ink.NIGHT_2)
            self._ground = Rectangle()
        self._clock, self._date = Ink(self), Ink(self, colour=ink.MUTED)
        self._heads = [Ink(self, colour=ink.MUTED) for _ in range(4)]
        self._note = Note()
        self.add_widget(self._note)
        self._lines: list[QueueLine] = []

    def draw(self, picture: Picture, scale: Scale) -> None:
        self._ground.pos, self._ground.size = scale.box(LEFT, 0, ink.WIDTH - LEFT, FLOOR)
        self._clock.put(picture.clock, scale.point(TEXT_LEFT, 93), px=100 * scale.text)
        date_width = (TEXT_RIGHT - TEXT_LEFT) * scale.x
        self._date.put(picture.date, scale.point(TEXT_LEFT, 170), px=30 * scale.text, fit=date_width)
        self._draw_heads(scale)
        floor = self._note.draw(picture.notice, scale)
        while len(self._lines) > len(picture.queues):
            self.remove_widget(self._lines.pop())
        while len(self._lines) < len(picture.queues):
            self._lines.append(QueueLine())
            self.add_widget(self._lines[-1])
        height = min(ROW, (floor - TABLE_TOP) / max(1, len(self._lines)))
        for place, (line, queue) in enumerate(zip(self._lines, picture.queues, strict=True)):
            line.draw(queue, top=TABLE_TOP + place * height, height=height, scale=scale)

    def _draw_heads(self, scale: Scale) -> None:
        zh, en = texts(Language.ZH)["board"], texts(Language.EN)["board"]
        service, *columns = self._heads
        service.put(f"{zh['service']} {en['service']}", scale.point(TEXT_LEFT, 264), px=25 * scale.text)
        places = (("last", LAST), ("waiting", WAITING), ("minutes", MINUTES))
        for head, (key, right) in zip(columns, places, strict=True):
            head.halign = "right"
            head.put(f"{zh[key]}\n{en[key]}", scale.point(right, 264), px=25 * scale.text, align=1)


class Ticker(Widget):  # type: ignore[misc] # Kivy ships no types
    def __init__(self) -> None:
        super().__init__()
        with self.canvas.before:
            Color(*ink.NIGHT_LINE)
            self._rule = Line(width=1)
            self._dot_colour = Color(*ink.AWAY)
            self._dot = SmoothEllipse()
        self._words = Ink(self, colour=ink.TICKER)

    def draw(self, picture: Picture, scale: Scale) -> None:
        self._rule.points = [*scale.point(0, FLOOR), *scale.point(ink.WIDTH, FLOOR)]
        middle = (FLOOR + ink.HEIGHT) / 2
        x, y = scale.point(48, middle)
        size = DOT * scale.text
        self._dot.pos, self._dot.size = (x, y - size / 2), (size, size)
        self._dot_colour.rgba = ink.ALIVE if picture.alive else ink.AWAY
        words = "  ·  ".join(picture.ticker)
        self._words.put(words, scale.point(94, middle), px=34 * scale.text, fit=(ink.WIDTH - 94 - 48) * scale.x)
