"""What stands on a slip in each case, and what a template that cannot be used is told."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from broker.contract.messages import Hall, Language, Policy, TicketTaken
from broker.strict_toml import BrokenConfig
from hardware.drivers.escpos_layout import Paper, columns
from hardware.simulators.escpos_commands import Splitter
from hardware.simulators.escpos_paper import Typesetter
from kiosk.paper import slip_bytes, slip_mm, unprintable
from kiosk.slip import Item, Line, Logo, Mark, Qr
from kiosk.template import load_template, shipped
from kiosk.written import Occasion, written

AT = datetime(2026, 11, 21, 9, 42, tzinfo=timezone(timedelta(hours=8)))
GOLDEN = Path(__file__).parent / "golden"


def occasion(hall: Hall, taken: TicketTaken, **also: object) -> Occasion:
    service = next(each for each in hall.services if each.id == taken.service)
    plain = Occasion(hall=hall, service=service, zone=hall.zones[0], taken=taken, at=AT)
    return Occasion(**{**vars(plain), **also})


def slip(hall: Hall, taken: TicketTaken, *, width_dots: int = 576, **also: object) -> tuple[Item, ...]:
    return written(shipped(), occasion(hall, taken, **also), width_dots=width_dots)


def lines(items: tuple[Item, ...]) -> list[str]:
    return [item.text if isinstance(item, Line | Qr) else type(item).__name__.lower() for item in items]


def test_a_chinese_slip_says_all_that_matters(hall: Hall, b014: TicketTaken) -> None:
    assert lines(slip(hall, b014)) == [
        "城东供电营业厅",
        "rule",
        "用电报装",
        "New connection",
        "mark",
        "B014",
        "前面 6 人，约 15-25 分钟",
        "请在 二区 等候",
        "Please wait in zone 2",
        "rule",
        "过号后 5 个号或 10 分钟内，到取号机输入本号，优",
        "先叫号；再晚需重新排队。",
        "2026-11-21 09:42",
    ]


def test_an_english_slip_keeps_the_chinese_name_of_the_service_for_the_clerk(hall: Hall, b014: TicketTaken) -> None:
    assert lines(slip(hall, b014, language=Language.EN))[2:7] == [
        "New connection",
        "用电报装",
        "mark",
        "B014",
        "6 ahead, about 15-25 min",
    ]


@pytest.mark.parametrize(
    ("ahead", "low", "high", "said"),
    [
        (0, 0, 0, "无人等候，马上办理"),
        (2, 0, 0, "前面 2 人，马上办理"),
        (0, 3, 6, "无人等候，约 3-6 分钟"),
        (4, 5, 5, "前面 4 人，约 5 分钟"),
        (9, None, None, "前面 9 人，等候时间未知"),
        (0, None, None, "无人等候"),
        (None, None, None, "系统离线，等候时间未知"),
    ],
)
def test_the_wait_is_honest(  # noqa: PLR0917 - a table
    hall: Hall, b014: TicketTaken, ahead: int | None, low: int | None, high: int | None, said: str
) -> None:
    taken = msgspec.structs.replace(b014, ahead=ahead, wait_low_min=low, wait_high_min=high)
    waits = {"无人等候", "等候时间", "马上", "约 "}
    found = [line for line in lines(slip(hall, taken, offline=ahead is None)) if any(each in line for each in waits)]
    assert found == [said]


@pytest.mark.parametrize(
    ("numbers", "minutes", "said"),
    [
        (5, 10, "过号后 5 个号或 10 分钟内"),
        (5, 0, "过号后 5 个号内"),
        (0, 10, "过号后 10 分钟内"),
        (0, 0, "过号后需重新排队"),
    ],
)
def test_the_late_return_rule_is_the_halls_policy(
    hall: Hall, b014: TicketTaken, numbers: int, minutes: float, said: str
) -> None:
    changed = msgspec.structs.replace(hall, policy=Policy(return_numbers=numbers, return_min=minutes))
    assert next(line for line in lines(slip(changed, b014)) if line.startswith("过号")).startswith(said)


def test_a_copy_bears_its_mark_before_the_number(hall: Hall, b014: TicketTaken) -> None:
    assert lines(slip(hall, b014, reprint=True))[:4] == ["城东供电营业厅", "── 补打 ──", "*** COPY ***", "rule"]


def test_a_qr_code_stands_there_only_where_the_public_address_works(hall: Hall, b014: TicketTaken) -> None:
    url = "https://q.example/2026-11-21-B014"
    assert url in lines(slip(hall, b014, url=url))
    assert not any(isinstance(item, Qr) for item in slip(hall, b014))


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("width_dots", [384, 576])
@pytest.mark.parametrize("language", list(Language))
def test_no_line_is_wider_than_the_paper_and_the_number_is_the_largest(
    hall: Hall, b014: TicketTaken, language: Language, width_dots: int, *, large: bool
) -> None:
    for service in hall.services:
        taken = msgspec.structs.replace(b014, service=service.id)
        texts = [
            item
            for item in slip(hall, taken, language=language, width_dots=width_dots, large=large)
            if isinstance(item, Line)
        ]
        assert max(columns(item.text) * item.size * 12 for item in texts) <= width_dots
        assert max(texts, key=lambda item: item.size).text == "B014"


@pytest.mark.parametrize("width_dots", [384, 576])
@pytest.mark.parametrize("large", [False, True])
def test_the_length_counted_is_what_the_printer_feeds(
    hall: Hall, b014: TicketTaken, width_dots: int, *, large: bool
) -> None:
    paper = Paper(width_dots=width_dots)
    items = slip(hall, b014, width_dots=width_dots, large=large, url="https://q.example/2026-11-21-B014")
    typesetter = Typesetter(width_dots=width_dots)
    fed_mm = sum(typesetter.step(command).mm for command in Splitter().feed(slip_bytes(items, paper=paper)))
    assert abs(slip_mm(items, paper) - fed_mm) <= 1


@pytest.mark.parametrize("language", list(Language))
def test_the_printer_gets_the_golden_bytes(hall: Hall, b014: TicketTaken, language: Language) -> None:
    sent = slip_bytes(slip(hall, b014, language=language, url="https://q.example/7"), paper=Paper())
    assert sent.hex(" ") == (GOLDEN / f"slip-{language.value}.hex").read_text(encoding="ascii").strip()
    assert "用电报装".encode("gb18030") in sent


def test_a_name_that_the_printers_font_lacks_is_the_only_line_drawn_as_dots(hall: Hall, b014: TicketTaken) -> None:
    rare = msgspec.structs.replace(hall, name=msgspec.structs.replace(hall.name, zh="䶮家庄营业厅"))
    sent = slip_bytes(slip(rare, b014), paper=Paper())
    assert sent.count(b"\x1dv0") == 1
    assert "用电报装".encode("gb18030") in sent


def test_a_name_that_no_font_has_is_told_beforehand(hall: Hall, b014: TicketTaken) -> None:
    for name, boxes in (("䶮家庄营业厅", "䶮"), ("镕家庄营业厅", ""), ("城东供电营业厅", "")):
        named = msgspec.structs.replace(hall, name=msgspec.structs.replace(hall.name, zh=name))
        assert unprintable(slip(named, b014), Paper(encoding="gb2312")) == boxes


TEMPLATE = """\
[[lines]]
text = { zh = "{ticket}", en = "{tikcet}" }

[[lines]]
rule = true
feed = 2

[[lines]]
logo = "logo.png"
when = ["rainy"]
"""


def test_a_template_is_told_all_its_errors_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "slip.toml"
    path.write_text(TEMPLATE, encoding="utf-8")
    with pytest.raises(BrokenConfig) as broken:
        load_template(path)
    said = str(broken.value).replace(str(tmp_path), "")
    assert [line.split(": ", 1)[0] for line in said.splitlines()] == [f"/slip.toml:{n}" for n in (2, 4, 9, 10)]
    assert "{tikcet} is no placeholder; there are hall, service, ticket," in said
    assert "has rule and feed; give each line one of text, rule, logo, qr, feed" in said
    assert "/logo.png is no PNG file; put it beside the template" in said


def test_a_template_without_the_number_is_of_no_use(tmp_path: Path) -> None:
    path = tmp_path / "slip.toml"
    path.write_text("[[lines]]\nrule = true\n", encoding="utf-8")
    with pytest.raises(BrokenConfig, match=r"no line holds \{ticket\}; a slip without its number is of no use"):
        load_template(path)


LOGO = """\
[[lines]]
logo = "logo.png"
[[lines]]
text = { zh = "{ticket}", en = "{ticket}" }
"""


def test_a_halls_own_template_has_its_logo(hall: Hall, b014: TicketTaken, tmp_path: Path) -> None:
    Image.new("1", (64, 32), 0).save(tmp_path / "logo.png")
    path = tmp_path / "slip.toml"
    path.write_text(
        '[[lines]]\nlogo = "logo.png"\n[[lines]]\ntext = {zh = "{ticket}", en = "{ticket}"}\n', encoding="utf-8"
    )
    items = written(load_template(path), occasion(hall, b014), width_dots=384)
    assert [type(item) for item in items] == [Logo, Mark, Line]
    sent = slip_bytes(items, paper=Paper(width_dots=384))
    assert b"\x1dv0\x00\x30\x00\x20\x00" in sent, "48 bytes wide, 32 rows high"
