"""What a screen is drawn from, in which language, and where its parts may stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from broker.contract.messages import Language, Text
from broker.contract.texts import texts

from .. import flow
from ..panel import ROOMY
from .shapes import Area

LARGE: Final = 1.4

READ: Final = 39.6  # size of what a customer must read: capitals of 4.8 mm

CAPTION: Final = 25.0  # size of second languages and units: capitals of 3 mm

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
