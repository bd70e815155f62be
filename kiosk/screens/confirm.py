"""Confirm: what to have ready, how long it takes, what one needs, and the one large key that takes a number."""

from typing import Final

from broker.contract.messages import Service, Standing

from .. import flow, shelves
from .header import title_header
from .keys import courtesy_words, key, picked_class
from .layout import READ, Said, Scene, bottom_keys, columns_of, grid
from .prose import Line, card, column, fitting, paragraph, two_lines
from .shapes import (
    BRAND,
    BRAND_SOFT,
    INK,
    KEY_INK,
    LINE,
    MUTED,
    ON_BRAND,
    PAPER,
    Area,
    Box,
    Icon,
    Key,
    Picture,
    Shape,
    words,
)
from .wording import ahead_figure, booked_words, wait_caption, wait_figure

ESTIMATE: Final = 134.0
BOOKED: Final = 240.0
INSET: Final = 28.0
LARGER: Final = 45.0  # where large text has no room for its whole size
LINED: Final = 56.0  # height of a row from which a line is drawn beneath it


def confirm(scene: Scene, service: Service, *, taking: bool) -> Picture:
    """Return the screen of one service; while a number is being taken its keys are gone."""
    keys, bottom = _keys(scene, service)
    top = scene.header + (18 if scene.roomy else 10)
    area = Area(x=scene.margin, y=top, w=scene.inner_w, h=bottom - top)
    prepare, estimate, take = _places(scene, area)
    shapes = [
        *title_header(scene, scene.speech.of_text(service.name)),
        *_prepare(scene, service, prepare),
        *(_booked(scene, estimate) if scene.kiosk.booking is not None else _estimate(scene, service, estimate)),
        *_take(scene, take, taking=taking),
    ]
    if not taking:
        shapes += keys
    return Picture(name="taking" if taking else "confirm", ground=PAPER, shapes=tuple(shapes))


def needs(scene: Scene, service: Service) -> Picture:
    """Return the page of what the customer needs besides, where the confirm page has no room for it."""
    columns = 2 if scene.wide or scene.roomy else 1
    toggles = _toggles(scene, service)
    areas = bottom_keys(scene, 2, 2)
    top = scene.header + scene.gap
    note = Area(x=scene.margin, y=top, w=scene.inner_w, h=0)
    rows = -(-len(toggles) // columns)
    high = min(scene.key_height, (areas[0].y - top - scene.gap) / max(1, rows) - scene.gap)
    shapes = title_header(scene, scene.speech.both("needs"))
    places = grid(
        Area(x=note.x, y=top, w=note.w, h=rows * high + (rows - 1) * scene.gap), columns, max(1, rows), scene.gap
    )
    for (name, said, chosen), place in zip(toggles, places, strict=False):
        shapes += toggle(scene, name, place, said, chosen=chosen)
    shapes += _checked(scene, Area(x=note.x, y=places[-1].bottom + 12, w=note.w, h=areas[0].y - places[-1].bottom - 24))
    shapes += key(scene, "back", areas[0], scene.speech.both("back"), style="main")
    shapes += key(scene, "home", areas[1], scene.speech.both("home"))
    return Picture(name="needs", ground=PAPER, shapes=tuple(shapes))


def _checked(scene: Scene, area: Area) -> list[Shape]:
    """Return the honest note that the counter checks a class, where there is room."""
    if picked_class(scene) is None:
        return []
    first, _ = scene.speech.both("checked")
    lines = paragraph((first, ""), area.w, size=READ, color=INK, second_color=MUTED)
    return column(lines, area)[0] if sum(line.height for line in lines) <= area.h + 8 else []


def _places(scene: Scene, area: Area) -> tuple[Area, Area, Area]:
    """Return where papers, figures and the large key stand."""
    gap = scene.gap
    estimate = ESTIMATE if scene.roomy else 112.0
    if scene.wide:
        if scene.kiosk.booking is not None:
            estimate = min(BOOKED, area.h - gap - scene.key_height)
        side = 452.0 if scene.roomy else 312.0
        left = Area(x=area.x, y=area.y, w=area.w - side - gap, h=area.h)
        right = Area(x=left.right + gap, y=area.y, w=side, h=estimate)
        return left, right, Area(x=right.x, y=right.bottom + gap, w=side, h=area.bottom - right.bottom - gap)
    take = 200.0 if scene.roomy else 130.0
    upper = Area(x=area.x, y=area.y, w=area.w, h=area.h - estimate - take - 2 * gap)
    middle = Area(x=area.x, y=upper.bottom + gap, w=area.w, h=estimate)
    return upper, middle, Area(x=area.x, y=middle.bottom + gap, w=area.w, h=take)


# What to have ready ---------------------------------------------------------------------------------------------------


def _prepare(scene: Scene, service: Service, area: Area) -> list[Shape]:
    if not service.documents and service.self_service is None:
        return _nothing(scene, area)
    z = scene.zoom
    pad = INSET if scene.roomy else 16.0
    inner = area.inset(pad, pad * 0.6)
    said = scene.speech.both("prepare" if service.documents else "nothing_to_prepare")
    beside = scene.speech.of_text(service.self_service) if service.self_service is not None else None
    count = len(service.documents)
    wide, close = (1.85, 1.4) if scene.roomy else (1.35, 1.35)
    choices = [(38 * z, wide, True), (READ, wide, True), (READ, wide, False)]
    if scene.kiosk.large:  # rather close together than no larger than others read it
        choices[1:1] = [(38 * z, close, True), (LARGER, close, True)]
    for size, spread, with_second in choices:
        pitch = size * spread
        lines = _beside(scene, beside, inner.w - 40, with_second=with_second)
        soft_h = sum(line.height for line in lines) + 20 if lines else 0.0
        if size * 1.5 + count * pitch + soft_h + (16 if lines else 0) <= inner.h:
            break
    size = max(size, READ)
    pitch = min(pitch, (inner.h - size * 1.4 - soft_h - (12 if lines else 0)) / count) if count else pitch
    shapes: list[Shape] = [card(area)]
    y = inner.y + size * 1.15
    shapes.append(two_lines(inner.x, y, said, size, bold=True, fit=inner.w))
    y += size * 0.25
    for document in service.documents:
        text = scene.speech.of_text(document)
        shapes += [
            Icon(name="check", x=inner.x, y=y + pitch / 2 - 16, size=32, color=BRAND, stroke=3),
            two_lines(inner.x + 46, y + pitch / 2 + size * 0.36, text, size, color=INK, fit=inner.w - 46),
        ]
        if pitch > LINED:
            shapes.append(Box(area=Area(x=inner.x, y=y + pitch - 1, w=inner.w, h=1.5), fill=LINE, radius=0))
        y += pitch
    if lines:
        box = Area(x=inner.x, y=min(y + 16, inner.bottom - soft_h), w=inner.w, h=soft_h)
        shapes.append(Box(area=box, fill=BRAND_SOFT, radius=16))
        shapes += column(lines, box.inset(20, 10))[0]
    return shapes


def _beside(scene: Scene, said: Said | None, fit: float, *, with_second: bool) -> list[Line]:
    """Return how else it can be done."""
    if said is None:
        return []
    size = READ * (scene.zoom**0.5 if scene.roomy else 1.0)
    return paragraph(said if with_second else (said[0], ""), fit, size=size, color=INK, second_color=MUTED)


def _nothing(scene: Scene, area: Area) -> list[Shape]:
    """Return the card of a service that needs no papers."""
    size = 42 * scene.zoom**0.6
    side = min(132.0, area.h * 0.36)
    first = paragraph(
        scene.speech.both("nothing_to_prepare"), area.w - 40, size=size, color=INK, second_color=MUTED, bold=True
    )
    more = paragraph(
        scene.speech.both("nothing_to_prepare_more"), area.w - 40, size=READ, color=INK, second_color=MUTED, before=14
    )
    text = Area(x=area.x + 20, y=area.y, w=area.w - 40, h=area.h)
    lines = fitting(Area(x=0, y=0, w=0, h=area.h - side - 30), [*first, *more], first)
    height = sum(line.height for line in lines)
    y = area.y + (area.h - side - 16 - height) / 2
    disc = Area(x=area.middle - side / 2, y=y, w=side, h=side)
    return [
        card(area),
        Box(area=disc, fill=BRAND_SOFT, radius=side / 2),
        Icon(name="check", x=disc.x + side * 0.23, y=y + side * 0.23, size=side * 0.54, color=BRAND, stroke=2.4),
        *column(lines, Area(x=text.x, y=y + side + 16, w=text.w, h=height), anchor="center")[0],
    ]


# How long, and the key ------------------------------------------------------------------------------------------------


def _estimate(scene: Scene, service: Service, area: Area) -> list[Shape]:
    row = scene.kiosk.queue(service.id)
    low, high = (row.wait_low_min, row.wait_high_min) if row is not None else (None, None)
    figures = (
        (ahead_figure(row), scene.speech.both("ahead")),
        (wait_figure(low, high, scene.speech.table), scene.speech.both(wait_caption(low, high))),
    )
    shapes: list[Shape] = [card(area)]
    size = 56.0 if scene.roomy else 48.0
    for (figure, said), middle, share in zip(figures, (0.24, 0.7), (0.4, 0.56), strict=True):
        x, fit = area.x + area.w * middle, area.w * share
        caption = " ".join(said).strip() if scene.roomy else said[0]
        small = scene.caption
        shapes += [
            words(figure, x, area.y + area.h * 0.52, size, bold=True, anchor="center", fit=fit),
            words(caption, x, area.bottom - area.h * 0.16, small, color=MUTED, anchor="center", fit=fit, small=True),
        ]
    return shapes


def _booked(scene: Scene, area: Area) -> list[Shape]:
    """Return the booked time, and how coming now agrees with it, in the place of the wait."""
    inner = area.inset(20 if scene.roomy else 10, 8)
    time, note = booked_words(scene)
    large = paragraph(time, inner.w, size=READ * 1.2, color=INK, second_color=MUTED, bold=True)
    small = paragraph(time, inner.w, size=READ, color=INK, second_color=MUTED, bold=True)
    how = paragraph(note, inner.w, size=READ, color=INK, second_color=MUTED, before=6)
    firsts = [line for line in (*small, *how) if not line.small]
    lines = fitting(inner, [*large, *how], [*small, *how], [*small, *(each for each in how if not each.small)], firsts)
    return [card(area), *column(lines, inner, middle=True)[0]]


def _take(scene: Scene, area: Area, *, taking: bool) -> list[Shape]:
    said = scene.speech.both("taking" if taking else "take")
    if not taking:
        shapes = key(scene, "take", area, ("", ""), style="main")[:2]
    else:
        shapes = [Box(area=area, fill=BRAND, radius=18)]
    pressed = scene.pressed == "take" and not taking
    ink = KEY_INK if pressed else ON_BRAND
    size = min(68.0, area.h * 0.4) if len(said[0]) < 4 else min(56.0, area.h * 0.34)  # noqa: PLR2004 - 取号
    size = max(READ, size)
    lines = paragraph(said, area.w - 40, size=size, color=ink, second_color=ink, bold=True)
    firsts = [line for line in lines if not line.small]
    masked = scene.kiosk.screen.masked if isinstance(scene.kiosk.screen, flow.Taking) else ""
    number = paragraph((masked, ""), area.w - 40, size=READ, color=ink, second_color=ink) if masked else []
    room = Area(x=0, y=0, w=0, h=area.h)
    lines = list(fitting(room, [*lines, *number], [*firsts, *number], lines, firsts))
    shapes += column(lines, area.inset(20, 0), anchor="center", middle=True)[0]
    return [shape for shape in shapes if not isinstance(shape, Key) or not taking]


# Keys at the bottom ---------------------------------------------------------------------------------------------------


def _toggles(scene: Scene, service: Service) -> list[tuple[str, Said, bool]]:
    """Return (key, words, is chosen) of the class and the needs that there are for a service."""
    kiosk = scene.kiosk
    if kiosk.hall is None:
        return []
    found = [
        (f"need:{need.id}", scene.speech.of_text(need.name), need.id in kiosk.needs)
        for need in shelves.needs_offered(kiosk.hall, service.id)
    ]
    keeps_its_class = kiosk.booking is not None and kiosk.booking.standing is not Standing.LATE
    if shelves.classes_offered(kiosk.hall) and not keeps_its_class:
        found.insert(0, ("courtesy", courtesy_words(scene), picked_class(scene) is not None))
    return found


def _keys(scene: Scene, service: Service) -> tuple[list[Shape], float]:
    """Return back, home and the toggles, or the key to their page; and where the keys begin."""
    toggles = _toggles(scene, service)
    columns = columns_of(scene)
    direct = scene.roomy and not scene.kiosk.large and len(toggles) <= (4 if scene.wide else 6)
    shown = toggles if direct else []
    more = 1 if toggles and not direct else 0
    count = 2 + len(shown) + more
    areas = bottom_keys(scene, count, min(columns, count) if scene.roomy else count)
    shapes = key(scene, "back", areas[0], scene.speech.both("back"))
    shapes += key(scene, "home", areas[1], scene.speech.both("home"))
    for (name, said, chosen), area in zip(shown, areas[2:], strict=False):
        shapes += toggle(scene, name, area, said, chosen=chosen)
    if more:
        chosen = any(each[2] for each in toggles)
        shapes += key(scene, "needs", areas[2], scene.speech.both("needs"), chosen=chosen)
    return shapes, areas[0].y - scene.gap


def toggle(scene: Scene, name: str, area: Area, said: Said, *, chosen: bool) -> list[Shape]:
    """Return a key that stays pressed."""
    return key(scene, name, area, said, chosen=chosen)
