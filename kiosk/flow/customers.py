"""Customers who are expected, or say who they are: a booking's code, an account or ID number."""

from dataclasses import replace
from typing import Final

from broker.contract.messages import BookingFound

from .. import identity
from .happenings import Check, Wish
from .pages import CheckIn, Checking, Confirm, Declined, Home, Identify
from .settling import no_paper
from .state import Kiosk, can_print

CODE: Final = (6, 12)  # digits of a booking's code, at least and at most


def takes_bookings(kiosk: Kiosk) -> bool:
    return kiosk.hall is not None and kiosk.hall.bookings


def at_check_in(kiosk: Kiosk, typed: CheckIn, name: str, argument: str) -> tuple[Kiosk, Wish | None]:
    """Return the kiosk after a touch on the page for a booking's code."""
    match name:
        case "digit" if len(typed.digits) < CODE[1] and argument in {*"0123456789"}:
            return replace(kiosk, screen=CheckIn(digits=typed.digits + argument)), None
        case "delete" if typed.digits:
            return replace(kiosk, screen=CheckIn(digits=typed.digits[:-1])), None
        case "enter" if len(typed.digits) >= CODE[0]:
            return with_code(kiosk, typed.digits)
        case "back":
            return replace(kiosk, screen=Home()), None
        case _:
            return kiosk, None


def check_in(kiosk: Kiosk) -> Kiosk:
    """Return the page for a booking's code, or why there is none now."""
    if not takes_bookings(kiosk):
        return kiosk
    if kiosk.is_alone:  # nobody can look a code up
        return replace(kiosk, screen=Declined(reason="booking_alone"))
    return replace(kiosk, screen=CheckIn())


def with_code(kiosk: Kiosk, code: str) -> tuple[Kiosk, Wish | None]:
    """Return the kiosk after a booking's code was typed or scanned."""
    kiosk = replace(kiosk, booking=None)
    if not takes_bookings(kiosk):
        return replace(kiosk, screen=Declined(reason="no_bookings")), None
    if kiosk.is_alone:
        return check_in(kiosk), None
    if not can_print(kiosk):
        return replace(kiosk, screen=no_paper(kiosk)), None
    if not (code.isascii() and code.isdecimal() and CODE[0] <= len(code) <= CODE[1]):
        return replace(kiosk, screen=Declined(reason="unknown_booking", typed=CheckIn())), None
    return replace(kiosk, screen=Checking(code=code)), Check(code=code)


def checked(kiosk: Kiosk, found: BookingFound) -> Kiosk:
    """Return the confirm page of a booked visit."""
    if kiosk.service(found.service) is None:
        return replace(kiosk, screen=Declined(reason="unknown_service"))
    return replace(kiosk, screen=Confirm(service=found.service), booking=found)


def must_identify(kiosk: Kiosk, service: str) -> bool:
    """Tell whether to ask who the customer is. While the hall is away nobody could count his numbers."""
    return kiosk.can_hash and not kiosk.is_alone and identity.asks(kiosk.hall, kiosk.service(service))


def at_identify(kiosk: Kiosk, page: Identify, name: str, argument: str) -> tuple[Kiosk, str | None]:
    """Return the kiosk after a touch on the page for who one is, and the number once it is entered; empty: skipped."""
    asked = kiosk.hall.identity if kiosk.hall is not None else None
    if asked is None:
        return replace(kiosk, screen=Confirm(service=page.service)), None
    match name:
        case "digit":
            typed = identity.typed_on(asked, page.typed, argument)
            return replace(kiosk, screen=replace(page, typed=typed, is_wrong=False)), None
        case "delete":
            return replace(kiosk, screen=replace(page, typed=page.typed[:-1], is_wrong=False)), None
        case "enter" if identity.is_right(asked, page.typed):
            return kiosk, page.typed
        case "enter" if identity.is_whole(asked, page.typed):
            return replace(kiosk, screen=replace(page, is_wrong=True)), None
        case "skip" if page.service in asked.optional:
            return kiosk, ""
        case "back":
            return replace(kiosk, screen=Confirm(service=page.service)), None
        case _:
            return kiosk, None


def with_card(kiosk: Kiosk, page: Identify, text: str) -> tuple[Kiosk, str | None]:
    """Return the kiosk after a card or a code was read on the page for who one is, and the number that it holds."""
    asked = kiosk.hall.identity if kiosk.hall is not None else None
    number = text.strip().upper()
    if asked is not None and identity.is_right(asked, number):
        return kiosk, number
    return replace(kiosk, screen=replace(page, typed="", is_wrong=True)), None
