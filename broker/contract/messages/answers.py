"""What the dispatcher answers to a command."""

from datetime import datetime

from msgspec import Struct

from .events import Recorded
from .terms import ORDINARY, Language, Standing


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


class BookingFound(Answer, frozen=True, kw_only=True):
    """The code is good for one ticket, today."""

    code: str
    service: str
    at: datetime
    standing: Standing  # if the ticket were taken now
    called_from: datetime | None = None  # of an early one


class Returned(Answer, frozen=True, kw_only=True):
    """The ticket waits again."""

    visit: str
    ticket: str
    after_next: bool  # called after the next ticket
    ahead: int
    service: str = ""
    language: Language = Language.ZH  # of the ticket
    at: datetime | None = None


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


AnyAnswer = Done | TicketTaken | BookingFound | Returned | Called | EventsRead | Refused
