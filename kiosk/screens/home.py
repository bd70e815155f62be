"""Home: the services, who waits for each and how long; readable from the door."""

from typing import Final

from broker.contract.messages import Language, QueueRow, Service
from broker.contract.texts import texts

from .. import flow
from .parts import Scene, footer_key, hall_header, key, opens, wait_figure
from .shapes import (
    ALERT,
    BRAND,
    BRAND_SOFT,
    CAP,
    HEADER,
    INK,
    LINE,
    MARGIN,
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

GAP: Final = 18.0
TITLE_Y: Final = HEADER + 56
GRID_Y: Final = 160.0


def home(scene: Scene, screen: flow.Home) -> Picture:
    first, second = scene.speech.both("choose")
    shapes = hall_header(scene)
    shapes.append(
        Words(
            x=MARGIN,
            y=TITLE_Y,
            runs=(Run(text=first, size=42, bold=True), Run(text=f"  {second}", size=27, color=MUTED)),
        )
    )
    for service, area in zip(flow.services_shown(scene.kiosk, screen.page), _grid(scene), strict=False):
        shapes += _card(scene, service, area)
    return Picture(name="home", ground=PAPER, shapes=(*shapes, *_keys(scene)))


def _grid(scene: Scene) -> list[Area]:
    columns = flow.page_size(scene.kiosk) // 2
    w = (scene.w - 2 * MARGIN - GAP * (columns - 1)) / columns
    h = (scene.keys_y - 28 - GRID_Y - GAP) / 2
    return [
        Area(x=MARGIN + column * (w + GAP), y=GRID_Y + row * (h + GAP), w=w, h=h)
        for row in range(2)
        for column in range(columns)
    ]


def _keys(scene: Scene) -> list[Shape]:
    kiosk, speech = scene.kiosk, scene.speech
    shapes: list[Shape] = []
    left = 0
    if flow.pages(kiosk) > 1:
        shapes += key(scene, "more", footer_key(scene, left), speech.both("more"))
        left += 1
    size = "ordinary" if kiosk.large else "large"
    shapes += key(scene, "large", footer_key(scene, left), speech.both(size), chosen=kiosk.large)
    for place, language in enumerate((Language.EN, Language.ZH)):
        area = footer_key(scene, place, from_right=True)
        said = (texts(language)["kiosk"]["language"], "")
        shapes += key(scene, f"language:{language.value}", area, said, chosen=kiosk.language is language)
    return shapes


def _card(scene: Scene, service: Service, area: Area) -> list[Shape]:
    row = scene.kiosk.queue(service.id)
    refused = row is not None and (row.full or row.closed)
    shut = refused or not flow.can_print(scene.kiosk)
    name = f"service:{service.id}"
    pressed = scene.pressed == name
    z = scene.zoom
    side = 64 * z
    text_x = area.x + 24 + side + 16
    shapes: list[Shape] = [] if refused else [Key(name=name, area=area)]
    shapes += [
        Box(
            area=area,
            fill=SHUT if shut else BRAND_SOFT if pressed else "#FFFFFF",
            line=BRAND if pressed else LINE,
            line_width=3 if pressed else 1.5,
        ),
        Box(
            area=Area(x=area.x + 24, y=area.y + 28, w=side, h=side),
            fill=SHUT_ICON if shut else "#FFFFFF" if pressed else BRAND_SOFT,
            radius=16,
        ),
        Icon(
            name=service.icon,
            x=area.x + 24 + side * 0.22,
            y=area.y + 28 + side * 0.22,
            size=side * 0.56,
            color=SHUT_INK if shut else BRAND,
        ),
        *_name(scene, service, text_x, area.y + 28 + side / 2, area.right - 22 - text_x),
        Box(area=Area(x=area.x + 24, y=area.bottom - 44 * z - 40, w=area.w - 48, h=1.5), fill=LINE, radius=0),
    ]
    return shapes + (_shut(scene, row, area) if shut else _wait(scene, service, area))


def _name(scene: Scene, service: Service, x: float, middle: float, fit: float) -> list[Shape]:
    first, second = scene.speech.of_text(service.name)
    z = scene.zoom
    if second:
        return [
            words(first, x, middle + 7, 40 * z, bold=True, fit=fit),
            words(second, x, middle + 37, 25 * z, color=MUTED, fit=fit),
        ]
    lines = wrapped(first, 40 * z, fit)
    if len(lines) == 1:
        return [words(first, x, middle + 40 * z * CAP, 40 * z, bold=True, fit=fit)]
    size = 36 * z
    top = middle - (len(lines) - 1) * size * 0.6 + size * CAP
    return [words(line, x, top + place * size * 1.2, size, bold=True, fit=fit) for place, line in enumerate(lines)]


def _wait(scene: Scene, service: Service, area: Area) -> list[Shape]:
    """Return how many wait and how long it takes: at once when nobody waits."""
    row = scene.kiosk.queue(service.id)
    table = scene.speech.table
    if row is None or row.wait_low_min is None:
        wait = table["wait_unknown"]
    elif row.wait_high_min == 0:
        wait = table["at_once"]
    else:
        wait = table["wait"].format(range=wait_figure(row.wait_low_min, row.wait_high_min, table))
    y = area.bottom - 30
    shapes: list[Shape] = [Words(x=area.right - 24, y=y, runs=_figures(scene, wait), anchor="right", fit=area.w * 0.5)]
    if row is not None:
        people = table["waiting"].format(waiting=row.waiting) if row.waiting else table["nobody"]
        shapes.append(Words(x=area.x + 24, y=y, runs=_figures(scene, people), fit=area.w * 0.45))
    return shapes


def _figures(scene: Scene, text: str) -> tuple[Run, ...]:
    return rich(text, size=26 * scene.zoom, color=MUTED, strong_size=35 * scene.zoom, strong_color=INK)


def _shut(scene: Scene, row: QueueRow | None, area: Area) -> list[Shape]:
    first, second = _why_shut(scene, row)
    size = 27 * scene.zoom
    if not second:
        return [words(first, area.x + 24, area.bottom - 32, size, color=ALERT, fit=area.w - 48)]
    return [
        words(first, area.x + 24, area.bottom - 32, size, color=ALERT, fit=area.w * 0.45),
        words(second, area.right - 24, area.bottom - 32, size, color=ALERT, anchor="right", fit=area.w * 0.5),
    ]


def _why_shut(scene: Scene, row: QueueRow | None) -> tuple[str, str]:
    if row is not None and row.closed:
        return opens(scene, row.opens, "kiosk") if row.opens is not None else scene.speech.both("closed")
    if row is not None and row.full:
        return scene.speech.both("full")
    return scene.speech.both("no_paper_card" if scene.kiosk.paper in flow.EMPTY else "closed")
