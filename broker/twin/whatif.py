"""What if: recorded days through the twin twice, as the hall was and with a change; who gains, who loses.

Both runs are the twin's, so that like is compared with like. What was really recorded stands beside them: how far the
twin's replay of the hall as it was is from it says how much the comparison can be trusted.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ..contract.messages import Hall, Outcome
from ..hall.state import MINUTE_MS
from .arrivals import Stay
from .book import Book
from .change import Change, as_given, changed, changed_shifts, check
from .engine import play
from .figures import Balance, CounterFigures, Figures, Group, balance, quantile
from .recorded import RecordedDay
from .refusals import check_policy
from .staffing import Shift

A_MINUTE: Final = MINUTE_MS  # a change of less is none
MOST_MOVED: Final = 10
Progress = Callable[[int, int], None]


class Moved(Struct, frozen=True, kw_only=True):
    """How waits change, of those called in both runs. A change below a minute counts as none."""

    customers: int
    gain: int
    gain_median_min: float | None
    lose: int
    lose_median_min: float | None
    mean_min: float | None  # of all: below 0 is a gain


class MovedTicket(Struct, frozen=True, kw_only=True):
    day: str
    ticket: str
    service: str
    priority_class: str
    recorded_min: float | None
    before_min: float
    after_min: float


class Run(Struct, frozen=True, kw_only=True):
    """The figures of one run, or of the record."""

    all: Group
    by_class: dict[str, Group]
    by_service: dict[str, Group]
    counters: tuple[CounterFigures, ...]
    balance: Balance | None


class Fidelity(Struct, frozen=True, kw_only=True):
    """How far the twin's replay of the hall as it was is from the record, of those called in both."""

    customers: int
    mean_off_min: float | None  # above 0: the twin's waits are longer
    off_by_min: float | None  # per customer, in the mean, whichever way


class Comparison(Struct, frozen=True, kw_only=True):
    """All that a *what if* shows."""

    hall: str
    days: tuple[str, ...]
    change: Change
    new_targets: bool  # then all shares within target are by the new ones
    recorded: Run
    before: Run
    after: Run
    fidelity: Fidelity
    moved: Moved
    moved_by_class: dict[str, Moved]
    moved_by_service: dict[str, Moved]
    most_moved: tuple[MovedTicket, ...]
    left_before: int  # not served: gave up, or still there at the end
    left_after: int
    notes: dict[str, int]


def what_if(days: Sequence[RecordedDay], change: Change, *, progress: Progress) -> Comparison:
    """Play each day twice and compare. Raises ImpossibleChange, CannotSimulate."""
    hall = days[-1].hall
    check(hall, change)
    wanted = changed(hall, change)
    check_policy(hall)
    check_policy(wanted)
    books = {name: _Ledger(wanted) for name in ("recorded", "before", "after")}
    trios: list[_Trio] = []
    for done, day in enumerate(days):
        progress(done, len(days))
        as_it_was = as_given(day)
        as_changed = changed(as_it_was, change)
        shifts = changed_shifts(day, as_changed, change)
        before = _in_order(play(as_it_was, day.arrivals, shifts=day.shifts))
        after = _in_order(play(as_changed, day.arrivals, shifts=shifts))
        promised = [stay.target_ms for stay in after]
        recorded, before = _by_targets(map(_told, day.stays), promised), _by_targets(before, promised)
        books["recorded"].add(recorded, day.shifts)
        books["before"].add(before, day.shifts)
        books["after"].add(after, shifts)
        trios += [_Trio(day.day, *each) for each in zip(recorded, before, after, strict=True)]
    moved = [trio for trio in trios if trio.before.called_ms is not None and trio.after.called_ms is not None]
    return Comparison(
        hall=hall.id,
        days=tuple(day.day for day in days),
        change=change,
        new_targets=bool(change.targets),
        recorded=books["recorded"].run(),
        before=books["before"].run(),
        after=books["after"].run(),
        fidelity=_fidelity(trios),
        moved=_moved(moved),
        moved_by_class={
            each.id: _moved(found)
            for each in hall.classes
            if (found := [trio for trio in moved if trio.before.given_class == each.id])
        },
        moved_by_service={
            each.id: _moved(found)
            for each in hall.services
            if (found := [trio for trio in moved if trio.before.arrival.service == each.id])
        },
        most_moved=_most_moved(moved),
        left_before=sum(trio.before.called_ms is None for trio in trios),
        left_after=sum(trio.after.called_ms is None for trio in trios),
        notes=_notes(days),
    )


class _Trio:
    """One customer: as recorded, and in both runs."""

    __slots__ = ("after", "before", "day", "recorded")

    def __init__(self, day: str, recorded: Stay, before: Stay, after: Stay) -> None:
        self.day, self.recorded, self.before, self.after = day, recorded, before, after

    @property
    def change_ms(self) -> int:
        return (self.after.called_ms or 0) - (self.before.called_ms or 0)


# Comparing ------------------------------------------------------------------------------------------------------------


def _in_order(stays: Iterable[Stay]) -> list[Stay]:
    return sorted(stays, key=lambda stay: stay.index)


def _told(stay: Stay) -> Stay:
    """Return a recorded stay as the twin tells of it: whoever was not there when called had left."""
    is_gone = stay.called_ms is None and stay.arrival.patience_ms is not None
    return replace(stay, outcome=Outcome.CANCELLED) if is_gone else stay


def _by_targets(stays: Iterable[Stay], targets_ms: Sequence[int]) -> list[Stay]:
    return [replace(stay, target_ms=target) for stay, target in zip(stays, targets_ms, strict=True)]


def _wait_ms(stay: Stay) -> int:
    return (stay.called_ms or 0) - stay.arrival.at_ms


def _fidelity(trios: Iterable[_Trio]) -> Fidelity:
    both = [trio for trio in trios if trio.recorded.called_ms is not None and trio.before.called_ms is not None]
    off = [_wait_ms(trio.before) - _wait_ms(trio.recorded) for trio in both]
    return Fidelity(customers=len(off), mean_off_min=_mean_min(off), off_by_min=_mean_min([abs(each) for each in off]))


def _mean_min(values_ms: Sequence[int]) -> float | None:
    return sum(values_ms) / len(values_ms) / MINUTE_MS if values_ms else None


def _median_min(values_ms: Iterable[int]) -> float | None:
    middle = quantile(sorted(values_ms), 0.5)
    return None if middle is None else middle / MINUTE_MS


def _moved(trios: Sequence[_Trio]) -> Moved:
    changes = [trio.change_ms for trio in trios]
    gains = [each for each in changes if each <= -A_MINUTE]
    losses = [each for each in changes if each >= A_MINUTE]
    return Moved(
        customers=len(changes),
        gain=len(gains),
        gain_median_min=_median_min(gains),
        lose=len(losses),
        lose_median_min=_median_min(losses),
        mean_min=_mean_min(changes),
    )


def _most_moved(trios: Iterable[_Trio]) -> tuple[MovedTicket, ...]:
    ranked = sorted((trio for trio in trios if trio.change_ms), key=lambda trio: -abs(trio.change_ms))
    return tuple(
        MovedTicket(
            day=trio.day,
            ticket=trio.recorded.ticket,
            service=trio.before.arrival.service,
            priority_class=trio.before.given_class,
            recorded_min=_wait_ms(trio.recorded) / MINUTE_MS if trio.recorded.called_ms is not None else None,
            before_min=_wait_ms(trio.before) / MINUTE_MS,
            after_min=_wait_ms(trio.after) / MINUTE_MS,
        )
        for trio in ranked[:MOST_MOVED]
    )


def _notes(days: Iterable[RecordedDay]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for day in days:
        for note, count in day.notes.items():
            counts[note.value] = counts.get(note.value, 0) + count
    return counts


class _Ledger:
    """The figures of a run over all its days."""

    def __init__(self, hall: Hall) -> None:
        self._book = Book(hall)
        self._served: dict[int, int] = {}
        self._busy_ms: dict[int, int] = {}
        self._staffed_ms: dict[int, int] = {}

    def add(self, stays: Sequence[Stay], shifts: Sequence[Shift]) -> None:
        first = self._book.customers
        at_work: dict[int, list[tuple[int, int]]] = {}
        last_ms = max((stay.arrival.at_ms for stay in stays), default=0)
        for stay in stays:
            self._book.note(stay, first + stay.index)
            if stay.counter is not None and stay.called_ms is not None:
                ends_ms = stay.called_ms + stay.arrival.service_ms
                self._served[stay.counter] = self._served.get(stay.counter, 0) + 1
                self._busy_ms[stay.counter] = self._busy_ms.get(stay.counter, 0) + ends_ms - stay.called_ms
                at_work.setdefault(stay.counter, []).append((stay.called_ms, ends_ms))
                last_ms = max(last_ms, ends_ms)
        for shift in shifts:
            until_ms = last_ms if shift.until_ms is None else shift.until_ms
            at_work.setdefault(shift.counter, []).append((shift.from_ms, max(until_ms, shift.from_ms)))
        for counter, times in at_work.items():
            self._staffed_ms[counter] = self._staffed_ms.get(counter, 0) + _covered(times)

    def run(self) -> Run:
        figures: Figures = self._book.figures(source="recorded")
        counters = tuple(
            CounterFigures(
                counter=number,
                served=self._served.get(number, 0),
                busy_min=self._busy_ms.get(number, 0) / MINUTE_MS,
                staffed_min=staffed_ms / MINUTE_MS,
                utilisation=self._busy_ms.get(number, 0) / staffed_ms if staffed_ms else 0.0,
            )
            for number, staffed_ms in sorted(self._staffed_ms.items())
        )
        return Run(
            all=figures.all,
            by_class=figures.by_class,
            by_service=figures.by_service,
            counters=counters,
            balance=balance([each.utilisation for each in counters]) if counters else None,
        )


def _covered(times: Iterable[tuple[int, int]]) -> int:
    """Return how long at least one of several times lasts."""
    covered = 0
    reached: int | None = None
    for from_ms, until_ms in sorted(times):
        begin = from_ms if reached is None else max(from_ms, reached)
        covered += max(until_ms - begin, 0)
        reached = until_ms if reached is None else max(reached, until_ms)
    return covered
