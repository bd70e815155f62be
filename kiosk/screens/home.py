"""Home: the services, who waits for each and how long; readable from the door. It is the attract screen, too."""

from typing import Final

from broker.contract.messages import QueueRow, Service
from broker.text_width import width_of

from .. import flow, shelves
from .header import hall_header
from .keys import courtesy_words, key, language_key, large_key, picked_class
from .layout import CAPTION, READ, Said, Scene, bottom_keys, columns_of, grid
from .prose import two_lines
from .shapes import (
    ALERT,
    BRAND,
    BRAND_SOFT,
    CAP,
    CARD,
    INK,
    LINE,
    MUTED,
    PAPER,
    SHUT,
    SHUT_ICON,
    SHUT_INK,
    Area,
    Box,
    Icon,
    Key,
    Picture,
    Run,
    Shape,
    Words,
    rich,
    words,
    wrapped,
)
from .wording import opens, shelf_words, wait_figure

FEW: Final = 4  # keys beneath the services of a small panel that stand in rows of their usual number
CROWDED: Final = 240.0  # height below which a long name leaves one line to what stands beneath
NARROW: Final = 300.0  # width below which a card needs all of itself for its words
TALL: Final = 190.0  # height from which a card has its picture and a line of figures


def home(scene: Scene, screen: flow.Home) -> Picture:
    is_front = screen.shelf is shelves.FRONT
    keys, top, bottom = _roomy_keys(scene, screen) if scene.roomy else _compact_keys(scene, screen)
    has_header = scene.roomy or not scene.wide  # a small wide panel has no room for more than the hall's name
    shapes: list[Shape] = [*(hall_header(scene) if has_header else []), *keys]
    if scene.roomy:
        size = 42 * scene.zoom**0.6
        shapes.append(two_lines(scene.margin, top + size, _title(scene, screen), size, bold=True, fit=scene.inner_w))
        top += size + 24
    area = Area(x=scene.margin, y=top, w=scene.inner_w, h=bottom - top)
    for entry, place in zip(flow.on_page(scene.kiosk, screen), _cards(scene, area), strict=False):
        shapes += _card(scene, entry, place) if isinstance(entry, Service) else _shelf(scene, entry, place)
    return Picture(name="home" if is_front else "shelf", ground=PAPER, shapes=tuple(shapes))


def _title(scene: Scene, screen: flow.Home) -> Said:
    if picked_class(scene) is not None:
        return scene.speech.both("checked_short")
    if scene.kiosk.is_guide_called:
        return scene.speech.both("guide_title")
    if scene.kiosk.is_alone:
        return scene.speech.both("alone")
    group = shelves.group_of(scene.kiosk.hall, screen.shelf) if scene.kiosk.hall is not None else None
    return scene.speech.of_text(group.name) if group is not None else scene.speech.both("choose")


def _cards(scene: Scene, area: Area) -> list[Area]:
    count = flow.page_size(scene.kiosk)
    wide = area.w > area.h * 1.15
    columns = -(-count // 2) if wide else 2
    return grid(area, columns, -(-count // columns), scene.gap)


# Keys -----------------------------------------------------------------------------------------------------------------


def _names(scene: Scene, screen: flow.Home) -> list[str]:
    kiosk = scene.kiosk
    if kiosk.hall is None:
        return []
    more = ["more"] if shelves.has_more(kiosk.hall, screen.shelf, flow.page_size(kiosk)) else []
    courtesy = ["courtesy"] if shelves.classes_offered(kiosk.hall) else []
    if screen.shelf is not shelves.FRONT:
        return ["back", "home", *more, *courtesy[: 2 - len(more)]]
    return [*more, "missed", *(["check_in"] if kiosk.hall.bookings else []), *courtesy]


def _roomy_keys(scene: Scene, screen: flow.Home) -> tuple[list[Shape], float, float]:
    names = [*_names(scene, screen), "large", "language", "help"]
    columns = len(names) if scene.wide else columns_of(scene) + (len(names) > 2 * columns_of(scene))
    areas = bottom_keys(scene, len(names), columns)
    shapes = [shape for name, area in zip(names, areas, strict=True) for shape in _key(scene, name, area)]
    return shapes, scene.header + 14, areas[0].y - scene.gap - 4


def _compact_keys(scene: Scene, screen: flow.Home) -> tuple[list[Shape], float, float]:
    """On a small panel language and large text stand at the right of the hall's name, or beneath it."""
    names = [*_names(scene, screen), "help"]
    columns = min(columns_of(scene), len(names))
    if len(names) > FEW:
        columns = len(names) if scene.wide else 3
    areas = bottom_keys(scene, len(names), columns)
    shapes = [shape for name, area in zip(names, areas, strict=True) for shape in _key(scene, name, area)]
    upper = Area(x=scene.margin, y=8 if scene.wide else scene.header + 10, w=scene.inner_w, h=scene.key_height)
    title, large, language = _upper(scene, upper)
    if title is not None:
        first = wrapped(_title(scene, screen)[0], READ, title.w)[:2]
        second = _title(scene, screen)[1] if len(first) == 1 else ""
        named = scene.speech.of_text(scene.kiosk.hall.name)[0] if scene.kiosk.hall is not None else ""
        if len(first) == 1 and named:  # the hall's name above what to do
            first.insert(0, named)
            second = ""
        y = title.centre - (len(first) - 1) * READ * 0.6 + READ * CAP - (16 if second else 0)
        shapes += [
            words(line, title.x, y + place * READ * 1.2, READ, bold=True, fit=title.w, small=line == named)
            for place, line in enumerate(first)
        ]
        if second:
            shapes.append(words(second, title.x, y + 36, CAPTION, color=MUTED, fit=title.w, small=True))
    shapes += [*large_key(scene, large), *language_key(scene, language)]
    return shapes, upper.bottom + scene.gap, areas[0].y - scene.gap


def _upper(scene: Scene, area: Area) -> tuple[Area | None, Area, Area]:
    if not scene.wide:
        large, language = grid(area, 2, 1, scene.gap)
        return None, large, language
    places = grid(area, 4, 1, scene.gap)
    title = Area(x=area.x, y=area.y, w=places[1].right - area.x, h=area.h)
    return title, places[2], places[3]


def _key(scene: Scene, name: str, area: Area) -> list[Shape]:
    match name:
        case "large":
            return large_key(scene, area)
        case "language":
            return language_key(scene, area)
        case "courtesy":
            return key(scene, name, area, courtesy_words(scene), chosen=picked_class(scene) is not None)
        case "help":
            return key(scene, name, area, scene.speech.both(name), style="help")
        case _:
            return key(scene, name, area, scene.speech.both(name))


# Cards ----------------------------------------------------------------------------------------------------------------


def _card(scene: Scene, service: Service, area: Area) -> list[Shape]:
    row = scene.kiosk.queue(service.id)
    refused = row is not None and (row.full or row.closed)
    shut = refused or not flow.can_print(scene.kiosk)
    name = f"service:{service.id}"
    pressed = scene.pressed == name
    shapes: list[Shape] = [] if refused else [Key(name=name, area=area)]
    shapes.append(
        Box(
            area=area,
            fill=SHUT if shut else BRAND_SOFT if pressed else CARD,
            line=BRAND if pressed else LINE,
            line_width=3 if pressed else 1.5,
        )
    )
    inner = area.inset(22 if area.w > NARROW else 13, 12)
    said = scene.speech.of_text(service.name)
    foot = _why_shut(scene, row) if shut else None
    if area.h < TALL:
        return shapes + _flat(scene, said, row, foot, inner)
    return shapes + _tall(scene, service.icon, said, row, foot, inner=inner, pressed=pressed)


def _shelf(scene: Scene, shelf: shelves.Shelf, area: Area) -> list[Shape]:
    """Return the card that leads to a page of its own; one on which nothing is to be had says why."""
    said = shelf_words(scene, shelf)
    row = flow.shut_by(scene.kiosk, shelf)
    if row is None:
        return key(scene, f"shelf:{shelf.id}", area, said)
    inner, foot = area.inset(22 if area.w > NARROW else 13, 12), _why_shut(scene, row)
    shut = Box(area=area, fill=SHUT, line=LINE, line_width=1.5)
    if area.h < TALL:
        return [shut, *_flat(scene, said, row, foot, inner)]
    return [shut, *_tall(scene, "clock", said, row, foot, inner=inner, pressed=False)]


def _tall(
    scene: Scene, icon: str, said: Said, row: QueueRow | None, foot: Said | None, *, inner: Area, pressed: bool
) -> list[Shape]:
    """Return picture and name, a line, who waits and how long."""
    z = scene.zoom
    side = 64 * z**0.5 if inner.w > 300 else 0.0  # noqa: PLR2004 - room for a picture
    shut = foot is not None
    shapes: list[Shape] = []
    y = inner.y + 10
    if side:
        disc = Area(x=inner.x, y=y, w=side, h=side)
        shapes += [
            Box(area=disc, fill=SHUT_ICON if shut else CARD if pressed else BRAND_SOFT, radius=16),
            Icon(
                name=icon,
                x=disc.x + side * 0.22,
                y=y + side * 0.22,
                size=side * 0.56,
                color=SHUT_INK if shut else BRAND,
            ),
        ]
    x = inner.x + (side + 16 if side else 0)
    stacked = inner.w < 300 * z
    if stacked and foot is None and len(wrapped(said[0], READ, inner.w)) > 1:
        stacked = False  # a long name leaves one line for the figures
    long_name = len(wrapped(said[0], READ, inner.w)) > 1 and inner.h < CROWDED
    tall_foot = not long_name and len(wrapped(foot[0], READ, inner.w)) > 1 if foot is not None else stacked
    foot_h = (104.0 if tall_foot else 56.0) * (z**0.8 if scene.roomy else 0.9)
    room = Area(x=x, y=y, w=inner.right - x, h=inner.bottom - foot_h - 12 - y)
    shapes += _name(scene, said, room, side)
    if scene.roomy:
        rule = Area(x=inner.x, y=inner.bottom - foot_h - 8, w=inner.w, h=1.5)
        shapes.append(Box(area=rule, fill=LINE, radius=0))
    place = Area(x=inner.x, y=inner.bottom - foot_h, w=inner.w, h=foot_h)
    return shapes + (_shut(foot, place) if foot is not None else _wait(scene, row, place, stacked=stacked))


def _name(scene: Scene, said: Said, room: Area, side: float) -> list[Shape]:
    """Return a service's name, as large as there is room, beside the middle of its picture while it is one line."""
    first, second = said
    z = scene.zoom
    for size in (40 * z, 40 * z**0.5, READ):
        lines = wrapped(first, size, room.w)
        fits = all(width_of(line, size) <= room.w for line in lines)
        whole = len(lines) == 1 or " " in first  # a Chinese name is rather smaller than broken
        if fits and whole and len(lines) * size * 1.15 <= room.h:
            break
    caption = second if len(lines) * size * 1.15 + CAPTION * 1.25 <= room.h else ""
    height = len(lines) * size * 1.15 + (CAPTION * 1.25 if caption else 0)
    y = room.y + max(0.0, (side - height) / 2)
    shapes: list[Shape] = []
    for line in lines:
        y += size * 1.15
        shapes.append(words(line, room.x, y - size * (0.575 - CAP), size, bold=True, fit=room.w))
    if caption:
        shapes.append(words(caption, room.x, y + CAPTION, CAPTION, color=MUTED, fit=room.w, small=True))
    return shapes


def _flat(scene: Scene, said: Said, row: QueueRow | None, foot: Said | None, inner: Area) -> list[Shape]:
    """Return name and figures on two lines."""
    first = two_lines(inner.x, inner.y + 38, said, READ + 1, bold=True, fit=inner.w)
    place = Area(x=inner.x, y=inner.bottom - 44, w=inner.w, h=44)
    shapes = _shut(foot, place) if foot is not None else _wait(scene, row, place, stacked=False)
    return [first, *shapes]


def _wait(scene: Scene, row: QueueRow | None, area: Area, *, stacked: bool) -> list[Shape]:
    """Return how many wait and how long it takes: at once when nobody waits."""
    table = scene.speech.table
    if row is None or row.wait_low_min is None:
        wait = table["wait_unknown"]
    elif row.wait_high_min == 0:
        wait = table["at_once"]
    else:
        wait = table["wait"].format(range=wait_figure(row.wait_low_min, row.wait_high_min, table))
    people = "" if row is None else table["waiting"].format(waiting=row.waiting) if row.waiting else table["nobody"]
    z = scene.zoom**0.8
    if stacked:
        half = area.h / 2
        return [
            Words(x=area.x, y=area.y + half - 12, runs=_figures(scene, people or " "), fit=area.w, small=True),
            Words(x=area.x, y=area.bottom - 12, runs=_figures(scene, wait), fit=area.w, small=True),
        ]
    y = area.bottom - 12 * z
    if area.w < 300 * z or (area.h < 50 and scene.kiosk.large):  # noqa: PLR2004 - room for one thing
        return [Words(x=area.x, y=y, runs=_figures(scene, wait), fit=area.w, small=True)]
    right = Words(x=area.right, y=y, runs=_figures(scene, wait), anchor="right", fit=area.w * 0.56, small=True)
    return [right, Words(x=area.x, y=y, runs=_figures(scene, people or " "), fit=area.w * 0.42, small=True)]


def _figures(scene: Scene, text: str) -> tuple[Run, ...]:
    return rich(
        text,
        size=scene.caption,
        color=MUTED,
        strong_size=READ * (scene.zoom**0.6 if scene.roomy else 1.0),
        strong_color=INK,
    )


def _shut(said: Said, area: Area) -> list[Shape]:
    """Return why there are no numbers, and until when."""
    first, second = said
    size = READ
    y = area.bottom - 12
    if not second or width_of(first, size) + width_of(second, CAPTION) + 16 > area.w:
        lines = wrapped(first, size, area.w)
        if len(lines) > 1 and area.h < len(lines) * size:
            return [words(first, area.x, y, CAPTION * 1.1, color=ALERT, bold=True, fit=area.w, small=True)]
        return [
            words(line, area.x, y - (len(lines) - 1 - place) * size * 1.15, size, color=ALERT, fit=area.w)
            for place, line in enumerate(lines)
        ]
    return [
        words(first, area.x, y, size, color=ALERT, fit=area.w),
        words(second, area.right, y, CAPTION, color=ALERT, anchor="right", fit=area.w, small=True),
    ]


def _why_shut(scene: Scene, row: QueueRow | None) -> Said:
    if row is not None and row.closed:
        return opens(scene, row.opens, "kiosk") if row.opens is not None else scene.speech.both("closed")
    if row is not None and row.full:
        return scene.speech.both("full")
    return scene.speech.both("no_paper_card" if scene.kiosk.paper in flow.EMPTY else "closed")
