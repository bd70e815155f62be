"""What can be seen and heard on the hall's floor: paper, lamps, windows, sound. Nobody's word is taken for it."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

COPY: Final = "补打"
TICKET: Final = re.compile(r"(?<![0-9A-Z])([A-Z][0-9]{3})(?![0-9])")
GRADES: Final = {
    0: "未评价 not rated",
    1: "满意 satisfied",
    2: "一般 average",
    3: "不满意 dissatisfied",
    4: "投诉 complaint",
}
PASSED_OVER: Final = 2  # later numbers of the same service called: by then a number counts as lost


CHIME_S: Final = 0.9  # what sounds shorter is no sentence


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

    def __init__(self, *, tell: Callable[[str], None] = lambda _: None, hears: bool = True) -> None:
        """`tell` hears each notable thing, in both languages; without `hears` a real loudspeaker has the voice."""
        self._tell = tell
        self._hears = hears
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
        self._chime: Announcement | None = None  # came by itself
        self.tape_began_ms = 0.0
        self.paper = True
        self.network = True
        self.unplugged: set[int] = set()  # keypads
        self.board_rows: list[dict[str, Any]] = []
        self.doubled: set[str] = set()
        self.sign_frames_ms: list[float] = []  # when each frame ended, whichever sign it was for
        self._pressed_ms: dict[int, float] = {}
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
        return not self._hears or len(self.announcements) >= len(self.glimpses)

    def announced(self, glimpse: Glimpse) -> bool:
        """Tell whether a call has been heard to its end: calls are announced in their order."""
        return not self._hears or len(self.announcements) > list(self.glimpses.values()).index(glimpse)

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
        for row in reversed(seen["rows"]):  # the newest call stands first; the voice begins with the oldest
            glimpse = self._glimpse(row["ticket"], row["counter"])
            if glimpse.board_ms is None:
                glimpse.board_ms, glimpse.board_text, glimpse.call_id = seen["ms"], row["text"], row["call"]
        self._changed.set()

    def _glimpse(self, ticket: str, counter: int) -> Glimpse:
        key = (ticket, counter)
        if key not in self.glimpses:
            if any(ticket == other for other, _ in self.glimpses):
                self.doubled.add(ticket)
            self._tell(f"{ticket} → {counter} 号窗口 called to counter {counter}")
            self.glimpses[key] = Glimpse(ticket=ticket, counter=counter, pressed_ms=self._pressed_ms.get(counter))
        return self.glimpses[key]

    def at_counter(self, counter: int) -> Glimpse | None:
        """Return the call that a counter's sign shows."""
        ticket = self.signs.get(counter, "")
        return self.glimpses.get((ticket, counter)) if ticket else None

    def _last_of(self, counter: int) -> Glimpse | None:
        return next((each for each in reversed(self.glimpses.values()) if each.counter == counter), None)

    def _take_ready(self, report: dict[str, Any]) -> None:
        self.tape_began_ms = report["tape_began_ms"]
        self.paper = self.network = True
        self.unplugged.clear()

    def _take_pressed(self, report: dict[str, Any]) -> None:
        if report["key"] == "call":
            self._pressed_ms[report["counter"]] = report["ms"]

    def _take_slip(self, report: dict[str, Any]) -> None:
        said = "\n".join(report["lines"])
        if not said:  # what hung from the printer after a failure, cut off before the next slip
            return
        found = TICKET.search(said)
        ticket = found.group(1) if found else "?"
        if COPY in said:
            self._tell(f"{ticket} 补打 slip printed once more")
            return
        if ticket in self.slips:
            self.doubled.add(ticket)
        self.slips.append(ticket)
        self._tell(f"{ticket} 出票 slip printed")

    def _take_torn(self, _report: dict[str, Any]) -> None:
        self.torn += 1
        self._tell("小票撕断 a slip came out torn")

    def _take_printer(self, report: dict[str, Any]) -> None:
        paper = report["paper"] != "out"
        if paper != self.paper:
            self._tell("打印机有纸 the printer has paper" if paper else "打印机缺纸 the printer is out of paper")
        self.paper = paper

    def _take_network(self, report: dict[str, Any]) -> None:
        self.network = report["up"]
        self._tell("网络恢复 the network is mended" if self.network else "网络断开 the network is cut")

    def _take_keypad_cable(self, report: dict[str, Any]) -> None:
        counter = report["counter"]
        if report["plugged"]:
            self.unplugged.discard(counter)
            self._tell(f"{counter} 号窗口评价器已插上 keypad {counter} is plugged in")
        else:
            self.unplugged.add(counter)
            self.asking[counter] = False
            self._tell(f"{counter} 号窗口评价器已拔下 keypad {counter} is unplugged")

    def _take_sign(self, report: dict[str, Any]) -> None:
        text = report["text"].strip()
        self.sign_frames_ms.append(report["ms"])
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
            self._tell(f"{glimpse.ticket} 评价 rated: {GRADES[report['grade']]}")

    def _take_announced(self, report: dict[str, Any]) -> None:
        start_s, end_s, overlapped = report["start_s"], report["end_s"], report["overlapped"]
        if end_s - start_s < CHIME_S and self._chime is None:
            self._chime = Announcement(start_s=start_s, end_s=end_s, overlapped=overlapped)
            return  # the engine is slow: the words follow
        if self._chime is not None:
            start_s, overlapped = self._chime.start_s, overlapped or self._chime.overlapped
            self._chime = None
        self._tell(f"语音播报 announced ({end_s - start_s:.1f} s)")
        self.announcements.append(Announcement(start_s=start_s, end_s=end_s, overlapped=overlapped))
