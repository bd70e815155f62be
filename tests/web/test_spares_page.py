"""A supervisor gives a spare from the cupboard the place of a broken box, in a real browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec import structs
from playwright.async_api import Browser, expect

from broker.contract.messages import DeviceState, Hall, Node, Role

from .console_hall import ConsoleHall, Seat
from .test_console_page import Desk

pytestmark = [pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]
NODES = (
    Node(id="registrar", role=Role.REGISTRAR),
    Node(id="keeper-kiosk-1", role=Role.KEEPER),
    Node(id="keeper-windows-1", role=Role.KEEPER),
)


@pytest_asyncio.fixture(loop_scope="session")
async def hall(tmp_path: Path, small_hall: Hall) -> AsyncIterator[ConsoleHall]:
    async with ConsoleHall(tmp_path, structs.replace(small_hall, nodes=(*small_hall.nodes, *NODES))) as hall:
        yield hall


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_supervisor_approves_the_spare_whose_code_he_has_read(
    hall: ConsoleHall, browser: Browser, language: str, tmp_path: Path
) -> None:
    registrar, windows = (
        Seat(hall.mosquitto, "registrar", Role.REGISTRAR),
        Seat(hall.mosquitto, "keeper-windows-1", Role.KEEPER),
    )
    gone = Seat(hall.mosquitto, "keeper-kiosk-1", Role.KEEPER)
    await gone.here()
    await gone.leave()
    await windows.here()
    await registrar.here()
    boss = await Desk.sits_down(hall, browser, "boss", None, language=language)
    await boss.page.keyboard.press("z")
    await boss.page.keyboard.press("Enter")
    await expect(boss.page.locator(".spares")).to_have_count(0)
    registrar.link.spares(("10000000a1b2c3d4",))
    await expect(boss.page.locator(".spares")).to_contain_text("10000000a1b2c3d4")
    await boss.page.screenshot(path=tmp_path / "spare-waits.png")
    await boss.page.click(".spares button")
    await boss.dialog("spare_title")
    await expect(boss.page.locator("dialog option").first).to_have_attribute("value", "kiosk-1")
    await boss.page.fill("dialog input", "482 913")
    await boss.page.screenshot(path=tmp_path / "spare-approve.png")
    async with boss.page.expect_response("**/console/act") as answer:
        await boss.page.keyboard.press("Enter")
    sent = (await answer.value).request.post_data_json
    assert sent is not None
    assert (sent["type"], sent["code"], sent["box"]) == ("ApproveSpare", "482913", "kiosk-1")
    assert (await (await answer.value).json())["done"] is True
    registrar.link.device("approval", DeviceState.WARNING, "no spare shows the code 482913")
    await expect(boss.page.locator(".refused")).to_have_text("no spare shows the code 482913")
    registrar.link.device("approval", DeviceState.OK)
    registrar.link.spares(())
    await expect(boss.page.locator(".spares")).to_have_count(0)
    for seat in (registrar, windows):
        await seat.leave()


async def test_a_clerk_hears_nothing_of_spares(hall: ConsoleHall, browser: Browser) -> None:
    registrar = Seat(hall.mosquitto, "registrar", Role.REGISTRAR)
    await registrar.here()
    registrar.link.spares(("10000000a1b2c3d4",))
    clerk = await Desk.sits_down(hall, browser)
    boss = await Desk.sits_down(hall, browser, "boss", 2)
    await expect(boss.page.locator(".spares")).to_have_count(1)
    await expect(clerk.page.locator(".spares")).to_have_count(0)
    await registrar.leave()
