"""The technician's pages: a pad for the PIN; what is broken and what to do, with the report's code to photograph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from broker.contract.messages import DeviceState, Language
from broker.contract.texts import texts
from broker.technician.desk import Seen
from broker.technician.door import Stage
from broker.technician.qr import squares
from broker.technician.sheet import Row, counts, rows

from .header import title_header
from .keys import key
from .layout import CAPTION, Scene, bottom_keys
from .number_pad import digit_keys, number_pad
from .prose import Line, card, column
from .shapes import CAP, INK, MUTED, PAPER, Area, Box, Dots, Picture, Shape, words, wrapped

TEXT: Final = 29.0  # capitals of 3.5 mm, for somebody who stands before it
LIGHTS: Final = {
    DeviceState.FAULT: ("red", "#A3201A"),
    DeviceState.WARNING: ("amber", "#8A5A00"),
    DeviceState.OK: ("green", "#1E6B34"),
}
CORNER_MM: Final = 22.0  # a side of the square that hears the gesture
TAG: Final = 92.0  # the light with its word
CODE: Final = 330.0
PAD: Final = 14.0
BETWEEN: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class Page:
    """The technician's picture, and how many pages there are."""

    picture: Picture
    pages: int = 1


def page(scene: Scene, seen: Seen) -> Page:
    """Return what the technician sees; `scene` gives the panel and what is pressed."""
    mine = replace(
        scene, kiosk=replace(scene.kiosk, language=seen.door.language, large=False, contrast=False), left_s=None
    )
    return _sheet(mine, seen) if seen.door.stage is Stage.OPEN else Page(picture=_pad(mine, seen))


def _pad(scene: Scene, seen: Seen) -> Picture:
    says = texts(seen.door.language)["technician"]
    wrong = says["wait"].format(seconds=seen.wait_s) if seen.wait_s else says["wrong"] if seen.door.was_wrong else ""
    return number_pad(
        scene,
        name="technician_pin",
        title=(wrong or says["pin"], ""),
        typed="●" * len(seen.door.typed),
        hint=(says["hint"], ""),
        beside=[(says["beside"], "")],
        keys=[*digit_keys(), ("clear", (says["clear"], ""), "plain"), ("ok", (says["ok"], ""), "main")],
        ways_out=_ways_out(scene, says["leave"]),
        waiting=(says["checking"], "") if seen.door.stage is Stage.CHECKING else None,
    )


def _ways_out(scene: Scene, leave: str) -> list[tuple[str, tuple[str, str], str]]:
    other = Language.ZH if scene.speech.first is Language.EN else Language.EN
    return [("leave", (leave, ""), "plain"), ("language", (texts(other)["kiosk"]["language"], ""), "plain")]


def _sheet(scene: Scene, seen: Seen) -> Page:
    says = texts(seen.door.language)["technician"]
    red, amber, green = counts(seen.found)
    said = says["sum"].format(reds=red, ambers=amber, greens=green) if red + amber else says["all_green"]
    below = bottom_keys(scene, 4, 4)
    top = scene.header + 12
    area = Area(x=scene.margin, y=top, w=scene.inner_w, h=below[0].y - scene.gap - top)
    side = min(CODE, area.w * 0.34, area.h * 0.6)
    if scene.wide:
        code = Area(x=area.right - side, y=area.y, w=side, h=side)
        text = Area(x=area.x, y=area.y, w=area.w - side - scene.gap, h=area.h)
    else:
        code = Area(x=area.right - side, y=area.bottom - side, w=side, h=side)
        text = Area(x=area.x, y=area.y, w=area.w, h=area.h - side - scene.gap)
    leaves = _leaves([_block(row, says, text.w) for row in rows(seen.found, seen.door.language)], text.h)
    at = seen.door.page % len(leaves)
    count = says["page"].format(page=at + 1, pages=len(leaves))
    shapes: list[Shape] = [
        *title_header(scene, (said, "")),
        *_stacked(leaves[at], text),
        Dots(rows=squares(seen.report), area=code),
        *_photo(scene, says["photo"], count, code, area),
    ]
    many = len(leaves) > 1
    keys = [("before", says["before"]), ("next", says["next"])] if many else []
    ways = [*((each, (word, ""), "plain") for each, word in keys), *reversed(_ways_out(scene, says["leave"]))]
    for (each, word, style), place in zip(ways, bottom_keys(scene, len(ways), len(ways)), strict=True):
        shapes += key(scene, each, place, word, style=style)
    return Page(picture=Picture(name="technician", ground=PAPER, shapes=tuple(shapes)), pages=len(leaves))


@dataclass(frozen=True, kw_only=True)
class Block:
    """A finding, broken into lines."""

    row: Row
    word: str
    lines: tuple[Line, ...]

    @property
    def height(self) -> float:
        return sum(line.height for line in self.lines) + 2 * PAD


def _block(row: Row, says: Mapping[str, str], width: float) -> Block:
    fit = width - TAG - 3 * PAD
    must_act = row.light is not DeviceState.OK
    lines = [Line(text=row.head, size=CAPTION, color=MUTED, small=True)] if row.head else []
    lines += [Line(text=each, size=TEXT, color=INK, bold=must_act) for each in wrapped(row.text, TEXT, fit)]
    if row.to_do:
        advice = says["to_do"].format(advice=row.to_do)
        lines += [Line(text=each, size=CAPTION, color=INK) for each in wrapped(advice, CAPTION, fit)]
    return Block(row=row, word=says[LIGHTS[row.light][0]], lines=tuple(lines))


def _leaves(blocks: Sequence[Block], height: float) -> list[list[Block]]:
    """Return what stands on each page; a block of its own where it is higher than one."""
    leaves: list[list[Block]] = [[]]
    left = height
    for block in blocks:
        if leaves[-1] and block.height > left:
            leaves.append([])
            left = height
        leaves[-1].append(block)
        left -= block.height + BETWEEN
    return leaves


def _stacked(blocks: Sequence[Block], area: Area) -> list[Shape]:
    shapes: list[Shape] = []
    y = area.y
    for block in blocks:
        h = min(block.height, area.bottom - y)
        place = Area(x=area.x, y=y, w=area.w, h=h)
        tag = Area(x=place.x + PAD, y=y + PAD, w=TAG, h=CAPTION * 1.6)
        shapes += [
            card(place),
            Box(area=tag, fill=LIGHTS[block.row.light][1], radius=10),
            words(block.word, tag.middle, tag.centre + CAPTION * CAP, CAPTION, color="#FFFFFF", bold=True,
                  anchor="center", fit=TAG - 8),
        ]  # fmt: skip
        inner = Area(x=tag.right + PAD, y=y + PAD, w=place.right - tag.right - 2 * PAD, h=h - 2 * PAD)
        shapes += column(block.lines, inner)[0]
        y += h + BETWEEN
    return shapes


def _photo(scene: Scene, said: str, count: str, code: Area, area: Area) -> list[Shape]:
    """Return what to do with the code, and which page this is: beneath it, or beside it where the panel is upright."""
    if scene.wide:
        place = Area(x=code.x, y=code.bottom + 12, w=code.w, h=area.bottom - code.bottom - 12)
    else:
        place = Area(x=area.x, y=code.y, w=code.x - scene.gap - area.x, h=code.h)
    lines = [Line(text=each, size=CAPTION, color=INK, small=True) for each in wrapped(said, CAPTION, place.w)]
    return column([*lines, Line(text=count, size=CAPTION, color=MUTED, small=True, before=10)], place)[0]
