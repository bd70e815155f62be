"""Strangers and thieves at the registrar's door: whatever they send, the next box is answered."""

import base64
import contextlib
import itertools
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import structs

from broker.authority.issuing import (
    Authority,
    addresses_of,
    chain_pem,
    node_certificate,
    server_certificate,
    technician_certificate,
)
from broker.authority.keys import key_pem, new_key
from broker.authority.reading import read_chain
from broker.authority.requests import BadRequest, read_request, request_pem
from broker.config import RegistrarFile, load_node
from broker.joining.asking import Refused, Registrar
from broker.joining.words import Acts, Approve, Boxes, Done, Due, Renew, Renewed, TechnicianTold
from keeper.joining import Joining
from registrar.__main__ import own_names
from registrar.node import findings
from registrar.register import SPARES_TOLD
from registrar.server import OF_AN_ADDRESS, OF_STRANGERS
from registrar.spares import OF_AN_ADDRESS as A_FEW

from .conftest import Founded, RegistrarProcess

TOKEN = "f" * 32


def secured(founded: Founded, address: str = "127.0.0.1") -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(founded.card / "root.crt")
    plain = socket.create_connection(("127.0.0.1", founded.port), timeout=5, source_address=(address, 0))
    return context.wrap_socket(plain, server_hostname="127.0.0.1")


def told(founded: Founded, path: str, body: bytes) -> int:
    """Return the status that a body gets."""
    with secured(founded) as door:
        door.sendall(f"POST {path} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        return int(door.recv(4096).split()[1])


def with_another_version() -> str:
    """Return a request for a certificate whose version no standard knows."""
    body = bytearray(base64.b64decode(b"".join(request_pem(new_key(), node="kiosk-1").splitlines()[1:-1])))
    body[body.index(b"\x02\x01\x00") + 2] = 85
    coded = base64.encodebytes(bytes(body)).decode()
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{coded}-----END CERTIFICATE REQUEST-----\n"


def join(**other: object) -> bytes:
    return json.dumps({"hall": "east", "box": "kiosk-east", "token": TOKEN, "requests": {}} | other).encode()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/join", join().replace(b"east", b"\xff\xfe")),
        ("/spare", b'{"hall": "\xed\xa0\x80"}'),
        ("/join", b'{"requests": ' + b"[" * 200_000),
        ("/join", join(requests={"kiosk-1": with_another_version()})),
        ("/join", join(requests={"kiosk-1": "\ud800"})),
        ("/join", join(requests={f"n{number}": "x" * 4096 for number in range(41)})),
    ],
)
def test_what_no_box_would_send_is_refused_and_the_registrar_lives_on(
    founded: Founded, registrar: RegistrarProcess, path: str, body: bytes
) -> None:
    assert told(founded, path, body) in {400, 403}
    machine = founded.machine("kiosk-east")
    box = machine.prepare()
    assert box is not None
    assert machine.step(box) == ""
    assert registrar.stop() == 0


def test_no_byte_in_a_request_for_a_certificate_brings_anything_but_a_refusal() -> None:
    body = base64.b64decode(b"".join(request_pem(new_key(), node="kiosk-1").splitlines()[1:-1]))
    for place, other in itertools.product(range(len(body)), (0, 85, 255)):
        changed = bytes([*body[:place], other, *body[place + 1 :]])
        pem = b"-----BEGIN CERTIFICATE REQUEST-----\n" + base64.encodebytes(changed)
        with contextlib.suppress(BadRequest):
            read_request(pem + b"-----END CERTIFICATE REQUEST-----\n")


@contextlib.contextmanager
def silent(founded: Founded, count: int, addresses: Iterator[str]) -> Iterator[None]:
    """Keep so many connections open that say nothing."""
    with contextlib.ExitStack() as doors:
        for _ in range(count):
            doors.enter_context(secured(founded, next(addresses)))
        yield


def test_one_who_holds_every_door_he_gets_keeps_nobody_out(founded: Founded, joined: Callable[[str], Joining]) -> None:
    joined("dispatcher")
    with silent(founded, OF_AN_ADDRESS + 5, itertools.repeat("127.0.0.66")):
        joined("kiosk-east")
    many = itertools.cycle([f"127.0.0.{number}" for number in range(70, 80)])
    with silent(founded, OF_STRANGERS + 20, many):
        joined("board-west")
        assert founded.technician().read("/boxes", Boxes).boxes
    each_his_own = (f"127.0.1.{number}" for number in range(1, 250))
    with silent(founded, OF_STRANGERS + 20, each_his_own):
        assert asked_for_place(founded, "a" * 32, "482913", "127.0.0.1") == 200


def asked_for_place(founded: Founded, token: str, code: str, address: str) -> int:
    """Return the status that a spare gets."""
    body = json.dumps({"hall": "east", "serial": "s-1", "code": code, "token": token}).encode()
    with secured(founded, address) as door:
        door.sendall(f"POST /spare HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        return int(door.recv(4096).split()[1])


@pytest.mark.usefixtures("registrar")
def test_a_flood_of_spares_keeps_no_spare_out_and_is_told(founded: Founded) -> None:
    rogues = itertools.count(1)

    def flood() -> None:
        for number in itertools.islice(rogues, 60):
            asked_for_place(founded, f"{number:032x}", f"{number:06}", f"127.0.2.{number % 12 + 1}")

    flood()
    assert asked_for_place(founded, "a" * 32, "482913", "127.0.0.1") == 200
    flood()
    technician = founded.technician()
    told = technician.read("/boxes", Boxes)
    assert (len(told.spares), told.waiting) == (SPARES_TOLD, 12 * A_FEW + 1)
    assert findings(told, told.spares[0].since)["spares"][1].startswith("49 machines ask for a place")
    technician.tell("/spares/approve", Approve(code="482913", box="kiosk-east"), Done)
    assert [each.what for each in technician.read("/acts", Acts).acts][-2:] == ["SpareAsked", "SpareGiven"]
    assert not [each for each in technician.read("/acts", Acts).acts if "127.0.2." in each.who]


def thief(founded: Founded, folder: Path, signer: Authority, node: str, serial: int | None = None) -> Registrar:
    """Return one who has an authority's key, and certifies himself."""
    key = new_key()
    made = node_certificate(signer, key.public_key(), node=node, now=founded.now, serial=serial)
    return showing(founded, folder, chain_pem(made, signer.certificate), key_pem(key))


def showing(founded: Founded, folder: Path, chain: bytes, key: bytes) -> Registrar:
    """Return one who shows this certificate."""
    folder.mkdir()
    (folder / "own.crt").write_bytes(chain)
    (folder / "own.key").write_bytes(key)
    at = founded.card / "root.crt"
    return Registrar(
        host="127.0.0.1", root=at, certificate=folder / "own.crt", key=folder / "own.key", port=founded.port
    )


def test_who_stole_the_issuing_key_is_neither_technician_nor_any_node_before_the_registrar(
    founded: Founded, joined: Callable[[str], Joining], tmp_path: Path
) -> None:
    kiosk = joined("kiosk-east")
    serial = read_chain(kiosk.papers.certificate("kiosk-1").read_bytes())[0].serial_number
    with pytest.raises(Refused) as refused:
        thief(founded, tmp_path / "a", founded.issuing, "technician").read("/boxes", Boxes)
    assert refused.value.denied.reason == "technician_only"
    forged = thief(founded, tmp_path / "b", founded.issuing, "kiosk-1", serial)
    for ask in (
        lambda: forged.read("/due", Due),
        lambda: forged.tell("/renew", Renew(request=request_pem(new_key(), node="kiosk-1").decode()), Renewed),
    ):
        with pytest.raises(Refused) as refused:
            ask()
        assert refused.value.denied.reason == "unknown_certificate"
    assert kiosk.papers.has("kiosk-1")


@pytest.mark.parametrize("generation", [5, 10**4000])
def test_who_stole_the_issuing_key_gives_nobodys_laptop_up_for_lost(
    founded: Founded, registrar: RegistrarProcess, tmp_path: Path, generation: int
) -> None:
    key, signer, at = new_key(), founded.issuing, founded.now
    made = technician_certificate(signer, key.public_key(), node="technician", now=at, days=1, generation=generation)
    posed = showing(founded, tmp_path / "posed", chain_pem(made, signer.certificate), key_pem(key))
    with pytest.raises(Refused) as refused:
        posed.read("/technician", TechnicianTold)
    assert refused.value.denied.reason == "technician_only"
    assert founded.technician().read("/technician", TechnicianTold).generation == 0
    assert registrar.stop() == 0


def test_an_address_that_may_be_written_in_several_ways_needs_one_certificate_and_not_one_every_half_minute(
    founded: Founded, tmp_path: Path
) -> None:
    box = tmp_path / "box.toml"
    box.write_text(
        founded.box_text("dispatcher").replace("127.0.0.1", "FD00:0::02") + 'nodes = ["keeper-dispatcher"]\n'
    )
    file = load_node(founded.card_of("dispatcher") / "nodes" / "registrar.toml", RegistrarFile)
    names = own_names(structs.replace(file, box_file=str(box)))
    made = server_certificate(founded.issuing, new_key().public_key(), node="broker", addresses=names, now=founded.now)
    assert addresses_of(made) == set(names)


@pytest.mark.usefixtures("registrar")
def test_links_on_a_card_bring_nothing_of_the_machine_into_the_hall_and_what_they_name_is_not_erased(
    founded: Founded, tmp_path: Path
) -> None:
    mine, card = tmp_path / "shadow", founded.card_of("kiosk-east")
    mine.write_text("root:")
    (card / "nodes" / "shadow.toml").symlink_to(mine)
    machine = founded.machine("kiosk-east")
    box = machine.prepare()
    assert box is not None
    assert machine.step(box) == ""
    assert mine.read_text() == "root:"
    assert not (machine.place / "nodes" / "shadow.toml").exists()
    assert not (card / "nodes").exists()
