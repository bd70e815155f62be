"""`hallcall sign`: what a technician reads at a sign."""

from pathlib import Path

import pytest

from hallcall.sign import set_address, try_out
from hardware.simulators.led_bars import SHEET


def test_it_says_byte_by_byte_what_would_be_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bar.toml"
    path.write_text(SHEET, encoding="utf-8")
    assert try_out(["--file", str(path), "--address", "2", "3号"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "people read: '3号'",
        "would send: 7E 02 04 31 33 BA C5 7B 7F",
    ]


def test_it_says_what_the_sign_cannot_show(capsys: pytest.CaptureFixture[str]) -> None:
    assert try_out(["--driver", "candle-sign", "V0123"]) == 0
    said = capsys.readouterr().out
    assert "this sign has no V" in said
    assert "people read: '0123'" in said


def test_a_faulty_file_and_a_missing_cable_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bar.toml"
    path.write_text('show = "7E {txt}"\n', encoding="utf-8")
    assert try_out(["--file", str(path), "A"]) == 1
    assert "bar.toml:1: show: '{txt}' is no byte in hex" in capsys.readouterr().err
    assert try_out(["--port", f"serial:{tmp_path / 'none'}", "A"]) == 1
    assert "cannot be opened" in capsys.readouterr().err
    assert set_address(["--port", f"serial:{tmp_path / 'none'}", "200"]) == 1
    assert "not between 0x20 and 0x7f" in capsys.readouterr().err
