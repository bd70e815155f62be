"""`hallcall why`, as a clerk types it, while the dispatcher holds the journal."""

import asyncio
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broker.contract.messages import (
    AnyCommand,
    CallNext,
    ConfigureHall,
    Hall,
    OpenDay,
    ReportSlip,
    SlipFate,
    TakeTicket,
)
from broker.contract.messages import Recorded as Happened
from broker.hall.apply import apply
from broker.hall.clock import ms
from broker.hall.decide import decide
from broker.hall.request import Request
from broker.hall.state import HallState
from broker.journal import Entry, Journal
from hallcall.__main__ import main
from hardware.simulators.escpos_printer import SimulatedPrinter, SlipPrinted
from hardware.simulators.reports import Reports

MORNING = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)  # 9:30 in the hall


@pytest.fixture
def journal(tmp_path: Path, small_hall: Hall) -> Iterator[Path]:
    """A journal that its dispatcher still holds: A001 and B001 came, A001 was called twelve minutes later."""
    directory = tmp_path / "journal"
    state, book = HallState(epoch=1), Journal(directory)
    orders: list[tuple[str, AnyCommand]] = [
        ("dispatcher", OpenDay(id="d", day="2026-11-21")),
        ("dispatcher", ConfigureHall(id="h", hall=small_hall)),
        ("kiosk-1", TakeTicket(id="a", service="bill")),
        ("kiosk-1", ReportSlip(id="as", visit="2026-11-21-A001", fate=SlipFate.PRINTED)),
        ("kiosk-1", TakeTicket(id="b", service="new")),
        ("kiosk-1", ReportSlip(id="bs", visit="2026-11-21-B001", fate=SlipFate.PRINTED)),
        ("box-1", CallNext(id="c", counter=1)),
    ]
    for number, (node, command) in enumerate(orders):
        at = MORNING + timedelta(minutes=2 * number)
        decision = decide(state, command, Request(node, ms(at)))
        happened = []
        for event in decision.events:
            happened.append(Happened(epoch=1, seq=state.seq + 1, at=at, event=event))
            apply(state, happened[-1])
        book.append([Entry(node=node, command=command.id, answer=decision.answer, events=happened)])
    yield directory
    book.close()


def test_it_tells_why_a_ticket_was_called_while_the_dispatcher_writes(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["why", "a001", "--journal", str(journal), "--lang", "en"]) == 0
    assert (
        "A001 was called to counter 1 at 09:42: it had used 53 % of its promised wait (8 of 15 min), "
        "more than B001 with 27 % (4 of 15 min)." in capsys.readouterr().out
    )


def test_it_speaks_the_ticket_s_language_when_none_is_asked_for(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["why", "B001", "--journal", str(journal / "2026-11-21.sqlite")]) == 0
    said = capsys.readouterr().out
    assert "B001 正在等候，已等 4 分钟；未告知等候时间。" in said
    assert "其间这些窗口叫了排在它前面的 1 个号。" in said


def test_the_same_as_data(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "A001", "--journal", str(journal), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ticket"], told["state"], told["waited_s"], told["hall"]) == ("A001", "called", 480, "east")
    assert [each["ticket"] for each in told["calls"][0]["called"]["scores"]] == ["A001", "B001"]
    assert told["told"][0]["heading"] == "A001 · 电费 · 普通"


def test_the_dispatcher_s_file_names_the_journal(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = journal.parent / "dispatcher.toml"
    file.write_text(
        f'node = "dispatcher"\nhall = "east"\nstate_dir = "{journal}"\nhall_file = "hall.toml"\n'
        'broker = { password_file = "x" }\n',
        encoding="utf-8",
    )
    assert main(["why", "A001", "--config", str(file), "--lang", "en"]) == 0
    assert "A001 · Bills · Ordinary" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["A023"], "no ticket A023 on 2026-11-21: issued were A001, B001."),
        (["A001", "--day", "2026-11-20"], "holds no journal of 2026-11-20: there are 2026-11-21 to 2026-11-21"),
        (["A001", "--print", "telepathy:1"], "telepathy"),
        (["A001", "--print", "tcp:127.0.0.1:9"], "Look at its paper, cover, cable and power"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_look_at(
    arguments: list[str], said: str, journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["why", *arguments, "--journal", str(journal)]) == 1
    assert said in capsys.readouterr().err


def test_no_journal_and_a_damaged_one_are_told_apart(
    journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["why", "A001", "--journal", str(tmp_path / "nowhere")]) == 1
    assert "holds no journal: name the dispatcher's state_dir" in capsys.readouterr().err
    torn = tmp_path / "2026-11-22.sqlite"
    torn.write_bytes(b"no database, but long enough to be taken for one" * 100)
    assert main(["why", "A001", "--journal", str(torn)]) == 1
    assert f"journal {torn} is damaged" in capsys.readouterr().err
    assert main(["why", "A001", "--journal", str(journal / "2026-11-21.sqlite"), "--day", "2026-11-20"]) == 1
    assert "is not the journal of 2026-11-20" in capsys.readouterr().err


@pytest.mark.parametrize(("width_dots", "encoding"), [(384, "gb18030"), (576, "gbk")])
async def test_the_slip_printer_prints_it(journal: Path, width_dots: int, encoding: str) -> None:
    reports = Reports()
    arguments = ["why", "B001", "--journal", str(journal), "--width-dots", str(width_dots), "--encoding", encoding]
    async with asyncio.timeout(20), SimulatedPrinter(report=reports, speed_mm_s=math.inf) as desk:
        printed = ["--print", f"tcp:127.0.0.1:{desk.port}"]
        assert await asyncio.to_thread(main, [*arguments, *printed]) == 0
        slip = await reports.next(SlipPrinted)
    assert slip.lines[0] == "东区供电营业厅"
    assert slip.lines[2:4] == ("B001", "新装 · 普通")
    assert "为什么还没叫到？" in slip.lines
    assert slip.lines[-1] == "截至 2026-11-21 09:42"
    assert all(len(line.encode("gb18030")) * 12 <= width_dots for line in slip.lines)


async def test_it_prints_over_a_serial_line_too(journal: Path, tmp_path: Path) -> None:
    reports, link = Reports(), tmp_path / "printer"
    async with asyncio.timeout(20), SimulatedPrinter(link=link, baud=115200, report=reports, speed_mm_s=math.inf):
        arguments = ["why", "B001", "--journal", str(journal), "--lang", "en", "--print", f"serial:{link}?baud=115200"]
        assert await asyncio.to_thread(main, arguments) == 0
        slip = await reports.next(SlipPrinted)
    assert "Tickets before it that its counters called" in slip.lines
    assert "meanwhile: 1." in slip.lines
