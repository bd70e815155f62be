"""One window with its devices: what the pure modules return is carried out here, and their deadlines are kept."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar, assert_never

from broker.badge_file import Badge
from broker.contract.messages import AnyAnswer, CounterView
from broker.pad_keys import PadKeys
from hardware.devices import CallPads, Keypad, KeypadRating, Lamp, PadKey, Sign

from .asking import Asked, Asking, AskingAct, KeypadShows, Rated, Stray
from .badges import TYPED, BadgeAct, Badges, Known, Typing, Unknown
from .keys import Order
from .outlet import Outlet
from .refusals import NOBODY_KNOWN
from .window import PadShows, SignShows, Window, WindowAct
from .wording import Wording, fitting

T = TypeVar("T")


class Station:
    """`on_order`, `on_rated` and `on_stray` hear what is to be sent, `on_asked` what to resume after a restart.

    `on_trouble(device, reason)` hears what a device cannot show, `on_sign` what has reached the sign.
    """

    def __init__(
        self,
        *,
        counter: int,
        wording: Wording,
        rating_s: float,
        clock: Callable[[], float],
        on_order: Callable[["Station", Order], None],
        on_rated: Callable[["Station", Rated], None],
        on_stray: Callable[["Station", Stray], None],
        on_asked: Callable[["Station", Asked | None], None],
        on_trouble: Callable[[str, str], None],
        on_sign: Callable[["Station", SignShows], None],
        keys: PadKeys = PadKeys(),  # noqa: B008 - frozen
        badges: Sequence[Badge] = (),
        has_keypad: bool = False,
    ) -> None:
        self.counter = counter
        self._clock = clock
        self._on_order = on_order
        self._on_rated = on_rated
        self._on_stray = on_stray
        self._on_asked = on_asked
        self._on_trouble = on_trouble
        self._on_sign = on_sign
        self._window = Window(wording=wording, keys=keys, keypad=has_keypad)
        self._badges = Badges(badges)
        self._asking = Asking(rating_s=rating_s)
        self._sign: Outlet[SignShows] | None = None
        self._pad: Outlet[PadShows] | None = None
        self._keypad: Outlet[KeypadShows] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def put_sign(self, sign: Sign) -> None:
        self._sign = sign_outlet(
            sign, on_trouble=self._trouble_of("sign"), on_shown=lambda what: self._on_sign(self, what)
        )

    def put_pad(self, pads: CallPads, address: int) -> None:
        shown = None

        async def tell(what: PadShows) -> None:
            nonlocal shown
            await pads.lamp(address, what.lamp, beep=what.beep)
            if what.text != shown:
                await pads.text(address, what.text)
                shown = what.text

        self._pad = Outlet(tell=tell, on_trouble=self._trouble_of("pad"))

    def put_keypad(self, keypad: Keypad) -> None:
        async def tell(what: KeypadShows) -> None:
            await (keypad.ask() if what.asking else keypad.rest())

        self._keypad = Outlet(tell=tell, on_trouble=self._trouble_of("keypad"))

    def resume(self, asked: Asked) -> None:
        """Go on asking as before a restart; before the first view."""
        self._asking.resume(asked)

    def outlets(self) -> Iterator[Outlet[SignShows] | Outlet[PadShows] | Outlet[KeypadShows]]:
        """Return what is to run, a task each."""
        yield from (each for each in (self._sign, self._pad, self._keypad) if each is not None)

    @property
    def unasked_ratings(self) -> int:
        return self._asking.unasked

    def hall_here(self, here: bool) -> None:  # noqa: FBT001 - the link's callback has this shape
        self._do(self._window.hall_here(here, self._clock()))

    def evacuate(self, *, on: bool) -> None:
        self._do([*self._window.evacuate(on=on), *self._asking.quiet(self._clock(), on=on)])

    def viewed(self, view: CounterView) -> None:
        now = self._clock()
        self._do(self._window.viewed(view, now))  # the sign comes first of all
        if self._keypad is not None:
            self._do(self._asking.viewed(view, now))

    def pressed(self, key: PadKey) -> None:
        now = self._clock()
        if key not in TYPED:
            self._do(self._window.pressed(key, now))
        elif not self._window.bounces(key, now):
            self._sign_in(self._badges.typed(key, now), now)

    def card(self, code: str) -> None:
        """Let the clerk whose card was read staff the counter."""
        self._sign_in(self._badges.card(code), self._clock())

    def _sign_in(self, act: BadgeAct, now: float) -> None:
        match act:
            case Typing(text=text):
                self._do(self._window.typed(text))
            case Known(clerk=clerk, by=by):
                self._do([*self._window.typed(""), *self._window.signs_in((("clerk", clerk), ("by", by.value)), now)])
            case Unknown():
                self._do(self._window.refused(NOBODY_KNOWN, now))
            case _ as never:
                assert_never(never)

    def answered(self, answer: AnyAnswer | None) -> None:
        self._do(self._window.answered(answer, self._clock()))

    def rated(self, rating: KeypadRating) -> None:
        self._do(self._asking.rated(rating, self._clock()))

    @property
    def is_busy(self) -> bool:
        """Whether a customer is at the window, or asked what he thinks of it."""
        return self._window.is_busy or self._asking.asked is not None

    def try_sign(self, text: str, *, blinks: int) -> None:
        _put(self._sign, SignShows(texts=(text,), blinks=blinks))

    def try_pad(self, text: str) -> None:
        _put(self._pad, PadShows(lamp=Lamp.GREEN, text=text, beep=True))

    def try_keypad(self) -> None:
        _put(self._keypad, KeypadShows(asking=True))

    def end_trial(self) -> None:
        """Show again what the window does, unless a customer's call does so already."""
        if not self.is_busy:
            self._do(self._window.again())
        if self._asking.asked is None:
            _put(self._keypad, KeypadShows(asking=False))

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _elapsed(self) -> None:
        now = self._clock()
        self._do(self._window.elapsed(now))
        self._do(self._asking.elapsed(now))
        forgotten = self._badges.elapsed(now)
        if forgotten is not None:
            self._sign_in(forgotten, now)

    def _do(self, acts: Iterable[WindowAct | AskingAct]) -> None:
        for act in acts:
            match act:
                case SignShows():
                    _put(self._sign, act)
                case PadShows():
                    _put(self._pad, act)
                case KeypadShows():
                    _put(self._keypad, act)
                    self._on_asked(self, self._asking.asked)
                case Order():
                    self._on_order(self, act)
                case Rated():
                    self._on_rated(self, act)
                case Stray():
                    self._on_stray(self, act)
                case _ as never:
                    assert_never(never)
        self._keep_deadline()

    def _keep_deadline(self) -> None:
        self.stop()
        deadlines = (self._window.next_deadline(), self._asking.next_deadline(), self._badges.next_deadline())
        first = min((at for at in deadlines if at is not None), default=None)
        if first is not None:
            wait_s = max(0.0, first - self._clock())
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._elapsed)

    def _trouble_of(self, device: str) -> Callable[[str], None]:
        return lambda reason: self._on_trouble(f"{device}-{self.counter}", reason)


def sign_outlet(
    sign: Sign, *, on_trouble: Callable[[str], None], on_shown: Callable[[SignShows], None] = lambda _: None
) -> Outlet[SignShows]:
    """Return the way to a sign, which gets the first text that it can show whole."""

    async def tell(what: SignShows) -> None:
        await sign.show(fitting(what.texts, sign.shows), blinks=what.blinks, on_shown=lambda: on_shown(what))

    return Outlet(tell=tell, on_trouble=on_trouble)


def _put(outlet: Outlet[T] | None, what: T) -> None:
    if outlet is not None:
        outlet.put(what)
