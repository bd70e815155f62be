"""`hallcall hall init` and `write`: a hall's folder, whole or not at all, and no key where none should be."""

import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.authority.reading import fingerprint, flaw, read_chain
from broker.authority.safe import WrongPassphrase
from broker.box_file import load_box
from broker.config import FILE_OF_ROLE, BrokenConfig, KioskFile, NodeFile, WebFile, load_any, load_hall, load_node
from broker.contract.messages import Role
from broker.invitations import read, token_hash
from broker.technician.pin import is_right
from hallcall.__main__ import main
from hallcall.founding import authority
from hallcall.founding.checking import checked_plan
from hallcall.founding.folder import found
from web.pins import Pins, WebRole

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
PASSPHRASE = "four words make one"
PLAN = """\
id = "chengdong"
name = { zh = "城东供电营业厅", en = "Chengdong" }
pack = "sgcc"
windows = 4
low_windows = [1]
count_addresses = true
identity = { kind = "account", optional = ["pay"] }

[[boxes]]
box = "dispatcher"
web = { tablets = [1] }

[[boxes]]
box = "kiosk-1"
kiosk = {}

[[boxes]]
box = "board-1"
board = {}
voice = {}

[[boxes]]
box = "windows-1"
counters = {}

[[boxes]]
box = "spare-1"
spare = true
"""
SMALL = """\
id = "small"
name = { zh = "小厅", en = "Small" }
pack = "bank"
windows = 1

[[boxes]]
box = "dispatcher"
kiosk = {}
voice = {}
counters = {}
web = {}
"""


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE + "\n", encoding="utf-8")
    return file


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    file = tmp_path / "hall-plan.toml"
    file.write_text(PLAN, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One hall, from which each test takes a copy: keys under a passphrase take their time."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "hall-plan.toml").write_text(PLAN, encoding="utf-8")
    return found(
        checked_plan(folder / "hall-plan.toml")[0], to=folder, passphrase=PASSPHRASE, now=datetime.now(UTC)
    ).folder


@pytest.fixture
def hall(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "halls" / "chengdong"))


def files(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def write(hall: Path, box: str, *, to: Path, passphrase: Path | None = None, more: tuple[str, ...] = ()) -> int:
    to.mkdir(exist_ok=True)
    secret = ["--passphrase-file", str(passphrase)] if passphrase is not None else []
    return main(["hall", "write", box, "--hall", str(hall), "--to", str(to), "--lang", "en", *secret, *more])


# What is written ------------------------------------------------------------------------------------------------------


def test_every_file_of_a_hall_passes_its_check(hall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = [hall / "hall.toml", *hall.glob("cards/*/hallcall/box.toml"), *hall.glob("cards/*/hallcall/nodes/*.toml")]
    checked = [str(each) for each in written if each.name != "pins.toml"]
    capsys.readouterr()
    assert main(["check-config", *checked]) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == len(checked) == 18
    assert "advice" not in said.out


def test_each_nodes_file_shows_whose_it_is(hall: Path) -> None:
    roles = {node.id: node.role for node in load_hall(hall / "hall.toml").nodes} | {"dispatcher": Role.DISPATCHER}
    read = [load_any(each) for each in hall.glob("cards/*/hallcall/nodes/*.toml") if each.name != "pins.toml"]
    assert {each.node: type(each) for each in read if isinstance(each, NodeFile)} == {
        node: FILE_OF_ROLE[role] for node, role in roles.items()
    }


@pytest.mark.parametrize("trade", ["sgcc", "csg", "bank", "gov"])
def test_a_small_hall_of_each_trade_needs_one_machine(trade: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(SMALL.replace("bank", trade), encoding="utf-8")
    _, made = checked_plan(file)
    (box,) = made.boxes
    roles = [node.role for node in box.nodes]
    assert roles == [
        Role.DISPATCHER, Role.REGISTRAR, Role.SUPERVISOR,
        Role.KIOSK, Role.DISPLAY, Role.COUNTER, Role.WEB, Role.KEEPER,
    ]  # fmt: skip


def test_all_nodes_of_all_boxes_stand_in_the_halls_file(hall: Path) -> None:
    boxes = [load_box(each) for each in hall.glob("cards/*/hallcall/box.toml")]
    listed = {node.id for node in load_hall(hall / "hall.toml").nodes} | {"dispatcher"}
    assert {node for box in boxes for node in box.nodes} == listed
    assert [box.box for box in boxes if box.spare] == ["spare-1"]


def test_each_kiosk_has_numbers_of_its_own_for_outages_that_fit_a_board(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    kiosks = "\n".join(f'[[boxes]]\nbox = "kiosk-{n}"\nkiosk = {{}}\n' for n in range(1, 4))
    file.write_text(PLAN.replace('[[boxes]]\nbox = "kiosk-1"\nkiosk = {}\n', kiosks), encoding="utf-8")
    nodes = found(checked_plan(file)[0], to=tmp_path, passphrase=PASSPHRASE, now=NOW).folder / "hall.toml"
    offline = [node.offline for node in load_hall(nodes).nodes if node.offline is not None]
    assert [(each.first, each.last) for each in offline] == [(800, 865), (866, 931), (932, 997)]


def test_only_the_box_has_its_token_and_the_registrar_its_hash(hall: Path) -> None:
    card = hall / "cards/dispatcher/hallcall"
    invited = {each.box: each for each in read((card / "registrar/invitations.json").read_bytes()).invitations}
    for each in ("dispatcher", "kiosk-1", "board-1", "windows-1"):
        box = load_box(hall / f"cards/{each}/hallcall/box.toml")
        assert token_hash(box.token) == invited[each].token
        assert invited[each].nodes == box.nodes
        elsewhere = {name for name, file in files(hall).items() if box.token.encode() in file}
        assert elsewhere == {f"cards/{each}/hallcall/box.toml"}
    assert "spare-1" not in invited
    assert load_box(card / "registrar/boxes/kiosk-1/box.toml").token == ""


def test_the_boxes_know_the_halls_root_by_its_fingerprint(hall: Path) -> None:
    for box in hall.glob("cards/*/hallcall"):
        root = read_chain((box / "root.crt").read_bytes())[0]
        assert load_box(box / "box.toml").authority == fingerprint(root)


def test_the_technician_is_known_to_the_hall(hall: Path) -> None:
    folder = hall / "authority"
    chain = read_chain((folder / "technician.crt").read_bytes())
    root = read_chain((folder / "root.crt").read_bytes())[0]
    opened = authority.opened(folder, authority.TECHNICIANS, passphrase=PASSPHRASE)
    assert flaw(chain, root=root, now=datetime.now(UTC), node="technician", key=opened.key) is None


def test_the_first_supervisor_can_sign_in_with_the_pin_that_was_shown_once(
    plan: Path, passphrase: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = ["--to", str(tmp_path), "--passphrase-file", str(passphrase), "--lang", "en"]
    assert main(["hall", "init", "--file", str(plan), *to]) == 0
    shown = capsys.readouterr().out
    pin = shown.partition("PIN ")[2][:6]
    hall = tmp_path / "chengdong"
    pins = Pins(hall / "cards/dispatcher/hallcall/nodes/pins.toml")
    assert pins.check("9001", pin) is WebRole.SUPERVISOR
    assert not [name for name, file in files(hall).items() if pin.encode() in file and name != "authority/root.p12"]
    technicians = shown.partition("Technician's PIN: ")[2].split()[0]
    lines = {path.read_text() for path in hall.glob("cards/*/hallcall/nodes/technician.pin")}
    assert [is_right(technicians, line) for line in lines] == [True]
    assert load_node(hall / "cards/kiosk-1/hallcall/nodes/kiosk-1.toml", KioskFile).technician is not None


def test_secrets_lie_on_the_cards_of_the_boxes_that_need_them(hall: Path) -> None:
    key = (hall / "cards/kiosk-1/hallcall/nodes/identity.key").read_bytes()
    (tablet,) = load_node(hall / "cards/dispatcher/hallcall/nodes/web-1.toml", WebFile).tablets
    has_key = {name.split("/")[1] for name, file in files(hall).items() if key in file}
    has_code = {name.split("/")[1] for name, file in files(hall).items() if tablet.code.encode() in file}
    assert len(key) > 32
    assert has_key == {"kiosk-1", "dispatcher"}  # whose registrar hands it to a spare
    assert has_code == {"dispatcher"}


# Keys -----------------------------------------------------------------------------------------------------------------


def test_no_private_key_lies_open_on_the_laptop(hall: Path) -> None:
    assert [name for name, file in files(hall).items() if b"PRIVATE KEY" in file] == []
    assert all(each.stat().st_mode & 0o077 == 0 for each in (hall / "cards").rglob("*") if each.is_file())


def test_the_issuing_key_travels_on_the_dispatchers_card_only_and_is_then_forgotten(
    hall: Path, passphrase: Path, tmp_path: Path
) -> None:
    for box in ("dispatcher", "kiosk-1", "board-1", "windows-1", "spare-1"):
        assert write(hall, box, to=tmp_path / box, passphrase=passphrase) == 0
        has_key = [name for name, file in files(tmp_path / box).items() if b"PRIVATE KEY" in file]
        assert has_key == (["hallcall/registrar/issuing.key"] if box == "dispatcher" else [])
    assert not (hall / "authority/issuing.p12").exists()
    assert [name for name, file in files(hall).items() if b"PRIVATE KEY" in file or b"\ntoken =" in file] == []


def test_a_wrong_passphrase_writes_no_card(hall: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("five words make another\n", encoding="utf-8")
    assert write(hall, "dispatcher", to=tmp_path / "card", passphrase=wrong) == 1
    assert "the passphrase does not open the authority's file" in capsys.readouterr().err
    assert files(tmp_path / "card") == {}
    with pytest.raises(WrongPassphrase):
        authority.opened(hall / "authority", authority.ROOT, passphrase="five words make another")


# Cards ----------------------------------------------------------------------------------------------------------------


def test_a_card_is_written_once_and_keeps_who_it_is(
    hall: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = tmp_path / "card"
    assert write(hall, "kiosk-1", to=card) == 0
    box = load_box(card / "hallcall/box.toml")
    assert (box.box, box.address, len(box.token)) == ("kiosk-1", "192.168.8.11/24", 32)
    assert write(hall, "kiosk-1", to=tmp_path / "second") == 1
    assert "was written before" in capsys.readouterr().err
    assert write(hall, "board-1", to=card) == 1
    assert "holds a box's files already" in capsys.readouterr().err
    assert write(hall, "board-1", to=card, more=("--replace",)) == 0
    assert set(files(card / "hallcall/nodes")) == {
        "board-1.toml",
        "voice-1.toml",
        "keeper-board-1.toml",
        "technician.pin",
    }


def test_a_card_that_is_kept_can_be_written_again(hall: Path, tmp_path: Path) -> None:
    assert write(hall, "kiosk-1", to=tmp_path / "one", more=("--keep",)) == 0
    assert write(hall, "kiosk-1", to=tmp_path / "two") == 0
    assert files(tmp_path / "one") == files(tmp_path / "two")


@pytest.mark.parametrize("table", [True, False], ids=["an image with partitions", "nothing but a FAT"])
def test_a_card_goes_into_an_images_boot_partition(hall: Path, tmp_path: Path, *, table: bool) -> None:
    image = tmp_path / "card.img"
    with image.open("wb") as file:
        file.truncate(48 << 20)
    at = f"{image}@@{1 << 20}" if table else str(image)
    if table:
        subprocess.run(
            ["sfdisk", "-q", image],
            input="label: gpt\nstart=2048, size=40000, type=U, name=HALLCALL\n",
            text=True,
            check=True,
        )
    subprocess.run(["mformat", "-i", at, "-T", "40000", "-v", "HALLCALL", "::"], check=True)
    assert main(["hall", "write", "kiosk-1", "--hall", str(hall), "--image", str(image)]) == 0
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["mcopy", "-s", "-i", at, "::/hallcall", out], check=True)
    written = files(hall / "cards/kiosk-1/hallcall")
    assert {name: file for name, file in files(out / "hallcall").items() if name != "box.toml"} == {
        name: file for name, file in written.items() if name != "box.toml"
    }
    assert load_box(out / "hallcall/box.toml").token


# What goes wrong ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("windows = 4\n", "", "1: counters: give either windows (how many) or [[counters]], one of the two"),
        ('pack = "sgcc"', 'pack = "sgc"', '3: pack: "sgc" is not one of sgcc, csg, bank, gov; did you mean sgcc?'),
        ("kiosk = {}", "kisk = {}", "15: boxes[2].kisk: unknown key; did you mean kiosk?"),
        ("kiosk = {}", 'kiosk = { hall = "x" }', "15: boxes[2].kiosk.hall: it is made here; remove it"),
        ("kiosk = {}", 'kiosk = { printer = { port = "lp0" } }', "15: boxes[2].kiosk.printer.port: 'lp0' is no port"),
        ("board = {}", "board = { screen = { rows = 9 } }", "19: boxes[3].board.screen.rows: 9 does not fit"),
        ('box = "board-1"', 'box = "kiosk-1"', '18: boxes[3].box: "kiosk-1" is taken by boxes[2].box in line 14'),
        ("spare = true", "", "26: boxes[5]: nothing runs on it; give one of kiosk, board, voice, counters, web"),
        ("low_windows = [1]", "low_windows = [7]", "5: low_windows: not all of them are among the windows"),
        ('optional = ["pay"]', 'optional = ["fly"]', '7: identity.optional[1]: "fly" is not there'),
        ("count_addresses", 'dispatcher = "192.168.8.0/24"\ncount_addresses', "6: dispatcher: 192.168.8.0 is no box's"),
        ("counters = {}", 'counters = { pads = { port = "tcp:h:1", file = "p.toml" } }', "p.toml is not there"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_plan_is_said_and_nothing_is_written(
    plan: Path, old: str, new: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert old in PLAN
    plan.write_text(PLAN.replace(old, new, 1), encoding="utf-8")
    to = plan.parent / "halls"
    assert main(["hall", "init", "--file", str(plan), "--to", str(to), "--passphrase-file", str(plan)]) == 1
    assert said in capsys.readouterr().err
    assert not to.exists()


def test_an_older_hall_is_never_written_over(
    hall: Path, plan: Path, passphrase: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(hall)
    again = ["hall", "init", "--file", str(plan), "--to", str(hall.parent), "--passphrase-file", str(passphrase)]
    assert main(again) == 1
    assert "is there already" in capsys.readouterr().err
    assert files(hall) == before
    assert main([*again, "--replace"]) == 0
    (old,) = hall.parent.glob("chengdong.old-*")
    assert files(old) == before
    assert files(hall)["authority/root.crt"] != before["authority/root.crt"]


def test_a_passphrase_that_is_too_short_writes_nothing(
    plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short = tmp_path / "short"
    short.write_text("1234\n", encoding="utf-8")
    to = tmp_path / "halls"
    assert main(["hall", "init", "--file", str(plan), "--to", str(to), "--passphrase-file", str(short)]) == 1
    assert "at least 10 characters" in capsys.readouterr().err
    assert not to.exists()


def test_a_disk_that_is_full_leaves_no_half_hall(plan: Path, tmp_path: Path, passphrase: Path) -> None:
    to = tmp_path / "halls"
    plan.write_text(PLAN + "# a long remark\n" * 2_000, encoding="utf-8")  # the last file that is written
    script = (
        "import resource, sys; from hallcall.__main__ import main;"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
        "sys.exit(main(sys.argv[1:]))"
    )
    arguments = [
        "hall",
        "init",
        "--file",
        str(plan),
        "--to",
        str(to),
        "--passphrase-file",
        str(passphrase),
        "--lang",
        "en",
    ]
    ended = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "File too large" in ended.stderr
    assert list(to.iterdir()) == []


def test_whoever_is_killed_in_the_middle_leaves_nothing_that_looks_like_a_hall(
    plan: Path, tmp_path: Path, passphrase: Path
) -> None:
    to = tmp_path / "halls"
    command = [sys.executable, "-m", "hallcall", "hall", "init", "--file", str(plan), "--to", str(to)]
    killed = subprocess.Popen([*command, "--passphrase-file", str(passphrase)], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not (to.exists() and any(to.iterdir())) and time.monotonic() < deadline:
        os.sched_yield()
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not (to / "chengdong").exists()
    assert main(["hall", "init", "--file", str(plan), "--to", str(to), "--passphrase-file", str(passphrase)]) == 0
    assert [each.name for each in to.iterdir()] == ["chengdong"]


# Many -----------------------------------------------------------------------------------------------------------------

TEMPLATE = PLAN.replace('id = "chengdong"\nname = { zh = "城东供电营业厅", en = "Chengdong" }\n', "")


def test_ten_halls_come_out_of_one_template(
    tmp_path: Path, passphrase: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"hall-{n},第{n}供电营业厅,Hall {n},10.1.{n}.10/24,{n}" for n in range(1, 11)]
    table, template, to = tmp_path / "halls.csv", tmp_path / "template.toml", tmp_path / "halls"
    table.write_text("\n".join(["id,name_zh,name_en,dispatcher,windows", *lines]), encoding="gb18030")  # Excel in China
    template.write_text(TEMPLATE, encoding="utf-8")
    many = ["hall", "init", "--from", str(table), "--template", str(template), "--to", str(to), "--lang", "en"]
    assert main([*many, "--passphrase-file", str(passphrase)]) == 0
    halls = {each.parent.name: load_hall(each) for each in to.glob("*/hall.toml")}
    assert sorted(halls) == sorted(f"hall-{n}" for n in range(1, 11))
    assert halls["hall-7"].name.zh == "第7供电营业厅"
    assert len(halls["hall-7"].counters) == 7
    assert load_box(to / "hall-3/cards/kiosk-1/hallcall/box.toml").address == "10.1.3.11/24"
    assert len({(each / "authority/root.crt").read_bytes() for each in to.glob("hall-*")}) == 10
    pins = (to / "supervisors.csv").read_text(encoding="utf-8").splitlines()
    named = [line.split(",")[:2] for line in pins]
    assert named == [["hall", "supervisor"], *([f"hall-{n}", "9001"] for n in range(1, 11))]
    assert "[10/10] hall-10: done" in capsys.readouterr().out


def test_a_line_that_is_wrong_is_named_and_the_other_halls_are_made(
    tmp_path: Path, passphrase: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, template, to = tmp_path / "halls.csv", tmp_path / "template.toml", tmp_path / "halls"
    rows = ["east,东厅,East,10.1.1.10/24,4", "west,西厅,,10.1.2.10/24,4", "north,北厅,North,10.1.3.0/24,4",
            "south,南厅,South,10.1.4.10/24,many", "east,又一东厅,East again,,4", "best,好厅,Best,,4"]  # fmt: skip
    table.write_text("\n".join(["id,name_zh,name_en,dispatcher,windows", *rows]), encoding="utf-8")
    template.write_text(TEMPLATE, encoding="utf-8")
    many = ["hall", "init", "--from", str(table), "--template", str(template), "--to", str(to), "--lang", "en"]
    assert main([*many, "--passphrase-file", str(passphrase)]) == 1
    said = capsys.readouterr()
    assert sorted(each.parent.name for each in to.glob("*/hall.toml")) == ["best", "east"]
    assert said.err.splitlines() == [
        f"{table}:3: west: name_en: empty; fill it in",
        f"{table}:4: north: dispatcher: 10.1.3.0 is no box's in 10.1.3.0/24; give one between 10.1.3.1 and 10.1.3.254",
        f"{table}:5: south: windows: 'many' is no whole number",
        f"{table}:6: east: id: east stands in a line above; give another",
    ]
    assert "6 halls: 2 written, 4 with errors" in said.out
    assert sorted(each.name for each in tmp_path.iterdir()) == ["halls", "halls.csv", "passphrase", "template.toml"]


def test_a_column_that_nobody_knows_is_said_before_anything_is_made(
    tmp_path: Path, passphrase: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, template = tmp_path / "halls.csv", tmp_path / "template.toml"
    table.write_text("id,name_zh,adress\nx,y,z\n", encoding="utf-8")
    template.write_text(TEMPLATE, encoding="utf-8")
    many = ["hall", "init", "--from", str(table), "--template", str(template), "--to", str(tmp_path / "halls")]
    assert main([*many, "--passphrase-file", str(passphrase)]) == 1
    assert "column 'adress' is not known; column name_en is missing" in capsys.readouterr().err


def test_a_plan_names_files_that_travel_with_their_node(tmp_path: Path) -> None:
    (tmp_path / "pads.toml").write_text('press = "AA {address} {key}"\nkeys = [{ sends = "01", means = "call" }]\n')
    (tmp_path / "logo.png").write_bytes(b"picture")
    (tmp_path / "theme.toml").write_text('logo = "logo.png"\n', encoding="utf-8")
    pads = 'counters = { pads = { port = "tcp:10.0.0.9:4001", driver = "generic-pads", file = "pads.toml" } }'
    kiosk = 'kiosk = { screen = { theme = "theme.toml" } }'
    file = tmp_path / "plan.toml"
    file.write_text(PLAN.replace("counters = {}", pads).replace("kiosk = {}", kiosk), encoding="utf-8")
    hall = found(checked_plan(file)[0], to=tmp_path / "halls", passphrase=PASSPHRASE, now=NOW).folder
    assert (hall / "cards/windows-1/hallcall/nodes/pads.toml").read_text() == (tmp_path / "pads.toml").read_text()
    assert (hall / "cards/kiosk-1/hallcall/nodes/logo.png").read_bytes() == b"picture"
    assert (
        'theme = "/etc/hallcall/nodes/theme.toml"' in (hall / "cards/kiosk-1/hallcall/nodes/kiosk-1.toml").read_text()
    )
    assert (hall / "theme.toml").exists()


def test_a_plan_that_is_no_toml_is_said(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text("id = ", encoding="utf-8")
    with pytest.raises(BrokenConfig, match="not TOML"):
        checked_plan(file)
