"""Whom a rating key speaks for: when the keypad asks, and which call a rating belongs to. Pure.

Its rules:
- A finished call is asked about once, for some seconds, until its rating or the next call at the counter.
- A rating that arrives a little after the asking has ended belongs to the call that was asked about.
- What nobody was asked for is no rating; no rating is nothing, never *satisfied*.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from broker.contract.messages import CounterView, Rating
from hardware.devices import KeypadRating

LATE_S: Final = 5.0  # a press under way when the keys went dark, or held up by the keypad or a loose cable
GRADES: Final = {
    KeypadRating.SATISFIED: Rating.SATISFIED,
    KeypadRating.AVERAGE: Rating.AVERAGE,
    KeypadRating.DISSATISFIED: Rating.DISSATISFIED,
    KeypadRating.COMPLAINT: Rating.COMPLAINT,
}


@dataclass(frozen=True, kw_only=True)
class KeypadShows:
    asking: bool


@dataclass(frozen=True, kw_only=True)
class Rated:
    """A rating to keep, and to send until it is answered."""

    call: str
    rating: Rating


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A call that the keypad asks about, until this monotonic second."""

    call: str
    until_s: float


AskingAct = KeypadShows | Rated


class Asking:
    """Each method takes what happened and returns what to do, in this order. `now` is monotonic seconds."""

    def __init__(self, *, rating_s: float) -> None:
        self._before: Asked | None = None
        self._rating_s = rating_s
        self._call: str | None = None  # that a rating would belong to
        self._lit = False
        self._until = 0.0
        self._last_asked: str | None = None
        self._knows_hall = False
        self.unasked = 0  # ratings that nobody was asked for

    @property
    def asked(self) -> Asked | None:
        """What `resume` wants to know after a restart."""
        return Asked(call=self._call, until_s=self._until) if self._lit and self._call is not None else None

    def resume(self, asked: Asked) -> None:
        """Go on, if the hall still wants this call's rating and its time is not over; before the first view."""
        self._before = asked

    def next_deadline(self) -> float | None:
        return self._until if self._call is not None else None

    def viewed(self, view: CounterView, now: float) -> Sequence[AskingAct]:
        if not self._knows_hall:
            self._knows_hall = True
            return self._begin(view, now)
        if view.rate is None:
            return self._rest(now)
        if view.rate == self._last_asked:
            return []
        return self._ask(view.rate, now + self._rating_s)

    def rated(self, rating: KeypadRating, now: float) -> Sequence[AskingAct]:
        if rating is KeypadRating.NONE:
            return []
        if self._call is None:
            self.unasked += 1
            return []
        rated = Rated(call=self._call, rating=GRADES[rating])
        acts = [rated, *self._rest(now)]
        self._call = None
        return acts

    def elapsed(self, now: float) -> Sequence[AskingAct]:
        if self._call is None or now < self._until:
            return []
        if self._lit:
            return self._rest(now)
        self._call = None
        return []

    def _begin(self, view: CounterView, now: float) -> list[AskingAct]:
        before = self._before
        if before is not None and before.call == view.rate and 0 < before.until_s - now <= self._rating_s:
            return self._ask(before.call, before.until_s)
        self._last_asked = view.rate  # finished before this program began: its customer may be long gone
        return [KeypadShows(asking=False)]

    def _ask(self, call: str, until: float) -> list[AskingAct]:
        self._call = self._last_asked = call
        self._lit = True
        self._until = until
        return [KeypadShows(asking=True)]

    def _rest(self, now: float) -> list[AskingAct]:
        if not self._lit:
            return []
        self._lit = False
        self._until = now + LATE_S
        return [KeypadShows(asking=False)]
