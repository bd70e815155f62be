"""What can be seen and heard on the hall's floor: paper, lamps, windows, sound. Nobody's word is taken for it."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

TICKET: Final = re.compile(r"(?<![0-9A-Z])([A-Z][0-9]{3})(?![0-9])")
PASSED_OVER: Final = 2  # later numbers of the same service called: by then a number counts as lost


@dataclass(kw_only=True)
class Glimpse:
    """One call as seen at the far ends; all times are monotonic milliseconds."""

    ticket: str
    counter: int
    call_id: str | None = None
    pressed_ms: float | None = None
    board_ms: float | None = None
    board_text: str | None = None
    sign_ms: float | None = None
    sign_bytes: str | None = None
    line_free: bool = True  # no sign frame in the 250 ms before the press
    voice_free: bool = True  # nothing was being announced
    voice_ms: float | None = None
    voice_start_s: float | None = None
    voice_end_s: float | None = None
    served: bool = False
    rating: int | None = None


@dataclass(kw_only=True)
class Announcement:
    start_s: float
    end_s: float
    overlapped: bool


@dataclass(kw_only=True)
class Glass:
    """What the kiosk's window shows, and where to touch it (0..1 of the window, y upwards)."""

    screen: str = ""
    language: str = "zh"
    texts: Sequence[str] = ()
    targets: Mapping[str, Sequence[float]] = field(default_factory=dict)


class Floor:
    """All reports of the far ends, in order, and what follows from them at a glance."""

    LINE_BUSY_MS: Final = 250.0

    def __init__(self) -> None:
        self.glass = Glass()
        self.slips: list[str] = []  # ticket of each whole slip, in order
        self.torn = 0
        self.shown_numbers: list[str] = []  # numbers on the kiosk's ticket screen
        self.signs: dict[int, str] = {}
        self.lamps: dict[int, str] = {}
        self.pad_texts: dict[int, str] = {}
        self.beeps: dict[int, int] = {}
        self.asking: dict[int, bool] = {}
        self.glimpses: dict[tuple[str, int], Glimpse] = {}
        self.announcements: list[Announcement] = []
        self.tape_began_ms = 0.0
        self.board_rows: list[dict[str, Any]] = []
        self.doubled: set[str] = set()
        self._pressed: dict[int, tuple[float, bool, bool]] = {}
        self._last_sign_ms = float("-inf")
        self._changed = asyncio.Event()

    async def until(self, seen: Callable[[], bool], *, timeout_s: float) -> bool:
        """Wait until something can be seen; return whether it was, in time."""
        try:
            async with asyncio.timeout(timeout_s):
                while not seen():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return seen()
        return True

    def stir(self) -> None:
        """Let everybody look again: a person has moved."""
        self._changed.set()

    @property
    def quiet(self) -> bool:
        """Tell whether every call that was shown has been announced to its end."""
        return len(self.announcements) >= len(self.glimpses)

    @property
    def lost(self) -> list[str]:
        """Numbers on paper that were passed over: later ones of the same service were called, they never."""
        called = {ticket for ticket, _ in self.glimpses}
        return [
            ticket
            for ticket in self.slips
            if ticket not in called
            and sum(1 for other in called if other[0] == ticket[0] and other > ticket) >= PASSED_OVER
        ]

    def take(self, report: dict[str, Any]) -> None:
        """Note what the far ends of the cables report."""
        taker = getattr(self, f"_take_{report['what']}", None)
        if taker is not None:
            taker(report)
        self._changed.set()

    def see_kiosk(self, seen: dict[str, Any]) -> None:
        """Note what the kiosk's window drew."""
        self.glass = Glass(
            screen=seen["screen"], language=seen["language"], texts=seen["texts"], targets=seen["targets"]
        )
        if seen["screen"] == "ticket":
            for ticket in TICKET.findall(" ".join(seen["texts"])):
                if ticket not in self.shown_numbers:
                    self.shown_numbers.append(ticket)
        self._changed.set()

    def see_board(self, seen: dict[str, Any]) -> None:
        """Note what the board's window drew."""
        self.board_rows = seen["rows"]
        for row in seen["rows"]:
            glimpse = self._glimpse(row["ticket"], row["counter"])
            if glimpse.board_ms is None:
                glimpse.board_ms, glimpse.board_text, glimpse.call_id = seen["ms"], row["text"], row["call"]
        self._changed.set()

    def _glimpse(self, ticket: str, counter: int) -> Glimpse:
        key = (ticket, counter)
        if key not in self.glimpses:
            pressed, line_free, voice_free = self._pressed.get(counter, (None, True, True))
            if any(ticket == other for other, _ in self.glimpses):
                self.doubled.add(ticket)
            self.glimpses[key] = Glimpse(
                ticket=ticket, counter=counter, pressed_ms=pressed, line_free=line_free, voice_free=voice_free
            )
        return self.glimpses[key]

    def at_counter(self, counter: int) -> Glimpse | None:
        """Return the call that a counter's sign shows."""
        ticket = self.signs.get(counter, "")
        return self.glimpses.get((ticket, counter)) if ticket else None

    def _last_of(self, counter: int) -> Glimpse | None:
        return next((each for each in reversed(self.glimpses.values()) if each.counter == counter), None)

    def _take_ready(self, report: dict[str, Any]) -> None:
        self.tape_began_ms = report["tape_began_ms"]

    def _take_pressed(self, report: dict[str, Any]) -> None:
        if report["key"] == "call":
            line_free = report["ms"] - self._last_sign_ms > self.LINE_BUSY_MS
            self._pressed[report["counter"]] = (report["ms"], line_free, self.quiet)

    def _take_slip(self, report: dict[str, Any]) -> None:
        found = TICKET.search("\n".join(report["lines"]))
        ticket = found.group(1) if found else "?"
        if ticket in self.slips:
            self.doubled.add(ticket)
        self.slips.append(ticket)

    def _take_torn(self, _report: dict[str, Any]) -> None:
        self.torn += 1

    def _take_sign(self, report: dict[str, Any]) -> None:
        text = report["text"].strip()
        self._last_sign_ms = report["ms"]
        self.signs[report["counter"]] = text
        if TICKET.fullmatch(text):
            glimpse = self._glimpse(text, report["counter"])
            if glimpse.sign_ms is None:
                glimpse.sign_ms, glimpse.sign_bytes = report["ms"], report["raw"]

    def _take_lamp(self, report: dict[str, Any]) -> None:
        counter = report["counter"]
        self.lamps[counter] = report["lamp"]
        if report["beep"]:
            self.beeps[counter] = self.beeps.get(counter, 0) + 1
        glimpse = self._last_of(counter)
        if report["lamp"] == "green" and glimpse is not None:
            glimpse.served = True

    def _take_pad_text(self, report: dict[str, Any]) -> None:
        self.pad_texts[report["counter"]] = report["text"].strip()

    def _take_asking(self, report: dict[str, Any]) -> None:
        self.asking[report["counter"]] = report["lit"]

    def _take_rated(self, report: dict[str, Any]) -> None:
        glimpse = self._last_of(report["counter"])
        if glimpse is not None:
            glimpse.rating = report["grade"]

    def _take_announced(self, report: dict[str, Any]) -> None:
        self.announcements.append(
            Announcement(start_s=report["start_s"], end_s=report["end_s"], overlapped=report["overlapped"])
        )
