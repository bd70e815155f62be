"""`hallcall pin`, as a technician types it."""

import io
from pathlib import Path

import pytest

from broker.technician.pin import is_right, line_of
from hallcall.technician_pin import main


def test_a_pin_is_drawn_shown_once_and_kept_as_a_hash(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "technician.pin"
    assert main(["--file", str(file)]) == 0
    pin = capsys.readouterr().out.partition("PIN: ")[2].split()[0]
    assert is_right(pin, line_of(file))
    assert pin not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_pin_of_ones_own_must_be_digits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "technician.pin"
    monkeypatch.setattr("sys.stdin", io.StringIO("hello!!\n"))
    assert main(["--file", str(file), "--stdin"]) == 1
    assert "6 to 12 digits" in capsys.readouterr().err
    assert not file.exists()
    monkeypatch.setattr("sys.stdin", io.StringIO("20261122\n"))
    assert main(["--file", str(file), "--stdin"]) == 0
    assert is_right("20261122", line_of(file))
