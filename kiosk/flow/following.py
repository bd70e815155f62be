"""Whatever happens: the next state, and what is wished for."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from broker.contract.messages import BookingFound, HallView, QueuesView, Refused, Returned, TicketTaken
from hardware.devices import PaperState, Printed, PrintResult

from .customers import checked
from .effort import Patience
from .happenings import (
    Answered,
    CardRead,
    HallHere,
    Happening,
    PaperSeen,
    Pressed,
    PrintSlip,
    Scanned,
    SlipDone,
    Ticked,
    Touched,
    Wish,
)
from .moments import GUIDE_S, WARN_S, due_at_s, home_at_s, is_warned
from .pages import CheckIn, Checking, Declined, Home, Identify, Missed, Returning, Taking, Ticket
from .pressing import after_press, refocused
from .scanning import after_scan, return_printed, returned, without_note
from .settling import homeward, no_paper, papered, reached, settled, told
from .state import Kiosk
from .struggling import noticed, ticked
from .touches import after_card, after_touch


def started(
    *,
    hall: HallView | None,
    idle_s: float,
    ticket_s: float,
    now_s: float,
    paper: PaperState | None = None,
    per_page: int = 6,
    node: str = "",
    public_url: str = "",
    can_hash: bool = False,
    patience: Patience | None = None,
) -> Kiosk:
    """Return the kiosk as it starts, with the hall that it remembers."""
    kiosk = Kiosk(
        screen=Home(),
        since_s=now_s,
        idle_s=idle_s,
        ticket_s=ticket_s,
        paper=paper,
        per_page=per_page,
        node=node,
        public_url=public_url,
        can_hash=can_hash,
    )
    if patience is not None:
        kiosk = replace(kiosk, patience=patience)
    if hall is not None:
        kiosk = replace(kiosk, hall=hall.hall, day=hall.day, evacuation=hall.evacuation)
    return homeward(kiosk, now_s)


def follow(kiosk: Kiosk, happening: Happening, now_s: float) -> tuple[Kiosk, Wish | None]:
    """Return the kiosk after what happened, and what is to be done for it."""
    after, wish = _followed(kiosk, happening, now_s)
    return refocused(kiosk, noticed(kiosk, after, happening, now_s)), wish


def _followed(kiosk: Kiosk, happening: Happening, now_s: float) -> tuple[Kiosk, Wish | None]:
    match happening:
        case Touched(key=key):
            return after_touch(kiosk, key, now_s)
        case Pressed():
            return after_press(kiosk, happening, now_s)
        case Scanned() | CardRead():
            return _read(kiosk, happening, now_s)
        case HallView():
            told_so = replace(kiosk, hall=happening.hall, day=happening.day, evacuation=happening.evacuation)
            return settled(told_so, now_s), None
        case QueuesView():
            return told(kiosk, happening.queues), None
        case HallHere(here=here):
            return settled(reached(kiosk, here=here), now_s), None
        case PaperSeen(paper=paper):
            return papered(replace(kiosk, paper=paper), now_s), None
        case Answered(answer=answer):
            answered, wish = _answered(kiosk, answer, now_s)
            return settled(answered, now_s), wish
        case SlipDone(result=result):
            return settled(_slip_done(kiosk, result, now_s), now_s), None
        case Ticked():
            return _ticked(kiosk, now_s), None
        case _:
            assert_never(happening)


def _answered(
    kiosk: Kiosk, answer: TicketTaken | Returned | BookingFound | Refused | None, now_s: float
) -> tuple[Kiosk, Wish | None]:
    answered = replace(kiosk, since_s=now_s)
    match kiosk.screen, answer:
        case Taking(service=service, zone=zone), TicketTaken():
            ticket = Ticket(service=service, zone=zone, taken=answer)
            wish = PrintSlip(ticket=ticket, language=kiosk.ticket_language)
            return replace(answered, screen=ticket), wish
        case Returning(), Returned():
            return returned(answered, answer)
        case Checking(), BookingFound():
            return checked(answered, answer), None
        case ((Taking() | Returning() | Checking()), _):
            reason, args = (answer.reason, answer.args) if isinstance(answer, Refused) else ("unanswered", {})
            typed = _typed_before(kiosk)
            declined = Declined(reason=reason, args=tuple(args.items()), opens=_time(args.get("opens")), typed=typed)
            return replace(answered, screen=declined), None
        case _:
            return kiosk, None


def _read(kiosk: Kiosk, happening: Scanned | CardRead, now_s: float) -> tuple[Kiosk, Wish | None]:
    """Return the kiosk after a code or a card was read; many card readers type their number as a scanner does."""
    text = happening.text if isinstance(happening, Scanned) else happening.number
    if isinstance(kiosk.screen, Identify):
        return after_card(replace(kiosk, since_s=now_s, asking=False), kiosk.screen, text)
    return after_scan(kiosk, text, now_s) if isinstance(happening, Scanned) else (kiosk, None)


def _typed_before(kiosk: Kiosk) -> Missed | CheckIn | None:
    """Return the page on which the customer may type again what was refused."""
    match kiosk.screen:
        case Returning(typed=typed):
            return typed
        case Checking():
            return CheckIn()
        case _:
            return None


def _time(said: str | int | None) -> datetime | None:
    return datetime.fromisoformat(said) if isinstance(said, str) else None


def _slip_done(kiosk: Kiosk, result: PrintResult, now_s: float) -> Kiosk:
    kiosk = replace(kiosk, paper=result.paper, since_s=now_s)
    if not isinstance(kiosk.screen, Ticket):
        return return_printed(kiosk, result.printed)
    if result.printed is Printed.NO:
        return replace(kiosk, screen=no_paper(kiosk, voided=kiosk.screen.taken.ticket))
    return replace(kiosk, screen=replace(kiosk.screen, slip=result.printed))


def _ticked(kiosk: Kiosk, now_s: float) -> Kiosk:
    due_s = due_at_s(kiosk)
    if due_s is None or now_s < due_s:
        return kiosk
    if kiosk.here is None:
        return settled(reached(kiosk, here=False), now_s)
    if kiosk.guide_s is not None and now_s >= kiosk.guide_s + GUIDE_S:
        return replace(kiosk, guide_s=None)
    if without_note(kiosk, now_s) != kiosk:
        return without_note(kiosk, now_s)
    warns = is_warned(kiosk) and not kiosk.asking
    home_s = home_at_s(kiosk)
    if home_s is None or now_s < home_s - (WARN_S if warns else 0):
        return ticked(kiosk, now_s)
    return replace(kiosk, asking=True) if warns else homeward(kiosk, now_s)
