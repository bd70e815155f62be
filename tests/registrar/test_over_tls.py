"""A hall's boxes and a real registrar: joining, lost answers, strangers, renewal, revocation, rotation."""

import contextlib
import re
import shutil
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from broker.authority.issuing import certificate_pem, issuing_certificate, new_root
from broker.authority.reading import flaw, read_chain
from broker.authority.requests import read_request
from broker.invitations import ISSUING_KEY, Invitation, token_hash
from broker.joining.asking import NotAnswered, Refused, Registrar
from broker.joining.words import (
    Acts,
    Approve,
    Boxes,
    BoxState,
    Done,
    ExpectBox,
    Joined,
    RefuseSpare,
    Revoke,
    Rotate,
    Rotating,
)
from keeper.joining import Joining
from keeper.renew import main as renew
from registrar.node import findings
from tests.conftest import free_port

from .conftest import Founded, RegistrarProcess


def step(machine: Joining) -> str:
    box = machine.prepare()
    assert box is not None
    return machine.step(box)


def reason(machine: Joining) -> str:
    with pytest.raises(Refused) as refused:
        step(machine)
    return refused.value.denied.reason


def serial_of(machine: Joining, node: str = "kiosk-1") -> int:
    return read_chain(machine.papers.certificate(node).read_bytes())[0].serial_number


def revoked(founded: Founded) -> set[int]:
    """Return what the broker's list names."""
    end = b"-----END X509 CRL-----\n"
    lists = (founded.broker_dir / "mosquitto.crl").read_bytes().split(end)[:-1]
    return {each.serial_number for pem in lists for each in x509.load_pem_x509_crl(pem + end)}


def test_a_whole_hall_joins_and_no_secret_stays_behind(founded: Founded, joined: Callable[[str], Joining]) -> None:
    for box in ("dispatcher", "kiosk-east", "board-west"):
        machine = joined(box)
        told = machine.prepare()
        assert told is not None
        assert machine.has_joined(told)
    told_all = founded.technician().read("/boxes", Boxes)
    assert {each.box: each.state for each in told_all.boxes} == dict.fromkeys(
        ("board-west", "dispatcher", "kiosk-east"), BoxState.JOINED
    )
    left = [path for path in founded.folder.rglob("*") if path.is_file() and "machines" not in path.parts]
    with_key = [path for path in left if b"PRIVATE KEY" in path.read_bytes()]
    assert sorted(path.parent.name for path in with_key) == ["authority", "broker", "laptop", "state"]
    assert not (founded.card / ISSUING_KEY).exists()
    tokens = [token.encode() for token in founded.tokens.values()]
    assert not [path for path in left if any(token in path.read_bytes() for token in tokens)]


def test_the_first_answer_is_lost_and_the_second_is_the_same(founded: Founded, registrar: RegistrarProcess) -> None:
    machine = founded.machine("kiosk-east")
    box = machine.prepare()
    assert box is not None
    asked = machine.asked(box)
    first = machine.registrar(box).tell("/join", asked, Joined)
    registrar.kill_and_start()
    assert step(machine) == ""
    assert machine.papers.certificate("kiosk-1").read_text() == first.certificates["kiosk-1"]


def test_a_token_joins_one_machine_and_no_other(founded: Founded, joined: Callable[[str], Joining]) -> None:
    copied = founded.folder / "copied" / "hallcall"
    shutil.copytree(founded.card_of("kiosk-east"), copied)
    joined("kiosk-east")
    assert reason(founded.machine("thief", copied)) == "token_used"
    refusals = founded.technician().read("/refusals", Acts).acts
    assert [(each.what, each.about) for each in refusals] == [("refused /join", "token_used kiosk-east")]


def test_a_stranger_gets_nothing(founded: Founded, registrar: RegistrarProcess) -> None:
    founded.write_card("kiosk-east", founded.folder / "guessed" / "hallcall", token="f" * 32)
    assert reason(founded.machine("guesser", founded.folder / "guessed" / "hallcall")) == "wrong_token"
    assert len([line for line in registrar.lines if "BoxJoined" in line]) == 0


@pytest.mark.usefixtures("registrar")
def test_the_card_of_another_hall_does_not_join_here(founded: Founded, tmp_path: Path) -> None:
    west = Founded(tmp_path / "west", now=founded.now, port=founded.port)
    with pytest.raises(NotAnswered, match="another hall's"):
        step(west.machine("kiosk-east"))


@contextlib.contextmanager
def founded_at(folder: Path, at: datetime) -> Iterator[Founded]:
    """Yield a hall whose cards were written at another time, with its registrar at work today."""
    hall = Founded(folder, now=at, port=free_port())
    hall.machine("dispatcher").prepare()
    process = RegistrarProcess(hall)
    try:
        process.start()
        yield hall
    finally:
        process.stop()


def test_a_machine_in_the_past_is_told_to_set_its_clock(tmp_path: Path) -> None:
    with founded_at(tmp_path, datetime.now(UTC) + timedelta(days=30)) as hall:
        kiosk = hall.machine("kiosk-east")
        with pytest.raises(NotAnswered, match="set the clock"):
            step(kiosk)


def test_a_token_that_has_expired_joins_nobody(tmp_path: Path) -> None:
    with founded_at(tmp_path, datetime.now(UTC) - timedelta(days=15)) as hall:
        assert reason(hall.machine("kiosk-east")) == "token_expired"


def test_only_the_technician_sees_and_changes_the_hall(founded: Founded, joined: Callable[[str], Joining]) -> None:
    kiosk = joined("kiosk-east")
    as_kiosk = Registrar(
        host="127.0.0.1",
        root=kiosk.papers.root,
        certificate=kiosk.papers.certificate("kiosk-1"),
        key=kiosk.papers.key("kiosk-1"),
        port=founded.port,
    )
    nobody = Registrar(host="127.0.0.1", root=kiosk.papers.root, port=founded.port)
    for who in (as_kiosk, nobody):
        with pytest.raises(Refused, match="Only the technician"):
            who.read("/boxes", Boxes)
        with pytest.raises(Refused, match="Only the technician"):
            who.tell("/revoke", Revoke(box="board-west"), Done)
        with pytest.raises(Refused, match="Only the technician"):
            who.tell("/rotate", Rotate(), Rotating)


def test_a_spare_waits_until_it_is_approved_and_the_dead_box_is_revoked(
    founded: Founded, joined: Callable[[str], Joining]
) -> None:
    joined("dispatcher")
    dead = joined("kiosk-east")
    founded.spares_card(founded.folder / "spare-card" / "hallcall")
    spare = founded.machine("spare-1", founded.folder / "spare-card" / "hallcall")
    shown = step(spare)
    code = re.findall(r"code=(\d{6})", shown)[0]
    assert f"{code[:3]} {code[3:]}" in shown
    assert step(spare) == shown
    technician = founded.technician()
    assert [each.serial for each in technician.read("/boxes", Boxes).spares] == ["serial-spare-1"]
    technician.tell("/spares/approve", Approve(code=code, box="kiosk-east"), Done)
    assert "kiosk-east" in step(spare)
    old = serial_of(dead)
    assert old not in revoked(founded)
    assert step(spare) == ""
    assert old in revoked(founded)
    assert serial_of(spare) not in revoked(founded)
    box = spare.prepare()
    assert box is not None
    assert (box.box, spare.has_joined(box)) == ("kiosk-east", True)
    assert (founded.broker_dir / "written").exists()


@pytest.mark.usefixtures("registrar")
def test_a_spare_that_is_turned_away_shows_another_code(founded: Founded) -> None:
    founded.spares_card(founded.folder / "spare-card" / "hallcall")
    spare = founded.machine("spare-1", founded.folder / "spare-card" / "hallcall")
    code = re.findall(r"code=(\d{6})", step(spare))[0]
    founded.technician().tell("/spares/refuse", RefuseSpare(code=code), Done)
    assert reason(spare) == "spare_refused"
    assert re.findall(r"code=(\d{6})", step(spare))[0] != code


def test_a_box_that_is_revoked_renews_nothing_and_joins_with_a_new_card_only(
    founded: Founded, joined: Callable[[str], Joining]
) -> None:
    kiosk = joined("kiosk-east")
    technician = founded.technician()
    technician.tell("/revoke", Revoke(box="kiosk-east", why="stolen"), Done)
    assert serial_of(kiosk) in revoked(founded)
    assert renew(["--place", str(kiosk.place), "--tls", str(kiosk.papers.folder), "--port", str(founded.port)]) == 1
    invitation = Invitation(
        box="kiosk-east",
        nodes=("keeper-kiosk-east", "kiosk-1"),
        token=token_hash("a" * 32),
        expires=founded.now + timedelta(days=14),
    )
    technician.tell("/boxes", ExpectBox(invitation=invitation), Done)
    founded.write_card("kiosk-east", founded.folder / "again" / "hallcall", token="a" * 32)
    again = founded.machine("kiosk-new", founded.folder / "again" / "hallcall")
    assert step(again) == ""
    assert serial_of(again) not in revoked(founded)


def test_the_authority_is_rotated_and_every_node_renews_with_a_new_key(
    founded: Founded, joined: Callable[[str], Joining], registrar: RegistrarProcess
) -> None:
    kiosk = joined("kiosk-east")
    arguments = ["--place", str(kiosk.place), "--tls", str(kiosk.papers.folder), "--port", str(founded.port)]
    before, key = serial_of(kiosk), kiosk.papers.key("kiosk-1").read_bytes()
    assert renew(arguments) == 0
    assert serial_of(kiosk) == before
    technician = founded.technician()
    request = technician.tell("/rotate", Rotate(), Rotating).request
    later = founded.now + timedelta(seconds=90)
    made = issuing_certificate(founded.root, read_request(request.encode()), now=later)
    rotate = Rotate(certificate=certificate_pem(made).decode())
    assert technician.tell("/rotate", rotate, Rotating).request == ""
    registrar.kill_and_start()
    assert technician.tell("/rotate", rotate, Rotating).request == ""  # the answer was lost
    assert renew(arguments) == 0
    assert serial_of(kiosk) != before
    assert kiosk.papers.key("kiosk-1").read_bytes() != key
    chain = read_chain(kiosk.papers.certificate("kiosk-1").read_bytes())
    assert chain[1] == made
    assert flaw(chain, root=founded.root.certificate, now=datetime.now(UTC), node="kiosk-1") is None
    assert before not in revoked(founded)
    technician.tell("/revoke", Revoke(node="kiosk-1"), Done)
    assert {before, serial_of(kiosk)} <= revoked(founded)


def test_a_registrar_put_back_from_an_older_copy_says_who_is_not_in_its_book(
    founded: Founded, registrar: RegistrarProcess, tmp_path: Path
) -> None:
    registrar.stop()
    shutil.copytree(founded.state, tmp_path / "copy")
    registrar.start()
    kiosk = founded.machine("kiosk-east")
    assert step(kiosk) == ""
    registrar.stop()
    shutil.rmtree(founded.state)
    shutil.copytree(tmp_path / "copy", founded.state)
    registrar.start()
    assert renew(["--place", str(kiosk.place), "--tls", str(kiosk.papers.folder), "--port", str(founded.port)]) == 1
    told = founded.technician().read("/boxes", Boxes)
    assert {(each.node, each.reason) for each in told.shown} == {
        ("keeper-kiosk-east", "unknown_certificate"),
        ("kiosk-1", "unknown_certificate"),
    }
    assert "kiosk-1 at 127.0.0.1" in findings(told, datetime.now(UTC))["strangers"][1]


@pytest.mark.usefixtures("registrar")
def test_an_authority_that_the_root_did_not_sign_is_not_taken(founded: Founded) -> None:
    technician = founded.technician()
    request = technician.tell("/rotate", Rotate(), Rotating).request
    stranger = new_root("east", now=founded.now)
    made = issuing_certificate(stranger, read_request(request.encode()), now=founded.now)
    with pytest.raises(Refused, match="not taken"):
        technician.tell("/rotate", Rotate(certificate=certificate_pem(made).decode()), Rotating)


def test_the_registrar_is_killed_after_every_step_and_nothing_is_lost(
    founded: Founded, registrar: RegistrarProcess
) -> None:
    for box in ("dispatcher", "kiosk-east", "board-west"):
        assert step(founded.machine(box)) == ""
        (founded.broker_dir / "mosquitto.acl").unlink()  # the power went before it was written
        registrar.kill_and_start()
        assert "keeper-board-west" in (founded.broker_dir / "mosquitto.acl").read_text()
    told = founded.technician().read("/boxes", Boxes)
    assert {each.state for each in told.boxes} == {BoxState.JOINED}
    acts = founded.technician().read("/acts", Acts).acts
    assert [each.what for each in acts].count("BoxJoined") == 3


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\r\n\r\n",
        b"DELETE / HTTP/1.1\r\n\r\n",
        b"POST /join HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
        b"POST /join HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /join HTTP/1.1\r\nContent-Length: 3\r\n\r\n{}}",
        b"POST /join HTTP/1.1\r\nContent-Length: 2\r\n\r\n[]",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"\xff" * 100 + b"\r\n\r\n",
    ],
)
@pytest.mark.usefixtures("registrar")
def test_nonsense_gets_an_error_and_the_next_box_an_answer(founded: Founded, said: bytes) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(founded.card / "root.crt")
    with (
        socket.create_connection(("127.0.0.1", founded.port)) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        secured.sendall(said)
        if said:
            assert b" 400 " in secured.recv(100)
    assert step(founded.machine("kiosk-east")) == ""
