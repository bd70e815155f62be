"""Files that the technician changes on boxes that run: checked by the registrar, fetched by the box, taken whole."""

from collections.abc import Callable
from pathlib import Path

import pytest

from broker.invitations import HALL_FILE
from broker.joining.asking import Refused, Registrar
from broker.joining.words import Approve, Done, FilesMark, FilesTold, PutFiles, PutTold, Revoke
from keeper.joining import Joining
from keeper.put_files import taken
from keeper.take_files import main as take_files
from keeper.take_files import names

from .conftest import HALL, Founded, RegistrarProcess

KIOSK = """\
node = "kiosk-1"
hall = "east"
state_dir = "/var/lib/hallcall/state/kiosk-1"
[broker]
host = "192.168.8.2"
authority = "root.crt"
certificate = "node.crt"
key = "node.key"
[printer]
driver = "escpos"
port = "usblp:/dev/usb/lp0"
"""
OTHER = KIOSK.replace("lp0", "lp1")
FILE = "nodes/kiosk-1.toml"


def put(founded: Founded, box: str, files: dict[str, str]) -> None:
    asked = PutFiles(box=box, files={name: text.encode() for name, text in files.items()})
    founded.technician().tell("/files", asked, Done)


def told(founded: Founded, box: str) -> PutTold:
    return founded.technician().read(f"/files/told?box={box}", PutTold)


def take_now(founded: Founded, machine: Joining) -> int:
    """Do what hallcall-files@.service does; systemd is not here."""
    own = ["--place", str(machine.place), "--tls", str(machine.papers.folder), "--port", str(founded.port)]
    return take_files([*own, "--only-write"])


def keeper_tells(founded: Founded, machine: Joining) -> str:
    """Do what the box's keeper does now and then; return the mark that the registrar names."""
    as_keeper = Registrar(
        host="127.0.0.1",
        root=machine.papers.root,
        certificate=machine.papers.certificate("keeper-kiosk-east"),
        key=machine.papers.key("keeper-kiosk-east"),
        port=founded.port,
    )
    return as_keeper.read(f"/files/mark?have={taken(machine.place).mark}", FilesMark).mark


def refusal(founded: Founded, box: str, files: dict[str, str]) -> str:
    with pytest.raises(Refused) as refused:
        put(founded, box, files)
    return str(refused.value)


def test_a_box_takes_a_changed_node_file_and_the_technician_sees_it(
    founded: Founded, joined: Callable[[str], Joining]
) -> None:
    kiosk = joined("kiosk-east")
    assert keeper_tells(founded, kiosk) == ""
    put(founded, "kiosk-east", {FILE: KIOSK})
    assert keeper_tells(founded, kiosk) != ""
    assert not told(founded, "kiosk-east").taken
    assert take_now(founded, kiosk) == 0
    assert (kiosk.place / FILE).read_text() == KIOSK
    assert (kiosk.place / FILE).stat().st_mode & 0o777 == 0o640
    assert keeper_tells(founded, kiosk) == taken(kiosk.place).mark
    assert told(founded, "kiosk-east").taken


def test_the_folder_of_keys_is_only_read(founded: Founded, joined: Callable[[str], Joining]) -> None:
    kiosk = joined("kiosk-east")
    put(founded, "kiosk-east", {FILE: KIOSK})
    kiosk.papers.folder.chmod(0o500)  # its unit has it read-only
    before = kiosk.papers.folder.stat().st_ctime_ns
    assert take_now(founded, kiosk) == 0
    assert kiosk.papers.folder.stat().st_ctime_ns == before


def test_what_was_put_outlives_the_registrar(
    founded: Founded, joined: Callable[[str], Joining], registrar: RegistrarProcess
) -> None:
    kiosk = joined("kiosk-east")
    put(founded, "kiosk-east", {FILE: KIOSK})
    registrar.kill_and_start()
    assert take_now(founded, kiosk) == 0
    assert (kiosk.place / FILE).read_text() == KIOSK


def test_what_somebody_changed_on_the_box_stays_until_that_file_is_put_anew(
    founded: Founded, joined: Callable[[str], Joining]
) -> None:
    kiosk = joined("kiosk-east")
    put(founded, "kiosk-east", {FILE: KIOSK})
    take_now(founded, kiosk)
    (kiosk.place / FILE).write_text(OTHER)
    put(founded, "kiosk-east", {"nodes/theme.toml": "a theme"})
    take_now(founded, kiosk)
    assert (kiosk.place / FILE).read_text() == OTHER
    assert (kiosk.place / "nodes/theme.toml").read_text() == "a theme"
    put(founded, "kiosk-east", {FILE: KIOSK + "# a word\n"})
    take_now(founded, kiosk)
    assert (kiosk.place / FILE).read_text() == KIOSK + "# a word\n"


def test_a_file_with_errors_changes_nothing_and_its_line_is_named(
    founded: Founded, joined: Callable[[str], Joining]
) -> None:
    kiosk = joined("kiosk-east")
    said = refusal(founded, "kiosk-east", {FILE: KIOSK.replace("driver", "drivr")})
    assert "nodes/kiosk-1.toml:10: " in said
    assert "drivr" in said
    assert "/tmp" not in said  # noqa: S108 - no place of the registrar's own
    assert keeper_tells(founded, kiosk) == ""


@pytest.mark.parametrize(
    ("box", "files", "says"),
    [
        ("kiosk-east", {"hall.toml": HALL}, "on the dispatcher's box only"),
        ("kiosk-east", {"nodes/../../passwd": "root"}, "no file that can be put"),
        ("kiosk-east", {"/etc/passwd": "root"}, "no file that can be put"),
        ("kiosk-east", {"root.crt": "another"}, "no file that can be put"),
        ("kiosk-east", {FILE: KIOSK.replace('"kiosk-1"', '"kiosk-2"')}, "not the file of kiosk-1"),
        ("dispatcher", {"hall.toml": HALL.replace('"east"', '"west"', 1)}, "another hall"),
        ("dispatcher", {"hall.toml": HALL.replace("prefix", "prefx")}, "prefx"),
        ("kiosk-9", {FILE: KIOSK}, "no box kiosk-9"),
    ],
)
def test_what_cannot_be_right_is_refused(
    founded: Founded, joined: Callable[[str], Joining], box: str, files: dict[str, str], says: str
) -> None:
    joined("kiosk-east")
    assert says in refusal(founded, box, files)


def test_another_box_and_a_revoked_one_get_nothing(founded: Founded, joined: Callable[[str], Joining]) -> None:
    kiosk, board = joined("kiosk-east"), joined("board-west")
    put(founded, "kiosk-east", {FILE: KIOSK})
    papers = board.papers
    as_board = Registrar(
        host="127.0.0.1",
        root=papers.root,
        certificate=papers.certificate("keeper-board-west"),
        key=papers.key("keeper-board-west"),
        port=founded.port,
    )
    assert as_board.read("/files", FilesTold).files == {}
    with pytest.raises(Refused, match="Only the technician"):
        as_board.tell("/files", PutFiles(box="board-west", files={}), Done)
    founded.technician().tell("/revoke", Revoke(box="kiosk-east"), Done)
    assert take_now(founded, kiosk) == 1
    assert (kiosk.place / FILE).read_text() != KIOSK


def test_a_spare_gets_the_newest_files(founded: Founded, joined: Callable[[str], Joining]) -> None:
    joined("kiosk-east")
    put(founded, "kiosk-east", {FILE: KIOSK})
    founded.spares_card(founded.folder / "spare-card" / "hallcall")
    spare = founded.machine("spare-1", founded.folder / "spare-card" / "hallcall")
    for _ in range(3):
        box = spare.prepare()
        assert box is not None
        shown = spare.step(box)
        if "code=" in shown:
            code = shown.partition("code=")[2][:6]
            founded.technician().tell("/spares/approve", Approve(code=code, box="kiosk-east"), Done)
    assert shown == ""
    assert (spare.place / FILE).read_text() == KIOSK


def test_the_dispatchers_box_takes_hall_toml_and_rights_follow_it(
    founded: Founded, joined: Callable[[str], Joining]
) -> None:
    dispatcher = joined("dispatcher")
    grown = HALL.replace('{ id = "desk"', '{ id = "kiosk-2", role = "kiosk" }, { id = "desk"')
    put(founded, "dispatcher", {str(HALL_FILE): grown})
    assert "user kiosk-2" not in (founded.broker_dir / "mosquitto.acl").read_text()
    assert take_now(founded, dispatcher) == 0
    assert (founded.card / HALL_FILE).read_text() == grown
    answer = told(founded, "dispatcher")
    assert not answer.in_force  # no dispatcher runs here
    assert "user kiosk-2" in (founded.broker_dir / "mosquitto.acl").read_text()


def test_nodes_whose_file_changed_or_names_one_that_did_start_anew(tmp_path: Path) -> None:
    file = tmp_path / "kiosk-1.toml"
    file.write_text('[screen]\ntheme = "/etc/hallcall/nodes/theme.toml"\n')
    assert names(file, ["nodes/kiosk-1.toml"])
    assert names(file, ["nodes/theme.toml"])
    assert not names(file, ["nodes/board-1.toml", "hall.toml"])
