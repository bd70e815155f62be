"""A whole simulation: customers drawn or recorded, played, and added up."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from ..contract.messages import Hall, Weekday
from ..hall.clock import ms
from ..hall.hours import opens_next
from .arrivals import Arrival
from .book import Book
from .drawn import Samples, arrivals_of_day, endless_arrivals
from .engine import ENDLESS_DAY, play
from .figures import Figures
from .refusals import CannotSimulate, check_load, check_policy, check_streams
from .settings import Simulation

Progress = Callable[[int, int], None]  # how many of how many
DAY_MS: Final = 86_400_000
_WEEKDAYS: Final = tuple(Weekday)
_FURTHER: Final = 1000  # customers who may come after the last who counts, and as many again as count


def no_progress(_done: int, _of: int) -> None:
    """Tell nobody."""


def simulate(
    hall: Hall,
    simulation: Simulation,
    samples: Samples,
    *,
    customers: int,
    warm_up: int,
    seed: int,
    progress: Progress = no_progress,
) -> Figures:
    """Play one endless day until so many customers who count have gone. Raises CannotSimulate.

    The first `warm_up` are left out. Further ones come until the last who counts has gone, so that the end is as busy
    as the middle.
    """
    check_streams(hall, simulation)
    check_load(hall, simulation, samples)
    marks = _Marks(warm_up, warm_up + customers - 1)
    drawn = islice(endless_arrivals(simulation, samples, seed), warm_up + 2 * customers + _FURTHER)
    book, left = Book(hall), warm_up + customers
    for stay in play(hall, marks.watch(drawn)):
        place = stay.index - warm_up
        if place < customers:
            left -= 1
            if left % 1000 == 0:
                progress(warm_up + customers - left, warm_up + customers)
            if place >= 0:
                book.note(stay, place)
        if marks.from_ms is not None:
            book.note_work(stay, marks.from_ms, marks.until_ms)
        if left == 0:
            break
    book.note_staffed((marks.until_ms or 0) - (marks.from_ms or 0))
    return book.figures(source="customers", seed=seed, warm_up_customers=warm_up)


class _Marks:
    """Notes when the first customer who counts has come, and when the last."""

    def __init__(self, first: int, last: int) -> None:
        self._first, self._last = first, last
        self.from_ms: int | None = None  # not yet
        self.until_ms: int | None = None

    def watch(self, arrivals: Iterator[Arrival]) -> Iterator[Arrival]:
        for index, arrival in enumerate(arrivals):
            if index == self._first:
                self.from_ms = arrival.at_ms
            if index == self._last:
                self.until_ms = arrival.at_ms
            yield arrival


def simulate_days(
    hall: Hall,
    simulation: Simulation,
    samples: Samples,
    *,
    days: int,
    seed: int,
    progress: Progress = no_progress,
) -> Figures:
    """Play whole days by the hall's hours, each opened anew, from Monday 1 January 2001 on. Raises CannotSimulate."""
    check_streams(hall, simulation)
    book, customers = Book(hall), 0
    for done, day in enumerate(working_days(hall, days)):
        progress(done, days)
        arrivals = list(arrivals_of_day(hall, simulation, samples, seed, day))
        opens_ms, ends_ms = _opening_times(hall, day)
        for stay in play(hall, arrivals, day=day):
            book.note(stay, customers + stay.index)
            book.note_work(stay, 0)
            ends_ms = max(ends_ms, stay.ended_ms or 0)
        customers += len(arrivals)
        book.note_staffed(ends_ms - opens_ms)
    if not customers:
        raise CannotSimulate("nobody came on any day; look at simulate.arrivals, [[hours]] and the time zone")
    return book.figures(source="days", seed=seed, days=days)


def working_days(hall: Hall, days: int) -> list[date]:
    """Return the first days on which the hall opens. Raises CannotSimulate when there are too few."""
    found: list[date] = []
    for ahead in range(days * 7 + 366):
        day = ENDLESS_DAY + timedelta(days=ahead)
        if _opening_times(hall, day) != (0, 0):
            found.append(day)
        if len(found) == days:
            return found
    raise CannotSimulate(f"the hall opens on {len(found)} days only, and {days} are asked for; look at [[hours]]")


def _opening_times(hall: Hall, day: date) -> tuple[int, int]:
    """Return when a day's first ticket and its last are given out, in milliseconds from its midnight; (0, 0): never."""
    zone = ZoneInfo(hall.timezone)
    midnight_ms = ms(datetime.combine(day, time(), tzinfo=zone))
    ends_ms = ms(datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)) - midnight_ms
    if not hall.hours:
        return (0, 0) if day.isoformat() in hall.closed_on else (0, ends_ms)
    opens = opens_next(hall, midnight_ms - 1)
    if opens is None or opens.date() != day:
        return 0, 0
    weekday = _WEEKDAYS[day.weekday()]
    closes = max(each.close for each in hall.hours if weekday in each.days)
    return ms(opens) - midnight_ms, ms(datetime.combine(day, time.fromisoformat(closes), tzinfo=zone)) - midnight_ms


def replay(hall: Hall, arrivals: Sequence[Arrival], *, progress: Progress = no_progress) -> Figures:
    """Play recorded customers, all of whom count. Raises CannotSimulate."""
    check_policy(hall)
    if not arrivals:
        raise CannotSimulate("nobody comes: there are no arrivals; give one customer at least")
    book, ends_ms = Book(hall), arrivals[-1].at_ms
    for done, stay in enumerate(play(hall, arrivals)):
        if done % 1000 == 0:
            progress(done, len(arrivals))
        book.note(stay, stay.index)
        book.note_work(stay, 0)
        ends_ms = max(ends_ms, stay.ended_ms or 0)
    book.note_staffed(ends_ms)
    return book.figures(source="arrivals")
