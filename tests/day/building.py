"""The large hall's rooms on one loop: the real dispatcher, boxes, kiosks, boards and voices, and simulated devices.

What is not real: the bus is memory's, cables are memory's, and the voice's sentences last as long as speech does but
are no sound.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from broker.bus import MemoryBroker, MemoryBus
from broker.config import Window
from broker.contract import wire
from broker.contract.messages import AnyView, CounterView, Language, Recorded, Role
from broker.dispatcher import Dispatcher
from broker.journal import Journal
from broker.legibility import Panel, arranged
from broker.link import HallLink, subscriptions
from broker.sign_file import SignTexts
from broker.voice_file import Voice
from counter.node import CounterBox, views
from counter.wiring import Devices
from counter.wording import wording
from display.announcer import Announcer, Made
from display.board import Board
from display.board_node import BoardNode
from display.pages import Pages, Sight
from display.phrases import Spoken, seconds
from display.spoken import SpokenCalls
from display.voice_node import VoiceNode, heard_by_voice
from hardware.drivers import candle_sign, jtt905_keypad, qsystem_pads
from hardware.drivers.escpos_printer import EscposPrinter
from hardware.drivers.line_signs import LineSigns
from hardware.drivers.loudspeaker import duration_s
from hardware.line import Line
from hardware.simulators.candle_signs import SignShows, SimulatedSigns
from hardware.simulators.escpos_printer import PrinterChanged, SimulatedPrinter, SlipPrinted, SlipTorn
from hardware.simulators.jtt905_keypad import SimulatedKeypad
from hardware.simulators.memory_cable import MemoryCable
from hardware.simulators.qsystem_pads import LampLit, SimulatedPads, TextShown
from hardware.voice import bells, sound
from hardware.voice.maker import usual_maker
from kiosk.flow import Kiosk
from kiosk.node import VIEWS, KioskNode
from kiosk.paper import slip_bytes

from .large_hall import BEGIN, BOXES, HALL, KIOSKS, WINDOWS

FIRST_SIGN: Final = 33
PAD_BAUD, SIGN_BAUD, KEYPAD_BAUD, PRINTER_BAUD = 19200, 57600, 9600, 115200
BOARD_ROWS: Final = 5
BACKLOG_S: Final = 15
WALL: Final = arranged(Panel(width=1920, height=1080, diagonal_in=65, distance_m=5))
DARK_WHEN_IDLE: Final = wording(Language.ZH, SignTexts(idle=("",)))


class Place:
    """What a clerk and a customer see at one window."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.sign = ""
        self.lamp = "off"
        self.pad = ""
        self.signs_shown: list[str] = []
        self.beeps = 0
        self._stirred = asyncio.Event()
        self.press: Callable[[str], None] = lambda _: None
        self.keypad = SimulatedKeypad(link=Path("memory"), report=lambda _: self.stir())

    @property
    def waits(self) -> int:
        """How many wait, as the pad says while the counter is free."""
        return int(self.pad) if self.pad.strip().isdigit() and not self.sign else 0

    def stir(self) -> None:
        """Let whoever stands here look again."""
        self._stirred.set()

    async def until(self, seen: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Wait until something can be seen; return whether it was, in time."""
        try:
            async with asyncio.timeout(timeout_s):
                while not seen():
                    self._stirred.clear()
                    await self._stirred.wait()
        except TimeoutError:
            return seen()
        return True


class Stand:
    """A kiosk and its printer, as a customer sees them."""

    def __init__(self, node: KioskNode, printer: SimulatedPrinter) -> None:
        self.node = node
        self.printer = printer
        self.slips: list[SlipPrinted] = []
        self.torn: list[SlipTorn] = []
        self.turn = asyncio.Lock()
        self.people = 0
        self._stirred = asyncio.Event()

    def stir(self) -> None:
        self._stirred.set()

    async def until(self, seen: Callable[[Kiosk], bool]) -> None:
        while not seen(self.node.kiosk):
            self._stirred.clear()
            await self._stirred.wait()


class Glass:
    """A board's window: each call on it is seen once."""

    def __init__(self, on_call: Callable[[str, int], None]) -> None:
        self.calls: dict[str, tuple[str, int]] = {}  # call → ticket and counter
        self._on_call = on_call

    def show(self, sight: Sight) -> None:
        for row in sight.rows:
            if row.call not in self.calls:
                self.calls[row.call] = (row.ticket, row.counter)
                self._on_call(row.ticket, row.counter)


class Mouth(Announcer):
    """Speech that is only as long as its text."""

    text = ""  # of the last announcement

    async def warm_up(self, languages: Sequence[Language]) -> str:
        return "" if languages else "dumb"

    async def record_words(self, languages: Sequence[Language]) -> None:
        """There is no engine to record."""

    async def make(self, parts: Sequence[Spoken], *, alarm: bool = False, volume_db: int = 0) -> Made:
        assert (alarm, volume_db) == (False, 0)
        self.text = "\n".join(dict.fromkeys(part.text for part in parts))
        wav = sound.to_wav(sound.silence(bells.CHIME_S + seconds(tuple(parts))))
        return Made(whole=wav, rest=wav)


class Loudspeaker:
    """Lasts as long as the real one, and remembers what was said and when."""

    def __init__(self, mouth: Mouth) -> None:
        self.mouth = mouth
        self.said: list[tuple[float, float, str]] = []  # from, to, sentences

    async def play(self, wav: bytes) -> None:
        loop = asyncio.get_running_loop()
        began_s, text = loop.time(), self.mouth.text
        await asyncio.sleep(duration_s(wav))
        self.said.append((began_s, loop.time(), text))


class Building:
    """Everything that hangs on the bus. `on_call` hears of each call that a board shows."""

    def __init__(self, directory: Path, *, on_call: Callable[[str, int], None], only_dispatcher: bool = False) -> None:
        self._directory = directory
        self._broker = MemoryBroker()
        self._work: list[asyncio.Task[None]] = []
        self._loop = asyncio.get_running_loop()
        self.places = {number: Place(number) for number in range(1, BOXES * WINDOWS + 1)}
        self.glasses = {zone: Glass(on_call) for zone in ("main", "east")}
        self.speakers = {
            zone: Loudspeaker(Mouth(usual_maker(directory / f"voice-{zone}"))) for zone in ("main", "east")
        }
        self.views: dict[str, AnyView] = {}  # the last of each topic
        self.heard: list[Recorded] = []
        self.signs_too_early = 0
        self.journal = Journal(directory / "journal")
        self.dispatcher = self._dispatcher(self.journal)
        self.desk = self._link("desk", Role.SUPERVISOR, ["event/+", "view/hall", "view/queues", "view/+/+"])
        self._start(self.desk.run())
        self.stands: list[Stand] = []
        self._signs: list[SimulatedSigns] = []
        if only_dispatcher:
            return
        self.stands = [self._kiosk(number) for number in range(1, KIOSKS + 1)]
        for box in range(1, BOXES + 1):
            self._box(box)
        for zone in ("main", "east"):
            self._display(zone)

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self._loop.time())

    def call_at(self, counter: int) -> str | None:
        """Return the call that a console shows for a counter."""
        view = self.views.get(f"CounterView {counter}")
        return view.call if isinstance(view, CounterView) else None

    @property
    def frames_lost(self) -> int:
        """Frames that a sign did not see, because they came too soon after another."""
        return sum(each.too_early + each.not_understood for each in self._signs)

    async def close(self) -> None:
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        self.journal.close()

    def failures(self) -> list[BaseException]:
        """Return why rooms have ended by themselves."""
        done = [task for task in self._work if task.done() and not task.cancelled()]
        return [error for task in done if (error := task.exception()) is not None]

    async def lose_paper(self, *, at_s: float) -> None:
        """Let a printer's paper end in the middle of a slip."""
        await asyncio.sleep(at_s - asyncio.get_running_loop().time())
        stand = self.stands[0]
        while not stand.torn:
            await stand.printer.printing()
            stand.printer.end_paper(after_mm=10)
            await asyncio.sleep(180)

    # Rooms ------------------------------------------------------------------------------------------------------------

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._work.append(asyncio.get_running_loop().create_task(work))

    def _bus(self, node: str, also: Sequence[str]) -> MemoryBus:
        return self._broker.bus(name=node, subscriptions=subscriptions(hall=HALL.id, node=node, also=also))

    def _dispatcher(self, journal: Journal) -> Dispatcher:
        bus = self._broker.bus(name="dispatcher", subscriptions=[wire.topic(HALL.id, "cmd/{}", "+")])
        dispatcher = Dispatcher(bus=bus, journal=journal, hall=HALL.id, poison=self._directory / "poison", now=self.now)
        dispatcher.open_day()
        dispatcher.configure(HALL)
        self._start(dispatcher.run())
        return dispatcher

    def _link(self, node: str, role: Role, also: Sequence[str]) -> HallLink:
        return HallLink(
            bus=self._bus(node, also),
            hall=HALL.id,
            node=node,
            role=role,
            clock=asyncio.get_running_loop().time,
            on_view=self._viewed,
            on_event=self.heard.append,
            look_back=1000,
        )

    def _viewed(self, view: AnyView) -> None:
        which = getattr(view, "counter", getattr(view, "zone", ""))
        self.views[f"{type(view).__name__} {which}"] = view

    def _kiosk(self, number: int) -> Stand:
        node, directory = f"kiosk-{number}", self._directory / f"kiosk-{number}"
        directory.mkdir(parents=True)
        printer = SimulatedPrinter(link=Path("memory"), report=lambda seen: self._printed(stand, seen))
        cable = printer._cable = MemoryCable(printer._received_on_cable, baud=PRINTER_BAUD)
        kiosk = KioskNode(
            bus=self._bus(node, VIEWS),
            hall=HALL.id,
            node=node,
            printer=EscposPrinter("memory", opener=cable.open),
            encode=lambda items: slip_bytes(items, encoding="gb18030", width_dots=576),
            state_dir=directory,
            idle_s=25,
            ticket_s=8,
            clock=asyncio.get_running_loop().time,
            now=self.now,
            boot="one",
            in_background=lambda work: work(),
            on_change=lambda _: stand.stir(),
        )
        stand = Stand(kiosk, printer)

        async def run() -> None:
            async with printer:
                await kiosk.run()

        self._start(run())
        return stand

    def _printed(self, stand: Stand, seen: SlipPrinted | SlipTorn | PrinterChanged) -> None:
        match seen:
            case SlipPrinted():
                stand.slips.append(seen)
            case SlipTorn():
                stand.torn.append(seen)
            case PrinterChanged(paper="near_end" | "out"):
                asyncio.get_running_loop().call_later(60, stand.printer.refill)  # somebody sees the lamp
        stand.stir()

    def _box(self, box: int) -> None:
        windows = [
            Window(counter=(box - 1) * WINDOWS + place, pad=place, sign=FIRST_SIGN + place - 1)
            for place in range(1, WINDOWS + 1)
        ]
        by_pad = {each.pad or 0: self.places[each.counter] for each in windows}
        by_sign = {each.sign or 0: self.places[each.counter] for each in windows}
        pads = SimulatedPads(link=Path("memory"), addresses=by_pad, report=lambda seen: _pad_shows(by_pad, seen))
        signs = SimulatedSigns(link=Path("memory"), addresses=by_sign, report=lambda seen: _sign_shows(by_sign, seen))
        self._signs.append(signs)
        pads.cable = MemoryCable(pads._received, baud=PAD_BAUD)
        signs.cable = MemoryCable(signs._received, baud=SIGN_BAUD)
        pad_line = _line(pads.cable, baud=PAD_BAUD, gap_s=qsystem_pads.GAP_S)
        sign_line = _line(signs.cable, baud=SIGN_BAUD, gap_s=candle_sign.GAP_S)
        panel = LineSigns(sign_line, candle_sign.CandleCode())
        lines, keypads = [pad_line, sign_line], {}
        for address, place in by_pad.items():
            keypad = place.keypad
            keypad.cable = MemoryCable(keypad._received, baud=KEYPAD_BAUD)
            lines.append(_line(keypad.cable, baud=KEYPAD_BAUD, gap_s=0.0))
            keypads[place.number] = jtt905_keypad.Jtt905Keypad(lines[-1])
            place.press = _key(pads, address)
        devices = Devices(
            lines=lines,
            pads=qsystem_pads.QSystemPads(pad_line),
            signs={each.counter: panel.sign(each.sign or 0) for each in windows},
            keypads=keypads,
        )
        counters = [each.counter for each in windows]
        node = CounterBox(
            bus=self._bus(f"box-{box}", views(counters)),
            hall=HALL.id,
            node=f"box-{box}",
            windows=windows,
            wording=DARK_WHEN_IDLE,
            rating_s=20,
            state_dir=self._directory / f"box-{box}",
            clock=asyncio.get_running_loop().time,
            now=self.now,
        )
        self._start(node.run(devices))

    def _display(self, zone: str) -> None:
        loop = asyncio.get_running_loop()
        board = BoardNode(
            bus=self._bus(f"board-{zone}", ["view/hall", "view/queues", f"view/board/{zone}"]),
            hall=HALL.id,
            node=f"board-{zone}",
            board=Board(zone=zone, most_rows=BOARD_ROWS),
            pages=Pages(arrangement=replace(WALL, rows=BOARD_ROWS), languages=(Language.ZH,)),
            folder=None,
            clock=loop.time,
            now=self.now,
            show=self.glasses[zone].show,
        )
        state = self._directory / f"voice-{zone}"
        voice = VoiceNode(
            bus=self._bus(f"voice-{zone}", heard_by_voice(zone)),
            hall=HALL.id,
            node=f"voice-{zone}",
            voice=Voice(zone=zone, backlog_s=BACKLOG_S),
            spoken=SpokenCalls(state / "spoken"),
            announcer=self.speakers[zone].mouth,
            speaker=self.speakers[zone],
            clock=loop.time,
            now=self.now,
        )
        self._start(board.run())
        self._start(voice.run())


def _line(cable: object, *, baud: int, gap_s: float) -> Line:
    assert isinstance(cable, MemoryCable)
    return Line("memory", gap_s=gap_s, baud=baud, opener=cable.open)


def _key(pads: SimulatedPads, address: int) -> Callable[[str], None]:
    return lambda key: pads.press(address, key)  # type: ignore[arg-type] # an unknown key is an error there


def _pad_shows(places: dict[int, Place], seen: LampLit | TextShown) -> None:
    place = places[seen.address]
    if isinstance(seen, LampLit):
        place.lamp = seen.lamp
        place.beeps += seen.beep
    else:
        place.pad = seen.text
    place.stir()


def _sign_shows(places: dict[int, Place], seen: SignShows) -> None:
    place = places[seen.address]
    place.sign = seen.text
    if seen.text:
        place.signs_shown.append(seen.text)
    place.stir()
