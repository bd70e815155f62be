"""Which screen follows which touch.

Pure: touches, views, answers and ticks come in, the next state and what is wished for come out. Nothing here asks the
time, prints, sends or draws. `now_s` is monotonic seconds.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Final, assert_never

from broker.contract.messages import (
    Hall,
    HallView,
    Language,
    QueueRow,
    QueuesView,
    Refused,
    Service,
    TicketTaken,
    Zone,
)
from hardware.devices import PaperState, Printed, PrintResult

CONNECT_S: Final = 5.0  # after a start, how long a known hall is shown before the dispatcher counts as away
EMPTY: Final = frozenset({PaperState.OUT, PaperState.COVER_OPEN})
SLIPS: Final = frozenset({PaperState.OK, PaperState.NEAR_END, None})  # a silent printer is never read as fine

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
    page: int = 0


@dataclass(frozen=True, kw_only=True)
class Confirm:
    service: str


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


@dataclass(frozen=True, kw_only=True)
class NoPaper:
    """No slip can be printed; `voided` is the ticket that was lost to it, if one was taken."""

    paper: PaperState
    voided: str | None = None


@dataclass(frozen=True, kw_only=True)
class Declined:
    """The dispatcher gave no number; `reason` is a key of the texts' table `refusal`."""

    reason: str
    opens: datetime | None = None  # when there are numbers again


Screen = Away | Home | Confirm | Taking | Ticket | NoPaper | Declined

# What comes in --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Touched:
    """A key was touched: `service:ID`, `take`, `home`, `back`, `more`, `large` or `language:zh`, `language:en`."""

    key: str


@dataclass(frozen=True, kw_only=True)
class HallHere:
    here: bool


@dataclass(frozen=True, kw_only=True)
class PaperSeen:
    paper: PaperState


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The dispatcher's answer to `Take`; None when none came in time."""

    answer: TicketTaken | Refused | None


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


@dataclass(frozen=True, kw_only=True)
class PrintSlip:
    ticket: Ticket
    language: Language


Wish = Take | PrintSlip

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
    paper: PaperState | None = None  # None: not asked yet
    language: Language | None = None  # None: nobody has chosen, both are shown
    large: bool = False

    @property
    def ticket_language(self) -> Language:
        return self.language or Language.ZH

    def service(self, service_id: str) -> Service | None:
        services = self.hall.services if self.hall is not None else ()
        return next((each for each in services if each.id == service_id), None)

    def queue(self, service_id: str) -> QueueRow | None:
        return next((row for row in self.queues if row.service == service_id), None)


def started(
    *, hall: HallView | None, idle_s: float, ticket_s: float, now_s: float, paper: PaperState | None = None
) -> Kiosk:
    """Return the kiosk as it starts, with the hall that it remembers."""
    kiosk = Kiosk(screen=Home(), since_s=now_s, idle_s=idle_s, ticket_s=ticket_s, paper=paper)
    if hall is not None:
        kiosk = replace(kiosk, hall=hall.hall, day=hall.day)
    return _home(kiosk, now_s)


def page_size(kiosk: Kiosk) -> int:
    return 4 if kiosk.large else 6


def pages(kiosk: Kiosk) -> int:
    services = len(kiosk.hall.services) if kiosk.hall is not None else 0
    return max(1, -(-services // page_size(kiosk)))


def services_shown(kiosk: Kiosk, page: int) -> tuple[Service, ...]:
    services = kiosk.hall.services if kiosk.hall is not None else ()
    size = page_size(kiosk)
    return services[page * size : (page + 1) * size]


def can_print(kiosk: Kiosk) -> bool:
    """Return whether a slip may be tried: without one, no number is taken."""
    return kiosk.paper in SLIPS


def home_at_s(kiosk: Kiosk) -> float | None:
    """Return when the screen falls back to home by itself; None: it does not."""
    match kiosk.screen:
        case Away() | Taking():
            return None
        case Ticket(slip=None):
            return None
        case Ticket(slip=Printed.YES):
            return kiosk.since_s + kiosk.ticket_s
        case Home(page=0) if kiosk.language is None and not kiosk.large:
            return None
        case _:
            return kiosk.since_s + kiosk.idle_s


def due_at_s(kiosk: Kiosk) -> float | None:
    """Return when `Ticked` will change something; None: not before something else has happened."""
    return kiosk.since_s + CONNECT_S if kiosk.here is None else home_at_s(kiosk)


def follow(kiosk: Kiosk, happening: Happening, now_s: float) -> tuple[Kiosk, Wish | None]:
    """Return the kiosk after what happened, and what is to be done for it."""
    match happening:
        case Touched(key=key):
            return _touched(kiosk, key, now_s)
        case HallView():
            return _settle(replace(kiosk, hall=happening.hall, day=happening.day), now_s), None
        case QueuesView():
            return replace(kiosk, queues=happening.queues), None
        case HallHere(here=here):
            return _settle(replace(kiosk, here=here), now_s), None
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
    name, _, argument = key.partition(":")
    touched = replace(kiosk, since_s=now_s)
    match kiosk.screen, name:
        case (Home(), "service"):
            return _chosen(touched, argument), None
        case (Home(page=page), "more"):
            return replace(touched, screen=Home(page=(page + 1) % pages(kiosk))), None
        case (Home(), "large"):
            return replace(touched, large=not kiosk.large, screen=Home()), None
        case (Home(), "language"):
            chosen = Language(argument)
            return replace(touched, language=None if kiosk.language is chosen else chosen), None
        case (Confirm(service=service), "take"):
            if not can_print(kiosk):
                return replace(touched, screen=_no_paper(kiosk)), None
            return _take(touched, service)
        case (Confirm(), "back"):
            return replace(touched, screen=Home(page=_page_of(kiosk, kiosk.screen))), None
        case ((Confirm() | NoPaper() | Declined()), "home"):
            return _home(kiosk, now_s), None
        case (Ticket(slip=slip), "home") if slip is not None:
            return _home(kiosk, now_s), None
        case _:
            return kiosk, None


def _take(kiosk: Kiosk, service_id: str) -> tuple[Kiosk, Wish | None]:
    service = kiosk.service(service_id)
    if service is None or kiosk.hall is None:
        return kiosk, None
    zone = next(each for each in kiosk.hall.zones if each.id == service.zone)
    wish = Take(service=service_id, language=kiosk.ticket_language)
    return replace(kiosk, screen=Taking(service=service, zone=zone)), wish


def _chosen(kiosk: Kiosk, service_id: str) -> Kiosk:
    row = kiosk.queue(service_id)
    if kiosk.service(service_id) is None or (row is not None and (row.full or row.closed)):
        return kiosk
    if not can_print(kiosk):
        return replace(kiosk, screen=_no_paper(kiosk))
    return replace(kiosk, screen=Confirm(service=service_id))


def _page_of(kiosk: Kiosk, screen: Confirm) -> int:
    services = kiosk.hall.services if kiosk.hall is not None else ()
    places = [place for place, each in enumerate(services) if each.id == screen.service]
    return places[0] // page_size(kiosk) if places else 0


def _no_paper(kiosk: Kiosk, voided: str | None = None) -> NoPaper:
    return NoPaper(paper=kiosk.paper or PaperState.UNKNOWN, voided=voided)


def _answered(kiosk: Kiosk, answer: TicketTaken | Refused | None, now_s: float) -> tuple[Kiosk, Wish | None]:
    if not isinstance(kiosk.screen, Taking):
        return kiosk, None
    match answer:
        case TicketTaken():
            ticket = Ticket(service=kiosk.screen.service, zone=kiosk.screen.zone, taken=answer)
            return replace(kiosk, screen=ticket, since_s=now_s), PrintSlip(
                ticket=ticket, language=kiosk.ticket_language
            )
        case Refused(reason=reason, args=args):
            return replace(kiosk, screen=Declined(reason=reason, opens=_time(args.get("opens"))), since_s=now_s), None
        case None:
            return replace(kiosk, screen=Declined(reason="unanswered"), since_s=now_s), None
        case _:
            assert_never(answer)


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
    if kiosk.here is None and due_s is not None and now_s >= due_s:
        return _settle(replace(kiosk, here=False), now_s)
    return _home(kiosk, now_s) if due_s is not None and now_s >= due_s else kiosk


def _home(kiosk: Kiosk, now_s: float) -> Kiosk:
    """Return the kiosk ready for the next customer."""
    return _settle(replace(kiosk, screen=Home(), language=None, large=False, since_s=now_s), now_s)


def _settle(kiosk: Kiosk, now_s: float) -> Kiosk:
    """Leave a screen that no longer holds: pause when no numbers can be taken, go home when they can again."""
    pause = _pause(kiosk)
    match kiosk.screen:
        case Away() if pause is None:
            return replace(kiosk, screen=Home(), since_s=now_s)
        case Home() | Confirm() | Away() if pause is not None:
            return replace(kiosk, screen=Away(why=pause))
        case Confirm(service=service) if kiosk.service(service) is None:
            return replace(kiosk, screen=Home(), since_s=now_s)
        case Home(page=page) if page >= pages(kiosk):
            return replace(kiosk, screen=Home())
        case _:
            return kiosk


def _pause(kiosk: Kiosk) -> Pause | None:
    if kiosk.here is False:
        return Pause.AWAY
    if kiosk.hall is None:
        return Pause.STARTING
    return Pause.NO_DAY if kiosk.day is None else None
