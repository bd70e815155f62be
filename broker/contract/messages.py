"""The messages of a hall: what it is, commands, events, answers, views, presence.

The same classes are the core's input and output, the wire's and the journal's. Commands refuse unknown fields;
everything else tolerates them, so that an older node can listen to a newer dispatcher.
"""

from datetime import datetime
from enum import Enum
from typing import Annotated, ClassVar, Final

from msgspec import Meta, Struct

Id = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$", description="lower-case letters, digits, - and _")]
CounterNumber = Annotated[int, Meta(ge=1, le=95, description="the window's number, 1 to 95")]
ORDINARY: Final = "ordinary"  # the class that everybody has who has no other
NO_TICKET: Final = "---"  # the ticket of a visit that has none
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
    """How a transaction ended, and with its last one the visit."""

    DONE = "done"  # (a) done here
    FOLLOW_UP = "follow_up"  # (b) needs other departments or another visit
    ESCALATED = "escalated"  # (c) beyond this counter's authority: the supervisor's
    DECLINED = "declined"  # (d) not possible, with a reason
    UNSTATED = "unstated"  # served; the outcome is mandatory and still owed
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"  # by the customer
    BY_HAND = "by_hand"  # served by hand during an outage
    CLOSED_UNSERVED = "closed_unserved"


SERVED: Final = frozenset({Outcome.DONE, Outcome.FOLLOW_UP, Outcome.ESCALATED, Outcome.DECLINED, Outcome.UNSTATED})


class SlipFate(Enum):
    """What the kiosk knows of the paper."""

    PRINTED = "printed"
    NOT_PRINTED = "not_printed"
    UNKNOWN = "unknown"


class ServiceClass(Enum):
    CONSULT = "consult"
    HANDLE = "handle"
    COMPLAIN = "complain"


class Hold(Enum):
    """Why a visit waits aside, and so where it goes on."""

    DOCUMENTS_AWAY = "documents_away"  # the customer fetches a paper; any counter may take the visit up again
    DOCUMENTS_KEPT = "documents_kept"  # the counter keeps the papers; it alone takes the visit up again
    OTHER_STEP = "other_step"  # waits for another step, such as a payment or an approval


class Position(Enum):
    """Where a transferred visit stands in its new line."""

    IN_TURN = "in_turn"  # by the time of its ticket
    FIRST = "first"
    LAST = "last"


class Discipline(Enum):
    """How a counter chooses among the people whom it may serve."""

    SHARE = "share"  # 目标占用率: who has used the largest share of the promised wait
    FCFS = "fcfs"  # who came first
    DUE = "due"  # whose promised wait ends first
    STRICT = "strict"  # the highest class, in the order of `[[classes]]`
    RATIO = "ratio"  # so many of each class in turn, by `weight`
    RULES = "rules"  # the first of `[[policy.rules]]` that applies


class GivenBy(Enum):
    """Who may give a customer a priority class."""

    KIOSK = "kiosk"
    SUPERVISOR = "supervisor"
    NOBODY = "nobody"


class PastLast(Enum):
    """What happens after a service's last number."""

    FULL = "full"  # no more tickets today
    EXTRA = "extra"  # the numbers begin again under `extra_prefix`


class Weekday(Enum):
    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Role(Enum):
    """What a node is, and so what it may ask of the dispatcher."""

    DISPATCHER = "dispatcher"
    KIOSK = "kiosk"
    DISPLAY = "display"
    COUNTER = "counter"
    SUPERVISOR = "supervisor"
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


class PriorityClass(Struct, frozen=True, kw_only=True):
    """Who the customer is, as the order of calls sees it. Listed from the highest to the lowest."""

    id: Annotated[Id, Meta(description='name of the class; "ordinary" must be one of them')]
    name: Annotated[Text, Meta(description="shown on the kiosk, slip and console")]
    target_min: Annotated[float, Meta(ge=0.01, le=1440, description="longest wait promised, in minutes")] = 15
    absolute: Annotated[bool, Meta(description="called before everybody else, whatever the discipline")] = False
    appointment: Annotated[bool, Meta(description="waits from its booked time")] = False
    given_by: Annotated[GivenBy, Meta(description="who may give it: kiosk, supervisor or nobody")] = GivenBy.KIOSK
    per_hour: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="most tickets of it in 60 minutes; further ones are ordinary. For self-declared courtesy"),
    ] = None
    weight: Annotated[int, Meta(ge=1, le=100, description="calls in each round, under `ratio`")] = 1
    closing: Annotated[bool, Meta(description="no new tickets of it")] = False


class Need(Struct, frozen=True, kw_only=True):
    """What a customer needs of the counter, or of the call."""

    id: Annotated[Id, Meta(description="name of the need in files")]
    name: Annotated[Text, Meta(description="shown on the kiosk and console")]
    at_counter: Annotated[
        bool, Meta(description="only a counter or clerk that `meets` it may call, if the service has one")
    ] = True
    walk_s: Annotated[int, Meta(ge=0, le=600, description="seconds more to come before a no-show")] = 0


class ClassTarget(Struct, frozen=True, kw_only=True):
    """The longest wait promised to one class at one service."""

    priority_class: Annotated[Id, Meta(description="id of the class")]
    minutes: Annotated[float, Meta(ge=0.01, le=1440, description="instead of the class's own `target_min`")]


class Service(Struct, frozen=True, kw_only=True):
    """What customers ask for (业务)."""

    id: Annotated[Id, Meta(description="name of the service in topics and files")]
    name: Annotated[Text, Meta(description="shown on the kiosk, slip and board")]
    prefix: Annotated[
        str,
        Meta(
            pattern=r"^[ABCEFHLPU]{1,2}$",
            description="one or two letters of its tickets, such that a seven-segment sign can show them",
        ),
    ]
    zone: Annotated[Id, Meta(description="where its customers wait")]
    service_class: Annotated[ServiceClass, Meta(description="consult, handle or complain")] = ServiceClass.HANDLE
    first: Annotated[int, Meta(ge=1, le=9999, description="first number of a day")] = 1
    last: Annotated[int, Meta(ge=1, le=9999, description="last number of a day")] = 999
    step: Annotated[int, Meta(ge=1, le=100, description="from one number to the next")] = 1
    daily_max: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="most tickets of a day; then the service is full")
    ] = None
    past_last: Annotated[PastLast, Meta(description="after the last number: full, or extra")] = PastLast.FULL
    extra_prefix: Annotated[
        Annotated[str, Meta(pattern=r"^[ABCEFHLPU]{1,2}$")] | None,
        Meta(description="letters of the numbers after the last one, with past_last = extra"),
    ] = None
    targets: Annotated[
        tuple[ClassTarget, ...], Meta(description="waits promised here, where they differ from those of the classes")
    ] = ()
    minutes: Annotated[int, Meta(ge=1, le=240, description="usual minutes at the counter, for estimates")] = 5
    icon: Annotated[str, Meta(description="picture on the kiosk: bill, bolt, person, question, warning, receipt")] = (
        "bolt"
    )
    documents: Annotated[tuple[Text, ...], Meta(description="what to have ready, shown before a number is taken")] = ()
    self_service: Annotated[Text | None, Meta(description="how to do it without queueing")] = None
    closing: Annotated[bool, Meta(description="no new tickets; who waits is still served")] = False


class Counter(Struct, frozen=True, kw_only=True):
    """A window (窗口) and the services it may take."""

    number: CounterNumber
    zone: Annotated[Id, Meta(description="whose board and voice call its customers")]
    skills: Annotated[tuple[Id, ...], Meta(min_length=1, description="ids of the services it may take")]
    helps: Annotated[tuple[Id, ...], Meta(description="services it takes only while none of its skills waits")] = ()
    reserved_for: Annotated[tuple[Id, ...], Meta(description="classes; it takes no others")] = ()
    first_for: Annotated[tuple[Id, ...], Meta(description="classes that it takes before all others")] = ()
    meets: Annotated[tuple[Id, ...], Meta(description="needs that it meets, such as a low counter")] = ()
    closing: Annotated[bool, Meta(description="ends what it has begun and calls nobody")] = False


class Clerk(Struct, frozen=True, kw_only=True):
    """Somebody who staffs a counter. No names: those are kept elsewhere."""

    id: Annotated[Id, Meta(description="the clerk's number or sign-in")]
    skills: Annotated[tuple[Id, ...] | None, Meta(description="services the clerk may take; left out: all")] = None
    meets: Annotated[tuple[Id, ...], Meta(description="needs that the clerk meets, such as sign language")] = ()
    call_by_number: Annotated[bool, Meta(description="may call a ticket out of its turn, by its number")] = True


class Rule(Struct, frozen=True, kw_only=True):
    """A condition of the discipline `rules`: when it holds, the oldest ticket that it names is called."""

    service: Annotated[Id | None, Meta(description="service that it is about; left out: all")] = None
    priority_class: Annotated[Id | None, Meta(description="class that it is about; left out: all")] = None
    waiting_over: Annotated[int, Meta(ge=0, description="holds while more than so many of them wait")] = 0
    waited_over_min: Annotated[float, Meta(ge=0, description="holds once the oldest of them waited longer")] = 0


class Policy(Struct, frozen=True, kw_only=True):
    """Whose turn it is, and what the hall allows."""

    discipline: Annotated[Discipline, Meta(description="how a counter chooses")] = Discipline.SHARE
    rules: Annotated[tuple[Rule, ...], Meta(description="for the discipline `rules`, tried from the first on")] = ()
    overtaken_times: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(description="how often a later ticket may be called first, at most; left out: no bound"),
    ] = None
    overtaken_min: Annotated[
        Annotated[float, Meta(ge=0)] | None,
        Meta(description="how much later a ticket called first may have come, in minutes; left out: no bound"),
    ] = None
    bound_yields: Annotated[
        bool, Meta(description="absolute classes may break the bound; false: the bound holds against them too")
    ] = True
    early_min: Annotated[float, Meta(ge=0, le=240, description="an appointment's wait begins so early at most")] = 15
    late_min: Annotated[float, Meta(ge=0, le=240, description="later than this an appointment is ordinary")] = 15
    calls: Annotated[int, Meta(ge=1, le=20, description="calls of one ticket, recalls too, at most")] = 3
    no_show_s: Annotated[int, Meta(ge=0, le=600, description="seconds from a call to a no-show, at least")] = 0
    return_numbers: Annotated[
        int, Meta(ge=0, description="after a no-show: back within so many calls of the service, called after the next")
    ] = 5
    return_min: Annotated[float, Meta(ge=0, description="or back within so many minutes")] = 10
    return_days: Annotated[int, Meta(ge=0, le=90, description="days a follow-up's return ticket is good for")] = 3
    outcome_mandatory: Annotated[bool, Meta(description="an outcome that was not stated is owed")] = False
    hold_min: Annotated[float, Meta(ge=1, le=1440, description="a hold ends by itself after so long")] = 60
    rest_s: Annotated[int, Meta(ge=0, le=300, description="rest of an armed counter after a finished visit")] = 0
    undo_s: Annotated[int, Meta(ge=0, le=300, description="seconds in which a clerk's last act can be undone")] = 30
    undo_no_show_s: Annotated[int, Meta(ge=0, le=3600, description="the same for a no-show")] = 300


class Hours(Struct, frozen=True, kw_only=True):
    """When tickets are given out; a day may have several, around a midday break."""

    days: Annotated[tuple[Weekday, ...], Meta(min_length=1, description="mon to sun")]
    open: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="first ticket, HH:MM in local time")]
    close: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="no more tickets, HH:MM")]
    serve_until: Annotated[
        Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None,
        Meta(description="who still waits then ends unserved; left out: when the next day opens"),
    ] = None


class OfflineNumbers(Struct, frozen=True, kw_only=True):
    """Numbers that a kiosk gives by itself while the dispatcher is away, behind the letters of each service."""

    first: Annotated[int, Meta(ge=1, le=9999, description="first number given without the dispatcher")]
    last: Annotated[int, Meta(ge=1, le=9999, description="last number given without the dispatcher")]


class Node(Struct, frozen=True, kw_only=True):
    """A running program with a login of its own."""

    id: Annotated[Id, Meta(description="its login and its place in topics")]
    role: Annotated[Role, Meta(description="kiosk, display, counter, supervisor or watch")]
    counters: Annotated[tuple[CounterNumber, ...], Meta(description="counters it may speak for (role counter)")] = ()
    offline: Annotated[
        OfflineNumbers | None,
        Meta(description="numbers of its own for outages (role kiosk), outside every service's; left out: none"),
    ] = None


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
    classes: Annotated[tuple[PriorityClass, ...], Meta(min_length=1, description="from the highest to the lowest")] = (
        PriorityClass(id=ORDINARY, name=Text(zh="普通", en="Ordinary")),
    )
    needs: Annotated[tuple[Need, ...], Meta(description="what customers may need besides a service")] = ()
    clerks: Annotated[tuple[Clerk, ...], Meta(description="those who may take less, or meet more, than others")] = ()
    policy: Annotated[Policy, Meta(description="whose turn it is")] = Policy()
    hours: Annotated[tuple[Hours, ...], Meta(description="left out: always open")] = ()
    closed_on: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")], ...], Meta(description="days off, ISO dates")
    ] = ()


# Commands -------------------------------------------------------------------------------------------------------------


class Command(Struct, frozen=True, kw_only=True, tag=True, gc=False, forbid_unknown_fields=True):
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


class Elapsed(Command, frozen=True, kw_only=True):
    """A deadline of the hall's has come. Only the dispatcher itself asks for it."""


class TakeTicket(Command, frozen=True, kw_only=True):
    """A customer takes a number for a service, or for several that are done one after the other."""

    DEADLINE_MS: ClassVar[int | None] = 15_000

    service: Id
    language: Language = Language.ZH
    priority_class: Id = ORDINARY
    needs: tuple[Id, ...] = ()
    then: tuple[Id, ...] = ()  # further services under the same ticket
    booked_at: Annotated[datetime, Meta(tz=True)] | None = None  # an appointment's time
    return_code: str | None = None  # of a follow-up: skips the queue


class ReportSlip(Command, frozen=True, kw_only=True):
    """The kiosk says what became of a ticket's paper. `NOT_PRINTED` voids the ticket."""

    visit: str
    fate: SlipFate


class MergeTicket(Command, frozen=True, kw_only=True):
    """A number that the kiosk gave by itself while the dispatcher was away: it waits from when it was taken.

    `abandoned` is the id of a TakeTicket whose answer never came: its ticket is void, or it is refused for ever.
    """

    ticket: Annotated[str, Meta(pattern=r"^[ABCEFHLPU]{1,2}\d{3,4}$")]
    number: Annotated[int, Meta(ge=1, le=9999)]
    service: Id
    day: str  # ISO date of the business day, as the kiosk saw it
    ago_ms: Annotated[int, Meta(ge=0)]  # taken so long before this command was first sent, by the sender's clock
    slip: SlipFate
    language: Language = Language.ZH
    priority_class: Id = ORDINARY
    needs: tuple[Id, ...] = ()
    by_clock: bool = False  # no anchor: day and time are what the kiosk's own clock said
    abandoned: CommandId | None = None


class ReturnTicket(Command, frozen=True, kw_only=True):
    """A customer who missed the call, or was on hold, is back."""

    DEADLINE_MS: ClassVar[int | None] = 15_000

    ticket: str


class CancelTicket(Command, frozen=True, kw_only=True):
    """The customer gives up."""

    ticket: str


class Reclassify(Command, frozen=True, kw_only=True):
    """A supervisor gives a waiting ticket another class."""

    ticket: str
    priority_class: Id


class MarkServedByHand(Command, frozen=True, kw_only=True):
    """After an outage worked by hand: every ticket of that series up to this one was served."""

    up_to: str


class StateOutcome(Command, frozen=True, kw_only=True):
    """Say how a visit ended whose outcome is still owed."""

    visit: str
    counter: CounterNumber
    outcome: Outcome
    reason: str | None = None
    due: str | None = None  # ISO date of a follow-up


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
    """The service is done; the customer is asked to rate it. From a call that was not started: start is inferred."""

    outcome: Outcome | None = None  # None: done, or owed where an outcome is mandatory
    reason: str | None = None  # key of a reason: why declined, who must approve
    due: str | None = None  # ISO date of a follow-up


class MarkNoShow(CounterCommand, frozen=True, kw_only=True):
    """The called customer did not come (过号)."""


class CallTicket(CounterCommand, frozen=True, kw_only=True):
    """Call this ticket to this counter, out of its turn."""

    ticket: str


class HoldVisit(CounterCommand, frozen=True, kw_only=True):
    """Set the visit at this counter aside."""

    hold: Hold


class ResumeVisit(CounterCommand, frozen=True, kw_only=True):
    """Take a visit up again that was on hold; the customer stands at the counter."""

    ticket: str


class TransferVisit(CounterCommand, frozen=True, kw_only=True):
    """Send the visit at this counter to another service, counter or clerk."""

    service: Id | None = None  # None: the same
    to_counter: CounterNumber | None = None
    to_clerk: Id | None = None
    position: Position = Position.IN_TURN


class NotEntitled(CounterCommand, frozen=True, kw_only=True):
    """The called customer has no right to the class on the ticket: back to the ordinary place."""


class ServeWithoutTicket(CounterCommand, frozen=True, kw_only=True):
    """Serve somebody who has no ticket."""

    service: Id


class PauseCounter(CounterCommand, frozen=True, kw_only=True):
    """No calls for a while."""

    reason: Annotated[str, Meta(min_length=1, max_length=80)]


class OpenCounter(CounterCommand, frozen=True, kw_only=True):
    """Work begins, or goes on after a pause."""


class CloseCounter(CounterCommand, frozen=True, kw_only=True):
    """Work ends."""


class ArmCounter(CounterCommand, frozen=True, kw_only=True):
    """An armed counter is given the next customer whenever it is idle."""

    armed: bool


class SignIn(CounterCommand, frozen=True, kw_only=True):
    """A clerk begins to staff this counter; None: nobody does any more."""

    clerk: Id | None


class Undo(CounterCommand, frozen=True, kw_only=True):
    """Take back the last act of this counter."""


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
    | Elapsed
    | TakeTicket
    | ReportSlip
    | MergeTicket
    | ReturnTicket
    | CancelTicket
    | Reclassify
    | MarkServedByHand
    | StateOutcome
    | CallNext
    | CallTicket
    | Recall
    | StartService
    | FinishService
    | MarkNoShow
    | HoldVisit
    | ResumeVisit
    | TransferVisit
    | NotEntitled
    | ServeWithoutTicket
    | PauseCounter
    | OpenCounter
    | CloseCounter
    | ArmCounter
    | SignIn
    | Undo
    | Rate
    | ReadEvents
)

# Events ---------------------------------------------------------------------------------------------------------------


class Event(Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Something that happened and is on disk."""

    VERSION: ClassVar[int] = 1


class ReturnRight(Struct, frozen=True, kw_only=True):
    """A customer may come back with this code and skip the queue."""

    code: str
    service: str
    clerk: str | None  # who knows the case
    until: str  # ISO date


class Learned(Struct, frozen=True, kw_only=True):
    """What the days before taught about service times and about promises; figures of `broker.hall.learning`."""

    service_ms: dict[str, tuple[int, int]] = {}  # mean and weight, by service
    residuals: tuple[tuple[int, ...], ...] = ()  # permille, by the length of the wait
    levels: tuple[int, ...] = ()  # permille of them that a range takes in


class DayOpened(Event, frozen=True, kw_only=True):
    day: str  # ISO date; numbers begin again
    returns: tuple[ReturnRight, ...] = ()  # still good
    learned: Learned | None = None


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


class OutcomeStated(Event, frozen=True, kw_only=True):
    visit: str
    ticket: str
    counter: int
    outcome: Outcome
    reason: str | None = None


class CaseOpened(Event, frozen=True, kw_only=True):
    """A visit left something to do: a follow-up, an escalation. A follow-up's code is a right to return."""

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


AnyEvent = (
    DayOpened
    | HallConfigured
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
)


class Recorded(Struct, frozen=True, kw_only=True):
    """An event with its place in the journal."""

    epoch: int
    seq: int
    at: datetime  # aware, UTC, never before that of the event before
    event: AnyEvent


# Answers --------------------------------------------------------------------------------------------------------------


class Answer(Struct, frozen=True, kw_only=True, tag=True, gc=False):
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
    ahead: int | None  # None: nobody knows, the kiosk gave it while we were away
    wait_low_min: int | None
    wait_high_min: int | None
    issued_at: datetime
    priority_class: str = ORDINARY
    capped: bool = False  # asked for another class, whose hour is used up


class Returned(Answer, frozen=True, kw_only=True):
    """The ticket waits again."""

    visit: str
    ticket: str
    after_next: bool  # called after the next ticket
    ahead: int


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


AnyAnswer = Done | TicketTaken | Returned | Called | EventsRead | Refused

# Views: all that a screen needs to be right after a restart -----------------------------------------------------------


class View(Struct, frozen=True, kw_only=True, tag=True, gc=False):
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
    closed: bool = False  # no tickets now: outside the hours, or closing
    opens: datetime | None = None  # when a closed one opens again, in the hall's time; None: nobody knows


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
    PAUSED = "paused"
    CLOSED = "closed"


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
