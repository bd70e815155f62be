"""The box between a real dispatcher and simulated devices on their cables."""

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from broker.bus import Letter, MemoryBroker
from broker.config import BrokerAddress, CounterFile, Keypad, PadLine, Window
from broker.contract import messages as m
from broker.contract import wire
from broker.contract.messages import (
    AnyCommand,
    AnyEvent,
    ArmCounter,
    Called,
    CallNext,
    CallRepeated,
    CloseCounter,
    Counter,
    DeviceState,
    DeviceStatus,
    EndEvacuation,
    Hall,
    Language,
    Medium,
    Node,
    OpenCounter,
    Outcome,
    PauseCounter,
    Presence,
    Rating,
    Reached,
    Recall,
    Recorded,
    Refused,
    ReportSlip,
    Role,
    Service,
    ServiceStarted,
    SlipFate,
    StartEvacuation,
    TakeTicket,
    Text,
    TicketCalled,
    TicketTaken,
    VisitEnded,
    VisitRated,
    Zone,
)
from broker.dispatcher import Dispatcher
from broker.journal import Journal
from broker.link import HallLink, subscriptions, will
from broker.sign_file import SignLine
from counter.node import CounterBox, views
from counter.window import BLINKS
from counter.wiring import connect
from counter.wording import wording
from hardware.devices import PadKey
from hardware.simulators.candle_signs import SignShows, SimulatedSigns
from hardware.simulators.jtt905_keypad import SimulatedKeypad
from hardware.simulators.qsystem_pads import LampLit, SimulatedPads, TextShown

T = TypeVar("T")
NAME = Text(zh="厅", en="hall")
HALL = Hall(
    id="east",
    name=NAME,
    slip_grace_s=0,
    zones=(Zone(id="main", name=NAME),),
    services=(Service(id="bills", name=NAME, prefix="A", zone="main"),),
    counters=tuple(Counter(number=number, zone="main", skills=("bills",)) for number in (1, 2)),
    nodes=(
        Node(id="kiosk", role=Role.KIOSK),
        Node(id="windows", role=Role.COUNTER, counters=(1, 2)),
        Node(id="console", role=Role.SUPERVISOR),
    ),
)
PATIENCE_S = 5.0
LATE_MS = 150.0  # dispatcher, box and devices share one loop here: a slow disk delays them all
SIGN = {1: 0x21, 2: 0x22}


class ServiceHall:
    """A dispatcher, a kiosk, a watcher, and a box at two windows whose devices are simulated behind their cables."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.disk = directory / "box"
        self.broker = MemoryBroker()
        self.events: list[AnyEvent] = []
        self.devices: dict[str, DeviceStatus] = {}
        self.reached: tuple[Reached, ...] = ()
        self.refused_at_windows: list[str] = []
        self.shown: list[SignShows] = []
        self.on_pads: list[LampLit | TextShown] = []
        self._news = asyncio.Event()
        self.pads = SimulatedPads(link=directory / "pads", addresses=(1, 2, 9), report=self._note(self.on_pads))
        self.signs = SimulatedSigns(link=directory / "signs", report=self._note(self.shown), late_ms=LATE_MS)
        self.keypad = SimulatedKeypad(link=directory / "keypad", report=lambda _: self._news.set())
        heard = subscriptions(hall="east", node="kiosk", also=["view/hall", "event/+"])
        self.kiosk = HallLink(
            bus=self.broker.bus(name="kiosk", subscriptions=heard),
            hall="east",
            node="kiosk",
            role=Role.KIOSK,
            clock=time.monotonic,
            on_event=self._happened,
            on_hall_here=lambda _: self._news.set(),
        )
        watched = [wire.topic("east", "node/{}", "windows"), wire.topic("east", "reply/{}", "windows")]
        watch = self.broker.bus(name="watch", subscriptions=watched)
        watch.listen(on_letter=self._heard_of_windows, on_state=lambda _: None)
        self.console = HallLink(
            bus=self.broker.bus(name="console", subscriptions=subscriptions(hall="east", node="console", also=[])),
            hall="east",
            node="console",
            role=Role.SUPERVISOR,
            clock=time.monotonic,
        )
        self._people = [start(self.kiosk.run()), start(self.console.run()), start(watch.run())]
        self._journal: Journal | None = None
        self._dispatcher = self._box = start(asyncio.sleep(0))

    def open(self) -> None:
        """Start the dispatcher, over what an earlier one has written down."""
        self._journal = Journal(self.directory / "journal")
        dispatcher = Dispatcher(
            bus=self.broker.bus(name="dispatcher", subscriptions=[wire.topic("east", "cmd/{}", "+")]),
            journal=self._journal,
            hall="east",
            poison=self.directory / "poison",
            now=lambda: datetime.now(UTC),
        )
        dispatcher.open_day()
        dispatcher.configure(HALL)
        self._dispatcher = start(dispatcher.run())

    async def lose_dispatcher(self) -> None:
        """Let it die without a goodbye: the broker sends its will."""
        await end(self._dispatcher)
        if self._journal is not None:
            self._journal.close()
        self.broker.carry("dispatcher", will(hall="east", node="dispatcher", role=Role.DISPATCHER))
        await self.until(lambda: not self.kiosk.here)

    def start_box(self, *, rating_s: float = 60.0) -> None:
        file = CounterFile(
            node="windows",
            hall="east",
            state_dir=str(self.disk),
            broker=BrokerAddress(password_file="none"),
            pads=PadLine(port=f"serial:{self.pads.cable.link}"),
            signs=(SignLine(port=f"serial:{self.signs.cable.link}"),),
            windows=(
                Window(counter=1, pad=1, sign=SIGN[1], keypad=Keypad(port=f"serial:{self.keypad.cable.link}")),
                Window(counter=2, pad=2, sign=SIGN[2]),
            ),
        )
        heard = subscriptions(hall="east", node="windows", also=views((1, 2)))
        box = CounterBox(
            bus=self.broker.bus(name="windows", subscriptions=heard),
            hall="east",
            node="windows",
            windows=file.windows,
            wording=wording(Language.ZH),
            rating_s=rating_s,
            state_dir=self.disk,
            clock=time.monotonic,
            shown_s=0.3,
        )
        self.windows = box
        self._box = start(box.run(connect(file, on_link=box.line_changed, on_sign=box.sign_answers)))

    async def lose_box(self) -> None:
        await end(self._box)
        self.devices.clear()

    async def close(self) -> None:
        for task in (self._box, self._dispatcher, *self._people):
            await end(task)

    async def until(self, wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not wanted():
                self._news.clear()
                await self._news.wait()

    async def ready(self) -> None:
        """Wait until the windows show that nobody waits."""
        await self.until(lambda: self.kiosk.here and self.pads.texts[1] == self.pads.texts[2] == "  0")

    async def line(self, name: str, state: DeviceState) -> str:
        """Wait until a line is said to be so; return what a technician reads."""
        await self.until(lambda: name in self.devices and self.devices[name].state is state)
        return self.devices[name].detail

    async def take_ticket(self) -> str:
        taken = await self.kiosk.ask(TakeTicket(id=self.kiosk.new_id(), service="bills"))
        assert isinstance(taken, TicketTaken)
        await self.kiosk.ask(ReportSlip(id=self.kiosk.new_id(), visit=taken.visit, fate=SlipFate.PRINTED))
        return taken.ticket

    async def serve_one(self) -> str:
        """See a customer through window 1, from ticket to the end of the service."""
        ticket = await self.take_ticket()
        self.pads.press(1, "call")
        await self.until(lambda: self.sign(1) == ticket)
        await self.until(lambda: self.pads.lamps[1] == "green fast")
        self.pads.press(1, "start")
        await self.until(lambda: self.pads.lamps[1] == "green" and (ticket, 0) in self.shown_at(1))
        self.pads.press(1, "finish")
        await self.until(lambda: self.pads.lamps[1] == "off")
        return ticket

    async def have_tried(self, device: str = "", *, press_s: int = 0) -> None:
        """Let a supervisor have the box try its devices."""
        command = m.TestDevice(id=self.console.new_id(), node="windows", device=device, press_s=press_s)
        assert isinstance(await self.console.ask(command), m.Done)

    def tried(self) -> list[tuple[str, str]]:
        """Return what the hall was told of devices that were tried."""
        return [(each.device, each.finding.key) for each in self.events if isinstance(each, m.DeviceTested)]

    async def ask_console(self, command: AnyCommand) -> None:
        await self.console.ask(command)

    def sign(self, counter: int) -> str:
        return self.signs.texts[SIGN[counter]]

    def shown_at(self, counter: int) -> list[tuple[str, int]]:
        """Return what a sign has shown: text and blinks."""
        return [(each.text, each.blinks) for each in self.shown if each.address == SIGN[counter]]

    def happened(self, *kinds: type[AnyEvent]) -> list[str]:
        return [type(event).__name__ for event in self.events if isinstance(event, kinds)]

    def ratings(self) -> list[tuple[str, Rating]]:
        return [(event.ticket, event.rating) for event in self.events if isinstance(event, VisitRated)]

    def beeps(self, address: int) -> int:
        return sum(isinstance(each, LampLit) and each.beep and each.address == address for each in self.on_pads)

    def _note(self, where: list[T]) -> Callable[[T], None]:
        def note(what: T) -> None:
            where.append(what)
            self._news.set()

        return note

    def _happened(self, recorded: Recorded) -> None:
        self.events.append(recorded.event)
        self._news.set()

    def _heard_of_windows(self, letter: Letter) -> None:
        match wire.decode("east", letter.topic, letter.payload).message:
            case Presence(devices=devices, reached=reached):
                self.reached = reached
                self.devices = {device.name: device for device in devices}
            case Refused(reason=reason):
                self.refused_at_windows.append(reason)
        self._news.set()


def start(work: Coroutine[object, object, None]) -> asyncio.Task[None]:
    return asyncio.get_running_loop().create_task(work)


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[ServiceHall]:
    hall = ServiceHall(tmp_path)
    async with hall.pads, hall.signs, hall.keypad:
        hall.open()
        hall.start_box()
        await hall.ready()
        yield hall
        await hall.close()


async def test_a_customer_is_called_served_and_rates(hall: ServiceHall) -> None:
    ticket = await hall.serve_one()
    await hall.until(lambda: hall.shown_at(1) == [("1", 0), (ticket, BLINKS), (ticket, 0), ("1", 0)])
    await hall.keypad.asked()
    assert hall.keypad.rate(1)
    await hall.until(lambda: hall.ratings() == [(ticket, Rating.SATISFIED)])
    await hall.until(lambda: not hall.keypad.is_asking)


async def test_how_soon_a_call_reached_the_sign_is_in_the_presence(hall: ServiceHall) -> None:
    await hall.serve_one()
    await hall.until(
        lambda: [(each.zone, each.medium, each.calls) for each in hall.reached] == [("main", Medium.SIGN, 1)]
    )
    assert 0 < hall.reached[0].worst_ms < 1000
    assert hall.reached[0].parted == ""


async def test_a_call_that_stands_again_after_an_evacuation_is_no_slow_one(hall: ServiceHall) -> None:
    ticket = await hall.take_ticket()
    hall.pads.press(1, "call")
    await hall.until(lambda: hall.sign(1) == ticket)
    await hall.ask_console(StartEvacuation(id=hall.console.new_id()))
    await hall.until(lambda: hall.sign(1) == "")
    await hall.ask_console(EndEvacuation(id=hall.console.new_id()))
    await hall.until(lambda: hall.sign(1) == ticket)
    await hall.until(lambda: [each.calls for each in hall.reached] == [1])
    second = await hall.take_ticket()
    hall.pads.press(2, "call")
    await hall.until(lambda: hall.sign(2) == second)
    await hall.until(lambda: [each.calls for each in hall.reached] == [2])


async def test_two_windows_that_call_in_the_same_instant_get_two_customers(hall: ServiceHall) -> None:
    tickets = {await hall.take_ticket(), await hall.take_ticket()}
    hall.pads.press(1, "call")
    hall.pads.press(2, "call")
    await hall.until(lambda: {hall.sign(1), hall.sign(2)} == tickets)


async def test_a_bouncing_key_calls_one_customer_once(hall: ServiceHall) -> None:
    first, _ = await hall.take_ticket(), await hall.take_ticket()
    for _ in range(5):
        hall.pads.press(1, "call")
    await hall.until(lambda: hall.sign(1) == first)
    hall.pads.press(1, "start")
    await hall.until(lambda: hall.happened(ServiceStarted) != [])
    assert hall.happened(TicketCalled, CallRepeated) == ["TicketCalled"]


async def test_nobody_waits_and_the_pad_blinks_red_and_beeps(hall: ServiceHall) -> None:
    hall.pads.press(1, "call")
    await hall.until(lambda: hall.pads.lamps[1] == "red fast")
    assert hall.beeps(1) == 1


async def test_no_show_ends_the_call(hall: ServiceHall) -> None:
    ticket = await hall.take_ticket()
    hall.pads.press(1, "call")
    await hall.until(lambda: hall.pads.lamps[1] == "green fast")
    hall.pads.press(1, "finish")
    await hall.until(lambda: hall.happened(VisitEnded) != [] and hall.sign(1) == "1")
    assert [(each.ticket, each.outcome) for each in hall.events if isinstance(each, VisitEnded)] == [
        (ticket, Outcome.NO_SHOW)
    ]
    assert not hall.keypad.is_asking


async def test_an_armed_window_is_given_its_customer_and_beeps_once(hall: ServiceHall) -> None:
    await hall.console.ask(ArmCounter(id=hall.console.new_id(), counter=1, armed=True))
    ticket = await hall.take_ticket()
    await hall.until(lambda: hall.sign(1) == ticket and hall.pads.lamps[1] == "green fast")
    assert hall.shown_at(1)[-1] == (ticket, BLINKS)
    assert hall.beeps(1) == 1
    hall.pads.press(1, "start")
    await hall.until(lambda: hall.happened(ServiceStarted) != [])


async def test_a_press_of_next_that_crosses_a_push_is_stale_and_calls_nobody_else(hall: ServiceHall) -> None:
    await hall.console.ask(ArmCounter(id=hall.console.new_id(), counter=1, armed=True))
    await hall.console.ask(PauseCounter(id=hall.console.new_id(), counter=1, reason="lunch"))
    first, _ = await hall.take_ticket(), await hall.take_ticket()
    await hall.until(lambda: hall.pads.lamps[1] == "red" and hall.pads.texts[1] == "  2")
    opening = start(hall.ask_console(OpenCounter(id=hall.console.new_id(), counter=1)))
    await asyncio.sleep(0)  # it is sent
    hall.windows._stations[1].pressed(PadKey.CALL)  # before the box can have seen the push
    await opening
    await hall.until(lambda: hall.sign(1) == first and hall.pads.lamps[1] == "red fast")
    await hall.until(lambda: hall.pads.lamps[1] == "green fast")
    assert hall.happened(TicketCalled, CallRepeated) == ["TicketCalled"]
    assert hall.refused_at_windows == ["stale"]


async def test_a_ticket_is_recalled_as_often_as_the_policy_says_then_the_pad_blinks_red(hall: ServiceHall) -> None:
    ticket = await hall.take_ticket()
    called = await hall.console.ask(CallNext(id=hall.console.new_id(), counter=1))
    assert isinstance(called, Called)
    for _ in range(2):
        await hall.console.ask(Recall(id=hall.console.new_id(), counter=1, seen=called.call))
    await hall.until(lambda: hall.sign(1) == ticket and hall.pads.lamps[1] == "green fast")
    hall.pads.press(1, "call")
    await hall.until(lambda: hall.pads.lamps[1] == "red fast")
    assert hall.happened(CallRepeated) == ["CallRepeated"] * 2
    assert hall.refused_at_windows == ["called_enough"]


async def test_a_paused_window_works_on_with_the_next_call(hall: ServiceHall) -> None:
    await hall.console.ask(PauseCounter(id=hall.console.new_id(), counter=1, reason="lunch"))
    ticket = await hall.take_ticket()
    await hall.until(lambda: hall.pads.lamps[1] == "red" and hall.pads.texts[1] == "  1")
    hall.pads.press(1, "call")
    await hall.until(lambda: hall.sign(1) == ticket and hall.pads.lamps[1] == "green fast")


async def test_a_closed_window_opens_with_start_and_its_pad_counts_who_waits(hall: ServiceHall) -> None:
    await hall.take_ticket()
    await hall.console.ask(CloseCounter(id=hall.console.new_id(), counter=1))
    await hall.until(lambda: hall.pads.texts[1] == "   ")
    hall.pads.press(1, "start")
    await hall.until(lambda: hall.pads.texts[1] == "  1" and hall.pads.lamps[1] == "off")


async def test_noise_on_the_pads_line_costs_no_press(hall: ServiceHall) -> None:
    ticket = await hall.take_ticket()
    hall.pads.garble(1)
    hall.pads.press(1, "call")
    await hall.until(lambda: hall.sign(1) == ticket)


async def test_a_pad_that_no_window_has_is_told_to_the_technician(hall: ServiceHall) -> None:
    hall.pads.press(9, "call")
    assert "address 9" in await hall.line("pads", DeviceState.WARNING)


async def test_keypad_unplugged_amid_the_asking_asks_again_when_it_is_back(hall: ServiceHall) -> None:
    ticket = await hall.serve_one()
    await hall.keypad.asked()
    hall.keypad.cable.unplug()
    hall.keypad.is_asking = False  # its power comes with the cable
    assert "keypad" in await hall.line("keypad-1", DeviceState.FAULT)
    await hall.line("pads", DeviceState.OK)
    hall.keypad.cable.plug()
    await hall.line("keypad-1", DeviceState.OK)
    await hall.until(lambda: hall.keypad.is_asking)
    hall.keypad.rate(3)
    await hall.until(lambda: hall.ratings() == [(ticket, Rating.DISSATISFIED)])


async def test_sign_unplugged_stops_nothing_and_shows_the_call_when_it_is_back(hall: ServiceHall) -> None:
    ticket = await hall.take_ticket()
    hall.signs.cable.unplug()
    await hall.line("signs", DeviceState.FAULT)
    hall.pads.press(1, "call")
    await hall.until(lambda: hall.pads.lamps[1] == "green fast")
    hall.signs.cable.plug()
    await hall.until(lambda: hall.sign(1) == ticket)


async def test_a_rating_that_arrives_after_the_next_call_belongs_to_the_customer_before(hall: ServiceHall) -> None:
    first = await hall.serve_one()
    second = await hall.take_ticket()
    await hall.keypad.asked()
    hall.pads.press(1, "call")
    await hall.until(lambda: hall.sign(1) == second)
    hall.keypad.is_asking = True  # the press was made before the keys went dark
    hall.keypad.rate(2)
    await hall.until(lambda: hall.ratings() == [(first, Rating.AVERAGE)])


async def test_the_hall_away_leaves_the_sign_and_blinks_red_and_the_press_is_not_made_later(hall: ServiceHall) -> None:
    ticket = await hall.take_ticket()
    await hall.take_ticket()
    hall.pads.press(1, "call")
    await hall.until(lambda: hall.sign(1) == ticket)
    await hall.lose_dispatcher()
    hall.pads.press(2, "call")
    await hall.until(lambda: hall.beeps(2) == 1)
    assert hall.sign(1) == ticket
    hall.open()
    await hall.until(lambda: hall.kiosk.here and hall.pads.lamps[2] == "off")
    assert hall.sign(2) == "2"
    assert hall.happened(TicketCalled) == ["TicketCalled"]


async def test_a_rating_given_while_the_hall_is_away_arrives_though_the_box_is_killed(hall: ServiceHall) -> None:
    ticket = await hall.serve_one()
    await hall.keypad.asked()
    await hall.lose_dispatcher()
    hall.keypad.rate(4)
    await hall.until(lambda: not hall.keypad.is_asking)
    await hall.lose_box()
    hall.start_box()
    hall.open()
    await hall.until(lambda: hall.ratings() == [(ticket, Rating.COMPLAINT)])


async def test_a_disk_that_takes_nothing_is_told_and_costs_no_rating(hall: ServiceHall) -> None:
    ticket = await hall.serve_one()
    await hall.keypad.asked()
    shutil.rmtree(hall.disk)
    hall.keypad.rate(2)
    assert "disk full" in await hall.line("disk", DeviceState.FAULT)
    await hall.until(lambda: hall.ratings() == [(ticket, Rating.AVERAGE)])


async def test_a_disk_that_gives_nothing_stops_no_box(hall: ServiceHall) -> None:
    await hall.lose_box()
    shutil.rmtree(hall.disk)
    hall.disk.write_text("a file stands in the directory's place", encoding="utf-8")
    hall.start_box()
    await hall.line("disk", DeviceState.FAULT)
    await hall.line("pads", DeviceState.OK)


async def test_after_a_power_cut_the_windows_show_their_calls_again(hall: ServiceHall) -> None:
    ticket = await hall.take_ticket()
    hall.pads.press(1, "call")
    await hall.until(lambda: hall.sign(1) == ticket and hall.pads.lamps[1] == "green fast")
    await hall.lose_box()
    hall.signs.cable.unplug()
    hall.signs.texts[SIGN[1]] = ""
    hall.pads.lamps[1] = "off"
    hall.start_box()
    await hall.line("signs", DeviceState.FAULT)
    hall.signs.cable.plug()
    await hall.until(lambda: hall.sign(1) == ticket and hall.pads.lamps[1] == "green fast")


async def test_a_box_killed_amid_the_asking_goes_on_asking(hall: ServiceHall) -> None:
    ticket = await hall.serve_one()
    await hall.keypad.asked()
    await hall.lose_box()
    hall.keypad.is_asking = False
    hall.start_box()
    await hall.until(lambda: hall.keypad.is_asking)
    hall.keypad.rate(1)
    await hall.until(lambda: hall.ratings() == [(ticket, Rating.SATISFIED)])


async def test_asking_ends_by_itself(hall: ServiceHall) -> None:
    await hall.lose_box()
    hall.start_box(rating_s=0.2)
    await hall.line("keypad-1", DeviceState.OK)
    await hall.serve_one()
    await hall.keypad.asked()
    await hall.until(lambda: not hall.keypad.is_asking)
    assert hall.ratings() == []


async def test_without_any_device_the_box_tells_what_to_check(tmp_path: Path) -> None:
    hall = ServiceHall(tmp_path)
    hall.open()
    hall.start_box()
    for name in ("pads", "signs", "keypad-1"):
        assert "adapter plugged in" in await hall.line(name, DeviceState.FAULT)
    await hall.close()


async def test_a_supervisor_has_all_devices_of_a_box_tried_and_they_show_again_what_they_showed(
    hall: ServiceHall,
) -> None:
    await hall.have_tried()
    wanted = ["test_sign", "test_lamp", "test_lamp", "test_sign", "test_lamp"]
    await hall.until(lambda: [key for _, key in hall.tried()] == wanted)
    assert [device for device, _ in hall.tried()] == ["sign-1", "pad-1", "keypad-1", "sign-2", "pad-2"]
    assert [each.more for each in hall.events if isinstance(each, m.DeviceTested)] == [True] * 4 + [False]
    assert hall.shown_at(1)[:2] == [("1", 0), ("8888", BLINKS)]
    assert hall.beeps(1) == hall.beeps(2) == 1
    await hall.until(lambda: (hall.sign(1), hall.sign(2)) == ("1", "2"))
    await hall.until(lambda: hall.pads.texts[1] == "  0" and hall.pads.lamps[1] == "off" and not hall.keypad.is_asking)


async def test_nothing_is_tried_at_a_window_that_has_a_customer(hall: ServiceHall) -> None:
    ticket = await hall.take_ticket()
    hall.pads.press(1, "call")
    await hall.until(lambda: hall.sign(1) == ticket)
    await hall.have_tried("sign-1")
    await hall.have_tried("pad-1", press_s=20)
    await hall.until(lambda: hall.tried() == [("sign-1", "test_busy"), ("pad-1", "test_busy")])
    assert ("8888", BLINKS) not in hall.shown_at(1)


async def test_a_key_pressed_for_a_test_calls_nobody(hall: ServiceHall) -> None:
    await hall.take_ticket()
    await hall.until(lambda: hall.pads.texts[1] == "  1")
    await hall.have_tried("pad-1", press_s=20)
    await hall.until(lambda: hall.pads.lamps[1] == "green")
    hall.pads.press(1, "call")
    await hall.until(lambda: hall.tried() == [("pad-1", "test_key")])
    await hall.until(lambda: hall.pads.lamps[1] == "off")
    assert hall.happened(TicketCalled) == []


async def test_a_grade_pressed_for_a_test_is_nobodys_rating(hall: ServiceHall) -> None:
    await hall.have_tried("keypad-1", press_s=20)
    await hall.keypad.asked()
    assert hall.keypad.rate(1)
    await hall.until(lambda: hall.tried() == [("keypad-1", "test_key")])
    assert hall.happened(VisitRated, m.RatingSetAside) == []


async def test_a_customer_who_is_called_ends_the_test_and_stands_on_the_sign(hall: ServiceHall) -> None:
    await hall.ask_console(ArmCounter(id="arm", counter=1, seen=None, armed=True))
    await hall.have_tried("pad-1", press_s=50)
    await hall.until(lambda: hall.pads.lamps[1] == "green")
    ticket = await hall.take_ticket()
    await hall.until(lambda: hall.tried() == [("pad-1", "test_busy")])
    await hall.until(lambda: hall.sign(1) == ticket and hall.pads.lamps[1] == "green fast")


async def test_a_sign_that_was_unplugged_is_red_in_its_test(hall: ServiceHall) -> None:
    hall.signs.cable.unplug()
    await hall.line("signs", DeviceState.FAULT)
    await hall.have_tried("sign-1")
    await hall.until(lambda: hall.tried() == [("sign-1", "test_sign_not")])
