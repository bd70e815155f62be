"""Visits and desks: what the hall remembers of each customer and of each counter. Times are milliseconds, UTC.

They are msgspec structures so that they can be copied and written to a snapshot as they are; only `apply` changes them.
"""

from typing import Final

from msgspec import Struct

from ..contract.messages import (
    ORDINARY,
    CounterState,
    Hold,
    Language,
    Outcome,
    Past,
    Rating,
    ReturnRight,
    SignedInBy,
    SlipFate,
)
from .life import SERVING, VisitState

Overtaker = tuple[int, int, int]  # the place of a visit, and number of the event that called it
PAST_KEPT: Final = 8
PastKey = tuple[str, int, int, str]  # of a PastStep: what, when, at which counter, to what
Key = tuple[str, str, tuple[str, ...], int, str, str]  # of a lane
Place = tuple[int, int]  # milliseconds from which the wait counts, number of the event that gave the place


class Transaction(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A service that was done, or refused, at a counter."""

    call: str
    counter: int
    clerk: str | None
    service: str
    served_ms: int  # from its start, or from the call where nobody pressed *start*


class Visit(Struct, kw_only=True, gc=False, omit_defaults=True):
    """One customer's stay, from ticket to end."""

    id: str
    ticket: str
    service: str
    node: str
    language: Language
    issued_ms: int
    issued_seq: int
    since_ms: int  # from here its wait counts
    order: int  # among those of the same millisecond
    state: VisitState = VisitState.ISSUED
    priority_class: str = ORDINARY
    needs: tuple[str, ...] = ()
    series: str = ""  # the service whose number it holds
    came_back_by: ReturnRight | None = None  # the right to return that it used up
    booking: str | None = None  # the code that it used up
    person: str | None = None  # a keyed hash of the day
    then: tuple[str, ...] = ()  # services still to come
    slip: SlipFate | None = None  # None: not yet reported
    ready_ms: int = 0  # while issued: callable from here on at the latest
    only_counter: int = 0  # transferred there; 0: any
    only_clerk: str = ""
    last_clerk: str = ""  # who served the customer last time
    ahead: str = ""  # skips the queue by this rule: return, first, follow_up
    gate: int = 0  # after a return: callable once so many have passed its lane
    changed_seq: int = 0  # the last event that happened to it
    call: str | None = None
    calls: int = 0  # different calls, by which their ids count
    called_seq: int = 0  # of the last call or recall
    called_ms: int = 0  # of the last call or recall
    first_called_ms: int = 0
    started_ms: int = 0
    times: int = 0  # calls and recalls of the last call
    counter: int | None = None
    clerk: str | None = None
    hold: Hold | None = None
    hold_until_ms: int = 0
    missed_ms: int = 0
    missed_at: int = 0  # calls of its service by then
    outcome: Outcome | None = None
    rule: str = ""  # by which it was called last
    past: tuple[PastKey, ...] = ()  # what happened to it before, the last PAST_KEPT
    ended_ms: int = 0
    earlier: tuple[Transaction, ...] = ()  # before the last
    rated: tuple[str, ...] = ()  # calls
    rating: Rating | None = None  # the last one
    expected_s: int | None = None  # the promise
    rolled_s: int | None = None
    promised_min: tuple[int, int] | None = None
    overtaken: int = 0  # in lanes that it has left
    overtaken_exempt: int = 0
    overtaken_by_ms: int = 0  # the latest of those that overtook it came so much later
    counted_from: int = 0  # what its lane had counted when it joined
    counted_from_exempt: int = 0
    joined_seq: int = 0  # the event since which it stands in its lane

    def last_transaction(self) -> Transaction:
        """Return what was done at its last call, once that has ended."""
        return self.transaction(self.ended_ms)

    def transaction(self, ended_ms: int) -> Transaction:
        begun_ms = self.started_ms or self.called_ms
        return Transaction(
            call=self.call or "",
            counter=self.counter or 0,
            clerk=self.clerk,
            service=self.service,
            served_ms=ended_ms - begun_ms,
        )


class Undoable(Struct, kw_only=True, gc=False, omit_defaults=True):
    """The last act of a counter, and how things stood before it."""

    seq: int
    at_ms: int
    act: str
    desk: "Desk"
    visit: Visit | None = None  # as it was
    plain: str = ""  # instead: the visit of a first call, or of a service's end, which change few things on it
    was: VisitState = VisitState.WAITING  # of that one
    also_seq: int = 0  # of a second event of the same act
    exempt: bool = False  # of a call
    skipped: tuple[Key, ...] = ()  # of a call: lanes ahead of the queue that it passed

    @property
    def whom(self) -> str | None:
        return self.visit.id if self.visit is not None else self.plain or None


class Desk(Struct, kw_only=True, gc=False, omit_defaults=True):
    """A counter at work: the visit it has called or serves, who staffs it, and how long it was busy today."""

    number: int
    visit: str | None = None
    finished: str | None = None  # the call that ended last
    held: tuple[str, ...] = ()  # visits that it has set aside
    closed: bool = False
    paused: str | None = None  # the reason
    armed: bool = False
    clerk: str | None = None
    signed_ms: int = 0  # when the clerk came, or left
    signed_by: SignedInBy = SignedInBy.CONSOLE
    idle_from_ms: int = 0  # or paused, or closed, since then
    rest_until_ms: int = 0
    busy_from_ms: int = 0  # 0: not busy
    busy_ms: int = 0
    staffed_from_ms: int = 0  # 0: not staffed, or paused
    staffed_ms: int = 0
    undo: Undoable | None = None

    @property
    def is_working(self) -> bool:
        return not self.closed and self.paused is None

    def staffed_today_ms(self, now_ms: int) -> int:
        return self.staffed_ms + (now_ms - self.staffed_from_ms if self.staffed_from_ms else 0)


def remember(visit: Visit, what: Past, at_ms: int, counter: int | None, to: str = "") -> None:
    """Note what happened to a visit, for whoever has it next."""
    visit.past = (*visit.past[1 - PAST_KEPT :], (what.value, at_ms, counter or 0, to))


def copy_of(visit: Visit) -> Visit:
    """Return the visit as it stands now, which later events will not change."""
    copied: Visit = visit.__copy__()  # type: ignore[attr-defined] # msgspec has it, in C; copy.copy takes four times as long
    return copied


def counter_state(desk: Desk, visit: Visit | None) -> CounterState:
    if visit is not None:
        return CounterState.SERVING if visit.state is SERVING else CounterState.CALLED
    if desk.closed:
        return CounterState.CLOSED
    return CounterState.PAUSED if desk.paused is not None else CounterState.IDLE
