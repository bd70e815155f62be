"""What of a picture stands where on one board at one moment: tables and lines turn their pages. Pure.

Each page stays long enough to be read and says which of how many it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from broker.board_file import BoardScreen, panel_of
from broker.contract.messages import Language, Text
from broker.contract.texts import texts
from broker.legibility import LEAST_ASIDE, Arrangement, Place, arranged
from broker.text_width import lines_of

from . import sentences
from .board import Picture, Queue, Row

STRIP_S: Final = 6.0  # a line of the strip stays
TABLE_S: Final = 10.0  # a page of the table
NOTE_S: Final = 12.0
NIGHT_STEP_S: Final = 60.0  # the picture moves by a step
STEPS: Final = ((0, 0), (1, 0), (2, 1), (1, 2), (0, 2), (-1, 1), (-2, 0), (-1, -1), (0, -2), (1, -1))
MANY: Final = 12  # services; of more, those have a place in the table for which somebody waits
# In font sizes of text:
PAD: Final = 0.5
HEAD: Final = 1.5
NAME: Final = 1.2  # a line of a service's name
FIGURES: Final = 1.25  # beneath it
ONE_LINE: Final = 1.6
LINE: Final = 1.25
ONE_LINE_FIGURES: Final = 9.6  # width of last call, people and minutes
NARROW: Final = 8.0  # width of the strip below which sentences stand beside it
WIDE: Final = 14.5  # width from which a service has one line
WITH_LAST: Final = 10.0  # width from which the last call has a column
CLOCK: Final = 3.2
GENEROUS: Final = 1.1  # Latin text is narrower than it is taken for
DOT: Final = 1.1


@dataclass(frozen=True, kw_only=True)
class Line:
    """One service in the table."""

    name: tuple[str, ...]  # one line, or two
    last: str
    waiting: str
    minutes: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """A page of the table of services; no head names a column that is not there."""

    heads: tuple[str, str, str]  # last call, people, minutes
    lines: tuple[Line, ...]
    one_line: bool
    page: int
    pages: int


@dataclass(frozen=True, kw_only=True)
class Note:
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Slide:
    path: str


Aside = Table | Note | Slide


@dataclass(frozen=True, kw_only=True)
class Message:
    """Something that overrides everything; `alarm` when it is about life."""

    alarm: bool
    title: tuple[str, ...]  # a language each
    body: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Sight:
    """One frame of a board."""

    rows: tuple[Row, ...]
    alive: bool
    clock: str
    strip: str
    empty: tuple[str, ...] = ()  # said where no call stands
    faded: bool = False
    aside: Aside | None = None
    slide: Slide | None = None  # beside the table, where both have room
    message: Message | None = None
    light: float = 1.0
    shift: tuple[int, int] = (0, 0)


@dataclass(frozen=True, kw_only=True)
class Pages:
    """How one board turns its pages; `slides` are paths, shown for `slide_s` each."""

    arrangement: Arrangement
    languages: tuple[Language, ...]
    closed_light: float = 1.0
    slide_s: float = 10.0

    def sight(self, picture: Picture, now: datetime, slides: Sequence[str] = ()) -> Sight:
        now_s = now.timestamp()
        message = self._message(picture)
        minute = int(now_s // NIGHT_STEP_S)
        asides = self._asides(picture, slides)
        return Sight(
            rows=picture.rows[: self.arrangement.rows],
            alive=picture.alive,
            clock=picture.clock,
            strip=self._strip(picture, now_s),
            empty=self._empty(picture),
            faded=picture.faded,
            aside=_at(asides, now_s),
            slide=_at([(Slide(path=path), self.slide_s) for path in slides], now_s) if self.slide_place else None,
            message=message,
            light=self.closed_light if picture.closed and not picture.rows and message is None else 1.0,
            shift=STEPS[minute % len(STEPS)],
        )

    def changes_at(self, picture: Picture, now: datetime, slides: Sequence[str] = ()) -> datetime:
        """Return when the next page is turned."""
        now_s = now.timestamp()
        ends = [(now_s // NIGHT_STEP_S + 1) * NIGHT_STEP_S, (now_s // STRIP_S + 1) * STRIP_S]
        ends.append(_end(self._asides(picture, slides), now_s))
        if self.slide_place is not None:
            ends.append(_end([(Slide(path=path), self.slide_s) for path in slides], now_s))
        return now + timedelta(seconds=min(ends) - now_s)

    # Where ------------------------------------------------------------------------------------------------------------

    @property
    def slide_place(self) -> Place | None:
        """Where pictures stand all the time; None: there is no room, or they take turns with the table."""
        aside = self.arrangement.aside
        if aside is None:
            return None
        text, h = self.arrangement.text, aside.w * 9 / 16
        if aside.h - h >= (HEAD + 3 * (NAME + FIGURES) + PAD) * text:
            return Place(x=aside.x, y=aside.y + aside.h - h, w=aside.w, h=h)
        w = aside.h * 16 / 9
        if aside.w - w >= LEAST_ASIDE * text and aside.w > aside.h:  # upright: beside the table
            return Place(x=aside.x + aside.w - w, y=aside.y, w=w, h=aside.h)
        return None

    def table_place(self, *, slides: bool) -> Place | None:
        """Where the table stands."""
        aside, slide = self.arrangement.aside, self.slide_place
        if aside is None or slide is None or not slides:
            return aside
        if slide.x > aside.x:
            return Place(x=aside.x, y=aside.y, w=slide.x - aside.x, h=aside.h)
        return Place(x=aside.x, y=aside.y, w=aside.w, h=slide.y - aside.y)

    # What -------------------------------------------------------------------------------------------------------------

    def _said(self, key: str, **what: str) -> tuple[str, ...]:
        return tuple(texts(each)["board"][key].format(**what) for each in self.languages)

    def _empty(self, picture: Picture) -> tuple[str, ...]:
        """Return what is said where no call stands."""
        if picture.alive:
            return self._said("closed_now" if picture.closed else "no_calls")
        return () if picture.since else self._said("connecting")

    @property
    def trial(self) -> Message:
        """What stands on the glass where a board is tried."""
        return Message(alarm=False, title=self._said("trial_title"), body=self._said("trial_body"))

    def _message(self, picture: Picture) -> Message | None:
        if picture.evacuation:
            return Message(alarm=True, title=self._said("evacuation_title"), body=self._said("evacuation_body"))
        if picture.lost:
            body = self._said("lost_body", since=picture.since)
            return Message(alarm=False, title=self._said("lost_title"), body=body)
        return None

    def _asides(self, picture: Picture, slides: Sequence[str]) -> list[tuple[Aside, float]]:
        place = self.table_place(slides=bool(slides))
        if place is None:
            return []
        turning = [] if self.slide_place is not None else list(slides)
        pages: list[tuple[Aside, float]] = []
        for language in self.languages:
            pages += [(each, TABLE_S) for each in self._tables(picture, place, language)]
            ticker = picture.ticker[0] if language is Language.ZH else picture.ticker[1]
            words = [("", ticker)] if self._strip_width < NARROW else []
            if picture.notice is not None:
                words.append((texts(language)["board"]["notice_title"], _in(picture.notice, language)))
            notes = [self._note(title, said, place) for title, said in words]
            pages += [(note, NOTE_S) for note in notes if note is not None]
            pages += [(Slide(path=path), self.slide_s) for path in turning]
        return pages

    def _tables(self, picture: Picture, place: Place, language: Language) -> list[Table]:
        width, height = place.w / self.arrangement.text, place.h / self.arrangement.text
        one_line, with_last = width >= WIDE, width >= WITH_LAST
        words = texts(language)["board"]
        heads = (words["last"] if with_last else "", words["people"], words["min"])
        name_width = width - 2 * PAD - (ONE_LINE_FIGURES if one_line else 0)
        queues = [each for each in picture.queues if len(picture.queues) <= MANY or each.waiting != "0"]
        lines = [_line(queue, language, last=with_last, width=name_width) for queue in queues]
        chunks: list[list[Line]] = []
        left = 0.0
        for line in lines:
            if chunks and left >= line_height(line, one_line=one_line):
                chunks[-1].append(line)
            else:
                chunks.append([line])
                left = height - HEAD - 2 * PAD
            left -= line_height(line, one_line=one_line)
        return [
            Table(heads=heads, lines=tuple(chunk), one_line=one_line, page=page, pages=len(chunks))
            for page, chunk in enumerate(chunks, start=1)
        ]

    def _note(self, title: str, said: str, place: Place) -> Note | None:
        text = self.arrangement.text
        lines = lines_of(said, place.w / text - 2 * PAD)
        if (HEAD + len(lines) * LINE + 2 * PAD) * text > place.h:
            return None  # the strip says it
        return Note(title=title, lines=tuple(lines))

    @property
    def _strip_width(self) -> float:
        """Width of a sentence in the strip, in font sizes."""
        return self.arrangement.strip.w / self.arrangement.text - CLOCK - DOT - 2 * PAD

    def _strip(self, picture: Picture, now_s: float) -> str:
        lines = self.strip_lines(picture)
        return lines[int(now_s // STRIP_S) % len(lines)]

    def strip_lines(self, picture: Picture) -> list[str]:
        """Return what the strip says, one line after the other."""
        if self._strip_width < NARROW and self.arrangement.aside is not None:
            return [""] if picture.alive else list(self._said("not_live" if picture.since else "connecting"))
        lines: list[str] = []
        for language in self.languages:
            words, ticker = texts(language)["board"], picture.ticker[0 if language is Language.ZH else 1]
            forms = (ticker, words["rule_short"]) if ticker == words["rule"] else (ticker,)
            lines += sentences.prose(forms, self._strip_width * GENEROUS)
            if picture.alive:
                lines += self._beside_table(picture, language)
        return lines or [""]

    def _beside_table(self, picture: Picture, language: Language) -> list[str]:
        """Return what has no room elsewhere: a long notice, the last calls, or even the queues."""
        place, line = self.table_place(slides=False), self._strip_width * GENEROUS
        width = place.w / self.arrangement.text if place is not None else 0.0
        said: list[str] = []
        if place is None:
            said += [sentences.waiting(queue, language, line) for queue in picture.queues]
        if width < WITH_LAST:
            said += [sentences.last_call(each, language, line) for each in picture.queues if each.last[0].isalpha()]
        notice = _in(picture.notice, language) if picture.notice is not None else ""
        if notice and (place is None or self._note("", notice, place) is None):
            said += sentences.prose([notice], line)
        return said


def pages_of(screen: BoardScreen) -> Pages:
    """Return how a board of this file turns its pages."""
    return Pages(
        arrangement=arranged(panel_of(screen), screen.rows),
        languages=screen.languages,
        closed_light=screen.closed_light,
        slide_s=screen.media.seconds if screen.media is not None else 10,
    )


P = TypeVar("P")


def _at(pages: Sequence[tuple[P, float]], now_s: float) -> P | None:
    """Return the page that stands now, when they turn by the clock for ever."""
    at_s = now_s % sum(stays_s for _, stays_s in pages) if pages else 0.0
    for page, stays_s in pages:
        if at_s < stays_s:
            return page
        at_s -= stays_s
    return None


def _end(pages: Sequence[tuple[object, float]], now_s: float) -> float:
    """Return when the next page stands."""
    if not pages:
        return now_s + TABLE_S
    at_s = now_s % sum(stays_s for _, stays_s in pages)
    for _, stays_s in pages:
        if at_s < stays_s:
            return now_s + stays_s - at_s
        at_s -= stays_s
    return now_s + TABLE_S


def _in(text: Text, language: Language) -> str:
    return text.zh if language is Language.ZH else text.en


def _minutes(queue: Queue, language: Language) -> str:
    return queue.minutes_en if queue.minutes_en and language is not Language.ZH else queue.minutes


def line_height(line: Line, *, one_line: bool) -> float:
    """Return how high a service stands in the table, in font sizes."""
    return max(ONE_LINE, len(line.name) * NAME + 0.4) if one_line else len(line.name) * NAME + FIGURES


def _line(queue: Queue, language: Language, *, last: bool, width: float) -> Line:
    name = tuple(lines_of(_in(queue.name, language), width * GENEROUS)[:2])
    return Line(name=name, last=queue.last if last else "", waiting=queue.waiting, minutes=_minutes(queue, language))
