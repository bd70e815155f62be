"""The kiosk between a real dispatcher and a simulated printer on its cable."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from broker.bus import Letter, MemoryBroker
from broker.contract import messages as m
from broker.contract import wire
from broker.contract.messages import (
    AnyEvent,
    BoxFinding,
    DeviceState,
    DeviceStatus,
    Hall,
    Language,
    Presence,
    Recorded,
    Role,
    SlipFate,
    SlipReported,
    TicketIssued,
    TicketVoided,
)
from broker.dispatcher import Dispatcher
from broker.journal import Journal
from broker.link import HallLink, subscriptions, will
from hardware.devices import PaperState, Printed, PrintResult
from hardware.drivers.escpos_printer import EscposPrinter
from hardware.simulators.escpos_printer import Report, SimulatedPrinter, SlipPrinted
from kiosk import flow
from kiosk.glass import Glass
from kiosk.node import VIEWS, KioskNode
from kiosk.owed import Owed, OwedFile
from kiosk.paper import slip_bytes
from kiosk.slip import Item

PATIENCE_S = 8.0


class Tray:
    """A printer that always has paper, for stories on a jumping clock."""

    def __init__(self) -> None:
        self.slips = 0

    async def status(self) -> PaperState:
        return PaperState.OK

    async def print(self, slip: bytes) -> PrintResult:
        self.slips += bool(slip)
        return PrintResult(printed=Printed.YES, paper=PaperState.OK)

    async def close(self) -> None:
        return


class ServiceHall:
    """A dispatcher, a kiosk with a printer, and somebody who watches."""

    def __init__(self, hall: Hall, directory: Path) -> None:
        self.hall = hall
        self.directory = directory
        self.mail_is_lost = False  # the dispatcher's answers do not arrive
        self.broker = MemoryBroker(allows=lambda _, topic: not (self.mail_is_lost and "/reply/" in topic))
        self.events: list[AnyEvent] = []
        self.printer_health: list[DeviceState] = []
        self.health: dict[str, DeviceStatus] = {}
        self.news = asyncio.Event()
        self.watcher = HallLink(
            bus=self.broker.bus(
                name="watcher",
                subscriptions=subscriptions(hall="east", node="watcher", also=["node/kiosk-1", "event/+"]),
            ),
            hall="east",
            node="watcher",
            role=Role.WATCH,
            clock=time.monotonic,
            on_event=self._happened,
        )
        self._health = self.broker.bus(name="technician", subscriptions=[wire.topic("east", "node/{}", "kiosk-1")])
        self._health.listen(on_letter=self._heard_health, on_state=lambda _: None)
        self._people = [start(self.watcher.run()), start(self._health.run())]
        self._journal: Journal | None = None
        self._dispatcher = self._running = start(asyncio.sleep(0))
        self.node: KioskNode | None = None
        self._hang_up: Callable[[], Coroutine[object, object, None]] = Tray().close

    def open(self) -> None:
        self._journal = Journal(self.directory / "journal")
        dispatcher = Dispatcher(
            bus=self.broker.bus(name="dispatcher", subscriptions=[wire.topic("east", "cmd/{}", "+")]),
            journal=self._journal,
            hall="east",
            poison=self.directory / "poison",
            now=lambda: datetime.now(UTC),
        )
        dispatcher.open_day()
        dispatcher.configure(self.hall)
        self._dispatcher = start(dispatcher.run())

    async def lose_dispatcher(self) -> None:
        await end(self._dispatcher)
        if self._journal is not None:
            self._journal.close()
        self.broker.carry("dispatcher", will(hall="east", node="dispatcher", role=Role.DISPATCHER))

    def start_kiosk(
        self, printer: EscposPrinter | Tray, *, identity_key: bytes | None = None, glass: Glass | None = None
    ) -> None:
        self._hang_up = printer.close
        self.node = KioskNode(
            bus=self.broker.bus(name="kiosk-1", subscriptions=subscriptions(hall="east", node="kiosk-1", also=VIEWS)),
            hall="east",
            node="kiosk-1",
            printer=printer,
            encode=encoded,
            state_dir=self.directory,
            identity_key=identity_key,
            idle_s=25,
            ticket_s=8,
            clock=asyncio.get_running_loop().time,
            now=lambda: datetime.now(UTC),
            boot="one",
            in_background=lambda work: work(),
            on_change=lambda _: self.news.set(),
            glass=glass,
        )
        self._running = start(self.node.run())

    async def kill_kiosk(self) -> None:
        await end(self._running)
        await self._hang_up()

    async def close(self) -> None:
        for task in (self._running, self._dispatcher, *self._people):
            await end(task)

    async def until(self, wanted: Callable[[], bool], *, patience_s: float = PATIENCE_S) -> None:
        async with asyncio.timeout(patience_s):
            while not wanted():
                self.news.clear()
                with contextlib.suppress(TimeoutError):  # files change without news
                    async with asyncio.timeout(0.05):
                        await self.news.wait()

    async def at(self, screen: type[flow.Screen]) -> None:
        await self.until(lambda: isinstance(self.screen, screen))

    @property
    def kiosk(self) -> flow.Kiosk:
        assert self.node is not None
        return self.node.kiosk

    @property
    def screen(self) -> flow.Screen:
        return self.kiosk.screen

    def touch(self, *keys: str) -> None:
        assert self.node is not None
        for key in keys:
            self.node.touch(key)

    @property
    def fates(self) -> list[SlipFate | str]:
        """What the hall knows of slips: their fates, and tickets that are void."""
        return [
            event.fate if isinstance(event, SlipReported) else f"{event.ticket} void"
            for event in self.events
            if isinstance(event, SlipReported | TicketVoided)
        ]

    @property
    def tested(self) -> list[m.DeviceTested]:
        return [event for event in self.events if isinstance(event, m.DeviceTested)]

    @property
    def issued(self) -> list[str]:
        return [event.ticket for event in self.events if isinstance(event, TicketIssued)]

    def _happened(self, recorded: Recorded) -> None:
        self.events.append(recorded.event)
        self.news.set()

    def _heard_health(self, letter: Letter) -> None:
        presence = wire.decode("east", letter.topic, letter.payload).message
        if isinstance(presence, Presence):
            self.health.update((device.name, device) for device in presence.devices)
            self.printer_health += [device.state for device in presence.devices if device.name == "printer"]
            self.news.set()


def encoded(items: Sequence[Item]) -> bytes:
    return slip_bytes(items, encoding="gb18030", width_dots=576)


def start(work: Coroutine[object, object, None]) -> asyncio.Task[None]:
    return asyncio.get_running_loop().create_task(work)


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


class Desk:
    """The simulated printer and what lies in its tray."""

    def __init__(self) -> None:
        self.tray: list[SlipPrinted] = []
        self.on_report: Callable[[Report], None] = lambda _: None
        self.printer = SimulatedPrinter(speed_mm_s=400, report=self._saw)

    def driver(self) -> EscposPrinter:
        url = f"tcp:{self.printer.host}:{self.printer.port}"
        return EscposPrinter(url, answer_timeout_s=1.2, status_timeout_s=0.3)

    def _saw(self, report: Report) -> None:
        if isinstance(report, SlipPrinted):
            self.tray.append(report)
        self.on_report(report)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    async with desk.printer:
        yield desk


@pytest.fixture
async def place(hall: Hall, tmp_path: Path, desk: Desk) -> AsyncIterator[ServiceHall]:
    desks = m.Node(id="desk", role=Role.SUPERVISOR)
    place = ServiceHall(replace(hall, nodes=(*hall.nodes, desks)), tmp_path)
    place.open()
    place.start_kiosk(desk.driver())
    await place.at(flow.Home)
    await place.until(lambda: DeviceState.OK in place.printer_health)
    yield place
    await place.close()


async def test_two_touches_bring_a_slip_and_the_hall_knows_it(place: ServiceHall, desk: Desk) -> None:
    place.touch("service:new", "take")
    await place.until(lambda: place.fates == [SlipFate.PRINTED])
    assert isinstance(place.screen, flow.Ticket)
    assert place.screen.slip is Printed.YES
    assert place.issued == [place.screen.taken.ticket] == ["B001"]
    assert [line for slip in desk.tray for line in slip.lines if line in {"用电报装", "B001"}] == ["用电报装", "B001"]


async def test_a_customer_who_struggles_is_told_to_whoever_watches_until_he_is_gone(place: ServiceHall) -> None:
    place.touch(*("service:new", "back") * 3)
    await place.until(lambda: "guide" in place.health and "struggles" in place.health["guide"].detail)
    assert place.health["guide"].state is DeviceState.WARNING
    place.touch("service:new", "home")
    await place.until(lambda: place.health["guide"].state is DeviceState.OK)


async def test_a_window_that_stands_still_is_told_by_the_node_that_does_not(place: ServiceHall, desk: Desk) -> None:
    await place.kill_kiosk()
    now_s = asyncio.get_running_loop().time
    glass = Glass(now_s=now_s())
    glass.drew(now_s=now_s() - 60)
    glass.flipped()
    glass.turned(now_s=now_s() - 60)  # and not since
    place.start_kiosk(desk.driver(), glass=glass)
    await place.until(lambda: place.health.get("screen") is not None)
    await place.until(lambda: place.health["screen"].state is DeviceState.FAULT)
    assert "stands still" in place.health["screen"].detail
    glass.turned(now_s=now_s())
    await place.until(lambda: place.health["screen"].state is DeviceState.OK)


async def tried(place: ServiceHall, device: str = "") -> BoxFinding:
    """Let a supervisor have the kiosk's devices tried; return what the hall was told of the first."""
    before = len(place.tested)
    heard = subscriptions(hall="east", node="desk", also=["view/hall"])
    console = HallLink(
        bus=place.broker.bus(name="desk", subscriptions=heard),
        hall="east",
        node="desk",
        role=Role.SUPERVISOR,
        clock=time.monotonic,
    )
    running = start(console.run())
    answer = await console.ask(m.TestDevice(id=console.new_id(), node="kiosk-1", device=device))
    assert isinstance(answer, m.Done)
    await place.until(lambda: len(place.tested) > before)
    await end(running)
    return place.tested[-1].finding


async def test_a_supervisor_has_a_test_slip_printed_that_is_nobodys_ticket(place: ServiceHall, desk: Desk) -> None:
    finding = await tried(place)
    assert (finding.key, finding.state) == ("test_slip", DeviceState.OK)
    assert "NOT A TICKET" in "".join(desk.tray[0].lines)
    assert place.issued == []
    assert place.screen == flow.Home()
    place.touch("service:new", "take")
    await place.until(lambda: place.fates == [SlipFate.PRINTED])


async def test_no_test_slip_comes_between_a_customer_and_his_own(place: ServiceHall, desk: Desk) -> None:
    place.touch("service:new")
    finding = await tried(place, "printer")
    assert (finding.key, finding.state) == ("test_busy", DeviceState.UNKNOWN)
    assert desk.tray == []


async def test_a_test_of_a_printer_without_paper_says_so(place: ServiceHall, desk: Desk) -> None:
    desk.printer.end_paper()
    finding = await tried(place, "printer")
    assert (finding.key, finding.state) == ("test_slip_not", DeviceState.FAULT)
    assert "paper" in str(finding.args["problem"])


async def test_a_device_that_a_kiosk_has_not_is_named_with_those_that_it_has(place: ServiceHall) -> None:
    finding = await tried(place, "sign-1")
    assert (finding.key, finding.args["names"]) == ("test_unknown", "printer")


async def test_a_hasty_customer_gets_one_number(place: ServiceHall, desk: Desk) -> None:
    place.touch("service:new", "take", "take", "take", "home", "service:new", "take")
    await place.until(lambda: place.fates == [SlipFate.PRINTED])
    assert (place.issued, len(desk.tray)) == (["B001"], 1)


async def test_paper_that_ends_before_the_number_voids_it_and_the_screen_says_so(
    place: ServiceHall, desk: Desk
) -> None:
    desk.printer.end_paper(after_mm=10)
    place.touch("service:new", "take")
    await place.until(lambda: place.fates == ["B001 void"])
    assert place.screen == flow.NoPaper(paper=PaperState.OUT, voided="B001")
    desk.printer.refill()
    place.touch("home")
    await place.until(lambda: place.kiosk.paper is PaperState.OK)
    place.touch("service:new", "take")
    await place.until(lambda: place.fates == ["B001 void", SlipFate.PRINTED])
    assert [slip.lines.count("B002") for slip in desk.tray] == [1]


async def test_paper_that_ends_after_the_number_leaves_it_alive_and_a_copy_can_be_had_after_the_refill(
    place: ServiceHall, desk: Desk
) -> None:
    desk.printer.end_paper(after_mm=40)
    place.touch("service:new", "take")
    await place.until(lambda: place.fates == [SlipFate.UNKNOWN])
    assert isinstance(place.screen, flow.Ticket)
    assert (place.screen.slip, place.kiosk.paper) == (Printed.UNKNOWN, PaperState.OUT)
    desk.printer.refill()
    await place.until(lambda: place.kiosk.paper is PaperState.OK)
    place.touch("copy")
    await place.until(lambda: isinstance(place.screen, flow.Ticket) and place.screen.slip is Printed.YES)
    assert {"── 补打 ──", "B001"} < set(desk.tray[-1].lines)
    assert place.issued == ["B001"]


async def test_a_slip_is_copied_twice_at_most_and_no_further_number_is_issued(place: ServiceHall, desk: Desk) -> None:
    def has_slips(count: int) -> bool:
        return len(desk.tray) == count and isinstance(place.screen, flow.Ticket) and place.screen.slip is Printed.YES

    place.touch("service:new", "take")
    for slips in (1, 2, 3):
        await place.until(partial(has_slips, slips))
        place.touch("copy")
    assert isinstance(place.screen, flow.Ticket)
    assert (place.screen.slip, place.screen.copies) == (Printed.YES, 2)
    assert place.issued == ["B001"]
    assert [slip.lines.count("── 补打 ──") for slip in desk.tray] == [0, 1, 1]


async def test_without_paper_no_number_is_lost_and_a_technician_is_told(place: ServiceHall, desk: Desk) -> None:
    await place.kill_kiosk()
    desk.printer.end_paper()
    place.start_kiosk(desk.driver())
    await place.until(lambda: DeviceState.FAULT in place.printer_health)
    await place.at(flow.Home)
    place.touch("service:new", "take")
    assert place.screen == flow.NoPaper(paper=PaperState.OUT)
    desk.printer.refill()
    await place.at(flow.Home)
    assert place.issued == []


async def test_a_printer_that_falls_silent_in_mid_slip_leaves_the_number_alive(place: ServiceHall, desk: Desk) -> None:
    def fall_silent(_: Report) -> None:
        desk.printer.is_mute = True

    desk.on_report = fall_silent
    place.touch("service:new", "take")
    await place.until(lambda: place.fates == [SlipFate.UNKNOWN])
    assert isinstance(place.screen, flow.Ticket)
    assert place.screen.slip is Printed.UNKNOWN


async def test_a_kiosk_killed_while_it_prints_says_after_its_restart_that_the_slip_may_be_out(
    place: ServiceHall, desk: Desk
) -> None:
    place.touch("service:new", "take")
    await place.at(flow.Ticket)
    await place.kill_kiosk()
    place.start_kiosk(desk.driver())
    await place.until(lambda: place.fates == [SlipFate.UNKNOWN])
    await place.until(lambda: list(OwedFile(place.directory / "owed.json")) == [])


async def test_a_kiosk_killed_before_its_answer_came_gives_the_number_back(place: ServiceHall, desk: Desk) -> None:
    await place.kill_kiosk()
    OwedFile(place.directory / "owed.json").note(Owed(take="boot-1", service="new", language=Language.ZH))
    place.start_kiosk(desk.driver())
    await place.until(lambda: place.fates == ["B001 void"])
    assert desk.tray == []


def test_an_answer_that_comes_too_late_is_a_number_that_nobody_holds(
    hall: Hall, tmp_path: Path, in_no_time: Callable[[Coroutine[object, object, None]], None]
) -> None:
    async def story() -> None:
        place, tray = ServiceHall(hall, tmp_path), Tray()
        place.open()
        place.start_kiosk(tray)
        await place.at(flow.Home)
        await place.until(lambda: place.kiosk.here is True)
        place.mail_is_lost = True
        place.touch("service:new", "take")
        await place.until(lambda: place.screen == flow.Declined(reason="unanswered"), patience_s=20)
        place.mail_is_lost = False
        await place.until(lambda: place.fates == ["B001 void"])
        assert (place.issued, tray.slips) == (["B001"], 0)
        await place.close()

    in_no_time(story())


def test_the_kiosk_pauses_while_the_dispatcher_is_away_and_remembers_its_hall(
    hall: Hall, tmp_path: Path, in_no_time: Callable[[Coroutine[object, object, None]], None]
) -> None:
    async def story() -> None:
        place = ServiceHall(hall, tmp_path)
        place.open()
        place.start_kiosk(Tray())
        await place.until(lambda: place.kiosk.here is True and isinstance(place.screen, flow.Home))
        await place.lose_dispatcher()
        await place.at(flow.Away)
        await place.kill_kiosk()
        place.start_kiosk(Tray())
        assert isinstance(place.screen, flow.Home)
        assert place.kiosk.hall == place.hall
        await place.at(flow.Away)
        place.open()
        await place.at(flow.Home)
        await place.close()

    in_no_time(story())
