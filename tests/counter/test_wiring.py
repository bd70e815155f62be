"""A box with signs of several kinds on real ptys: one cable shared with pads, a dead sign, a sign for the hall."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from msgspec.structs import replace

from broker.bus import Letter, MemoryBroker
from broker.config import BrokerAddress, CounterFile, PadLine, Window
from broker.contract import wire
from broker.contract.messages import (
    AnyView,
    BoardRow,
    BoardView,
    CounterState,
    CounterView,
    DeviceState,
    DeviceStatus,
    Hall,
    HallView,
    Language,
    Presence,
    Reached,
)
from broker.link import subscriptions
from broker.sign_file import HallSign, SignLine
from counter.node import CounterBox, views
from counter.wiring import MUTE, connect
from counter.wording import wording
from hardware.sign_kinds import SignKind
from hardware.simulators.led_bars import SHEET, SimulatedBars
from hardware.simulators.modbus_panels import SimulatedPanels
from hardware.simulators.qsystem_pads import SimulatedPads

PATIENCE_S = 10.0


class Counterside:
    """Pads and digit panels on one cable, a bar for the hall on another, and the hall's views from the test's hand."""

    def __init__(self, directory: Path) -> None:
        self.news = asyncio.Event()
        self.devices: dict[str, DeviceStatus] = {}
        self.reached: tuple[Reached, ...] = ()
        self.pads = SimulatedPads(link=directory / "one", addresses=(1, 2), report=lambda _: self.news.set())
        self.panels = SimulatedPanels(link=directory / "one", addresses=(33, 34), report=lambda _: self.news.set())
        self.bars = SimulatedBars(link=directory / "two", addresses=(7,), room=16, report=lambda _: self.news.set())
        (directory / "bar.toml").write_text(SHEET.replace("characters = 8", "characters = 16"), encoding="utf-8")
        self.file = CounterFile(
            node="box",
            hall="east",
            state_dir=str(directory / "state"),
            broker=BrokerAddress(password_file="none"),
            pads=PadLine(port=f"serial:{directory / 'one'}?baud=9600"),
            signs=(
                SignLine(
                    name="panels", port=f"serial:{directory / 'one'}?baud=9600", driver=SignKind.MODBUS, refresh_s=1
                ),
                SignLine(
                    name="bar",
                    port=f"serial:{directory / 'two'}",
                    driver=SignKind.GENERIC,
                    file=str(directory / "bar.toml"),
                    brightness=0,
                ),
            ),
            windows=(
                Window(counter=1, pad=1, sign=33, sign_line="panels"),
                Window(counter=2, pad=2, sign=34, sign_line="panels"),
            ),
            hall_signs=(HallSign(zone="main", sign=7, line="bar"),),
        )
        self.broker = MemoryBroker()
        heard = subscriptions(hall="east", node="box", also=views((1, 2)))
        self.box = CounterBox(
            bus=self.broker.bus(name="box", subscriptions=heard),
            hall="east",
            node="box",
            windows=self.file.windows,
            wording=wording(Language.ZH),
            rating_s=60,
            state_dir=directory / "state",
            clock=time.monotonic,
        )
        self.hall = self.broker.bus(name="dispatcher", subscriptions=[wire.topic("east", "node/{}", "box")])
        self.hall.listen(on_letter=self._heard, on_state=lambda _: None)

    def show(self, view: AnyView) -> None:
        self.hall.publish(Letter(topic=wire.view_topic("east", view), payload=wire.encode(view), retained=True))

    def call(self, counter: int, ticket: str, *, seq: int) -> None:
        self.show(
            CounterView(
                epoch=1,
                seq=seq,
                counter=counter,
                state=CounterState.CALLED,
                waiting=0,
                call=f"c-{ticket}",
                ticket=ticket,
                times=1,
            )
        )

    async def until(self, wanted: object) -> None:
        assert callable(wanted)
        async with asyncio.timeout(PATIENCE_S):
            while not wanted():
                self.news.clear()
                await self.news.wait()

    def state(self, name: str) -> DeviceState | None:
        return self.devices[name].state if name in self.devices else None

    def _heard(self, letter: Letter) -> None:
        message = wire.decode("east", letter.topic, letter.payload).message
        if isinstance(message, Presence):
            self.devices = {device.name: device for device in message.devices}
            self.reached = message.reached
        self.news.set()


@pytest.fixture
async def side(tmp_path: Path) -> AsyncIterator[Counterside]:
    side = Counterside(tmp_path)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(side.pads)
        side.panels.cable = side.pads.cable
        side.pads.cable.also(side.panels._received)
        await stack.enter_async_context(side.bars)
        devices = connect(side.file, on_link=side.box.line_changed, on_sign=side.box.sign_answers)
        assert len(devices.lines) == 2
        work = [asyncio.create_task(side.box.run(devices)), asyncio.create_task(side.hall.run())]
        await side.until(lambda: side.state("panels") is DeviceState.OK and side.state("bar") is DeviceState.OK)
        yield side
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)


async def test_signs_and_pads_of_one_cable_show_the_same_call(side: Counterside) -> None:
    side.call(1, "A012", seq=1)
    side.call(2, "B007", seq=1)
    await side.until(lambda: (side.panels.text(33), side.panels.text(34)) == ("A012", "B007"))
    await side.until(lambda: (side.pads.texts[1], side.pads.texts[2]) == ("012", "007"))


async def test_a_dead_sign_is_told_by_its_window_and_well_again_when_it_is_back(side: Counterside) -> None:
    side.panels.power_off(34)
    side.call(2, "B007", seq=1)
    await side.until(lambda: side.state("sign-2") is DeviceState.FAULT)
    assert "does not answer: check its power" in side.devices["sign-2"].detail
    side.call(1, "A012", seq=1)
    await side.until(lambda: side.panels.text(33) == "A012")
    side.panels.power_on(34)
    await side.until(lambda: side.state("sign-2") is DeviceState.OK and side.panels.text(34) == "B007")


async def test_a_line_whose_signs_never_answer_says_that_a_dead_one_cannot_be_noticed(side: Counterside) -> None:
    assert side.devices["bar"].detail == MUTE
    assert side.devices["panels"].detail == ""


async def test_a_sign_for_the_hall_shows_the_last_calls_of_its_zone_and_is_dimmed(side: Counterside) -> None:
    rows = [
        BoardRow(call="c1", ticket="A012", counter=1, times=1, started=False),
        BoardRow(call="c2", ticket="B007", counter=2, times=1, started=True),
    ]
    side.show(BoardView(epoch=1, seq=1, zone="main", rows=tuple(rows)))
    await side.until(lambda: side.bars.texts[7] == "A012 1  B007 2")
    await side.until(lambda: side.bars.brightness[7] == 0)
    side.show(BoardView(epoch=1, seq=2, zone="main", rows=()))
    await side.until(lambda: side.bars.texts[7] == "")


async def test_a_number_that_the_sign_cannot_show_whole_is_told(side: Counterside) -> None:
    side.call(1, "特012", seq=1)
    await side.until(lambda: side.state("sign-1") is DeviceState.FAULT)
    assert "no 特" in side.devices["sign-1"].detail
    side.call(1, "A013", seq=2)
    await side.until(lambda: side.state("sign-1") is DeviceState.OK)


def boards(*rows: tuple[str, int], seq: int) -> BoardView:
    of_rows = [BoardRow(call=f"c-{ticket}", ticket=ticket, counter=n, times=1, started=False) for ticket, n in rows]
    return BoardView(epoch=1, seq=seq, zone="main", rows=tuple(of_rows))


async def test_everybody_leaves_signs_say_so_pads_rest_and_afterwards_the_calls_stand_again(
    side: Counterside, small_hall: Hall
) -> None:
    calm = HallView(epoch=1, seq=1, day="2026-11-22", hall=small_hall)
    side.show(calm)
    side.call(1, "A012", seq=1)
    side.show(boards(("A012", 1), seq=1))
    await side.until(lambda: (side.panels.text(33), side.bars.texts[7]) == ("A012", "A012 1"))
    side.show(replace(calm, seq=2, evacuation=True))
    await side.until(lambda: (side.panels.text(33), side.bars.texts[7]) == ("", "请立即离开"))
    await side.until(lambda: side.pads.lamps[1] == "off" and side.pads.texts[1].strip() == "")
    side.call(2, "B007", seq=3)  # no sign goes back to numbers meanwhile
    side.show(boards(("B007", 2), ("A012", 1), seq=3))
    side.show(replace(calm, seq=4))
    await side.until(lambda: (side.panels.text(33), side.panels.text(34)) == ("A012", "B007"))
    await side.until(lambda: side.bars.texts[7] == "B007 2  A012 1")
    await side.until(lambda: side.pads.texts[1] == "012")


async def test_a_sign_that_does_not_show_what_boards_call_is_told_and_well_again(
    side: Counterside, small_hall: Hall
) -> None:
    side.show(HallView(epoch=1, seq=1, day="2026-11-22", hall=small_hall))
    side.call(1, "A012", seq=1)
    side.show(boards(("A013", 1), seq=2))
    await side.until(lambda: side.state("sign-1") is DeviceState.FAULT)
    assert "boards call A013 to window 1" in side.devices["sign-1"].detail
    assert "its sign shows another call" in side.devices["sign-1"].detail
    await side.until(lambda: any(each.parted for each in side.reached))
    side.call(1, "A013", seq=3)
    await side.until(lambda: side.state("sign-1") is DeviceState.OK)
    await side.until(lambda: [each.parted for each in side.reached] == [""])
