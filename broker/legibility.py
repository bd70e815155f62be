"""How a board must be laid out to be read from where people wait, in millimetres and metres. Pure.

Figures: a called number and its window have capitals of 12.2 mm for each metre of distance (EN 301 549 5.1.4, 0.7° of
arc), all other text 6.4 mm (ISO 9241-3, 22 minutes of arc). A board that hangs high is seen from below, which takes
from its height: it is then measured from farther away. Sizes of text are given as the height of a capital.
"""

from dataclasses import dataclass
from math import floor, hypot
from typing import Final

MM_PER_INCH: Final = 25.4
NUMBER_MM: Final = 12.2  # for each metre
TEXT_MM: Final = 6.4
EYE_MM: Final = 1200  # of somebody who sits and waits
CAP: Final = 0.71  # capital to font size: the least of the fonts that the board draws with

# In capitals of a number:
PITCH: Final = 1.40  # from row to row, at least
LOOSE: Final = 1.55  # from row to row where there is room
EDGE: Final = 0.12  # around all
# In font sizes of a number:
TICKET: Final = 2.46  # a letter and three figures
LETTER: Final = 0.65  # each further letter or figure
COUNTER: Final = 1.16  # two figures
BETWEEN: Final = 0.35
SIDES: Final = 0.55  # both together
ARROW: Final = 0.85
# In font sizes of other text:
STRIP: Final = 1.35  # height of the line at the bottom
LEAST_ASIDE: Final = 6.4  # width in which names of services, their queues and minutes have room
SUFFIX: Final = 3.3  # 号窗口 behind a window's number
UPRIGHT_ASIDE: Final = 7.6  # height that an upright board keeps for the table of services
MOST_ROWS: Final = 8
MOST_UPRIGHT_ROWS: Final = 6
LEAST_TEXT_PX: Final = 14  # font size below which Chinese characters run together


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A screen and where it hangs; `bottom_mm` is its lower edge above the floor, None: at eye height."""

    width: int
    height: int
    diagonal_in: float
    distance_m: float
    bottom_mm: int | None = None
    characters: int = 4  # of a number, at most

    @property
    def px_per_mm(self) -> float:
        return hypot(self.width, self.height) / (self.diagonal_in * MM_PER_INCH)

    @property
    def seen_from_m(self) -> float:
        """The distance at which a text on an upright wall would look as small as the highest one here."""
        if self.bottom_mm is None:
            return self.distance_m
        top_mm = self.bottom_mm + self.height / self.px_per_mm
        rise_m = max(abs(top_mm - EYE_MM), abs(self.bottom_mm - EYE_MM)) / 1000
        return self.distance_m + rise_m**2 / self.distance_m

    @property
    def number_px(self) -> float:
        """Capitals of a called number and its window, at least."""
        return NUMBER_MM * self.seen_from_m * self.px_per_mm

    @property
    def text_px(self) -> float:
        """Capitals of all other text, at least."""
        return TEXT_MM * self.seen_from_m * self.px_per_mm

    @property
    def edge_px(self) -> float:
        return EDGE * self.number_px

    @property
    def strip_px(self) -> float:
        return STRIP * self.text_px / CAP

    @property
    def body_px(self) -> float:
        """Height that is left for rows."""
        return self.height - self.strip_px - self.edge_px

    @property
    def row_width(self) -> float:
        """Width of a row with the longest number and a window of two figures, in font sizes of the number."""
        return TICKET + (self.characters - 4) * LETTER + BETWEEN + COUNTER + SIDES

    @property
    def narrowest_px(self) -> float:
        """Width of a screen that has room for a row, at least."""
        return self.row_width * self.number_px / CAP + 2 * self.edge_px

    @property
    def most_rows(self) -> int:
        """How many calls have room one above the other."""
        return min(MOST_ROWS, max(0, floor(self.body_px / (PITCH * self.number_px))))


@dataclass(frozen=True, kw_only=True)
class Place:
    """A rectangle in pixels from the top left."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, kw_only=True)
class Arrangement:
    """Where everything stands on a board, in pixels; text sizes are font sizes."""

    panel: Panel
    rows: int
    calls: Place
    aside: Place | None  # table of services, notice, pictures; None: there is no room for it
    strip: Place
    number: float
    text: float

    @property
    def pitch(self) -> float:
        return self.calls.h / self.rows

    @property
    def gap(self) -> float:
        return 0.6 * self.panel.edge_px


def faults(panel: Panel, rows: int | None) -> dict[str, str]:
    """Return why people could not read a board, by the key of the board's file that says so."""
    fine, away = panel.px_per_mm, f"{panel.distance_m:g} m"
    high_mm = panel.number_px / fine
    if panel.text_px / CAP < LEAST_TEXT_PX:
        return {
            "diagonal_in": f"text of {panel.text_px / fine:.0f} mm would be {panel.text_px / CAP:.0f} pixels large, "
            f"too few for Chinese ({LEAST_TEXT_PX}): give the panel's true resolution, size and distance"
        }
    if panel.narrowest_px > panel.width or panel.most_rows == 0:
        farthest = _farthest(panel, 1)
        advice = f"it can be read from {farthest:.1f} m at most" if farthest else "it is too small for any distance"
        wide_mm, tall_mm = panel.narrowest_px / fine, (panel.number_px * PITCH + panel.height - panel.body_px) / fine
        return {
            "distance_m": f"from {away} a number must be {high_mm:.0f} mm high; {panel.characters} characters and a "
            f"window then need {wide_mm:.0f} x {tall_mm:.0f} mm, and this panel has {panel.width / fine:.0f} x "
            f"{panel.height / fine:.0f}: {advice}"
        }
    if rows is not None and rows > panel.most_rows:
        farthest = _farthest(panel, rows)
        advice = f", or distance_m = {farthest:.1f} at most" if farthest else ""
        return {
            "rows": f"from {away} a number must be {high_mm:.0f} mm high: {panel.most_rows} rows have room on this "
            f"panel ({panel.height / fine:.0f} mm high), not {rows}; give rows = {panel.most_rows}{advice}"
        }
    return {}


def _farthest(panel: Panel, rows: int) -> float:
    """Return from how far so many rows can be read, in steps of 10 cm; 0: from nowhere."""
    for step in range(int(panel.distance_m * 10), 4, -1):
        nearer = Panel(
            width=panel.width,
            height=panel.height,
            diagonal_in=panel.diagonal_in,
            distance_m=step / 10,
            bottom_mm=panel.bottom_mm,
            characters=panel.characters,
        )
        if nearer.narrowest_px <= panel.width and nearer.most_rows >= rows:
            return step / 10
    return 0.0


def arranged(panel: Panel, rows: int | None = None) -> Arrangement:
    """Return a board's layout; `rows` is how many are wanted, None: as many as can be read."""
    text, edge = panel.text_px / CAP, panel.edge_px
    if panel.height > panel.width:
        return _upright(panel, rows)
    count = max(1, rows or panel.most_rows)
    pitch = panel.body_px / count
    least, ample = panel.row_width * panel.number_px / CAP, panel.width - 3 * edge - LEAST_ASIDE * text
    if ample < least:
        calls = Place(x=edge, y=edge, w=panel.width - 2 * edge, h=panel.body_px)
        return _filled(panel, count, calls, None)
    wish = (panel.row_width + ARROW) * pitch / LOOSE / CAP + SUFFIX * text
    w = max(least, min(ample, max(wish, 0.58 * panel.width)))
    calls = Place(x=edge, y=edge, w=w, h=panel.body_px)
    left = calls.x + w + edge
    aside = Place(x=left, y=0, w=panel.width - left, h=panel.height - panel.strip_px)
    return _filled(panel, count, calls, aside)


def _upright(panel: Panel, rows: int | None) -> Arrangement:
    """Return the layout of a board that stands upright: the table of services under the calls."""
    text, edge, least = panel.text_px / CAP, panel.edge_px, PITCH * panel.number_px
    with_table = floor((panel.body_px - UPRIGHT_ASIDE * text) / least)
    count = max(1, rows or min(MOST_UPRIGHT_ROWS, with_table if with_table > 0 else panel.most_rows))
    if count > with_table or panel.width < (LEAST_ASIDE + 1) * text:
        calls = Place(x=edge, y=edge, w=panel.width - 2 * edge, h=min(panel.body_px, 2 * least * count))
        return _filled(panel, count, calls, None)
    pitch = min((panel.body_px - UPRIGHT_ASIDE * text) / count, 1.15 * least)
    calls = Place(x=edge, y=edge, w=panel.width - 2 * edge, h=pitch * count)
    aside = Place(x=0, y=edge + calls.h, w=panel.width, h=panel.body_px - calls.h)
    return _filled(panel, count, calls, aside)


def _filled(panel: Panel, rows: int, calls: Place, aside: Place | None) -> Arrangement:
    """Let numbers grow where rows and their width leave room for it."""
    text = panel.text_px / CAP
    strip = Place(x=0, y=panel.height - panel.strip_px, w=panel.width, h=panel.strip_px)
    by_height = calls.h / rows / LOOSE / CAP
    by_width = (calls.w - SUFFIX * text) / (panel.row_width + ARROW)
    number = max(panel.number_px / CAP, min(by_height, by_width))
    return Arrangement(panel=panel, rows=rows, calls=calls, aside=aside, strip=strip, number=number, text=text)
