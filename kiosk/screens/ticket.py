"""Ticket: the number, largest of all; who is ahead, where to wait, and what became of the slip."""

from typing import Final

from broker.contract.messages import ORDINARY, TicketTaken
from broker.text_width import width_of
from hardware.devices import Printed

from .. import flow
from .keys import key
from .layout import READ, Said, Scene, bottom_keys, grid
from .prose import Line, column, fitting, paragraph
from .shapes import (
    BRAND_DEEP,
    CALL,
    CAP,
    LINE,
    NUMBER,
    ON_DEEP,
    PALE,
    VEIL,
    Area,
    Box,
    Dashes,
    Icon,
    Picture,
    Shape,
    words,
    wrapped,
)
from .wording import booked_sentence, wait_caption, wait_figure

SLIP_W: Final = 380.0
SLIP_INK: Final = "#111111"
SLIP: Final = "#FFFFFF"


def ticket(scene: Scene, screen: flow.Ticket) -> Picture:
    edge = 48.0 if scene.roomy else 20.0
    right = SLIP_W if scene.roomy else 260.0
    done = bottom_keys(scene, 1, 1)[0]
    if scene.wide:
        left = Area(x=edge, y=edge * 0.7, w=scene.w - 2 * edge - right - edge, h=scene.h - edge * 1.4)
        side = Area(x=left.right + edge, y=edge * 0.7, w=right, h=done.y - scene.gap - edge * 0.7)
        done = Area(x=side.x, y=done.y, w=right, h=done.h)
    else:
        fate = 150.0 if scene.roomy else 100.0
        left = Area(x=edge, y=edge, w=scene.w - 2 * edge, h=done.y - 2 * edge - fate)
        side = Area(x=edge, y=left.bottom + edge / 2, w=left.w, h=fate)
    shapes = [*_left(scene, screen, left), *_fate(scene, screen, side)]
    if screen.slip is not None:
        shapes += _keys(scene, screen, done)
    return Picture(name="ticket", ground=BRAND_DEEP, shapes=tuple(shapes))


def back(scene: Scene, screen: flow.Back) -> Picture:
    """Return the page of a number that waits again: its place first."""
    answer, speech = screen.answer, scene.speech
    edge = 48.0 if scene.roomy else 20.0
    done = bottom_keys(scene, 1, 1)[0]
    area = Area(x=edge, y=edge, w=scene.w - 2 * edge, h=done.y - 2 * edge)
    size = min(230.0 if scene.roomy else 130.0, area.h * 0.36, area.w / (width_of(answer.ticket, 1.0) + 0.3))
    place = "after_next" if answer.after_next else "at_the_end"
    key_of_text = "next_up" if answer.after_next and not answer.ahead else place
    zoom = scene.zoom**0.5
    head = paragraph(speech.both("waits_again"), area.w, size=READ * zoom, color=PALE, second_color=PALE)
    where = paragraph(
        speech.both(key_of_text, ahead=answer.ahead),
        area.w,
        size=46 * zoom,
        color=ON_DEEP,
        second_color=PALE,
        bold=True,
    )
    fate_key = {None: "printing", Printed.YES: "take_slip"}.get(screen.slip, "note_place")
    fate = paragraph(speech.both(fate_key), area.w, size=READ, color=CALL, second_color=CALL, bold=True, before=16)
    watch = paragraph(speech.both("watch"), area.w, size=READ, color=PALE, second_color=PALE, before=16)
    shapes, y = column(head, Area(x=area.x, y=area.y, w=area.w, h=area.h))
    shapes.append(words(answer.ticket, area.x, y + size * 0.86, size, color=NUMBER, bold=True, fit=area.w))
    rest = Area(x=area.x, y=y + size, w=area.w, h=area.bottom - y - size)
    lines = fitting(
        rest,
        [*where, *fate, *watch],
        [*where, *fate],
        _firsts([*where, *fate, *watch]),
        _firsts([*where, *fate]),
    )
    shapes += column(lines, rest)[0]
    if screen.slip is not None:
        shapes += key(scene, "home", done, speech.both("done"), style="dark")
    return Picture(name="back", ground=BRAND_DEEP, shapes=tuple(shapes))


def _keys(scene: Scene, screen: flow.Ticket, area: Area) -> list[Shape]:
    """Return *done*, and *print it again* while that may be."""
    if screen.copies >= flow.COPIES or not flow.can_print(scene.kiosk):
        return key(scene, "home", area, scene.speech.both("done"), style="dark")
    copy, done = grid(area, 2, 1, scene.gap)
    again = key(scene, "copy", copy, scene.speech.both("copy"), style="dark")
    return [*again, *key(scene, "home", done, scene.speech.both("done"), style="dark")]


def _left(scene: Scene, screen: flow.Ticket, area: Area) -> list[Shape]:
    """Return number, people and minutes, where to wait, and what else there is to say."""
    taken, speech, z = screen.taken, scene.speech, scene.zoom**0.5
    title = two(speech.both("your_number"))
    title_size = READ * z if width_of(title, READ * z) <= area.w else READ
    figures_h = 56 * z + scene.caption * 1.6 if scene.roomy else 44 + scene.caption * 1.6
    rest_w = area.w
    place = _place(scene, screen, rest_w - 48)
    notes = _notes(scene, taken, rest_w)
    place_h = sum(line.height for line in place) + 24
    most = 262.0 if scene.roomy else 150.0
    least = 120.0
    short = _firsts(paragraph(_short_rule(scene), rest_w, size=READ, color=PALE, second_color=PALE))
    own = _firsts(_class_lines(scene, taken, rest_w))  # what became of a class is said before the rule that all have
    choices = [(place, notes), (place, _firsts(notes)), (place, [*own, *short]), (place, own or short)]
    line = paragraph(speech.both("capped_line"), rest_w, size=READ, color=CALL, second_color=CALL)
    capped = _firsts(line) if taken.capped else []
    choices += [(_firsts(place), own or short), (place, capped or short), (_firsts(place), capped or short)]
    choices += [(place, short), (place, []), (_firsts(place), [])]
    for place_lines, note_lines in choices:
        place_h = sum(line.height for line in place_lines) + 24
        notes_h = sum(line.height for line in note_lines) + (14 if note_lines else 0)
        room = area.h - title_size * 1.3 - figures_h - place_h - notes_h
        if room >= least:
            break
    size = min(most, room / 0.98, area.w / (width_of(taken.ticket, 1.0) + 0.1))
    y = area.y + title_size
    shapes: list[Shape] = [words(title, area.x, y, title_size, color=PALE, fit=area.w)]
    y += size * 0.9
    shapes.append(words(taken.ticket, area.x - 4, y, size, color=NUMBER, bold=True, fit=area.w))
    y += size * 0.08
    shapes += _figures(scene, taken, Area(x=area.x, y=y, w=area.w, h=figures_h))
    y += figures_h
    box = Area(x=area.x, y=y, w=area.w, h=place_h)
    shapes.append(Box(area=box, fill=VEIL, line=PALE if scene.kiosk.contrast else None, radius=18))
    shapes += column(place_lines, box.inset(24, 12))[0]
    below = Area(x=area.x, y=box.bottom + 14, w=area.w, h=area.bottom - box.bottom - 14)
    return shapes + (column(note_lines, below)[0] if note_lines else [])


def _firsts(lines: list[Line]) -> list[Line]:
    return [line for line in lines if not line.small]


def two(said: Said) -> str:
    return " ".join(said).strip()


def _figures(scene: Scene, taken: TicketTaken, area: Area) -> list[Shape]:
    speech = scene.speech
    figures = (
        ("–" if taken.ahead is None else str(taken.ahead), speech.both("people_ahead")),
        (
            wait_figure(taken.wait_low_min, taken.wait_high_min, speech.table),
            speech.both(wait_caption(taken.wait_low_min, taken.wait_high_min)),
        ),
    )
    shapes: list[Shape] = []
    caption = scene.caption
    size = area.h - caption * 1.6
    for place, (figure, said) in enumerate(figures):
        x = area.x + place * area.w * 0.42
        fit = area.w * (0.4 if place == 0 else 0.58)
        text = two(said) if width_of(two(said), caption) <= fit else said[0]
        shapes += [
            words(figure, x, area.y + size, size, color=ON_DEEP, bold=True, fit=fit),
            words(text, x, area.y + size + caption * 1.2, caption, color=PALE, fit=fit, small=True),
        ]
    return shapes


def _place(scene: Scene, screen: flow.Ticket, fit: float) -> list[Line]:
    speech, z = scene.speech, scene.zoom**0.5
    names = speech.of_text(screen.zone.name)
    said = tuple(
        speech.both("wait_in", zone=name)[place].replace("*", "") if name else "" for place, name in enumerate(names)
    )
    return paragraph((said[0], said[1]), fit, size=READ * z, color=ON_DEEP, second_color=ON_DEEP)


def _notes(scene: Scene, taken: TicketTaken, fit: float) -> list[Line]:
    """Return what the class means, then the late-return rule."""
    late = paragraph(late_rule(scene), fit, size=READ, color=PALE, second_color=PALE)
    return [*_class_lines(scene, taken, fit), *late]


def _class_lines(scene: Scene, taken: TicketTaken, fit: float) -> list[Line]:
    note = class_note(scene, taken)
    return paragraph(note, fit, size=READ, color=CALL, second_color=CALL) if note[0] else []


def class_note(scene: Scene, taken: TicketTaken) -> Said:
    """Return what a booked visit's time, or the class, means; or that the hour's courtesy is used up."""
    speech, hall = scene.speech, scene.kiosk.hall
    if taken.capped:
        return speech.both("capped")
    if scene.kiosk.booking is not None:
        return booked_sentence(scene)
    name = next((each.name for each in hall.classes if each.id == taken.priority_class), None) if hall else None
    if name is None or taken.priority_class == ORDINARY:
        return "", ""
    first, second = speech.of_text(name)
    said = speech.both("with_class", priority_class="{}")
    return said[0].format(first), said[1].format(second) if second else ""


def late_rule(scene: Scene) -> Said:
    """Return what happens to whoever comes back too late, as the hall's policy has it."""
    hall = scene.kiosk.hall
    if hall is None:
        return scene.speech.both("missed_rule_none")
    return scene.speech.both("missed_rule", numbers=hall.policy.return_numbers, minutes=round(hall.policy.return_min))


def _short_rule(scene: Scene) -> Said:
    """Return the late-return rule for a panel that has room for a line or two."""
    hall = scene.kiosk.hall
    if hall is None or not hall.policy.return_numbers:
        return "", ""
    return scene.speech.both("missed_rule_line", numbers=hall.policy.return_numbers)


def _fate(scene: Scene, screen: flow.Ticket, area: Area) -> list[Shape]:
    """Return what became of the paper: a picture of it where there is room, and words."""
    name = {None: "printing", Printed.YES: "take_slip"}.get(screen.slip, "note_number")
    said = scene.speech.both(name)
    color = CALL if name == "note_number" else ON_DEEP
    lines = paragraph(said, area.w, size=READ, color=color, second_color=color, bold=True)
    height = sum(line.height for line in lines)
    if area.h > 400 and scene.wide:  # noqa: PLR2004 - room for a slip
        paper = Area(x=area.x, y=area.y, w=area.w, h=area.h - height - 24)
        shapes = _slip(scene, screen, paper)
        return shapes + column(lines, Area(x=area.x, y=paper.bottom + 20, w=area.w, h=height), anchor="center")[0]
    side = min(88.0, area.h - height - 16) if scene.wide else min(88.0, area.h)
    if not scene.wide:
        text = Area(x=area.x + side + 24, y=area.y, w=area.w - side - 24, h=area.h)
        lines = paragraph(said, text.w, size=READ, color=color, second_color=color, bold=True)
        icon = Icon(name="printer", x=area.x, y=area.centre - side / 2, size=side, color=color, stroke=1.8)
        return [icon, *column(lines, text, middle=True)[0]]
    y = area.y + (area.h - side - 16 - height) / 2
    icon = Icon(name="printer", x=area.middle - side / 2, y=y, size=side, color=color, stroke=1.8)
    return [icon, *column(lines, Area(x=area.x, y=y + side + 16, w=area.w, h=height), anchor="center")[0]]


def _slip(scene: Scene, screen: flow.Ticket, area: Area) -> list[Shape]:
    """Return a likeness of the slip, so that people know what to look for."""
    hall = scene.kiosk.hall
    paper = Area(x=area.x + 20, y=area.y, w=area.w - 40, h=area.h)
    shapes: list[Shape] = [Box(area=paper, fill=SLIP, line=LINE, radius=10)]
    size = scene.caption
    name = scene.speech.of_text(hall.name)[0] if hall is not None else ""
    rows = [(line, size, True) for line in wrapped(name, size, paper.w - 40)]
    rows += [(line, size, False) for line in wrapped(scene.speech.of_text(screen.service.name)[0], size, paper.w - 40)]
    rows += [(screen.taken.ticket, min(110.0, paper.h * 0.22), True)]
    height = sum(high * 1.45 for _, high, _ in rows) + 48
    y = paper.y + max(16.0, (paper.h - height - 60) / 2)
    for text, high, bold in rows:
        y += high * 1.45
        at, fit = y - high * (0.72 - CAP), paper.w - 30
        shapes.append(
            words(text, paper.middle, at, high, color=SLIP_INK, bold=bold, anchor="center", fit=fit, small=True)
        )
    if y + 72 + size * 0.3 > paper.bottom:
        return shapes
    shapes.append(Dashes(x=paper.x + 26, y=y + 24, w=paper.w - 52, color="#8A8A8A"))
    day = f"{screen.taken.issued_at.astimezone(scene.at.tzinfo):%H:%M}"
    shapes.append(words(day, paper.middle, y + 72, size, color=SLIP_INK, anchor="center", fit=paper.w - 30, small=True))
    return shapes
