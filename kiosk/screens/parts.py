"""Parts that several screens share: what is said in which language, the header, keys, waiting times."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from broker.contract.messages import Language, QueueRow, Text
from broker.contract.texts import texts

from .. import flow
from ..slip import minutes
from .shapes import (
    BOTTOM,
    BRAND,
    BRAND_DEEP,
    CARD,
    HEADER,
    KEY_HEIGHT,
    LINE,
    MARGIN,
    MUTED,
    RADIUS,
    WHITE,
    Area,
    Box,
    Icon,
    Key,
    Run,
    Shape,
    Words,
    words,
)

LARGE: Final = 1.4


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

    def both(self, key: str, table: str = "kiosk", **arguments: str | int) -> tuple[str, str]:
        """Return a text in the first language, and in the second or empty."""
        second = texts(self.second)[table][key].format(**arguments) if self.second is not None else ""
        return texts(self.first)[table][key].format(**arguments), second

    def of_text(self, text: Text) -> tuple[str, str]:
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

    @property
    def speech(self) -> Speech:
        return Speech.of(self.kiosk)

    @property
    def zoom(self) -> float:
        return LARGE if self.kiosk.large else 1.0

    @property
    def keys_y(self) -> float:
        return self.h - BOTTOM - KEY_HEIGHT


def header_ground(scene: Scene) -> list[Shape]:
    return [
        Box(area=Area(x=0, y=0, w=scene.w, h=HEADER), fill=CARD, radius=0),
        Box(area=Area(x=0, y=HEADER - 1, w=scene.w, h=1), fill=LINE, radius=0),
    ]


def clock(scene: Scene) -> Shape:
    return words(f"{scene.at:%H:%M}", scene.w - MARGIN, 56, 36, anchor="right")


def date(at: datetime, language: Language) -> str:
    table = texts(language)["kiosk"]
    if language is Language.ZH:
        return table["date"].format(month=at.month, day=at.day, weekday=table["weekdays"][at.weekday()])
    return table["date"].format(
        weekday=table["weekdays"].split()[at.weekday()], day=at.day, month=table["months"].split()[at.month - 1]
    )


def opens(scene: Scene, at: datetime, table: str) -> tuple[str, str]:
    """Return when numbers are given out again, in the first language, and in the second or empty."""
    speech = scene.speech
    at = at.astimezone(scene.at.tzinfo)
    key = "opens" if at.date() == scene.at.date() else "opens_on"

    def said(language: Language) -> str:
        return texts(language)[table][key].format(day=date(at, language), time=f"{at:%H:%M}")

    return said(speech.first), said(speech.second) if speech.second is not None else ""


def hall_header(scene: Scene) -> list[Shape]:
    """Return mark, hall, date and time."""
    shapes = header_ground(scene)
    shapes += [
        Box(area=Area(x=MARGIN, y=18, w=48, h=48), fill=BRAND, radius=14),
        Icon(name="ticket", x=MARGIN + 9, y=27, size=30, color=WHITE),
    ]
    if scene.kiosk.hall is not None:
        shapes += [
            clock(scene),
            words(date(scene.at, scene.speech.first), scene.w - MARGIN - 116, 54, 24, color=MUTED, anchor="right"),
        ]
        first, second = scene.speech.of_text(scene.kiosk.hall.name)
        fit = scene.w - 520
        if second:
            shapes += [words(first, 102, 42, 30, bold=True, fit=fit), words(second, 102, 69, 21, color=MUTED, fit=fit)]
        else:
            shapes.append(words(first, 102, 54, 32, bold=True, fit=fit))
    return shapes


def key(
    scene: Scene, name: str, area: Area, said: tuple[str, str], *, chosen: bool = False, on_dark: bool = False
) -> list[Shape]:
    """Return a key with its words; filled while it is pressed or chosen."""
    filled = chosen or scene.pressed == name
    ground, ink, edge = (BRAND, WHITE, BRAND) if filled else (CARD, BRAND_DEEP, BRAND)
    if on_dark:
        ground, ink, edge = (WHITE, BRAND_DEEP, WHITE) if filled else (BRAND_DEEP, WHITE, WHITE)
    first, second = said
    fit = area.w - 28
    size = 38 * (1.15 if scene.kiosk.large else 1)
    middle = area.y + area.h / 2
    shapes: list[Shape] = [Key(name=name, area=area), Box(area=area, fill=ground, line=edge, line_width=2, radius=18)]
    if second:
        shapes += [
            words(first, area.middle, middle + 1, size, color=ink, bold=True, anchor="center", fit=fit),
            words(second, area.middle, middle + 33, 24, color=ink, anchor="center", fit=fit),
        ]
    else:
        shapes.append(words(first, area.middle, middle + 14, size, color=ink, bold=True, anchor="center", fit=fit))
    return shapes


def footer_key(scene: Scene, place: int, columns: int = 5, *, from_right: bool = False) -> Area:
    """Return the area of the key at `place` of the bottom row."""
    gap = 18.0
    w = (scene.w - 2 * MARGIN - gap * (columns - 1)) / columns
    place = columns - 1 - place if from_right else place
    return Area(x=MARGIN + place * (w + gap), y=scene.keys_y, w=w, h=KEY_HEIGHT)


def ahead_figure(row: QueueRow | None) -> str:
    return "–" if row is None else str(row.waiting)


def wait_figure(low: int | None, high: int | None, table: Mapping[str, str]) -> str:
    """Return a range of minutes, or at once, or unknown."""
    if low is None or high is None:
        return table["unknown"]
    return table["now"] if high == 0 else minutes(low, high)


def wait_caption(low: int | None, high: int | None) -> str:
    """Return the key of the words beneath `wait_figure`."""
    if low is None or high is None:
        return "waiting_time"
    return "no_waiting" if high == 0 else "minutes"


def two_lines(
    x: float, y: float, said: tuple[str, str], size: float, *, color: str, second_color: str, fit: float
) -> Words:
    """Return both languages on one baseline, the second smaller."""
    first, second = said
    runs = [Run(text=first, size=size, color=color)]
    if second:
        runs.append(Run(text=f"  {second}", size=size * 0.65, color=second_color))
    return Words(x=x, y=y, runs=tuple(runs), fit=fit)


def card(area: Area, *, fill: str = CARD, line: str = LINE) -> Box:
    return Box(area=area, fill=fill, line=line, radius=RADIUS)
