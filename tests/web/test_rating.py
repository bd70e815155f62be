"""A tablet at a window asks for a rating: known by its code, as good as a keypad. Real broker, dispatcher, server."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from broker.contract.messages import CallNext, FinishService, Hall
from broker.journal import read_day

from .console_hall import ConsoleHall, Pc

pytestmark = [pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

CODE = "a-long-secret-of-window-1"
TABLETS = """
[[tablets]]
counter = 1
code = "{code}"
photos = "{photos}"
"""


@pytest_asyncio.fixture(loop_scope="session")
async def hall(tmp_path: Path, small_hall: Hall) -> AsyncIterator[ConsoleHall]:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "0731.jpg").write_bytes(b"\xff\xd8photo")
    async with ConsoleHall(tmp_path, small_hall, web=TABLETS.format(code=CODE, photos=photos)) as hall:
        yield hall


async def tablet(hall: ConsoleHall) -> Pc:
    """Return a tablet that its technician has made known."""
    found = hall.pc("127.0.0.9")
    assert (await found.get(f"/window/1/rate?code={CODE}"))[0] == 303
    return found


async def served(hall: ConsoleHall) -> str:
    """Serve one customer at counter 1; return the call."""
    await hall.take()
    await hall.pad.press(CallNext, 1)
    call = (await hall.pad.counter(1, times=1)).call
    assert call is not None
    await hall.pad.press(FinishService, 1)
    return call


async def test_a_customer_rates_on_the_tablet_and_says_why(hall: ConsoleHall) -> None:
    clerk = hall.pc()
    await clerk.sign_in("0731", 1)
    one = await tablet(hall)
    call = await served(hall)
    async with one.live("/window/1/live") as live:
        shown = await live.event("window", rate=call)
        assert (shown["clerk"], shown["language"], shown["asks_s"]) == ("0731", "zh", 20)
        assert [each["grade"] for each in shown["grades"] if each["bad"]] == ["dissatisfied", "complaint"]
        assert await one.get(shown["photo"]) == (200, b"\xff\xd8photo")
        rating = {"id": str(uuid.uuid4()), "call": call, "rating": "dissatisfied", "after_ms": 4200}
        for _ in range(2):  # a bouncing finger
            assert await one.post("/window/1/rate", rating) == (200, {"done": True})
        why = {"id": str(uuid.uuid4()), "call": call, "reasons": ["slow"]}
        assert await one.post("/window/1/why", why) == (200, {"done": True})
        await live.event("window", rate=None)
    status, said = await one.post("/window/1/rate", {**rating, "id": str(uuid.uuid4())})
    assert (status, said["reason"]) == (409, "already_rated")
    (journal,) = (hall.directory / "journal").glob("*.sqlite")
    kinds = [type(each.event).__name__ for each in read_day(journal)]
    assert (kinds.count("VisitRated"), kinds.count("RatingExplained")) == (1, 1)


async def test_a_tablet_that_is_not_known_a_foreign_page_and_another_window_rate_nothing(hall: ConsoleHall) -> None:
    call = await served(hall)
    rating = {"id": str(uuid.uuid4()), "call": call, "rating": "satisfied"}
    stranger = hall.pc()
    assert (await stranger.get("/window/1/rate"))[0] == 403
    assert (await stranger.get("/window/1/rate?code=guessed"))[0] == 403
    assert (await stranger.get("/window/1/live"))[0] == 401
    assert (await stranger.post("/window/1/rate", rating))[0] == 401
    one = await tablet(hall)
    assert CODE not in str(one.cookies)
    assert (await one.post("/window/1/rate", rating, origin="http://elsewhere.example"))[0] == 403
    assert (await one.post("/window/2/rate", rating))[0] == 401
    assert (await one.post("/window/1/rate", {**rating, "rating": "lovely"}))[0] == 400
    assert (await one.get("/console/me"))[0] == 401


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (800, 1280), (1024, 600)])
async def test_the_page_asks_thanks_and_is_ready_for_the_next_customer(
    width: int, height: int, hall: ConsoleHall, browser: Browser, tmp_path: Path
) -> None:
    page = await browser.new_page(viewport={"width": width, "height": height})
    await page.goto(f"http://127.0.0.1:{hall.port}/window/1/rate?code={CODE}")
    await expect(page).to_have_url(f"http://127.0.0.1:{hall.port}/window/1/rate")
    await expect(page.locator("h1")).to_have_text("感谢您的等候")
    await served(hall)
    await expect(page.locator("h1")).to_have_text("请评价本次服务")
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("#choices button")).to_have_text(["Satisfied", "Average", "Dissatisfied", "Complaint"])
    await page.screenshot(path=tmp_path / "asking.png")
    for place in range(4):
        box = await page.locator("#choices button").nth(place).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= height
        assert box["x"] + box["width"] <= width
    await page.get_by_role("button", name="Dissatisfied").click()
    await page.get_by_role("button", name="Unfriendly").click()
    await page.screenshot(path=tmp_path / "reasons.png")
    send = await page.locator("#send").bounding_box()
    assert send is not None
    assert send["y"] + send["height"] <= height
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("h1")).to_have_text("Thank you")
    await served(hall)
    await expect(page.locator("h1")).to_have_text("请评价本次服务")
