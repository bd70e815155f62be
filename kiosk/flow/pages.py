"""What can be on the screen."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final

from broker.contract.messages import Returned, Service, TicketTaken, Zone
from hardware.devices import PaperState, Printed

from .. import shelves

DIGITS: Final = 4  # of a number at most
COPIES: Final = 2  # of one slip, on demand


class Pause(Enum):
    """Why no numbers are taken here."""

    STARTING = "starting"
    AWAY = "away"  # the dispatcher is not reachable
    NO_DAY = "no_day"
    EVACUATION = "evacuation"  # everybody leaves the hall


@dataclass(frozen=True, kw_only=True)
class Away:
    why: Pause


@dataclass(frozen=True, kw_only=True)
class Home:
    """The services: the commonest in front, which is the attract screen, or those of a shelf."""

    shelf: str | None = shelves.FRONT
    page: int = 0


@dataclass(frozen=True, kw_only=True)
class Confirm:
    service: str


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What the customer needs besides the service, where the confirm page has no room for it."""

    service: str


@dataclass(frozen=True, kw_only=True)
class Classes:
    """The priority classes to choose from, where there are several; `service` is whose confirm page follows."""

    service: str | None = None


@dataclass(frozen=True, kw_only=True)
class Guide:
    """The guide was called and is on the way."""


@dataclass(frozen=True, kw_only=True)
class Missed:
    """*My number was called*: letters first, then digits. `page` is of the letters."""

    prefix: str = ""
    digits: str = ""
    page: int = 0

    @property
    def ticket(self) -> str:
        """The number as it stands on slips."""
        return f"{self.prefix}{int(self.digits):03d}" if self.digits else self.prefix


@dataclass(frozen=True, kw_only=True)
class Returning:
    """The dispatcher was asked to let a number wait again."""

    typed: Missed


@dataclass(frozen=True, kw_only=True)
class Back:
    """The number waits again; where is in the answer, and on a slip, which is None while the printer works."""

    answer: Returned
    service: Service | None = None
    zone: Zone | None = None
    wait_min: tuple[int, int] | None = None
    slip: Printed | None = Printed.NO


class Misread(Enum):
    """Why a scanned code leads nowhere."""

    UNKNOWN = "unknown"  # nothing that this hall has given out
    OTHER_DAY = "other_day"  # a slip of another day: today's number of that name is somebody else's
    AWAY = "away"  # the hall cannot be asked


@dataclass(frozen=True, kw_only=True)
class Unread:
    """A code was scanned, and nothing can be done for it here."""

    why: Misread


@dataclass(frozen=True, kw_only=True)
class CheckIn:
    """*I have an appointment*: the booking's code is typed."""

    digits: str = ""


@dataclass(frozen=True, kw_only=True)
class Checking:
    """The dispatcher was asked what a booking's code stands for."""

    code: str


@dataclass(frozen=True, kw_only=True)
class Identify:
    """Who the customer is: an account or ID number is typed; `is_wrong` when what was entered cannot be one."""

    service: str
    typed: str = field(default="", repr=False)
    is_wrong: bool = False


@dataclass(frozen=True, kw_only=True)
class Taking:
    """The dispatcher was asked for a number; `masked` is what the customer entered, as it may be shown."""

    service: Service
    zone: Zone
    masked: str = ""


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """The number; `slip` is None while the printer works."""

    service: Service
    zone: Zone
    taken: TicketTaken
    slip: Printed | None = None
    copies: int = 0  # printed on demand so far


@dataclass(frozen=True, kw_only=True)
class NoPaper:
    """No slip can be printed; `voided` is the ticket that was lost to it, if one was taken."""

    paper: PaperState
    voided: str | None = None


@dataclass(frozen=True, kw_only=True)
class Declined:
    """The dispatcher gave no number; `reason` is a key of the texts' table `refusal`."""

    reason: str
    args: tuple[tuple[str, str | int], ...] = ()  # what the text of the reason names
    opens: datetime | None = None  # when there are numbers again
    typed: Missed | CheckIn | None = None  # the number that was to wait again, or the page for a booking's code


Screen = (
    Unread
    | CheckIn
    | Checking
    | Identify
    | Away
    | Home
    | Confirm
    | Needs
    | Classes
    | Guide
    | Missed
    | Returning
    | Back
    | Taking
    | Ticket
    | NoPaper
    | Declined
)
