"""The book of numbers that this kiosk gave by itself: kept on its disk until the hall has merged them.

A number is on disk before its slip is printed, and is given once a day, whatever is killed and however clocks step: the
book's day never goes back, and its numbers begin again only on a later one.
"""

import logging
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from broker.contract.messages import ORDINARY, Language, MergeTicket, OfflineNumbers, SlipFate

log = logging.getLogger(__name__)

NO_DAY: Final = ""  # before every ISO date


class Given(Struct, frozen=True, kw_only=True):
    """A number that the kiosk gave; `id` is that of the command that merges it."""

    id: str
    ticket: str
    number: int
    service: str
    day: str
    boot: str  # the machine's run in which it was taken
    taken_s: float  # by that run's monotonic clock
    at: datetime  # by the kiosk's own clock, which may be wrong
    heard_at: datetime | None = None  # by the same clock: the last contact with the hall before
    language: Language = Language.ZH
    priority_class: str = ORDINARY
    needs: tuple[str, ...] = ()
    booking: str | None = None
    person: str | None = None
    abandoned: str | None = None  # the question whose answer never came
    slip: SlipFate | None = None  # None: printing


class Book(Struct, frozen=True, kw_only=True):
    """What stands on the disk: the day, the next number behind each letter, and all that is not merged yet."""

    day: str = NO_DAY
    next: dict[str, int] = {}
    given: tuple[Given, ...] = ()


def on_day(book: Book, day: str) -> Book:
    """Return the book on a day: on a later one the numbers begin again."""
    return replace(book, day=day, next={}) if day > book.day else book


def next_number(book: Book, letters: str, numbers: OfflineNumbers) -> int | None:
    """Return the kiosk's next number behind these letters; None when there is none left today."""
    number = max(book.next.get(letters, numbers.first), numbers.first)
    return number if number <= numbers.last else None


def with_given(book: Book, letters: str, given: Given) -> Book:
    return replace(book, next={**book.next, letters: given.number + 1}, given=(*book.given, given))


def ages_ms(given: Sequence[Given], *, boot: str, clock_s: float, now: datetime) -> list[int]:
    """Return how long ago each number was taken.

    Exactly, as long as the machine has run since; else by its own clock, not before the last contact with the hall.
    Whatever that clock says, nobody who took a number earlier is younger.
    """
    ages: list[int] = []
    least_ms = 0
    for each in reversed(given):
        if each.boot == boot:
            age_s = clock_s - each.taken_s
        else:
            age_s = (now - max(each.at, each.heard_at or each.at)).total_seconds()
        least_ms = max(least_ms, round(age_s * 1000))
        ages.append(least_ms)
    return ages[::-1]


def merging(given: Given, *, boot: str, ago_ms: int) -> MergeTicket:
    """Return the command that lets a number wait in the hall."""
    return MergeTicket(
        id=given.id,
        ticket=given.ticket,
        number=given.number,
        service=given.service,
        day=given.day,
        ago_ms=ago_ms,
        slip=given.slip or SlipFate.UNKNOWN,
        language=given.language,
        priority_class=given.priority_class,
        needs=given.needs,
        booking=given.booking,
        person=given.person,
        by_clock=given.boot != boot,
        abandoned=given.abandoned,
    )


class BookOnDisk:
    """The book in its file. What `put` was given survives a power cut once it returns. Raises OSError.

    A file that cannot be read is left as it is, and no number is given beside it: it may hold numbers of today.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.wrong = ""  # why the file cannot be read
        self.book = self._read()

    def put(self, book: Book) -> None:
        fresh = self._path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(book))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        self.book = book

    def _read(self) -> Book:
        if not self._path.exists():
            return Book()
        try:
            book = msgspec.json.decode(self._path.read_bytes(), type=Book)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self.wrong = f"{self._path} cannot be read ({error}): no numbers without the hall until it is moved away"
            log.error("%s", self.wrong)  # noqa: TRY400 - the text says it all
            return Book()
        stopped = tuple(each if each.slip is not None else replace(each, slip=SlipFate.UNKNOWN) for each in book.given)
        return replace(book, given=stopped)  # the program had stopped while these were printed
