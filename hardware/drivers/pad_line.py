"""All pads and keypads of one model on one line, with one master: who is asked when, who no longer answers.

Where devices are polled, one address after another is asked, and what there is to show goes out in between. An answer
that comes first after an outage is never a press: nobody knows how old it is.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ..devices import KeypadRating, Lamp, PadKey, PadPress, PortGone
from ..line import Awaited, Line
from ..pad_frames import GRADES
from .holding import Holding
from .inbox import Inbox
from .pad_code import PadCode, Said

MISSES: Final = 3  # polls in a row without an answer: the device is dead
DEAD_TURNS: Final = 16  # the dead are asked, one of them, once in so many polls: the living wait for no one
_KEYS: Final = {key.value: key for key in PadKey}


@dataclass(kw_only=True)
class Heard:
    """What is known of one address."""

    polls: int = 0
    answers: int = 0
    misses: int = 0  # of all polls
    missed: int = 0  # in a row
    is_known: bool = False  # it has answered since it was away
    holding: Holding
    before: str = ""
    pressed_s: float = float("-inf")

    @property
    def is_dead(self) -> bool:
        return self.missed >= MISSES


@dataclass(frozen=True, kw_only=True)
class _Poll:
    address: int
    due_s: float
    opening: int


def _ignore(_address: int, _reason: str) -> None:
    """Nobody asked."""


class PadLine:
    """Implements `CallPads`; its rating keypads come from `keypad`.

    `addresses` are all devices of this model on the line; with `alone` there is one, whatever address it says.
    `on_health(address, reason)` hears of one that no longer answers, and "" when it does again.
    """

    def __init__(
        self,
        line: Line,
        code: PadCode,
        *,
        addresses: Sequence[int],
        alone: bool = False,
        on_health: Callable[[int, str], None] = _ignore,
    ) -> None:
        self._line = line
        self._code = code
        self._is_polled = bool(addresses and code.poll(addresses[0]))
        self._alone = addresses[0] if alone else None
        self._on_health = on_health
        self.heard = {address: self._unheard() for address in addresses}
        self._presses = Inbox[PadPress]()
        self._keypads: dict[int, PolledKeypad] = {}
        self._shown: dict[tuple[int, str], Sequence[bytes]] = {}
        self._turn = 0
        self._polls = 0
        self._opening = 0  # a poll from before the cable was out calls no further one
        self._polled: int | None = None
        self._replied = False
        self._next_poll: asyncio.TimerHandle | None = None
        self._silence: asyncio.TimerHandle | None = None
        self.cycle_s = 0.0  # the last round over all living addresses
        self._pollbegan_s = 0.0
        line.subscribe(self._received, opened=self._opened, lost=self._lost)

    @property
    def discarded_bytes(self) -> int:
        return self._code.discarded_bytes

    def presses(self) -> AsyncIterator[PadPress]:
        return self._presses.items()

    async def lamp(self, address: int, lamp: Lamp, *, beep: bool = False) -> None:
        self._show(address, "lamp", self._code.lamp(address, lamp))
        if beep:
            self._put(address, "beep", self._code.beep(address))

    async def text(self, address: int, text: str) -> None:
        self._show(address, "text", self._code.text(address, text))

    def keypad(self, address: int) -> "PolledKeypad":
        """Return one of the line's rating keypads."""
        return self._keypads.setdefault(address, PolledKeypad(self, address))

    def ask(self, address: int, *, lit: bool) -> None:
        self._show(address, "asking", self._code.asking(address, lit=lit))

    # What is shown --------------------------------------------------------------------------------------------------

    def _show(self, address: int, what: str, frames: Sequence[bytes]) -> None:
        self._shown[address, what] = frames
        self._put(address, what, frames)

    def _put(self, address: int, what: str, frames: Sequence[bytes]) -> None:
        for number, frame in enumerate(frames):
            self._line.send(
                frame,
                slot=(id(self), address, what, number),
                gap_s=self._code.gap_s,
                awaited=self._awaited(frame) if self._code.write_answer_s else None,
            )

    def _awaited(self, frame: bytes) -> Awaited:
        return Awaited(
            within_s=self._code.write_answer_s,
            fits=lambda heard: self._code.answers(frame, heard),
            silent=lambda: None,  # polls tell who is dead
        )

    def _show_again(self, only: int | None = None) -> None:
        for (address, what), frames in self._shown.items():
            if only is None or address == only:
                self._put(address, what, frames)

    # Who is asked ---------------------------------------------------------------------------------------------------

    def _poll_later(self, wait_s: float) -> None:
        self._next_poll = asyncio.get_running_loop().call_later(wait_s, self._poll)

    def _poll(self) -> None:
        loop = asyncio.get_running_loop()
        address = self._whose_turn(loop.time())
        self._polls += 1
        self.heard[address].polls += 1
        poll = _Poll(address=address, due_s=loop.time() + self._code.poll_s, opening=self._opening)
        self._line.send(
            self._code.poll(address),
            slot=(id(self), "poll"),
            gap_s=self._code.gap_s,
            awaited=Awaited(
                within_s=self._code.answer_s,
                fits=lambda _heard: self._has_replied(poll),
                silent=lambda: self._fell_silent(poll),
            ),
        )
        self._polled, self._replied = address, False

    def _whose_turn(self, now_s: float) -> int:
        living = [address for address, heard in self.heard.items() if not heard.is_dead]
        dead = [address for address, heard in self.heard.items() if heard.is_dead]
        if dead and (not living or self._polls % DEAD_TURNS == DEAD_TURNS - 1):
            return dead[self._polls // DEAD_TURNS % len(dead)]
        self._turn += 1
        if self._turn >= len(living):
            self._turn = 0
            self.cycle_s, self._pollbegan_s = now_s - self._pollbegan_s, now_s
        return living[self._turn]

    def _has_replied(self, poll: "_Poll") -> bool:
        if not self._replied:
            return False
        heard = self.heard[poll.address]
        was_dead, heard.missed = heard.is_dead, 0
        heard.answers += 1
        if was_dead:
            self._on_health(poll.address, "")
            self._show_again(poll.address)
        self._poll_after(poll)
        return True

    def _fell_silent(self, poll: "_Poll") -> None:
        heard = self.heard[poll.address]
        heard.missed += 1
        heard.misses += 1
        if heard.missed == MISSES:
            heard.is_known = False
            self._on_health(
                poll.address,
                f"the device with address {poll.address} does not answer ({heard.misses} of {heard.polls} polls): "
                "check its power, its two wires, its address and that the line's speed is its own",
            )
        self._poll_after(poll)

    def _poll_after(self, poll: "_Poll") -> None:
        self._polled = None
        if poll.opening == self._opening:
            self._poll_later(max(0.0, poll.due_s - asyncio.get_running_loop().time()))

    # What is heard --------------------------------------------------------------------------------------------------

    def _received(self, chunk: bytes) -> None:
        self._take(self._code.feed(chunk))
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None
        if self._code.silence_s and self._code.is_amid_frame:
            self._silence = asyncio.get_running_loop().call_later(self._code.silence_s, self._lapsed)

    def _lapsed(self) -> None:
        self._silence = None
        self._take(self._code.lapse())

    def _take(self, all_said: Sequence[Said]) -> None:
        for said in all_said:
            address = self._whose(said)
            if address is None or (address not in self.heard and not said.means):
                continue
            heard = self.heard.setdefault(address, self._unheard()) if not self._is_polled else self.heard.get(address)
            if heard is None:
                continue  # a neighbour's, of another master
            if address == self._polled:
                self._replied = True
            self._judge(address, heard, said.means)

    def _judge(self, address: int, heard: Heard, means: str) -> None:
        now_s = asyncio.get_running_loop().time()
        is_new = heard.is_known or not self._is_polled
        pressed = [means] if means else []
        if self._code.is_held and is_new:
            pressed = heard.holding.takes(means, now_s)
        elif self._code.is_held:
            heard.holding.forget(means)
        elif means == heard.before and now_s - heard.pressed_s < self._code.repeat_s:
            is_new = False
        heard.is_known, heard.before = True, means
        if means:
            heard.pressed_s = now_s
            self._put(address, "taken", self._code.taken(address))
        for each in pressed if is_new else ():
            self._press(address, each)

    def _press(self, address: int, means: str) -> None:
        if (rating := GRADES.get(means)) is not None and (keypad := self._keypads.get(address)) is not None:
            keypad.rated(rating)
        elif means in _KEYS:
            self._presses.put(PadPress(address=address, key=_KEYS[means]))

    def _unheard(self) -> Heard:
        return Heard(holding=Holding(self._code.long_s))

    def _whose(self, said: Said) -> int | None:
        """Tell whose frame it is; one that does not say is of him who was asked, or of the only one there is."""
        if self._alone is not None:
            return self._alone
        if said.address is not None:
            return said.address
        if self._is_polled:
            return self._polled
        return next(iter(self.heard)) if len(self.heard) == 1 else None

    # The cable ------------------------------------------------------------------------------------------------------

    def _opened(self) -> None:
        self._opening += 1
        self._show_again()
        for heard in self.heard.values():
            heard.is_known = False
            heard.holding.forget("")
        if self._is_polled:
            self._pollbegan_s = asyncio.get_running_loop().time()
            self._poll_later(0.0)

    def _lost(self, gone: PortGone) -> None:
        for timer in (self._next_poll, self._silence):
            if timer is not None:
                timer.cancel()
        self._next_poll = self._silence = None
        self._polled = None
        self._take(self._code.lapse())
        self._presses.lost(gone)
        for keypad in self._keypads.values():
            keypad.lost(gone)


class PolledKeypad:
    """One rating keypad of a line; implements `Keypad`."""

    def __init__(self, line: PadLine, address: int) -> None:
        self._line = line
        self._address = address
        self._inbox = Inbox[KeypadRating]()

    def ratings(self) -> AsyncIterator[KeypadRating]:
        return self._inbox.items()

    async def ask(self) -> None:
        self._line.ask(self._address, lit=True)

    async def rest(self) -> None:
        self._line.ask(self._address, lit=False)

    def rated(self, rating: KeypadRating) -> None:
        self._inbox.put(rating)

    def lost(self, gone: PortGone) -> None:
        self._inbox.lost(gone)
