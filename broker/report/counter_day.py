"""What a counter and its clerk did with their day: a fold of the journal. Pure.

A counter's day is cut into spells that neither overlap nor leave a gap: `[begin, end)`. Between the first act and the
closing it is called to (the customer is coming), serves, wraps up, is paused, or is idle. So for any span of the day

    session = idle + coming + serving + wrap-up + paused

Wrap-up is the rest of an armed counter after a finished visit, and the time until an outcome that was owed is stated,
as long as nothing else is begun. An act that was undone did not happen: its time goes to what it broke off.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

from ..contract.messages import (
    SERVED,
    AnyEvent,
    CallRepeated,
    ClerkSignedIn,
    CounterArmed,
    CounterClosed,
    CounterOpened,
    CounterPaused,
    HallConfigured,
    Outcome,
    OutcomeStated,
    Recorded,
    ServiceStarted,
    TicketCalled,
    TicketReclassified,
    TransactionEnded,
    Undone,
    VisitEnded,
    VisitHeld,
    VisitTransferred,
    WalkUpServed,
)


class Doing(Enum):
    IDLE = "idle"
    COMING = "coming"  # called, and not there yet
    SERVING = "serving"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"


@dataclass(frozen=True, kw_only=True)
class Spell:
    """A counter did one thing, from `begin` to before `end`."""

    counter: int
    clerk: str | None
    doing: Doing
    begin: datetime
    end: datetime
    ticket: str | None = None
    reason: str | None = None  # of a pause
    outcome: Outcome | None = None  # with which it ended, if it ended a transaction
    called: bool = False  # it began with a call
    first: bool = True  # of what it is a part of: a spell is cut where another clerk signs in

    @property
    def seconds(self) -> float:
        return (self.end - self.begin).total_seconds()


@dataclass(frozen=True, kw_only=True)
class _Now:
    """What a counter does, since when."""

    doing: Doing | None = None  # None: closed, or not yet open
    begin: datetime | None = None
    ticket: str | None = None
    reason: str | None = None
    until: datetime | None = None  # a wrap-up's end, if it ends by itself
    called: bool = False
    first: bool = True


@dataclass
class _Desk:
    number: int
    now: _Now = field(default_factory=_Now)
    clerk: str | None = None
    armed: bool = False
    owed: str | None = None  # the visit whose outcome is being wrapped up
    spells: list[Spell] = field(default_factory=list)
    before: dict[int, tuple[_Now, bool, str | None, int]] = field(default_factory=dict)  # an act, by its event's number

    def act(self, recorded: Recorded, now: _Now, outcome: Outcome | None = None) -> None:
        """Let the counter do something else from this event on."""
        self.before = {recorded.seq: (self.now, self.armed, self.owed, len(self.spells))}  # only the last can be undone
        self.close(recorded.at, outcome)
        self.now, self.owed = replace(now, begin=recorded.at), None

    def goes_on(self, recorded: Recorded, now: _Now) -> None:
        """As `act`, for a second event of the same act."""
        self.close(recorded.at)
        self.now = replace(now, begin=recorded.at)

    def close(self, at: datetime, outcome: Outcome | None = None) -> None:
        now = self.now
        if now.doing is None or now.begin is None:
            return
        if now.until is not None and now.until < at:
            self._add(now, now.begin, now.until, None)
            now = _Now(doing=Doing.IDLE, begin=now.until)
        self._add(now, now.begin or at, at, outcome)

    def _add(self, now: _Now, begin: datetime, end: datetime, outcome: Outcome | None) -> None:
        if now.doing is None or (begin >= end and outcome is None and not now.called):
            return
        self.spells.append(
            Spell(
                counter=self.number,
                clerk=self.clerk,
                doing=now.doing,
                begin=begin,
                end=end,
                ticket=now.ticket,
                reason=now.reason,
                outcome=outcome,
                called=now.called,
                first=now.first,
            )
        )

    def undo(self, seq: int) -> None:
        was = self.before.get(seq)
        if was is not None:
            self.now, self.armed, self.owed, kept = was
            del self.spells[kept:]
            self.before = {}


def spells(happened: Iterable[Recorded], until: datetime) -> list[Spell]:
    """Return what each counter did, until then at the latest, in the order of their ends."""
    fold = _Fold()
    for recorded in happened:
        if recorded.at <= until:
            fold.take(recorded)
    for desk in fold.desks.values():
        desk.close(until)
    found = [spell for desk in fold.desks.values() for spell in desk.spells]
    return sorted(found, key=lambda spell: (spell.end, spell.begin, spell.counter))


class _Fold:
    def __init__(self) -> None:
        self.desks: dict[int, _Desk] = {}
        self._rest_s = 0

    def take(self, recorded: Recorded) -> None:
        event = recorded.event
        if isinstance(event, HallConfigured):
            self._rest_s = event.hall.policy.rest_s
            return
        number = getattr(event, "counter", None)
        taken = _TAKEN.get(type(event))
        if taken is not None and number is not None:
            taken(self, self.desks.setdefault(number, _Desk(number)), recorded, event)

    def called(self, desk: _Desk, recorded: Recorded, event: TicketCalled) -> None:
        desk.act(recorded, _Now(doing=Doing.COMING, ticket=event.ticket, called=event.rule != "resume"))

    def started(self, desk: _Desk, recorded: Recorded, event: ServiceStarted) -> None:
        serving = _Now(doing=Doing.SERVING, ticket=event.ticket)
        if desk.now.doing is Doing.COMING and not desk.now.called:
            desk.goes_on(recorded, serving)  # a visit that was taken up again: one press
        else:
            desk.act(recorded, serving)

    def walked_up(self, desk: _Desk, recorded: Recorded, event: WalkUpServed) -> None:
        desk.act(recorded, _Now(doing=Doing.SERVING, ticket=event.ticket))
        desk.before = {}

    def ended(self, desk: _Desk, recorded: Recorded, event: VisitEnded | TransactionEnded) -> None:
        if desk.now.ticket != event.ticket:  # a missed one that the day's end closes
            return
        if event.start_inferred and desk.now.doing is Doing.COMING:
            desk.now = replace(desk.now, doing=Doing.SERVING)
        is_served = event.outcome in SERVED
        owes = event.outcome is Outcome.UNSTATED
        rests = is_served and desk.armed and self._rest_s > 0
        after = _Now(doing=Doing.IDLE)
        if owes:
            after = _Now(doing=Doing.WRAP_UP, ticket=event.ticket)
        elif rests:
            until = recorded.at + timedelta(seconds=self._rest_s)
            after = _Now(doing=Doing.WRAP_UP, ticket=event.ticket, until=until)
        desk.act(recorded, after, outcome=event.outcome)
        desk.owed = event.visit if owes else None

    def stated(self, desk: _Desk, recorded: Recorded, event: OutcomeStated) -> None:
        if desk.owed == event.visit and desk.now.doing is Doing.WRAP_UP:
            desk.close(recorded.at)
            desk.now, desk.owed = _Now(doing=Doing.IDLE, begin=recorded.at), None

    def set_aside(
        self, desk: _Desk, recorded: Recorded, _event: VisitHeld | VisitTransferred | TicketReclassified
    ) -> None:
        desk.act(recorded, _Now(doing=Doing.IDLE))

    def repeated(self, desk: _Desk, _recorded: Recorded, _event: CallRepeated) -> None:
        desk.before = {}

    def opened(self, desk: _Desk, recorded: Recorded, _event: CounterOpened) -> None:
        self._work(desk, recorded)
        desk.before = {}

    def paused(self, desk: _Desk, recorded: Recorded, event: CounterPaused) -> None:
        desk.act(recorded, _Now(doing=Doing.PAUSED, reason=event.reason))

    def closed(self, desk: _Desk, recorded: Recorded, _event: CounterClosed) -> None:
        desk.act(recorded, _Now())
        desk.armed = False

    def armed(self, desk: _Desk, recorded: Recorded, event: CounterArmed) -> None:
        desk.armed = event.armed
        if event.armed:
            self._work(desk, recorded)
        desk.before = {}

    def signed_in(self, desk: _Desk, recorded: Recorded, event: ClerkSignedIn) -> None:
        """Cut the spell, so that each clerk has his own; a counter that is closed or paused stays so."""
        desk.close(recorded.at)
        desk.clerk, desk.before = event.clerk, {}
        if desk.now.doing is not None:
            desk.now = replace(desk.now, begin=recorded.at, first=False)
        elif event.clerk is not None and desk.now.begin is None:
            desk.now = _Now(doing=Doing.IDLE, begin=recorded.at)

    def undone(self, desk: _Desk, _recorded: Recorded, event: Undone) -> None:
        desk.undo(event.seq)

    def _work(self, desk: _Desk, recorded: Recorded) -> None:
        if desk.now.doing in {None, Doing.PAUSED}:
            desk.act(recorded, _Now(doing=Doing.IDLE))


_TAKEN: Final[Mapping[type[AnyEvent], Callable[[_Fold, _Desk, Recorded, Any], None]]] = {
    TicketCalled: _Fold.called,
    ServiceStarted: _Fold.started,
    WalkUpServed: _Fold.walked_up,
    VisitEnded: _Fold.ended,
    TransactionEnded: _Fold.ended,
    OutcomeStated: _Fold.stated,
    VisitHeld: _Fold.set_aside,
    VisitTransferred: _Fold.set_aside,
    TicketReclassified: _Fold.set_aside,
    CallRepeated: _Fold.repeated,
    CounterOpened: _Fold.opened,
    CounterPaused: _Fold.paused,
    CounterClosed: _Fold.closed,
    CounterArmed: _Fold.armed,
    ClerkSignedIn: _Fold.signed_in,
    Undone: _Fold.undone,
}

# Figures --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PauseTime:
    reason: str
    times: int
    seconds: int


@dataclass(frozen=True, kw_only=True)
class CounterDay:
    """What a clerk, or nobody in particular, did at one counter in a span of time."""

    counter: int
    clerk: str | None
    begin: datetime  # of the first session
    end: datetime  # of the last
    sessions: int
    session_s: int
    idle_s: int
    coming_s: int
    serving_s: int
    wrap_up_s: int
    paused_s: int
    calls: int
    served: int  # transactions that ended here, however they ended
    no_shows: int
    pauses: tuple[PauseTime, ...]

    @property
    def mean_serving_s(self) -> int | None:
        return round(self.serving_s / self.served) if self.served else None


def counter_days(found: Iterable[Spell], begin: datetime, end: datetime) -> tuple[CounterDay, ...]:
    """Return the figures of `[begin, end)` by counter and clerk. What ends within it is counted, time is cut at it."""
    by_whom: dict[tuple[int, str | None], list[tuple[Spell, Spell | None]]] = {}
    for spell in found:
        part = _clipped(spell, begin, end)
        if part is not None or begin <= spell.end < end:
            by_whom.setdefault((spell.counter, spell.clerk), []).append((spell, part))
    days = [_day(counter, clerk, mine, begin, end) for (counter, clerk), mine in by_whom.items()]
    return tuple(sorted(days, key=lambda day: (day.counter, day.begin, day.clerk or "")))


def _clipped(spell: Spell, begin: datetime, end: datetime) -> Spell | None:
    part = replace(spell, begin=max(spell.begin, begin), end=min(spell.end, end))
    return part if part.begin < part.end else None


def _day(
    counter: int, clerk: str | None, mine: list[tuple[Spell, Spell | None]], begin: datetime, end: datetime
) -> CounterDay:
    parts = [part for _, part in mine if part is not None]
    whole = [spell for spell, _ in mine if begin <= spell.end < end]
    total = {doing: round(sum(part.seconds for part in parts if part.doing is doing)) for doing in Doing}
    borders = [*(part.begin for part in parts), *(spell.begin for spell in whole)]
    return CounterDay(
        counter=counter,
        clerk=clerk,
        begin=max(min(borders), begin),
        end=max([part.end for part in parts], default=begin),
        sessions=_sessions(parts),
        session_s=sum(total.values()),
        idle_s=total[Doing.IDLE],
        coming_s=total[Doing.COMING],
        serving_s=total[Doing.SERVING],
        wrap_up_s=total[Doing.WRAP_UP],
        paused_s=total[Doing.PAUSED],
        calls=sum(spell.called and spell.first and begin <= spell.begin < end for spell, _ in mine),
        served=sum(spell.outcome in SERVED for spell in whole),
        no_shows=sum(spell.outcome is Outcome.NO_SHOW for spell in whole),
        pauses=_pauses(parts),
    )


def _sessions(parts: list[Spell]) -> int:
    """Return how many unbroken stretches there are."""
    ordered = sorted(parts, key=lambda part: part.begin)
    return sum(place == 0 or ordered[place - 1].end != part.begin for place, part in enumerate(ordered))


def _pauses(parts: list[Spell]) -> tuple[PauseTime, ...]:
    by_reason: dict[str, list[Spell]] = {}
    for part in parts:
        if part.doing is Doing.PAUSED:
            by_reason.setdefault(part.reason or "", []).append(part)
    return tuple(
        PauseTime(
            reason=reason,
            times=sum(each.first for each in found),
            seconds=round(sum(each.seconds for each in found)),
        )
        for reason, found in sorted(by_reason.items())
    )
