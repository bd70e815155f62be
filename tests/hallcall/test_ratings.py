"""`hallcall ratings`, as a hall's head types it, while the dispatcher holds the journal."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from broker.contract.messages import (
    AnyCommand,
    CallNext,
    Clerk,
    ConfigureHall,
    ExplainRating,
    FinishService,
    Hall,
    Language,
    OpenDay,
    Rate,
    RateUnasked,
    Rating,
    Refused,
    ReportSlip,
    SignIn,
    SlipFate,
    StartService,
    TakeTicket,
)
from broker.contract.messages import Recorded as Happened
from broker.contract.texts import texts
from broker.hall.apply import apply
from broker.hall.clock import ms
from broker.hall.decide import decide
from broker.hall.request import Request
from broker.hall.state import HallState
from broker.journal import Entry, Journal
from hallcall.__main__ import main
from hallcall.ratings_page import COLUMNS
from hallcall.terminal import columns

SATURDAY = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)  # nine o'clock in the hall
SUNDAY = SATURDAY + timedelta(days=1)


class Desk:
    """A hall at work, written down as its dispatcher does it."""

    def __init__(self, hall: Hall, directory: Path) -> None:
        self.book = Journal(directory)
        self._hall, self._state = hall, HallState(epoch=1)
        self._at, self._count, self._orders = SATURDAY, 0, 0

    def open(self, at: datetime) -> None:
        self._at, self._count = at, 0
        self._say("dispatcher", OpenDay(id=self._id(), day=at.date().isoformat()))
        self._say("dispatcher", ConfigureHall(id=self._id(), hall=self._hall))

    def serve(self, rating: Rating | None, *, counter: int = 1, waited_min: float = 2, served_s: int = 90) -> str:
        """See a customer of `bill` through; return the call."""
        self._count += 1
        visit = f"{self._at.date()}-A{self._count:03}"
        call = f"{visit}.1"
        self._say("kiosk-1", TakeTicket(id=self._id(), service="bill"))
        self._say("kiosk-1", ReportSlip(id=self._id(), visit=visit, fate=SlipFate.PRINTED))
        self._at += timedelta(minutes=waited_min)
        self._say("box-1", CallNext(id=self._id(), counter=counter))
        self._say("box-1", StartService(id=self._id(), counter=counter, seen=call))
        self._at += timedelta(seconds=served_s)
        self._say("box-1", FinishService(id=self._id(), counter=counter, seen=call))
        self.rate(call, rating, counter=counter)
        return call

    def rate(self, call: str, rating: Rating | None, *, counter: int = 1, after_ms: int = 4000) -> None:
        self._say("box-1", Rate(id=self._id(), call=call, counter=counter, rating=rating, after_ms=after_ms))

    def sign_in(self, clerk: str) -> None:
        self._say("box-1", SignIn(id=self._id(), counter=1, clerk=clerk))

    def press_unasked(self, rating: Rating) -> None:
        self._say("box-1", RateUnasked(id=self._id(), counter=1, rating=rating))

    def explain(self, call: str, *reasons: str) -> None:
        self._say("web-1", ExplainRating(id=self._id(), call=call, counter=1, reasons=reasons))

    def _say(self, node: str, command: AnyCommand) -> None:
        decision = decide(self._state, command, Request(node, ms(self._at)))
        assert not isinstance(decision.answer, Refused)
        happened = []
        for event in decision.events:
            happened.append(Happened(epoch=1, seq=self._state.seq + 1, at=self._at, event=event))
            apply(self._state, happened[-1])
        self.book.append([Entry(node=node, command=command.id, answer=decision.answer, events=happened)])

    def _id(self) -> str:
        self._orders += 1
        return f"o{self._orders}"


@pytest.fixture
def journal(tmp_path: Path, small_hall: Hall) -> Iterator[Path]:
    """A Saturday with nine customers, one of whom was kept waiting, and a Sunday with one."""
    hall = replace(small_hall, clerks=(Clerk(id="0731"),))
    desk = Desk(hall, tmp_path / "journal")
    desk.open(SATURDAY)
    desk.serve(Rating.SATISFIED, counter=2)  # nobody has signed in there
    desk.sign_in("0731")
    for rating in (Rating.SATISFIED, Rating.SATISFIED, Rating.SATISFIED, Rating.AVERAGE, None):
        desk.serve(rating)
    bad = desk.serve(Rating.DISSATISFIED, waited_min=40)
    desk.explain(bad, "waited_long", "attitude")
    desk.serve(Rating.SATISFIED, served_s=5)
    desk.press_unasked(Rating.COMPLAINT)
    desk.open(SUNDAY)
    desk.serve(Rating.COMPLAINT)
    yield tmp_path / "journal"
    desk.book.close()


def told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["ratings", *arguments]) == 0
    return capsys.readouterr().out


def test_some_days_are_told_in_one_page(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = told(["--journal", str(journal), "--days", "2", "--lang", "en"], capsys)
    assert page.startswith("East Service Hall · 2026-11-21 to 2026-11-22 (2 days) · customers' ratings\n")
    for line in (
        "served 9 · rated 8 · asked, and pressed nothing 1 · ratings in doubt 1",
        "grades: Satisfied 5, Average 1, Dissatisfied 1, Complaint 1",
        "in doubt: after a service of a few seconds 1",
        "reasons after bad grades: Waited too long 1, Unfriendly 1",
        "bad ratings that opened a case: 2",
        "pressed where nobody was asked, and in no figure: 1",
    ):
        assert f"\n{line}\n" in page
    assert _cells(page, "all") == ["9", "75 % (41–93)*", "57 % (25–84)*", "67 % (35–88)*", "89 % (56–98)*"]


def test_who_waited_long_and_who_signed_in_are_told_apart(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = told(["--journal", str(journal), "--days", "2", "--lang", "en"], capsys)
    assert _cells(page, "0–5")[:2] == ["8", "86 % (49–97)*"]
    assert _cells(page, "20+")[:2] == ["1", "0 % (0–79)*"]
    assert page.index("\n  0731 ") < page.index("\n  window only ")
    assert _cells(page, "window only")[0] == "2"  # counter 2, and Sunday, before anybody signed in


def test_the_newest_day_is_told_when_none_is_named(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = told(["--journal", str(journal)], capsys)
    assert page.startswith("东区供电营业厅 · 2026-11-22 · 客户评价\n\n办理 1 笔 · 评价 1 笔 ·")
    assert told(["--journal", str(journal), "--day", "2026-11-21"], capsys).startswith("东区供电营业厅 · 2026-11-21 ·")


@pytest.mark.parametrize("language", Language)
def test_the_figures_stand_below_one_another_within_the_page(
    language: Language, journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = told(["--journal", str(journal), "--days", "2", "--lang", language.value], capsys).splitlines()
    assert max(columns(line) for line in lines) <= COLUMNS
    heads = texts(language)["ratings"]
    (head,) = (line for line in lines if line.rstrip().endswith(heads["column_response"]))
    ends = {columns(line) for line in lines if line.endswith("）*" if language is Language.ZH else ")*")}
    assert ends == {columns(head)}


def test_a_day_without_customers_is_said_in_words(
    tmp_path: Path, small_hall: Hall, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(small_hall, tmp_path / "quiet")
    desk.open(SATURDAY)
    assert "Nobody was served on these days." in told(["--journal", str(tmp_path / "quiet"), "--lang", "en"], capsys)
    desk.book.close()


def test_the_same_as_data(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(told(["--journal", str(journal), "--days", "2", "--json"], capsys))
    assert (data["hall"], data["days"]) == ("east", ["2026-11-21", "2026-11-22"])
    assert (data["total"]["served"], data["total"]["grades"]["complaint"], data["unasked"]) == (9, 1, 1)
    assert data["total"]["rated"]["count"] == 6


def test_what_is_wrong_is_said_with_what_to_look_at(
    journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ratings", "--journal", str(journal), "--day", "2026-11-20"]) == 1
    assert "holds no journal of 2026-11-20: there are 2026-11-21 to 2026-11-22" in capsys.readouterr().err
    assert main(["ratings", "--journal", str(tmp_path / "nowhere")]) == 1
    assert "name the dispatcher's state_dir with --journal" in capsys.readouterr().err


def _cells(page: str, name: str) -> list[str]:
    """Return what stands behind a name in the table."""
    (line,) = (line for line in page.splitlines() if line.strip().startswith(name) and line.count("%") > 1)
    return re.split(r" {2,}", line.strip().removeprefix(name).strip())
