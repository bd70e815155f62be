"""Pages that are generated: nothing in them is left to memory."""

import re
from pathlib import Path

import pytest

from broker.contract.messages import CallNext, Elapsed, Language, ReportSlip, Role, TakeTicket
from broker.hall.life import TRANSITIONS, VisitState
from broker.policy_pack import Pack
from hallcall.__main__ import main
from hallcall.pages import configuration, visit
from hallcall.pages.senders import senders

MARKS = "# Hall\n\n<!-- life: begin -->\n<!-- life: end -->\n\nMore.\n"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    for name in ("README.md", "README.zh-CN.md"):
        (tmp_path / name).write_text(MARKS, encoding="utf-8")
    return tmp_path / "docs"


def test_the_picture_stands_between_its_marks_and_nothing_else_is_touched(docs: Path) -> None:
    assert main(["docs", "--directory", str(docs)]) == 0
    assert main(["docs", "--check", "--directory", str(docs)]) == 0
    readme = (docs.parent / "README.zh-CN.md").read_text(encoding="utf-8")
    assert readme.startswith("# Hall\n\n<!-- life: begin -->\n```mermaid\nstateDiagram-v2\n")
    assert readme.endswith("```\n<!-- life: end -->\n\nMore.\n")
    assert "waiting: 等候" in readme


def test_a_picture_that_is_out_of_date_is_named(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["docs", "--directory", str(docs)])
    readme = docs.parent / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8").replace("ServiceStarted", "Started"), encoding="utf-8")
    assert main(["docs", "--check", "--directory", str(docs)]) == 1
    assert capsys.readouterr().err == f"{readme} is stale; run: .venv/bin/python -m hallcall docs\n"


def test_a_readme_without_marks_is_not_written_over(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme = docs.parent / "README.md"
    readme.write_text("by hand", encoding="utf-8")
    assert main(["docs", "--directory", str(docs)]) == 1
    assert "put them back, each on a line of its own" in capsys.readouterr().err
    assert readme.read_text(encoding="utf-8") == "by hand"


@pytest.mark.parametrize("language", Language)
def test_the_picture_has_every_step_of_the_table(language: Language) -> None:
    arrows = set(re.findall(r"(\S+) --> ([a-z]+):", "\n".join(visit.picture(language))))
    table = {(before, after) for steps in TRANSITIONS.values() for before, after in steps.items() if after is not None}
    steps = {(before.value if before else "[*]", after.value) for before, after in table}
    to_the_end = {(state, "ended") for state, end in steps if end == "ended"}
    assert arrows == (steps - to_the_end) | {("open", "ended"), ("called", "missed")}


def test_every_state_and_event_is_explained() -> None:
    page = visit.page()
    assert set(visit.EVENTS) == set(TRANSITIONS)
    assert all(f"| `{state.value}` |" in page for state in VisitState)
    assert all(f"[{event.__name__}](messages.md#{event.__name__.lower()})" in page for event in TRANSITIONS)


def test_every_pack_and_every_key_of_a_hall_stands_in_the_reference() -> None:
    page = configuration.page()
    assert all(f"- `{pack.value}`: " in page for pack in Pack)
    assert "| `courtesy` | 爱心优先, 10 min, at most 12 an hour |" in page
    assert "| `classes` | list, 1 or more, of table | `ordinary` |" in page
    tables = ("services.targets", "policy.rules", "classes", "needs", "clerks", "hours")
    assert all(f"### `[[{table}]]`" in page for table in tables)


def test_the_contract_says_who_may_send_what() -> None:
    assert senders(TakeTicket) == (Role.KIOSK, Role.SUPERVISOR)
    assert senders(CallNext) == (Role.COUNTER, Role.WEB, Role.SUPERVISOR)
    assert senders(ReportSlip) == (Role.KIOSK,)
    assert senders(Elapsed) == (Role.DISPATCHER,)
