"""A supervisor's order at the command line: how it is read, and what comes of it in a running hall."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.contract.messages import (
    CallNext,
    FinishService,
    MarkServedByHand,
    Outcome,
    Refused,
    TakeTicket,
    TicketTaken,
)
from hallcall.desk import NoLogin, supervisor_here
from hallcall.order import BadOrder, in_words, main, parsed


def test_an_order_is_read_from_its_name_and_fields() -> None:
    assert parsed("MarkServedByHand", ["up_to=A057"]) == MarkServedByHand(id="typed", up_to="A057")
    assert parsed("CallNext", ["counter=3"]) == CallNext(id="typed", counter=3)
    finished = parsed("FinishService", ["counter=3", "outcome=declined", "reason=no_meter"])
    assert finished == FinishService(id="typed", counter=3, outcome=Outcome.DECLINED, reason="no_meter")
    taken = parsed("TakeTicket", ["service=bill", "needs=low,loop"])
    assert taken == TakeTicket(id="typed", service="bill", needs=("low", "loop"))


@pytest.mark.parametrize(
    ("name", "pairs", "says"),
    [
        ("ServedByHand", [], "no such command: ServedByHand"),
        ("OpenDay", ["day=2026-11-22"], "no such command: OpenDay"),
        ("MarkServedByHand", ["A057"], "write FIELD=VALUE; MarkServedByHand has up_to"),
        ("MarkServedByHand", [], "missing required field"),
        ("CallNext", ["counter=three"], "counter"),
        ("CallNext", ["counter=3", "seen=x"], "write FIELD=VALUE"),
        ("ArmCounter", ["counter=3", "armed=true", "for=ever"], "unknown field"),
    ],
)
def test_an_order_that_is_no_order_says_what_to_write(name: str, pairs: list[str], says: str) -> None:
    with pytest.raises(BadOrder, match=says):
        parsed(name, pairs)


def test_a_refusal_is_said_in_words_and_with_its_key() -> None:
    answer = Refused(id="x", reason="unknown_ticket", args={"ticket": "A099"})
    assert in_words(answer, "en").endswith("(unknown_ticket)")
    assert in_words(answer, "zh") != in_words(answer, "en")
    assert "(no_such_reason)" in in_words(Refused(id="x", reason="no_such_reason"), "en")


def test_the_list_has_each_command_with_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    listed = capsys.readouterr().out
    assert "MarkServedByHand up_to\n" in listed
    assert "OpenDay" not in listed


def test_a_missing_node_file_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", "/nowhere/desk.toml", "CancelTicket", "ticket=A001"]) == 2
    assert "/nowhere/desk.toml" in capsys.readouterr().err


def test_what_was_done_is_told_field_by_field() -> None:
    assert "ticket=A001" in in_words(_taken(), "en")


def _taken() -> TicketTaken:
    return TicketTaken(
        id="x",
        visit="2026-11-21-A001",
        ticket="A001",
        service="bill",
        ahead=0,
        wait_low_min=0,
        wait_high_min=0,
        issued_at=datetime(2026, 11, 21, 1, tzinfo=UTC),
    )


def test_an_order_on_a_box_without_a_supervisor_says_where_to_give_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "nodes").mkdir()
    (tmp_path / "nodes/torn.toml").write_text("node =", encoding="utf-8")
    with pytest.raises(NoLogin, match="dispatcher's box"):
        supervisor_here(tmp_path)
