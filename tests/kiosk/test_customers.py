"""What a kiosk asks of a real dispatcher for customers who need more than a number."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from broker.bus import Letter, MemoryBroker
from broker.contract import wire
from broker.contract.messages import (
    DeviceState,
    Hall,
    Need,
    Presence,
    PriorityClass,
    Recorded,
    Role,
    Text,
    TicketIssued,
)
from broker.dispatcher import Dispatcher
from broker.journal import Journal
from broker.link import HallLink, subscriptions
from hardware.devices import PaperState, Printed, PrintResult
from kiosk import flow
from kiosk.node import VIEWS, KioskNode
from kiosk.paper import slip_bytes


class Tray:
    """A printer that always has paper."""

    async def status(self) -> PaperState:
        return PaperState.OK

    async def print(self, slip: bytes) -> PrintResult:
        return PrintResult(printed=Printed.YES if slip else Printed.NO, paper=PaperState.OK)

    async def close(self) -> None:
        return


COURTESY = PriorityClass(id="courtesy", name=Text(zh="爱心优先", en="Courtesy"), per_hour=1)
ORDINARY = PriorityClass(id="ordinary", name=Text(zh="普通", en="Ordinary"))
SLOW = Need(id="slow", name=Text(zh="行动不便", en="Slow walking"), at_counter=False, walk_s=60)


class Foyer:
    """A dispatcher and a kiosk, and what a supervisor sees of it."""

    def __init__(self, hall: Hall, directory: Path) -> None:
        broker = MemoryBroker()
        self.issued: list[TicketIssued] = []
        self.guide: list[DeviceState] = []
        dispatcher = Dispatcher(
            bus=broker.bus(name="dispatcher", subscriptions=[wire.topic("east", "cmd/{}", "+")]),
            journal=Journal(directory / "journal"),
            hall="east",
            poison=directory / "poison",
            now=lambda: datetime.now(UTC),
        )
        dispatcher.open_day()
        dispatcher.configure(hall)
        watcher = HallLink(
            bus=broker.bus(name="watcher", subscriptions=subscriptions(hall="east", node="watcher", also=["event/+"])),
            hall="east",
            node="watcher",
            role=Role.WATCH,
            clock=time.monotonic,
            on_event=self._happened,
        )
        supervisor = broker.bus(name="supervisor", subscriptions=[wire.topic("east", "node/{}", "kiosk-1")])
        supervisor.listen(on_letter=self._saw, on_state=lambda _: None)
        self.node = KioskNode(
            bus=broker.bus(name="kiosk-1", subscriptions=subscriptions(hall="east", node="kiosk-1", also=VIEWS)),
            hall="east",
            node="kiosk-1",
            printer=Tray(),
            encode=lambda items: slip_bytes(items, encoding="gb18030", width_dots=576),
            state_dir=directory,
            idle_s=25,
            ticket_s=8,
            clock=asyncio.get_running_loop().time,
            now=lambda: datetime.now(UTC),
            boot="this one",
            in_background=lambda work: work(),
        )
        runs = (dispatcher.run(), watcher.run(), supervisor.run(), self.node.run())
        self._tasks = [asyncio.get_running_loop().create_task(each) for each in runs]

    def _happened(self, recorded: Recorded) -> None:
        if isinstance(recorded.event, TicketIssued):
            self.issued.append(recorded.event)

    def _saw(self, letter: Letter) -> None:
        presence = wire.decode("east", letter.topic, letter.payload).message
        if isinstance(presence, Presence):
            self.guide += [device.state for device in presence.devices if device.name == "guide"]

    async def until(self, wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(8):
            while not wanted():  # noqa: ASYNC110 - several programs' news
                await asyncio.sleep(0.01)

    async def touch(self, *keys: str, then: type[flow.Screen]) -> None:
        for key in keys:
            self.node.touch(key)
        await self.until(lambda: isinstance(self.node.kiosk.screen, then))

    async def take(self) -> None:
        count = len(self.issued)
        await self.touch("service:new", "need:slow", "courtesy", "take", then=flow.Ticket)
        await self.until(lambda: len(self.issued) > count and getattr(self.node.kiosk.screen, "slip", None) is not None)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


@pytest.fixture
async def foyer(hall: Hall, tmp_path: Path) -> AsyncIterator[Foyer]:
    foyer = Foyer(msgspec.structs.replace(hall, classes=(COURTESY, ORDINARY), needs=(SLOW,)), tmp_path)
    await foyer.until(lambda: foyer.node.kiosk.here is True and foyer.node.kiosk.paper is PaperState.OK)
    yield foyer
    await foyer.close()


async def test_courtesy_and_needs_are_on_the_ticket_and_used_up_courtesy_is_known(foyer: Foyer) -> None:
    await foyer.take()
    await foyer.touch("home", then=flow.Home)
    await foyer.take()
    assert [(each.priority_class, each.capped, each.needs) for each in foyer.issued] == [
        ("courtesy", False, ("slow",)),
        ("ordinary", True, ("slow",)),
    ]


async def test_a_number_that_still_waits_is_told_so_and_no_other_is_known(foyer: Foyer) -> None:
    await foyer.take()
    await foyer.touch("home", then=flow.Home)
    await foyer.touch("missed", "letters:B", "digit:1", "enter", then=flow.Declined)
    assert getattr(foyer.node.kiosk.screen, "reason", None) == "still_waits"
    await foyer.touch("back", "digit:9", "enter", then=flow.Declined)
    assert getattr(foyer.node.kiosk.screen, "reason", None) == "unknown_ticket"


async def test_help_is_seen_beside_the_printer_until_it_is_not_needed(foyer: Foyer) -> None:
    await foyer.touch("help", then=flow.Guide)
    await foyer.until(lambda: foyer.guide[-1:] == [DeviceState.WARNING])
    await foyer.touch("cancel", then=flow.Home)
    await foyer.until(lambda: foyer.guide[-1:] == [DeviceState.OK])
