"""The dispatcher is gone for two hundred tickets, while two kiosks go on and one of them is killed.

The real shells of dispatcher, kiosks and counter on a clock that jumps: each number that stands on a slip is called
once, in the order in which people came.
"""

import asyncio
import contextlib
import random
import re
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from broker.bus import Letter, MemoryBroker
from broker.contract import wire
from broker.contract.messages import (
    AnyEvent,
    Called,
    CallNext,
    Counter,
    FinishService,
    Hall,
    Hours,
    Node,
    OfflineNumbers,
    OpenCounter,
    Recorded,
    Role,
    Service,
    Text,
    TicketIssued,
    TicketVoided,
    Weekday,
    Zone,
)
from broker.dispatcher import Dispatcher
from broker.journal import Journal
from broker.link import HallLink, subscriptions, will
from hardware.devices import PaperState, Printed, PrintResult
from kiosk import flow
from kiosk.node import VIEWS, KioskNode
from kiosk.offline import BookOnDisk
from kiosk.slip import Item, Line

Story = Callable[[Coroutine[Any, Any, None]], None]

NINE: Final = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # a Monday
TICKETS: Final = 200
PRINTING_S: Final = 3.0
KIOSKS: Final = {"kiosk-1": OfflineNumbers(first=1001, last=1499), "kiosk-2": OfflineNumbers(first=1501, last=1999)}


def _text(english: str) -> Text:
    return Text(zh=english, en=english)


def a_hall(**more: Any) -> Hall:
    return Hall(
        id="east",
        name=_text("East"),
        zones=(Zone(id="main", name=_text("Main")),),
        services=(
            Service(id="bill", name=_text("Bills"), prefix="A", zone="main"),
            Service(id="new", name=_text("New supply"), prefix="B", zone="main"),
        ),
        counters=(Counter(number=1, zone="main", skills=("bill", "new")),),
        nodes=(
            *(Node(id=name, role=Role.KIOSK, offline=numbers) for name, numbers in KIOSKS.items()),
            Node(id="box-1", role=Role.COUNTER, counters=(1,)),
        ),
        **more,
    )


class Tray:
    """A printer and its slips; `ends` is how the paper of the next one comes out."""

    def __init__(self) -> None:
        self.slips: list[str] = []
        self.ends = Printed.YES

    async def status(self) -> PaperState:
        return PaperState.OK

    async def print(self, slip: bytes) -> PrintResult:
        ends, self.ends = self.ends, Printed.YES
        if ends is not Printed.NO:
            (ticket,) = re.findall(r"^[AB]\d{3,4}$", slip.decode(), re.MULTILINE)
            self.slips.append(ticket)
        await asyncio.sleep(PRINTING_S)
        return PrintResult(printed=ends, paper=PaperState.OUT if ends is Printed.NO else PaperState.OK)


class Corner:
    """A kiosk, its printer, and its disk; killed and started again, perhaps with the whole machine."""

    def __init__(self, outage: "Outage", name: str) -> None:
        self._outage = outage
        self.name = name
        self.directory = outage.directory / name
        self.directory.mkdir()
        self.tray = Tray()
        self.boot = 0
        self._began_s = 0.0
        self.wrong_s = 0.0  # how far its own clock is off
        self._changed = asyncio.Event()

    def start(self) -> None:
        outage, loop = self._outage, asyncio.get_running_loop()
        bus = outage.broker.bus(name=self.name, subscriptions=subscriptions(hall="east", node=self.name, also=VIEWS))
        self.node = KioskNode(
            bus=bus,
            hall="east",
            node=self.name,
            printer=self.tray,
            encode=lambda items: "\n".join(_words(items)).encode(),
            state_dir=self.directory,
            idle_s=25,
            ticket_s=8,
            clock=lambda: loop.time() - self._began_s,
            now=lambda: outage.now() + timedelta(seconds=self.wrong_s),
            boot=f"boot {self.boot}",
            in_background=lambda work: work(),
            on_change=lambda _: self._changed.set(),
        )
        self._running = loop.create_task(self.node.run())

    async def kill(self) -> None:
        await end(self._running)

    def power_cut(self) -> None:
        """Let the machine have begun anew when it starts again: its monotonic clock knows nothing of before."""
        self.boot += 1
        self._began_s = asyncio.get_running_loop().time()

    async def until(self, seen: Callable[[flow.Kiosk], bool]) -> None:
        async with asyncio.timeout(60):
            while not seen(self.node.kiosk):
                self._changed.clear()
                await self._changed.wait()

    async def press(self, service: str) -> None:
        await self.until(lambda kiosk: isinstance(kiosk.screen, flow.Home))
        self.node.touch(f"service:{service}")
        self.node.touch("take")

    async def take(self, service: str) -> str:
        """Take a number; return the slip in the hand."""
        await self.press(service)
        await self.until(lambda kiosk: isinstance(kiosk.screen, flow.Ticket) and kiosk.screen.slip is not None)
        screen = self.node.kiosk.screen
        assert isinstance(screen, flow.Ticket)
        self.node.touch("home")
        assert self.tray.slips[-1] == screen.taken.ticket
        return screen.taken.ticket


def _words(items: Sequence[Item]) -> list[str]:
    return [item.text for item in items if isinstance(item, Line)]


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


class Outage:
    """A hall whose dispatcher comes and goes."""

    def __init__(self, directory: Path, *, hall: Hall | None = None) -> None:
        self.directory = directory
        self.hall = hall or a_hall()
        self.mail_is_lost = False  # the dispatcher's answers to kiosks do not arrive
        self.broker = MemoryBroker(allows=lambda _, topic: not (self.mail_is_lost and "/reply/kiosk" in topic))
        self.began = NINE
        self.corners = {name: Corner(self, name) for name in KIOSKS}
        self._journal: Journal | None = None
        self._news = asyncio.Event()
        self.heard: list[AnyEvent] = []
        self.box = HallLink(
            bus=self.broker.bus(name="box-1", subscriptions=subscriptions(hall="east", node="box-1", also=["event/+"])),
            hall="east",
            node="box-1",
            role=Role.COUNTER,
            clock=asyncio.get_running_loop().time,
            on_event=self._happened,
        )
        self._box = asyncio.get_running_loop().create_task(self.box.run())

    def now(self) -> datetime:
        return self.began + timedelta(seconds=asyncio.get_running_loop().time())

    def open(self) -> None:
        self._journal = Journal(self.directory / "journal")
        bus = self.broker.bus(name="dispatcher", subscriptions=[wire.topic("east", "cmd/{}", "+")])
        dispatcher = Dispatcher(
            bus=bus, journal=self._journal, hall="east", poison=self.directory / "poison", now=self.now
        )
        dispatcher.open_day()
        dispatcher.configure(self.hall)
        self.dispatcher = dispatcher
        self._running = asyncio.get_running_loop().create_task(dispatcher.run())

    async def lose(self) -> None:
        """Kill the dispatcher."""
        await end(self._running)
        if self._journal is not None:
            self._journal.close()
        self.broker.carry("dispatcher", will(hall="east", node="dispatcher", role=Role.DISPATCHER))

    async def merged(self) -> None:
        """Wait until nothing is left to merge on any kiosk's disk."""
        async with asyncio.timeout(60):
            while any(BookOnDisk(each.directory / "offline.json").book.given for each in self.corners.values()):
                self._news.clear()
                with contextlib.suppress(TimeoutError):  # files change without news
                    async with asyncio.timeout(0.5):
                        await self._news.wait()

    async def call_everybody(self) -> list[str]:
        """Return whom the counter calls until nobody waits."""
        await self.box.ask(OpenCounter(id=self.box.new_id(), counter=1))
        called = []
        while isinstance(call := await self.box.ask(CallNext(id=self.box.new_id(), counter=1)), Called):
            called.append(call.ticket)
            await self.box.ask(FinishService(id=self.box.new_id(), counter=1, seen=call.call))
        return called

    async def close(self) -> None:
        for corner in self.corners.values():
            await corner.kill()
        await end(self._box)
        await self.lose()

    @property
    def issued(self) -> dict[str, TicketIssued]:
        return {event.ticket: event for event in self.heard if isinstance(event, TicketIssued)}

    @property
    def void(self) -> list[str]:
        return [event.ticket for event in self.heard if isinstance(event, TicketVoided)]

    def _happened(self, recorded: Recorded) -> None:
        self.heard.append(recorded.event)
        self._news.set()


async def an_open_hall(directory: Path, **more: Any) -> Outage:
    outage = Outage(directory, **more)
    outage.open()
    for corner in outage.corners.values():
        corner.start()
        await corner.until(lambda kiosk: kiosk.here is True)
    return outage


async def everybody_alone(outage: Outage) -> None:
    for corner in outage.corners.values():
        await corner.until(lambda kiosk: kiosk.is_alone)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_hundred_tickets_without_the_dispatcher_are_merged_in_the_order_of_real_time(
    tmp_path: Path, in_no_time: Story, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - people, not secrets

    async def story() -> None:
        outage = await an_open_hall(tmp_path)
        came: list[tuple[float, str]] = []

        async def people(corner: Corner, count: int) -> None:
            loop = asyncio.get_running_loop()
            for _ in range(count):
                await asyncio.sleep(chance.uniform(2, 40))
                at_s = loop.time()
                came.append((at_s, await corner.take(chance.choice(["bill", "new"]))))

        first, second = outage.corners.values()
        await asyncio.gather(people(first, 5), people(second, 5))
        await outage.lose()
        await everybody_alone(outage)

        async def people_at_the_one_that_is_killed() -> None:
            await people(second, TICKETS // 4)
            await second.kill()
            second.start()
            await people(second, TICKETS // 4)
            at_s = asyncio.get_running_loop().time()
            await second.press("bill")
            await asyncio.sleep(PRINTING_S / 2)
            await second.kill()  # the slip hangs half out of the printer
            came.append((at_s, second.tray.slips[-1]))
            second.start()

        await asyncio.gather(people(first, TICKETS // 2), people_at_the_one_that_is_killed())
        outage.open()
        await outage.merged()
        await asyncio.gather(people(first, 5), people(second, 5))
        assert await outage.call_everybody() == [ticket for _, ticket in sorted(came)]
        slips = [*first.tray.slips, *second.tray.slips]
        assert len(set(slips)) == len(slips) == len(came) == TICKETS + 21
        offline = [each for each in outage.issued.values() if each.taken_offline_at is not None]
        assert len(offline) == TICKETS + 1
        assert not any(each.by_clock for each in offline)
        taken = {ticket: at_s for at_s, ticket in came}
        late_s = [
            abs((each.taken_offline_at - outage.began).total_seconds() - taken[each.ticket])
            for each in offline
            if each.taken_offline_at is not None
        ]
        assert max(late_s) < 1
        assert outage.void == []
        await outage.close()

    in_no_time(story())


def test_an_answer_that_was_lost_leaves_one_number_on_paper_and_the_other_void(
    tmp_path: Path, in_no_time: Story
) -> None:
    async def story() -> None:
        outage = await an_open_hall(tmp_path)
        corner = outage.corners["kiosk-1"]
        outage.mail_is_lost = True
        assert await corner.take("bill") == "A1001"  # the hall has given A001, and nobody knows
        assert list(outage.issued) == ["A001"]
        outage.mail_is_lost = False
        await outage.merged()
        assert await outage.call_everybody() == ["A1001"]
        assert outage.void == ["A001"]
        assert corner.tray.slips == ["A1001"]
        await outage.close()

    in_no_time(story())


def test_a_question_that_hung_in_the_wire_is_refused_for_ever_once_its_customer_has_a_number(
    tmp_path: Path, in_no_time: Story
) -> None:
    async def story() -> None:
        outage = await an_open_hall(tmp_path)
        corner = outage.corners["kiosk-1"]
        lost: list[Letter] = []
        carried = outage.broker.carry

        def hold_back(name: str, letter: Letter) -> bool:
            if name != "kiosk-1" or b"TakeTicket" not in letter.payload:
                return carried(name, letter)
            lost.append(letter)
            return True

        outage.broker.carry = hold_back  # type: ignore[method-assign]
        assert await corner.take("bill") == "A1001"
        await outage.merged()
        await outage.lose()
        outage.open()
        await corner.until(lambda kiosk: kiosk.here is True)
        for letter in lost:
            carried("kiosk-1", letter)
        await asyncio.sleep(30)
        assert await outage.call_everybody() == ["A1001"]
        assert list(outage.issued) == ["A1001"]
        await outage.close()

    in_no_time(story())


def test_kiosks_that_start_in_the_morning_without_the_dispatcher_know_their_hall_and_their_numbers(
    tmp_path: Path, in_no_time: Story
) -> None:
    async def story() -> None:
        outage = await an_open_hall(tmp_path)
        first, second = outage.corners.values()
        assert await first.take("bill") == "A001"
        await outage.lose()
        assert await first.take("bill") == "A1001"
        outage.open()
        await outage.merged()
        await outage.lose()
        for corner in (first, second):
            await corner.kill()
            corner.power_cut()
        outage.began += timedelta(hours=23)  # the next morning
        for corner in (first, second):
            corner.start()
        await everybody_alone(outage)
        slips = []
        for corner in (first, second, second, first):
            slips.append(await corner.take("bill"))
            await asyncio.sleep(60)
        assert slips == ["A1001", "A1501", "A1502", "A1002"]
        await first.kill()
        first.power_cut()  # now its own clock alone knows when that was
        first.start()
        outage.open()
        await outage.merged()
        assert await outage.call_everybody() == slips
        assert {each.ticket: each.by_clock for each in outage.issued.values()} == {
            "A001": False,
            "A1001": True,
            "A1501": False,
            "A1502": False,
            "A1002": True,
        }
        await outage.close()

    in_no_time(story())


def test_a_number_of_yesterday_is_left_to_the_technician(tmp_path: Path, in_no_time: Story) -> None:
    async def story() -> None:
        outage = await an_open_hall(tmp_path)
        corner = outage.corners["kiosk-1"]
        await outage.lose()
        await everybody_alone(outage)
        assert await corner.take("bill") == "A1001"
        await asyncio.sleep(24 * 3600)
        assert await corner.take("bill") == "A1001"
        outage.open()
        await outage.merged()
        assert await outage.call_everybody() == ["A1001"]
        lines = (corner.directory / "not-merged.jsonl").read_bytes().splitlines()
        (left,) = [msgspec.json.decode(line) for line in lines]
        assert (left["refused"], left["number"]["ticket"], left["number"]["day"]) == (
            "day_is_over",
            "A1001",
            "2026-11-23",
        )
        await outage.close()

    in_no_time(story())


def test_a_slip_that_certainly_never_came_out_is_a_number_that_nobody_holds(tmp_path: Path, in_no_time: Story) -> None:
    async def story() -> None:
        outage = await an_open_hall(tmp_path)
        corner = outage.corners["kiosk-1"]
        await outage.lose()
        await everybody_alone(outage)
        corner.tray.ends = Printed.NO
        await corner.press("bill")
        await corner.until(lambda kiosk: isinstance(kiosk.screen, flow.NoPaper))
        assert corner.node.kiosk.screen == flow.NoPaper(paper=PaperState.OUT, voided="A1001")
        corner.node.touch("home")
        await corner.until(lambda kiosk: kiosk.paper is PaperState.OK)
        assert await corner.take("bill") == "A1002"
        outage.open()
        await outage.merged()
        assert await outage.call_everybody() == ["A1002"]
        assert outage.void == ["A1001"]
        await outage.close()

    in_no_time(story())


def test_when_its_own_numbers_are_used_up_the_kiosk_says_so(tmp_path: Path, in_no_time: Story) -> None:
    async def story() -> None:
        hall = a_hall()
        few = tuple(
            msgspec.structs.replace(each, offline=OfflineNumbers(first=each.offline.first, last=each.offline.first + 1))
            if each.offline is not None
            else each
            for each in hall.nodes
        )
        outage = await an_open_hall(tmp_path, hall=msgspec.structs.replace(hall, nodes=few))
        corner = outage.corners["kiosk-1"]
        await outage.lose()
        await everybody_alone(outage)
        assert [await corner.take("bill"), await corner.take("bill")] == ["A1001", "A1002"]
        await corner.press("bill")
        await corner.until(lambda kiosk: isinstance(kiosk.screen, flow.Declined))
        assert corner.node.kiosk.screen == flow.Declined(reason="service_full")
        corner.node.touch("home")
        assert await corner.take("new") == "B1001"
        await outage.close()

    in_no_time(story())


def test_outside_the_hours_no_numbers_are_given_without_the_dispatcher_either(
    tmp_path: Path, in_no_time: Story
) -> None:
    async def story() -> None:
        hours = (Hours(days=tuple(Weekday), open="09:00", close="11:00"),)
        outage = await an_open_hall(tmp_path, hall=a_hall(hours=hours))
        corner = outage.corners["kiosk-1"]
        await outage.lose()
        await everybody_alone(outage)
        assert await corner.take("bill") == "A1001"
        await asyncio.sleep(2 * 3600)
        await corner.press("bill")
        await corner.until(lambda kiosk: isinstance(kiosk.screen, flow.Declined))
        assert corner.node.kiosk.screen == flow.Declined(reason="closed")
        await outage.close()

    in_no_time(story())


def test_the_screen_says_of_nobody_how_long_it_takes(tmp_path: Path, in_no_time: Story) -> None:
    async def story() -> None:
        outage = await an_open_hall(tmp_path)
        corner = outage.corners["kiosk-1"]
        await corner.until(lambda kiosk: kiosk.queue("bill") is not None)
        await outage.lose()
        await everybody_alone(outage)
        assert corner.node.kiosk.queues == ()
        await corner.press("bill")
        await corner.until(lambda kiosk: isinstance(kiosk.screen, flow.Ticket))
        screen = corner.node.kiosk.screen
        assert isinstance(screen, flow.Ticket)
        assert (screen.taken.ahead, screen.taken.wait_low_min, screen.taken.wait_high_min) == (None, None, None)
        await corner.until(lambda kiosk: isinstance(kiosk.screen, flow.Home))
        outage.open()
        await corner.until(lambda kiosk: kiosk.here is True and kiosk.queue("bill") is not None)
        await outage.close()

    in_no_time(story())
