"""*Why not me?* on paper: it fits the roll, and says the same as the screen."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.contract.messages import Discipline, FinishService, Language, Policy
from broker.contract.texts import texts
from broker.report.slip import Item, Line, slip, width, wrapped
from broker.report.why import account
from broker.report.words import Words

if TYPE_CHECKING:
    from tests.broker.report.conftest import Floor

STRICT = Policy(discipline=Discipline.STRICT)


def slip_of(floor: "Floor", ticket: str, language: Language, columns: int) -> tuple[Item, ...]:
    told = account(floor.events, ticket)
    words = Words(texts(language)["why"], hall=told.hall, language=language)
    return slip(told, words, at=told.as_of, columns=columns)


def lines(items: tuple[Item, ...]) -> list[str]:
    return [each.text if isinstance(each, Line) else "---" for each in items]


def let_pass(floor: "Floor", times: int) -> str:
    ticket = floor.take()
    for _ in range(times):
        floor.later(1)
        floor.take("new", "courtesy")
        floor.later(1)
        floor.call(1)
        floor.did(FinishService, 1)
    return ticket


def test_a_chinese_slip_of_58_mm_says_who_went_first_and_why(open_floor: "Callable[[Policy], Floor]") -> None:
    floor = open_floor(STRICT)
    assert lines(slip_of(floor, let_pass(floor, 1), Language.ZH, 32)) == [
        "东区供电营业厅",
        "---",
        "A001",
        "电费 · 普通",
        "---",
        "A001 正在等候，已等 2 分钟；预计",
        "等候：10–15 分钟。",
        "在同类号中排第一。",
        "可叫它的窗口：1–3 号；正在工",
        "作：1 号。",
        "---",
        "为什么还没叫到？",
        "09:32，1 号窗口先叫了 B001（老弱",
        "病残孕），它晚到 1 分钟：按等",
        "级，老弱病残孕先于普通。",
        "后到的号先叫了 1 次：计入上限",
        "1 次，不计入 0 次。本厅未设上",
        "限。",
        "---",
        "截至 2026-11-21 09:32",
    ]


def test_where_nothing_is_left_to_do_there_is_one_line_across_and_not_two(
    open_floor: "Callable[[Policy], Floor]",
) -> None:
    floor = open_floor(STRICT)
    let_pass(floor, 1)
    ticket = floor.call(1)
    floor.did(FinishService, 1)
    said = lines(slip_of(floor, ticket, Language.ZH, 32))
    assert said[:6] == ["东区供电营业厅", "---", "A001", "电费 · 普通", "---", "为什么没有更早叫到？"]


def test_an_english_slip_breaks_between_words(open_floor: "Callable[[Policy], Floor]") -> None:
    floor = open_floor(STRICT)
    said = lines(slip_of(floor, let_pass(floor, 1), Language.EN, 48))
    assert said[said.index("Why has it not been called yet?") + 1 :][:3] == [
        "09:32: counter 1 called B001 (Courtesy), which",
        "came 1 min later: Courtesy goes before Ordinary.",
        "Later tickets went first once: 1 within the",
    ]


def test_a_long_story_is_told_from_its_end(open_floor: "Callable[[Policy], Floor]") -> None:
    floor = open_floor(STRICT)
    said = lines(slip_of(floor, let_pass(floor, 14), Language.EN, 48))
    assert "Earlier ones, not printed here: 2." in said
    assert sum("counter 1 called B" in line for line in said) == 12


@given(st.text(alphabet="ab ,.，。（）号叫到 ", max_size=80), st.integers(8, 48))
def test_no_row_is_wider_than_the_paper_and_nothing_is_lost(text: str, columns: int) -> None:
    rows = wrapped(text, columns)
    assert "".join(rows).replace(" ", "") == text.replace(" ", "")
    longest = max((width(word) for word in text.split()), default=0)
    assert all(width(row) <= max(columns, longest) for row in rows)


@pytest.mark.parametrize("mark", "，。；：、）")
def test_no_row_begins_with_a_mark(mark: str) -> None:
    assert all(not row.startswith(mark) for row in wrapped(f"叫号叫号叫号{mark}叫号", 12))
