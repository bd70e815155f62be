"""Which screen follows which touch.

Pure: touches, views, answers and ticks come in, the next state and what is wished for come out. Nothing here asks the
time, prints, sends or draws. `now_s` is monotonic seconds.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Final, assert_never

from broker.contract.messages import (
    ORDINARY,
    Hall,
    HallView,
    Language,
    QueueRow,
    QueuesView,
    Refused,
    Returned,
    Service,
    TicketTaken,
    Zone,
)
from hardware.devices import PaperState, Printed, PrintResult

from . import shelves

CONNECT_S: Final = 5.0  # after a start, how long a known hall is shown before the dispatcher counts as away
EMPTY: Final = frozenset({PaperState.OUT, PaperState.COVER_OPEN})
WARN_S: Final = 20.0  # how long a customer who was idle is asked before the screen goes home (WCAG 2.2.1)
GUIDE_S: Final = 120.0  # how long a call for the guide stands
DIGITS: Final = 4  # of a number at most
COPIES: Final = 2  # of one slip, on demand
# A silent printer is never read as fine; one that never answers is trusted.
SLIPS: Final = frozenset({PaperState.OK, PaperState.NEAR_END, PaperState.TRUSTED, None})

# Screens --------------------------------------------------------------------------------------------------------------


class Pause(Enum):
    """Why no numbers are taken here."""

    STARTING = "starting"
    AWAY = "away"  # the dispatcher is not reachable
    NO_DAY = "no_day"


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
    """The number waits again; where is in the answer."""

    answer: Returned


@dataclass(frozen=True, kw_only=True)
class Taking:
    """The dispatcher was asked for a number."""

    service: Service
    zone: Zone


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
    typed: Missed | None = None  # the number that was to wait again


Screen = (
    Away | Home | Confirm | Needs | Classes | Guide | Missed | Returning | Back | Taking | Ticket | NoPaper | Declined
)

# What comes in --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Touched:
    """A key was touched.

    Everywhere: `home`, `back`, `stay`. On the services: `service:ID`, `shelf:ID`, `more`, `large`, `language:zh`,
    `language:en`, `courtesy`, `help`, `missed`. Before a number: `class:ID`, `courtesy`, `needs`,
    `need:ID`, `take`. With the
    guide called: `cancel`. For a missed number: `letters:A`, `digit:7`, `delete`, `enter`.
    """

    key: str


@dataclass(frozen=True, kw_only=True)
class HallHere:
    here: bool


@dataclass(frozen=True, kw_only=True)
class PaperSeen:
    paper: PaperState


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The dispatcher's answer to `Take` or `Return`; None when none came in time."""

    answer: TicketTaken | Returned | Refused | None


@dataclass(frozen=True, kw_only=True)
class SlipDone:
    result: PrintResult


@dataclass(frozen=True)
class Ticked:
    """Time has passed."""


Happening = Touched | HallView | QueuesView | HallHere | PaperSeen | Answered | SlipDone | Ticked

# What goes out --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Take:
    """Ask the dispatcher for a number."""

    service: str
    language: Language
    priority_class: str = ORDINARY
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Return:
    """Ask the dispatcher to let a number wait again whose call was missed."""

    ticket: str


@dataclass(frozen=True, kw_only=True)
class PrintSlip:
    ticket: Ticket
    language: Language
    is_copy: bool = False  # 补打: marked as a copy, and no further ticket


Wish = Take | Return | PrintSlip

# The kiosk ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Kiosk:
    """All that the screen shows, and since when."""

    screen: Screen
    since_s: float  # of the last touch or new screen
    idle_s: float
    ticket_s: float
    hall: Hall | None = None
    day: str | None = None
    queues: tuple[QueueRow, ...] = ()
    here: bool | None = None  # None: not known yet
    node: str = ""  # this kiosk's own id
    paper: PaperState | None = None  # None: not asked yet
    language: Language | None = None  # None: nobody has chosen, both are shown
    large: bool = False
    contrast: bool = False  # black and white, for those who see little
    priority_class: str = ORDINARY
    needs: tuple[str, ...] = ()
    asking: bool = False  # nobody has touched for a while: *still there?*
    guide_s: float | None = None  # since when the guide is called
    per_page: int = 6  # cards on a page of ordinary text

    @property
    def is_guide_called(self) -> bool:
        return self.guide_s is not None

    @property
    def is_untouched(self) -> bool:
        """Whether everything stands as the next customer expects it."""
        plain = self.language is None and not self.large and self.priority_class == ORDINARY and not self.needs
        return plain and self.screen == Home()

    @property
    def is_alone(self) -> bool:
        """Whether numbers are given from this kiosk's own range, as the hall is away: nobody knows who waits."""
        nodes = self.hall.nodes if self.hall is not None else ()
        return self.here is False and any(each.id == self.node and each.offline is not None for each in nodes)

    @property
    def ticket_language(self) -> Language:
        return self.language or Language.ZH

    def service(self, service_id: str) -> Service | None:
        services = self.hall.services if self.hall is not None else ()
        return next((each for each in services if each.id == service_id), None)

    def queue(self, service_id: str) -> QueueRow | None:
        return next((row for row in self.queues if row.service == service_id), None)


def started(
    *,
    hall: HallView | None,
    idle_s: float,
    ticket_s: float,
    now_s: float,
    paper: PaperState | None = None,
    per_page: int = 6,
    node: str = "",
) -> Kiosk:
    """Return the kiosk as it starts, with the hall that it remembers."""
    kiosk = Kiosk(
        screen=Home(), since_s=now_s, idle_s=idle_s, ticket_s=ticket_s, paper=paper, per_page=per_page, node=node
    )
    if hall is not None:
        kiosk = replace(kiosk, hall=hall.hall, day=hall.day)
    return _home(kiosk, now_s)


def page_size(kiosk: Kiosk) -> int:
    return min(4, kiosk.per_page) if kiosk.large else kiosk.per_page


def on_page(kiosk: Kiosk, home: Home) -> tuple[shelves.Entry, ...]:
    return shelves.on_page(kiosk.hall, home.shelf, home.page, page_size(kiosk)) if kiosk.hall is not None else ()


def can_print(kiosk: Kiosk) -> bool:
    """Return whether a slip may be tried: without one, no number is taken."""
    return kiosk.paper in SLIPS


def home_at_s(kiosk: Kiosk) -> float | None:
    """Return when the screen falls back to home by itself, if nobody touches it; None: it does not.

    Whoever may still want something is asked first, for WARN_S, and answers with one touch, as often as he likes.
    """
    match kiosk.screen:
        case Away() | Taking() | Returning() | Ticket(slip=None):
            return None
        case Ticket(slip=Printed.YES) if not kiosk.large:  # the slip in the hand says the same
            return kiosk.since_s + kiosk.ticket_s
        case _ if kiosk.is_untouched:
            return None
        case _:
            return kiosk.since_s + kiosk.idle_s + WARN_S


def due_at_s(kiosk: Kiosk) -> float | None:
    """Return when `Ticked` will change something; None: not before something else has happened."""
    if kiosk.here is None:
        return kiosk.since_s + CONNECT_S
    home_s = home_at_s(kiosk)
    if home_s is not None and _is_warned(kiosk) and not kiosk.asking:
        home_s -= WARN_S
    guide_s = None if kiosk.guide_s is None else kiosk.guide_s + GUIDE_S
    return min((each for each in (home_s, guide_s) if each is not None), default=None)


def _is_warned(kiosk: Kiosk) -> bool:
    return kiosk.large or not isinstance(kiosk.screen, Ticket) or kiosk.screen.slip is not Printed.YES


def follow(kiosk: Kiosk, happening: Happening, now_s: float) -> tuple[Kiosk, Wish | None]:
    """Return the kiosk after what happened, and what is to be done for it."""
    match happening:
        case Touched(key=key):
            return _touched(kiosk, key, now_s)
        case HallView():
            return _settle(replace(kiosk, hall=happening.hall, day=happening.day), now_s), None
        case QueuesView():
            return _told(kiosk, happening.queues), None
        case HallHere(here=here):
            return _settle(_here(kiosk, here=here), now_s), None
        case PaperSeen(paper=paper):
            return _papered(replace(kiosk, paper=paper), now_s), None
        case Answered(answer=answer):
            return _answered(kiosk, answer, now_s)
        case SlipDone(result=result):
            return _slip_done(kiosk, result, now_s), None
        case Ticked():
            return _ticked(kiosk, now_s), None
        case _:
            assert_never(happening)


def _touched(kiosk: Kiosk, key: str, now_s: float) -> tuple[Kiosk, Wish | None]:
    if kiosk.asking:  # the first touch answers *still there?* and nothing else
        return replace(kiosk, asking=False, since_s=now_s), None
    name, _, argument = key.partition(":")
    touched = replace(kiosk, since_s=now_s)
    match kiosk.screen, name:
        case (Confirm(service=service), "take"):
            if not can_print(kiosk):
                return replace(touched, screen=_no_paper(kiosk)), None
            return _take(touched, service)
        case (Missed(digits=digits) as typed, "enter") if digits:
            return replace(touched, screen=Returning(typed=typed)), Return(ticket=typed.ticket)
        case (Ticket(slip=Printed(), copies=copies) as ticket, "copy") if copies < COPIES and can_print(kiosk):
            again = replace(ticket, slip=None, copies=copies + 1)
            return replace(touched, screen=again), PrintSlip(ticket=again, language=kiosk.ticket_language, is_copy=True)
        case ((Away() | Taking() | Returning() | Ticket(slip=None)), _):
            return kiosk, None
        case _, "home":
            return _home(kiosk, now_s), None
        case Home() as home, _:
            return _at_home(touched, home, name, argument), None
        case Missed() as typed, _:
            return _typed(touched, typed, name, argument), None
        case _:
            return _chosen_before(touched, name, argument), None


def _at_home(kiosk: Kiosk, home: Home, name: str, argument: str) -> Kiosk:
    """Return the kiosk after a touch on the services."""
    match name:
        case "service":
            return _chosen(kiosk, argument)
        case "shelf":
            return replace(kiosk, screen=Home(shelf=argument))
        case "more":
            return replace(kiosk, screen=_next_page(kiosk, home))
        case "back" if kiosk.hall is not None:
            return replace(kiosk, screen=Home(shelf=shelves.parent(kiosk.hall, home.shelf, page_size(kiosk))))
        case "large":
            large, contrast = {(False, False): (True, False), (True, False): (True, True)}.get(
                (kiosk.large, kiosk.contrast), (False, False)
            )
            return replace(kiosk, large=large, contrast=contrast, screen=Home())
        case "language":
            chosen = Language(argument)
            return replace(kiosk, language=None if kiosk.language is chosen else chosen)
        case "courtesy":
            return _courtesy(kiosk, None)
        case "help":
            return replace(kiosk, screen=Guide(), guide_s=kiosk.since_s)
        case "missed":
            return replace(kiosk, screen=Missed())
        case _:
            return kiosk


def _next_page(kiosk: Kiosk, home: Home) -> Home:
    if kiosk.hall is None or not shelves.has_more(kiosk.hall, home.shelf, page_size(kiosk)):
        return home
    if home.shelf is shelves.FRONT:
        return Home(shelf=shelves.REST)
    return replace(home, page=(home.page + 1) % shelves.pages(kiosk.hall, home.shelf, page_size(kiosk)))


def _chosen_before(kiosk: Kiosk, name: str, argument: str) -> Kiosk:
    """Return the kiosk after a touch on a page that stands before a number, or after it."""
    match kiosk.screen, name:
        case Confirm(service=service), "needs":
            return replace(kiosk, screen=Needs(service=service))
        case ((Confirm(service=service) | Needs(service=service)), "need"):
            offered = [need.id for need in shelves.needs_offered(kiosk.hall, service)] if kiosk.hall is not None else []
            needs = {*kiosk.needs} ^ {argument} if argument in offered else {*kiosk.needs}
            return replace(kiosk, needs=tuple(sorted(needs)))
        case ((Confirm(service=service) | Needs(service=service)), "courtesy"):
            return _courtesy(kiosk, service)
        case Classes(service=service), "class":
            screen = Home() if service is None else Confirm(service=service)
            return replace(_with_class(kiosk, argument), screen=screen)
        case ((Classes(service=str(service)) | Needs(service=service)), "back"):
            return replace(kiosk, screen=Confirm(service=service))
        case Confirm(service=service), "back" if kiosk.hall is not None:
            shelf, page = shelves.place_of(kiosk.hall, service, page_size(kiosk))
            return replace(kiosk, screen=Home(shelf=shelf, page=page))
        case ((Guide() | Classes()), "back"):
            return replace(kiosk, screen=Home())
        case Guide(), "cancel":
            return replace(kiosk, screen=Home(), guide_s=None)
        case Declined(typed=Missed() as typed), "back":
            return replace(kiosk, screen=replace(typed, digits=""))
        case _:
            return kiosk


def _courtesy(kiosk: Kiosk, service: str | None) -> Kiosk:
    """Pick the one class that there is, give it back, or show those to choose from."""
    offered = shelves.classes_offered(kiosk.hall) if kiosk.hall is not None else ()
    if len(offered) > 1:
        return replace(kiosk, screen=Classes(service=service))
    return _with_class(kiosk, offered[0].id) if offered else kiosk


def _with_class(kiosk: Kiosk, name: str) -> Kiosk:
    offered = shelves.classes_offered(kiosk.hall) if kiosk.hall is not None else ()
    if name not in [each.id for each in offered]:
        return kiosk
    return replace(kiosk, priority_class=ORDINARY if kiosk.priority_class == name else name)


def _typed(kiosk: Kiosk, typed: Missed, name: str, argument: str) -> Kiosk:
    letters = shelves.prefixes(kiosk.hall) if kiosk.hall is not None else ()
    match name:
        case "letters" if argument in letters:
            return replace(kiosk, screen=Missed(prefix=argument))
        case "more":
            return replace(kiosk, screen=replace(typed, page=typed.page + 1))
        case "digit" if typed.prefix and len(typed.digits) < DIGITS and argument in {*"0123456789"}:
            return replace(kiosk, screen=replace(typed, digits=typed.digits + argument))
        case "delete" if typed.digits:
            return replace(kiosk, screen=replace(typed, digits=typed.digits[:-1]))
        case "delete" | "back" if typed.prefix:
            return replace(kiosk, screen=Missed())
        case "back":
            return replace(kiosk, screen=Home())
        case _:
            return kiosk


def _take(kiosk: Kiosk, service_id: str) -> tuple[Kiosk, Wish | None]:
    service = kiosk.service(service_id)
    if service is None or kiosk.hall is None:
        return kiosk, None
    zone = next(each for each in kiosk.hall.zones if each.id == service.zone)
    offered = {need.id for need in shelves.needs_offered(kiosk.hall, service_id)}
    wish = Take(
        service=service_id,
        language=kiosk.ticket_language,
        priority_class=kiosk.priority_class,
        needs=tuple(need for need in kiosk.needs if need in offered),
    )
    return replace(kiosk, screen=Taking(service=service, zone=zone)), wish


def _chosen(kiosk: Kiosk, service_id: str) -> Kiosk:
    row = kiosk.queue(service_id)
    if kiosk.service(service_id) is None or (row is not None and (row.full or row.closed)):
        return kiosk
    if not can_print(kiosk):
        return replace(kiosk, screen=_no_paper(kiosk))
    return replace(kiosk, screen=Confirm(service=service_id))


def _no_paper(kiosk: Kiosk, voided: str | None = None) -> NoPaper:
    return NoPaper(paper=kiosk.paper or PaperState.UNKNOWN, voided=voided)


def _answered(kiosk: Kiosk, answer: TicketTaken | Returned | Refused | None, now_s: float) -> tuple[Kiosk, Wish | None]:
    answered = replace(kiosk, since_s=now_s)
    match kiosk.screen, answer:
        case Taking(service=service, zone=zone), TicketTaken():
            ticket = Ticket(service=service, zone=zone, taken=answer)
            wish = PrintSlip(ticket=ticket, language=kiosk.ticket_language)
            return replace(answered, screen=ticket), wish
        case Returning(), Returned():
            return replace(answered, screen=Back(answer=answer)), None
        case ((Taking() | Returning()), _):
            reason, args = (answer.reason, answer.args) if isinstance(answer, Refused) else ("unanswered", {})
            typed = kiosk.screen.typed if isinstance(kiosk.screen, Returning) else None
            declined = Declined(reason=reason, args=tuple(args.items()), opens=_time(args.get("opens")), typed=typed)
            return replace(answered, screen=declined), None
        case _:
            return kiosk, None


def _time(said: str | int | None) -> datetime | None:
    return datetime.fromisoformat(said) if isinstance(said, str) else None


def _slip_done(kiosk: Kiosk, result: PrintResult, now_s: float) -> Kiosk:
    kiosk = replace(kiosk, paper=result.paper, since_s=now_s)
    if not isinstance(kiosk.screen, Ticket):
        return kiosk
    if result.printed is Printed.NO:
        return replace(kiosk, screen=_no_paper(kiosk, voided=kiosk.screen.taken.ticket))
    return replace(kiosk, screen=replace(kiosk.screen, slip=result.printed))


def _papered(kiosk: Kiosk, now_s: float) -> Kiosk:
    """Leave the screen that says "no paper" once there is some; a voided ticket stays there to be read."""
    match kiosk.screen:
        case NoPaper(voided=None) if can_print(kiosk):
            return _home(kiosk, now_s)
        case NoPaper(voided=None) as screen:
            return replace(kiosk, screen=replace(screen, paper=kiosk.paper or PaperState.UNKNOWN))
        case _:
            return kiosk


def _ticked(kiosk: Kiosk, now_s: float) -> Kiosk:
    due_s = due_at_s(kiosk)
    if due_s is None or now_s < due_s:
        return kiosk
    if kiosk.here is None:
        return _settle(_here(kiosk, here=False), now_s)
    if kiosk.guide_s is not None and now_s >= kiosk.guide_s + GUIDE_S:
        return replace(kiosk, guide_s=None)
    if _is_warned(kiosk) and not kiosk.asking:
        return replace(kiosk, asking=True)
    return _home(kiosk, now_s)


def _home(kiosk: Kiosk, now_s: float) -> Kiosk:
    """Return the kiosk ready for the next customer; a guide who was called still comes."""
    fresh = replace(
        kiosk,
        screen=Home(),
        language=None,
        large=False,
        contrast=False,
        priority_class=ORDINARY,
        needs=(),
        asking=False,
        since_s=now_s,
    )
    return _settle(fresh, now_s)


def _here(kiosk: Kiosk, *, here: bool) -> Kiosk:
    return _told(replace(kiosk, here=here), kiosk.queues)


def _told(kiosk: Kiosk, rows: tuple[QueueRow, ...]) -> Kiosk:
    """Return the kiosk with these rows; while the hall is away nothing holds but that a service is closed for good."""
    if kiosk.here is False:
        rows = tuple(
            QueueRow(
                service=row.service, waiting=0, wait_low_min=None, wait_high_min=None, last_called=None, closed=True
            )
            for row in rows
            if row.closed and row.opens is None
        )
    return replace(kiosk, queues=rows)


def _settle(kiosk: Kiosk, now_s: float) -> Kiosk:
    """Leave a screen that no longer holds: pause when no numbers can be taken, go home when they can again."""
    pause = _pause(kiosk)
    match kiosk.screen:
        case Away() if pause is None:
            return replace(kiosk, screen=Home(), since_s=now_s)
        case Home() | Confirm() | Needs() | Classes() | Missed() | Guide() | Away() if pause is not None:
            return replace(kiosk, screen=Away(why=pause), asking=False)
        case Confirm(service=service) | Needs(service=service) | Classes(service=str(service)) if (
            kiosk.service(service) is None
        ):
            return replace(kiosk, screen=Home(), since_s=now_s)
        case Home() as home if not on_page(kiosk, home):
            return replace(kiosk, screen=Home())
        case _:
            return kiosk


def _pause(kiosk: Kiosk) -> Pause | None:
    if kiosk.is_alone:
        return None
    if kiosk.here is False:
        return Pause.AWAY
    if kiosk.hall is None:
        return Pause.STARTING
    return Pause.NO_DAY if kiosk.day is None else None
