"""What stands at a screen's top: the hall or the page's title, and the time."""

from broker.text_width import width_of

from .layout import CAPTION, READ, Said, Scene
from .prose import two_lines
from .shapes import BRAND, CAP, CARD, LINE, MUTED, ON_BRAND, Area, Box, Icon, Logo, Shape, words, wrapped
from .wording import date


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
