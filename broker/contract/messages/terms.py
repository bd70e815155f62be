"""The hall's words that more than one kind of message uses: languages, grades, outcomes, ids."""

from enum import Enum
from typing import Annotated, Final

from msgspec import Meta

Id = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$", description="lower-case letters, digits, - and _")]
CounterNumber = Annotated[int, Meta(ge=1, le=95, description="the window's number, 1 to 95")]
ORDINARY: Final = "ordinary"  # the class that everybody has who has no other
NO_TICKET: Final = "---"  # the ticket of a visit that has none
BookingCode = Annotated[str, Meta(pattern=r"^\d{6,12}$", description="6 to 12 digits, drawn at random")]
Person = Annotated[str, Meta(pattern=r"^[0-9a-f]{24}$", description="keyed hash of an account or ID number, of a day")]
BoxId = Annotated[
    str, Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,22}[a-z0-9])?$", description="lower-case letters, digits and -")
]
SpareCode = Annotated[str, Meta(pattern=r"^\d{6}$", description="the six digits that a spare shows")]
DeviceName = Annotated[
    str, Meta(pattern=r"^[a-z0-9-]{0,32}$", description="as a node's presence names it: printer, sign-3, speaker")
]
CommandId = Annotated[str, Meta(min_length=1, max_length=80)]


class Language(Enum):
    ZH = "zh"
    EN = "en"


class Rating(Enum):
    """A customer's grade; a hall's scale has three to five of them. No rating is none, never *satisfied*."""

    VERY_SATISFIED = "very_satisfied"
    SATISFIED = "satisfied"
    AVERAGE = "average"
    DISSATISFIED = "dissatisfied"
    VERY_DISSATISFIED = "very_dissatisfied"
    COMPLAINT = "complaint"  # a key of JT/T 905 keypads


class RatingFlag(Enum):
    """Why a rating may not be what the customer thought of the service; it counts, and is reported apart."""

    TOO_FAST = "too_fast"  # pressed sooner after the question than anybody reads it
    TOO_SHORT = "too_short"  # the service was shorter than any service is
    LATE = "late"  # pressed after the asking had ended


class SetAside(Enum):
    """Why a rating belongs to no visit of today."""

    UNASKED = "unasked"  # nobody was asked
    EARLIER_DAY = "earlier_day"  # it arrived after midnight; its call is yesterday's


class CaseKind(Enum):
    """What left a case to see to."""

    OUTCOME = "outcome"  # the clerk: a follow-up, an escalation
    RATING = "rating"  # the customer: a bad rating


class SignedInBy(Enum):
    """How it is known who staffs a counter."""

    CONSOLE = "console"  # a login, or a supervisor's word
    CARD = "card"
    PIN = "pin"  # typed on the call pad
    ROSTER = "roster"


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


class Standing(Enum):
    """How the time at which a customer comes agrees with the booked one."""

    EARLY = "early"  # waits, and may be called, from a little before the booked time on
    ON_TIME = "on_time"
    LATE = "late"  # the ordinary line


class IdentityKind(Enum):
    """What customers say who they are by."""

    ACCOUNT = "account"  # 户号
    ID_CARD = "id_card"  # 身份证号


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


class DeviceState(Enum):
    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"
    UNKNOWN = "unknown"


class Role(Enum):
    """What a node is, and so what it may ask of the dispatcher."""

    DISPATCHER = "dispatcher"
    KIOSK = "kiosk"
    DISPLAY = "display"
    COUNTER = "counter"
    WEB = "web"
    SUPERVISOR = "supervisor"
    WATCH = "watch"
    KEEPER = "keeper"  # of a box
    REGISTRAR = "registrar"  # of the hall's boxes and certificates
