"""A day of customers before one kiosk: real window, touches from outside, real hall, a printer at the cable's far end.

Times are taken outside the kiosk: from a finger that lands (or lifts) to the frame that shows the pressed key (or the
next page), as the window hands it to the screen. A page then fades in; that is not counted. The first stretch of the
day is the floor: the last one must be like it.
"""

import asyncio
import re
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any, Final

from broker.bus import Login, MqttBus
from broker.contract.messages import Called, CallNext, FinishService, Role, StartService, TicketIssued
from broker.journal import Journal
from broker.link import HallLink, subscriptions, will
from hardware.simulators.escpos_printer import Report, SimulatedPrinter, SlipPrinted

from ..demo.layout import clear, free_ports, lay_out
from ..demo.programs import Programs, mosquitto_command
from ..demo.touch import Finger
from ..demo.witnesses import follow
from .press import percentiles

HALL: Final = "chengdong"
CUSTOMERS: Final = 2000
STRETCHES: Final = 10
QUICK_MM_S: Final = 5_000.0
ROLL_MM: Final = 1e9
PATIENCE_S: Final = 5.0
WAITING: Final = 12  # people in the hall before the clerks begin
TICKET: Final = re.compile(r"[A-Z][0-9]{3}")
SERVICES: Final = ("pay", "new", "transfer", "ask", "complain", "invoice")

Frame = Mapping[str, Any]
Seen = Callable[[Frame], bool]
Step = tuple[str, Seen]  # a key, or how keys of a kind begin; what the screen shows thereupon


def _on(name: str) -> Seen:
    return lambda frame: frame["screen"] == name


def _wishes(number: int) -> list[Step]:
    """Return what the customer touches before *take a number*: half just choose, the others have wishes first."""
    service = (f"service:{SERVICES[number % len(SERVICES)]}", _on("confirm"))
    match number % 10:
        case 5:
            return [("language:en", lambda frame: frame["language"] == "en"), service]
        case 6:
            return [("large", lambda frame: frame["large"]), ("service:", _on("confirm"))]
        case 7:
            dark = ("large", lambda frame: frame["contrast"])
            return [("large", lambda frame: frame["large"]), dark, ("service:", _on("confirm"))]
        case 8:
            return [service, ("back", _on("home")), ("service:", _on("confirm"))]
        case 9:
            return [
                ("missed", _on("missed")),
                ("letters:A", lambda frame: "digit:1" in frame["targets"]),
                ("home", _on("home")),
                service,
            ]
        case _:
            return [service]


@dataclass(kw_only=True)
class Stretch:
    """What a number of customers, one after the other, met; milliseconds."""

    customers: int = 0
    pressed: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)  # from *take a number* to the number on the screen
    missed: int = 0  # touches that nothing answered
    memory_mb: float = 0.0


@dataclass(kw_only=True)
class Day:
    """What a day showed."""

    stretches: list[Stretch]
    started_mb: float
    warm_mb: float  # after the first hundred
    shown: list[str]  # on the kiosk's screen
    printed: list[str]
    deaths: int
    issued: list[str] = field(default_factory=list)  # as the journal has them

    @property
    def missed(self) -> int:
        return sum(each.missed for each in self.stretches)

    @property
    def agrees(self) -> bool:
        """Whether each number was issued, shown and printed once, in one order."""
        return self.issued == self.shown == self.printed


class Glass:
    """The kiosk's window, as it changes."""

    def __init__(self) -> None:
        self._frames: list[Frame] = []
        self._new = asyncio.Event()

    def see(self, frame: Frame) -> None:
        self._frames = [*self._frames[-50:], frame]
        self._new.set()

    @property
    def now(self) -> Frame:
        return self._frames[-1]

    async def sees(self, wanted: Seen, *, since_ms: float = 0.0) -> Frame | None:
        """Return the first frame since then that shows something; None: it did not come."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    for frame in self._frames:
                        if frame["ms"] >= since_ms and wanted(frame):
                            return frame
                    self._new.clear()
                    await self._new.wait()
        except TimeoutError:
            return None


class KioskDay:
    """A hall with one kiosk; its clerks are quick. Its files lie in `directory`."""

    def __init__(self, directory: Path) -> None:
        clear(directory)
        ports = free_ports()
        self.directory = directory
        self._ports = replace(ports, switch=ports.broker)
        settings = {"ticket_s": 30, "board_width": 1280, "board_height": 720, "speaker": "alsa:null"}
        lay_out(directory, ports=self._ports, settings={**settings, "languages": '["zh"]', "repeats": 1})
        self._programs = Programs(logs=directory / "logs", say=lambda what: print(what, file=sys.stderr))  # noqa: T201
        self._finger = Finger(port=ports.touch)
        self._glass = Glass()
        self._shown: list[str] = []
        self._printed: list[str] = []

    async def run(self, customers: int, *, stretches: int, on_stretch: Callable[[Stretch], None]) -> Day:
        """Let so many customers come; tell of each stretch of the day."""
        config = self.directory / "config"
        self._programs.start("mosquitto", mosquitto_command(config / "mosquitto.conf"))
        dispatcher = [sys.executable, "-m", "broker.dispatcher", "--config", str(config / "dispatcher.toml")]
        self._programs.start("dispatcher", dispatcher)
        seen = self.directory / "screens"
        kiosk = [sys.executable, "-m", "kiosk", "--config", str(config / "kiosk.toml"), "--witness", str(seen)]
        self._programs.start("kiosk", kiosk, environment={"SDL_VIDEODRIVER": "offscreen"})
        printer = SimulatedPrinter(port=self._ports.printer, report=self._fell, paper_mm=ROLL_MM, speed_mm_s=QUICK_MM_S)
        eyes = asyncio.create_task(follow(seen / "kiosk.jsonl", self._glass.see))
        clerks = asyncio.create_task(self._clerks())
        try:
            async with printer:
                day = await self._day(customers, stretches, on_stretch)
        finally:
            for each in (eyes, clerks):
                each.cancel()
            await asyncio.gather(eyes, clerks, return_exceptions=True)
            await self._programs.stop()
        day.issued = self._issued()
        return day

    async def _day(self, customers: int, stretches: int, on_stretch: Callable[[Stretch], None]) -> Day:
        for _ in range(10):  # the window opens, the hall is reached
            if await self._glass.sees(lambda frame: frame["screen"] == "home" and "service:pay" in frame["targets"]):
                break
        else:
            raise TimeoutError(f"the kiosk shows no services; look at {self.directory / 'logs' / 'kiosk.log'}")
        started_mb = warm_mb = self._memory_mb()
        done: list[Stretch] = []
        for at in range(stretches):
            stretch = Stretch()
            for number in range(customers * at // stretches, customers * (at + 1) // stretches):
                await self._serve(number, stretch)
                if number == 99:  # noqa: PLR2004 - every font and every picture has been used by then
                    warm_mb = self._memory_mb()
            stretch.memory_mb = self._memory_mb()
            done.append(stretch)
            on_stretch(stretch)
        return Day(
            stretches=done,
            started_mb=started_mb,
            warm_mb=warm_mb,
            shown=self._shown,
            printed=self._printed,
            deaths=sum(self._programs.deaths.values()),
        )

    async def _serve(self, number: int, stretch: Stretch) -> None:
        """Let one customer take a number and leave."""
        stretch.customers += 1
        for key, shown in _wishes(number):
            await self._touch(key, shown, stretch)
        began_ms = await self._touch("take", lambda frame: frame["screen"] in {"taking", "ticket"}, stretch)
        frame = await self._glass.sees(_on("ticket"), since_ms=began_ms)
        if frame is not None:
            stretch.numbers.append(frame["ms"] - began_ms)
            self._shown += [text for text in frame["texts"] if TICKET.fullmatch(text)][:1]
        await self._touch("home", lambda frame: frame["screen"] == "home" and frame["both"], stretch)

    async def _touch(self, key: str, shown: Seen, stretch: Stretch) -> float:
        """Touch a key, again where nothing answers; return when the finger lifted."""
        for _ in range(3):
            here = await self._glass.sees(
                lambda frame: frame is self._glass.now and frame["pressed"] is None and bool(_named(frame, key))
            )
            if here is None:
                continue
            name = _named(here, key)
            down_ms = monotonic() * 1000
            self._finger.lay(here["targets"][name])
            pressed = await self._glass.sees(lambda frame, name=name: frame["pressed"] == name, since_ms=down_ms)  # type: ignore[misc]
            up_ms = monotonic() * 1000
            self._finger.lift()
            page = await self._glass.sees(lambda frame: frame["pressed"] is None and shown(frame), since_ms=up_ms)
            if pressed is not None and page is not None:
                stretch.pressed.append(pressed["ms"] - down_ms)
                stretch.pages.append(page["ms"] - up_ms)
                return up_ms
            stretch.missed += 1
        raise TimeoutError(f"{key} is not there, or nothing comes of it; the kiosk shows {self._glass.now}")

    def _fell(self, report: Report) -> None:
        if isinstance(report, SlipPrinted):
            self._printed += [line.strip() for line in report.lines if TICKET.fullmatch(line.strip())][:1]

    async def _clerks(self) -> None:
        """Call and serve whoever waits, as long as more than a few do."""
        name, here = "box-1", asyncio.Event()
        password = (self.directory / "config" / f"{name}.password").read_text(encoding="utf-8").strip()
        link = HallLink(
            bus=MqttBus(
                login=Login(host="127.0.0.1", port=self._ports.broker, name=name, password=password),
                subscriptions=subscriptions(hall=HALL, node=name, also=[]),
                will=will(hall=HALL, node=name, role=Role.COUNTER),
            ),
            hall=HALL,
            node=name,
            role=Role.COUNTER,
            clock=monotonic,
            on_hall_here=lambda is_here: here.set() if is_here else here.clear(),
        )
        linked = asyncio.create_task(link.run())
        try:
            await here.wait()
            served, counter = 0, 0
            while True:
                await asyncio.sleep(0.1)
                while len(self._printed) - served > WAITING:
                    counter = counter % 4 + 1
                    called = await link.ask(CallNext(id=link.new_id(), counter=counter))
                    if isinstance(called, Called):
                        served += 1
                        await link.ask(StartService(id=link.new_id(), counter=counter, seen=called.call))
                        await link.ask(FinishService(id=link.new_id(), counter=counter, seen=called.call))
        finally:
            linked.cancel()

    def _issued(self) -> list[str]:
        journal = Journal(self.directory / "journal")
        found = [each.event.ticket for each in journal.replay() if isinstance(each.event, TicketIssued)]
        journal.close()
        return found

    def _memory_mb(self) -> float:
        lines = Path(f"/proc/{self._programs.pid('kiosk')}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def _named(frame: Frame, key: str) -> str:
    """Return the first key of a frame that is named so, or begins so; "": none."""
    return next((each for each in frame["targets"] if each == key or (key.endswith(":") and each.startswith(key))), "")


def measure() -> None:
    """a kiosk's window with 2,000 customers, touched from outside: answers, pages, memory, slips"""  # noqa: D400, D401, D403, D415 - a line of a table
    say = sys.stdout.write
    say(f"{CUSTOMERS:,} customers, one after the other, through one kiosk: about half an hour\n")
    say("            pressed key drawn    next page drawn   number on screen     memory   (ms: p50, p99)\n")
    came = 0

    def tell(stretch: Stretch) -> None:
        nonlocal came
        came += stretch.customers
        sys.stdout.write(f"to {came:5,}   {_times(stretch)}   {stretch.memory_mb:7.1f} MiB\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory(prefix="hallcall-bench-") as place:
        day = asyncio.run(KioskDay(Path(place)).run(CUSTOMERS, stretches=STRETCHES, on_stretch=tell))
    first, last = day.stretches[0], day.stretches[-1]
    touches = sum(len(each.pressed) for each in day.stretches)
    say(f"last {last.customers} against the floor: pressed {_ratio(last.pressed, first.pressed)}, ")
    say(f"page {_ratio(last.pages, first.pages)}, memory {last.memory_mb / day.warm_mb:5.3f} x\n")
    say(f"floor, the first {first.customers}: pressed {statistics.median(first.pressed):.1f} ms, ")
    say(f"page {statistics.median(first.pages):.1f} ms; memory after 100 customers {day.warm_mb:.1f} MiB\n")
    say(f"memory: {day.started_mb:.1f} MiB before the first customer, {last.memory_mb:.1f} MiB after the last\n")
    say(f"touches: {touches:,} answered, {day.missed} missed; programs that ended: {day.deaths}\n")
    same = "the same numbers" if day.agrees else "NOT THE SAME NUMBERS"
    say(f"{len(day.issued):,} issued, {len(day.shown):,} shown, {len(day.printed):,} printed: {same}\n")


def _times(stretch: Stretch) -> str:
    pairs = (percentiles(each) for each in (stretch.pressed, stretch.pages, stretch.numbers))
    return "   ".join(f"{p50:7.1f} {p99:8.1f}" for p50, p99 in pairs)


def _ratio(last: Sequence[float], first: Sequence[float]) -> str:
    return f"{statistics.median(last) / statistics.median(first):4.2f} x"
