"""What the registrar keeps of boxes' warnings: each once, for thirty days, through a power cut, never without end."""

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from broker import warning_store
from broker.contract.messages import BoxLog, BoxWarning
from broker.warning_store import KEPT, WarningStore, stored

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=365)


def log(*counts: int, run: str = "r", first: int = 1) -> BoxLog:
    warnings = tuple(
        BoxWarning(number=number, first=NOW, last=NOW, unit="kernel", text=f"error {number}", count=count)
        for number, count in enumerate(counts, first)
    )
    return BoxLog(box="k1", run=run, warnings=warnings)


def test_what_is_told_again_is_kept_once_with_its_highest_count(tmp_path: Path) -> None:
    store = WarningStore(tmp_path / "w.sqlite")
    for told in (log(1), log(4, 1), log(4, 1), log(2)):
        store.take("keeper-k1", told, now=NOW)
    store.take("keeper-k1", log(1, run="after a new card"), now=NOW)
    store.take("keeper-k2", log(1), now=NOW)
    assert sorted((each.text, each.count) for each in stored(tmp_path / "w.sqlite", since=LONG_AGO)) == [
        ("error 1", 1), ("error 1", 1), ("error 1", 4), ("error 2", 1),
    ]  # fmt: skip


def test_after_thirty_days_it_is_gone_even_if_the_box_s_clock_is_wrong(tmp_path: Path) -> None:
    store = WarningStore(tmp_path / "w.sqlite")
    store.take("keeper-k1", log(1), now=NOW - KEPT - timedelta(days=1))
    store.close()
    store = WarningStore(tmp_path / "w.sqlite")  # the next start tidies
    store.take("keeper-k1", log(1, first=2), now=NOW)
    assert [each.text for each in stored(tmp_path / "w.sqlite", since=LONG_AGO)] == ["error 2"]


def test_a_storm_leaves_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warning_store, "MOST", 5)
    monkeypatch.setattr(warning_store, "EVERY", 1)
    store = WarningStore(tmp_path / "w.sqlite")
    for number in range(1, 20):
        store.take("keeper-k1", log(1, first=number), now=NOW + timedelta(seconds=number))
    kept = [each.text for each in stored(tmp_path / "w.sqlite", since=LONG_AGO)]
    assert kept == [f"error {number}" for number in range(19, 14, -1)]


def test_what_was_asked_for_is_newest_first_and_not_older(tmp_path: Path) -> None:
    store = WarningStore(tmp_path / "w.sqlite")
    for hours in (30, 3, 1):
        store.take("keeper-k1", log(1, run=str(hours)), now=NOW - timedelta(hours=hours))
    asked = [each.heard for each in stored(tmp_path / "w.sqlite", since=NOW - timedelta(days=1))]
    assert asked == [NOW - timedelta(hours=1), NOW - timedelta(hours=3)]


WRITES = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
import msgspec
from broker.contract.messages import BoxLog
from broker.warning_store import WarningStore
WarningStore(Path(sys.argv[1])).take("k", msgspec.json.decode(sys.argv[2], type=BoxLog), now=datetime.now(UTC))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_taken_is_there_after_the_power_is_cut(tmp_path: Path) -> None:
    told = msgspec.json.encode(log(3)).decode()
    command = [sys.executable, "-c", WRITES, str(tmp_path / "w.sqlite"), told]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert [each.count for each in stored(tmp_path / "w.sqlite", since=LONG_AGO)] == [3]
