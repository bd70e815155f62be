"""Which screen follows a touch."""

from dataclasses import replace
from typing import Final

from broker.contract.messages import ORDINARY, Language
from hardware.devices import Printed

from .. import shelves
from ..identity import masked
from .customers import at_check_in, at_identify, check_in, must_identify, with_card
from .happenings import PrintSlip, Take, Wish
from .pages import (
    COPIES,
    DIGITS,
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
    Returning,
    Taking,
    Ticket,
    Unread,
)
from .scanning import returning
from .settling import homeward, no_paper
from .state import Kiosk, can_print, on_page, page_size, shut_by
from .struggling import after_offer

LANGUAGES: Final = frozenset(each.value for each in Language)


def after_touch(kiosk: Kiosk, key: str, now_s: float) -> tuple[Kiosk, Wish | None]:
    if kiosk.asking:  # the first touch answers *still there?* and nothing else
        return replace(kiosk, asking=False, since_s=now_s), None
    if kiosk.offering:
        return after_offer(kiosk, key, now_s), None
    name, _, argument = key.partition(":")
    touched = replace(kiosk, since_s=now_s)
    match kiosk.screen, name:
        case (Confirm(service=service), "take"):
            if not can_print(kiosk):
                return replace(touched, screen=no_paper(kiosk)), None
            if must_identify(kiosk, service):
                return replace(touched, screen=Identify(service=service)), None
            return _take(touched, service)
        case (Missed(digits=digits) as typed, "enter") if digits:
            return returning(touched, typed)
        case (Ticket(slip=Printed(), copies=copies) as ticket, "copy") if copies < COPIES and can_print(kiosk):
            again = replace(ticket, slip=None, copies=copies + 1)
            return replace(touched, screen=again), PrintSlip(ticket=again, language=kiosk.ticket_language, is_copy=True)
        case ((Away() | Back(slip=None) | Taking() | Returning() | Checking() | Ticket(slip=None)), _):
            return kiosk, None
        case _, "home":
            return homeward(kiosk, now_s), None
        case Home() as home, _:
            return _at_home(touched, home, name, argument), None
        case _:
            return _typed_or_chosen(touched, name, argument)


def _typed_or_chosen(kiosk: Kiosk, name: str, argument: str) -> tuple[Kiosk, Wish | None]:
    match kiosk.screen:
        case Missed() as typed:
            return _typed(kiosk, typed, name, argument), None
        case CheckIn() as typed:
            return at_check_in(kiosk, typed, name, argument)
        case Identify() as page:
            return _identified(page, *at_identify(kiosk, page, name, argument))
        case Unread() if name == "missed":
            return replace(kiosk, screen=Missed()), None
        case _:
            return _chosen_before(kiosk, name, argument), None


def after_card(kiosk: Kiosk, page: Identify, text: str) -> tuple[Kiosk, Wish | None]:
    """Return the kiosk after a card was read where somebody is asked who he is."""
    return _identified(page, *with_card(kiosk, page, text))


def _identified(page: Identify, kiosk: Kiosk, number: str | None) -> tuple[Kiosk, Wish | None]:
    """Take a number for whoever has said who he is, or skips it; None: he has not yet."""
    if number is None:
        return kiosk, None
    if not can_print(kiosk):
        return replace(kiosk, screen=no_paper(kiosk)), None
    return _take(kiosk, page.service, number)


def _at_home(kiosk: Kiosk, home: Home, name: str, argument: str) -> Kiosk:
    """Return the kiosk after a touch on the services."""
    match name:
        case "service":
            return _chosen(kiosk, argument)
        case "shelf":
            card = next((each for each in on_page(kiosk, home) if each.id == argument), None)
            is_open = isinstance(card, shelves.Shelf) and shut_by(kiosk, card) is None
            return replace(kiosk, screen=Home(shelf=argument)) if is_open else kiosk
        case "more":
            return replace(kiosk, screen=_next_page(kiosk, home))
        case "back" if kiosk.hall is not None:
            shelf, page = shelves.way_back(kiosk.hall, home.shelf, page_size(kiosk))
            return replace(kiosk, screen=Home(shelf=shelf, page=page))
        case "large":
            large, contrast = {(False, False): (True, False), (True, False): (True, True)}.get(
                (kiosk.large, kiosk.contrast), (False, False)
            )
            return replace(kiosk, large=large, contrast=contrast, screen=Home())
        case "language" if argument in LANGUAGES:
            chosen = Language(argument)
            return replace(kiosk, language=None if kiosk.language is chosen else chosen)
        case "courtesy":
            return _courtesy(kiosk, None)
        case "help":
            return replace(kiosk, screen=Guide(), guide_s=kiosk.since_s)
        case "missed":
            return replace(kiosk, screen=Missed())
        case "check_in":
            return check_in(kiosk)
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
        case Confirm(), "back" if kiosk.booking is not None:
            return replace(kiosk, screen=CheckIn(), booking=None)
        case Confirm(service=service), "back" if kiosk.hall is not None:
            shelf, page = shelves.place_of(kiosk.hall, service, page_size(kiosk))
            return replace(kiosk, screen=Home(shelf=shelf, page=page))
        case ((Guide() | Classes()), "back"):
            return replace(kiosk, screen=Home())
        case Guide(), "cancel":
            return replace(kiosk, screen=Home(), guide_s=None)
        case Declined(typed=CheckIn() as typed), "back":
            return replace(kiosk, screen=typed)
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


def _take(kiosk: Kiosk, service_id: str, number: str = "") -> tuple[Kiosk, Wish | None]:
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
        booking=kiosk.booking.code if kiosk.booking is not None else None,
        identity=number,
    )
    return replace(kiosk, screen=Taking(service=service, zone=zone, masked=masked(number))), wish


def _chosen(kiosk: Kiosk, service_id: str) -> Kiosk:
    row = kiosk.queue(service_id)
    if kiosk.service(service_id) is None or (row is not None and (row.full or row.closed)):
        return kiosk
    if not can_print(kiosk):
        return replace(kiosk, screen=no_paper(kiosk))
    return replace(kiosk, screen=Confirm(service=service_id), booking=None)
