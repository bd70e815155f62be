"""Every slip, read back from its bytes by a stranger who knows Epson's command reference and nothing of ours."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from typing import Final

import msgspec
import pytest
import zxingcpp
from PIL import Image

from broker.contract.messages import Hall, Language, Need, Policy, PriorityClass, Text, TicketTaken, Zone
from hardware.drivers import escpos_layout
from hardware.drivers.escpos_layout import Encoding, Knife, Paper, is_native
from hardware.simulators.escpos_commands import Splitter
from hardware.simulators.escpos_paper import Text as Typed
from hardware.simulators.escpos_paper import Typesetter
from kiosk import paper as kiosk_paper
from kiosk.paper import slip_bytes, slip_mm
from kiosk.slip import Item, Line, Logo, Mark, Qr, Rule
from kiosk.template import load_template
from kiosk.written import Occasion, written

from .stranger_decoder import Ask, Cut, Piece, Raster, Reading, Row, Symbol, Unreadable, read

TEMPLATES: Final = sorted((Path(kiosk_paper.__file__).parent / "slips").glob("*.toml"))
ENCODINGS: Final[tuple[Encoding, ...]] = ("gb18030", "gbk", "gb2312", "utf-8")
KNIVES: Final[dict[Knife, str]] = {"feed": "partial", "full": "full", "old": "full"}
URL: Final = "https://q.example.cn/t/2026-11-21-B014?k=7f3kq2"
CODE: Final = "HC1:T:2026-11-21-B014"
QUIET_MODULES: Final = 4  # ISO/IEC 18004
LONG: Final = Text(
    zh="居民低压用电“一户多人口”申请（含·充电桩）——预约", en="Application of a low-voltage residential account"
)


@pytest.fixture(scope="module")
def hall(hall: Hall) -> Hall:
    """The hall, with everything that a slip can tell: zones, classes, needs, names that are long."""
    return msgspec.structs.replace(
        hall,
        zones=(*hall.zones, Zone(id="vip", name=Text(zh="三区", en="zone 3"))),
        classes=(
            PriorityClass(id="courtesy", name=Text(zh="老弱病残孕优先", en="Courtesy")),
            PriorityClass(id="ordinary", name=Text(zh="普通", en="Ordinary")),
        ),
        needs=(Need(id="low", name=Text(zh="需要低位窗口", en="Low counter needed")),),
        services=tuple(
            msgspec.structs.replace(each, name=LONG) if each.id == "complain" else each for each in hall.services
        ),
    )


def occasions(hall: Hall, taken: TicketTaken, at: Occasion) -> Iterator[Occasion]:
    """Each language × large × copy × offline × with a QR code, plain and with a class and a need; a long name."""
    truths = (False, True)
    for language, (large, reprint, offline, url, is_courtesy) in product(Language, product(truths, repeat=5)):
        yield replace(
            at,
            language=language,
            large=large,
            reprint=reprint,
            offline=offline,
            url=URL if url else "",
            code="" if url else CODE,
            after_next=large,
            needs=("low",) if is_courtesy else (),
            taken=msgspec.structs.replace(taken, priority_class="courtesy" if is_courtesy else "ordinary"),
        )
    for language, large, after_next, ahead in product(Language, truths, truths, (0, 3)):
        missed = msgspec.structs.replace(taken, ahead=ahead)
        yield replace(at, language=language, large=large, after_next=after_next, taken=missed, code="HC1:T:B014")
    for language, large, policy in product(
        Language,
        truths,
        (Policy(), Policy(return_numbers=0), Policy(return_min=0), Policy(return_numbers=0, return_min=0)),
    ):
        long = next(each for each in hall.services if each.name == LONG)
        changed = msgspec.structs.replace(hall, policy=policy)
        yield replace(at, hall=changed, language=language, large=large, service=long)


@pytest.fixture(scope="module")
def plain(hall: Hall, b014: TicketTaken) -> Occasion:
    service = next(each for each in hall.services if each.id == b014.service)
    return Occasion(hall=hall, service=service, zone=hall.zones[0], taken=b014, at=b014.issued_at)


@pytest.mark.parametrize("width_dots", [384, 576])
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_a_stranger_reads_what_was_written(
    template: Path, encoding: Encoding, width_dots: int, hall: Hall, plain: Occasion
) -> None:
    paper = Paper(encoding=encoding, width_dots=width_dots)
    lines = load_template(template)
    for occasion in occasions(hall, plain.taken, plain):
        items = written(lines, occasion, width_dots=width_dots)
        reading = read(slip_bytes(items, paper=paper), width_dots=width_dots, encoding=encoding)
        assert reading.complaints == ()
        assert said(reading.pieces) == expected(items, paper)
        numbers = [piece for piece in rows(reading) if piece.text == occasion.taken.ticket]
        assert len(numbers) == 1
        assert max(rows(reading), key=lambda row: row.high_dots) == numbers[0]
        assert ("补打" in joined(reading)) is (occasion.reprint and template.stem == "ticket")
        assert all(piece.width_dots <= width_dots for piece in reading.pieces if not isinstance(piece, Ask | Cut))
        assert abs(slip_mm(items, paper) * 8 - reading.fed_dots - escpos_layout.TO_THE_KNIFE_DOTS) < 8


def said(pieces: Sequence[Piece]) -> list[object]:
    """What stands there, from the top, in words that the writer could have used."""
    told: list[object] = []
    for piece in pieces:
        match piece:
            case Row(text=text, sizes=sizes, bold=bold, align=align):
                ((wide, high),) = sizes
                assert wide == high
                told.append((text, wide, bold, align))
            case Symbol(content=content, level="L", align=align):
                told.append(("qr", content.decode(), align))
            case Raster(rows=dots):
                told.append(("dots", any(any(row) for row in dots)))
            case Ask() | Cut():
                told.append(piece)
            case _:
                pytest.fail(f"{piece} is not what a slip has")
    return told


def expected(items: Sequence[Item], paper: Paper) -> list[object]:
    told: list[object] = []
    for item in items:
        match item:
            case Line(text=text) if not text.strip():
                continue
            case Line(text=text, size=size, bold=bold, align=align) if is_native(text, paper.encoding):
                told.append((text, size, bold, align))
            case Line() | Logo():
                told.append(("dots", True))
            case Rule():
                told.append(("-" * (paper.width_dots // 12), 1, False, "left"))
            case Qr(text=text) if paper.native_qr:
                told.append(("qr", text, "center"))
            case Qr():
                told.append(("dots", True))
            case Mark():
                told.append(Ask(1))
            case _:
                continue
    return [*told, Cut(kind="partial", feeds_dots=0)]


def rows(reading: Reading) -> list[Row]:
    return [piece for piece in reading.pieces if isinstance(piece, Row)]


def joined(reading: Reading) -> str:
    return "\n".join(row.text for row in rows(reading))


@pytest.mark.parametrize("width_dots", [384, 576])
@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_a_qr_code_of_dots_is_read_by_a_scanner(template: Path, width_dots: int, plain: Occasion) -> None:
    items = written(load_template(template), replace(plain, url=URL), width_dots=width_dots)
    paper = Paper(width_dots=width_dots, native_qr=False)
    reading = read(slip_bytes(items, paper=paper), width_dots=width_dots, encoding="gb18030")
    assert reading.complaints == ()
    pictures = [picture(piece) for piece in reading.pieces if isinstance(piece, Raster)]
    codes = [code.text for each in pictures for code in zxingcpp.read_barcodes(each)]
    assert codes == [item.text for item in items if isinstance(item, Qr)]


def picture(raster: Raster) -> Image.Image:
    black = Image.frombytes("1", (raster.width_dots, len(raster.rows)), b"".join(raster.rows))
    return black.convert("L").point(lambda ink: 255 - ink)


@pytest.mark.parametrize("width_dots", [384, 576])
@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_a_printers_own_qr_code_has_its_quiet_zone(template: Path, width_dots: int, plain: Occasion) -> None:
    items = written(load_template(template), replace(plain, url=URL), width_dots=width_dots)
    reading = read(slip_bytes(items, paper=Paper(width_dots=width_dots)), width_dots=width_dots, encoding="gb18030")
    standing = [piece for piece in reading.pieces if not isinstance(piece, Ask | Cut)]
    for above, below in pairwise(standing):
        quiet = [QUIET_MODULES * piece.module_dots for piece in (above, below) if isinstance(piece, Symbol)]
        assert below.top_dots - above.top_dots - above.high_dots >= max(quiet, default=0)
    for symbol in (piece for piece in standing if isinstance(piece, Symbol)):
        assert (width_dots - symbol.width_dots) // 2 >= QUIET_MODULES * symbol.module_dots


@pytest.mark.parametrize("knife", KNIVES)
def test_the_knife_falls_once_at_the_end_and_below_the_print(knife: Knife, plain: Occasion) -> None:
    items = written(load_template(TEMPLATES[0]), plain, width_dots=576)
    reading = read(slip_bytes(items, paper=Paper(knife=knife)), width_dots=576, encoding="gb18030")
    cuts = [piece for piece in reading.pieces if isinstance(piece, Cut)]
    assert [cut.kind for cut in cuts] == [KNIVES[knife]]
    assert reading.pieces[-1] == cuts[0]
    assert reading.complaints == ()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_line_that_the_printer_has_no_characters_for_is_there_all_the_same(
    encoding: Encoding, plain: Occasion
) -> None:
    name = Text(zh="㐂镕営业厅", en="Zhuróng Hall")
    occasion = replace(plain, hall=msgspec.structs.replace(plain.hall, name=name))
    items = written(load_template(TEMPLATES[-1]), occasion, width_dots=384)
    raw = slip_bytes(items, paper=Paper(encoding=encoding, width_dots=384))
    reading = read(raw, width_dots=384, encoding=encoding)
    assert reading.complaints == ()
    assert said(reading.pieces) == expected(items, Paper(encoding=encoding, width_dots=384))
    assert sum(isinstance(piece, Raster) for piece in reading.pieces) >= 1


def test_no_picture_holds_what_a_printer_would_work_off_at_once(tmp_path: Path) -> None:
    """DLE EOT 4 and DLE DC4 1 0 1 (a drawer's pulse), drawn by chance or on purpose."""
    dots = b"\x10\x04\x04\x10\x14\x01\x00\x01" + bytes(64)
    Image.frombytes("1", (72, 8), dots).point(lambda ink: 255 - ink).save(tmp_path / "logo.png")
    logo = escpos_layout.Picture((tmp_path / "logo.png").read_bytes())
    reading = read(escpos_layout.encode([logo], width_dots=72), width_dots=72, encoding="gb18030")
    assert reading.complaints == ()
    (raster,) = (piece for piece in reading.pieces if isinstance(piece, Raster))
    assert raster.rows[0] == b"\x18\x04\x04\x18\x14\x01\x00\x01\x00"


def test_our_printer_and_the_stranger_read_the_same(hall: Hall, plain: Occasion) -> None:
    for template, occasion in product(TEMPLATES, occasions(hall, plain.taken, plain)):
        items = written(load_template(template), occasion, width_dots=384)
        raw = slip_bytes(items, paper=Paper(width_dots=384))
        theirs = read(raw, width_dots=384, encoding="gb18030")
        typesetter = Typesetter(width_dots=384)
        steps = [typesetter.step(command) for command in Splitter().feed(raw)]
        typed = [step.piece for step in steps if isinstance(step.piece, Typed)]
        assert [(each.text, each.size, each.bold, each.align) for each in typed] == [
            (row.text, max(row.sizes)[1], row.bold, row.align) for row in rows(theirs)
        ]
        assert sum(step.mm for step in steps) * 8 == theirs.fed_dots + escpos_layout.TO_THE_KNIFE_DOTS


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"A\x1dV\x00", "GS V is ignored after 'A'"),
        (b"A", "'A' stays in the printer"),
        (b"\x1d!\x77" + b"B014" * 2 + b"\n", "has no room"),
        (b"A\x1ba\x01\n", "ESC a is ignored"),
        (b"\x1d(k\x03\x001Q0", "none is stored"),
    ],
)
def test_the_stranger_says_what_a_printer_would_lose(raw: bytes, what: str) -> None:
    (complaint,) = read(b"\x1b@" + raw, width_dots=384, encoding="gb18030").complaints[:1]
    assert what in complaint


def test_the_stranger_knows_what_is_worked_off_at_once() -> None:
    clear = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
    assert read(b"\x10\x04\x01" + clear, width_dots=384, encoding="gbk").live == (b"\x10\x04\x01", clear)
    raster = b"\x1dv0\x00\x04\x00\x01\x00" + b"\x00\x10\x04\x04"
    assert read(raster, width_dots=384, encoding="gbk").complaints == (
        "byte 12: a picture's byte 9 begins a command in real time",
    )


@pytest.mark.parametrize(
    "raw", [b"\x1bZ1", b"\x1d!\x08", b"\xb5\xe7\n", b"\x1c&\xb5\n", b"\x1dV\x05", b"\x1dv0\x00\x01\x00\x02\x00\xff"]
)
def test_the_stranger_reads_nothing_that_the_reference_does_not_define(raw: bytes) -> None:
    with pytest.raises(Unreadable, match="byte "):
        read(b"\x1b@" + raw, width_dots=384, encoding="gb18030")
