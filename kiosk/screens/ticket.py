"""Ticket: the number, largest of all; who is ahead, where to wait, and the slip as it comes out."""

from typing import Final
from zoneinfo import ZoneInfo

from broker.contract.texts import texts
from hardware.devices import Printed

from .. import flow
from ..slip import Line, slip
from .parts import Scene, key, wait_caption, wait_figure
from .shapes import (
    BRAND_DEEP,
    CALL,
    KEY_HEIGHT,
    WHITE,
    Area,
    Box,
    Dashes,
    Picture,
    Shape,
    Words,
    rich,
    words,
    wrapped,
)

EDGE: Final = 56.0
SLIP_W: Final = 430.0
SOFT: Final = "#1A524B"  # a tenth of white on deep brand
PALE: Final = "#E9F1EF"
SLIP_INK: Final = "#111111"


def ticket(scene: Scene, screen: flow.Ticket) -> Picture:
    left_w = scene.w - 2 * EDGE - SLIP_W - 40
    shapes = [*_number(scene, screen, left_w), *_place(scene, screen, left_w), *_slip(scene, screen)]
    column = Area(x=scene.w - EDGE - SLIP_W, y=scene.h - EDGE + 12 - KEY_HEIGHT, w=SLIP_W, h=KEY_HEIGHT)
    if screen.slip is not None:
        shapes += key(scene, "home", column, scene.speech.both("done"), on_dark=True)
    return Picture(name="ticket", ground=BRAND_DEEP, shapes=tuple(shapes))


def _number(scene: Scene, screen: flow.Ticket, left_w: float) -> list[Shape]:
    taken, speech = screen.taken, scene.speech
    z = scene.zoom**0.7
    figures = (
        (str(taken.ahead), speech.both("people_ahead")),
        (
            wait_figure(taken.wait_low_min, taken.wait_high_min, speech.table),
            speech.both(wait_caption(taken.wait_low_min, taken.wait_high_min)),
        ),
    )
    shapes: list[Shape] = [
        words(" ".join(speech.both("your_number")), EDGE, 90, 40 * z, color=PALE, fit=left_w),
        words(taken.ticket, EDGE - 8, 322, 262, color=CALL, bold=True, fit=left_w),
    ]
    for place, (figure, said) in enumerate(figures):
        x = EDGE + place * left_w * 0.42
        fit = left_w * 0.4 if place == 0 else left_w * 0.58
        shapes += [
            words(figure, x, 412, 58, color=WHITE, bold=True, fit=fit),
            words(" ".join(said), x, 458, 31 * z, color=PALE, fit=fit),
        ]
    return shapes


def _place(scene: Scene, screen: flow.Ticket, left_w: float) -> list[Shape]:
    speech, z = scene.speech, scene.zoom**0.7
    names = speech.of_text(screen.zone.name)
    lines = [speech.both("wait_in", zone=name)[place] for place, name in enumerate(names) if name]
    box = Area(x=EDGE, y=494, w=left_w, h=36 + 52 * z * len(lines))
    shapes: list[Shape] = [Box(area=box, fill=SOFT, radius=18)]
    shapes += [
        Words(
            x=box.x + 26,
            y=box.y + 18 + 52 * z * place + 38 * z,
            runs=rich(line, size=36 * z, color=WHITE, strong_size=37 * z, strong_color=WHITE),
            fit=box.w - 52,
        )
        for place, line in enumerate(lines)
    ]
    late = [line for text in speech.both("missed") if text for line in wrapped(text, 29 * z, left_w)]
    shapes += [
        words(line, EDGE, box.bottom + 50 + 42 * z * place, 29 * z, color=PALE, fit=left_w)
        for place, line in enumerate(late)
    ]
    return shapes


def _slip(scene: Scene, screen: flow.Ticket) -> list[Shape]:
    """Return the slip as it is printed, and what to do with it."""
    hall = scene.kiosk.hall
    if hall is None:
        return []
    language = scene.kiosk.ticket_language
    items = slip(
        hall_name=hall.name,
        service=screen.service,
        zone=screen.zone,
        taken=screen.taken,
        at=screen.taken.issued_at.astimezone(ZoneInfo(hall.timezone)),
        language=language,
        words=texts(language)["slip"],
    )
    x, y = scene.w - EDGE - SLIP_W, 44.0
    inside: list[Shape] = []
    pen = y + 30
    for item in items:
        if isinstance(item, Line):
            size, pitch = {1: (22.0, 1.45), 2: (38.0, 1.4)}.get(item.size, (98.0, 1.2))
            pen += size * pitch
            inside.append(
                words(
                    item.text,
                    x + SLIP_W / 2,
                    pen - size * (pitch - 1) * 0.8,
                    size,
                    color=SLIP_INK,
                    bold=item.bold,
                    anchor="center",
                    fit=SLIP_W - 48,
                )
            )
        else:
            inside.append(Dashes(x=x + 30, y=pen + 12, w=SLIP_W - 60, color="#999999"))
            pen += 24
    paper = Area(x=x, y=y, w=SLIP_W, h=pen + 24 - y)
    shadow = [
        Box(area=Area(x=x - s, y=y + 14 - s / 2, w=SLIP_W + 2 * s, h=paper.h + s), fill="#00000012", radius=14 + s)
        for s in (4.0, 10.0, 18.0)
    ]
    return [*shadow, Box(area=paper, fill=WHITE, radius=10), *inside, *_fate(scene, screen, paper)]


def _fate(scene: Scene, screen: flow.Ticket, paper: Area) -> list[Shape]:
    """Return what became of the paper, in words."""
    name = {None: "printing", Printed.YES: "take_slip"}.get(screen.slip, "note_number")
    first, second = scene.speech.both(name)
    color = CALL if name == "note_number" else WHITE
    y = paper.bottom + 48
    shapes: list[Shape] = [words(first, paper.middle, y, 34, color=color, bold=True, anchor="center", fit=paper.w)]
    if second:
        shapes.append(words(second, paper.middle, y + 38, 28, color=color, anchor="center", fit=paper.w))
    return shapes
