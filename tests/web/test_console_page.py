"""The clerk's console in a real browser, against a real server, dispatcher and broker."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from broker.contract.messages import CallNext, FinishService, Hall, Language
from broker.contract.texts import texts

from .console_hall import PIN, ConsoleHall

pytestmark = [pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

AXE: Final = Path(__file__).with_name("axe.min.js")
SCRIPTS: Final = sorted((Path(__file__).parents[2] / "web" / "static" / "console").glob("*.js"))
LANGUAGES: Final = (("zh", "zh-CN"), ("en", "en-GB"))
BAR: Final = {"width": 1000, "height": 64}


@pytest_asyncio.fixture(loop_scope="session")
async def hall(tmp_path: Path, small_hall: Hall) -> AsyncIterator[ConsoleHall]:
    async with ConsoleHall(tmp_path, small_hall) as hall:
        yield hall


class Desk:
    """A clerk at a browser, who sees texts and presses keys."""

    def __init__(self, hall: ConsoleHall, page: Page, language: str) -> None:
        self.hall, self.page, self.language = hall, page, language

    @classmethod
    async def sits_down(
        cls, hall: ConsoleHall, browser: Browser, clerk: str = "0731", counter: int | None = 1, *, language: str = "zh"
    ) -> "Desk":
        locale = dict(LANGUAGES)[language]
        context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale=locale)
        desk = cls(hall, await context.new_page(), language)
        await desk.page.goto(f"http://127.0.0.1:{hall.port}/console")
        await desk.signs_in(clerk, counter)
        await expect(desk.page.locator(".now[data-state], .choose, dialog").first).to_be_visible()
        return desk

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    async def signs_in(self, clerk: str, counter: int | None, pin: str = "") -> None:
        await self.page.fill("[name=clerk]", clerk)
        await self.page.fill("[name=pin]", pin or PIN[clerk])
        await self.page.select_option("[name=counter]", str(counter or ""))
        await self.page.keyboard.press("Enter")

    async def another_page(self, path: str = "/console") -> "Desk":
        desk = Desk(self.hall, await self.context.new_page(), self.language)
        await desk.page.goto(f"http://127.0.0.1:{self.hall.port}{path}")
        return desk

    async def presses(self, *keys: str) -> None:
        """Press keys one after the other; as a person would, once the page has done what was pressed before."""
        for key in keys:
            await expect(self.page.locator("[aria-busy=true]")).to_have_count(0)
            await self.page.keyboard.press(key)

    async def sees(self, key: str, place: str = "body", **blanks: object) -> None:
        await expect(self.page.locator(place)).to_contain_text(self.text(key, **blanks))

    def text(self, key: str, **blanks: object) -> str:
        return texts(Language(self.language))["console"][key].format(**blanks)

    async def is_in(self, state: str, ticket: str | None = None) -> None:
        """Return when the page shows the counter in this state, and that it can be worked with."""
        await expect(self.page.locator(".now")).to_have_attribute("data-state", state)
        if ticket is not None:
            await expect(self.page.locator(".now .number")).to_have_text(ticket)
        await expect(self.page.locator("[aria-busy=true]")).to_have_count(0)

    async def dialog(self, key: str, **blanks: object) -> None:
        await expect(self.page.locator("dialog h2")).to_have_text(self.text(key, **blanks))


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_every_act_on_a_call_is_done_by_keys_alone(hall: ConsoleHall, browser: Browser, language: str) -> None:
    for service in ("bill", "bill", "new", "bill"):
        await hall.take(service)
    clerk = await Desk.sits_down(hall, browser, language=language)
    await clerk.is_in("idle")
    await clerk.presses("n")
    await clerk.is_in("called", "A001")
    await clerk.presses("r")
    await expect(clerk.page.locator(".now .time")).to_contain_text("2")
    await clerk.presses("s")
    await clerk.is_in("serving", "A001")
    await clerk.presses("h")
    await clerk.dialog("hold_title", ticket="A001")
    await clerk.presses("2")
    await clerk.is_in("idle")
    await clerk.sees("short_documents_kept", "aside")
    await clerk.presses("n")
    await clerk.is_in("called", "A002")
    await clerk.presses("x")
    await clerk.is_in("idle")
    await clerk.presses("u")
    await clerk.is_in("called", "A002")
    await clerk.presses("t")
    await clerk.dialog("transfer_title", ticket="A002")
    await clerk.presses("Tab", "ArrowDown", "Tab", "ArrowRight", "ArrowRight", "Enter")  # another service, last
    await clerk.is_in("idle")
    await clerk.presses("g")
    await clerk.is_in("serving", "A001")
    await clerk.presses("n")  # ends this one, and calls the next
    await clerk.is_in("called", "B001")
    await clerk.presses("f")
    await clerk.is_in("idle")


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_every_act_without_a_call_is_done_by_keys_alone(
    hall: ConsoleHall, browser: Browser, language: str
) -> None:
    await hall.take()
    clerk = await Desk.sits_down(hall, browser, language=language)
    await clerk.is_in("idle")
    await clerk.presses("c")
    await clerk.dialog("by_number_title")
    await clerk.page.keyboard.type("a001")
    await clerk.presses("Enter")
    await clerk.is_in("called", "A001")
    await clerk.presses("f")
    await clerk.is_in("idle")
    await clerk.presses("w")
    await clerk.dialog("walk_up_title")
    await clerk.presses("2")
    await clerk.is_in("serving", clerk.text("no_ticket"))
    await clerk.presses("1")
    await clerk.is_in("idle")
    await clerk.presses("a")
    await expect(clerk.page.locator(".key[data-verb=arm]").first).to_contain_text(clerk.text("disarm"))
    await clerk.is_in("idle")
    await clerk.presses("a")
    await expect(clerk.page.locator(".key[data-verb=arm]").first).to_contain_text(clerk.text("arm"))
    await clerk.is_in("idle")
    await clerk.presses("p")
    await clerk.dialog("pause_title")
    await clerk.presses("1")
    await clerk.is_in("paused")
    await clerk.presses("o")
    await clerk.is_in("idle")
    await clerk.presses("q")
    await clerk.dialog("close_title", number=1)
    await clerk.presses("Tab", "Enter")
    await clerk.is_in("closed")
    await clerk.presses("o")
    await clerk.is_in("idle")


async def test_an_outcome_is_stated_with_its_date_or_its_reason(hall: ConsoleHall, browser: Browser) -> None:
    for _ in range(3):
        await hall.take()
    clerk = await Desk.sits_down(hall, browser)
    for key, dialog, typed in (("2", "outcome_follow_up", "12302026"), ("3", "outcome_escalated", "所长")):
        await clerk.presses("n")
        await clerk.is_in("called")
        await clerk.presses("s")
        await clerk.is_in("serving")
        await clerk.presses(key)
        await clerk.dialog(dialog)
        await clerk.page.keyboard.type(typed)
        await clerk.presses("Enter")
        await clerk.is_in("idle")
    await clerk.presses("n")
    await clerk.is_in("called")
    await clerk.presses("s")
    await clerk.is_in("serving")
    await clerk.presses("4")
    await clerk.dialog("decline_reason")
    await clerk.presses("2")
    await clerk.is_in("idle")


async def test_a_mandatory_outcome_is_asked_for_and_one_that_a_pad_left_out_is_stated_later(
    tmp_path: Path, small_hall: Hall, browser: Browser
) -> None:
    async with ConsoleHall(tmp_path, small_hall, more="[policy]\noutcome_mandatory = true\n") as hall:
        await hall.take()
        await hall.take()
        clerk = await Desk.sits_down(hall, browser)
        await clerk.presses("n")
        await clerk.is_in("called", "A001")
        await hall.pad.press(FinishService, 1)
        await clerk.sees("owed_title", "aside")
        await clerk.presses("d")
        await clerk.dialog("outcome_title", ticket="A001")
        await clerk.presses("1")
        await expect(clerk.page.locator("aside")).not_to_contain_text(clerk.text("owed_title"))
        await clerk.presses("n")
        await clerk.is_in("called", "A002")
        await clerk.presses("f")
        await clerk.dialog("outcome_title", ticket="A002")
        await clerk.presses("1")
        await clerk.is_in("idle")


async def test_who_is_not_entitled_goes_back_to_the_ordinary_line(hall: ConsoleHall, browser: Browser) -> None:
    await hall.take(priority_class="courtesy")
    clerk = await Desk.sits_down(hall, browser)
    await clerk.presses("n")
    await clerk.is_in("called", "A001")
    await expect(clerk.page.locator(".now")).to_contain_text("关爱")
    await clerk.presses("e")
    await clerk.dialog("not_entitled_title", ticket="A001")
    await clerk.presses("Tab", "Enter")
    await clerk.is_in("idle")


async def test_escape_leaves_a_dialog_and_nothing_happens(hall: ConsoleHall, browser: Browser) -> None:
    await hall.take()
    clerk = await Desk.sits_down(hall, browser)
    await clerk.presses("n")
    await clerk.is_in("called", "A001")
    for key in ("h", "t"):
        await clerk.presses(key)
        await expect(clerk.page.locator("dialog")).to_be_visible()
        for _ in range(12):  # the focus stays in the dialog
            await clerk.presses("Tab")
            assert await clerk.page.evaluate("!document.activeElement.closest('.page')")
        await clerk.presses("x", "Escape")
        await expect(clerk.page.locator("dialog")).to_have_count(0)
    await clerk.is_in("called", "A001")


async def test_a_double_click_does_one_act_only(hall: ConsoleHall, browser: Browser) -> None:
    await hall.take()
    clerk = await Desk.sits_down(hall, browser)
    await clerk.is_in("idle")
    shown = await clerk.page.evaluate("performance.now()")
    await clerk.page.wait_for_function("shown => performance.now() - shown > 400", arg=shown)
    await clerk.page.locator(".verbs .main").dblclick()
    await clerk.is_in("called", "A001")
    await expect(clerk.page.locator(".verbs .main")).to_have_attribute("data-verb", "start")


async def test_two_pages_and_a_pad_act_at_one_counter(hall: ConsoleHall, browser: Browser) -> None:
    await hall.take()
    await hall.take()
    one = await Desk.sits_down(hall, browser)
    await one.is_in("idle")
    other = await one.another_page()
    await other.is_in("idle")
    await one.presses("n")
    await one.is_in("called", "A001")
    await other.is_in("called", "A001")
    await other.presses("h")
    await other.dialog("hold_title", ticket="A001")
    await one.presses("f")
    await expect(other.page.locator("dialog")).to_have_count(0)
    await other.sees("changed_meanwhile", "#toasts")
    await hall.pad.press(CallNext, 1)
    await one.is_in("called", "A002")
    await other.is_in("called", "A002")


async def test_who_comes_later_is_told_what_happened(hall: ConsoleHall, browser: Browser) -> None:
    await hall.take()
    clerk = await Desk.sits_down(hall, browser)
    await clerk.is_in("idle")
    reached, go = asyncio.Event(), asyncio.Event()

    async def slow(route: Route) -> None:
        reached.set()
        await go.wait()
        await route.continue_()

    await clerk.page.route("**/console/act", slow)
    await clerk.presses("n")
    await reached.wait()
    await hall.pad.press(CallNext, 1)
    go.set()
    await expect(clerk.page.locator("#toasts .toast")).to_contain_text("A001")
    await clerk.is_in("called", "A001")


async def test_a_taken_counter_is_handed_over_after_a_question(hall: ConsoleHall, browser: Browser) -> None:
    first = await Desk.sits_down(hall, browser, "0731")
    await first.is_in("idle")
    second = await Desk.sits_down(hall, browser, "0802")
    await second.dialog("taken_title", number=1)
    await second.sees("taken", "dialog", number=1, clerk="0731")
    await second.presses("Tab", "Enter")
    await second.is_in("idle")
    await hall.pad.counter(1, clerk="0802")
    await first.presses("n")
    await expect(first.page.locator("#toasts .toast")).to_contain_text("0802")


async def test_a_wrong_pin_is_said_and_the_clerk_may_try_again(hall: ConsoleHall, browser: Browser) -> None:
    clerk = Desk(hall, await (await browser.new_context(locale="zh-CN")).new_page(), "zh")
    await clerk.page.goto(f"http://127.0.0.1:{hall.port}/console")
    await clerk.signs_in("0731", 1, pin="0000")
    await expect(clerk.page.locator("#sign-in-wrong")).not_to_be_empty()
    await expect(clerk.page.locator("[name=pin]")).to_be_focused()
    await clerk.signs_in("0731", 1)
    await clerk.is_in("idle")


def age(hall: ConsoleHall, seconds: float) -> None:
    """Let every session on disk be so much older."""
    path = hall.directory / "web" / "sessions.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    for session in kept["sessions"].values():
        session["acted_s"] -= seconds
        session["began_s"] -= seconds
    path.write_text(json.dumps(kept), encoding="utf-8")


async def restart(hall: ConsoleHall, seconds: float = 0) -> None:
    hall.web.kill()
    await hall.web.wait()
    if seconds:
        age(hall, seconds)
    hall.web = await hall.start("web", "web.toml")
    await hall.serves()


async def test_a_session_that_ended_is_begun_again_at_the_same_counter(hall: ConsoleHall, browser: Browser) -> None:
    await hall.take()
    clerk = await Desk.sits_down(hall, browser, counter=2)
    await clerk.presses("n")
    await clerk.is_in("called", "A001")
    await restart(hall, seconds=31 * 60)
    await clerk.sees("sign_in_again", ".cover")
    await expect(clerk.page.locator("[name=counter]")).to_have_value("2")
    await expect(clerk.page.locator("[name=pin]")).to_be_focused()
    await clerk.page.keyboard.type(PIN["0731"])
    await clerk.presses("Enter")
    await clerk.is_in("called", "A001")


async def test_a_session_about_to_end_is_kept_by_one_key(hall: ConsoleHall, browser: Browser) -> None:
    clerk = await Desk.sits_down(hall, browser)
    await clerk.is_in("idle")
    await restart(hall, seconds=29 * 60)
    await clerk.sees("stay", "#banners")
    await clerk.presses("k")
    await expect(clerk.page.locator("#banners")).to_be_empty()


async def test_the_page_says_that_it_is_cut_off_and_recovers_by_itself(hall: ConsoleHall, browser: Browser) -> None:
    await hall.take()
    clerk = await Desk.sits_down(hall, browser)
    await clerk.is_in("idle")
    hall.web.kill()
    await hall.web.wait()
    await expect(clerk.page.locator(".banner.warn")).to_be_visible()
    await expect(clerk.page.locator(".verbs .main")).to_have_attribute("aria-disabled", "true")
    hall.web = await hall.start("web", "web.toml")
    await hall.serves()
    await expect(clerk.page.locator(".banner.warn")).to_have_count(0, timeout=15_000)
    await clerk.presses("n")
    await clerk.is_in("called", "A001")


async def test_the_page_says_that_the_hall_is_out_of_reach(hall: ConsoleHall, browser: Browser) -> None:
    clerk = await Desk.sits_down(hall, browser)
    await clerk.is_in("idle")
    hall.dispatcher.terminate()
    await hall.dispatcher.wait()
    await expect(clerk.page.locator(".banner.warn")).to_be_visible()
    await expect(clerk.page.locator(".verbs .main")).to_have_attribute("aria-disabled", "true")
    hall.dispatcher = await hall.start("broker.dispatcher", "dispatcher.toml")
    await expect(clerk.page.locator(".banner.warn")).to_have_count(0, timeout=15_000)


async def test_a_note_is_shown_to_whoever_has_the_visit_next(hall: ConsoleHall, browser: Browser) -> None:
    await hall.take()
    one = await Desk.sits_down(hall, browser, "0731", 1)
    two = await Desk.sits_down(hall, browser, "0802", 2)
    await one.presses("n")
    await one.is_in("called", "A001")
    await one.presses("m")
    await one.page.keyboard.type("<b>产权证为复印件</b>")
    await one.presses("Escape")
    await one.sees("note_saved", ".notes")
    await one.presses("t", "ArrowRight", "Enter")
    await one.is_in("idle")
    await two.presses("n")
    await two.is_in("called", "A001")
    await expect(two.page.locator(".noted")).to_contain_text("<b>产权证为复印件</b>")
    await two.sees("step_transferred", ".history", number=1)


async def test_a_supervisor_starts_and_ends_an_evacuation(hall: ConsoleHall, browser: Browser) -> None:
    boss = await Desk.sits_down(hall, browser, "boss", None)
    await boss.sees("choose_counter")
    await boss.presses("z")
    await boss.presses("Enter")
    await boss.page.click("[data-key=evacuate]")
    await boss.page.click("dialog .danger")
    await boss.sees("evacuation", "#banners")
    await boss.page.click("[data-key=evacuate]")
    await expect(boss.page.locator(".banner.alarm")).to_have_count(0)


async def test_the_bar_acts_and_asks_in_its_one_line(hall: ConsoleHall, browser: Browser) -> None:
    await hall.take()
    clerk = await Desk.sits_down(hall, browser)
    await clerk.is_in("idle")
    bar = await clerk.another_page("/console/bar")
    await bar.page.set_viewport_size(BAR)  # type: ignore[arg-type]
    await expect(bar.page.locator(".strip .main")).to_have_attribute("data-verb", "next")
    await bar.presses("n")
    await expect(bar.page.locator(".bar-number")).to_have_text("A001")
    await clerk.is_in("called", "A001")
    await bar.presses("s")
    await expect(bar.page.locator(".strip .main")).to_have_attribute("data-verb", "finish")
    assert await overflowing(bar.page) == []
    await bar.presses("h")
    await bar.dialog("hold_title", ticket="A001")
    assert await overflowing(bar.page) == []
    await bar.presses("3")
    await clerk.is_in("idle")
    await clerk.page.click("[data-key=sign_out]")
    await expect(bar.page.locator(".strip").last).to_contain_text(bar.text("sign_in"))


async def overflowing(page: Page) -> list[str]:
    """Return what leaves the window, or whose words do not fit."""
    found: list[str] = await page.evaluate(
        """() => [...document.querySelectorAll("header *, .verbs *, .small-verbs *, .strip *, dialog *")]
            .filter(e => e.getClientRects().length)
            .filter(e => {
                const box = e.getBoundingClientRect();
                const ellipsis = getComputedStyle(e).textOverflow === "ellipsis";
                return box.left < -1 || box.top < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1 ||
                    (!ellipsis && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0);
            }).map(e => `${e.tagName} ${e.className} ${e.textContent}`)"""
    )
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_everything_fits_on_a_small_and_on_a_large_screen(
    hall: ConsoleHall, browser: Browser, language: str
) -> None:
    await hall.take()
    clerk = await Desk.sits_down(hall, browser, language=language)
    await clerk.presses("n")
    await clerk.is_in("called", "A001")
    await clerk.presses("s")
    await clerk.is_in("serving", "A001")
    for width, height in ((1280, 800), (1920, 1080), (1024, 768)):
        await clerk.page.set_viewport_size({"width": width, "height": height})
        assert await overflowing(clerk.page) == []
        assert await clerk.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for key in ("h", "t", "2", "4"):
            await clerk.presses(key)
            await expect(clerk.page.locator("dialog")).to_be_visible()
            assert await overflowing(clerk.page) == []
            await clerk.presses("Escape")
            await expect(clerk.page.locator("dialog")).to_have_count(0)


async def violations(page: Page) -> list[str]:
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    await page.evaluate("Promise.all(document.getAnimations().map(a => a.finished.catch(() => null)))")
    found: list[str] = await page.evaluate(
        """() => axe.run(document, {resultTypes: ["violations"]}).then(r =>
            r.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.html} ${n.failureSummary}`)))"""
    )
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_axe_finds_nothing_in_any_state_or_dialog(hall: ConsoleHall, browser: Browser, language: str) -> None:
    for priority_class in ("courtesy", "ordinary", "ordinary"):
        await hall.take(priority_class=priority_class)
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale=dict(LANGUAGES)[language])
    clerk = Desk(hall, await context.new_page(), language)
    await clerk.page.goto(f"http://127.0.0.1:{hall.port}/console")
    await expect(clerk.page.locator("[name=clerk]")).to_be_focused()
    assert await violations(clerk.page) == []
    await clerk.signs_in("boss", 1)
    await clerk.is_in("idle")
    steps = (
        ("idle", "", ("p", "q", "c", "w", "z", "?")),
        ("called", "n", ("e", "h", "t")),
        ("serving", "s", ("2", "3", "4")),
        ("paused", "fp1", ()),
    )
    for state, keys, dialogs in steps:
        for key in keys:
            await clerk.presses(key)
            await expect(clerk.page.locator("[aria-busy=true]")).to_have_count(0)
            if key == "f":
                await clerk.is_in("idle")
        await clerk.is_in(state)
        assert await violations(clerk.page) == []
        for key in dialogs:
            await clerk.presses(key)
            await expect(clerk.page.locator("dialog")).to_be_visible()
            assert await violations(clerk.page) == [], key
            await clerk.presses("Escape")
            await expect(clerk.page.locator("dialog")).to_have_count(0)
    bar = await clerk.another_page("/console/bar")
    await expect(bar.page.locator(".strip .main")).to_have_attribute("data-verb", "open")
    assert await violations(bar.page) == []


@pytest.mark.alone
async def test_a_press_is_seen_at_once(hall: ConsoleHall, browser: Browser) -> None:
    """How long until the press is seen, and until the hall's answer is: figures, not a limit."""
    clerk = await Desk.sits_down(hall, browser)
    await clerk.is_in("idle")
    pressed, answered = [], []
    for _ in range(8):
        await hall.take()
        await expect(clerk.page.locator(".now h2")).to_contain_text("1")
        for key, state in (("n", "called"), ("f", "idle")):
            seen, done = await clerk.page.evaluate(
                """([key, state]) => new Promise(resolve => {
                    const began = performance.now();
                    let seen = null;
                    const frame = () => {
                        const now = performance.now() - began;
                        if (seen === null && document.querySelector("[aria-busy=true]")) seen = now;
                        if (document.querySelector(".now").dataset.state === state) resolve([seen ?? now, now]);
                        else requestAnimationFrame(frame);
                    };
                    document.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
                    requestAnimationFrame(frame);
                })""",
                [key, state],
            )
            pressed.append(seen)
            answered.append(done)
            await clerk.is_in(state)
    for name, values in (("pressed state", pressed), ("the hall's answer", answered)):
        values.sort()
        print(f"\n{name}: p50 {values[len(values) // 2]:.0f} ms, p95 {values[int(len(values) * 0.95)]:.0f} ms")  # noqa: T201
    assert pressed[int(len(pressed) * 0.95)] < 2000


@pytest.mark.parametrize("language", Language)
async def test_every_text_of_the_page_is_there_and_every_one_is_used(language: Language) -> None:
    script = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    known = set(texts(language)["console"])
    asked = set(re.findall(r'say\("(\w+)"', script))
    assert asked <= known
    made = re.compile(r"(state|outcome|hold|short|rule|act|step|position|to|ended)_\w+")
    assert {key for key in known if not made.fullmatch(key) and f'"{key}"' not in script} <= {
        "next", "start", "finish", "recall", "hold", "owed", "open", "close", "transfer", "no_show",
    }  # fmt: skip
