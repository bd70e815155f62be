"""The command line, as a technician types it."""

from pathlib import Path

import pytest

from hallcall.__main__ import main

BROKEN = 'node = "kiosk-1"\nhall = "east"\nprinter = { port = "usblp:/dev/usb/lp0", width = 1 }\n'

HALL = """\
id = "east"
name = { zh = "东厅", en = "East hall" }
zones = [{ id = "main", name = { zh = "一区", en = "Zone 1" } }]
nodes = [{ id = "kiosk-1", role = "kiosk" }, { id = "box-1", role = "counter", counters = [1] }]
services = [{ id = "bill", name = { zh = "电费", en = "Bills" }, prefix = "A", zone = "main" }]
counters = [{ number = 1, zone = "main", skills = ["bill"] }]
"""
BOX = """\
node = "box-1"
hall = "east"
state_dir = "state"
[broker]
password_file = "password"
[[windows]]
counter = 1
keypad = { port = "serial:/dev/keypad?baud=9600" }
"""


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


def test_a_keypad_that_cannot_send_the_hall_s_grades_is_refused_beside_the_hall(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hall, box, keypad = tmp_path / "hall.toml", tmp_path / "counter.toml", tmp_path / "keypad.toml"
    hall.write_text(f'pack = "gov"\n{HALL}', encoding="utf-8")
    box.write_text(BOX, encoding="utf-8")
    assert main(["check-config", str(box)]) == 0  # alone it is in order
    capsys.readouterr()
    assert main(["check-config", str(hall), str(box)]) == 1
    said = capsys.readouterr()
    assert said.out == f"{hall}: ok (Hall)\n"
    assert said.err == (
        f"{box}:8: windows[1].keypad: its keys (jtt905-keypad) send satisfied, average, dissatisfied, complaint; "
        "the hall's scale also has very_satisfied, very_dissatisfied, which nobody could press here. Fit a keypad that "
        "has these keys, described in a `file`, or a tablet with the rating page; or state [[rating.grades]] in the "
        "hall file as the keys are\n"
    )
    five = ("very_satisfied", "satisfied", "average", "dissatisfied", "very_dissatisfied")
    keys = ", ".join(f'{{ sends = "3{number}", means = "{grade}" }}' for number, grade in enumerate(five))
    keypad.write_text(f'press = "3C {{key}} 3E"\nkeys = [{keys}]\n', encoding="utf-8")
    described = f', driver = "generic-pads", file = "{keypad}" }}'
    box.write_text(BOX.replace(" }", described), encoding="utf-8")
    assert main(["check-config", str(hall), str(box)]) == 0


def test_a_stale_page_is_named_with_what_to_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["docs", "--directory", str(tmp_path)]) == 0
    assert main(["docs", "--check", "--directory", str(tmp_path)]) == 0
    (tmp_path / "messages.md").write_text("by hand", encoding="utf-8")
    assert main(["docs", "--check", "--directory", str(tmp_path)]) == 1
    page = tmp_path / "messages.md"
    assert capsys.readouterr().err == f"{page} is stale; run: .venv/bin/python -m hallcall docs\n"
