"""The chronicle of a day: its events, read one by one, become stays and hours at counters.

A *stay* is one wait and one service. What the twin cannot play as it was is played as fits best, or left out; both are
counted by `Note`. Acts that were undone never happened.
"""

from collections import Counter as Count
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ..contract.messages import (
    SERVED,
    Counter,
    CounterClosed,
    CounterOpened,
    CounterPaused,
    Event,
    HallConfigured,
    Outcome,
    OutcomeStated,
    Recorded,
    TicketCalled,
    TicketIssued,
    TicketReclassified,
    TicketVoided,
    TransactionEnded,
    VisitEnded,
    VisitHeld,
    VisitRated,
    VisitReturned,
    VisitTransferred,
    WalkUpServed,
)
from ..hall.apply import apply
from ..hall.clock import ms
from ..hall.state import MINUTE_MS, HallState
from .staffing import LEFT_OPEN_MS, Gap, Shift

WRAP_UP_MS: Final = 5 * MINUTE_MS  # a clerk who lets people wait for longer between two of them was away
AT_A_DESK: Final = (VisitRated, OutcomeStated)  # events that name a counter and say nothing about its clerk


class Note(Enum):
    """What was not played as it was."""

    MULTI = "multi"  # a further service of the same ticket: arrives when the one before it ends
    TRANSFERRED = "transferred"  # arrives anew when it is sent on
    HELD = "held"  # its parts at a counter are played as one, unless it waited again
    RETURNED = "returned"  # waited again, after a no-show or a hold: arrives anew then
    RECLASSIFIED = "reclassified"  # has its last class from the start
    OUT_OF_TURN = "out_of_turn"  # called by number: waits its turn
    NO_SHOW = "no_show"  # left at half of the time until its call
    UNSERVED = "unserved"  # sent home at the day's end: leaves then
    IMPUTED = "imputed"  # its service was not seen: takes the mean of its service
    WALK_UP = "walk_up"  # left out; its counter is away meanwhile
    VOIDED = "voided"  # left out: nobody held it
    BY_HAND = "by_hand"  # left out: served outside the system
    UNENDED = "unended"  # left out: still waits where the record ends
    UNKNOWN_SERVICE = "unknown_service"  # left out: its service is no longer in the hall's file
    RECONFIGURED = "reconfigured"  # the hall's file changed during the day: the last one is played
    INFERRED = "inferred"  # days whose counters are staffed from their first act to their last
    ALL_STAFFED = "all_staffed"  # days on which all counters are staffed, from the first arrival on
    AWAY = "away"  # a counter let people wait for more than five minutes: not staffed then


@dataclass(kw_only=True)
class Draft:
    """A stay that is being read. Times are milliseconds since 1970."""

    ticket: str
    service: str
    priority_class: str
    arrived_ms: int
    needs: tuple[str, ...] = ()
    booked_ms: int | None = None
    called_ms: int | None = None
    since_ms: int | None = None  # at the counter; None: not there
    taken_ms: int = 0  # at counters
    wrap_up_ms: int = 0  # then until the counter's next call, while people waited
    ended_ms: int | None = None
    counter: int | None = None
    outcome: Outcome | None = None
    left_ms: int | None = None  # had gone by then
    expected_s: int | None = None
    promised_min: tuple[int, int] | None = None
    before: tuple[int, int] = (0, 0)  # overtaken before this stay began: bound, exempt
    overtaken: tuple[int, int, int] = (0, 0, 0)  # bound, exempt, by how many milliseconds
    walk_up: bool = False


class Chronicle:
    """Reads the events of one day."""

    def __init__(self) -> None:
        self.state = HallState()
        self.drafts: list[Draft] = []
        self.waiting: dict[str, Draft] = {}  # by visit: in the queue, or at a counter
        self.counters: dict[int, Counter] = {}  # all that the hall had on that day
        self.gaps: list[Gap] = []  # in which a counter was away, or served somebody whom the twin does not know
        self.notes: Count[Note] = Count()
        self._held: dict[str, Draft] = {}
        self._served: dict[int, tuple[Draft, int]] = {}  # by counter: whom it served last, and until when
        self._shifts: list[Shift] = []
        self._on: dict[int, tuple[int, str | None]] = {}  # counters that are staffed: since when, by whom
        self._last_act: dict[int, int] = {}

    def read(self, recorded: Recorded, *, undone: bool) -> None:
        event, at_ms = recorded.event, ms(recorded.at)
        if isinstance(event, HallConfigured):
            self.notes[Note.RECONFIGURED] += self.state.hall is not None and event.hall != self.state.hall
            self.counters.update({each.number: each for each in event.hall.counters})
        apply(self.state, recorded)
        if not undone:
            self._see(event, at_ms)
        self._watch(event, at_ms)

    # Counters ---------------------------------------------------------------------------------------------------------

    def _watch(self, event: Event, at_ms: int) -> None:
        """Note whether the counter of an event is staffed, and by whom."""
        number = getattr(event, "counter", None)
        if number not in self.state.desks or isinstance(event, AT_A_DESK):
            return
        self._last_act[number] = at_ms
        desk, was = self.state.desks[number], self._on.get(number)
        is_on = desk.is_working and desk.staffed_from_ms > 0
        if is_on and was is not None and was[1] == desk.clerk:
            return
        if was is not None:
            self._shifts.append(Shift(counter=number, from_ms=was[0], until_ms=at_ms, clerk=was[1]))
            del self._on[number]
        if is_on:
            self._on[number] = (at_ms, desk.clerk)

    def shifts(self) -> list[Shift]:
        """Return when each counter was staffed, in milliseconds since 1970."""
        ends_ms = max(self._last_act.values(), default=0)
        still_on = [
            Shift(
                counter=number,
                from_ms=from_ms,
                until_ms=self._last_act[number] if ends_ms - self._last_act[number] > LEFT_OPEN_MS else None,
                clerk=clerk,
            )
            for number, (from_ms, clerk) in self._on.items()
        ]
        return [*self._shifts, *still_on]

    def _charge(self, number: int, from_ms: int, until_ms: int) -> None:
        """Charge a counter's time to the customer whom it served last; where it is long, the counter was away."""
        before = self._served.get(number)
        if before is not None and until_ms - from_ms <= WRAP_UP_MS:
            before[0].wrap_up_ms += until_ms - from_ms
            self._served[number] = (before[0], until_ms)
            return
        self.gaps.append(Gap(number, from_ms, until_ms))
        self.notes[Note.AWAY] += before is not None

    # Customers --------------------------------------------------------------------------------------------------------

    def _see(self, event: Event, at_ms: int) -> None:
        match event:
            case TicketIssued():
                self._issued(event, at_ms)
            case TicketVoided():
                self._drop(event.visit, Note.VOIDED)
            case TicketReclassified():
                self._reclassified(event, at_ms)
            case TicketCalled():
                self._called(event, at_ms)
            case WalkUpServed():
                draft = self._arrives(event.visit, event.ticket, event.service, at_ms)
                draft.walk_up, draft.called_ms, draft.since_ms, draft.counter = True, at_ms, at_ms, event.counter
                self._served.pop(event.counter, None)
            case TransactionEnded():
                self._done(event.visit, event.counter, at_ms, event.outcome)
                self._again(event.visit, at_ms, Note.MULTI)
            case VisitTransferred():
                self._done(event.visit, event.counter, at_ms, Outcome.DONE)
                self._again(event.visit, at_ms, Note.TRANSFERRED)
            case VisitHeld():
                self._held[event.visit] = self._done(event.visit, event.counter, at_ms, Outcome.DONE)
                self.notes[Note.HELD] += 1
            case VisitReturned():
                self._held.pop(event.visit, None)
                self._again(event.visit, at_ms, Note.RETURNED)
            case VisitEnded():
                self._ended(event, at_ms)
            case CounterOpened() | CounterPaused() | CounterClosed():
                self._served.pop(event.counter, None)

    def _arrives(self, visit: str, ticket: str, service: str, at_ms: int) -> Draft:
        known = self.state.visits[visit]
        draft = Draft(
            ticket=ticket,
            service=service,
            priority_class=known.priority_class,
            arrived_ms=at_ms,
            needs=known.needs,
            before=(known.overtaken, known.overtaken_exempt),
        )
        self.waiting[visit] = draft
        self.drafts.append(draft)
        return draft

    def _issued(self, event: TicketIssued, at_ms: int) -> None:
        arrived_ms = ms(event.taken_offline_at) if event.taken_offline_at is not None else at_ms
        draft = self._arrives(event.visit, event.ticket, event.service, arrived_ms)
        draft.expected_s = event.expected_s
        draft.booked_ms = ms(event.booked_at) if event.booked_at is not None else None
        if event.wait_low_min is not None and event.wait_high_min is not None:
            draft.promised_min = (event.wait_low_min, event.wait_high_min)

    def _again(self, visit: str, at_ms: int, note: Note) -> Draft:
        """Let the same ticket arrive anew, for what it now waits for."""
        self.notes[note] += 1
        known = self.state.visits[visit]
        return self._arrives(visit, known.ticket, known.service, at_ms)

    def _drop(self, visit: str, note: Note) -> None:
        draft = self.waiting.pop(visit, None)
        if draft is not None:
            self.drafts.remove(draft)
            self.notes[note] += 1

    def _reclassified(self, event: TicketReclassified, at_ms: int) -> None:
        draft = self.waiting.get(event.visit)
        if draft is None:
            return
        draft.priority_class, draft.booked_ms = event.priority_class, None
        self.notes[Note.RECLASSIFIED] += 1
        if draft.counter is not None and draft.since_ms is not None:  # found out at the counter
            self._charge(draft.counter, draft.since_ms, at_ms)
            draft.called_ms = draft.since_ms = draft.counter = None

    def _called(self, event: TicketCalled, at_ms: int) -> None:
        draft = self.waiting.get(event.visit)
        if draft is None and event.visit in self._held:  # taken up again at once
            draft = self.waiting[event.visit] = self._held.pop(event.visit)
            draft.since_ms, draft.counter = at_ms, event.counter
            self._served.pop(event.counter, None)
            return
        if draft is None:  # missed, and called by number
            draft = self._again(event.visit, at_ms, Note.RETURNED)
        elif event.rule == "by_number":
            self.notes[Note.OUT_OF_TURN] += 1
        before = self._served.get(event.counter)
        if before is not None and draft.arrived_ms <= before[1] < at_ms:  # it waited while the counter was idle
            self._charge(event.counter, before[1], at_ms)
        draft.called_ms = draft.since_ms = at_ms
        draft.counter, draft.priority_class = event.counter, event.priority_class
        known, (bound, exempt) = self.state.visits[event.visit], draft.before
        draft.overtaken = (
            max(known.overtaken - bound, 0),
            max(known.overtaken_exempt - exempt, 0),
            known.overtaken_by_ms,
        )

    def _done(self, visit: str, number: int, at_ms: int, outcome: Outcome) -> Draft:
        """Note that somebody leaves a counter, served."""
        draft = self.waiting.pop(visit)
        since_ms = at_ms if draft.since_ms is None else draft.since_ms
        draft.taken_ms += at_ms - since_ms
        draft.since_ms, draft.ended_ms, draft.outcome = None, at_ms, outcome
        if draft.walk_up:
            self.gaps.append(Gap(number, since_ms, at_ms))
            self.drafts.remove(draft)
            self.notes[Note.WALK_UP] += 1
        else:
            self._served[number] = (draft, at_ms)
        return draft

    def _ended(self, event: VisitEnded, at_ms: int) -> None:
        self._held.pop(event.visit, None)
        draft = self.waiting.get(event.visit)
        if draft is None:
            return
        if event.outcome is Outcome.BY_HAND:
            self._drop(event.visit, Note.BY_HAND)
        elif draft.counter is None or draft.called_ms is None:
            draft.left_ms = at_ms
            self.notes[Note.UNSERVED] += event.outcome is Outcome.CLOSED_UNSERVED
            self._left(event, draft, at_ms)
        elif event.outcome is Outcome.NO_SHOW:
            draft.left_ms = (draft.arrived_ms + draft.called_ms) // 2
            self._charge(draft.counter, draft.called_ms, at_ms)
            self.notes[Note.NO_SHOW] += 1
            self._left(event, draft, at_ms)
        else:  # served, or called when the day ended
            self._done(event.visit, draft.counter, at_ms, event.outcome if event.outcome in SERVED else Outcome.DONE)

    def _left(self, event: VisitEnded, draft: Draft, at_ms: int) -> None:
        del self.waiting[event.visit]
        draft.called_ms = draft.since_ms = draft.counter = None
        draft.outcome, draft.ended_ms = event.outcome, at_ms
