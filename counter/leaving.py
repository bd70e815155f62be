"""*Next* while a customer is at the counter: the visit ends, the customer may rate, then the next is called. Pure.

Its rules:
- While the customer is only called, a second *next* soon after, made having seen the same call, says: nobody came.
- A service that was started is finished at once; so is one whose second *next* did not come in time.
- The customer has some seconds to rate; the rating, or a further *next*, calls sooner. Any other press calls nobody.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from broker.contract.messages import CallNext, CounterState, CounterView, FinishService, MarkNoShow
from broker.pad_keys import PadKeys

from .keys import Order

INFERRED: Final = {"inferred": True}


class Step(Enum):
    DECIDING = "deciding"  # will there be a second press?
    ENDING = "ending"  # finish, or no-show, is under way
    RATING = "rating"


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """A visit on its way out of the counter. `now` is monotonic seconds."""

    call: str
    step: Step
    pressed_s: float  # the first *next*
    until_s: float  # this step's end
    missed: bool = False


def begin(keys: PadKeys, view: CounterView, now: float) -> tuple[Leaving, Order | None]:
    """Return what a first *next* begins, and what it asks for at once."""
    leaving = Leaving(call=view.call or "", step=Step.DECIDING, pressed_s=now, until_s=now + keys.double_next_s)
    if view.state is CounterState.CALLED and keys.double_next_s:
        return leaving, None
    return finished(leaving)


def finished(leaving: Leaving) -> tuple[Leaving, Order]:
    return _ending(leaving, missed=False), Order(kind=FinishService, seen=leaving.call)


def missed(leaving: Leaving) -> tuple[Leaving, Order]:
    return _ending(leaving, missed=True), Order(kind=MarkNoShow, seen=leaving.call, fields=INFERRED)


def _ending(leaving: Leaving, *, missed: bool) -> Leaving:
    return Leaving(
        call=leaving.call, step=Step.ENDING, pressed_s=leaving.pressed_s, until_s=float("inf"), missed=missed
    )


def rating(leaving: Leaving, keys: PadKeys, view: CounterView, now: float, *, keypad: bool) -> Leaving:
    """Return the time in which the customer may rate: none without a keypad, nor after a no-show."""
    is_asked = keypad and not leaving.missed and view.rate == leaving.call
    return Leaving(
        call=leaving.call,
        step=Step.RATING,
        pressed_s=leaving.pressed_s,
        until_s=now + (keys.rate_first_s if is_asked else 0.0),
    )


def is_over(leaving: Leaving, view: CounterView, now: float) -> bool:
    """Tell whether the next customer is to be called now."""
    return now >= leaving.until_s or view.rate != leaving.call


def is_crossed(leaving: Leaving, view: CounterView) -> bool:
    """Tell whether somebody else has acted at the counter meanwhile: then nothing more follows from the press."""
    if leaving.step is Step.RATING:
        return view.state is not CounterState.IDLE
    if view.call is None:
        return leaving.step is Step.DECIDING
    return view.call != leaving.call


CALL_NEXT: Final = Order(kind=CallNext, seen=None)
