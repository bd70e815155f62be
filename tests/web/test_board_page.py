"""The board in a browser: `python -m web` against a real broker, looked at in Chromium."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from broker.bus import Letter, MqttBus
from broker.contract import wire
from broker.contract.messages import AnyView, BoardRow, BoardView, Hall, HallView, Presence, QueueRow, QueuesView, Role
from broker.legibility import CAP
from tests.conftest import BrokerProcess, free_port

pytestmark = [pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

FILE = """
node = "web-1"
hall = "east"
state_dir = "{directory}/state"

[broker]
port = {broker}
password_file = "{directory}/password"

[pages]
listen = "127.0.0.1:{port}"

[[boards]]
id = "main"
screen = {{ zone = "main", diagonal_in = 43, distance_m = 5, characters = 7 }}

[[boards]]
id = "upright"
screen = {{ zone = "main", width = 1080, height = 1920, diagonal_in = 43, distance_m = 4 }}
"""
BOARD = """
node = "board-1"
hall = "east"
state_dir = "{directory}/board"

[broker]
port = {broker}
password_file = "{directory}/board.password"

[screen]
{screen}
"""
SIZES = (("main", 1920, 1080), ("main", 1280, 720), ("main", 1024, 768), ("upright", 1080, 1920))

BOXES = """all => all.map(one => {
    const box = one.getBoundingClientRect();
    return [one.innerText, one.getClientRects().length > 0, box.left, box.top, box.right, box.bottom];
})"""  # all in one look: between two of them the page may turn to the other language


@dataclass
class Pages:
    """The web server's process, and the dispatcher's voice."""

    process: asyncio.subprocess.Process
    bus: MqttBus
    url: str
    file: Path

    async def here(self, *, up: bool) -> None:
        presence = Presence(node="dispatcher", role=Role.DISPATCHER, up=up)
        topic = wire.topic("east", "node/{}", "dispatcher")
        self.bus.publish(Letter(topic=topic, payload=wire.encode(presence), retained=True))

    def show(self, *views: AnyView) -> None:
        for view in views:
            self.bus.publish(Letter(topic=wire.view_topic("east", view), payload=wire.encode(view), retained=True))


@pytest.fixture
def mosquitto(tmp_path: Path, small_hall: Hall) -> Iterator[BrokerProcess]:
    """A broker that remembers nothing of what another test had shown."""
    (tmp_path / "broker").mkdir()
    process = BrokerProcess(hall=small_hall, directory=tmp_path / "broker", port=free_port())
    process.start()
    yield process
    process.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def hall(tmp_path: Path, mosquitto: BrokerProcess, small_hall: Hall) -> AsyncIterator[Pages]:
    """The hall's pages, and whoever says what they show."""
    directory, port = tmp_path, free_port()
    (directory / "password").write_text(mosquitto.login("web-1").password, encoding="utf-8")
    file = directory / "web.toml"
    file.write_text(FILE.format(directory=directory, broker=mosquitto.port, port=port), encoding="utf-8")
    connected = asyncio.Event()
    bus = MqttBus(login=mosquitto.login("dispatcher"), subscriptions=[])
    bus.listen(on_letter=lambda _: None, on_state=lambda here: connected.set() if here else None)
    speaking = asyncio.create_task(bus.run())
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "web", "--config", str(file)), env={**os.environ}, stderr=asyncio.subprocess.PIPE
    )
    try:
        await connected.wait()
        made = Pages(process=process, bus=bus, url=f"http://127.0.0.1:{port}", file=file)
        await made.here(up=True)
        made.show(HallView(epoch=1, seq=1, day="2026-11-22", hall=small_hall), *calls(0))
        assert process.stderr is not None
        while b"running on" not in (await process.stderr.readline()):
            pass
        yield made
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)


def calls(seq: int, *rows: tuple[str, int]) -> tuple[BoardView, QueuesView]:
    board = tuple(
        BoardRow(call=f"c{ticket}", ticket=ticket, counter=counter, times=1, started=False) for ticket, counter in rows
    )
    queues = (
        QueueRow(service="bill", waiting=len(rows), wait_low_min=3, wait_high_min=5, last_called="A001"),
        QueueRow(service="new", waiting=0, wait_low_min=None, wait_high_min=None, last_called=None, closed=True),
    )
    return BoardView(epoch=1, seq=2 + seq, zone="main", rows=board), QueuesView(epoch=1, seq=2 + seq, queues=queues)


async def rows_on(page: Page) -> list[list[str]]:
    rows = page.locator(".call")
    return [
        [await rows.nth(place).locator(".ticket").inner_text(), await rows.nth(place).locator(".counter").inner_text()]
        for place in range(await rows.count())
    ]


async def test_a_call_stands_on_the_page_as_soon_as_the_hall_says_it(hall: Pages, browser: Browser) -> None:
    page = await browser.new_page()
    await page.goto(f"{hall.url}/", wait_until="commit")
    await expect(page).to_have_url(f"{hall.url}/board/main")
    await expect(page.locator("#aside")).to_contain_text(re.compile("电费|Bills"))
    hall.show(*calls(1, ("A002", 2), ("B001", 1)))
    await expect(page.locator(".call.newest .ticket")).to_have_text("A002")
    assert await rows_on(page) == [["A002", "2"], ["B001", "1"]]
    assert await page.locator(".call").first.get_attribute("data-call") == "cA002"


@pytest.mark.parametrize(("board", "width", "height"), SIZES)
async def test_nothing_leaves_the_screen_and_nothing_lies_on_something_else(
    board: str, width: int, height: int, hall: Pages, browser: Browser
) -> None:
    page = await browser.new_page(viewport={"width": width, "height": height})
    await page.goto(f"{hall.url}/board/{board}", wait_until="commit")
    long = "ABC1234" if board == "main" else "A012"
    hall.show(*calls(1, ("A002", 2), (long, 12), ("B002", 3), ("B003", 4)))
    await expect(page.locator(".call.newest .ticket")).to_have_text("A002")
    await expect(page.locator("#aside")).to_contain_text(re.compile(r"(电费|Bills)\s*(A001)?\s*4"))
    texts = await page.locator(".call span, #aside span, #strip span").evaluate_all(BOXES)
    assert len(texts) > 8
    for text, shown, left, top, right, bottom in texts:
        assert shown, text
        assert 0 <= left <= right <= width + 1, text
        assert 0 <= top <= bottom <= height + 1, text
    numbers = await page.locator(".call .ticket").evaluate_all(BOXES)
    counters = await page.locator(".call .counter").evaluate_all(BOXES)
    assert len(numbers) == len(counters) > 1
    for (_, _, _, _, end, _), (_, _, begin, top, _, bottom) in zip(numbers, counters, strict=True):
        assert end + 0.2 * (bottom - top) <= begin


async def test_a_number_is_as_high_as_the_distance_asks(hall: Pages, browser: Browser) -> None:
    page = await browser.new_page(viewport={"width": 1920, "height": 1080})
    await page.goto(f"{hall.url}/board/main", wait_until="commit")
    hall.show(*calls(1, ("A002", 2), ("B001", 1)))
    await expect(page.locator(".call")).to_have_count(2)
    px_per_mm = (1920**2 + 1080**2) ** 0.5 / (43 * 25.4)
    for name in (".ticket", ".counter"):
        sizes = await page.locator(f".call {name}").evaluate_all(
            "all => all.map(e => parseFloat(getComputedStyle(e).fontSize))"
        )
        assert min(sizes) * CAP >= 12.2 * 5 * px_per_mm - 0.5


async def test_an_evacuation_covers_everything(hall: Pages, small_hall: Hall, browser: Browser) -> None:
    page = await browser.new_page()
    await page.goto(f"{hall.url}/board/main", wait_until="commit")
    await expect(page.locator("#message")).to_be_hidden()
    hall.show(HallView(epoch=1, seq=9, day="2026-11-22", hall=small_hall, evacuation=True))
    await expect(page.locator("#message")).to_contain_text("请立即离开大厅")
    hall.show(HallView(epoch=1, seq=10, day="2026-11-22", hall=small_hall))
    await expect(page.locator("#message")).to_be_hidden()


async def test_the_page_says_that_it_is_not_live_and_recovers(hall: Pages, browser: Browser) -> None:
    page = await browser.new_page()
    await page.goto(f"{hall.url}/board/main", wait_until="commit")
    await expect(page.locator("#board.alive")).to_be_visible()
    await hall.here(up=False)
    await expect(page.locator("#board.alive")).to_have_count(0)
    await expect(page.locator("#aside")).not_to_contain_text("3–5")
    await hall.here(up=True)
    await expect(page.locator("#board.alive")).to_be_visible()


async def test_the_page_is_right_again_after_the_server_was_killed_and_started_anew(
    hall: Pages, browser: Browser
) -> None:
    page = await browser.new_page()
    await page.goto(f"{hall.url}/board/main", wait_until="commit")
    await expect(page.locator("#board.alive")).to_be_visible()
    hall.process.kill()
    await hall.process.wait()
    hall.show(*calls(5, ("A009", 1)))
    again = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "web", "--config", str(hall.file)), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await expect(page.locator(".call .ticket")).to_have_text("A009", timeout=20_000)
        again.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(again.wait(), 10) == 0
    finally:
        if again.returncode is None:
            again.kill()
            await again.wait()


async def test_the_page_may_load_nothing_from_elsewhere(hall: Pages, browser: Browser) -> None:
    page = await browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    answer = await page.goto(f"{hall.url}/board/main", wait_until="commit")
    assert answer is not None
    assert "default-src 'self'" in (await answer.all_headers())["content-security-policy"]
    await expect(page.locator("#board.alive")).to_be_visible()
    assert all(url.startswith(hall.url) for url in asked)


async def test_a_zone_that_does_not_exist_and_a_name_with_markup_break_nothing(hall: Pages, browser: Browser) -> None:
    page = await browser.new_page()
    answer = await page.goto(f"{hall.url}/board/attic")
    assert answer is not None
    assert answer.status == 404
    await page.goto(f"{hall.url}/board/main", wait_until="commit")
    hall.show(*calls(1, ("<b>A1", 1)))
    await expect(page.locator(".call .ticket")).to_have_text("<b>A1")


@pytest.mark.screen
async def test_page_and_board_show_the_same_rows(
    tmp_path: Path, mosquitto: BrokerProcess, hall: Pages, browser: Browser
) -> None:
    screen = 'zone = "main"\nwidth = 960\nheight = 540\ndiagonal_in = 43\ndistance_m = 5\ncharacters = 7'
    file = tmp_path / "board.toml"
    (tmp_path / "board.password").write_text(mosquitto.login("board-1").password, encoding="utf-8")
    file.write_text(BOARD.format(directory=tmp_path, broker=mosquitto.port, screen=screen), encoding="utf-8")
    page = await browser.new_page()
    await page.goto(f"{hall.url}/board/main", wait_until="commit")
    board = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "display", "--config", str(file), "--witness", str(tmp_path / "seen")),
        env={**os.environ, "SDL_VIDEODRIVER": "offscreen"},
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        for seq, calls_now in enumerate(([("A002", 2)], [("ABC1234", 1), ("A002", 2)], [("B007", 2), ("ABC1234", 1)])):
            hall.show(*calls(seq + 1, *calls_now))
            await expect(page.locator(".call.newest .ticket")).to_have_text(calls_now[0][0])
            on_page = [[call, int(counter)] for call, counter in await rows_on(page)]
            assert on_page == [list(each) for each in calls_now]
            async with asyncio.timeout(30):
                await until_on_glass(tmp_path / "seen" / "board.jsonl", on_page)
    finally:
        board.kill()
        await board.wait()


async def until_on_glass(witness: Path, rows: list[list[object]]) -> None:
    """Return when the last frame of the board of our own showed just these tickets and counters."""
    while True:
        lines = witness.read_text(encoding="utf-8").splitlines() if witness.exists() else []
        if lines and [[row["ticket"], row["counter"]] for row in json.loads(lines[-1])["rows"]] == rows:
            return
        await asyncio.sleep(0.02)
