"""What customers thought of the service: a fold of the journals of some days. Pure.

Four rates stand apart, because each hides what another shows:
- *rated*: of those who rated, how many gave no bad grade (满意率 as halls report it);
- *strict*: of those who rated, unflagged, how many were satisfied or very satisfied;
- *all served*: of all who were served, how many rated and gave no bad grade;
- *response*: of all who were served, how many rated.
Each carries the interval in which it would lie if everybody had been asked again (Wilson, 95 %). And because
expectation grows with what was paid in waiting, they are told by wait, and by whether the promise was kept.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Final

from ..contract.messages import (
    SERVED,
    AnyEvent,
    CaseKind,
    CaseOpened,
    DayOpened,
    Hall,
    HallConfigured,
    Rating,
    RatingExplained,
    RatingFlag,
    RatingScale,
    RatingSetAside,
    Recorded,
    SetAside,
    TicketCalled,
    TicketIssued,
    TransactionEnded,
    Undone,
    VisitEnded,
    VisitNotRated,
    VisitRated,
    WalkUpServed,
)
from ..hall.rating import is_bad

STRICTLY: Final = frozenset({Rating.VERY_SATISFIED, Rating.SATISFIED})
BANDS_MIN: Final = ((0, 5), (5, 10), (10, 15), (15, 20), (20, None))  # half-open
FEW: Final = 30  # below, a rate says little
_Z: Final = 1.96
_MINUTE_S: Final = 60


@dataclass(frozen=True, kw_only=True)
class Share:
    """So many of so many, and the interval in which the rate behind it lies, of 1; None: of nobody."""

    count: int
    of: int
    rate: float | None
    low: float | None
    high: float | None

    @property
    def is_small(self) -> bool:
        return self.of < FEW


@dataclass(frozen=True, kw_only=True)
class Group:
    """The figures of some transactions; `key` is a clerk, a counter, a service or a band."""

    key: str
    served: int
    not_rated: int  # asked, and pressed nothing
    grades: dict[str, int]
    flagged: int
    rated: Share
    strict: Share
    all_served: Share
    response: Share


@dataclass(frozen=True, kw_only=True)
class Ratings:
    days: tuple[str, ...]
    hall: Hall
    total: Group
    by_wait: tuple[Group, ...]
    by_promise: tuple[Group, ...]  # kept, broken, none
    by_clerk: tuple[Group, ...]  # "": nobody knows who; the rating is the window's only
    by_counter: tuple[Group, ...]
    by_service: tuple[Group, ...]
    flags: dict[str, int]
    reasons: dict[str, int]
    cases: int  # that bad ratings opened
    unasked: int  # pressed where nobody was asked: in no figure above
    unbound: int  # of a day before these: in no figure above


@dataclass(kw_only=True)
class _Transaction:
    call: str
    service: str
    counter: int
    clerk: str
    waited_s: int | None = None
    promised_min: int | None = None
    ended: bool = False
    asked: bool = False
    rating: Rating | None = None
    flags: tuple[RatingFlag, ...] = ()


@dataclass(kw_only=True)
class _Visit:
    promised_min: int | None = None
    waited_s: int | None = None
    calls: list[str] = field(default_factory=list)


class NoHall(LookupError):
    """These days hold no hall's configuration: name the directory of the dispatcher's journals."""


def ratings(events: Iterable[Recorded]) -> Ratings:
    """Return what was rated in these days, oldest event first. Raises NoHall."""
    fold = _Fold()
    for recorded in events:
        fold.take(recorded)
    return fold.told()


def share(count: int, of: int) -> Share:
    """Return a rate with its Wilson score interval, 95 %."""
    if not of:
        return Share(count=count, of=of, rate=None, low=None, high=None)
    rate, square = count / of, _Z * _Z
    middle = (rate + square / (2 * of)) / (1 + square / of)
    half = _Z / (1 + square / of) * sqrt(rate * (1 - rate) / of + square / (4 * of * of))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Share(count=count, of=of, rate=rate, low=min(low, rate), high=max(high, rate))


class _Fold:
    def __init__(self) -> None:
        self._days: list[str] = []
        self._hall: Hall | None = None
        self._visits: dict[str, _Visit] = {}
        self._transactions: dict[str, _Transaction] = {}
        self._reasons: dict[str, tuple[str, ...]] = {}
        self._cases = self._unasked = self._unbound = 0

    def take(self, recorded: Recorded) -> None:
        match recorded.event:
            case DayOpened(day=day):
                self._days.append(day)
            case HallConfigured(hall=hall):
                self._hall = hall
            case TicketIssued(visit=visit, wait_high_min=promised):
                self._visits[visit] = _Visit(promised_min=promised)
            case TicketCalled() as called:
                self._called(called)
            case WalkUpServed() as served:
                self._begun(served.visit, served.call, served.service, served.counter, served.clerk)
            case TransactionEnded(call=call, outcome=outcome) | VisitEnded(call=str(call), outcome=outcome):
                self._ended(call, served=outcome in SERVED)
            case Undone(visit=visit, act=act):
                self._undone(visit, act)
            case event:
                self._heard(event)

    def _heard(self, event: AnyEvent) -> None:
        """Take what a customer said."""
        match event:
            case VisitRated() as rated:
                self._rated(rated.call, rated.rating, rated.flags)
            case VisitNotRated(call=call) if call in self._transactions:
                self._transactions[call].asked = True
            case RatingSetAside() as aside:
                self._aside(aside)
            case RatingExplained(call=call, reasons=reasons):
                self._reasons[call] = reasons
            case CaseOpened(kind=CaseKind.RATING):
                self._cases += 1
            case _:
                pass

    def _called(self, called: TicketCalled) -> None:
        visit = self._visits.setdefault(called.visit, _Visit())
        if visit.waited_s is None:
            visit.waited_s = called.waited_s
        self._begun(called.visit, called.call, called.service, called.counter, called.clerk)

    def _begun(self, visit_id: str, call: str, service: str, counter: int, clerk: str | None) -> None:
        visit = self._visits.setdefault(visit_id, _Visit())
        visit.calls.append(call)
        self._transactions[call] = _Transaction(
            call=call,
            service=service,
            counter=counter,
            clerk=clerk or "",
            waited_s=visit.waited_s,
            promised_min=visit.promised_min,
        )

    def _ended(self, call: str, *, served: bool) -> None:
        transaction = self._transactions.get(call)
        if transaction is not None:
            transaction.ended = served

    def _undone(self, visit_id: str | None, act: str) -> None:
        visit = self._visits.get(visit_id or "")
        if visit is None or not visit.calls:
            return
        last = self._transactions[visit.calls[-1]]
        if act == TicketCalled.__name__:
            visit.calls.pop()
            del self._transactions[last.call]
            if not visit.calls:
                visit.waited_s = None
        else:
            last.ended = last.asked = False

    def _rated(self, call: str, rating: Rating, flags: tuple[RatingFlag, ...]) -> None:
        transaction = self._transactions.get(call)
        if transaction is None:
            self._unbound += 1
        elif transaction.rating is None:
            transaction.rating, transaction.flags, transaction.asked = rating, flags, True

    def _aside(self, aside: RatingSetAside) -> None:
        if aside.why is SetAside.UNASKED or aside.call is None:
            self._unasked += 1
        else:  # of an earlier day: it belongs there, if that day is among these
            self._rated(aside.call, aside.rating, (RatingFlag.LATE,))

    def told(self) -> Ratings:
        hall = self._hall
        if hall is None:
            raise NoHall("there is no hall's configuration in these days; name the dispatcher's journals")
        ended = [each for each in self._transactions.values() if each.ended]
        flags = [flag.value for each in ended for flag in each.flags]
        reasons = [reason for each in ended for reason in self._reasons.get(each.call, ())]
        by = _Grouping(ended, hall.rating)
        return Ratings(
            days=tuple(self._days),
            hall=hall,
            total=_group("", ended, hall.rating),
            by_wait=by(_band, [band_name(*each) for each in BANDS_MIN]),
            by_promise=by(_promise, ["kept", "broken", "none"]),
            by_clerk=by(lambda each: each.clerk, [*sorted({each.clerk for each in ended} - {""}), ""]),
            by_counter=by(lambda each: str(each.counter), [str(n) for n in sorted({each.counter for each in ended})]),
            by_service=by(lambda each: each.service, [each.id for each in hall.services]),
            flags={flag.value: flags.count(flag.value) for flag in RatingFlag},
            reasons={name: reasons.count(name) for name in dict.fromkeys(reasons)},
            cases=self._cases,
            unasked=self._unasked,
            unbound=self._unbound,
        )


class _Grouping:
    def __init__(self, transactions: Sequence[_Transaction], scale: RatingScale) -> None:
        self._transactions, self._scale = transactions, scale

    def __call__(self, key_of: Callable[[_Transaction], Hashable], keys: Sequence[str]) -> tuple[Group, ...]:
        found: dict[Hashable, list[_Transaction]] = {}
        for each in self._transactions:
            found.setdefault(key_of(each), []).append(each)
        return tuple(_group(key, found[key], self._scale) for key in keys if key in found)


def band_name(low: int, high: int | None) -> str:
    return f"{low}–{high}" if high is not None else f"{low}+"


def _band(transaction: _Transaction) -> str:
    if transaction.waited_s is None:
        return ""
    minutes = transaction.waited_s / _MINUTE_S
    return next(band_name(low, high) for low, high in BANDS_MIN if high is None or minutes < high)


def _promise(transaction: _Transaction) -> str:
    if transaction.waited_s is None or transaction.promised_min is None:
        return "none"
    return "kept" if transaction.waited_s <= transaction.promised_min * _MINUTE_S else "broken"


def _group(key: str, transactions: Sequence[_Transaction], scale: RatingScale) -> Group:
    rated = [(each.rating, each.flags) for each in transactions if each.rating is not None]
    fine = sum(not is_bad(scale, rating) for rating, _ in rated)
    unflagged = [rating for rating, flags in rated if not flags]
    given = [rating.value for rating, _ in rated]
    return Group(
        key=key,
        served=len(transactions),
        not_rated=sum(each.asked and each.rating is None for each in transactions),
        grades={grade: given.count(grade) for grade in dict.fromkeys([*(g.grade.value for g in scale.grades), *given])},
        flagged=len(rated) - len(unflagged),
        rated=share(fine, len(rated)),
        strict=share(sum(rating in STRICTLY for rating in unflagged), len(unflagged)),
        all_served=share(fine, len(transactions)),
        response=share(len(rated), len(transactions)),
    )
