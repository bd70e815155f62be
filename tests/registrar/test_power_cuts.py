"""The power goes at a change that joining makes to card and disk; the next start goes on, and the box joins.

At every fifth change; HALLCALL_EVERY=1 tries them all, which takes minutes.
"""

import os
import re
import shutil
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from broker.authority.issuing import certificate_pem, issuing_certificate
from broker.authority.keys import read_key
from broker.authority.reading import flaw, read_chain
from broker.authority.requests import read_request
from broker.invitations import Invitation, token_hash
from broker.joining.words import Approve, Done, ExpectBox, Rotate, Rotating
from keeper.joining import Joining
from keeper.renew import main as renew

from .conftest import BOXES_OF_HALL, Founded, RegistrarProcess

BOX: Final = "kiosk-east"
CUT: Final = 9  # exit code of a child whose power went
CHANGES: Final = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate"})
MOST: Final = 200
EVERY: Final = int(os.environ.get("HALLCALL_EVERY", "5"))

_cut_at: list[int] = []
_below: list[str] = []


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    """End this process, with nothing tidied up, at the so-manieth change of a file below a folder."""
    if not _cut_at:
        return
    if event == "open":
        path, _, flags = arguments
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)
    else:
        path, writes = (arguments or ("",))[0], event in CHANGES
    if writes and str(path).startswith(_below[0]):
        _cut_at[0] -= 1
        if _cut_at[0] == 0:
            os._exit(CUT)


sys.addaudithook(_hook)


def cut_at(number: int, below: Path, act: Callable[[], object]) -> bool:
    """Do something in a child whose power goes at its so-manieth change; tell whether it went."""
    child = os.fork()
    if child == 0:
        _below[:], _cut_at[:] = [str(below)], [number]
        try:
            act()
        except BaseException:  # noqa: BLE001 - a child must not come back into pytest
            os._exit(2)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in {0, CUT}
    return code == CUT


def go_on(machine: Joining) -> None:
    box = machine.prepare()
    assert box is not None
    machine.step(box)


def is_whole(founded: Founded, machine: Joining, number: int, secret: str) -> None:
    """Assert that a box has joined, each key with its certificate, and that nothing of its way is left."""
    box = machine.prepare()
    assert box is not None
    assert machine.has_joined(box), number
    for node in BOXES_OF_HALL[BOX]:
        chain, key = machine.papers.certificate(node).read_bytes(), machine.papers.key(node).read_bytes()
        now = founded.now + timedelta(minutes=5)
        found = flaw(read_chain(chain), root=founded.root.certificate, now=now, node=node, key=read_key(key))
        assert found is None, (number, found)
    folders = (machine.card, machine.place, machine.papers.folder)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in files if secret.encode() in path.read_bytes()], number
    assert not [path for path in files if path.suffix in {".next", ".pair"}], number
    assert {path.name for path in machine.place.rglob("*.toml")} == {
        "box.toml",
        *(f"{node}.toml" for node in BOXES_OF_HALL[BOX]),
    }


def test_a_box_joins_whenever_the_power_goes(founded: Founded, registrar: RegistrarProcess) -> None:
    technician = founded.technician()
    for number in range(1 + EVERY // 2, MOST, EVERY):
        token = f"{number:032x}"
        expires = founded.now + timedelta(days=1)
        invitation = Invitation(box=BOX, nodes=BOXES_OF_HALL[BOX], token=token_hash(token), expires=expires)
        technician.tell("/boxes", ExpectBox(invitation=invitation), Done)
        card = founded.folder / "cut" / str(number) / "hallcall"
        founded.write_card(BOX, card, token=token)
        machine = founded.machine(f"cut-{number}", card)
        went = cut_at(number, founded.folder, lambda machine=machine: go_on(machine))  # type: ignore[misc]
        go_on(machine)
        is_whole(founded, machine, number, token)
        if not went:
            break
    assert 30 < number < MOST
    assert len([line for line in registrar.lines if ": refused " in line]) == 0


def test_a_spare_takes_its_place_whenever_the_power_goes(founded: Founded, joined: Callable[[str], Joining]) -> None:
    joined(BOX)
    technician = founded.technician()
    for number in range(1 + EVERY // 2, MOST, EVERY):
        card = founded.folder / "cut" / str(number) / "hallcall"
        founded.spares_card(card)
        spare = founded.machine(f"cut-{number}", card)
        box = spare.prepare()
        assert box is not None
        code = re.findall(r"code=(\d{6})", spare.step(box))[0]
        technician.tell("/spares/approve", Approve(code=code, box=BOX), Done)

        def until_joined(spare: Joining = spare) -> None:
            go_on(spare)
            go_on(spare)

        went = cut_at(number, founded.folder, until_joined)
        until_joined()
        is_whole(founded, spare, number, "no secret")
        shutil.rmtree(card)
        if not went:
            break
    assert 20 < number < MOST


def test_a_renewal_is_whole_whenever_the_power_goes(founded: Founded, joined: Callable[[str], Joining]) -> None:
    kiosk, technician = joined(BOX), founded.technician()
    arguments = ["--place", str(kiosk.place), "--tls", str(kiosk.papers.folder), "--port", str(founded.port)]
    for number in range(1 + EVERY // 2, MOST, EVERY):
        request = technician.tell("/rotate", Rotate(), Rotating).request
        later = founded.now + timedelta(seconds=number)
        made = issuing_certificate(founded.root, read_request(request.encode()), now=later)
        technician.tell("/rotate", Rotate(certificate=certificate_pem(made).decode()), Rotating)
        went = cut_at(number, founded.folder, lambda: renew(arguments))
        assert renew(arguments) == 0
        is_whole(founded, kiosk, number, "no secret")
        assert read_chain(kiosk.papers.certificate("kiosk-1").read_bytes())[1] == made
        if not went:
            break
    assert 10 < number < MOST
