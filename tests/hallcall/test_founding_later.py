"""`hallcall hall` on a hall that runs: a real registrar over TLS, out of cards that a technician wrote."""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.authority.issuing import node_of
from broker.authority.keys import new_key
from broker.authority.reading import read_chain
from broker.authority.requests import request_pem
from broker.box_file import load_box
from broker.config import load_hall
from broker.joining.asking import Refused, Registrar
from broker.joining.words import AskSpare, Join, Joined, SpareTold
from broker.technician.pin import is_right
from hallcall.__main__ import main
from hallcall.founding import authority
from hallcall.founding.checking import checked_plan
from hallcall.founding.folder import found
from tests.conftest import free_port

PASSPHRASE = "four words make one"
PLAN = """\
id = "east"
name = { zh = "东厅", en = "East" }
pack = "sgcc"
windows = 2
dispatcher = "127.0.0.1"

[[boxes]]
box = "kiosk-1"
kiosk = {}

[[boxes]]
box = "board-1"
board = {}
"""


class Running:
    """The hall's folder, and the registrar on its dispatcher's box."""

    def __init__(self, tmp_path: Path, founded: Path) -> None:
        self.folder = Path(shutil.copytree(founded, tmp_path / "east"))
        self.passphrase = tmp_path / "passphrase"
        self.passphrase.write_text(PASSPHRASE + "\n", encoding="utf-8")
        self.etc, self.sticks = tmp_path / "dispatcher" / "hallcall", tmp_path / "sticks"
        (tmp_path / "dispatcher").mkdir()
        self.sticks.mkdir()
        self.port = free_port()
        command = ["hall", "write", "dispatcher", "--hall", str(self.folder), "--to", str(tmp_path / "dispatcher")]
        assert main([*command, "--passphrase-file", str(self.passphrase)]) == 0
        self._process = self._start(tmp_path)

    def _start(self, tmp_path: Path) -> "subprocess.Popen[str]":
        file = self.etc / "nodes" / "registrar.toml"
        (tmp_path / "broker").mkdir()
        text = file.read_text(encoding="utf-8").replace("/var/lib/hallcall/state/registrar", str(tmp_path / "state"))
        text = text.replace("/etc/hallcall", str(self.etc))
        more = f"""\
hall_file = "{self.etc}/hall.toml"
box_file = "{self.etc}/box.toml"
broker_dir = "{tmp_path}/broker"
listen = "127.0.0.1:{self.port}"
"""
        file.write_text(more + text, encoding="utf-8")
        return self._started()

    def _started(self) -> "subprocess.Popen[str]":
        file = self.etc / "nodes" / "registrar.toml"
        process = subprocess.Popen(
            [sys.executable, "-m", "registrar", "--config", file], stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line)
            if "boxes may ask" in line:
                return process
        raise RuntimeError("".join(lines))

    def start_anew(self) -> None:
        self.stop()
        self._process = self._started()

    def copy(self, name: str) -> Path:
        """Return a copy of the hall's folder, as it is kept elsewhere."""
        return Path(shutil.copytree(self.folder, self.folder.parent / name))

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.communicate()

    def hall(self, *command: str) -> int:
        own = ["--hall", str(self.folder), "--port", str(self.port), "--lang", "en"]
        return main(["hall", *command, *own, "--passphrase-file", str(self.passphrase)])

    def stick(self, box: str) -> Path:
        """Write a box's card, and return its folder there."""
        to = self.sticks / f"{box}-{len(list(self.sticks.iterdir()))}"
        to.mkdir()
        assert main(["hall", "write", box, "--hall", str(self.folder), "--to", str(to)]) == 0
        return to / "hallcall"

    def join(self, card: Path) -> Joined:
        """Do what a box does at its first start."""
        box = load_box(card / "box.toml")
        requests = {node: request_pem(new_key(), node=node).decode() for node in box.nodes}
        asked = Join(hall=box.hall, box=box.box, token=box.token, requests=requests)
        return self.at(card).tell("/join", asked, Joined)

    def at(self, card: Path) -> Registrar:
        return Registrar(host=load_box(card / "box.toml").dispatcher, root=card / "root.crt", port=self.port)


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("founded")
    plan = folder / "plan.toml"
    plan.write_text(PLAN, encoding="utf-8")
    return found(checked_plan(plan)[0], to=folder, passphrase=PASSPHRASE, now=datetime.now(UTC)).folder


@pytest.fixture
def running(tmp_path: Path, founded: Path) -> Iterator[Running]:
    hall = Running(tmp_path, founded)
    try:
        yield hall
    finally:
        hall.stop()


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_a_box_joins_with_its_card_and_the_technician_sees_it(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    joined = running.join(running.stick("kiosk-1"))
    assert sorted(joined.certificates) == ["keeper-kiosk-1", "kiosk-1"]
    assert node_of(read_chain(joined.certificates["kiosk-1"].encode())[0]) == "kiosk-1"
    shown(capsys)
    assert running.hall("boxes") == 0
    rows = {line.split()[0]: line.split()[1] for line in shown(capsys).splitlines() if line and "-" in line}
    assert (rows["kiosk-1"], rows["board-1"]) == ("joined", "expected")


def test_a_new_box_is_added_by_its_role_and_joins(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    assert running.hall("add", "board-2", "--role", "board", "--wait", "0") == 0
    assert "Write its card: hallcall hall write board-2" in shown(capsys)
    assert {node.id for node in load_hall(running.folder / "hall.toml").nodes} >= {
        "board-2",
        "keeper-board-2",
        "board-1",
    }
    joined = running.join(running.stick("board-2"))
    assert sorted(joined.certificates) == ["board-2", "keeper-board-2"]
    assert running.hall("add", "board-2", "--role", "board") == 1
    assert "has a box board-2 already" in capsys.readouterr().err


def test_a_box_is_added_to_a_hall_toml_that_was_changed_by_hand(running: Running) -> None:
    file = running.folder / "hall.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("East", "East Side"), encoding="utf-8")
    assert running.hall("add", "board-2", "--role", "board", "--wait", "0") == 0
    hall = load_hall(file)
    assert hall.name.en == "East Side"
    assert [node.id for node in hall.nodes][-2:] == ["board-2", "keeper-board-2"]


def test_a_changed_hall_is_checked_by_the_registrar_and_waits_for_the_dispatchers_box(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    file = running.folder / "hall.toml"
    good = file.read_text(encoding="utf-8")
    file.write_text(good.replace("last = 799", "lst = 799", 1), encoding="utf-8")
    assert running.hall("put", "--wait", "0") == 1
    assert re.search(r"Nothing was changed.*\nhall.toml:\d+: .*lst", capsys.readouterr().err)
    file.write_text(good.replace("last = 799", "last = 798", 1), encoding="utf-8")
    assert running.hall("put", "--wait", "0") == 1
    assert "the registrar has the file, and it is not in force yet" in capsys.readouterr().err


def test_changed_files_of_a_box_are_put_and_a_spare_would_get_them(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    running.join(running.stick("kiosk-1"))
    node = running.folder / "cards/kiosk-1/hallcall/nodes/kiosk-1.toml"
    node.write_text(node.read_text(encoding="utf-8") + "# another printer soon\n", encoding="utf-8")
    assert running.hall("put", "--box", "kiosk-1", "--wait", "0") == 0
    assert "kiosk-1 takes them within half a minute" in shown(capsys)
    assert running.hall("put", "--box", "kiosk-7") == 1
    assert "is kiosk-7 a box of this hall" in capsys.readouterr().err


def test_a_box_that_cannot_be_announced_leaves_the_plan_as_it_was(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (running.folder / "hall-plan.toml").read_bytes()
    running.stop()
    assert running.hall("add", "board-2", "--role", "board") == 1
    assert "is not reached" in capsys.readouterr().err
    assert (running.folder / "hall-plan.toml").read_bytes() == before
    assert not (running.folder / "cards/board-2").exists()


def test_a_removed_box_is_out_of_the_whole_hall_and_its_name_is_free_again(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_written = (running.folder / "hall-plan.toml").read_text(encoding="utf-8") + "# seen by the manager\n"
    (running.folder / "hall-plan.toml").write_text(hand_written, encoding="utf-8")
    running.join(running.stick("kiosk-1"))
    assert running.hall("remove", "kiosk-1", "--why", "closed", "--wait", "0") == 0
    assert "kiosk-1 is out of the hall" in capsys.readouterr().out
    plan = (running.folder / "hall-plan.toml").read_text(encoding="utf-8")
    assert "kiosk" not in plan
    assert plan.endswith("# seen by the manager\n")
    listed = [node.id for node in load_hall(running.folder / "hall.toml").nodes]
    assert "board-1" in listed
    assert not {"kiosk-1", "keeper-kiosk-1"} & set(listed)
    assert not (running.folder / "cards/kiosk-1").exists()
    assert running.hall("boxes") == 0
    assert re.search(r"kiosk-1 +revoked", capsys.readouterr().out)
    assert running.hall("remove", "kiosk-1") == 1
    assert "has no box kiosk-1" in capsys.readouterr().err
    assert running.hall("add", "kiosk-1", "--role", "kiosk", "--address", "10.0.0.9/24", "--wait", "0") == 0
    assert load_box(running.stick("kiosk-1") / "box.toml").address == "10.0.0.9/24"


def test_a_box_without_a_fixed_address_is_told_of_while_it_can_be_changed(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    assert running.hall("add", "board-2", "--role", "board", "--wait", "0") == 0
    assert "board-2 has no fixed address" in capsys.readouterr().out


def test_another_technicians_pin_goes_to_every_box(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    assert running.hall("pin") == 0
    told = capsys.readouterr().out
    pin = told.partition("Technician's PIN: ")[2].split()[0]
    lines = [path.read_text() for path in running.folder.glob("cards/*/hallcall/nodes/technician.pin")]
    assert len(lines) == 3
    assert all(is_right(pin, line) for line in lines)
    assert "board-1 takes them" in told


def test_the_dispatchers_box_cannot_leave(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    assert running.hall("remove", "dispatcher") == 1
    assert "hallcall restore" in capsys.readouterr().err


def test_a_stolen_box_is_shut_out_and_another_machine_takes_its_place(running: Running) -> None:
    running.join(running.stick("board-1"))
    assert running.hall("revoke", "board-1", "--why", "stolen") == 0
    assert running.hall("replace", "board-1") == 0
    assert set(running.join(running.stick("board-1")).certificates) == {"board-1", "keeper-board-1"}


def test_a_name_that_no_box_can_have_is_told_in_words(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        running.hall("add", "Board_2", "--role", "board")
    assert "small letters, digits" in capsys.readouterr().err


def test_a_wrong_passphrase_is_told_in_the_technicians_language(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    running.passphrase.write_text("quite another one\n", encoding="utf-8")
    assert running.hall("boxes") == 1
    assert "does not open" in capsys.readouterr().err
    own = ["--hall", str(running.folder), "--passphrase-file", str(running.passphrase), "--lang", "zh"]
    assert main(["hall", "boxes", *own]) == 1
    assert "口令不对" in capsys.readouterr().err


def test_a_code_is_typed_as_it_stands_on_the_screen(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    assert running.hall("approve", "482 913", "kiosk-1") == 1
    assert "482913" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        running.hall("approve", "4829", "kiosk-1")
    assert "six digits" in capsys.readouterr().err


def test_a_spares_card_may_be_written_again(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    assert running.hall("add", "spare-1", "--role", "spare") == 0
    running.stick("spare-1")
    capsys.readouterr()
    running.stick("spare-1")
    assert "token" not in capsys.readouterr().out


def test_another_machine_takes_the_place_of_a_box_with_a_new_token(running: Running) -> None:
    first = running.stick("kiosk-1")
    running.join(first)
    with pytest.raises(Refused, match="has been used already"):
        running.join(first)
    assert running.hall("replace", "kiosk-1") == 0
    second = running.stick("kiosk-1")
    assert sorted(running.join(second).certificates) == ["keeper-kiosk-1", "kiosk-1"]
    assert load_box(first / "box.toml").token != load_box(second / "box.toml").token


def test_a_revoked_box_cannot_join_again_and_the_book_says_who_did_it(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    card = running.stick("kiosk-1")
    assert running.hall("revoke", "kiosk-1", "--why", "stolen") == 0
    with pytest.raises(Refused):
        running.join(card)
    shown(capsys)
    assert running.hall("acts") == 0
    assert "technician" in shown(capsys)
    assert running.hall("revoke", "kiosk-7") == 1
    assert "no box kiosk-7" in capsys.readouterr().err


def test_a_spare_gets_a_place_by_the_code_on_its_screen(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    card = running.stick("board-1")
    asked = AskSpare(hall="east", serial="PC-0815", code="482913", token="5a" * 16)
    assert running.at(card).tell("/spare", asked, SpareTold).box == ""
    shown(capsys)
    assert running.hall("boxes") == 0
    assert "A spare waits: PC-0815 (127.0.0.1)" in shown(capsys)
    assert running.hall("approve", "111111", "kiosk-1") == 1
    assert "No spare that waits shows the code 111111" in capsys.readouterr().err
    assert running.hall("approve", "482913", "kiosk-1") == 0
    told = running.at(card).tell("/spare", asked, SpareTold)
    assert told.box == "kiosk-1"
    assert "nodes/kiosk-1.toml" in told.files


def test_the_issuing_authority_is_rotated_and_new_boxes_are_under_the_new_one(running: Running) -> None:
    before = read_chain(running.join(running.stick("kiosk-1")).certificates["kiosk-1"].encode())
    assert running.hall("rotate") == 0
    after = read_chain(running.join(running.stick("board-1")).certificates["board-1"].encode())
    assert before[1].public_key() != after[1].public_key()
    assert read_chain((running.folder / "authority/issuing.crt").read_bytes())[0] == after[1]


def test_the_technicians_own_certificate_is_made_anew_without_the_hall(running: Running) -> None:
    folder = running.folder / "authority"
    before = (folder / "technician.crt").read_bytes()
    assert running.hall("renew") == 0
    assert (folder / "technician.crt").read_bytes() != before
    assert authority.opened(folder, authority.TECHNICIANS, passphrase=PASSPHRASE).key is not None
    assert running.hall("boxes") == 0


def test_a_lost_laptop_is_shut_out_by_whoever_has_the_copy_and_the_passphrase(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    lost, copy = running.folder, running.copy("copy")
    running.folder = copy
    assert running.hall("renew", "--lost") == 0
    assert "the lost laptop is shut out" in shown(capsys)
    running.folder = lost
    for command in (["boxes"], ["revoke", "kiosk-1"], ["rotate"], ["approve", "482913", "kiosk-1"]):
        assert running.hall(*command) == 1
        assert "was given up for lost on" in capsys.readouterr().err
    running.folder = copy
    assert running.hall("boxes") == 0
    assert "! The lost laptop, or its copy, asked the registrar from 127.0.0.1" in shown(capsys)
    assert running.hall("renew") == 0  # as it does every other year
    running.start_anew()
    assert running.hall("boxes") == 0
    running.folder = lost
    assert running.hall("boxes") == 1


def test_a_copy_from_before_the_last_loss_shuts_out_what_was_lost_since(running: Running) -> None:
    old, current = running.copy("old"), running.folder
    assert running.hall("renew", "--lost") == 0
    running.folder = old
    assert running.hall("boxes") == 1
    assert running.hall("renew") == 0
    assert running.hall("boxes") == 1  # the hall's present technician is not shut out by an old copy alone
    assert running.hall("renew", "--lost") == 0
    assert running.hall("boxes") == 0
    running.folder = current
    assert running.hall("boxes") == 1


def test_a_laptop_without_the_roots_key_does_all_but_certify(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    (running.folder / "authority/root.p12").unlink()
    assert running.hall("add", "board-2", "--role", "board", "--wait", "0") == 0
    assert running.hall("revoke", "kiosk-1") == 0
    for command in (["renew", "--lost"], ["rotate"]):
        assert running.hall(*command) == 1
        assert "Take the authority's copy" in capsys.readouterr().err


def test_the_authority_alone_is_copy_enough_with_the_dispatchers_address(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = running.copy("copy")
    shutil.rmtree(copy / "cards")
    running.folder = copy
    assert running.hall("renew", "--lost") == 1
    assert "add --at ADDRESS" in capsys.readouterr().err
    assert running.hall("renew", "--lost", "--at", "127.0.0.1") == 0


def test_the_laptop_says_what_a_registrar_lacks_that_was_put_back_from_an_older_copy(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    state, copy = running.folder.parent / "state", running.folder.parent / "copy-of-state"
    assert running.hall("boxes") == 0
    running.stop()
    shutil.copytree(state, copy)
    running.start_anew()
    assert running.hall("revoke", "board-1", "--why", "stolen") == 0
    running.join(running.stick("kiosk-1"))
    assert running.hall("boxes") == 0
    running.stop()
    shutil.rmtree(state)
    shutil.copytree(copy, state)
    running.start_anew()
    shown(capsys)
    assert running.hall("boxes") == 0
    told = shown(capsys)
    assert "put back from an older copy" in told
    assert "board-1 was revoked, and counts again: hallcall hall revoke board-1" in told
    assert "kiosk-1 has joined, or was invited, and is not known" in told
    assert running.hall("revoke", "board-1") == 0
    assert running.hall("replace", "kiosk-1") == 0
    shown(capsys)
    assert running.hall("boxes") == 0
    told = shown(capsys)
    assert ("board-1 was revoked" in told, "kiosk-1 has joined, or" in told) == (False, True)
    running.join(running.stick("kiosk-1"))
    assert running.hall("boxes") == 0
    assert running.hall("boxes") == 0
    assert "older copy" not in shown(capsys)


def test_nobody_without_the_passphrase_speaks_for_the_technician(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    running.passphrase.write_text("five words make another\n", encoding="utf-8")
    assert running.hall("revoke", "kiosk-1") == 1
    assert "the passphrase does not open" in capsys.readouterr().err
