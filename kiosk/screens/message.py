"""The screens that say why there is no number, and what to do now."""

from typing import Final

from broker.contract.texts import texts

from .. import flow
from .parts import Scene, card, footer_key, hall_header, key, opens
from .shapes import (
    ALERT,
    ALERT_SOFT,
    BRAND,
    BRAND_SOFT,
    CAP,
    HEADER,
    INK,
    MARGIN,
    MUTED,
    PAPER,
    Area,
    Box,
    Icon,
    Picture,
    Shape,
    words,
    wrapped,
)

DISC: Final = 132.0
LEFT: Final = 250.0
TITLE: Final = 64.0


def away(scene: Scene, screen: flow.Away) -> Picture:
    why = screen.why.value
    calm = screen.why is not flow.Pause.AWAY
    said = [scene.speech.both(f"{why}_title"), scene.speech.both(f"{why}_body")]
    return _message(scene, "away", "clock" if calm else "desk", said, alert=not calm, home=False)


def no_paper(scene: Scene, screen: flow.NoPaper) -> Picture:
    speech = scene.speech
    if screen.voided is not None:
        said = [
            speech.both("voided_title"),
            speech.both("voided_body", ticket=screen.voided),
            speech.both("voided_do"),
        ]
    else:
        why = "no_paper" if screen.paper in flow.EMPTY else "printer"
        said = [speech.both(f"{why}_title"), speech.both(f"{why}_body")]
    return _message(scene, "no_paper", "printer", said, alert=True, home=True)


def declined(scene: Scene, screen: flow.Declined) -> Picture:
    speech = scene.speech
    reason = screen.reason if screen.reason in texts(speech.first)["refusal"] else "other"
    why = opens(scene, screen.opens, "refusal") if screen.opens is not None else speech.both(reason, "refusal")
    said = [speech.both("refused_title"), why, speech.both("refused_do")]
    return _message(scene, "refused", "warning", said, alert=True, home=True)


def _message(scene: Scene, name: str, icon: str, said: list[tuple[str, str]], *, alert: bool, home: bool) -> Picture:
    """Return a card: what is the matter first and large, then what to do; the second language beneath each."""
    bottom = scene.keys_y - 20 if home else scene.h - MARGIN
    area = Area(x=MARGIN, y=HEADER + 28, w=scene.w - 2 * MARGIN, h=bottom - HEADER - 28)
    x, fit = area.x + LEFT, area.w - LEFT - 48
    lines = [line for place, pair in enumerate(said) for line in _lines(scene, pair, fit, title=place == 0)]
    height = sum(size * 1.36 + before for _, size, before, _ in lines)
    y = area.y + (area.h - height) / 2
    shapes: list[Shape] = [*hall_header(scene), card(area)]
    disc = Area(x=area.x + 64, y=area.y + (area.h - DISC) / 2, w=DISC, h=DISC)
    shapes += [
        Box(area=disc, fill=ALERT_SOFT if alert else BRAND_SOFT, radius=DISC / 2),
        Icon(name=icon, x=disc.x + 34, y=disc.y + 32, size=64, color=ALERT if alert else BRAND, stroke=1.9),
    ]
    for text, size, before, first in lines:
        y += size * 1.36 + before
        title = first and size == TITLE
        ink = ALERT if title and alert else INK if first else MUTED
        shapes.append(words(text, x, y - size * (1.36 / 2 - CAP), size, color=ink, bold=title, fit=fit))
    if home:
        shapes += key(scene, "home", footer_key(scene, 0, 4), scene.speech.both("home"))
    return Picture(name=name, ground=PAPER, shapes=tuple(shapes))


def _lines(scene: Scene, said: tuple[str, str], fit: float, *, title: bool) -> list[tuple[str, float, float, bool]]:
    """Return (text, size, space before, is the first language) of each line."""
    z = scene.zoom**0.6
    sizes = (TITLE, 34.0) if title else (40.0 * z, 29.0)
    rows = []
    for place, (text, size) in enumerate(zip(said, sizes, strict=True)):
        for number, line in enumerate(wrapped(text, size, fit) if text else []):
            space = 26.0 if place == 0 and number == 0 and not title else 0.0
            rows.append((line, size, space, place == 0))
    return rows
