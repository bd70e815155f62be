"""A board that is tried while it hangs in the hall; `Wall` stands in for the glass of a window."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from broker.bus import Letter, MemoryBroker
from broker.contract import messages as m
from broker.contract import wire
from broker.legibility import Panel, arranged
from broker.link import subscriptions
from display.board import Board
from display.board_node import HEARD, BoardNode
from display.glass import OnGlass
from display.pages import Pages, Sight

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
ROW = m.BoardRow(call="c-1", ticket="A001", counter=3, times=1, started=False, called_at=NOW)


class Wall:
    """Where the sights come to the glass at once, unless its cable is out; and the hall that hears of it."""

    def __init__(self, *, lit: bool) -> None:
        self.lit = lit
        self.node: BoardNode | None = None
        self.sights: list[Sight] = []
        self.reports: asyncio.Queue[m.ReportDeviceTest] = asyncio.Queue()
        self.is_here = False
        self.news = asyncio.Event()
        self.broker = MemoryBroker()
        heard = [wire.topic("east", pattern, "board-1") for pattern in ("cmd/{}", "node/{}")]
        self.dispatcher = self.broker.bus(name="dispatcher", subscriptions=heard)
        self.dispatcher.listen(on_letter=self._hear, on_state=lambda _: None)
        self.seq = 0

    def show(self, sight: Sight) -> None:
        self.sights.append(sight)
        self.news.set()
        if self.lit and self.node is not None:
            glass = OnGlass(rows=(), covered=sight.message is not None, at_s=asyncio.get_running_loop().time())
            asyncio.get_running_loop().call_soon(self.node.on_glass, glass)

    def _hear(self, letter: Letter) -> None:
        message = wire.decode("east", letter.topic, letter.payload).message
        self.is_here = self.is_here or isinstance(message, m.Presence)
        self.news.set()
        if isinstance(message, m.ReportDeviceTest):
            self.reports.put_nowait(message)

    async def until(self, wanted: Callable[[], bool]) -> None:
        while not wanted():
            self.news.clear()
            await self.news.wait()

    def calls(self, *rows: m.BoardRow) -> None:
        self.seq += 1
        view = m.BoardView(epoch=1, seq=self.seq, zone="main", rows=rows)
        self.dispatcher.publish(Letter(topic=wire.view_topic("east", view), payload=wire.encode(view), retained=True))

    def asks(self) -> None:
        self.seq += 1
        asked = m.DeviceTestAsked(test="t-1", node="board-1", by="desk")
        recorded = m.Recorded(epoch=1, seq=self.seq, at=NOW, event=asked)
        self.dispatcher.publish(Letter(topic=wire.event_topic("east", recorded), payload=wire.encode(recorded)))

    @property
    def titles(self) -> list[tuple[str, ...]]:
        return [sight.message.title for sight in self.sights if sight.message is not None]


@asynccontextmanager
async def board(*, lit: bool = True) -> AsyncIterator[Wall]:
    wall = Wall(lit=lit)
    arrangement = arranged(Panel(width=1920, height=1080, diagonal_in=55, distance_m=8))
    heard = subscriptions(hall="east", node="board-1", also=(*HEARD, "view/board/main"))
    wall.node = BoardNode(
        bus=wall.broker.bus(name="board-1", subscriptions=heard),
        hall="east",
        node="board-1",
        board=Board(zone="main", most_rows=arrangement.rows),
        pages=Pages(arrangement=arrangement, languages=(m.Language.ZH, m.Language.EN)),
        folder=None,
        clock=asyncio.get_running_loop().time,
        now=lambda: NOW,
        show=wall.show,
        trial_s=0.1,
    )
    tasks = [asyncio.create_task(wall.dispatcher.run()), asyncio.create_task(wall.node.run())]
    try:
        async with asyncio.timeout(10):
            await wall.until(lambda: wall.is_here)
            yield wall
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_test_picture_stands_for_a_moment_and_the_board_goes_on() -> None:
    async with board() as wall:
        wall.asks()
        report = await wall.reports.get()
    assert (report.device, report.finding.key) == ("screen", "test_picture")
    assert wall.titles == [("测试画面", "Test picture")]
    assert wall.sights[-1].message is None


async def test_no_test_picture_covers_a_call_that_somebody_looks_for() -> None:
    async with board() as wall:
        wall.calls(ROW)
        wall.asks()
        assert (await wall.reports.get()).finding.key == "test_busy"
    assert wall.titles == []


async def test_a_call_ends_the_test_picture_at_once() -> None:
    async with board(lit=False) as wall:
        wall.asks()
        await wall.until(lambda: bool(wall.titles))
        wall.calls(ROW)
        await wall.until(lambda: bool(wall.sights[-1].rows))
        assert wall.sights[-1].message is None
        assert (await wall.reports.get()).finding.key == "test_busy"


async def test_a_picture_that_never_comes_to_the_glass_is_red() -> None:
    async with board(lit=False) as wall:
        wall.asks()
        finding = (await wall.reports.get()).finding
    assert (finding.key, finding.state) == ("test_picture_not", m.DeviceState.FAULT)
    assert "frame" in str(finding.args["problem"])
