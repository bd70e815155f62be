"""Confirm: what to have ready, how long it takes, and the one large key that takes a number."""

from typing import Final

from broker.contract.messages import Service

from .parts import (
    Scene,
    ahead_figure,
    card,
    clock,
    footer_key,
    header_ground,
    key,
    two_lines,
    wait_caption,
    wait_figure,
)
from .shapes import (
    BRAND,
    BRAND_DEEP,
    BRAND_SOFT,
    HEADER,
    INK,
    LINE,
    MARGIN,
    MUTED,
    PAPER,
    WHITE,
    Area,
    Box,
    Icon,
    Key,
    Picture,
    Run,
    Shape,
    Words,
    words,
    wrapped,
)

SIDE: Final = 452.0
GAP: Final = 28.0


def confirm(scene: Scene, service: Service, *, taking: bool) -> Picture:
    """Return the screen of one service; while a number is being taken its keys are gone."""
    first, second = scene.speech.of_text(service.name)
    top = HEADER + 22
    bottom = scene.keys_y - 16
    left = Area(x=MARGIN, y=top, w=scene.w - 2 * MARGIN - GAP - SIDE, h=bottom - top)
    right = Area(x=left.right + GAP, y=top, w=SIDE, h=bottom - top)
    shapes: list[Shape] = [
        *header_ground(scene),
        Words(
            x=MARGIN,
            y=58,
            runs=(Run(text=first, size=44, bold=True), Run(text=f"  {second}", size=28, color=MUTED)),
            fit=scene.w - 260,
        ),
        clock(scene),
        *_prepare(scene, service, left),
        *_estimate(scene, service, Area(x=right.x, y=right.y, w=right.w, h=157)),
        *_take(scene, Area(x=right.x, y=right.y + 179, w=right.w, h=right.h - 179), taking=taking),
    ]
    if not taking:
        shapes += _keys(scene)
    return Picture(name="taking" if taking else "confirm", ground=PAPER, shapes=tuple(shapes))


def _prepare(scene: Scene, service: Service, area: Area) -> list[Shape]:
    z = scene.zoom
    inner = area.inset(32, 0)
    if not service.documents and service.self_service is None:
        return _nothing(scene, area)
    shapes: list[Shape] = [card(area)]
    title = scene.speech.both("prepare" if service.documents else "nothing_to_prepare")
    y = area.y + 36 + 36 * z
    shapes.append(
        Words(
            x=inner.x,
            y=y,
            runs=(Run(text=title[0], size=38 * z, bold=True), Run(text=f"  {title[1]}", size=26, color=MUTED)),
            fit=inner.w,
        )
    )
    y += 24
    for document in service.documents:
        pitch = 70 * z**0.5
        said = scene.speech.of_text(document)
        shapes += [
            Icon(name="check", x=inner.x, y=y + pitch * 0.28, size=32, color=BRAND, stroke=3),
            two_lines(inner.x + 50, y + pitch * 0.66, said, 37 * z, color=INK, second_color=MUTED, fit=inner.w - 50),
            Box(area=Area(x=inner.x, y=y + pitch - 1, w=inner.w, h=1.5), fill=LINE, radius=0),
        ]
        y += pitch
    said = scene.speech.of_text(service.self_service) if service.self_service is not None else ("", "")
    return shapes + _beside(scene, said, Area(x=inner.x, y=y + 20, w=inner.w, h=area.bottom - y - 40))


def _nothing(scene: Scene, area: Area) -> list[Shape]:
    """Return the card of a service that needs no papers."""
    z = scene.zoom**0.6
    y = area.y + area.h / 2 - 112
    disc = Area(x=area.middle - 66, y=y - 66, w=132, h=132)
    shapes: list[Shape] = [
        card(area),
        Box(area=disc, fill=BRAND_SOFT, radius=66),
        Icon(name="check", x=disc.x + 30, y=disc.y + 30, size=72, color=BRAND, stroke=2.4),
    ]
    y += 136
    rows = (("nothing_to_prepare", (42 * z, 28), True), ("nothing_to_prepare_more", (32 * z, 26), False))
    for name, sizes, bold in rows:
        first, second = scene.speech.both(name)
        shapes.append(words(first, area.middle, y, sizes[0], bold=bold, anchor="center", fit=area.w - 60))
        if second:
            shapes.append(words(second, area.middle, y + 42, sizes[1], color=MUTED, anchor="center", fit=area.w - 60))
        y += 106 if second else 76
    return shapes


def _beside(scene: Scene, said: tuple[str, str], room: Area) -> list[Shape]:
    """Return the soft box that says how else it can be done."""
    size = 28 * scene.zoom
    lines = [line for text in said if text for line in wrapped(text, size, room.w - 48)]
    if not lines:
        return []
    pitch = min(size * 1.42, (room.h - 24) / len(lines))
    box = Area(x=room.x, y=room.y, w=room.w, h=pitch * len(lines) + 30)
    return [
        Box(area=box, fill=BRAND_SOFT, radius=16),
        *(
            words(line, box.x + 24, box.y + 15 + pitch * (place + 0.72), min(size, pitch * 0.75), fit=box.w - 48)
            for place, line in enumerate(lines)
        ),
    ]


def _estimate(scene: Scene, service: Service, area: Area) -> list[Shape]:
    row = scene.kiosk.queue(service.id)
    low, high = (row.wait_low_min, row.wait_high_min) if row is not None else (None, None)
    figures = (
        (ahead_figure(row), scene.speech.both("ahead")),
        (wait_figure(low, high, scene.speech.table), scene.speech.both(wait_caption(low, high))),
    )
    shapes: list[Shape] = [card(area)]
    for (figure, said), middle, fit in zip(figures, (0.24, 0.7), (170, 226), strict=True):
        x = area.x + area.w * middle
        caption = " ".join(said).strip()
        size = 26 * scene.zoom**0.5
        shapes += [
            words(figure, x, area.y + 82, 58, bold=True, anchor="center", fit=fit),
            words(caption, x, area.y + 124, size, color=MUTED, anchor="center", fit=fit),
        ]
    return shapes


def _take(scene: Scene, area: Area, *, taking: bool) -> list[Shape]:
    pressed = taking or scene.pressed == "take"
    first, second = scene.speech.both("taking" if taking else "take")
    size = 68.0 if second else 60.0
    middle = area.y + area.h / 2
    shapes: list[Shape] = [] if taking else [Key(name="take", area=area)]
    shapes.append(Box(area=area, fill=BRAND_DEEP if pressed else BRAND, radius=26))
    fit = area.w - 60
    if second:
        shapes += [
            words(first, area.middle, middle + 4, size, color=WHITE, bold=True, anchor="center", fit=fit),
            words(second, area.middle, middle + 58, 33, color=WHITE, anchor="center", fit=fit),
        ]
    else:
        shapes.append(words(first, area.middle, middle + 22, size, color=WHITE, bold=True, anchor="center", fit=fit))
    return shapes


def _keys(scene: Scene) -> list[Shape]:
    back, home = footer_key(scene, 0, 4), footer_key(scene, 1, 4)
    shapes = [
        *key(scene, "back", back, scene.speech.both("back")),
        *key(scene, "home", home, scene.speech.both("home")),
    ]
    if scene.left_s is not None:
        first, second = scene.speech.both("idle", seconds=scene.left_s)
        middle = back.y + back.h / 2
        size = 27 * scene.zoom
        fit = scene.w - MARGIN - home.right - 30
        shapes.append(
            words(first, scene.w - MARGIN, middle + (-4 if second else 9), size, color=MUTED, anchor="right", fit=fit)
        )
        if second:
            shapes.append(words(second, scene.w - MARGIN, middle + 30, 24, color=MUTED, anchor="right", fit=fit))
    return shapes
