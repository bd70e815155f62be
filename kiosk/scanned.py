"""What a scanned text means at a kiosk. Pure.

A slip's own small code is `HC1:T:` with the visit, a booking's `HC1:B:` with its code; the address under which a slip
is followed names the visit or the ticket; a bare ticket number, or a bare row of digits, may stand on any paper. A
text is what a stranger holds before the scanner: all else is unknown.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

TICKET_CODE: Final = "HC1:T:"
BOOKING_CODE: Final = "HC1:B:"
_TICKET: Final = r"(?P<letters>[ABCEFHLPU]{1,2})[ -]?(?P<digits>\d{1,4})"
_DAY: Final = r"(?P<day>\d{4}-\d{2}-\d{2})"
_ON_PAPER: Final = re.compile(f"(?:{_DAY}-)?{_TICKET}")
_IN_ADDRESS: Final = re.compile(f"{_DAY}-{_TICKET}")
_CODE: Final = re.compile(r"[0-9A-Z][0-9A-Z-]{2,31}")
_BLANK: Final = "[^/?&#]+"
_PARTS: Final = re.compile(r"[/?&=#;]")


@dataclass(frozen=True, kw_only=True)
class TicketCode:
    """A number; `day` is its business day (ISO), where the paper says so."""

    ticket: str
    day: str | None = None


@dataclass(frozen=True, kw_only=True)
class BookingCode:
    code: str


@dataclass(frozen=True)
class Unknown:
    """Nothing that this hall has given out."""


Meaning = TicketCode | BookingCode | Unknown


def code_of(visit: str) -> str:
    """Return what the small code on a slip holds."""
    return TICKET_CODE + visit


def meaning(text: str, *, public_url: str = "") -> Meaning:
    """Return what a scanned text stands for; `public_url` is the template of the address on slips."""
    said = text.strip()
    if said.lower().startswith(("http:", "https:")):
        return _in_address(said, public_url)
    said = said.upper()
    if said.startswith(TICKET_CODE):
        return _ticket(_ON_PAPER.fullmatch(said.removeprefix(TICKET_CODE)))
    if said.startswith(BOOKING_CODE):
        code = said.removeprefix(BOOKING_CODE)
        return BookingCode(code=code) if _CODE.fullmatch(code) else Unknown()
    if said.isascii() and said.isdecimal() and _CODE.fullmatch(said):
        return BookingCode(code=said)
    return _ticket(_ON_PAPER.fullmatch(said))


def _in_address(said: str, public_url: str) -> Meaning:
    """Return the ticket that an address names: at the template's place, or as a whole visit anywhere in it."""
    own = re.escape(public_url)
    for name in ("visit", "ticket"):
        blank = re.escape(f"{{{name}}}")
        own = own.replace(blank, f"(?P<{name}>{_BLANK})", 1).replace(blank, _BLANK)
    found = re.fullmatch(own, said, re.IGNORECASE) if public_url else None
    blanks = found.groupdict() if found is not None else {}
    named = blanks.get("visit") or blanks.get("ticket")
    if named is not None:
        return _ticket(_ON_PAPER.fullmatch(unquote(named).upper()))
    parts = (_IN_ADDRESS.fullmatch(unquote(part).upper()) for part in _PARTS.split(said))
    return _ticket(next((part for part in parts if part is not None), None))


def _ticket(found: re.Match[str] | None) -> Meaning:
    """Return a number as it stands on slips."""
    if found is None:
        return Unknown()
    return TicketCode(ticket=f"{found['letters']}{int(found['digits']):03d}", day=found["day"])
