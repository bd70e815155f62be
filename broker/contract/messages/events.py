"""What has happened, as the journal keeps it."""

from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from .boxes import BoxFinding
from .halls import Hall
from .terms import (
    ORDINARY,
    CaseKind,
    Hold,
    Language,
    Outcome,
    Position,
    Rating,
    RatingFlag,
    SetAside,
    SignedInBy,
    SlipFate,
)


class Event(Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Something that happened and is on disk."""

    VERSION: ClassVar[int] = 1


class ReturnRight(Struct, frozen=True, kw_only=True):
    """A customer may come back with this code and skip the queue."""

    code: str
    service: str
    clerk: str | None  # who knows the case
    until: str  # ISO date


class Booking(Struct, frozen=True, kw_only=True):
    """A visit that was booked beforehand."""

    code: str
    service: str
    at: datetime
    visit: str | None = None  # the one that it was used for
    cancelled: bool = False


class Learned(Struct, frozen=True, kw_only=True):
    """What the days before taught about service times and about promises; figures of `broker.hall.learning`."""

    service_ms: dict[str, tuple[int, int]] = {}  # mean and weight, by service
    residuals: tuple[tuple[int, ...], ...] = ()  # permille, by the length of the wait
    levels: tuple[int, ...] = ()  # permille of them that a range takes in


class DayOpened(Event, frozen=True, kw_only=True):
    day: str  # ISO date; numbers begin again
    returns: tuple[ReturnRight, ...] = ()  # still good
    learned: Learned | None = None
    bookings: tuple[Booking, ...] = ()  # of this day and later ones


class Kept(Struct, frozen=True, kw_only=True):
    """What a changed hall file no longer has and today's visits still need: closing until the next day."""

    services: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    counters: tuple[int, ...] = ()


class HallConfigured(Event, frozen=True, kw_only=True):
    hall: Hall
    kept: Kept = Kept()


class TicketIssued(Event, frozen=True, kw_only=True):
    visit: str
    ticket: str
    service: str
    number: int
    language: Language
    node: str  # the kiosk
    ahead: int  # people ahead at that moment
    wait_low_min: int | None  # the promise; None: unknown
    wait_high_min: int | None
    expected_s: int | None = None  # the middle of the promise
    rolled_s: int | None = None  # the same, before what was learned corrected it
    priority_class: str = ORDINARY
    capped: bool = False  # ordinary, because the hour's courtesy was used up
    needs: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    booked_at: datetime | None = None
    ready_at: datetime | None = None  # an early appointment: waits, and may be called, from here on
    return_code: str | None = None
    clerk: str | None = None  # who served the customer last time
    taken_offline_at: datetime | None = None  # merged: the kiosk gave it without us, and it waits from here on
    by_clock: bool = False  # that time is what the kiosk's own clock said
    booking: str | None = None  # the code that it used up
    person: str | None = None  # a keyed hash that links nothing across days


class VisitBooked(Event, frozen=True, kw_only=True):
    code: str
    service: str
    at: datetime


class BookingCancelled(Event, frozen=True, kw_only=True):
    code: str


class TicketReady(Event, frozen=True, kw_only=True):
    """May be called, though nothing was heard of its slip; or the appointment's time has come."""

    visit: str
    ticket: str


class SlipReported(Event, frozen=True, kw_only=True):
    visit: str
    fate: SlipFate  # PRINTED or UNKNOWN: the ticket lives on


class TicketVoided(Event, frozen=True, kw_only=True):
    """Its paper certainly never came out: nobody holds this number."""

    visit: str
    ticket: str


class Score(Struct, frozen=True, kw_only=True):
    """One of those whom the counter could have called: the first ticket of a line, as the discipline saw it."""

    ticket: str
    service: str
    priority_class: str
    waited_s: int
    target_s: int


class Passed(Struct, frozen=True, kw_only=True):
    """A line whose first ticket came before the one that was called."""

    ticket: str
    service: str
    priority_class: str
    earlier_s: int  # it came so much earlier
    times: int  # later tickets called before it by now, this call included, exempt ones left out
    exempt: int  # those exempt from the bound


class TicketCalled(Event, frozen=True, kw_only=True):
    call: str
    visit: str
    ticket: str
    service: str
    counter: int
    zone: str
    language: Language
    rule: str  # which rule chose it: a discipline, "bound", "absolute", "return", "first", "by_number", "resume", …
    waited_s: int  # since the ticket was issued
    priority_class: str = ORDINARY
    clerk: str | None = None
    pushed: bool = False  # given to an armed counter
    exempt: bool = False  # stands outside the bound on overtaking
    breach: bool = False  # somebody passed over had reached the bound
    scores: tuple[Score, ...] = ()  # the winner first, then the runners-up
    passed: tuple[Passed, ...] = ()


class CallRepeated(Event, frozen=True, kw_only=True):
    call: str
    visit: str
    ticket: str
    counter: int
    zone: str
    language: Language
    times: int  # how often it was called by now, 2 for the first recall


class ServiceStarted(Event, frozen=True, kw_only=True):
    call: str
    visit: str
    ticket: str
    counter: int


class TransactionEnded(Event, frozen=True, kw_only=True):
    """A service is done, and the visit waits for its next one."""

    call: str
    visit: str
    ticket: str
    counter: int
    outcome: Outcome
    service: str  # the next one
    start_inferred: bool = False
    reason: str | None = None


class VisitEnded(Event, frozen=True, kw_only=True):
    """The last transaction of a visit ended, and the visit with it. A no-show may still come back that day."""

    visit: str
    ticket: str
    outcome: Outcome
    call: str | None = None
    counter: int | None = None
    start_inferred: bool = False  # nobody pressed *start*
    reason: str | None = None
    inferred: bool = False  # a no-show that nobody stated: *next* was pressed twice, close together


class OutcomeStated(Event, frozen=True, kw_only=True):
    visit: str
    ticket: str
    counter: int
    outcome: Outcome
    reason: str | None = None


class CaseOpened(Event, frozen=True, kw_only=True):
    """A visit left something to do: a follow-up, an escalation, a bad rating. A follow-up's code lets return."""

    case: str
    visit: str
    ticket: str
    service: str
    counter: int
    outcome: Outcome
    clerk: str | None = None
    reason: str | None = None
    due: str | None = None  # ISO date
    until: str | None = None  # ISO date to which the code skips the queue
    kind: CaseKind = CaseKind.OUTCOME
    rating: Rating | None = None  # the bad one


class VisitHeld(Event, frozen=True, kw_only=True):
    call: str
    visit: str
    ticket: str
    counter: int
    hold: Hold
    until: datetime  # then it waits again, in its old place


class VisitTransferred(Event, frozen=True, kw_only=True):
    call: str
    visit: str
    ticket: str
    counter: int  # from where
    service: str
    position: Position
    to_counter: int | None = None
    to_clerk: str | None = None


class VisitReturned(Event, frozen=True, kw_only=True):
    """Waits again, after a no-show or a hold."""

    visit: str
    ticket: str
    after_next: bool  # called after the next ticket; else in its place
    new_place: bool = False  # and its place is now: too late for the old one
    first_at: int | None = None  # its no-show was taken back: the next to be called at this counter


class TicketReclassified(Event, frozen=True, kw_only=True):
    visit: str
    ticket: str
    priority_class: str
    call: str | None = None  # the call that found it out
    counter: int | None = None


class WalkUpServed(Event, frozen=True, kw_only=True):
    """A visit without a ticket has begun at a counter."""

    call: str
    visit: str
    ticket: str  # NO_TICKET
    service: str
    counter: int
    clerk: str | None = None


class CounterOpened(Event, frozen=True, kw_only=True):
    counter: int


class CounterPaused(Event, frozen=True, kw_only=True):
    counter: int
    reason: str


class CounterClosed(Event, frozen=True, kw_only=True):
    counter: int


class CounterArmed(Event, frozen=True, kw_only=True):
    counter: int
    armed: bool


class ClerkSignedIn(Event, frozen=True, kw_only=True):
    counter: int
    clerk: str | None  # None: signed out
    by: SignedInBy = SignedInBy.CONSOLE


class Undone(Event, frozen=True, kw_only=True):
    """The counter's last act is taken back: its visit and the counter are as before it."""

    counter: int
    act: str  # kind of the event that is taken back
    seq: int  # its number
    visit: str | None = None
    ticket: str | None = None
    call: str | None = None  # of a call that is withdrawn


class VisitRated(Event, frozen=True, kw_only=True):
    call: str
    visit: str
    ticket: str
    counter: int
    rating: Rating
    clerk: str | None = None  # who served; None: nobody knows, and the rating is the window's only
    service: str = ""
    waited_s: int | None = None  # from the ticket to the first call; None: no ticket
    promised_low_min: int | None = None  # what the slip promised of it
    promised_high_min: int | None = None
    served_s: int | None = None
    after_ms: int | None = None  # from the question to the press
    flags: tuple[RatingFlag, ...] = ()


class VisitNotRated(Event, frozen=True, kw_only=True):
    """The customer was asked, and pressed nothing."""

    call: str
    visit: str
    ticket: str
    counter: int
    clerk: str | None = None


class RatingSetAside(Event, frozen=True, kw_only=True):
    """A rating that belongs to no visit of today: kept apart, and not lost."""

    counter: int
    rating: Rating
    why: SetAside
    call: str | None = None  # of the earlier day


class RatingExplained(Event, frozen=True, kw_only=True):
    call: str
    visit: str
    ticket: str
    counter: int
    reasons: tuple[str, ...]


class EvacuationStarted(Event, frozen=True, kw_only=True):
    """Everybody leaves the hall. Said again at the beginning of a day if it has not ended by then."""


class EvacuationEnded(Event, frozen=True, kw_only=True):
    pass


class DateConfirmed(Event, frozen=True, kw_only=True):
    """A supervisor stood in for the clock. What day is open, DayOpened alone says."""

    day: str
    node: str  # the supervisor's


class NumbersResumed(Event, frozen=True, kw_only=True):
    """Kiosks had printed these numbers, and the journal was restored from before: the next ones are higher."""

    last: dict[str, str]  # ticket by service


class SpareApproved(Event, frozen=True, kw_only=True):
    """A spare machine may take the place of a box; the registrar does the rest. Nothing changes in the hall."""

    code: str  # that the spare showed
    box: str
    node: str  # the supervisor's


class DeviceTestAsked(Event, frozen=True, kw_only=True):
    """A node is to try a device, or all of them, if no customer is at them. Nothing changes in the hall."""

    test: str
    node: str
    device: str = ""  # "": all of them
    press_s: int = 0  # so long somebody has for each key; 0: nobody is there to press
    by: str = ""  # the supervisor's node


class DeviceTested(Event, frozen=True, kw_only=True):
    """What came of a test of one device. Nothing changes in the hall."""

    test: str
    node: str
    device: str
    finding: BoxFinding
    more: bool = False  # another device of this test follows


AnyEvent = (
    DayOpened
    | HallConfigured
    | VisitBooked
    | BookingCancelled
    | TicketIssued
    | TicketReady
    | SlipReported
    | TicketVoided
    | TicketCalled
    | CallRepeated
    | ServiceStarted
    | TransactionEnded
    | VisitEnded
    | OutcomeStated
    | CaseOpened
    | VisitHeld
    | VisitTransferred
    | VisitReturned
    | TicketReclassified
    | WalkUpServed
    | CounterOpened
    | CounterPaused
    | CounterClosed
    | CounterArmed
    | ClerkSignedIn
    | Undone
    | VisitRated
    | VisitNotRated
    | RatingSetAside
    | RatingExplained
    | EvacuationStarted
    | EvacuationEnded
    | DateConfirmed
    | NumbersResumed
    | SpareApproved
    | DeviceTestAsked
    | DeviceTested
)


class Recorded(Struct, frozen=True, kw_only=True):
    """An event with its place in the journal."""

    epoch: int
    seq: int
    at: datetime  # aware, UTC, never before that of the event before
    event: AnyEvent
