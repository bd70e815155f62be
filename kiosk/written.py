"""A ticket's slip, written from its template: what each line says, how large, and where it breaks. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from broker.contract.messages import ORDINARY, Hall, Language, Service, Text, TicketTaken, Zone
from broker.report.slip import width, wrapped

from .slip import Feed, Item, Line, Logo, Mark, Qr, Rule
from .template import Fact, SlipLine, SlipTemplate

COLUMN_DOTS: Final = 12
NARROW_DOTS: Final = 420  # paper below this is called narrow


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """A ticket, and all else that its slip depends on; `at` is in the hall's time."""

    hall: Hall
    service: Service
    zone: Zone
    taken: TicketTaken
    at: datetime
    language: Language = Language.ZH
    needs: tuple[str, ...] = ()
    url: str = ""  # empty: no public address, or one that does not answer
    code: str = ""  # for a kiosk's scanner; empty: there is none, or the address serves
    after_next: bool = False  # it was missed, and is called after the next one
    large: bool = False
    reprint: bool = False
    offline: bool = False


def written(template: SlipTemplate, occasion: Occasion, *, width_dots: int) -> tuple[Item, ...]:
    """Return the slip's lines, none of them wider than the paper, with a mark before the ticket's number."""
    facts = _facts(occasion, width_dots)
    items: list[Item] = []
    is_marked = False
    for line in template.lines:
        if not facts.issuperset(line.when) or not facts.isdisjoint(line.unless):
            continue
        if not is_marked and _shows_ticket(line):
            items.append(Mark())
            is_marked = True
        items += _items(line, template, occasion, width_dots // COLUMN_DOTS)
    return tuple(items)


def _shows_ticket(line: SlipLine) -> bool:
    texts = (line.qr or "", *((line.text.zh, line.text.en) if line.text is not None else ()))
    return any(name in text for text in texts for name in ("{ticket}", "{url}", "{code}"))


def _items(line: SlipLine, template: SlipTemplate, occasion: Occasion, columns: int) -> Iterator[Item]:
    if line.text is not None:
        yield from _text(line, line.text, occasion, columns)
    elif line.rule:
        yield Rule()
    elif line.logo is not None:
        yield Logo(template.logos[line.logo])
    elif line.qr is not None:
        yield Qr(line.qr.format_map(_said(occasion, occasion.language)), dots=line.dots)
    elif line.feed:
        yield Feed(line.feed)


def _text(line: SlipLine, text: Text, occasion: Occasion, columns: int) -> Iterator[Line]:
    first = occasion.language
    second = Language.EN if first is Language.ZH else Language.ZH
    said = _of(text, first).format_map(_said(occasion, first))
    size = line.size
    least = 1
    if occasion.large:
        size = line.large or line.size + 1
        least = min(size, 2)
    yield from _rows(said, line, size=_fitting(said, size, least, columns), columns=columns)
    other = _of(text, second).format_map(_said(occasion, second))
    if line.also and other != said:
        yield from _rows(other, SlipLine(align=line.align), size=1, columns=columns)


def _rows(said: str, line: SlipLine, *, size: int, columns: int) -> Iterator[Line]:
    for row in wrapped(said, columns // size):
        yield Line(row, size=size, bold=line.bold, align=line.align.value)


def _fitting(said: str, size: int, least: int, columns: int) -> int:
    """Return the largest size, at most `size`, at which a text fits on one row; `least` where none does."""
    return next((each for each in range(size, least, -1) if width(said) * each <= columns), least)


def _of(text: Text, language: Language) -> str:
    return text.zh if language is Language.ZH else text.en


def _said(occasion: Occasion, language: Language) -> Mapping[str, str]:
    hall, taken = occasion.hall, occasion.taken
    needs = [_of(each.name, language) for each in hall.needs if each.id in occasion.needs]
    classes = [_of(each.name, language) for each in hall.classes if each.id == taken.priority_class]
    return {
        "hall": _of(hall.name, language),
        "service": _of(occasion.service.name, language),
        "ticket": taken.ticket,
        "ahead": str(taken.ahead),
        "range": _range(taken),
        "date": f"{occasion.at:%Y-%m-%d}",
        "time": f"{occasion.at:%H:%M}",
        "class": "".join(classes),
        "needs": ("、" if language is Language.ZH else ", ").join(needs),
        "zone": _of(occasion.zone.name, language),
        "return_numbers": f"{hall.policy.return_numbers}",
        "return_min": f"{hall.policy.return_min:g}",
        "url": occasion.url,
        "code": occasion.code,
    }


def _range(taken: TicketTaken) -> str:
    """Return the range of minutes; with a hyphen, since printers' dashes are as wide as a Chinese character."""
    low, high = taken.wait_low_min, taken.wait_high_min
    return f"{low}" if low == high else f"{low}-{high}"


def _facts(occasion: Occasion, width_dots: int) -> frozenset[Fact]:
    taken, policy = occasion.taken, occasion.hall.policy
    is_known = taken.wait_low_min is not None and taken.wait_high_min is not None and not occasion.offline
    holds = {
        Fact.AHEAD: bool(taken.ahead) and not occasion.offline,
        Fact.RANGE: is_known and taken.wait_high_min != 0,
        Fact.AT_ONCE: is_known and taken.wait_high_min == 0,
        Fact.CLASS: taken.priority_class != ORDINARY,
        Fact.NEEDS: any(each.id in occasion.needs for each in occasion.hall.needs),
        Fact.ZONES: len(occasion.hall.zones) > 1,
        Fact.RETURN_NUMBERS: policy.return_numbers > 0,
        Fact.RETURN_MIN: policy.return_min > 0,
        Fact.AFTER_NEXT: occasion.after_next,
        Fact.CODE: bool(occasion.code),
        Fact.URL: bool(occasion.url),
        Fact.REPRINT: occasion.reprint,
        Fact.OFFLINE: occasion.offline,
        Fact.LARGE: occasion.large,
        Fact.NARROW: width_dots < NARROW_DOTS,
    }
    return frozenset(fact for fact, does_hold in holds.items() if does_hold)
