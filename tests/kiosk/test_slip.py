"""What the slip says, down to the printer's bytes."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest

from broker.contract.messages import Hall, Language, TicketTaken
from broker.contract.texts import texts
from kiosk.paper import slip_bytes
from kiosk.slip import Item, Line, slip

GOLDEN = Path(__file__).parent / "golden"


def slip_of(hall: Hall, taken: TicketTaken, language: Language) -> tuple[Item, ...]:
    return slip(
        hall_name=hall.name,
        service=next(each for each in hall.services if each.id == taken.service),
        zone=hall.zones[0],
        taken=taken,
        at=datetime(2026, 11, 21, 9, 42, tzinfo=timezone(timedelta(hours=8))),
        language=language,
        words=texts(language)["slip"],
    )


def lines(items: tuple[Item, ...]) -> list[str]:
    return [item.text if isinstance(item, Line) else "---" for item in items]


def test_a_chinese_slip_says_all_that_matters(hall: Hall, b014: TicketTaken) -> None:
    assert lines(slip_of(hall, b014, Language.ZH)) == [
        "城东供电营业厅",
        "---",
        "用电报装",
        "New connection",
        "B014",
        "前面 6 人 · 约 15–25 分钟",
        "请在 二区 等候",
        "---",
        "2026-11-21 09:42",
        "过号请到咨询台",
    ]


def test_an_english_slip_keeps_the_chinese_name_of_the_service_for_the_clerk(hall: Hall, b014: TicketTaken) -> None:
    said = lines(slip_of(hall, b014, Language.EN))
    assert said[2:7] == ["New connection", "用电报装", "B014", "6 ahead · about 15–25 min", "Wait in zone 2"]


@pytest.mark.parametrize(
    ("ahead", "low", "high", "said"),
    [
        (0, 0, 0, "无人等候 · 马上办理"),
        (2, 0, 0, "前面 2 人 · 马上办理"),
        (0, 3, 6, "无人等候 · 约 3–6 分钟"),
        (4, 5, 5, "前面 4 人 · 约 5 分钟"),
        (9, None, None, "前面 9 人 · 等候时间未知"),
    ],
)
def test_the_wait_is_honest(  # noqa: PLR0917 - a table
    hall: Hall, b014: TicketTaken, ahead: int, low: int | None, high: int | None, said: str
) -> None:
    taken = msgspec.structs.replace(b014, ahead=ahead, wait_low_min=low, wait_high_min=high)
    assert said in lines(slip_of(hall, taken, Language.ZH))


def test_the_number_is_four_times_the_text(hall: Hall, b014: TicketTaken) -> None:
    sizes = {item.text: item.size for item in slip_of(hall, b014, Language.ZH) if isinstance(item, Line)}
    assert sizes["B014"] == 4
    assert sizes["城东供电营业厅"] == 1


@pytest.mark.parametrize("language", list(Language))
def test_the_printer_gets_the_golden_bytes(hall: Hall, b014: TicketTaken, language: Language) -> None:
    sent = slip_bytes(slip_of(hall, b014, language), encoding="gb18030", width_dots=576)
    assert sent.hex(" ") == (GOLDEN / f"slip-{language.value}.hex").read_text(encoding="ascii").strip()
    assert "用电报装".encode("gb18030") in sent
