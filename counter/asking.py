"""Whom a rating key speaks for: when the keypad asks, and which call a rating belongs to. Pure.

Its rules:
- A finished call is asked about once, for some seconds, until its rating or the next call at the counter.
- A rating that arrives a little after the asking has ended belongs to the call that was asked about, and is late.
- What nobody was asked for belongs to no call, and is told apart.
- Who was asked and pressed nothing has not rated: that is told too, as *none*, never as *satisfied*.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from broker.contract.messages import CounterView, Rating
from hardware.devices import KeypadRating

LATE_S: Final = 5.0  # a press under way when the keys went dark, or held up by the keypad or a loose cable
DOUBLE_S: Final = 0.8  # a further press within this is the same one: a key that bounces, a finger that insists
UNASKED_S: Final = 5.0  # a child at the keys is told of once in so long
GRADES: Final = {
    KeypadRating.SATISFIED: Rating.SATISFIED,
    KeypadRating.AVERAGE: Rating.AVERAGE,
    KeypadRating.DISSATISFIED: Rating.DISSATISFIED,
    KeypadRating.COMPLAINT: Rating.COMPLAINT,
    KeypadRating.VERY_SATISFIED: Rating.VERY_SATISFIED,
    KeypadRating.VERY_DISSATISFIED: Rating.VERY_DISSATISFIED,
}


@dataclass(frozen=True, kw_only=True)
class KeypadShows:
    asking: bool


@dataclass(frozen=True, kw_only=True)
class Rated:
    """A rating to keep, and to send until it is answered; None: asked, and nothing was pressed."""

    call: str
    rating: Rating | None
    after_ms: int | None = None  # from the question to the press
    late: bool = False  # pressed after the asking had ended


@dataclass(frozen=True, kw_only=True)
class Stray:
    """A rating that nobody was asked for."""

    rating: Rating


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A call that the keypad asks about, until this monotonic second."""

    call: str
    until_s: float


AskingAct = KeypadShows | Rated | Stray


class Asking:
    """Each method takes what happened and returns what to do, in this order. `now` is monotonic seconds."""

    def __init__(self, *, rating_s: float) -> None:
        self._before: Asked | None = None
        self._rating_s = rating_s
        self._call: str | None = None  # that a rating would belong to
        self._lit = False
        self._until = 0.0
        self._asked_at = 0.0
        self._pressed_at = float("-inf")
        self._told_unasked_at = float("-inf")
        self._last_asked: str | None = None
        self._knows_hall = False
        self._quiet = False
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
        if view.call is not None and view.call == self._last_asked:  # its end was taken back
            self._call = self._last_asked = None
            return self._rest(now)
        if view.rate is None:
            if view.call is None:
                self._call = None  # rated, here or on a page
            return self._rest(now)
        if view.rate == self._last_asked:
            return []
        return self._ask(view.rate, now + self._rating_s)

    def quiet(self, now: float, *, on: bool) -> Sequence[AskingAct]:
        """Ask nobody while everybody leaves the hall, nor afterwards those who have left."""
        self._quiet = on
        if not on:
            return []
        self._call = None
        return self._rest(now)

    def rated(self, rating: KeypadRating, now: float) -> Sequence[AskingAct]:
        if rating is KeypadRating.NONE:
            return []
        is_double = now - self._pressed_at < DOUBLE_S
        self._pressed_at = now
        if self._call is None:
            return [] if is_double else self._unasked(GRADES[rating], now)
        after_ms = max(0, round((now - self._asked_at) * 1000))
        rated = Rated(call=self._call, rating=GRADES[rating], after_ms=after_ms, late=not self._lit)
        acts = [rated, *self._rest(now)]
        self._call = None
        return acts

    def elapsed(self, now: float) -> Sequence[AskingAct]:
        if self._call is None or now < self._until:
            return []
        return self._rest(now) if self._lit else self._none()

    def _begin(self, view: CounterView, now: float) -> list[AskingAct]:
        before = self._before
        if before is not None and before.call == view.rate and 0 < before.until_s - now <= self._rating_s:
            return self._ask(before.call, before.until_s)
        self._last_asked = view.rate  # finished before this program began: its customer may be long gone
        return [KeypadShows(asking=False)]

    def _ask(self, call: str, until: float) -> list[AskingAct]:
        acts = self._none()  # of the call before, if nobody rated it
        self._last_asked = call
        if self._quiet:
            return [*acts, KeypadShows(asking=False)]
        self._call = call
        self._lit = True
        self._until = until
        self._asked_at = until - self._rating_s
        return [*acts, KeypadShows(asking=True)]

    def _none(self) -> list[AskingAct]:
        call, self._call = self._call, None
        return [Rated(call=call, rating=None)] if call is not None else []

    def _unasked(self, rating: Rating, now: float) -> list[AskingAct]:
        self.unasked += 1
        if now - self._told_unasked_at < UNASKED_S:
            return []
        self._told_unasked_at = now
        return [Stray(rating=rating)]

    def _rest(self, now: float) -> list[AskingAct]:
        if not self._lit:
            return []
        self._lit = False
        self._until = now + LATE_S
        return [KeypadShows(asking=False)]
