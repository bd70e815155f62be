"""The screens that say something in a few sentences: why there is no number, that the guide comes, *still there?*."""

from typing import Final

from broker.contract.texts import texts

from .. import flow, shelves
from .header import hall_header, title_header
from .keys import key
from .layout import READ, Said, Scene, bottom_keys, columns_of, grid
from .prose import Line, card, column, fitting, paragraph
from .shapes import (
    ALERT,
    ALERT_SOFT,
    BRAND,
    BRAND_SOFT,
    INK,
    MUTED,
    PAPER,
    SHADE,
    Area,
    Box,
    Icon,
    Key,
    Picture,
    Shape,
    Words,
)
from .wording import opens, refusal

TITLE: Final = 60.0
Keys = list[tuple[str, Said, str]]  # key, its words, its style


def away(scene: Scene, screen: flow.Away) -> Picture:
    why = screen.why.value
    said = [scene.speech.both(f"{why}_title"), scene.speech.both(f"{why}_body")]
    icon = {flow.Pause.AWAY: "desk", flow.Pause.EVACUATION: "warning"}.get(screen.why, "clock")
    return _message(scene, "away", icon, said, alert=icon != "clock", keys=[])


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
    return _message(scene, "no_paper", "printer", said, alert=True, keys=_home(scene))


def declined(scene: Scene, screen: flow.Declined) -> Picture:
    speech = scene.speech
    reason = screen.reason if screen.reason in texts(speech.first)["refusal"] else "other"
    typed = screen.typed is not None
    if typed and reason == "unanswered":
        reason = "unanswered_return"
    books = isinstance(screen.typed, flow.CheckIn) or reason in {"booking_alone", "no_bookings"}
    if screen.opens is not None:
        why = opens(scene, screen.opens, "refusal")
    else:
        why = refusal(speech, reason, dict(screen.args))
    title = "not_checked_in_title" if books else "not_returned_title" if typed else "refused_title"
    said = [speech.both(title), why, speech.both("refused_do")]
    again: Keys = [("back", speech.both("type_again"), "main")] if typed else []
    return _message(scene, "refused", "warning", said, alert=True, keys=[*again, *_home(scene)])


def unread(scene: Scene, screen: flow.Unread) -> Picture:
    """Return what to do with a code that leads nowhere here."""
    speech, why = scene.speech, f"unread_{screen.why.value}"
    said = [speech.both(f"{why}_title"), speech.both(f"{why}_body")]
    may_type = screen.why is flow.Misread.UNKNOWN
    keys: Keys = [("missed", speech.both("type_number"), "main")] if may_type else []
    return _message(scene, "unread", "question", said, alert=False, keys=[*keys, *_home(scene)])


def guide(scene: Scene) -> Picture:
    speech = scene.speech
    said = [speech.both("guide_title"), speech.both("guide_body")]
    keys: Keys = [("back", speech.both("go_on"), "main"), ("cancel", speech.both("guide_cancel"), "plain")]
    return _message(scene, "guide", "person", said, alert=False, keys=keys)


def classes(scene: Scene) -> Picture:
    """Return the priority classes to choose from, with the note that the counter checks them."""
    speech, hall = scene.speech, scene.kiosk.hall
    offered = shelves.classes_offered(hall) if hall is not None else ()
    bottom = bottom_keys(scene, 2, 2)
    shapes: list[Shape] = title_header(scene, speech.both("courtesy"))
    top = scene.header + 16
    note = paragraph(speech.both("checked"), scene.inner_w, size=READ, color=INK, second_color=MUTED)
    note_h = sum(line.height for line in note)
    shapes += column(note, Area(x=scene.margin, y=top, w=scene.inner_w, h=note_h))[0]
    columns = 2 if scene.wide else 1
    rows = max(1, -(-len(offered) // columns))
    room = bottom[0].y - scene.gap - top - note_h - 16
    h = min(scene.key_height * 1.4, (room - (rows - 1) * scene.gap) / rows)
    area = Area(x=scene.margin, y=top + note_h + 16, w=scene.inner_w, h=rows * h + (rows - 1) * scene.gap)
    for each, place in zip(offered, grid(area, columns, rows, scene.gap), strict=False):
        chosen = scene.kiosk.priority_class == each.id
        shapes += key(scene, f"class:{each.id}", place, speech.of_text(each.name), chosen=chosen)
    shapes += key(scene, "back", bottom[0], speech.both("back"))
    shapes += key(scene, "home", bottom[1], speech.both("home"))
    return Picture(name="classes", ground=PAPER, shapes=tuple(shapes))


def need_help(scene: Scene, beneath: Picture) -> Picture:
    """Return a screen with the offer of help over it: one touch calls the guide, one anywhere else goes on."""
    speech = scene.speech
    said = [speech.both("need_help"), speech.both("need_help_body")]
    keys: Keys = [("help", speech.both("call_guide"), "help"), ("stay", speech.both("go_on"), "plain")]
    return _over(scene, "need_help", beneath, said, keys)


def still_there(scene: Scene, beneath: Picture) -> Picture:
    """Return a screen with the question over it whether somebody is still there: touched anywhere, it goes on."""
    speech = scene.speech
    said = [speech.both("still_there"), speech.both("idle", seconds=scene.left_s or 0)]
    return _over(scene, "still_there", beneath, said, [("stay", speech.both("stay"), "main")])


def _over(scene: Scene, name: str, beneath: Picture, said: list[Said], keys: Keys) -> Picture:
    """Return a screen with a question over it; a touch anywhere but on its keys is the last of them."""
    whole = Area(x=0, y=0, w=scene.w, h=scene.h)
    w = min(scene.w - 2 * scene.margin, 860.0)
    h = min(scene.h - 2 * scene.margin, 520.0 if scene.roomy else 400.0)
    area = Area(x=(scene.w - w) / 2, y=scene.h - h - scene.margin, w=w, h=h)
    row = Area(x=area.x + 24, y=area.bottom - 24 - 1.2 * scene.key_height, w=w - 48, h=1.2 * scene.key_height)
    text = Area(x=area.x + 32, y=area.y + 12, w=w - 64, h=row.y - area.y - 20)
    title = paragraph(said[0], text.w, size=54, color=INK, second_color=MUTED, bold=True)
    body = paragraph(said[1], text.w, size=READ, color=INK, second_color=MUTED, before=12)
    lines = fitting(text, [*title, *body], [line for line in (*title, *body) if not line.small])
    shapes: list[Shape] = [shape for shape in beneath.shapes if not isinstance(shape, Key | Words)]
    shapes += [
        Box(area=whole, fill=SHADE, radius=0),
        card(area),
        *column(lines, text, anchor="center", middle=True)[0],
        *(
            shape
            for (each, label, style), place in zip(keys, grid(row, len(keys), 1, scene.gap), strict=True)
            for shape in key(scene, each, place, label, style=style)
        ),
        Key(name=keys[-1][0], area=whole),
    ]
    sentences = tuple(first for first, _ in said)
    return Picture(name=name, ground=beneath.ground, shapes=tuple(shapes), said=sentences)


def _home(scene: Scene) -> Keys:
    return [("home", scene.speech.both("home"), "plain")]


def _message(scene: Scene, name: str, icon: str, said: list[Said], *, alert: bool, keys: Keys) -> Picture:
    """Return a card: what is the matter first and large, then what to do; the second language beneath each."""
    count = max(len(keys), 1)
    places = bottom_keys(scene, count, count if scene.wide else min(count, 2)) if keys else []
    if scene.wide and scene.roomy and keys:
        places = bottom_keys(scene, count, max(count, columns_of(scene) // 2))
    top = scene.header + (28 if scene.roomy else 12)
    bottom = places[0].y - scene.gap if places else scene.h - scene.margin
    area = Area(x=scene.margin, y=top, w=scene.inner_w, h=bottom - top)
    side = 132.0 if scene.roomy else 84.0
    pad = 56.0 if scene.roomy else 24.0
    if scene.wide:
        disc = Area(x=area.x + pad, y=area.centre - side / 2, w=side, h=side)
        text = Area(x=disc.right + pad, y=area.y + 12, w=area.right - disc.right - 1.5 * pad, h=area.h - 24)
    else:
        disc = Area(x=area.middle - side / 2, y=area.y + pad, w=side, h=side)
        text = Area(x=area.x + pad, y=disc.bottom + 12, w=area.w - 2 * pad, h=area.bottom - disc.bottom - 36)
    lines = fitting(text, *_ways(scene, said, text.w, alert=alert))
    shapes: list[Shape] = [
        *hall_header(scene),
        card(area),
        Box(area=disc, fill=ALERT_SOFT if alert else BRAND_SOFT, radius=side / 2),
        Icon(
            name=icon,
            x=disc.x + side * 0.26,
            y=disc.y + side * 0.24,
            size=side * 0.48,
            color=ALERT if alert else BRAND,
            stroke=1.9,
        ),
        *column(lines, text, middle=True)[0],
    ]
    for (each, label, style), place in zip(keys, places, strict=True):
        shapes += key(scene, each, place, label, style=style)
    return Picture(name=name, ground=PAPER, shapes=tuple(shapes), said=tuple(first for first, _ in said))


def _ways(scene: Scene, said: list[Said], fit: float, *, alert: bool) -> list[list[Line]]:
    """Return the sentences in ever smaller ways: large, as they must be read, without the second language."""
    z = scene.zoom**0.5
    ways = []
    for title_size, size, with_second in (
        (TITLE * z, 42 * z, True),
        (TITLE, READ, True),
        (READ * 1.2, READ, True),
        (READ * 1.2, READ, False),
    ):
        lines: list[Line] = []
        for place, (first, second) in enumerate(said):
            pair = (first, second if with_second else "")
            ink = ALERT if alert and place == 0 else INK
            lines += paragraph(
                pair,
                fit,
                size=size if place else title_size,
                color=ink,
                second_color=MUTED,
                bold=place == 0,
                before=18 if place else 0,
            )
        ways.append(lines)
    return ways
