"""What each device can do, in the device's own words.

Drivers implement these protocols over a `Port`; programs know only the protocols.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


class Port(Protocol):
    """Moves bytes to and from the far end of one cable.

    Every method raises `PortGone` when the cable, the device or its power is gone.
    """

    async def read(self) -> bytes:
        """Return what has arrived, at least one byte; wait until something has."""
        ...

    async def write(self, data: bytes) -> None:
        """Send all of `data`; return when the port has taken it."""
        ...

    async def close(self) -> None: ...


class PortGone(OSError):
    """The device's cable is out, its power is off, or another program holds it: check these, in this order."""


class Printed(Enum):
    """What is known about a slip after it was sent."""

    YES = "yes"  # the printer said that the job has been worked off
    NO = "no"  # certainly no number on paper: nothing was sent, or it stopped before the number and was cleared
    UNKNOWN = "unknown"  # sent, never acknowledged: the paper may be out


class Reached(Enum):
    """How far a slip came on its way: prepared, accepted, acknowledged are the steps of the transaction."""

    PREPARED = "prepared"  # nothing was sent
    IN_PART = "in_part"  # the cable went while it was sent
    ACCEPTED = "accepted"  # the port took all of it
    BEGUN = "begun"  # the printer said that it had come to the number
    ACKNOWLEDGED = "acknowledged"  # the printer said that it had worked off the whole


class PaperState(Enum):
    OK = "ok"
    NEAR_END = "near_end"
    OUT = "out"
    COVER_OPEN = "cover_open"
    FAULT = "fault"
    TRUSTED = "trusted"  # a printer that never answers: it is sent slips, and nobody knows
    UNKNOWN = "unknown"  # the printer does not answer: never read as fine


@dataclass(frozen=True, kw_only=True)
class PrintResult:
    printed: Printed
    paper: PaperState
    reached: Reached = field(default=Reached.PREPARED, compare=False)


class TicketPrinter(Protocol):
    async def status(self) -> PaperState:
        """Ask the printer; `PaperState.UNKNOWN` when it does not answer in time. Never raises PortGone."""
        ...

    async def print(self, slip: bytes) -> PrintResult:
        """Print one slip (device bytes, cut included) and wait for its acknowledgement. Never raises PortGone.

        Bytes made with a `Mark` before the number let the printer tell whether it came so far.
        """
        ...


class PadKey(Enum):
    """A clerk's button. The first four are printed on a QSystem operator pad; a long press is a key of its own."""

    CALL = "call"
    START = "start"
    REDIRECT = "redirect"
    FINISH = "finish"
    RECALL = "recall"
    NO_SHOW = "no-show"
    HOLD = "hold"
    TRANSFER = "transfer"
    PAUSE = "pause"
    UNDO = "undo"
    CALL_LONG = "call-long"
    START_LONG = "start-long"
    REDIRECT_LONG = "redirect-long"
    FINISH_LONG = "finish-long"
    DIGIT_0 = "0"  # digits are typed: a clerk's PIN
    DIGIT_1 = "1"
    DIGIT_2 = "2"
    DIGIT_3 = "3"
    DIGIT_4 = "4"
    DIGIT_5 = "5"
    DIGIT_6 = "6"
    DIGIT_7 = "7"
    DIGIT_8 = "8"
    DIGIT_9 = "9"
    ENTER = "enter"
    CLEAR = "clear"


class Lamp(Enum):
    OFF = "off"
    RED = "red"
    GREEN = "green"
    BLINK_RED = "blink_red"
    BLINK_GREEN = "blink_green"


@dataclass(frozen=True, kw_only=True)
class PadPress:
    address: int
    key: PadKey


class CallPads(Protocol):
    """All call pads of one RS-485 line."""

    def presses(self) -> AsyncIterator[PadPress]:
        """Every press, in order; ends never, raises PortGone when the line is gone."""
        ...

    async def lamp(self, address: int, lamp: Lamp, *, beep: bool = False) -> None: ...

    async def text(self, address: int, text: str) -> None:
        """Show the last three characters of `text`."""
        ...


class KeypadRating(Enum):
    """JT/T 905.2-2014, service evaluation: 0 none, 1 satisfied, 2 average, 3 dissatisfied, 4 complaint.

    Keypads of five grades have two more, which the standard does not know.
    """

    NONE = 0
    SATISFIED = 1
    AVERAGE = 2
    DISSATISFIED = 3
    COMPLAINT = 4
    VERY_SATISFIED = 5
    VERY_DISSATISFIED = 6


class Keypad(Protocol):
    """One rating keypad (评价器)."""

    def ratings(self) -> AsyncIterator[KeypadRating]:
        """Every rating pressed, in order; ends never, raises PortGone when the line is gone."""
        ...

    async def ask(self) -> None:
        """Light the keys and ask the customer to rate."""
        ...

    async def rest(self) -> None:
        """End the asking: keys dark."""
        ...


class Sign(Protocol):
    """One LED sign, above a window or for a whole hall."""

    def shows(self, text: str) -> bool:
        """Tell whether all of `text` can be read on it."""
        ...

    async def show(self, text: str, *, blinks: int = 0, on_shown: Callable[[], None] | None = None) -> None:
        """Show `text` steadily, or blink it `blinks` times first; an empty text clears the sign.

        `on_shown` hears when it has reached the sign, as far as that can be known, unless another text comes before.
        Raises ValueError naming what cannot be shown; the rest is.
        """
        ...


class Speaker(Protocol):
    async def play(self, wav: bytes) -> None:
        """Play one WAV file (mono, 16 bit) and return when its last sample was heard. Raises PortGone.

        Whoever cancels it hears nothing more at once.
        """
        ...


class TactileKey(Enum):
    """A key that is felt and not seen, and the socket of a headset beside it (Section 508, 402; ADA 309.4)."""

    PREVIOUS = "previous"
    NEXT = "next"
    OK = "ok"
    BACK = "back"
    REPEAT = "repeat"
    LOUDER = "louder"
    QUIETER = "quieter"
    PLUGGED = "plugged"  # a headset was put in
    UNPLUGGED = "unplugged"


class TactileKeypad(Protocol):
    """A few keys beside a screen, for those who cannot see or touch it."""

    def presses(self) -> AsyncIterator[TactileKey]:
        """Every press, in order; ends never, raises PortGone when the line is gone."""
        ...


class IdCards(Protocol):
    """Reads the numbers of ID cards, and hands on nothing else that stands on them."""

    def numbers(self) -> AsyncIterator[str]:
        """Yield the number of every card, in order; ends never, raises PortGone when the line is gone."""
        ...


class Scanner(Protocol):
    """Reads QR and bar codes."""

    def codes(self) -> AsyncIterator[str]:
        """Every text that was read, in order; ends never, raises PortGone when the line is gone."""
        ...
