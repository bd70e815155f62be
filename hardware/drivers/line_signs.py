"""All signs of one kind on one line: what each shows, who no longer answers, and the texts again after a loss.

A kind of sign is a `SignCode`, pure. Nobody waits for a sign: a text goes out as soon as the line allows.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from ..devices import PortGone
from ..line import Awaited, Line
from .sign_text import Written

MISSES: Final = 3  # frames in a row without an answer: the sign is dead
BLINK_S: Final = 1.0  # one blink: 1 Hz, as boards do


class Blinking(Enum):
    COUNTED = "counted"  # the sign blinks as often as it was told, and then is steady
    FLASHING = "flashing"  # it flashes until it is told to be steady
    BY_HAND = "by hand"  # it cannot: it is shown dark and lit in turn


class SignCode(Protocol):
    """The language of one kind of sign: pure, and the same whatever hangs on the line."""

    @property
    def gap_s(self) -> float:
        """Silence that the document wants after a frame."""
        ...

    @property
    def blinking(self) -> Blinking: ...

    @property
    def answer_s(self) -> float:
        """Longest wait for an answer; 0: it never answers."""
        ...

    def begun(self, address: int) -> Sequence[bytes]:
        """Return what a sign needs before its first text."""
        ...

    def written(self, text: str) -> Written: ...

    def shown(self, address: int, text: str, *, blinks: int) -> Sequence[bytes]:
        """Return the frames that show a text made by `written`; an empty one clears the sign."""
        ...

    def dimmed(self, address: int, percent: int) -> Sequence[bytes]:
        """Return the frames that set the brightness; none where the sign has no such thing."""
        ...

    def reply(self, frame: bytes, heard: bytes) -> str | None:
        """Return "" when `heard` holds the sign's consent to `frame`, its refusal in words, or None: not yet."""
        ...


class Unreadable(ValueError):
    """A text that a sign cannot show whole; what it can is shown."""


@dataclass(kw_only=True)
class _Glass:
    """What one sign shows."""

    text: str = ""
    blinks: int = 0
    blinks_until_s: float = 0.0
    blinking: asyncio.TimerHandle | None = None
    misses: int = 0
    trouble: str = ""
    on_shown: Callable[[], None] | None = None  # waits for the text to reach the sign


def _ignore(_address: int, _reason: str) -> None:
    """Nobody asked."""


class LineSigns:
    """`on_health(address, reason)` hears of a sign that no longer answers or refuses, and "" when it is well again.

    With `refresh_s` each text is sent again so often, on a line that is idle: a sign that was without power shows it
    again, and one that answers is asked whether it lives.
    """

    def __init__(
        self,
        line: Line,
        code: SignCode,
        *,
        refresh_s: float = 0.0,
        on_health: Callable[[int, str], None] = _ignore,
    ) -> None:
        self._line = line
        self._code = code
        self._refresh_s = refresh_s
        self._on_health = on_health
        self._glasses: dict[int, _Glass] = {}
        self._percent: int | None = None
        self._turn = 0
        self._refreshing: asyncio.TimerHandle | None = None
        line.subscribe(self._received, opened=self._opened, lost=self._lost)

    def sign(self, address: int) -> "LineSign":
        """Return one of the line's signs; raises ValueError for an address that no sign of this kind can have."""
        self._code.shown(address, "", blinks=0)
        return LineSign(self, address)

    def written(self, text: str) -> Written:
        return self._code.written(text)

    def show(self, address: int, text: str, *, blinks: int = 0, on_shown: Callable[[], None] | None = None) -> Written:
        """Let the newest text of `address` go out as soon as the line allows; return what of it can be read."""
        written = self._code.written(text)
        glass = self._glasses.get(address)
        if glass is None:
            glass = self._glasses[address] = _Glass()
            self._put(address, "begin", self._code.begun(address))
            self._send_brightness(address)
        self._still(glass)
        glass.text, glass.blinks, glass.on_shown = written.text, blinks, on_shown
        if glass.misses < MISSES:  # a dead one is only asked now and then: others wait for the line
            self._send(address, glass)
        return written

    def dim(self, percent: int) -> None:
        """Set the brightness of all signs of the line, in percent."""
        self._percent = percent
        for address in self._glasses:
            self._send_brightness(address)

    def _send(self, address: int, glass: _Glass) -> None:
        if glass.blinking is not None:
            glass.blinking.cancel()
        on_shown = glass.on_shown
        self._put(
            address,
            "text",
            self._code.shown(address, glass.text, blinks=glass.blinks),
            sent=lambda: self._reached(glass, on_shown),
        )
        if not glass.blinks:
            return
        loop = asyncio.get_running_loop()
        glass.blinks_until_s = loop.time() + glass.blinks * BLINK_S
        match self._code.blinking:
            case Blinking.COUNTED:
                pass
            case Blinking.FLASHING:
                glass.blinking = loop.call_at(glass.blinks_until_s, self._blink, address, glass, 0)
            case Blinking.BY_HAND:
                halves = 2 * glass.blinks - 1  # dark, lit, dark, lit
                glass.blinking = loop.call_later(BLINK_S / 2, self._blink, address, glass, halves)

    def _blink(self, address: int, glass: _Glass, halves: int) -> None:
        """Show the text dark or lit, with so many halves of a blink to come."""
        is_lit = halves % 2 == 0
        self._put(address, "text", self._code.shown(address, glass.text if is_lit else "", blinks=0))
        glass.blinking = None
        if halves:
            loop = asyncio.get_running_loop()
            glass.blinking = loop.call_later(BLINK_S / 2, self._blink, address, glass, halves - 1)

    def _reached(self, glass: _Glass, on_shown: Callable[[], None] | None) -> None:
        """Tell whoever waits for a text that it has reached its sign, once, unless another one has followed."""
        if on_shown is not None and glass.on_shown is on_shown:
            glass.on_shown = None
            on_shown()

    def _still(self, glass: _Glass) -> None:
        if glass.blinking is not None:
            glass.blinking.cancel()
        glass.blinking, glass.blinks, glass.blinks_until_s = None, 0, 0.0

    def _send_brightness(self, address: int) -> None:
        if self._percent is not None:
            self._put(address, "brightness", self._code.dimmed(address, self._percent))

    def _put(self, address: int, what: str, frames: Sequence[bytes], *, sent: Callable[[], None] | None = None) -> None:
        for number, frame in enumerate(frames):
            self._line.send(
                frame,
                slot=(id(self), address, what, number),
                gap_s=self._code.gap_s,
                awaited=self._awaited(address, frame) if self._code.answer_s else None,
                sent=sent if number == len(frames) - 1 else None,
            )

    # Who lives ------------------------------------------------------------------------------------------------------

    def _awaited(self, address: int, frame: bytes) -> Awaited:
        def fits(heard: bytes) -> bool:
            reply = self._code.reply(frame, heard)
            if reply is not None:
                self._replied(address, reply)
            return reply is not None

        return Awaited(within_s=self._code.answer_s, fits=fits, silent=lambda: self._fell_silent(address))

    def _replied(self, address: int, trouble: str) -> None:
        glass = self._glasses[address]
        was_dead, glass.misses = glass.misses >= MISSES, 0
        self._tell(address, trouble)
        if was_dead:
            self._restore(address, glass)

    def _fell_silent(self, address: int) -> None:
        glass = self._glasses[address]
        glass.misses += 1
        if glass.misses < MISSES:
            self._send(address, glass)
        elif glass.misses == MISSES:
            self._still(glass)
            self._tell(
                address,
                f"the sign with address {address} does not answer: check its power, its two wires, its address and "
                "that the line's speed is its own",
            )

    def _tell(self, address: int, trouble: str) -> None:
        if trouble != self._glasses[address].trouble:
            self._glasses[address].trouble = trouble
            self._on_health(address, trouble)

    # After a loss ---------------------------------------------------------------------------------------------------

    def _opened(self) -> None:
        for address, glass in self._glasses.items():
            self._still(glass)
            self._restore(address, glass)
        self._refresh_later()

    def _restore(self, address: int, glass: _Glass) -> None:
        self._put(address, "begin", self._code.begun(address))
        self._send_brightness(address)
        self._send(address, glass)

    def _refresh_later(self) -> None:
        if self._refresh_s:
            each_s = self._refresh_s / max(1, len(self._glasses))
            self._refreshing = asyncio.get_running_loop().call_later(each_s, self._refresh)

    def _refresh(self) -> None:
        """Send one sign's text again, if nobody wants the line and the sign does not just blink."""
        loop = asyncio.get_running_loop()
        addresses = list(self._glasses)
        if addresses and self._line.is_idle:
            self._turn = (self._turn + 1) % len(addresses)
            address = addresses[self._turn]
            glass = self._glasses[address]
            if loop.time() >= glass.blinks_until_s:
                self._still(glass)
                if self._code.answer_s:
                    self._send(address, glass)
                else:
                    self._restore(address, glass)
        self._refresh_later()

    def _received(self, _chunk: bytes) -> None:
        """Leave what comes unasked: it is another device's, or noise."""

    def _lost(self, _gone: PortGone) -> None:
        """Keep the texts: they are sent again when the line is back."""
        if self._refreshing is not None:
            self._refreshing.cancel()


class LineSign:
    """One sign of a line; implements `Sign`."""

    def __init__(self, signs: LineSigns, address: int) -> None:
        self._signs = signs
        self._address = address

    def shows(self, text: str) -> bool:
        return self._signs.written(text).is_whole

    async def show(self, text: str, *, blinks: int = 0, on_shown: Callable[[], None] | None = None) -> None:
        """Show `text`; returns once the line will send it. Raises Unreadable for what the sign cannot show."""
        written = self._signs.show(self._address, text, blinks=blinks, on_shown=on_shown)
        if written.lost:
            raise Unreadable(
                f"this sign has no {' '.join(sorted(set(written.lost)))} and shows {written.text!r} for {text!r}: "
                "choose another letter for this service, or say in `letters` what to show instead"
            )
        if written.cut:
            raise Unreadable(
                f"this sign is too short and shows {written.text!r} for {text!r}: shorten the text, or correct "
                "`characters` if the sign has room for more"
            )
