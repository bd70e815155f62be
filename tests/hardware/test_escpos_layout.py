from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from hardware.drivers.escpos_layout import Cut, Feed, Item, Line, Qr, Rule, encode, is_native, missing_glyphs
from hardware.simulators.escpos_commands import Splitter
from hardware.simulators.escpos_paper import Dots, Slip, Typesetter
from hardware.simulators.escpos_picture import slip_picture

TICKET: Sequence[Item] = (
    Line("社保服务大厅", align="center", bold=True),
    Line("A012", size=4, align="center"),
    Rule(),
    Line("前面还有 3 人"),
    Line("，。！？", align="right"),
    Qr("https://hall.example/v/7f3k"),
    Feed(2),
    Cut(),
)

GOLDEN = bytes.fromhex(
    "1b40 1c26"
    "1b6101 1d2100 1b4501 c9e7b1a3b7fecef1b4f3ccfc 0a"
    "1b6101 1d2133 1b4500 41303132 0a"
    "1b6100 1d2100 1b4500" + "2d" * 48 + "0a"
    "1b6100 1d2100 1b4500 c7b0c3e6bbb9d3d0203320c8cb 0a"
    "1b6102 1d2100 1b4500 a3aca1a3a3a1a3bf 0a"
    "1b6101 1d2100 1b4500"
    "1b6401"
    "1d286b0400 31413200 1d286b0300 314306 1d286b0300 314530"
    "1d286b1e00 315030" + b"https://hall.example/v/7f3k".hex() + "1d286b0300 315130"
    "1b6401"
    "1b6402"
    "1d564200"
)


def printed(job: bytes, *, encoding: str = "gb18030") -> Slip:
    """What a printer puts on paper for `job`."""
    typesetter, slip = Typesetter(kanji_encoding=encoding), Slip()
    for command in Splitter().feed(job):
        step = typesetter.step(command)
        slip.mm += step.mm
        if step.piece is not None:
            slip.pieces.append(step.piece)
    return slip


def test_a_slips_bytes_are_those_on_file() -> None:
    assert encode(TICKET) == GOLDEN


def test_a_slip_without_a_cut_is_cut_and_one_with_it_is_not_cut_twice() -> None:
    assert encode(TICKET[:-1]) == GOLDEN


def test_the_printer_reads_every_character_and_the_qr_code() -> None:
    slip = printed(encode(TICKET))
    assert slip.lines == ("社保服务大厅", "A012", "-" * 48, "前面还有 3 人", "，。！？")
    assert slip.qr_texts == ("https://hall.example/v/7f3k",)
    assert 60 < slip.mm < 120


def test_a_phone_reads_the_qr_code_from_the_drawn_slip() -> None:
    codes = zxingcpp.read_barcodes(slip_picture(printed(encode(TICKET)).pieces))
    assert [code.text for code in codes] == ["https://hall.example/v/7f3k"]


def test_a_rare_name_is_drawn_and_the_lines_around_it_stay_text() -> None:
    slip = printed(encode([Line("请"), Line("𠮷野先生", size=2, align="center"), Line("到窗口")]))
    before, name, after = slip.pieces
    assert slip.lines == ("请", "到窗口")
    assert isinstance(name, Dots)
    assert (name.width, name.height) == (576, 60)
    assert any(name.rows)
    assert before != after


def test_a_rare_line_wider_than_the_paper_is_broken_into_rows() -> None:
    slip = printed(encode([Line("𠮷" * 30)], width_dots=384))
    (name,) = slip.pieces
    assert isinstance(name, Dots)
    assert (name.width, name.height) == (384, 60)


def test_without_the_font_a_rare_name_says_what_to_install() -> None:
    with pytest.raises(ValueError, match="fonts-wqy-microhei"):
        encode([Line("𠮷")], font=Path("/nowhere.ttc"))
    assert encode([Line("吉")], font=Path("/nowhere.ttc"))


def test_an_installer_can_ask_which_characters_the_font_lacks() -> None:
    assert missing_glyphs("请𠮷 A䶮") == "𠮷䶮"


def test_a_line_is_one_line_of_a_size_that_printers_have() -> None:
    with pytest.raises(ValueError, match="size 9"):
        encode([Line("A", size=9)])
    with pytest.raises(ValueError, match="control character"):
        encode([Line("A\x1dV\x00")])


def test_a_printer_of_another_encoding_reads_the_same_lines() -> None:
    line = Line("请到 3 号窗口")
    assert printed(encode([line], encoding="gbk")).lines == ("请到 3 号窗口",)
    assert b"\x1c&" not in encode([line], encoding="utf-8")
    assert line.text.encode() in encode([line], encoding="utf-8")


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["C"], codec="gbk"), min_size=1, max_size=40))
def test_whatever_gbk_holds_comes_out_of_the_printer(text: str) -> None:
    assert is_native(text)
    slip = printed(encode([Line(text)]))
    assert slip.lines == ((text,) if text.strip() else ())


@given(st.lists(st.integers(0, 1500)))
def test_any_split_of_a_job_prints_the_same_slip(cuts: list[int]) -> None:
    job = encode([*TICKET[:-1], Line("䶮", size=1), Cut()])
    places = [0, *sorted(min(cut, len(job)) for cut in cuts), len(job)]
    splitter, typesetter = Splitter(), Typesetter()
    chunks = [job[start:end] for start, end in pairwise(places)]
    pieces = [typesetter.step(command).piece for chunk in chunks for command in splitter.feed(chunk)]
    assert [piece for piece in pieces if piece is not None] == printed(job).pieces
