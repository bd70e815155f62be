"""Parts that several screens share: what is said in which language, the header, keys, waiting times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from broker.contract.messages import ORDINARY, Language, QueueRow, Text
from broker.contract.texts import texts

from .. import flow
from ..look import width_of
from ..panel import ROOMY
from .shapes import (
    BRAND,
    BRAND_DEEP,
    CALL,
    CAP,
    CARD,
    KEY_INK,
    LINE,
    MUTED,
    ON_BRAND,
    ON_CALL,
    ON_DEEP,
    RADIUS,
    Area,
    Box,
    Icon,
    Key,
    Logo,
    Run,
    Shape,
    Words,
    words,
    wrapped,
)

LARGE: Final = 1.4
READ: Final = 39.6  # size of what a customer must read: capitals of 4.8 mm
CAPTION: Final = 25.0  # size of second languages and units: capitals of 3 mm
WEEK: Final = 7  # days in which a weekday names one of them

Said = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Speech:
    """What is said: in both languages until a customer has chosen, then in one. Large text is always in one."""

    first: Language
    second: Language | None

    @staticmethod
    def of(kiosk: flow.Kiosk) -> "Speech":
        if kiosk.language is None and not kiosk.large:
            return Speech(first=Language.ZH, second=Language.EN)
        return Speech(first=kiosk.ticket_language, second=None)

    @property
    def name(self) -> str:
        return self.first.value if self.second is None else "both"

    @property
    def table(self) -> Mapping[str, str]:
        return texts(self.first)["kiosk"]

    def both(self, key: str, table: str = "kiosk", **arguments: str | int) -> Said:
        """Return a text in the first language, and in the second or empty."""
        second = texts(self.second)[table][key].format(**arguments) if self.second is not None else ""
        return texts(self.first)[table][key].format(**arguments), second

    def of_text(self, text: Text) -> Said:
        names = {Language.ZH: text.zh, Language.EN: text.en}
        return names[self.first], names[self.second] if self.second is not None else ""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What a screen is drawn from. `at` is in the hall's time; `pressed` is the key under a finger."""

    kiosk: flow.Kiosk
    at: datetime
    left_s: int | None  # seconds until home
    pressed: str | None = None
    w: float = 1280.0
    h: float = 800.0
    logo: str = ""

    @property
    def speech(self) -> Speech:
        return Speech.of(self.kiosk)

    @property
    def zoom(self) -> float:
        return LARGE if self.kiosk.large else 1.0

    @property
    def roomy(self) -> bool:
        return min(self.w, self.h) >= ROOMY

    @property
    def wide(self) -> bool:
        return self.w > self.h

    @property
    def caption(self) -> float:
        """Size of units and dates; nothing is small in large text."""
        return READ if self.kiosk.large and self.roomy else 27.0

    @property
    def margin(self) -> float:
        return 36.0 if self.roomy else 16.0

    @property
    def gap(self) -> float:
        return 24.0 if self.roomy else 19.6  # 3.3 mm at least

    @property
    def key_height(self) -> float:
        return 140.0 if self.roomy and self.kiosk.large else 112.5

    @property
    def inner_w(self) -> float:
        return self.w - 2 * self.margin

    @property
    def header(self) -> float:
        return 84.0 if self.roomy else 58.0


def grid(area: Area, columns: int, rows: int, gap: float) -> list[Area]:
    w = (area.w - gap * (columns - 1)) / columns
    h = (area.h - gap * (rows - 1)) / rows
    return [
        Area(x=area.x + column * (w + gap), y=area.y + row * (h + gap), w=w, h=h)
        for row in range(rows)
        for column in range(columns)
    ]


def bottom_keys(scene: Scene, count: int, columns: int) -> list[Area]:
    """Return the areas of so many keys in the lowest rows, the last row at the bottom."""
    rows = -(-count // columns)
    h = rows * scene.key_height + (rows - 1) * scene.gap
    bottom = 24.0 if scene.roomy else 8.0
    return grid(Area(x=scene.margin, y=scene.h - bottom - h, w=scene.inner_w, h=h), columns, rows, scene.gap)[:count]


def columns_of(scene: Scene) -> int:
    """Return how many keys stand in a row at the bottom."""
    if scene.roomy:
        return 6 if scene.wide else 3
    return 4 if scene.wide else 2


def header_ground(scene: Scene) -> list[Shape]:
    h = scene.header
    return [
        Box(area=Area(x=0, y=0, w=scene.w, h=h), fill=CARD, radius=0),
        Box(area=Area(x=0, y=h - 1, w=scene.w, h=1), fill=LINE, radius=0),
    ]


def clock(scene: Scene) -> Shape:
    y = scene.header / 2 + READ * CAP
    return words(f"{scene.at:%H:%M}", scene.w - scene.margin, y, READ, anchor="right")


def title_header(scene: Scene, said: Said) -> list[Shape]:
    """Return a page's title and the time."""
    size = min(44.0 * scene.zoom**0.5, scene.header * 0.7)
    fit = scene.inner_w - 140
    shapes = [*header_ground(scene), clock(scene)]
    return [*shapes, two_lines(scene.margin, scene.header / 2 + size * CAP, said, size, fit=fit, bold=True)]


def date(at: datetime, language: Language) -> str:
    table = texts(language)["kiosk"]
    if language is Language.ZH:
        return table["date"].format(month=at.month, day=at.day, weekday=table["weekdays"][at.weekday()])
    return table["date"].format(
        weekday=table["weekdays"].split()[at.weekday()], day=at.day, month=table["months"].split()[at.month - 1]
    )


def weekday(at: datetime, language: Language) -> str:
    days = texts(language)["kiosk"]["weekdays"]
    return days[at.weekday()] if language is Language.ZH else days.split()[at.weekday()]


def opens(scene: Scene, at: datetime, table: str) -> Said:
    """Return when numbers are given out again, in the first language, and in the second or empty."""
    speech = scene.speech
    at = at.astimezone(scene.at.tzinfo)
    days = (at.date() - scene.at.date()).days
    key = "opens" if days == 0 else "opens_on" if days < WEEK or table != "kiosk" else "opens_far"

    def said(language: Language) -> str:
        return texts(language)[table][key].format(
            day=date(at, language), time=f"{at:%H:%M}", weekday=weekday(at, language)
        )

    return said(speech.first), said(speech.second) if speech.second is not None else ""


def mark(scene: Scene, x: float, y: float, side: float) -> list[Shape]:
    """Return the hall's logo, or a ticket."""
    area = Area(x=x, y=y, w=side, h=side)
    if scene.logo:
        return [Logo(path=scene.logo, area=area)]
    inset = side * 0.19
    return [
        Box(area=area, fill=BRAND, radius=side * 0.28),
        Icon(name="ticket", x=x + inset, y=y + inset, size=side - 2 * inset, color=ON_BRAND),
    ]


def hall_header(scene: Scene) -> list[Shape]:
    """Return mark, hall, date and time."""
    shapes = header_ground(scene)
    side = scene.header - 36 if scene.roomy else 40.0
    shapes += mark(scene, scene.margin, (scene.header - side) / 2, side)
    if scene.kiosk.hall is None:
        return shapes
    x = scene.margin + side + 18
    said = scene.speech.of_text(scene.kiosk.hall.name)
    right = scene.margin + 110
    shapes.append(clock(scene))
    if scene.roomy and scene.w > 1000 and not scene.kiosk.large:  # noqa: PLR2004 - room for the date
        day = date(scene.at, scene.speech.first)
        shapes.append(
            words(day, scene.w - right - 20, scene.header / 2 + 10, 28, color=MUTED, anchor="right", small=True)
        )
        right += 240
    fit = scene.w - x - right - 12
    first, second = said
    if second and scene.roomy:
        shapes += [
            words(first, x, 47, READ, bold=True, fit=fit),
            words(second, x, 76, CAPTION, color=MUTED, fit=fit, small=True),
        ]
        return shapes
    lines = [first] if width_of(first, READ) <= fit else wrapped(first, CAPTION, fit)[:2]
    size = READ if lines == [first] else CAPTION
    for place, line in enumerate(lines):
        y = scene.header / 2 + size * CAP + (place - (len(lines) - 1) / 2) * size * 1.1
        shapes.append(words(line, x, y, size, bold=True, fit=fit, small=True))
    return shapes


# Keys -----------------------------------------------------------------------------------------------------------------


def key(
    scene: Scene,
    name: str,
    area: Area,
    said: Said,
    *,
    chosen: bool = False,
    style: str = "plain",
    icon: str | None = None,
) -> list[Shape]:
    """Return a key with its words; filled while it is pressed or chosen. `style`: plain, main, help or dark."""
    pressed = chosen or scene.pressed == name
    ground, ink, edge = {
        ("plain", False): (CARD, KEY_INK, BRAND),
        ("plain", True): (BRAND, ON_BRAND, BRAND),
        ("main", False): (BRAND, ON_BRAND, BRAND),
        ("main", True): (CARD, KEY_INK, BRAND),
        ("help", False): (CALL, ON_CALL, CALL),
        ("help", True): (CARD, KEY_INK, CALL),
        ("dark", False): (BRAND_DEEP, ON_DEEP, ON_DEEP),
        ("dark", True): (CARD, KEY_INK, ON_DEEP),
    }[style, pressed]
    shapes: list[Shape] = [
        Key(name=name, area=area),
        Box(area=area, fill=ground, line=edge, line_width=3 if pressed else 2, radius=18),
    ]
    if icon is not None:
        side = min(56.0, area.h * 0.5)
        shapes.append(Icon(name=icon, x=area.x + 20, y=area.centre - side / 2, size=side, color=ink))
        area = Area(x=area.x + 28 + side, y=area.y, w=area.w - 36 - side, h=area.h)
    return [*shapes, *_label(scene, area, said, ink)]


def _label(scene: Scene, area: Area, said: Said, ink: str) -> list[Shape]:
    """Return a key's words, as large as the key lets them be: on one line or two, never below READ."""
    first, second = said
    fit = area.w - 10
    room = area.h - 14 - (CAPTION * 1.25 if second else 0)
    sizes = (62.0,) if len(first) == 1 else ()
    for size in (*sizes, READ * scene.zoom, READ * scene.zoom**0.5, READ):
        lines = _lines(first, size, fit)
        if all(width_of(line, size) <= fit for line in lines) and len(lines) * size * 1.08 <= room:
            break
    else:
        lines = _lines(first, READ, fit)
        if len(lines) * READ * 1.08 > area.h - 10:
            lines = [first]
        elif len(lines) * READ * 1.08 > room:
            second = ""
    height = len(lines) * size * 1.08 + (CAPTION * 1.25 if second else 0)
    y = area.centre - height / 2
    shapes: list[Shape] = []
    for line in lines:
        y += size * 1.08
        shapes.append(
            words(line, area.middle, y - size * (0.54 - CAP), size, color=ink, bold=True, anchor="center", fit=fit)
        )
    if second:
        y += CAPTION * 0.98
        shapes.append(words(second, area.middle, y, CAPTION, color=ink, anchor="center", fit=fit, small=True))
    return shapes


def _lines(text: str, size: float, fit: float) -> list[str]:
    """Break a key's words so that the lines are about equally long."""
    lines = wrapped(text, size, fit)
    if len(lines) == 2 and " " not in text:  # noqa: PLR2004 - 更多/业务, not 更多业/务
        half = -(-len(text) // 2)
        return [text[:half], text[half:]]
    return lines


def language_key(scene: Scene, area: Area) -> list[Shape]:
    """Return the key that speaks the other language, in that language."""
    other = Language.ZH if scene.kiosk.language is Language.EN else Language.EN
    return key(scene, f"language:{other.value}", area, (texts(other)["kiosk"]["language"], ""))


def large_key(scene: Scene, area: Area) -> list[Shape]:
    kiosk = scene.kiosk
    name = "ordinary" if kiosk.contrast else "contrast" if kiosk.large else "large"
    return key(scene, "large", area, scene.speech.both(name))


def courtesy_words(scene: Scene) -> Said:
    """Return what the courtesy key says: the class that is picked, or the only one, or *priority*."""
    named = picked_class(scene)
    return named if named is not None else scene.speech.both("courtesy")


def picked_class(scene: Scene) -> Said | None:
    kiosk = scene.kiosk
    if kiosk.hall is None or kiosk.priority_class == ORDINARY:
        return None
    return next(
        (scene.speech.of_text(each.name) for each in kiosk.hall.classes if each.id == kiosk.priority_class), None
    )


# Words ----------------------------------------------------------------------------------------------------------------


def ahead_figure(row: QueueRow | None) -> str:
    return "–" if row is None else str(row.waiting)


def wait_figure(low: int | None, high: int | None, table: Mapping[str, str]) -> str:
    """Return a range of minutes, or at once, or unknown."""
    if low is None or high is None:
        return table["unknown"]
    if high == 0:
        return table["now"]
    return str(low) if low == high else f"{low}–{high}"


def wait_caption(low: int | None, high: int | None) -> str:
    """Return the key of the words beneath `wait_figure`."""
    if low is None or high is None:
        return "waiting_time"
    return "no_waiting" if high == 0 else "minutes"


def two_lines(
    x: float,
    y: float,
    said: Said,
    size: float,
    *,
    fit: float,
    color: str | None = None,
    second_color: str = MUTED,
    bold: bool = False,
) -> Words:
    """Return both languages on one baseline, the second smaller, or the first alone where both have no room."""
    first, second = said
    main = (
        Run(text=first, size=size, bold=bold) if color is None else Run(text=first, size=size, color=color, bold=bold)
    )
    both = width_of(first, size) + width_of(f"  {second}", max(CAPTION, size * 0.65))
    if not second or both > fit:
        return Words(x=x, y=y, runs=(main,), fit=fit)
    caption = Run(text=f"  {second}", size=max(CAPTION, size * 0.65), color=second_color)
    return Words(x=x, y=y, runs=(main, caption), fit=fit)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a column of text."""

    text: str
    size: float
    color: str
    bold: bool = False
    small: bool = False
    before: float = 0.0  # space above

    @property
    def height(self) -> float:
        return self.size * 1.3 + self.before


def paragraph(
    said: Said, fit: float, *, size: float, color: str, second_color: str, bold: bool = False, before: float = 0.0
) -> list[Line]:
    """Return the lines of a text in the first language, then in the second."""
    first, second = said
    lines = [
        Line(text=line, size=size, color=color, bold=bold, before=0 if place else before)
        for place, line in enumerate(wrapped(first, size, fit))
    ]
    small = max(CAPTION, size * 0.66)
    return lines + [
        Line(text=line, size=small, color=second_color, small=True)
        for line in (wrapped(second, small, fit) if second else [])
    ]


def column(
    lines: Sequence[Line], area: Area, *, anchor: str = "left", middle: bool = False
) -> tuple[list[Shape], float]:
    """Return lines beneath one another in an area, and where they end."""
    height = sum(line.height for line in lines)
    squeeze = min(1.0, area.h / height) if height else 1.0
    y = area.y + (max(0.0, area.h - height) / 2 if middle else 0.0)
    shapes: list[Shape] = []
    for line in lines:
        y += line.height * squeeze
        x = area.middle if anchor == "center" else area.x
        shapes.append(
            words(
                line.text,
                x,
                y - line.size * (0.65 - CAP) * squeeze,
                line.size,
                color=line.color,
                bold=line.bold,
                anchor="center" if anchor == "center" else "left",
                fit=area.w,
                small=line.small,
            )
        )
    return shapes, y


def fitting(area: Area, *choices: Sequence[Line]) -> Sequence[Line]:
    """Return the first of several ways to say something that has room, or the last."""
    for lines in choices:
        if sum(line.height for line in lines) <= area.h:
            return lines
    return choices[-1]


def card(area: Area, *, fill: str = CARD, line: str = LINE) -> Box:
    return Box(area=area, fill=fill, line=line, radius=RADIUS)
