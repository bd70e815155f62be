"""The command line, as a technician types it."""

from pathlib import Path

import pytest

from hallcall.__main__ import main

BROKEN = 'node = "kiosk-1"\nhall = "east"\nprinter = { port = "usblp:/dev/usb/lp0", width = 1 }\n'


def test_check_config_names_every_error_of_every_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, none = tmp_path / "kiosk.toml", tmp_path / "hall.toml"
    file.write_text(BROKEN, encoding="utf-8")
    assert main(["check-config", str(file), str(none)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"{file}:1: broker: missing; give a table",
        f"{file}:1: state_dir: missing; give a text (directory that this node may write)",
        f"{file}:3: printer.width: unknown key; did you mean width_dots?",
        f"{none}: cannot be read: No such file or directory",
    ]


def test_the_demo_s_hall_is_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    import hallcall.demo  # noqa: PLC0415 - only its folder is wanted

    hall = Path(hallcall.demo.__path__[0]) / "files" / "hall.toml"
    assert main(["check-config", str(hall)]) == 0
    assert capsys.readouterr().out == f"{hall}: ok (Hall)\n"


def test_check_config_advises_against_what_is_probably_not_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import hallcall.demo  # noqa: PLC0415 - only its folder is wanted

    hall = tmp_path / "hall.toml"
    text = (Path(hallcall.demo.__path__[0]) / "files" / "hall.toml").read_text(encoding="utf-8")
    hall.write_text(text + '\n[[policy.rules]]\nservice = "pay"\n', encoding="utf-8")
    assert main(["check-config", str(hall)]) == 0
    ok, advice = capsys.readouterr().out.splitlines()
    assert ok == f"{hall}: ok (Hall)"
    assert advice.startswith(f"advice: {hall}:")
    assert advice.endswith(": policy.rules: not in force: the discipline is share")


def test_a_stale_page_is_named_with_what_to_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["docs", "--directory", str(tmp_path)]) == 0
    assert main(["docs", "--check", "--directory", str(tmp_path)]) == 0
    (tmp_path / "messages.md").write_text("by hand", encoding="utf-8")
    assert main(["docs", "--check", "--directory", str(tmp_path)]) == 1
    page = tmp_path / "messages.md"
    assert capsys.readouterr().err == f"{page} is stale; run: .venv/bin/python -m hallcall docs\n"
