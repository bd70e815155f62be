"""What a screen says to somebody who hears it, sentence by sentence, in the language of the moment. Pure.

Screens that have no sentences of their own here are read out as they are drawn.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from broker.contract.messages import Language, QueueRow, Service
from broker.contract.texts import texts
from hardware.devices import Printed

from . import flow, shelves
from .screens.layout import Scene
from .screens.shapes import Key, Picture, Words
from .screens.ticket import class_note, late_rule
from .screens.wording import booked_words, opens, shelf_words

TICKET: Final = re.compile(r"(?<![A-Z])[A-Z]{1,2}\d{3,4}(?!\d)")
ENDING: Final = 4  # characters of a long number that are said
BROAD: Final = "\u2e80"  # from here on characters are written without spaces between them


def opening(scene: Scene, picture: Picture) -> tuple[str, ...]:
    """Return what a screen says when it opens; `picture` is how it is drawn."""
    kiosk = scene.kiosk
    said = _asked(scene) if kiosk.asking else _help(scene) if kiosk.offering else _own(scene, picture)
    note = () if kiosk.noted_s is None or picture.keys else (scene.speech.both("scan_later")[0],)
    return tuple(_ended(aloud(each, scene.speech.first), scene.speech.first) for each in (*said, *note) if each)


def spelt(ticket: str, language: Language) -> str:
    """Return a number so that engines read it digit by digit."""
    words = texts(language)["voice"]
    signs = (words["digits"][int(sign)] if sign.isdecimal() else sign + words["after_letter"] for sign in ticket)
    return " ".join(signs)


def aloud(text: str, language: Language) -> str:
    """Return a text of the screen as it is spoken: abbreviations in full, ticket numbers digit by digit."""
    pairs = (pair.split("=") for pair in texts(language)["hearing"]["aloud"].split())
    for short, long in pairs:
        before = r"(?<=\d )" if short.islower() else r"\b"  # units stand behind a figure
        text = re.sub(rf"{before}{short}\b", long, text)
    return TICKET.sub(lambda found: spelt(found[0], language), text)


def wait(row: QueueRow | None, language: Language) -> str:
    """Return who waits and how long it takes."""
    said = texts(language)["hearing"]
    if row is None:
        return said["wait_unknown"]
    if not row.waiting:
        return said["nobody"]
    return said["between"].join(
        (said["ahead"].format(count=row.waiting), _minutes(row.wait_low_min, row.wait_high_min, said))
    )


def why_shut(scene: Scene, entry: shelves.Entry) -> str:
    """Return why a service, or all behind a card, gives no numbers; or nothing."""
    kiosk, speech = scene.kiosk, scene.speech
    row = kiosk.queue(entry.id) if isinstance(entry, Service) else flow.shut_by(kiosk, entry)
    if row is not None and row.closed:
        return opens(scene, row.opens, "refusal")[0] if row.opens is not None else speech.both("closed")[0]
    return speech.both("full")[0] if row is not None and row.full else ""


def _help(scene: Scene) -> Sequence[str]:
    return scene.speech.both("need_help")[0], scene.speech.both("need_help_body")[0]


def _asked(scene: Scene) -> Sequence[str]:
    words = texts(scene.speech.first)["hearing"]
    return (scene.speech.both("still_there")[0], words["idle"].format(seconds=scene.left_s or 0))


def _own(scene: Scene, picture: Picture) -> Sequence[str]:
    match scene.kiosk.screen:
        case flow.Home() as home:
            return _home(scene, home)
        case flow.Confirm(service=service_id):
            service = scene.kiosk.service(service_id)
            return _confirm(scene, service) if service is not None else ()
        case flow.Needs():
            return (scene.speech.both("needs")[0], *_read_out(scene, picture))
        case flow.Classes():
            return (scene.speech.both("courtesy")[0], *_read_out(scene, picture))
        case flow.Taking():
            return (scene.speech.both("taking")[0],)
        case flow.Ticket() as ticket:
            return _ticket(scene, ticket)
        case flow.Missed() as typed:
            return _missed(scene, typed)
        case flow.CheckIn() | flow.Checking() | flow.Identify():
            return _customer(scene)
        case flow.Returning():
            return (scene.speech.both("returning")[0],)
        case flow.Back() as back:
            return _back(scene, back)
        case _:
            return picture.said or _read_out(scene, picture)


def _home(scene: Scene, home: flow.Home) -> Sequence[str]:
    kiosk, speech = scene.kiosk, scene.speech
    words = texts(speech.first)["hearing"]
    shown = flow.on_page(kiosk, home)
    count = len([each for each in shown if not why_shut(scene, each)])
    shut = [
        words["shut"].format(service=_entry(scene, each), why=why_shut(scene, each).rstrip("。."))
        for each in shown
        if why_shut(scene, each)
    ]
    group = shelves.group_of(kiosk.hall, home.shelf) if kiosk.hall is not None else None
    return (
        speech.of_text(group.name)[0] if group is not None else "",
        speech.both("alone")[0] if kiosk.is_alone else "",
        speech.both("no_paper_title")[0] if kiosk.paper in flow.EMPTY else "",
        words["services" if home.shelf is shelves.FRONT else "more_services"].format(count=count),
        *shut,
    )


def _entry(scene: Scene, entry: shelves.Entry) -> str:
    said = scene.speech.of_text(entry.name) if isinstance(entry, Service) else shelf_words(scene, entry)
    return said[0]


def _confirm(scene: Scene, service: Service) -> Sequence[str]:
    speech = scene.speech
    words = texts(speech.first)["hearing"]
    papers = words["between"].join(speech.of_text(each)[0] for each in service.documents)
    return (
        speech.of_text(service.name)[0],
        words["prepare"].format(list=papers) if papers else speech.both("nothing_to_prepare")[0],
        speech.of_text(service.self_service)[0] if service.self_service is not None else "",
        *(
            (each for each, _ in booked_words(scene))
            if scene.kiosk.booking is not None
            else (wait(scene.kiosk.queue(service.id), speech.first),)
        ),
    )


def _ticket(scene: Scene, ticket: flow.Ticket) -> Sequence[str]:
    speech, taken = scene.speech, ticket.taken
    words = texts(speech.first)["hearing"]
    number = words["your_number"].format(ticket=spelt(taken.ticket, speech.first))
    place = words["listen"].format(zone=speech.of_text(ticket.zone.name)[0])
    fate = {None: "printing", Printed.YES: "take_slip"}.get(ticket.slip, "note_number")
    return (
        number,
        class_note(scene, taken)[0],
        "" if taken.ahead is None else words["ahead"].format(count=taken.ahead),
        _minutes(taken.wait_low_min, taken.wait_high_min, words),
        place,
        number,  # a number that is heard once is a number forgotten
        late_rule(scene)[0],
        speech.both(fate)[0],
    )


def _missed(scene: Scene, typed: flow.Missed) -> Sequence[str]:
    speech = scene.speech
    so_far = spelt(typed.prefix + typed.digits, speech.first)
    return (
        speech.both("missed_title")[0],
        late_rule(scene)[0],
        texts(speech.first)["hearing"]["typed"].format(typed=so_far) if so_far else speech.both("type_letters")[0],
    )


def _customer(scene: Scene) -> Sequence[str]:
    """Return what to type for a booking or for who one is, and what was typed."""
    speech, screen, hall = scene.speech, scene.kiosk.screen, scene.kiosk.hall
    asked = hall.identity if hall is not None else None
    said: tuple[str, ...]
    match screen:
        case flow.CheckIn(digits=digits):
            said, so_far = ("check_in_title", "check_in_body"), digits
        case flow.Identify(service=service, typed=so_far) if asked is not None:
            why = "identify_optional" if service in asked.optional else "identify_required"
            said = ("identify_wrong",) if screen.is_wrong else (f"identify_{asked.kind.value}", why)
        case _:
            return (speech.both("checking")[0],)
    return (
        *(speech.both(each)[0] for each in said),
        _typed(so_far, speech.first),
    )


def _typed(so_far: str, language: Language) -> str:
    """Return what was typed: of much, as who one is, how much and the end alone; others may hear it."""
    words = texts(language)["hearing"]
    if len(so_far) <= ENDING:
        return words["typed"].format(typed=spelt(so_far, language)) if so_far else ""
    return words["typed_long"].format(count=len(so_far), typed=spelt(so_far[-ENDING:], language))


def _back(scene: Scene, back: flow.Back) -> Sequence[str]:
    speech, answer = scene.speech, back.answer
    place = "next_up" if answer.after_next and not answer.ahead else "after_next" if answer.after_next else "at_the_end"
    number = texts(speech.first)["hearing"]["your_number"].format(ticket=spelt(answer.ticket, speech.first))
    return (
        speech.both("waits_again")[0],
        number,
        speech.both(place, ahead=answer.ahead)[0],
        speech.both({None: "printing", Printed.YES: "take_slip"}.get(back.slip, "note_place"))[0],
        speech.both("watch")[0],
    )


def _minutes(low: int | None, high: int | None, words: Mapping[str, str]) -> str:
    if low is None or high is None:
        return words["wait_unknown"]
    if high == 0:
        return words["at_once"]
    return words["wait_about" if low == high else "wait"].format(low=low, high=high)


def _read_out(scene: Scene, picture: Picture) -> Sequence[str]:
    """Return the words that stand beneath the header and on no key, lines joined again."""
    keys = [shape.area for shape in picture.shapes if isinstance(shape, Key)]
    lines = [
        shape
        for shape in picture.shapes
        if isinstance(shape, Words)
        and shape.y > scene.header
        and not any(area.x <= shape.x <= area.right and area.y <= shape.y <= area.bottom for area in keys)
    ]
    said: list[str] = []
    before: Words | None = None
    for line in lines:
        if before is not None and said and _goes_on(before, line):
            said[-1] += ("" if said[-1][-1:] >= BROAD else " ") + line.text
        else:
            said.append(line.text)
        before = line
    return said


def _goes_on(before: Words, line: Words) -> bool:
    """Return whether a line is the next of the same paragraph."""
    alike = (before.runs[0].size, before.runs[0].bold, before.x) == (line.runs[0].size, line.runs[0].bold, line.x)
    return alike and not before.text.endswith(("。", ".", "？", "?")) and 0 < line.y - before.y < 2 * line.runs[0].size


def _ended(sentence: str, language: Language) -> str:
    """Return a sentence with its stop, so that engines let their voice fall."""
    said = sentence.strip()
    return said if said.endswith(("。", ".", "？", "?", "！", "!")) else said + texts(language)["hearing"]["end"]
