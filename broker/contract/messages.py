"""The messages of a hall: what it is, commands, events, answers, views, presence.

The same classes are the core's input and output, the wire's and the journal's. Commands refuse unknown fields;
everything else tolerates them, so that an older node can listen to a newer dispatcher.
"""

from datetime import datetime
from enum import Enum
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

Id = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$", description="lower-case letters, digits, - and _")]
CounterNumber = Annotated[int, Meta(ge=1, le=95, description="the window's number, 1 to 95")]
CommandId = Annotated[str, Meta(min_length=1, max_length=80)]


class Language(Enum):
    ZH = "zh"
    EN = "en"


class Rating(Enum):
    """A customer's grade, as JT/T 905 keypads have them; no rating is stored as no event, never as satisfied."""

    SATISFIED = "satisfied"
    AVERAGE = "average"
    DISSATISFIED = "dissatisfied"
    COMPLAINT = "complaint"


class Outcome(Enum):
    """How a visit ended."""

    DONE = "done"
    NO_SHOW = "no_show"
    CLOSED_UNSERVED = "closed_unserved"


class SlipFate(Enum):
    """What the kiosk knows of the paper."""

    PRINTED = "printed"
    NOT_PRINTED = "not_printed"
    UNKNOWN = "unknown"


class ServiceClass(Enum):
    CONSULT = "consult"
    HANDLE = "handle"
    COMPLAIN = "complain"


class Role(Enum):
    """What a node is, and so what it may ask of the dispatcher."""

    DISPATCHER = "dispatcher"
    KIOSK = "kiosk"
    DISPLAY = "display"
    COUNTER = "counter"
    WATCH = "watch"


# What the hall is -----------------------------------------------------------------------------------------------------


class Text(Struct, frozen=True, kw_only=True):
    """A text in both of the hall's languages."""

    zh: Annotated[str, Meta(min_length=1, description="简体中文")]
    en: Annotated[str, Meta(min_length=1, description="English")]


class Zone(Struct, frozen=True, kw_only=True):
    """A part of the hall with its own board and voice."""

    id: Annotated[Id, Meta(description="name of the zone in topics and files")]
    name: Annotated[Text, Meta(description="shown on slip, ticket screen and board")]


class Service(Struct, frozen=True, kw_only=True):
    """What customers ask for (业务)."""

    id: Annotated[Id, Meta(description="name of the service in topics and files")]
    name: Annotated[Text, Meta(description="shown on the kiosk, slip and board")]
    prefix: Annotated[
        str,
        Meta(pattern=r"^[ABCEFHLPU]$", description="letter of its tickets; one that a seven-segment sign can show"),
    ]
    zone: Annotated[Id, Meta(description="where its customers wait")]
    service_class: Annotated[ServiceClass, Meta(description="consult, handle or complain")] = ServiceClass.HANDLE
    first: Annotated[int, Meta(ge=1, le=999, description="first number of a day")] = 1
    last: Annotated[int, Meta(ge=1, le=999, description="last number of a day; then the service is full")] = 999
    minutes: Annotated[int, Meta(ge=1, le=240, description="usual minutes at the counter, for estimates")] = 5
    icon: Annotated[str, Meta(description="picture on the kiosk: bill, bolt, person, question, warning, receipt")] = (
        "bolt"
    )
    documents: Annotated[tuple[Text, ...], Meta(description="what to have ready, shown before a number is taken")] = ()
    self_service: Annotated[Text | None, Meta(description="how to do it without queueing")] = None


class Counter(Struct, frozen=True, kw_only=True):
    """A window (窗口) and the services it may take."""

    number: CounterNumber
    zone: Annotated[Id, Meta(description="whose board and voice call its customers")]
    skills: Annotated[tuple[Id, ...], Meta(min_length=1, description="ids of the services it may take")]


class Node(Struct, frozen=True, kw_only=True):
    """A running program with a login of its own."""

    id: Annotated[Id, Meta(description="its login and its place in topics")]
    role: Annotated[Role, Meta(description="kiosk, display, counter or watch")]
    counters: Annotated[tuple[CounterNumber, ...], Meta(description="counters it may speak for (role counter)")] = ()


class Hall(Struct, frozen=True, kw_only=True):
    """The whole hall, as `hall.toml` states it."""

    id: Annotated[Id, Meta(description="name of the hall in topics")]
    name: Annotated[Text, Meta(description="name of the hall on slip and screens")]
    timezone: Annotated[str, Meta(description="IANA name; a business day begins at its midnight")] = "Asia/Shanghai"
    slip_grace_s: Annotated[
        int, Meta(ge=0, le=120, description="seconds after which a ticket is callable though its slip is unconfirmed")
    ] = 10
    notice: Annotated[Text | None, Meta(description="a notice at the side of the boards")] = None
    zones: Annotated[tuple[Zone, ...], Meta(min_length=1)]
    services: Annotated[tuple[Service, ...], Meta(min_length=1)]
    counters: Annotated[tuple[Counter, ...], Meta(min_length=1)]
    nodes: Annotated[tuple[Node, ...], Meta(min_length=1)]


# Commands -------------------------------------------------------------------------------------------------------------


class Command(Struct, frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True):
    """Asks the dispatcher for something. Repeated under the same id until answered."""

    DEADLINE_MS: ClassVar[int | None] = None  # refused when older; None: never too old

    id: CommandId
    age_ms: Annotated[int, Meta(ge=0)] = 0  # since the press, by the sender's monotonic clock, restated at each send


class OpenDay(Command, frozen=True, kw_only=True):
    """Begin a business day. Only the dispatcher itself asks for it."""

    day: str  # ISO date


class ConfigureHall(Command, frozen=True, kw_only=True):
    """Take a changed hall file into force. Only the dispatcher itself asks for it."""

    hall: Hall


class TakeTicket(Command, frozen=True, kw_only=True):
    """A customer takes a number for a service."""

    DEADLINE_MS: ClassVar[int | None] = 15_000

    service: Id
    language: Language = Language.ZH


class ReportSlip(Command, frozen=True, kw_only=True):
    """The kiosk says what became of a ticket's paper. `NOT_PRINTED` voids the ticket."""

    visit: str
    fate: SlipFate


class CounterCommand(Command, frozen=True, kw_only=True):
    """A clerk's press. `seen` is the call that the counter showed; refused as stale when another is current."""

    DEADLINE_MS: ClassVar[int | None] = 5_000

    counter: CounterNumber
    seen: str | None = None


class CallNext(CounterCommand, frozen=True, kw_only=True):
    """Call the next customer to this counter."""


class Recall(CounterCommand, frozen=True, kw_only=True):
    """Announce the same call again."""


class StartService(CounterCommand, frozen=True, kw_only=True):
    """The called customer has come."""


class FinishService(CounterCommand, frozen=True, kw_only=True):
    """The service is done; the customer is asked to rate it."""


class MarkNoShow(CounterCommand, frozen=True, kw_only=True):
    """The called customer did not come (过号)."""


class Rate(Command, frozen=True, kw_only=True):
    """A customer's rating of one finished call, whenever it arrives."""

    call: str
    counter: CounterNumber
    rating: Rating


class ReadEvents(Command, frozen=True, kw_only=True):
    """Ask for the events after `after_seq`: a node that saw a gap catches up."""

    after_seq: Annotated[int, Meta(ge=0)]


AnyCommand = (
    OpenDay
    | ConfigureHall
    | TakeTicket
    | ReportSlip
    | CallNext
    | Recall
    | StartService
    | FinishService
    | MarkNoShow
    | Rate
    | ReadEvents
)

# Events ---------------------------------------------------------------------------------------------------------------


class Event(Struct, frozen=True, kw_only=True, tag=True):
    """Something that happened and is on disk."""

    VERSION: ClassVar[int] = 1


class DayOpened(Event, frozen=True, kw_only=True):
    day: str  # ISO date; numbers begin again


class HallConfigured(Event, frozen=True, kw_only=True):
    hall: Hall


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


class SlipReported(Event, frozen=True, kw_only=True):
    visit: str
    fate: SlipFate  # PRINTED or UNKNOWN: the ticket lives on


class TicketVoided(Event, frozen=True, kw_only=True):
    """Its paper certainly never came out: nobody holds this number."""

    visit: str
    ticket: str


class TicketCalled(Event, frozen=True, kw_only=True):
    call: str
    visit: str
    ticket: str
    service: str
    counter: int
    zone: str
    language: Language
    rule: str  # which rule chose it: "fcfs"
    waited_s: int


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


class VisitEnded(Event, frozen=True, kw_only=True):
    visit: str
    ticket: str
    outcome: Outcome
    call: str | None = None
    counter: int | None = None


class VisitRated(Event, frozen=True, kw_only=True):
    call: str
    visit: str
    ticket: str
    counter: int
    rating: Rating


AnyEvent = (
    DayOpened
    | HallConfigured
    | TicketIssued
    | SlipReported
    | TicketVoided
    | TicketCalled
    | CallRepeated
    | ServiceStarted
    | VisitEnded
    | VisitRated
)


class Recorded(Struct, frozen=True, kw_only=True):
    """An event with its place in the journal."""

    epoch: int
    seq: int
    at: datetime  # aware, UTC, never before that of the event before
    event: AnyEvent


# Answers --------------------------------------------------------------------------------------------------------------


class Answer(Struct, frozen=True, kw_only=True, tag=True):
    """The dispatcher's answer to the command of that id; `epoch` and `seq` say as of which event."""

    id: str
    epoch: int = 0
    seq: int = 0


class Done(Answer, frozen=True, kw_only=True):
    """It was done; there is nothing more to say."""


class TicketTaken(Answer, frozen=True, kw_only=True):
    visit: str
    ticket: str
    service: str
    ahead: int
    wait_low_min: int | None
    wait_high_min: int | None
    issued_at: datetime


class Called(Answer, frozen=True, kw_only=True):
    call: str
    ticket: str


class EventsRead(Answer, frozen=True, kw_only=True):
    events: tuple[Recorded, ...]
    more: bool  # ask again after the last of these


class Refused(Answer, frozen=True, kw_only=True):
    """Nothing was changed. `reason` is a key of `texts/*.toml`, worded by whoever shows it."""

    reason: str
    args: dict[str, str | int] = {}


AnyAnswer = Done | TicketTaken | Called | EventsRead | Refused

# Views: all that a screen needs to be right after a restart -----------------------------------------------------------


class View(Struct, frozen=True, kw_only=True, tag=True):
    epoch: int = 0
    seq: int = 0


class HallView(View, frozen=True, kw_only=True):
    """The hall as it is in force today."""

    day: str | None
    hall: Hall


class QueueRow(Struct, frozen=True, kw_only=True):
    service: str
    waiting: int
    wait_low_min: int | None  # for someone who takes a number now; None: unknown
    wait_high_min: int | None
    last_called: str | None  # ticket
    full: bool = False  # no more numbers today


class QueuesView(View, frozen=True, kw_only=True):
    """How many wait for each service, and how long."""

    queues: tuple[QueueRow, ...]


class BoardRow(Struct, frozen=True, kw_only=True):
    call: str
    ticket: str
    counter: int
    times: int  # how often called
    started: bool  # the customer has come


class BoardView(View, frozen=True, kw_only=True):
    """The calls of a zone, newest first."""

    zone: str
    rows: tuple[BoardRow, ...]


class CounterState(Enum):
    IDLE = "idle"
    CALLED = "called"
    SERVING = "serving"


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


AnyView = HallView | QueuesView | BoardView | CounterView

# Presence -------------------------------------------------------------------------------------------------------------


class DeviceState(Enum):
    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"
    UNKNOWN = "unknown"


class DeviceStatus(Struct, frozen=True, kw_only=True):
    name: str
    state: DeviceState
    detail: str = ""  # for a technician: what is wrong and what to check


class Presence(Struct, frozen=True, kw_only=True):
    """A node's health, sent anew every 10 s; its will says `up=False`."""

    node: str
    role: Role
    up: bool
    program: str = ""  # version
    devices: tuple[DeviceStatus, ...] = ()
    bad_messages: int = 0  # dropped since the start


Message = AnyCommand | Recorded | AnyAnswer | AnyView | Presence
