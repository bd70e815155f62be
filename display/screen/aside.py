"""Beside the calls: the table of services page by page, the hall's notice, and pictures."""

from dataclasses import dataclass
from pathlib import Path

from kivy.core.image import Image as Picture
from kivy.graphics import Color, Line, Rectangle
from kivy.uix.widget import Widget

from broker.legibility import Place

from ..pages import FIGURES, HEAD, LINE, NAME, ONE_LINE_FIGURES, PAD, Note, Pages, Sight, Slide, Table, line_height
from ..pages import Line as Service
from .film import Film, is_film
from .ink import Ground, Ink


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Where last call, people and minutes stand: a place from the left, and 0, 0.5 or 1 for how they lie to it."""

    at: tuple[tuple[float, float], ...]
    one_line: bool


def _columns(table: Table | None, inner: Place, size: float) -> Columns:
    right = inner.x + inner.w
    if table is not None and table.one_line:
        return Columns(at=((right - 6.9 * size, 1), (right - 4.2 * size, 1), (right, 1)), one_line=True)
    return Columns(at=((inner.x + 0.42 * inner.w, 0.5), (inner.x, 0), (right, 1)), one_line=False)


class ServiceLine(Widget):  # type: ignore[misc] # Kivy ships no types
    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self._ground = ground
        with self.canvas.before:
            self._rule_colour = Color(*ground.colours["line"])
            self._rule = Line(width=1)
        self._name = (Ink(self), Ink(self))
        self._last, self._waiting, self._minutes = (Ink(self) for _ in range(3))

    def draw(self, line: Service | None, place: Place, *, size: float, columns: Columns) -> None:
        colours, point = self._ground.colours, self._ground.point
        self._rule_colour.a = 1 if line else 0
        self._rule.points = [*point(place.x, place.y), *point(place.x + place.w, place.y)]
        said = line or Service(name=(), last="", waiting="", minutes="")
        width = place.w - (ONE_LINE_FIGURES * size if columns.one_line else 0)
        top = place.y + (place.h - len(said.name) * NAME * size) / 2 if columns.one_line else place.y + 0.06 * size
        for at, label in enumerate(self._name):
            words = said.name[at] if at < len(said.name) else ""
            where = point(place.x, top + (at + 0.5) * NAME * size)
            label.put(words, where, px=size, colour=colours["white"], fit=width)
        y = place.y + (place.h / 2 if columns.one_line else place.h - 0.54 * FIGURES * size)
        figures = ((self._last, said.last), (self._waiting, said.waiting), (self._minutes, said.minutes))
        for (label, words), (x, align) in zip(figures, columns.at, strict=True):
            label.put(words, point(x, y), px=size, colour=colours["white"], align=align)


class Aside(Widget):  # type: ignore[misc] # Kivy ships no types
    """One page at a time; a picture that cannot be read leaves its place dark."""

    def __init__(self, pages: Pages, ground: Ground) -> None:
        super().__init__()
        self._pages, self._ground = pages, ground
        self._size = pages.arrangement.text
        with self.canvas.before:
            self._ground_colour = Color(*ground.colours["card"])
            self._panel = Rectangle()
            self._slide_colour = Color(1, 1, 1, 0)
            self._slide = Rectangle()
        self._heads = [Ink(self) for _ in range(3)]
        self._lines: list[ServiceLine] = []
        self._note = [Ink(self) for _ in range(12)]
        self._title = Ink(self)
        with self.canvas:
            self._bar = [(Color(*ground.colours[name]), Rectangle(size=(0, 0))) for name in ("line", "muted")]
        self._film = Film(self)
        self._shown = ""

    def draw(self, sight: Sight) -> None:
        whole = self._pages.arrangement.aside
        self._ground_colour.a = 1 if whole else 0
        if whole is None:
            return
        self._panel.pos, self._panel.size = self._ground.box(whole)
        page = sight.aside
        place = self._pages.table_place(slides=sight.slide is not None) or whole
        self._draw_table(page if isinstance(page, Table) else None, place)
        self._draw_note(page if isinstance(page, Note) else None, place)
        if sight.slide is not None:
            self._draw_slide(sight.slide.path, self._pages.slide_place or whole)
        else:
            self._draw_slide(page.path if isinstance(page, Slide) else "", whole)

    def _draw_table(self, table: Table | None, place: Place) -> None:
        size = self._size
        inner = Place(x=place.x + PAD * size, y=place.y + PAD * size, w=place.w - 2 * PAD * size, h=place.h)
        columns = _columns(table, inner, size)
        heads = table.heads if table else ("", "", "")
        for label, words, (x, align) in zip(self._heads, heads, columns.at, strict=True):
            where = self._ground.point(x, inner.y + 0.5 * HEAD * size)
            label.put(words, where, px=size, colour=self._ground.colours["muted"], align=align)
        lines = table.lines if table else ()
        while len(self._lines) < len(lines):
            self._lines.append(ServiceLine(self._ground))
            self.add_widget(self._lines[-1])
        y = inner.y + HEAD * size
        for at, widget in enumerate(self._lines):
            said = lines[at] if at < len(lines) else None
            h = line_height(said, one_line=columns.one_line) * size if said else 0.0
            widget.draw(said, Place(x=inner.x, y=y, w=inner.w, h=h), size=size, columns=columns)
            y += h
        self._draw_bar(table, inner)

    def _draw_bar(self, table: Table | None, inner: Place) -> None:
        """Say which page of how many this is."""
        pages = table.pages if table and table.pages > 1 else 0
        for colour, _ in self._bar:
            colour.a = 1 if pages else 0
        if not table or not pages:
            return
        y, w = inner.y + inner.h - 0.8 * self._size, inner.w / pages
        for (_, bar), (x, wide) in zip(self._bar, ((0.0, inner.w), ((table.page - 1) * w, w)), strict=True):
            bar.pos, bar.size = self._ground.box(Place(x=inner.x + x, y=y, w=wide, h=0.07 * self._size))

    def _draw_note(self, note: Note | None, place: Place) -> None:
        size, point = self._size, self._ground.point
        left, top = place.x + PAD * size, place.y + PAD * size
        colours, width = self._ground.colours, place.w - 2 * PAD * size
        title = point(left, top + 0.5 * HEAD * size)
        self._title.put(note.title if note else "", title, px=size, colour=colours["muted"], fit=width)
        lines = note.lines if note else ()
        for at, label in enumerate(self._note):
            where = point(left, top + (HEAD + (at + 0.5) * LINE) * size)
            words = lines[at] if at < len(lines) else ""
            label.put(words, where, px=size, colour=colours["white"], fit=width)

    def _draw_slide(self, path: str, place: Place) -> None:
        if path != self._shown:
            self._shown = path
            self._film.play(path if is_film(path) else "")
            texture = None if not path or is_film(path) else _texture(path)
            self._slide.texture = texture
            self._slide_colour.a = 1 if texture is not None else 0
        self._film.stand(*self._ground.box(place))
        if self._slide.texture is not None:
            w, h = self._slide.texture.size
            scale = min(place.w / w, place.h / h)
            inner = Place(
                x=place.x + (place.w - w * scale) / 2,
                y=place.y + (place.h - h * scale) / 2,
                w=w * scale,
                h=h * scale,
            )
            self._slide.pos, self._slide.size = self._ground.box(inner)


def _texture(path: str) -> object:
    """Return a picture's pixels; None for a file that is no picture."""
    try:
        return Picture.load(str(Path(path)), nocache=True, keep_data=False).texture
    except Exception:  # noqa: BLE001 - whatever Kivy's loaders raise for a broken file
        return None
