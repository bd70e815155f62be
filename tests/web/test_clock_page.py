"""A supervisor confirms the date when nothing vouches for the hall's clock, in a real browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from broker.contract.messages import DeviceState, Hall, Role

from .console_hall import ConsoleHall, Seat
from .test_console_page import Desk

pytestmark = [pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def hall(tmp_path: Path, small_hall: Hall) -> AsyncIterator[ConsoleHall]:
    async with ConsoleHall(tmp_path, small_hall) as hall:
        yield hall


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_supervisor_says_which_day_it_is(
    hall: ConsoleHall, browser: Browser, language: str, tmp_path: Path
) -> None:
    boss = await Desk.sits_down(hall, browser, "boss", 2, language=language)
    await expect(boss.page.locator(".clock")).to_have_count(0)
    hall.dispatcher.kill()
    await hall.dispatcher.wait()
    dispatcher = Seat(hall.mosquitto, "dispatcher", Role.DISPATCHER)  # of one whose clock was never set
    await dispatcher.here()
    dispatcher.link.device("clock", DeviceState.FAULT, "no new day, 2026-11-21 goes on")
    await expect(boss.page.locator(".clock")).to_have_count(1)
    await boss.page.screenshot(path=tmp_path / "clock.png")
    await boss.page.click('[data-key="date"]')
    await boss.dialog("clock_title")
    await boss.page.fill("dialog input", "2026-11-22")
    await boss.page.screenshot(path=tmp_path / "clock-confirm.png")
    async with boss.page.expect_request("**/console/act") as asked:
        await boss.page.keyboard.press("Enter")
    sent = (await asked.value).post_data_json
    assert sent is not None
    assert (sent["type"], sent["day"]) == ("ConfirmDate", "2026-11-22")
    dispatcher.link.device("clock", DeviceState.OK)
    await expect(boss.page.locator(".clock")).to_have_count(0)
    await dispatcher.leave()
