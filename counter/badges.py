"""Who signs in with which card or PIN, and what is typed on a pad meanwhile. Pure.

A PIN is typed digit by digit and ended with *enter*; nobody can read it on the pad. After three wrong ones the pad
takes none for a minute.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from broker.badge_file import Badge
from broker.contract.messages import SignedInBy
from hardware.devices import PadKey

LONGEST: Final = 8
PAUSE_S: Final = 10.0  # what was typed before such a pause is forgotten
TRIES: Final = 3
LOCKED_S: Final = 60.0
DIGITS: Final = {key: key.value for key in PadKey if key.value.isdecimal()}
TYPED: Final = frozenset({*DIGITS, PadKey.ENTER, PadKey.CLEAR})
_HIDDEN: Final = "-"
_SHOWN: Final = 3


@dataclass(frozen=True, kw_only=True)
class Typing:
    """What the pad shows while a PIN is typed; "" shows again what the counter does."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Known:
    clerk: str
    by: SignedInBy


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """No clerk has this card or PIN, or too many wrong ones were typed."""


BadgeAct = Typing | Known | Unknown


class Badges:
    """Those of one window. `now` is monotonic seconds."""

    def __init__(self, badges: Sequence[Badge]) -> None:
        self._cards = {each.card: each.clerk for each in badges if each.card}
        self._pins = {each.pin: each.clerk for each in badges if each.pin}
        self._typed = ""
        self._typed_at = 0.0
        self._wrong = 0
        self._locked_until = 0.0

    def next_deadline(self) -> float | None:
        return self._typed_at + PAUSE_S if self._typed else None

    def card(self, code: str) -> BadgeAct:
        clerk = self._cards.get(code)
        return Known(clerk=clerk, by=SignedInBy.CARD) if clerk is not None else Unknown()

    def typed(self, key: PadKey, now: float) -> BadgeAct:
        if now < self._locked_until:
            return Unknown()
        if now - self._typed_at > PAUSE_S:
            self._typed = ""
        self._typed_at = now
        if key is PadKey.ENTER:
            return self._enter(now)
        self._typed = "" if key is PadKey.CLEAR else (self._typed + DIGITS[key])[:LONGEST]
        return Typing(text=_HIDDEN * min(len(self._typed), _SHOWN))

    def elapsed(self, now: float) -> BadgeAct | None:
        """Forget what was begun and not ended."""
        if not self._typed or now < self._typed_at + PAUSE_S:
            return None
        self._typed = ""
        return Typing(text="")

    def _enter(self, now: float) -> BadgeAct:
        pin, self._typed = self._typed, ""
        clerk = self._pins.get(pin)
        if clerk is not None:
            self._wrong = 0
            return Known(clerk=clerk, by=SignedInBy.PIN)
        self._wrong += 1
        if self._wrong >= TRIES:
            self._wrong, self._locked_until = 0, now + LOCKED_S
        return Unknown()
