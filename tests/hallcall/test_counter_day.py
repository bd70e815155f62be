"""`hallcall counter-day`, as a hall's head types it, while the dispatcher holds the journal."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from broker.contract.messages import (
    AnyCommand,
    CallNext,
    Clerk,
    CloseCounter,
    ConfigureHall,
    FinishService,
    Hall,
    OpenCounter,
    OpenDay,
    PauseCounter,
    ReportSlip,
    SignIn,
    SlipFate,
    StartService,
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

MORNING = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)  # nine o'clock in the hall
CALL = "2026-11-21-A001.1"


@pytest.fixture
def journal(tmp_path: Path, small_hall: Hall) -> Iterator[Path]:
    """A journal of a morning at counter 1, an act every two minutes."""
    state, book = HallState(epoch=1), Journal(tmp_path / "journal")
    hall = replace(small_hall, clerks=(Clerk(id="0731"),))
    orders: list[tuple[str, AnyCommand]] = [
        ("dispatcher", OpenDay(id="d", day="2026-11-21")),
        ("dispatcher", ConfigureHall(id="h", hall=hall)),
        ("kiosk-1", TakeTicket(id="a", service="bill")),
        ("kiosk-1", ReportSlip(id="as", visit="2026-11-21-A001", fate=SlipFate.PRINTED)),
        ("box-1", SignIn(id="i", counter=1, clerk="0731")),
        ("box-1", CallNext(id="c", counter=1)),
        ("box-1", StartService(id="s", counter=1, seen=CALL)),
        ("box-1", FinishService(id="f", counter=1, seen=CALL)),
        ("box-1", PauseCounter(id="p", counter=1, reason="lunch")),
        ("box-1", OpenCounter(id="o", counter=1)),
        ("box-1", CloseCounter(id="e", counter=1)),
    ]
    for number, (node, command) in enumerate(orders):
        at = MORNING + timedelta(minutes=2 * number)
        decision = decide(state, command, Request(node, ms(at)))
        happened = []
        for event in decision.events:
            happened.append(Happened(epoch=1, seq=state.seq + 1, at=at, event=event))
            apply(state, happened[-1])
        book.append([Entry(node=node, command=command.id, answer=decision.answer, events=happened)])
    yield tmp_path / "journal"
    book.close()


def test_the_table_tells_a_clerk_s_morning_in_both_languages(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["counter-day", "--journal", str(journal)]) == 0
    said = capsys.readouterr().out
    assert "东区供电营业厅" in said
    assert "1     0731  09:08–09:20  12:00  2:00  2:00  0:00  6:00  2:00  1     1     0     2:00" in said
    assert "1 号窗口 0731：暂停（午餐）1 次，共 2:00" in said
    assert main(["counter-day", "--journal", str(journal), "--lang", "en", "--day", "2026-11-21"]) == 0
    assert "Counter 1, 0731: paused for Lunch, 1 times, 2:00" in capsys.readouterr().out


def test_a_span_is_half_open_and_the_data_are_in_seconds(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["counter-day", "--journal", str(journal), "--json", "--from", "09:12", "--to", "09:14"]) == 0
    (day,) = json.loads(capsys.readouterr().out)["counters"]
    assert (day["session_s"], day["serving_s"], day["served"], day["idle_s"]) == (120, 120, 0, 0)


def test_a_quiet_span_and_a_missing_journal_are_said_in_words(
    journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["counter-day", "--journal", str(journal), "--lang", "en", "--to", "09:00"]) == 0
    assert "No counter worked" in capsys.readouterr().out
    assert main(["counter-day", "--journal", str(tmp_path)]) == 0
    assert main(["counter-day", "--journal", str(tmp_path), "--day", "2026-11-20"]) == 1
    assert "holds no journal of 2026-11-20" in capsys.readouterr().err
