"""`hallcall doctor` as a technician calls it: at a real broker, without one, on a box, and for support."""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import msgspec
import pytest

from broker.contract.messages import Hall, Node, Role
from tests.conftest import BrokerProcess, SecuredBroker, free_port

PERSONAL = (
    "张三", "13800138000", "138-0013-8000", "11010519491231002X", "Wang Xiaoming", "wang@example.com", "0731",
    "hunter2", "sesame-open-123", "deadbeefdeadbeefdeadbeefdeadbeef", "needs a wheelchair",
)  # fmt: skip


class Doctored:
    """Node files of a hall's desk and a counter box, in a directory as on a box."""

    def __init__(self, place: Path, hall: Hall) -> None:
        self.place = place
        nodes = (*hall.nodes, Node(id="desk", role=Role.SUPERVISOR))
        (place / "broker").mkdir()
        (place / "nodes").mkdir()
        self.broker = BrokerProcess(
            hall=msgspec.structs.replace(hall, nodes=nodes), directory=place / "broker", port=free_port()
        )
        self.node("desk")
        self.node("web-1", "[pages]\n")

    def node(self, name: str, more: str = "", *, password: str | None = None) -> Path:
        login = self.broker.login(name)
        secret = self.place / f"{name}.password"
        secret.write_text(password or login.password, encoding="utf-8")
        path = self.place / "nodes" / f"{name}.toml"
        path.write_text(
            f'node = "{name}"\nhall = "east"\nstate_dir = "{self.place / "state" / name}"\n{more}'
            f'[broker]\nport = {login.port}\npassword_file = "{secret}"\n',
            encoding="utf-8",
        )
        return path

    def doctor(self, *arguments: str) -> tuple[int, str]:
        return run("--directory", str(self.place), *arguments)


def run(*arguments: str) -> tuple[int, str]:
    """Return how the doctor ended, and what it said."""
    ran = subprocess.run(
        [sys.executable, "-m", "hallcall", "doctor", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert "Traceback" not in ran.stderr, ran.stderr
    return ran.returncode, ran.stdout + ran.stderr


@pytest.fixture
def doctored(tmp_path: Path, small_hall: Hall) -> Doctored:
    return Doctored(tmp_path, small_hall)


@pytest.mark.broker
def test_a_hall_of_which_only_the_broker_runs_names_all_that_is_missing(doctored: Doctored) -> None:
    doctored.broker.start()
    try:
        ended, said = doctored.doctor("--hall", "--lang", "en")
    finally:
        doctored.broker.stop()
    assert ended == 2
    assert "takes the login of desk" in said
    assert "[FAIL] dispatcher  the broker is there, but no dispatcher: nothing is called" in said


def test_a_hall_whose_broker_is_away_says_so_within_seconds(doctored: Doctored) -> None:
    ended, said = doctored.doctor("--hall", "--lang", "zh")
    assert ended == 2
    assert "[故障] 消息服务器  连不上 127.0.0.1:" in said
    assert "处理：调度主机是否开机？" in said


@pytest.mark.broker
def test_a_desk_with_a_wrong_password_is_refused_and_told(doctored: Doctored) -> None:
    doctored.node("desk", password="hunter2")
    doctored.broker.start()
    try:
        ended, said = doctored.doctor("--hall", "--lang", "en")
    finally:
        doctored.broker.stop()
    assert ended == 2
    assert "refuses desk" in said


@pytest.mark.broker
@pytest.mark.sound
def test_a_program_that_does_not_run_tests_its_devices_and_words_them_itself(doctored: Doctored) -> None:
    voice = doctored.node("board-1", '[voice]\nzone = "main"\nspeaker = "tcp:127.0.0.1:9"\n')
    doctored.broker.start()
    try:
        ended, said = doctored.doctor("--config", str(voice), "--lang", "zh")
    finally:
        doctored.broker.stop()
    assert ended == 2
    assert "[故障] 设备  board-1，扬声器: tcp:127.0.0.1:9" in said.replace("：tcp", ": tcp")
    assert "board-1 登录" in said


@pytest.mark.broker
def test_with_certificates_a_desk_is_let_in_until_it_is_revoked_and_then_it_is_told_so(
    tmp_path: Path, small_hall: Hall
) -> None:
    hall = msgspec.structs.replace(small_hall, nodes=(*small_hall.nodes, Node(id="desk", role=Role.SUPERVISOR)))
    for folder in ("broker", "nodes", "tls"):
        (tmp_path / folder).mkdir()
    broker = SecuredBroker(hall=hall, directory=tmp_path / "broker", port=free_port())
    identity = broker.identity("desk")
    for name, source in (
        ("root.crt", identity.authority),
        ("desk.crt", identity.certificate),
        ("desk.key", identity.key),
    ):
        (tmp_path / "tls" / name).write_bytes(source.read_bytes())
    (tmp_path / "nodes" / "desk.toml").write_text(
        f'node = "desk"\nhall = "east"\nstate_dir = "{tmp_path}"\n[broker]\nport = {broker.port}\n'
        'authority = "root.crt"\ncertificate = "node.crt"\nkey = "node.key"\n',
        encoding="utf-8",
    )
    asked = ("--hall", "--lang", "en", "--directory", str(tmp_path), "--tls-dir", str(tmp_path / "tls"))
    broker.start()
    try:
        _, said = run(*asked)
        assert "takes the login of desk" in said
        broker.stop()
        broker.revoke(identity)
        broker.start()
        ended, said = run(*asked)
    finally:
        broker.stop()
    assert ended == 2
    assert "refuses desk" in said
    assert "revoked" in said


def test_without_a_supervisor_s_file_it_says_what_to_give(doctored: Doctored) -> None:
    (doctored.place / "nodes" / "desk.toml").unlink()
    ended, said = doctored.doctor("--hall")
    assert ended == 2
    assert "give one with --config" in said


@pytest.mark.broker
def test_a_box_is_looked_at_from_its_files_to_its_broker(doctored: Doctored) -> None:
    authority = "0" * 64
    (doctored.place / "box.toml").write_text(
        f'box = "k1"\nhall = "east"\ndispatcher = "127.0.0.1"\nauthority = "{authority}"\n'
        'nodes = ["keeper-k1", "web-1", "broken"]\n',
        encoding="utf-8",
    )
    (doctored.place / "nodes" / "broken.toml").write_text('node = "broken"\nhal = "east"\n', encoding="utf-8")
    doctored.broker.start()
    try:
        ended, said = doctored.doctor("--json", "--lang", "en")
    finally:
        doctored.broker.stop()
    told = json.loads(said)
    keys = [each["key"] for each in told["findings"]]
    assert ended == 2
    assert "files_broken" in keys
    assert {"broker_answers", "broker_ok", "disk_ok"} <= set(keys)
    assert any("broken.toml" in each["text"] for each in told["findings"])


class LiveBox:
    """A box on which a voice runs, as far as a script that stands in for systemctl says."""

    def __init__(self, doctored: Doctored) -> None:
        self.place = doctored.place
        doctored.node("board-1", '[voice]\nzone = "main"\nspeaker = "tcp:127.0.0.1:9"\n')
        (self.place / "state" / "board-1").mkdir(parents=True)
        (self.place / "box.toml").write_text(
            f'box = "v1"\nhall = "east"\ndispatcher = "127.0.0.1"\nauthority = "{"0" * 64}"\n'
            'nodes = ["keeper-v1", "board-1"]\n',
            encoding="utf-8",
        )
        (self.place / "bin").mkdir()

    def doctor(self, *, refuses: str = "") -> tuple[list[str], list[str]]:
        """Return the keys of what was found, and what was asked of systemd."""
        systemctl = self.place / "bin" / "systemctl"
        systemctl.write_text(
            f'#!/bin/sh\necho "$1" >>{self.place}/asked\n[ "$1" != "{refuses}" ] || exit 1\n'
            "printf 'LoadState=loaded\\nActiveState=active\\nStatusText=alive\\n'\n"
        )
        systemctl.chmod(0o755)
        ran = subprocess.run(
            [sys.executable, "-m", "hallcall", "doctor", "--live", "--json", "--directory", str(self.place)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, "PATH": f"{self.place / 'bin'}:{os.environ['PATH']}"},
        )
        assert "Traceback" not in ran.stderr, ran.stderr
        asked = [each for each in (self.place / "asked").read_text().splitlines() if each != "show"]
        told = json.loads(ran.stdout[ran.stdout.index('{\n "light"') :])
        return [each["key"] for each in told["findings"] if each["what"] == "node"], asked


@pytest.mark.sound
def test_a_program_is_stopped_while_its_devices_are_tried_by_hand_and_runs_again(doctored: Doctored) -> None:
    assert LiveBox(doctored).doctor() == (["node_failed"], ["stop", "start"])  # its loudspeaker is off


def test_a_program_that_cannot_be_stopped_is_left_in_peace(doctored: Doctored) -> None:
    assert LiveBox(doctored).doctor(refuses="stop") == (["node_check_broke"], ["stop"])


@pytest.mark.sound
def test_a_program_that_does_not_start_again_is_not_said_to_run(doctored: Doctored) -> None:
    assert LiveBox(doctored).doctor(refuses="start") == (["node_stopped"], ["stop", "start"])


def test_a_machine_that_is_no_box_is_told_how_to_begin(doctored: Doctored) -> None:
    _, said = doctored.doctor("--lang", "en")
    assert "has not been set up as a box of a hall" in said


@pytest.mark.broker
def test_a_report_for_support_holds_nobody_s_name_or_number(doctored: Doctored) -> None:
    for name in ("journal", "notes.sqlite", "pins.toml", "cards.toml"):
        (doctored.place / "nodes" / name).write_text(" ".join(PERSONAL), encoding="utf-8")
    tablets = '[[tablets]]\ncounter = 1\ncode = "sesame-open-123"\n'
    web = doctored.node("web-1", "")
    web.write_text(web.read_text(encoding="utf-8") + tablets, encoding="utf-8")
    (doctored.place / "box.toml").write_text(
        'box = "k1"\nhall = "east"\ndispatcher = "127.0.0.1"\ntoken = "deadbeefdeadbeefdeadbeefdeadbeef"\n'
        f'authority = "{"0" * 64}"\nnodes = ["keeper-k1", "web-1", "desk", "bad"]\n',
        encoding="utf-8",
    )
    bad = 'node = "bad"\n# 张三 13800138000\nhall = "Wang Xiaoming, wang@example.com, needs a wheelchair"\n'
    (doctored.place / "nodes" / "bad.toml").write_text(bad, encoding="utf-8")
    (doctored.place / "hall.toml").write_text(
        'id = "east"\nservices = []\n[[clerks]]\nid = "0731"\n# 张三 138-0013-8000\n', encoding="utf-8"
    )
    report = doctored.place / "report.zip"
    doctored.broker.start()
    try:
        _, said = doctored.doctor("--lang", "en", "--report", str(report))
    finally:
        doctored.broker.stop()
    assert f"Report: {report}" in said
    secrets = [doctored.broker.login(name).password for name in ("desk", "web-1")]
    with zipfile.ZipFile(io.BytesIO(report.read_bytes())) as archive:
        whole = "\n".join(archive.read(name).decode() for name in archive.namelist())
        assert {"summary-en.txt", "summary-zh.txt", "findings.json", "health.json"} <= set(archive.namelist())
    assert "web-1" in whole
    assert "disk" in whole
    assert [each for each in (*PERSONAL, *secrets) if each in whole] == []


def test_a_report_that_cannot_be_written_is_told(doctored: Doctored) -> None:
    ended, said = doctored.doctor("--hall", "--lang", "en", "--report", "/proc/report.zip")
    assert ended == 2
    assert "/proc/report.zip cannot be written" in said
