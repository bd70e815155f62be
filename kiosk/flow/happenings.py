"""What happens to a kiosk, and what it wishes for."""

from dataclasses import dataclass, field

from broker.contract.messages import (
    ORDINARY,
    BookingFound,
    HallView,
    Language,
    QueuesView,
    Refused,
    Returned,
    TicketTaken,
)
from hardware.devices import PaperState, PrintResult, TactileKey

from .pages import Back, Ticket


@dataclass(frozen=True, kw_only=True)
class Touched:
    """A key was touched.

    Everywhere: `home`, `back`, `stay`. On the services: `service:ID`, `shelf:ID`, `more`, `large`, `language:zh`,
    `language:en`, `courtesy`, `help`, `missed`, `check_in`. Before a number: `class:ID`, `courtesy`, `needs`,
    `need:ID`, `take`. With the
    guide called: `cancel`. For a missed number: `letters:A`, `digit:7`, `delete`, `enter`; for a booking's code and for
    who one is the same without letters, and `skip`.
    """

    key: str


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """A tactile key was pressed; `offered` is what could be touched just then, in the order of the tactile keys."""

    key: TactileKey
    offered: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Scanned:
    """A scanner has read a code; nobody knows what yet."""

    text: str


@dataclass(frozen=True, kw_only=True)
class HallHere:
    here: bool


@dataclass(frozen=True, kw_only=True)
class PaperSeen:
    paper: PaperState


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The dispatcher's answer to `Take`, `Return` or `Check`; None when none came in time."""

    answer: TicketTaken | Returned | BookingFound | Refused | None


@dataclass(frozen=True, kw_only=True)
class CardRead:
    """A card reader has read the number on somebody's ID card."""

    number: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class SlipDone:
    result: PrintResult


@dataclass(frozen=True)
class Ticked:
    """Time has passed."""


Happening = (
    Touched | Scanned | Pressed | HallView | QueuesView | HallHere | PaperSeen | Answered | CardRead | SlipDone | Ticked
)


@dataclass(frozen=True, kw_only=True)
class Take:
    """Ask the dispatcher for a number."""

    service: str
    language: Language
    priority_class: str = ORDINARY
    needs: tuple[str, ...] = ()
    booking: str | None = None
    identity: str = field(default="", repr=False)  # the number that the customer entered: to be hashed, then forgotten


@dataclass(frozen=True, kw_only=True)
class Check:
    """Ask the dispatcher what a booking's code stands for."""

    code: str


@dataclass(frozen=True, kw_only=True)
class Return:
    """Ask the dispatcher to let a number wait again whose call was missed."""

    ticket: str


@dataclass(frozen=True, kw_only=True)
class PrintSlip:
    ticket: Ticket
    language: Language
    is_copy: bool = False  # 补打: marked as a copy, and no further ticket


@dataclass(frozen=True, kw_only=True)
class PrintReturn:
    """Put the new place of a number that waits again on paper."""

    back: Back
    language: Language


Wish = Take | PrintReturn | Check | Return | PrintSlip
