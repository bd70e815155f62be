"""A page on which a number is typed: what was typed, what to type, and the keys for it."""

from collections.abc import Sequence
from typing import Final

from broker.text_width import width_of

from .header import title_header
from .keys import key
from .layout import READ, Said, Scene, bottom_keys, grid
from .prose import Line, column, fitting, paragraph
from .shapes import ALERT, BRAND, CAP, CARD, INK, MUTED, PAPER, Area, Box, Picture, Shape, words

DIGITS: Final = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "0")
PadKey = tuple[str, Said, str]  # its name, its words, its style


def digit_keys() -> list[PadKey]:
    return [(f"digit:{digit}", (digit, ""), "plain") for digit in DIGITS]


def number_pad(
    scene: Scene,
    *,
    name: str,
    title: Said,
    typed: str,
    hint: Said,
    beside: Sequence[Said],
    keys: Sequence[PadKey],
    leave: Sequence[PadKey] = (),
    ways_out: Sequence[PadKey] | None = None,
    waiting: Said | None = None,
    wide_box: bool = False,
    alert: bool = False,
) -> Picture:
    """Return the page; `beside` says what to type in ever shorter words, of which those that fit are shown.

    `leave` are keys besides *back* and *home*, `ways_out` those instead of them all. While `waiting` is said, there are
    no keys.
    """
    speech = scene.speech
    shapes: list[Shape] = title_header(scene, title)
    columns, rows = (6, 2) if scene.wide else (3, 4)
    if ways_out is None:
        ways_out = [*((each, speech.both(each), "plain") for each in ("back", "home")), *leave]
    below = bottom_keys(scene, len(ways_out), len(ways_out))
    most = scene.key_height * (1.3 if scene.roomy else 1.0)
    top = scene.header + (20 if scene.roomy else 8)
    least = 184.0 if scene.roomy and not scene.wide else 84.0
    gap = scene.gap
    high = max(112.0, min(most, (below[0].y - gap - top - least - gap - (rows - 1) * gap) / rows))
    pad_h = rows * high + (rows - 1) * gap
    pad = Area(x=scene.margin, y=below[0].y - gap - pad_h, w=scene.inner_w, h=pad_h)
    display = Area(x=scene.margin, y=top, w=scene.inner_w, h=pad.y - gap - top)
    box = _box(scene, display, share=0.58 if wide_box else 0.36)
    shapes += _typed(typed, hint, box)
    shapes += _beside(scene, beside, display, box, alert=alert)
    if waiting is not None:
        lines = paragraph(waiting, pad.w, size=READ, color=INK, second_color=MUTED, bold=True)
        shapes += column(lines, pad, anchor="center", middle=True)[0]
    else:
        for (each, said, style), place in zip(keys, grid(pad, columns, rows, gap), strict=False):
            shapes += key(scene, each, place, said, style=style)
        for (each, said, style), place in zip(ways_out, below, strict=True):
            shapes += key(scene, each, place, said, style=style)
    return Picture(name=name, ground=PAPER, shapes=tuple(shapes))


def _box(scene: Scene, area: Area, *, share: float) -> Area:
    w = area.w * share if scene.wide else area.w
    h = area.h if scene.wide else min(area.h, 120.0 if scene.roomy else 96.0)
    return Area(x=area.x, y=area.y, w=w, h=min(h, 260.0))


def _typed(text: str, hint: Said, box: Area) -> list[Shape]:
    ground: list[Shape] = [Box(area=box, fill=CARD, line=BRAND, line_width=3, radius=18)]
    fit = box.w - 24
    if not text:
        said = words(hint[0], box.middle, box.centre + READ * CAP, READ, color=MUTED, anchor="center", fit=fit)
        return [*ground, said]
    size = min(box.h * 0.72, 110.0, fit / width_of(text, 1.0) / 1.06)  # bold is wider
    return [*ground, words(text, box.middle, box.centre + size * CAP, size, bold=True, anchor="center", fit=fit)]


def _beside(scene: Scene, said: Sequence[Said], area: Area, box: Area, *, alert: bool) -> list[Shape]:
    """Return what to type, beside what was typed or beneath it; nothing where there is no room."""
    if scene.wide:
        place = Area(x=box.right + 28, y=area.y, w=area.right - box.right - 28, h=box.h)
    else:
        place = Area(x=area.x, y=box.bottom + 10, w=area.w, h=area.bottom - box.bottom - 10)
    color, second = (ALERT, ALERT) if alert else (INK, MUTED)
    ways: list[list[Line]] = []
    for each in said:
        lines = paragraph(each, place.w, size=READ, color=color, second_color=second)
        ways += [lines, [line for line in lines if not line.small]]
    room = Area(x=place.x, y=place.y, w=place.w, h=place.h + 8)
    lines = list(fitting(room, *ways, []))
    return column(lines, place, middle=scene.wide)[0] if lines else []
