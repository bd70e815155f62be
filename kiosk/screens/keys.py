"""Keys with their words, and those that several screens share."""

from broker.contract.messages import ORDINARY, Language
from broker.contract.texts import texts
from broker.text_width import width_of

from .layout import CAPTION, READ, Said, Scene
from .shapes import (
    BRAND,
    BRAND_DEEP,
    CALL,
    CAP,
    CARD,
    KEY_INK,
    ON_BRAND,
    ON_CALL,
    ON_DEEP,
    Area,
    Box,
    Icon,
    Key,
    Shape,
    words,
    wrapped,
)


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
        Key(name=name, area=area, said=said, chosen=chosen),
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
