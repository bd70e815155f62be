"""`hallcall warnings`: what the registrar has kept, as a technician reads it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broker.contract.messages import BoxLog, BoxWarning
from broker.warning_store import WarningStore
from hallcall.doctor.warned import main


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "warnings.sqlite"
    kept = WarningStore(path)
    now = datetime.now(UTC)
    for box, days, text in (("k1", 20, "old one"), ("k1", 0, "mmc0: error -110"), ("k2", 0, "pads: no answer")):
        at = now - timedelta(days=days)
        warning = BoxWarning(number=1, first=at, last=at, unit="kernel", priority=3, text=text, count=9)
        kept.take(f"keeper-{box}", BoxLog(box=box, run=f"{box}{days}", warnings=(warning,)), now=at)
    kept.close()
    return path


def test_the_last_day_s_are_told_and_on_request_all_thirty(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--store", str(store), "--lang", "en"]) == 0
    day = capsys.readouterr().out
    assert "k1 kernel ×9  mmc0: error -110" in day
    assert "[FAIL]" in day
    assert "old one" not in day
    assert main(["--store", str(store), "--days", "30", "--box", "k1", "--lang", "en"]) == 0
    month = capsys.readouterr().out.splitlines()
    assert [line.rpartition("  ")[2] for line in month] == ["old one", "mmc0: error -110"]


def test_programs_get_a_line_each(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--store", str(store), "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {each["box"] for each in told} == {"k1", "k2"}


def test_elsewhere_than_on_the_dispatcher_s_box_it_says_where_the_file_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--store", str(tmp_path / "none.sqlite"), "--lang", "en"]) == 2
    assert "It is on the dispatcher's box" in capsys.readouterr().err
    assert main(["--store", str(tmp_path / "none.sqlite"), "--lang", "zh"]) == 2
    assert "它在调度主机上" in capsys.readouterr().err
