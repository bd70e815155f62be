"""The number by which a customer says who he is: what is accepted, what is shown of it, what is sent of it. Pure.

Sent is a keyed hash (HMAC-SHA256, cut to 96 bits) that holds the hall and the day. A plain hash would hide nothing:
there are 10^10 account numbers of ten digits, and about as many living people's ID numbers, and a single graphics card
tries them all within seconds. The key lies on this hall's kiosks only, so nobody who reads events, journal or bus can
try numbers; and as the day is hashed with it, two days' hashes of a person have nothing in common. A stolen key
undoes this for the days whose journals were stolen with it: keep it readable by the kiosk alone.
"""

import hmac
from typing import Final

from broker.contract.messages import Hall, Identity, IdentityKind, Service

ID_CARD: Final = 18  # characters of a Chinese resident's number
SHOWN: Final = 4  # last characters that stay legible
HASH: Final = 24  # hexadecimal digits
LEAST_KEY: Final = 32  # characters
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999: ISO 7064, MOD 11-2
_CHECKS: Final = "10X98765432"


def asks(hall: Hall | None, service: Service | None) -> bool:
    """Tell whether a service asks who the customer is."""
    identity = hall.identity if hall is not None else None
    return identity is not None and service is not None and service.id in (*identity.required, *identity.optional)


def longest(identity: Identity) -> int:
    return ID_CARD if identity.kind is IdentityKind.ID_CARD else max(identity.digits)


def typed_on(identity: Identity, typed: str, character: str) -> str:
    """Return what is typed after one more character; X is the last of some ID numbers."""
    is_last = identity.kind is IdentityKind.ID_CARD and len(typed) == ID_CARD - 1
    fits = character in {*"0123456789"} or (character == "X" and is_last)
    return typed + character if fits and len(typed) < longest(identity) else typed


def is_whole(identity: Identity, typed: str) -> bool:
    """Tell whether as many characters are there as such a number has."""
    if identity.kind is IdentityKind.ID_CARD:
        return len(typed) == ID_CARD
    return len(typed) in identity.digits


def is_right(identity: Identity, typed: str) -> bool:
    """Tell whether there may be such a number: an ID number's last character follows from the others."""
    digits = typed[:-1] if identity.kind is IdentityKind.ID_CARD else typed
    if not is_whole(identity, typed) or not (digits.isascii() and digits.isdecimal()):
        return False
    if identity.kind is not IdentityKind.ID_CARD:
        return True
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return typed[-1] == _CHECKS[total % 11]


def masked(number: str) -> str:
    """Return a number as it may stand on a screen."""
    return "•" * (len(number) - SHOWN) + number[-SHOWN:]


def person_of(number: str, *, key: bytes, hall: str, day: str, kind: IdentityKind) -> str:
    """Return what is sent of a number on a day."""
    said = f"hallcall person\n{hall}\n{day}\n{kind.value}\n{number}"
    return hmac.digest(key, said.encode(), "sha256").hex()[:HASH]
