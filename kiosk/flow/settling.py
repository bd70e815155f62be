"""Screens that no longer hold are left: the hall went away or came back, paper is out, the customer is gone."""

from dataclasses import replace

from broker.contract.messages import ORDINARY, QueueRow
from hardware.devices import PaperState

from .effort import Effort
from .pages import (
    Away,
    Back,
    CheckIn,
    Checking,
    Classes,
    Confirm,
    Declined,
    Guide,
    Home,
    Identify,
    Missed,
    Needs,
    NoPaper,
    Pause,
    Returning,
    Taking,
    Ticket,
)
from .state import Kiosk, can_print, on_page


def no_paper(kiosk: Kiosk, voided: str | None = None) -> NoPaper:
    return NoPaper(paper=kiosk.paper or PaperState.UNKNOWN, voided=voided)


def papered(kiosk: Kiosk, now_s: float) -> Kiosk:
    """Leave the screen that says "no paper" once there is some; a voided ticket stays there to be read."""
    match kiosk.screen:
        case NoPaper(voided=None) if can_print(kiosk):
            return homeward(kiosk, now_s)
        case NoPaper(voided=None) as screen:
            return replace(kiosk, screen=replace(screen, paper=kiosk.paper or PaperState.UNKNOWN))
        case _:
            return kiosk


def homeward(kiosk: Kiosk, now_s: float) -> Kiosk:
    """Return the kiosk ready for the next customer; a guide who was called still comes."""
    fresh = replace(
        kiosk,
        screen=Home(),
        language=None,
        large=False,
        contrast=False,
        priority_class=ORDINARY,
        needs=(),
        booking=None,
        asking=False,
        noted_s=None,
        effort=Effort(),
        offering=False,
        listening=False,
        focus=None,
        volume=0,
        since_s=now_s,
    )
    return settled(fresh, now_s)


def hushed(kiosk: Kiosk) -> Kiosk:
    """Return the kiosk as it is for those who only touch: nothing is said."""
    return replace(kiosk, listening=False, focus=None, volume=0)


def reached(kiosk: Kiosk, *, here: bool) -> Kiosk:
    return told(replace(kiosk, here=here), kiosk.queues)


def told(kiosk: Kiosk, rows: tuple[QueueRow, ...]) -> Kiosk:
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


def settled(kiosk: Kiosk, now_s: float) -> Kiosk:
    """Leave a screen that no longer holds: pause when no numbers can be taken, go home when they can again."""
    pause = pause_of(kiosk)
    match kiosk.screen:
        case Taking() | Returning() | Checking() | Ticket(slip=None):
            return kiosk  # the hall or the printer has not answered
        case Back(slip=None):
            return kiosk  # so has the printer
        case Away(why=why) if why is pause:
            return kiosk
        case _ if pause is Pause.EVACUATION:
            return replace(kiosk, screen=Away(why=pause), language=None, asking=False)
        case Away() if pause is None:
            return replace(kiosk, screen=Home(), since_s=now_s)
        case Home() | Confirm() | Needs() | Classes() | Missed() | CheckIn() | Identify() | Guide() | Away() if (
            pause is not None
        ):
            return replace(kiosk, screen=Away(why=pause), asking=False)
        case (
            Confirm(service=service)
            | Needs(service=service)
            | Identify(service=service)
            | Classes(service=str(service))
        ) if kiosk.service(service) is None:
            return replace(kiosk, screen=Home(), since_s=now_s)
        case CheckIn() if kiosk.is_alone:
            return replace(kiosk, screen=Declined(reason="booking_alone"), since_s=now_s)
        case Home() as home if not on_page(kiosk, home):
            return replace(kiosk, screen=Home())
        case _:
            return kiosk


def pause_of(kiosk: Kiosk) -> Pause | None:
    if kiosk.evacuation:
        return Pause.EVACUATION
    if kiosk.is_alone:
        return None
    if kiosk.here is False:
        return Pause.AWAY
    if kiosk.hall is None:
        return Pause.STARTING
    return Pause.NO_DAY if kiosk.day is None else None
