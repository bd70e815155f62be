"""What is asked of the dispatcher. Commands refuse unknown fields."""

from datetime import datetime
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from .boxes import BoxFinding
from .halls import Hall
from .terms import (
    ORDINARY,
    BookingCode,
    BoxId,
    CommandId,
    CounterNumber,
    DeviceName,
    Hold,
    Id,
    Language,
    Outcome,
    Person,
    Position,
    Rating,
    SignedInBy,
    SlipFate,
    SpareCode,
)


class Command(Struct, frozen=True, kw_only=True, tag=True, gc=False, forbid_unknown_fields=True):
    """Asks the dispatcher for something. Repeated under the same id until answered."""

    DEADLINE_MS: ClassVar[int | None] = None  # refused when older; None: never too old

    id: CommandId
    age_ms: Annotated[int, Meta(ge=0)] = 0  # since the press, by the sender's monotonic clock, restated at each send


class OpenDay(Command, frozen=True, kw_only=True):
    """Begin a business day. Only the dispatcher itself asks for it."""

    day: str  # ISO date


class ResumeNumbers(Command, frozen=True, kw_only=True):
    """Give higher numbers than kiosks have printed, which a restored journal lacks. Only the dispatcher asks for it."""

    day: str
    last: dict[str, str]  # ticket by service


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
    booking: BookingCode | None = None  # checks in: class and time are the booking's, unless it is too late for them
    person: Person | None = None  # who takes it, where the hall asks for that


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
    booking: BookingCode | None = None  # the hall had found it, and then went away
    person: Person | None = None


class ReturnTicket(Command, frozen=True, kw_only=True):
    """A customer who missed the call, or was on hold, is back."""

    DEADLINE_MS: ClassVar[int | None] = 15_000

    ticket: str


class CancelTicket(Command, frozen=True, kw_only=True):
    """The customer gives up."""

    ticket: str


class BookVisit(Command, frozen=True, kw_only=True):
    """A supervisor, or a program under such a login, books a visit. No names: the code is all that is known."""

    code: BookingCode
    service: Id
    at: Annotated[datetime, Meta(tz=True)]


class CancelBooking(Command, frozen=True, kw_only=True):
    """A booked visit will not take place."""

    code: BookingCode


class CheckBooking(Command, frozen=True, kw_only=True):
    """The kiosk asks what a code stands for; nothing changes."""

    DEADLINE_MS: ClassVar[int | None] = 15_000

    code: BookingCode


class Reclassify(Command, frozen=True, kw_only=True):
    """A supervisor gives a waiting ticket another class."""

    ticket: str
    priority_class: Id


class MarkServedByHand(Command, frozen=True, kw_only=True):
    """After an outage worked by hand: every ticket of that series up to this one was served."""

    up_to: str


class StartEvacuation(Command, frozen=True, kw_only=True):
    """Everybody leaves the hall: screens and voices say so, and nobody is called or given a number until it ends."""

    DEADLINE_MS: ClassVar[int | None] = 300_000


class EndEvacuation(Command, frozen=True, kw_only=True):
    """The hall works again, from where it stood."""

    DEADLINE_MS: ClassVar[int | None] = 15_000


class ConfirmDate(Command, frozen=True, kw_only=True):
    """A supervisor says what day it is, where the dispatcher's clock cannot be trusted: it becomes the business day."""

    DEADLINE_MS: ClassVar[int | None] = 60_000

    day: str  # ISO date, which the dispatcher's clock must say too


class ApproveSpare(Command, frozen=True, kw_only=True):
    """A supervisor lets a spare machine take the place of one that is broken; `code` is what the spare shows."""

    DEADLINE_MS: ClassVar[int | None] = 60_000

    code: SpareCode
    box: BoxId


class TestDevice(Command, frozen=True, kw_only=True):
    """A supervisor lets a node try its devices while it runs; it does so only while no customer is at them."""

    __test__: ClassVar[bool] = False  # for pytest: no test of ours
    DEADLINE_MS: ClassVar[int | None] = 10_000  # nothing is printed after whoever asked has left

    node: Id
    device: DeviceName = ""  # "": all of them, one after the other
    press_s: Annotated[int, Meta(ge=0, le=60)] = 0  # so long somebody has for each key; 0: nobody is there to press


class ReportDeviceTest(Command, frozen=True, kw_only=True):
    """A node tells what came of a test of one of its devices."""

    DEADLINE_MS: ClassVar[int | None] = 60_000

    test: CommandId  # of DeviceTestAsked
    device: DeviceName
    finding: BoxFinding
    more: bool = False  # another device of this test follows


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
    """The called customer did not come (过号). `inferred`: nobody said so; *next* was pressed twice, close together."""

    inferred: bool = False


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
    by: SignedInBy = SignedInBy.CONSOLE


class Undo(CounterCommand, frozen=True, kw_only=True):
    """Take back the last act of this counter, or the no-show of a ticket though others were called since."""

    no_show: str | None = None  # the ticket: it is the next to be called at this counter


class Rate(Command, frozen=True, kw_only=True):
    """A customer's rating of one finished call, whenever it arrives; None: asked, and no key was pressed."""

    call: str
    counter: CounterNumber
    rating: Rating | None
    after_ms: Annotated[int, Meta(ge=0)] | None = None  # from the question to the press
    late: bool = False  # pressed after the asking had ended


class RateUnasked(Command, frozen=True, kw_only=True):
    """A rating key was pressed at a counter where nobody was asked."""

    counter: CounterNumber
    rating: Rating


class ExplainRating(Command, frozen=True, kw_only=True):
    """Why a customer rated a call so, by the ids of `[[rating.reasons]]`; said again, the last word counts."""

    call: str
    counter: CounterNumber
    reasons: Annotated[tuple[Id, ...], Meta(max_length=12)]


class ReadEvents(Command, frozen=True, kw_only=True):
    """Ask for the events after `after_seq`: a node that saw a gap catches up."""

    after_seq: Annotated[int, Meta(ge=0)]


AnyCommand = (
    OpenDay
    | ResumeNumbers
    | ConfigureHall
    | Elapsed
    | TakeTicket
    | ReportSlip
    | MergeTicket
    | ReturnTicket
    | CancelTicket
    | BookVisit
    | CancelBooking
    | CheckBooking
    | Reclassify
    | MarkServedByHand
    | StartEvacuation
    | EndEvacuation
    | ConfirmDate
    | ApproveSpare
    | TestDevice
    | ReportDeviceTest
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
    | RateUnasked
    | ExplainRating
    | ReadEvents
)
