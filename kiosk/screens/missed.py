"""*My number was called*: the number is typed, letters first, then digits."""

from typing import Final

from .. import flow, shelves
from .header import title_header
from .keys import key
from .layout import READ, Scene, bottom_keys, grid
from .prose import Line, column, paragraph
from .shapes import (
    BRAND,
    CAP,
    CARD,
    INK,
    MUTED,
    PAPER,
    Area,
    Box,
    Picture,
    Shape,
    words,
)
from .ticket import late_rule

LETTERS: Final = 12  # keys for them
DIGITS: Final = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "0")


def missed(scene: Scene, typed: flow.Missed, *, waiting: bool) -> Picture:
    """Return the keypad; while the dispatcher is asked its keys are gone."""
    speech = scene.speech
    shapes: list[Shape] = title_header(scene, speech.both("missed_title"))
    names = _keys(scene, typed)
    columns, rows = (6, 2) if scene.wide else (3, 4)
    leave = bottom_keys(scene, 2, 2)
    most = scene.key_height * (1.3 if scene.roomy else 1.0)
    top = scene.header + (20 if scene.roomy else 8)
    least = 84.0
    gap = scene.gap
    high = max(112.0, min(most, (leave[0].y - gap - top - least - gap - (rows - 1) * gap) / rows))
    pad_h = rows * high + (rows - 1) * gap
    pad = Area(x=scene.margin, y=leave[0].y - gap - pad_h, w=scene.inner_w, h=pad_h)
    shapes += _display(scene, typed, Area(x=scene.margin, y=top, w=scene.inner_w, h=pad.y - gap - top))
    if waiting:
        shapes += column(
            paragraph(speech.both("returning"), pad.w, size=READ, color=INK, second_color=MUTED, bold=True),
            pad,
            anchor="center",
            middle=True,
        )[0]
    else:
        for (name, said, style), place in zip(names, grid(pad, columns, rows, gap), strict=False):
            shapes += key(scene, name, place, said, style=style)
        for name, place in zip(("back", "home"), leave, strict=True):
            shapes += key(scene, name, place, speech.both(name))
    return Picture(name="returning" if waiting else "missed", ground=PAPER, shapes=tuple(shapes))


def _keys(scene: Scene, typed: flow.Missed) -> list[tuple[str, tuple[str, str], str]]:
    """Return the letters, or the digits, with the keys that correct, leave and send."""
    speech, hall = scene.speech, scene.kiosk.hall
    if typed.prefix:
        digits = [(f"digit:{digit}", (digit, ""), "plain") for digit in DIGITS]
        ready = [("enter", speech.both("enter"), "main")] if typed.digits else []
        return [*digits, ("delete", speech.both("delete"), "plain"), *ready]
    letters = shelves.prefixes(hall) if hall is not None else ()
    size = LETTERS if len(letters) <= LETTERS else LETTERS - 1
    pages = max(1, -(-len(letters) // size))
    shown = letters[typed.page % pages * size :][:size]
    more = [("more", speech.both("more_letters"), "plain")] if pages > 1 else []
    return [*((f"letters:{each}", (each, ""), "plain") for each in shown), *more]


def _display(scene: Scene, typed: flow.Missed, area: Area) -> list[Shape]:
    """Return what was typed, and the rule for whoever comes late."""
    text = typed.prefix + typed.digits
    wide = scene.wide
    w = area.w * 0.36 if wide else area.w
    h = area.h if wide else min(area.h, 120.0 if scene.roomy else 96.0)
    box = Area(x=area.x, y=area.y, w=w, h=min(h, 260.0))
    size = min(box.h * 0.72, 110.0)
    shapes: list[Shape] = [Box(area=box, fill=CARD, line=BRAND, line_width=3, radius=18)]
    if text:
        shapes.append(
            words(text, box.middle, box.centre + size * CAP, size, bold=True, anchor="center", fit=box.w - 24)
        )
    else:
        first = scene.speech.both("type_letters")[0]
        shapes.append(
            words(first, box.middle, box.centre + READ * CAP, READ, color=MUTED, anchor="center", fit=box.w - 24)
        )
    beside = (
        Area(x=box.right + 28, y=area.y, w=area.right - box.right - 28, h=box.h)
        if wide
        else Area(x=area.x, y=box.bottom + 10, w=area.w, h=area.bottom - box.bottom - 10)
    )
    lines: list[Line] = paragraph(late_rule(scene), beside.w, size=READ, color=INK, second_color=MUTED)
    if sum(line.height for line in lines) > beside.h:
        lines = [line for line in lines if not line.small]
    if sum(line.height for line in lines) > beside.h + 8:
        lines = paragraph(
            (scene.speech.both("missed_rule_short")[0], ""), beside.w, size=READ, color=INK, second_color=MUTED
        )
    if sum(line.height for line in lines) > beside.h + 8:
        return shapes
    return shapes + column(lines, beside, middle=wide)[0]
