"""Spares from the cupboard, who wait for a place: pure.

Whoever is in the hall's network may say that he is a spare, and as often as he likes. So of one address a few wait, and
of these the first gives way; an address more than a network of 254 has keeps nobody out. They stand in no book until
somebody decides about them: a flood fills no disk.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct

from broker.joining.words import Denied

from .changes import SpareAsked, SpareGiven, SpareTurnedAway

OF_AN_ADDRESS: Final = 4  # wait at a time
MOST: Final = 1_200  # more than so many of every address in a network of 254
NET_OF_ONE: Final = 64  # bits: whoever has an address of IPv6 has all that begin like it
WAITS: Final = timedelta(minutes=30)  # without a word from it
SILENT: Final = timedelta(minutes=1)  # a spare asks every five seconds
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(kw_only=True)
class Spare:
    """A machine that waits for a place, has one, or was turned away."""

    serial: str
    code: str
    address: str
    since: datetime
    seen: datetime
    box: str = ""
    turned_away: bool = False

    def __post_init__(self) -> None:
        self.place = place_of(self.address)


class Waits(Struct, frozen=True, kw_only=True):
    """One that waits, as it is kept beside the book: so that an approval from before a restart still finds it."""

    token: str  # SHA-256, in hex
    serial: str
    code: str
    address: str
    since: datetime


@dataclass(kw_only=True)
class Spares:
    """Those who wait, and those about whom somebody has decided."""

    begun: datetime = LONG_AGO  # nobody knows who was heard just before that
    waiting: dict[str, Spare] = field(default_factory=dict)  # by the hash of the token, who was heard last comes last
    decided: dict[str, Spare] = field(default_factory=dict)
    changed: bool = False  # since they were kept
    _codes: dict[str, str] = field(default_factory=dict)  # their tokens
    _places: dict[str, dict[str, None]] = field(default_factory=dict)  # the tokens at each, the first to come first

    def apply(self, change: SpareAsked | SpareGiven | SpareTurnedAway) -> None:
        match change:
            case SpareAsked(token=token, serial=serial, code=code, at=at, who=who):
                if token not in self.waiting:
                    self._take(token, Spare(serial=serial, code=code, address=who, since=at, seen=at))
            case SpareGiven(token=token, box=box):
                self._decide(token).box = box
            case SpareTurnedAway(token=token):
                self._decide(token).turned_away = True

    def _decide(self, token: str) -> Spare:
        self.changed = True
        if token in self.waiting:
            self.decided[token] = self._let_go(token)
        return self.decided[token]

    def _take(self, token: str, spare: Spare) -> None:
        self.waiting[token] = spare
        self._codes[spare.code] = token
        self._places.setdefault(spare.place, {})[token] = None
        self.changed = True

    def _let_go(self, token: str) -> Spare:
        spare = self.waiting.pop(token)
        if self._codes.get(spare.code) == token:
            del self._codes[spare.code]
        neighbours = self._places[spare.place]
        del neighbours[token]
        if not neighbours:
            del self._places[spare.place]
        self.changed = True
        return spare

    def keep(self) -> Sequence[Waits]:
        """Return what is to be kept of those who wait."""
        return [
            Waits(token=token, serial=each.serial, code=each.code, address=each.address, since=each.since)
            for token, each in self.waiting.items()
        ]

    def kept(self, waits: Sequence[Waits], *, begun: datetime) -> None:
        """Begin with those who were kept."""
        self.begun = begun
        for each in waits:
            asked = SpareAsked(at=each.since, who=each.address, serial=each.serial, code=each.code, token=each.token)
            if each.token not in self.decided:
                self.apply(asked)

    def ask(self, token: str, *, serial: str, code: str, address: str, now: datetime) -> Denied | None:
        """Take in one about whom nobody has decided; it asks again and again."""
        known = self.waiting.pop(token, None)
        if known is not None:
            known.seen = now
            self.waiting[token] = known
            return None
        self._forget(now)
        if code in self._codes:
            return Denied(reason="code_taken")
        if not self._has_room(place_of(address), now):
            return Denied(reason="too_many_spares", args={"most": MOST})
        self._take(token, Spare(serial=serial, code=code, address=address, since=now, seen=now))
        return None

    def _forget(self, now: datetime) -> None:
        """Forget who was not heard for long."""
        while self.waiting:
            token, longest = next(iter(self.waiting.items()))
            if self._may_wait(longest, now):
                return
            self._let_go(token)

    def _has_room(self, place: str, now: datetime) -> bool:
        """Make room for one more, if an earlier one of the place, or one that has fallen silent, gives way."""
        neighbours = self._places.get(place, {})
        if len(neighbours) >= OF_AN_ADDRESS:
            self._let_go(next(iter(neighbours)))
        elif len(self.waiting) >= MOST:
            token, silent = next(iter(self.waiting.items()))
            if now - silent.seen < SILENT:
                return False
            self._let_go(token)
        return True

    def _may_wait(self, spare: Spare, now: datetime) -> bool:
        return now - max(spare.seen, self.begun) <= WAITS

    def heard(self, now: datetime) -> Sequence[Spare]:
        """Return those who wait and were heard lately, the first to come first."""
        return sorted((each for each in self.waiting.values() if now - each.seen <= WAITS), key=lambda one: one.since)

    def showing(self, code: str, now: datetime, *, at: datetime | None = None) -> str:
        """Return the token of the one that shows a code, and did so `at` that time; empty: none does."""
        found = [
            token
            for token, each in self.waiting.items()
            if each.code == code and self._may_wait(each, now) and (at is None or each.since <= at)
        ]
        return found[-1] if found else ""


def place_of(address: str) -> str:
    """Return what counts as one address."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.version == 4:  # noqa: PLR2004 - of the protocol
        return address
    return str(ipaddress.ip_network((known, NET_OF_ONE), strict=False))
