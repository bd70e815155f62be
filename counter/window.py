"""What a press at one window asks of the hall, and what its sign and pad show. Pure.

Its rules:
- The counter's view alone says what is shown; while the hall is away, sign and pad keep what they have.
- One command of a window is under way at a time: until its answer has come, and the view that it led to.
- A press never acts on a call that its clerk had not yet seen on the pad.
- A call that this pad did not ask for, given to an armed counter or made at a console, beeps once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from broker.contract.messages import (
    AnyAnswer,
    CallNext,
    CounterState,
    CounterView,
    FinishService,
    MarkNoShow,
    OpenCounter,
    Recall,
    Refused,
    StartService,
)
from hardware.devices import Lamp, PadKey

from .wording import Wording

BOUNCE_S: Final = 0.3  # the same key again within this is the key's bounce, or a key that is stuck
REFUSAL_S: Final = 1.0  # how long the red lamp blinks
VIEW_S: Final = 1.0  # longest wait for the view after its answer
BLINKS: Final = 5  # of a new call on the sign
_MOST_SHOWN: Final = 999  # a pad has three characters
_PAD_CHARACTERS: Final = 3

ClerkCommand = CallNext | Recall | StartService | FinishService | MarkNoShow | OpenCounter
COMMANDS: Final[dict[tuple[CounterState, PadKey], type[ClerkCommand]]] = {  # every other press is refused
    (CounterState.IDLE, PadKey.CALL): CallNext,
    (CounterState.CALLED, PadKey.CALL): Recall,
    (CounterState.CALLED, PadKey.START): StartService,
    (CounterState.CALLED, PadKey.FINISH): MarkNoShow,
    (CounterState.SERVING, PadKey.FINISH): FinishService,
    (CounterState.PAUSED, PadKey.CALL): CallNext,  # work goes on with it
    (CounterState.PAUSED, PadKey.START): OpenCounter,
    (CounterState.CLOSED, PadKey.CALL): CallNext,
    (CounterState.CLOSED, PadKey.START): OpenCounter,
}
LAMPS: Final = {
    CounterState.IDLE: Lamp.OFF,
    CounterState.CALLED: Lamp.BLINK_GREEN,
    CounterState.SERVING: Lamp.GREEN,
    CounterState.PAUSED: Lamp.RED,
    CounterState.CLOSED: Lamp.OFF,
}


@dataclass(frozen=True, kw_only=True)
class SignShows:
    """The sign shows the first of the texts that it can show whole."""

    texts: tuple[str, ...]
    blinks: int = 0


@dataclass(frozen=True, kw_only=True)
class PadShows:
    lamp: Lamp
    text: str
    beep: bool = False


@dataclass(frozen=True, kw_only=True)
class Order:
    """A command to send; its answer, or None for none, goes to `Window.answered`."""

    kind: type[ClerkCommand]
    seen: str | None


WindowAct = SignShows | PadShows | Order


@dataclass(frozen=True, kw_only=True)
class _Press:
    key: PadKey
    seen: str | None  # the call that the pad showed


class Window:
    """Each method takes what happened and returns what to do, in this order. `now` is monotonic seconds."""

    def __init__(self, *, wording: Wording) -> None:
        self._wording = wording
        self._view: CounterView | None = None
        self._hall_here = False
        self._under_way: _Press | None = None
        self._next: _Press | None = None  # made while another was under way
        self._awaited: tuple[int, int] | None = None  # epoch and seq of an answer whose view has not come
        self._awaited_until = 0.0
        self._red_until: float | None = None
        self._pressed_at: dict[PadKey, float] = {}
        self._sign: object = None  # what the sign's text was made from
        self._pad: PadShows | None = None

    def next_deadline(self) -> float | None:
        """When `elapsed` wants to be called, if nothing else happens before."""
        awaited_until = self._awaited_until if self._awaited is not None else None
        return min((at for at in (self._red_until, awaited_until) if at is not None), default=None)

    def hall_here(self, here: bool) -> None:  # noqa: FBT001 - the link's callback has this shape
        self._hall_here = here
        if not here:
            self._next = None  # a press from before an outage must not act after it

    def pressed(self, key: PadKey, now: float) -> Sequence[WindowAct]:
        before = self._pressed_at.get(key)
        self._pressed_at[key] = now
        if before is not None and now - before < BOUNCE_S:
            return []
        if self._view is None or not self._hall_here:
            return self._refuse(now)
        press = _Press(key=key, seen=self._view.call)
        if self._under_way is None:
            return self._judge(press, self._view, now)
        if self._next is None and key is not self._under_way.key:
            self._next = press
            return []
        is_impatience = key is self._under_way.key or (self._next is not None and key is self._next.key)
        return [] if is_impatience else self._refuse(now)

    def viewed(self, view: CounterView, now: float) -> Sequence[WindowAct]:
        beep = self._is_unasked(view)
        self._view = view
        acts = self._sign_news(view) + self._pad_news(beep=beep)
        if self._awaited is not None and (view.epoch, view.seq) >= self._awaited:
            acts += self._settle(now)
        return acts

    def answered(self, answer: AnyAnswer | None, now: float) -> Sequence[WindowAct]:
        if answer is None or isinstance(answer, Refused) or self._view is None:
            self._under_way = self._next = None
            return self._refuse(now)
        if (self._view.epoch, self._view.seq) >= (answer.epoch, answer.seq):
            return self._settle(now)
        self._awaited = (answer.epoch, answer.seq)
        self._awaited_until = now + VIEW_S
        return []

    def elapsed(self, now: float) -> Sequence[WindowAct]:
        acts: list[WindowAct] = []
        if self._red_until is not None and now >= self._red_until:
            self._red_until = None
            acts += self._pad_news()
        if self._awaited is not None and now >= self._awaited_until:
            acts += self._settle(now)
        return acts

    def _is_unasked(self, view: CounterView) -> bool:
        """Tell whether a view brings a call though nobody pressed for it here."""
        before = self._view
        if before is None or view.state is not CounterState.CALLED or view.call == before.call:
            return False
        return self._under_way is None or self._under_way.key is not PadKey.CALL

    def _settle(self, now: float) -> list[WindowAct]:
        """End the command under way, and take the press that was made meanwhile."""
        press, self._next = self._next, None
        self._under_way = self._awaited = None
        return self._judge(press, self._view, now) if press is not None and self._view is not None else []

    def _judge(self, press: _Press, view: CounterView, now: float) -> list[WindowAct]:
        kind = COMMANDS.get((view.state, press.key))
        if kind is None or (kind is not CallNext and press.seen != view.call):
            return self._refuse(now)
        self._under_way = press
        self._red_until = None
        return [Order(kind=kind, seen=view.call), *self._pad_news()]

    def _refuse(self, now: float) -> list[WindowAct]:
        self._red_until = now + REFUSAL_S
        text = _pad_text(self._view)
        self._pad = PadShows(lamp=Lamp.BLINK_RED, text=text)
        return [PadShows(lamp=Lamp.BLINK_RED, text=text, beep=True)]

    def _sign_news(self, view: CounterView) -> list[WindowAct]:
        is_called = view.state is CounterState.CALLED
        texts = self._wording.at_window(view)
        sign = (is_called, view.call, texts, view.times)
        if sign == self._sign:
            return []
        self._sign = sign
        return [SignShows(texts=texts, blinks=BLINKS if is_called else 0)]

    def _pad_news(self, *, beep: bool = False) -> list[WindowAct]:
        lamp = Lamp.OFF if self._view is None else LAMPS[self._view.state]
        if self._red_until is not None:
            lamp = Lamp.BLINK_RED
        pad = PadShows(lamp=lamp, text=_pad_text(self._view))
        if pad == self._pad and not beep:
            return []
        self._pad = pad
        return [replace(pad, beep=beep)]


def _pad_text(view: CounterView | None) -> str:
    if view is None:
        return ""
    if view.state is CounterState.CLOSED:
        return ""
    if view.state in {CounterState.IDLE, CounterState.PAUSED}:
        return str(min(view.waiting, _MOST_SHOWN))
    return (view.ticket or "")[-_PAD_CHARACTERS:]
