"""Pictures of the clerk's console: a busy demo hall, a clerk in a real browser. `hallcall pictures --console`."""

import asyncio
import io
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from .demo.layout import clear
from .demo.stage import Stage
from .demo.terminal import PlainLines

WAITING: Final = 8
LANGUAGES: Final = (("zh", "zh-CN"), ("en", "en-GB"))
CLERK, PIN = "0317", "2468"
COUNTER: Final = 3
SMALL: Final = {"width": 1280, "height": 800}
LARGE: Final = {"width": 1920, "height": 1080}
BAR: Final = {"width": 1000, "height": 64}
COLOURS: Final = 96


class Clerk:
    """Somebody at a browser, whose page is pictured."""

    def __init__(self, page: Page, out: Path, language: str) -> None:
        self._page, self._out, self._language = page, out, language

    async def picture(self, name: str) -> None:
        await self._page.wait_for_timeout(500)  # what moves has moved
        picture = Image.open(io.BytesIO(await self._page.screenshot())).convert("RGB")
        small = picture.quantize(COLOURS, kmeans=1, dither=Image.Dither.NONE)
        small.save(self._out / f"{name}-{self._language}.png", optimize=True)

    async def works(self, site: str) -> None:
        """Sign in and do what a clerk does."""
        page = self._page
        await page.goto(f"{site}/console")
        await page.fill("[name=clerk]", CLERK)
        await page.select_option("[name=counter]", str(COUNTER))
        await self.picture("sign-in")
        await page.fill("[name=pin]", PIN)
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".now[data-state=idle]")
        await self.picture("idle")
        await self._press("n", "called")
        await self.picture("called")
        await self._press("s", "serving")
        await page.fill(
            "#note", {"zh": "产权证为复印件，需补原件", "en": "Copy of the deed: bring the original"}[self._language]
        )
        await page.keyboard.press("Escape")
        await self.picture("serving")
        for key, name in (("h", "hold"), ("t", "transfer"), ("4", "declined"), ("?", "keys")):
            await page.keyboard.press(key)
            await page.wait_for_selector("dialog")
            await self.picture(name)
            await page.keyboard.press("Escape")
        await page.set_viewport_size(LARGE)  # type: ignore[arg-type]
        await self.picture("serving-1080p")
        await page.set_viewport_size(SMALL)  # type: ignore[arg-type]
        await self._bar(site)
        await page.keyboard.press("h")
        await page.keyboard.press("2")
        await page.wait_for_selector(".now[data-state=idle]")
        await self.picture("held")
        await page.keyboard.press("g")
        await page.wait_for_selector(".now[data-state=serving]")
        await self._press("f", "idle")
        await page.keyboard.press("p")
        await page.keyboard.press("1")
        await page.wait_for_selector(".now[data-state=paused]")
        await self.picture("paused")
        await self._press("o", "idle")
        await page.click("[data-key=sign_out]")

    async def _press(self, key: str, state: str) -> None:
        await self._page.wait_for_timeout(100)
        await self._page.keyboard.press(key)
        await self._page.wait_for_selector(f".now[data-state={state}]")

    async def _bar(self, site: str) -> None:
        page = await self._page.context.new_page()
        await page.set_viewport_size(BAR)  # type: ignore[arg-type]
        await page.goto(f"{site}/console/bar")
        await page.wait_for_selector(".strip [data-verb=finish]")
        await Clerk(page, self._out, self._language).picture("bar")
        await page.close()


async def picture_console(out: Path) -> None:
    """Fill a demo hall and take the console's pages in both languages. Needs Chromium."""
    program = shutil.which("chromium")
    if program is None:
        raise FileNotFoundError("chromium is not there: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="hallcall-pictures-") as place:
        directory = Path(place)
        clear(directory)
        stage = Stage(directory=directory, visitors=WAITING, seed=4, desk=None, silent=True, view=PlainLines())
        stage.start()
        people: list[asyncio.Task[None]] = []
        try:
            if not await stage.ready():
                raise RuntimeError("the demo's hall did not open; its logs say why")
            people = [asyncio.create_task(stage.crowd.send()) for _ in range(WAITING)]
            await stage.floor.until(lambda: len(stage.floor.slips) == WAITING, timeout_s=120)
            port = json.loads((directory / "config" / "ports.json").read_text(encoding="utf-8"))["web"]
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
                await _both(browser, f"http://127.0.0.1:{port}", out)
                await browser.close()
        finally:
            for person in people:
                person.cancel()
            await stage.close()


async def _both(browser: Browser, site: str, out: Path) -> None:
    for language, locale in LANGUAGES:
        context = await browser.new_context(viewport=SMALL, locale=locale)  # type: ignore[arg-type]
        await Clerk(await context.new_page(), out, language).works(site)
        await context.close()


if __name__ == "__main__":
    asyncio.run(picture_console(Path(sys.argv[1])))
