"""Which screen follows a scanned code, and a number that waits again."""

from dataclasses import replace
from typing import Final

from broker.contract.messages import Language, Returned
from hardware.devices import Printed

from ..scanned import BookingCode, TicketCode, Unknown, meaning
from .customers import with_code
from .happenings import PrintReturn, Return, Wish
from .moments import note_ends_s
from .pages import Away, Back, Checking, Misread, Missed, Returning, Taking, Ticket, Unread
from .settling import homeward
from .state import Kiosk, can_print

STILL_S: Final = 3.0  # a code that stays before the scanner is read again and again, and counts once


def after_scan(kiosk: Kiosk, text: str, now_s: float) -> tuple[Kiosk, Wish | None]:
    """Return the kiosk after a code was read: a missed number waits again at once."""
    code = hash(text)
    if code == kiosk.scan and now_s < kiosk.scan_s + STILL_S:
        return replace(kiosk, scan_s=now_s), None
    seen = replace(kiosk, scan=code, scan_s=now_s, asking=False)
    match kiosk.screen:
        case Away():
            return kiosk, None
        case Taking() | Returning() | Checking() | Ticket(slip=None) | Back(slip=None):
            return replace(seen, noted_s=now_s), None
        case Ticket() | Back():  # whoever stood here before has his paper: the next customer
            return _read(homeward(seen, now_s), text)
        case _:
            return _read(replace(seen, since_s=now_s), text)


def _read(kiosk: Kiosk, text: str) -> tuple[Kiosk, Wish | None]:
    match meaning(text, public_url=kiosk.public_url):
        case TicketCode(day=str(day)) if kiosk.day is not None and day != kiosk.day:
            return replace(kiosk, screen=Unread(why=Misread.OTHER_DAY)), None
        case TicketCode(ticket=ticket):
            letters = ticket.rstrip("0123456789")
            return returning(kiosk, Missed(prefix=letters, digits=ticket.removeprefix(letters)))
        case BookingCode(code=code):
            return with_code(kiosk, code)
        case Unknown():
            return replace(kiosk, screen=Unread(why=Misread.UNKNOWN)), None


def returning(kiosk: Kiosk, typed: Missed) -> tuple[Kiosk, Wish | None]:
    """Ask the dispatcher to let a number wait again that was typed or scanned."""
    if kiosk.here is False:
        return replace(kiosk, screen=Unread(why=Misread.AWAY)), None
    return replace(kiosk, screen=Returning(typed=typed)), Return(ticket=typed.ticket)


def returned(kiosk: Kiosk, answer: Returned) -> tuple[Kiosk, Wish | None]:
    """Return the page of a number that waits again, in the ticket's language, and wish for its slip."""
    service = kiosk.service(answer.service)
    zones = kiosk.hall.zones if kiosk.hall is not None else ()
    zone = next((each for each in zones if service is not None and each.id == service.zone), None)
    if kiosk.language is None and service is not None and answer.language is not Language.ZH:
        kiosk = replace(kiosk, language=answer.language)
    back = Back(answer=answer, service=service, zone=zone)
    if service is None or zone is None or answer.at is None or not can_print(kiosk):
        return replace(kiosk, screen=back), None
    row = kiosk.queue(service.id)
    if row is not None and not answer.after_next and row.wait_low_min is not None and row.wait_high_min is not None:
        back = replace(back, wait_min=(row.wait_low_min, row.wait_high_min))
    printing = replace(back, slip=None)
    return replace(kiosk, screen=printing), PrintReturn(back=printing, language=kiosk.ticket_language)


def return_printed(kiosk: Kiosk, printed: Printed) -> Kiosk:
    """Return the kiosk once the new place was put on paper, or not: the number waits again all the same."""
    if isinstance(kiosk.screen, Back) and kiosk.screen.slip is None:
        return replace(kiosk, screen=replace(kiosk.screen, slip=printed))
    return kiosk


def without_note(kiosk: Kiosk, now_s: float) -> Kiosk:
    """Return the kiosk without the note that a code was set aside, once that has stood long enough."""
    ends_s = note_ends_s(kiosk)
    return replace(kiosk, noted_s=None) if ends_s is not None and now_s >= ends_s else kiosk
