"""All that a screen needs to be right after a restart."""

from datetime import datetime
from enum import Enum

from msgspec import Struct

from .halls import Hall, Text
from .terms import ORDINARY, Hold, Language


class View(Struct, frozen=True, kw_only=True, tag=True, gc=False):
    epoch: int = 0
    seq: int = 0


class HallView(View, frozen=True, kw_only=True):
    """The hall as it is in force today."""

    day: str | None
    hall: Hall
    evacuation: bool = False  # everybody leaves: nobody is called, nothing else is shown


class QueueRow(Struct, frozen=True, kw_only=True):
    service: str
    waiting: int
    wait_low_min: int | None  # for someone who takes a number now; None: unknown
    wait_high_min: int | None
    last_called: str | None  # ticket
    full: bool = False  # no more numbers today
    closed: bool = False  # no tickets now: outside the hours, or closing
    opens: datetime | None = None  # when a closed one opens again, in the hall's time; None: nobody knows
    last_given: str | None = None  # ticket, wherever it was taken; kiosks remember it for a hall that must be restored


class PromiseErrors(Struct, frozen=True, kw_only=True):
    """How today's promised waits compare with what came. Who was promised to be called at once is not among them."""

    count: int
    mean_absolute_s: int  # between the expected wait and what came
    bias_s: int  # mean of what came less what was expected: above 0, waits were longer
    covered_permille: int  # what came lay within the range on the slip
    mean_width_s: int  # of the range


class QueuesView(View, frozen=True, kw_only=True):
    """How many wait for each service, and how long."""

    queues: tuple[QueueRow, ...]
    promises: PromiseErrors | None = None  # None: none was put to the test yet
    day: str | None = None


class BoardRow(Struct, frozen=True, kw_only=True):
    call: str
    ticket: str
    counter: int
    times: int  # how often called
    started: bool  # the customer has come
    tag: Text | None = None  # why it was called before others, where the hall shows that
    called_at: datetime | None = None  # the last time


class BoardView(View, frozen=True, kw_only=True):
    """The calls of a zone, newest first."""

    zone: str
    rows: tuple[BoardRow, ...]


class CounterState(Enum):
    IDLE = "idle"
    CALLED = "called"
    SERVING = "serving"
    PAUSED = "paused"
    CLOSED = "closed"


class Past(Enum):
    """What may have happened to a visit before its present call."""

    SERVED = "served"  # a service was done, or ended without an outcome
    TRANSFERRED = "transferred"
    HELD = "held"
    RETURNED = "returned"
    MISSED = "missed"
    NOT_ENTITLED = "not_entitled"


class PastStep(Struct, frozen=True, kw_only=True):
    """One thing that happened to a visit, and at which counter; `to` is the service, or the kind of hold."""

    what: Past
    at: datetime
    counter: int | None = None
    to: str = ""


class Card(Struct, frozen=True, kw_only=True):
    """The visit at a counter, as its clerk sees it. Nothing personal."""

    visit: str
    service: str
    issued_at: datetime
    called_at: datetime  # the last time
    started_at: datetime | None = None
    waited_s: int = 0  # from the ticket to the first call
    promised_min: int | None = None  # the longest that was promised; None: nothing
    target_s: int = 0  # the wait that its class and service may have
    minutes: int = 0  # how long the service usually takes
    priority_class: str = ORDINARY
    rule: str = ""  # by which it was called
    needs: tuple[str, ...] = ()
    then: tuple[str, ...] = ()  # services still to come
    past: tuple[PastStep, ...] = ()  # the last few, oldest first


class HeldVisit(Struct, frozen=True, kw_only=True):
    """A visit that a counter has set aside."""

    ticket: str
    hold: Hold
    service: str
    since: datetime
    until: datetime  # then it waits again


class OwedVisit(Struct, frozen=True, kw_only=True):
    """A visit that ended at a counter without an outcome, which is owed."""

    visit: str
    ticket: str
    service: str
    ended_at: datetime


class UndoOffer(Struct, frozen=True, kw_only=True):
    """The last act of a counter, while it can be taken back."""

    act: str  # kind of its event
    until: datetime
    ticket: str | None = None


class CounterView(View, frozen=True, kw_only=True):
    """What a counter's sign, pad and keypad show."""

    counter: int
    state: CounterState
    waiting: int  # people this counter could call
    call: str | None = None
    ticket: str | None = None
    times: int = 0
    language: Language = Language.ZH
    rate: str | None = None  # the finished call whose customer may rate now
    armed: bool = False  # given the next customer whenever it is idle
    clerk: str | None = None  # who staffs it
    held: tuple[str, ...] = ()  # tickets set aside by this counter
    owed: tuple[str, ...] = ()  # visits of this counter whose outcome is owed
    undo: str | None = None  # kind of the event that can be taken back
    visits_before: int | None = None  # of this customer today; None: nobody knows who it is
    card: Card | None = None  # of the visit that is called or served
    held_visits: tuple[HeldVisit, ...] = ()
    owed_visits: tuple[OwedVisit, ...] = ()
    undoable: UndoOffer | None = None
    paused: str | None = None  # the reason
    since: datetime | None = None  # idle, paused or closed since then; None: not today


AnyView = HallView | QueuesView | BoardView | CounterView
