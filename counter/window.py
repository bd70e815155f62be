"""What a press at one window asks of the hall, and what its sign and pad show. Pure.

Its rules:
- The counter's view alone says what is shown; while the hall is away, sign and pad keep what they have.
- One command of a window is under way at a time: until its answer has come, and the view that it led to.
- A press never acts on a call that its clerk had not yet seen on the pad, and none from before an outage acts after it.
- A call that this pad did not ask for, given to an armed counter or made at a console, beeps once.
- What is refused blinks red, beeps, and shows why, as a code: `refusals.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from broker.contract.messages import AnyAnswer, CallNext, CounterState, CounterView, MarkNoShow, Refused, SignIn, Undo
from broker.pad_keys import Meaning, PadKeys
from hardware.devices import Lamp, PadKey

from . import leaving as leave
from .keys import AT_COUNTER, ClerkCommand, Field, Order, meaning, order
from .leaving import Leaving, Step
from .refusals import AWAY, NOT_NOW, STALE, code
from .wording import Wording

BOUNCE_S: Final = 0.3  # the same key again within this is the key's bounce, or a key that is stuck
REFUSAL_S: Final = 2.0  # how long the red lamp blinks, and the code stands
VIEW_S: Final = 1.0  # longest wait for the view after its answer
UNDO_S: Final = 300.0  # for so long *undo* brings back somebody whose no-show was inferred
BLINKS: Final = 5  # of a new call on the sign
_MOST_SHOWN: Final = 999  # a pad has three characters
_PAD_CHARACTERS: Final = 3

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
    of: CounterView | None = field(default=None, compare=False, repr=False)  # what it tells; None: no counter's state


@dataclass(frozen=True, kw_only=True)
class PadShows:
    lamp: Lamp
    text: str
    beep: bool = False


WindowAct = SignShows | PadShows | Order


@dataclass(frozen=True, kw_only=True)
class _Press:
    key: PadKey | None  # None: no key, but a card or a PIN
    seen: str | None  # the call that the pad showed
    fields: tuple[tuple[str, Field], ...] = ()  # of a sign-in


class Window:
    """Each method takes what happened and returns what to do, in this order. `now` is monotonic seconds."""

    def __init__(self, *, wording: Wording, keys: PadKeys = PadKeys(), keypad: bool = False) -> None:  # noqa: B008 - frozen
        self._wording = wording
        self._keys = keys
        self._keypad = keypad
        self._view: CounterView | None = None
        self._hall_here = False
        self._evacuation = False
        self._under_way: _Press | None = None
        self._asked: type[ClerkCommand] | None = None  # by the press under way
        self._next: _Press | None = None  # made while another was under way
        self._leaving: Leaving | None = None
        self._missed: tuple[str, float] | None = None  # the last ticket whose no-show was inferred, and when
        self._awaited: tuple[int, int] | None = None  # epoch and seq of an answer whose view has not come
        self._awaited_until = 0.0
        self._red_until: float | None = None
        self._code = ""
        self._typed = ""  # what is being typed at the pad, instead of its usual text
        self._pressed_at: dict[PadKey, float] = {}
        self._sign: object = None  # what the sign's text was made from
        self._pad: PadShows | None = None

    def next_deadline(self) -> float | None:
        """When `elapsed` wants to be called, if nothing else happens before."""
        awaited_until = self._awaited_until if self._awaited is not None else None
        left = self._leaving.until_s if self._leaving is not None and self._leaving.step is not Step.ENDING else None
        return min((at for at in (self._red_until, awaited_until, left) if at is not None), default=None)

    def hall_here(self, here: bool, now: float) -> Sequence[WindowAct]:  # noqa: FBT001 - as the link tells it
        self._hall_here = here
        if here:
            return []
        was_heard = self._next is not None or self._leaving is not None
        self._next = self._leaving = None  # a press from before an outage must not act after it
        return self._refuse(AWAY, now) if was_heard else []

    def evacuate(self, *, on: bool) -> Sequence[WindowAct]:
        """Tell everybody to leave and let the pad rest, or go back to what the counter does."""
        if on == self._evacuation:
            return []
        self._evacuation = on
        self._leaving = self._next = self._red_until = None
        return self._sign_news(self._view) + self._pad_news()

    @property
    def is_busy(self) -> bool:
        """Whether a customer is at the window, or on the way to it or out of it."""
        at_counter = self._view is not None and self._view.state in AT_COUNTER
        return at_counter or self._under_way is not None or self._leaving is not None

    def again(self) -> Sequence[WindowAct]:
        """Show anew what sign and pad should show: something else was tried on them."""
        self._sign = self._pad = None
        acts = self._sign_news(self._view) + self._pad_news()
        return [replace(each, blinks=0) if isinstance(each, SignShows) else each for each in acts]

    def pressed(self, key: PadKey, now: float) -> Sequence[WindowAct]:
        if self.bounces(key, now):
            return []
        if self._view is None or not self._hall_here:
            return self._refuse(AWAY, now)
        return self._take(_Press(key=key, seen=self._view.call), self._view, now)

    def bounces(self, key: PadKey, now: float) -> bool:
        """Tell whether a press is the bounce of the one before it, and note it."""
        before = self._pressed_at.get(key)
        self._pressed_at[key] = now
        return before is not None and now - before < BOUNCE_S

    def typed(self, text: str) -> Sequence[WindowAct]:
        """Show what is typed, hidden already; "" shows again what the counter does."""
        self._typed = text
        self._red_until = None
        return self._pad_news()

    def signs_in(self, fields: tuple[tuple[str, Field], ...], now: float) -> Sequence[WindowAct]:
        """Let somebody staff the counter."""
        if self._view is None or not self._hall_here:
            return self._refuse(AWAY, now)
        return self._take(_Press(key=None, seen=self._view.call, fields=fields), self._view, now)

    def refused(self, why: str, now: float) -> Sequence[WindowAct]:
        """Show that something was refused before the hall was asked."""
        return self._refuse(why, now)

    def viewed(self, view: CounterView, now: float) -> Sequence[WindowAct]:
        beep = self._is_unasked(view)
        if self._view is not None and self._view.call != view.call:
            self._code = ""
        self._view = view
        acts: list[WindowAct] = []
        if self._leaving is not None and leave.is_crossed(self._leaving, view):
            self._leaving = None
        acts += self._sign_news(view) + self._pad_news(beep=beep)
        if self._awaited is not None and (view.epoch, view.seq) >= self._awaited:
            acts += self._settle(now)
        return acts + self._call_when_left(now)

    def answered(self, answer: AnyAnswer | None, now: float) -> Sequence[WindowAct]:
        if answer is None or isinstance(answer, Refused) or self._view is None:
            if self._asked is MarkNoShow:
                self._missed = None
            self._under_way = self._next = self._asked = self._leaving = None
            return self._refuse(code(answer.reason) if isinstance(answer, Refused) else AWAY, now)
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
        leaving = self._leaving
        if leaving is not None and leaving.step is Step.DECIDING and now >= leaving.until_s:
            self._leaving, finish = leave.finished(leaving)
            acts += self._send(_Press(key=None, seen=leaving.call), finish)
        return acts + self._call_when_left(now)

    # Presses ----------------------------------------------------------------------------------------------------------

    def _take(self, press: _Press, view: CounterView, now: float) -> list[WindowAct]:
        if self._under_way is None:
            return self._judge(press, view, now)
        if self._next is None and (press.key is None or press.key is not self._under_way.key):
            self._next = press
            return []
        is_impatience = press.key is self._under_way.key or (self._next is not None and press.key is self._next.key)
        return [] if is_impatience else self._refuse(NOT_NOW, now)

    def _judge(self, press: _Press, view: CounterView, now: float) -> list[WindowAct]:
        if press.key is None:
            return self._send(press, Order(kind=SignIn, seen=view.call, fields=dict(press.fields)))
        what = meaning(self._keys, press.key)
        if what is Meaning.NEXT and (self._leaving is not None or view.state in AT_COUNTER):
            return self._leave(press, view, now)
        self._leaving = None
        wanted = order(self._keys, what, view)
        if wanted is None:
            return self._refuse(NOT_NOW, now)
        if wanted.kind is not CallNext and press.seen != view.call:
            return self._refuse(STALE, now)
        if wanted.kind is Undo:
            wanted = self._undo(wanted, view, now)
        return self._send(press, wanted)

    def _leave(self, press: _Press, view: CounterView, now: float) -> list[WindowAct]:
        """Take a *next* while a customer is at the counter, or on the way out of it."""
        leaving = self._leaving
        if leaving is None:
            if press.seen != view.call:
                return self._refuse(STALE, now)
            self._leaving, wanted = leave.begin(self._keys, view, now)
            return self._send(press, wanted) if wanted is not None else self._acknowledge()
        if leaving.step is Step.DECIDING:
            if press.seen != leaving.call:
                return self._refuse(STALE, now)
            self._leaving, wanted = leave.missed(leaving)
            self._missed = (view.ticket or "", now)
            return self._send(press, wanted)
        if now - leaving.pressed_s < self._keys.double_next_s:
            return []  # impatience, and the customer has not yet seen the question
        self._leaving = replace(leaving, until_s=now)
        return self._call_when_left(now)

    def _call_when_left(self, now: float) -> list[WindowAct]:
        leaving, view = self._leaving, self._view
        if leaving is None or view is None or leaving.step is not Step.RATING or self._under_way is not None:
            return []
        if not leave.is_over(leaving, view, now):
            return []
        self._leaving = None
        return self._send(_Press(key=None, seen=None), leave.CALL_NEXT)

    def _undo(self, wanted: Order, view: CounterView, now: float) -> Order:
        """Let *undo* bring back the customer whose no-show was inferred, before it takes back the call since."""
        missed, self._missed = self._missed, None
        if missed is None or now - missed[1] > UNDO_S or view.state not in {CounterState.IDLE, CounterState.CALLED}:
            return wanted
        return replace(wanted, fields={"no_show": missed[0]})

    def _send(self, press: _Press, wanted: Order) -> list[WindowAct]:
        self._under_way, self._asked = press, wanted.kind
        self._red_until = None
        return [wanted, *self._pad_news()]

    def _settle(self, now: float) -> list[WindowAct]:
        """End the command under way, and take the press that was made meanwhile."""
        press, self._next = self._next, None
        self._under_way = self._asked = self._awaited = None
        if self._view is None:
            return []
        if self._leaving is not None and self._leaving.step is Step.ENDING:
            self._leaving = leave.rating(self._leaving, self._keys, self._view, now, keypad=self._keypad)
        acts = self._judge(press, self._view, now) if press is not None else []
        return acts or self._call_when_left(now)

    # What is shown ----------------------------------------------------------------------------------------------------

    def _is_unasked(self, view: CounterView) -> bool:
        """Tell whether a view brings a call though nobody pressed for it here."""
        before = self._view
        if before is None or view.state is not CounterState.CALLED or view.call == before.call:
            return False
        return self._asked is not CallNext

    def _refuse(self, why: str, now: float) -> list[WindowAct]:
        self._red_until, self._code, self._typed = now + REFUSAL_S, why, ""
        self._pad = PadShows(lamp=Lamp.BLINK_RED, text=self._text())
        return [replace(self._pad, beep=True)]

    def _acknowledge(self) -> list[WindowAct]:
        self._red_until = None
        return self._pad_news()

    def _sign_news(self, view: CounterView | None) -> list[WindowAct]:
        if self._evacuation or view is None:
            sign: object = self._evacuation
            if sign == self._sign:
                return []
            self._sign = sign
            texts = self._wording.evacuation if self._evacuation else ("",)
            return [SignShows(texts=texts, blinks=BLINKS if self._evacuation else 0)]
        is_called = view.state is CounterState.CALLED
        texts = self._wording.at_window(view)
        sign = (is_called, view.call, texts, view.times)
        if sign == self._sign:
            return []
        self._sign = sign
        return [SignShows(texts=texts, blinks=BLINKS if is_called else 0, of=view)]

    def _pad_news(self, *, beep: bool = False) -> list[WindowAct]:
        at_rest = self._view is None or self._evacuation
        lamp = Lamp.OFF if self._view is None or at_rest else LAMPS[self._view.state]
        if self._leaving is not None:
            lamp = Lamp.GREEN
        if self._red_until is not None:
            lamp = Lamp.BLINK_RED
        pad = PadShows(lamp=lamp, text=self._text())
        if pad == self._pad and not beep:
            return []
        self._pad = pad
        return [replace(pad, beep=beep)]

    def _text(self) -> str:
        if self._red_until is not None and self._code:
            return self._code
        return self._typed or ("" if self._evacuation else _usual_text(self._view))


def _usual_text(view: CounterView | None) -> str:
    if view is None or view.state is CounterState.CLOSED:
        return ""
    if view.state in {CounterState.IDLE, CounterState.PAUSED}:
        return str(min(view.waiting, _MOST_SHOWN))
    return (view.ticket or "")[-_PAD_CHARACTERS:]
