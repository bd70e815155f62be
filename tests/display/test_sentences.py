"""What the strip of a board says where it has little room."""

import pytest

from broker.contract.messages import Language, Text
from broker.text_width import width_of
from display.board import Queue
from display.sentences import last_call, prose, waiting

ZH, EN = Language.ZH, Language.EN
RENAME = Queue(name=Text(zh="过户更名", en="Change of name"), last="C002", waiting="3", minutes="8–12", prefix="C")


@pytest.mark.parametrize(
    ("language", "width", "said"),
    [
        (EN, 20.0, "Last: Change of name C002"),
        (EN, 12.0, "C002 Change of name"),
        (EN, 8.0, "Last: C002"),
        (ZH, 10.0, "最近 过户更名 C002"),
        (ZH, 8.0, "C002 过户更名"),
        (ZH, 6.0, "最近 C002"),
    ],
)
def test_the_last_call_loses_its_name_rather_than_half_of_it(language: Language, width: float, said: str) -> None:
    assert last_call(RENAME, language, width) == said


@pytest.mark.parametrize(
    ("language", "width", "said"),
    [
        (EN, 20.0, "Change of name: 3 waiting, 8–12 min"),
        (EN, 14.0, "Change of name 8–12 min"),
        (EN, 9.0, "C: 8–12 min"),
        (ZH, 18.0, "过户更名 等候 3 人，约 8–12 分钟"),
        (ZH, 9.0, "过户更名 8–12 分"),
        (ZH, 6.0, "C 号 8–12 分"),
    ],
)
def test_a_queue_is_said_in_one_line_whatever_its_width(language: Language, width: float, said: str) -> None:
    assert waiting(RENAME, language, width) == said


def test_a_text_ends_its_lines_where_its_phrases_end() -> None:
    assert prose(["每次叫号都有依据，可向工作人员查询；过号请到取号机或咨询台"], 12.0) == [
        "每次叫号都有依据，",
        "可向工作人员查询；",
        "过号请到取号机或咨询台",
    ]


def test_a_text_has_a_shorter_form_before_one_of_its_phrases_is_cut() -> None:
    assert prose(["Why this order? Ask us.", "Unsure? Ask us."], 9.0) == ["Unsure? Ask us."]


def test_a_phrase_that_must_be_cut_says_so_on_both_sides() -> None:
    lines = prose(["VAT invoices are not issued on Saturday; please come on another day."], 9.0)
    assert lines[0].endswith("…")
    assert lines[1].startswith("…")
    assert all(width_of(line, 1) <= 9.0 for line in lines)
    assert " ".join(line.strip("…") for line in lines) == (
        "VAT invoices are not issued on Saturday; please come on another day."
    )
