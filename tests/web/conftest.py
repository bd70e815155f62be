"""A hall's pages in a real browser: Debian's Chromium, driven by Playwright; started once, for all of them."""

import shutil
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

expect.set_options(timeout=20_000)  # a busy machine


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A test fails, and does not skip, where Chromium is missing: `./run test` installs it."""
    program = shutil.which("chromium")
    assert program is not None, "chromium is not installed: apt-get install chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """Nobody's cookies, pages or storage are there, and none are left behind."""
    assert chromium.contexts == []
    yield chromium
    for context in chromium.contexts:
        await context.close()
