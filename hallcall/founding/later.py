"""`hallcall hall` on a hall that runs: what the technician asks of its registrar, from any place in its network."""

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Final

from broker.authority.issuing import Authority, certificate_pem, issuing_certificate
from broker.authority.keys import BadKey
from broker.authority.requests import BadRequest, read_request
from broker.authority.safe import WrongPassphrase
from broker.box_file import load_box
from broker.contract.messages import Language
from broker.invitations import BOX_FILE
from broker.joining import words
from broker.joining.asking import NotAnswered, Refused, Registrar, in_words
from broker.strict_toml import BrokenConfig
from broker.technician.pin import drawn

from ..terminal import columns, filled
from . import authority, growing, leaving, passphrase, putting, witness
from .folder import CARD_FOLDER, CARDS, PLAN_FILE, write_files
from .init import Console
from .interview import Interview
from .plan import DISPATCHER_BOX, ROLES
from .questions import usual_language
from .refusals import said
from .technician import at_registrar, dispatchers_box
from .write import add_hall

Act = Callable[["Visit", argparse.Namespace], None]
ACTS: Final = 20
CODE_DIGITS: Final = 6


class Visit:
    """One question to a hall's registrar, or to the hall's own folder."""

    def __init__(self, ask: Interview, options: argparse.Namespace) -> None:
        self.ask = ask
        self.hall: Path = options.hall
        self.now = datetime.now(UTC)
        self._options = options
        self._passphrase = ""
        self._looked = False

    @property
    def passphrase(self) -> str:
        """The authority's passphrase; asked for once."""
        self._passphrase = self._passphrase or passphrase.known(self.ask, self._options.passphrase_file)
        return self._passphrase

    @contextmanager
    def registrar(self, *, look: bool = True) -> Iterator[Registrar]:
        """Give the registrar; the first time its book is compared with what it said before."""
        options = self._options
        if not options.at and not dispatchers_box(self.hall).is_file():
            raise authority.NoAuthority(self.ask.words("no_address"))
        with at_registrar(self.hall, passphrase=self.passphrase, host=options.at, port=options.port) as registrar:
            if look and not self._looked:
                self._looked = True
                self._look(registrar)
            yield registrar

    def _look(self, registrar: Registrar) -> None:
        """Say what the book does not know any more, because it was put back from an older copy."""
        seen = witness.look(registrar, self.hall / authority.FOLDER)
        if seen.first_lost:
            self.note("the registrar was put back from an older copy", lost=str(len(seen.lost)))
        if seen.lost:
            self.ask.say("lost_acts", since=f"{seen.lost[0].at.astimezone():%Y-%m-%d %H:%M}")
        for key, about in witness.advice(seen.lost):
            self.ask.say(key, about=about)

    def note(self, what: str, **about: str) -> None:
        authority.note(self.hall / authority.FOLDER, what, now=self.now, **about)


def boxes(visit: Visit, _: argparse.Namespace) -> None:
    """Show which boxes have joined, until when, and which spares wait."""
    with visit.registrar() as registrar:
        told = registrar.read("/boxes", words.Boxes)
    ask = visit.ask
    table = [tuple(ask.words("boxes_head").split("|"))]
    for box in told.boxes:
        ends = [node.until for node in box.nodes if node.until is not None]
        until = f"{min(ends):%Y-%m-%d}" if ends else "-"
        table.append((box.box, ask.words(f"state_{box.state.value}", box=box.box), until))
    wide = [max(map(columns, each)) for each in zip(*table, strict=True)]
    for row in table:
        ask.line("  ".join(filled(cell, width) for cell, width in zip(row, wide, strict=True)).rstrip())
    for shown in told.shown:
        at = shown.at.astimezone()
        ask.say(f"shown_{shown.reason}", node=shown.node, address=shown.address, at=f"{at:%m-%d %H:%M}")
    for spare in told.spares:
        ask.say("spares_wait", serial=spare.serial, address=spare.address)
    if told.waiting > len(told.spares):
        ask.say("spares_flood", count=told.waiting)
    if told.issuing_until is not None:
        ask.say("issuing_until", date=f"{told.issuing_until:%Y-%m-%d}")


def add(visit: Visit, options: argparse.Namespace) -> None:
    """Invite a new box: it stands in hall-plan.toml, or is what its --role usually is."""
    growing.check_is_new(visit.hall, options.box)
    plan = visit.hall / PLAN_FILE
    before = plan.read_text(encoding="utf-8") if plan.is_file() else ""
    if options.role is not None:
        write_files(
            visit.hall,
            {
                PurePosixPath(PLAN_FILE): growing.with_role(
                    visit.hall, options.box, options.role, options.address
                ).encode()
            },
        )
    elif options.address:
        raise growing.CannotGrow(f"--address goes with --role; else write it into {PLAN_FILE}")
    try:
        new = growing.newcomer(visit.hall, plan, options.box, now=visit.now)
        if new.invitation.nodes:
            _expect(visit, new)
    except BaseException:
        if options.role is not None:
            write_files(visit.hall, {PurePosixPath(PLAN_FILE): before.encode()})
        raise
    growing.take_in(visit.hall, options.box, new)
    visit.note("box added", box=options.box)
    if new.pin:
        visit.ask.say("pin_new", pin=new.pin)
    if new.technician_pin:
        visit.ask.say("technician_pin_once", pin=new.technician_pin)
    visit.ask.say("box_expected", box=options.box)
    if not load_box(visit.hall / CARDS / options.box / CARD_FOLDER / BOX_FILE).address:
        visit.ask.say("box_by_router", box=options.box)
    if new.invitation.nodes:
        _hall_in_force(visit, options)


def _hall_in_force(visit: Visit, options: argparse.Namespace) -> None:
    try:
        putting.put_hall(visit.ask, visit.hall, visit.registrar, wait_s=options.wait)
    except putting.NotTaken as error:  # what was done before holds all the same
        visit.ask.line(f"{error} (hallcall hall put)")


def remove(visit: Visit, options: argparse.Namespace) -> None:
    """Take a box out of the hall for good: revoked, and out of hall-plan.toml, hall.toml and the cards."""
    leaving.check_can_leave(visit.hall, options.box)
    nodes = load_box(visit.hall / CARDS / options.box / CARD_FOLDER / BOX_FILE).nodes
    if nodes:  # a spare has nothing to be revoked
        with visit.registrar() as registrar:
            registrar.tell("/revoke", words.Revoke(box=options.box, why=options.why), words.Done)
    leaving.take_out(visit.hall, options.box)
    visit.note("box removed", box=options.box, why=options.why)
    visit.ask.say("box_removed", box=options.box)
    if nodes:
        _hall_in_force(visit, options)


def replace(visit: Visit, options: argparse.Namespace) -> None:
    """Invite another machine in the place of a box: a new token, and its card to be written."""
    new = growing.another_machine(visit.hall, options.box, now=visit.now)
    _expect(visit, new)
    growing.take_in(visit.hall, options.box, new)
    visit.note("box invited again", box=options.box)
    visit.ask.say("box_expected", box=options.box)


def _expect(visit: Visit, new: growing.Newcomer) -> None:
    files = {name.as_posix(): content for name, content in new.files.items()}
    with visit.registrar() as registrar:
        registrar.tell("/boxes", words.ExpectBox(invitation=new.invitation, files=files), words.Done)


def put(visit: Visit, options: argparse.Namespace) -> None:
    """Take the folder's hall.toml into force; with --box, a box's node files as its card has them."""
    if options.box:
        putting.put_box(visit.ask, visit.hall, options.box, visit.registrar, wait_s=options.wait)
    else:
        putting.put_hall(visit.ask, visit.hall, visit.registrar, wait_s=options.wait)
    visit.note("files put", box=options.box or DISPATCHER_BOX)


def pin(visit: Visit, _: argparse.Namespace) -> None:
    """Give all boxes another technician's PIN, as when the paper with it is lost."""
    new = drawn()
    putting.put_pin(visit.ask, visit.hall, visit.registrar, pin=new)
    visit.note("technician's PIN changed")
    visit.ask.say("technician_pin_once", pin=new)


def revoke(visit: Visit, options: argparse.Namespace) -> None:
    """Let a box, or one node, belong to the hall no longer; its connections end at once."""
    asked = (
        words.Revoke(node=options.box, why=options.why)
        if options.node
        else words.Revoke(box=options.box, why=options.why)
    )
    _told(visit, "/revoke", asked)
    visit.note("revoked", **{"node" if options.node else "box": options.box}, why=options.why)


def approve(visit: Visit, options: argparse.Namespace) -> None:
    """Let the spare that shows a code take the place of a box."""
    _told(visit, "/spares/approve", words.Approve(code=options.code, box=options.box))
    visit.note("spare approved", box=options.box)


def refuse(visit: Visit, options: argparse.Namespace) -> None:
    """Turn the spare away that shows a code."""
    _told(visit, "/spares/refuse", words.RefuseSpare(code=options.code))
    visit.note("spare refused")


def _told(visit: Visit, path: str, asked: words.Asked) -> None:
    with visit.registrar() as registrar:
        done = registrar.tell(path, asked, words.Done)
    visit.ask.line(f"{visit.ask.words('done')} {done.detail}".rstrip())


def renew(visit: Visit, options: argparse.Namespace) -> None:
    """Make the technician's own certificate anew. Boxes renew theirs by themselves."""
    folder = visit.hall / authority.FOLDER
    root = authority.opened(folder, authority.ROOT, passphrase=visit.passphrase)
    generation = authority.technician_generation(folder)
    _write_technician(visit, root, generation)
    if options.lost:
        with visit.registrar(look=False) as registrar:  # which may know of a later one than this copy
            known = registrar.read("/technician", words.TechnicianTold).generation
        _write_technician(visit, root, max(known, generation) + 1)
        with visit.registrar() as registrar:
            registrar.read("/boxes", words.Boxes)  # by this it knows that those before count no longer
        visit.ask.say("technician_lost")
    visit.note("technician renewed", **({"before": "lost"} if options.lost else {}))
    visit.ask.say("technician_renewed", date=f"{authority.technician_until(folder):%Y-%m-%d}")


def _write_technician(visit: Visit, root: Authority, generation: int) -> None:
    made = authority.new_technician(root, passphrase=visit.passphrase, now=visit.now, generation=generation)
    write_files(visit.hall / authority.FOLDER, made)


def rotate(visit: Visit, _: argparse.Namespace) -> None:
    """Give the hall a new issuing authority; boxes renew under it within a day, and nothing stops."""
    root = authority.opened(visit.hall / authority.FOLDER, authority.ROOT, passphrase=visit.passphrase)
    with visit.registrar() as registrar:
        asked = registrar.tell("/rotate", words.Rotate(), words.Rotating)
        made = issuing_certificate(root, read_request(asked.request.encode()), now=visit.now)
        registrar.tell("/rotate", words.Rotate(certificate=certificate_pem(made).decode()), words.Rotating)
    write_files(visit.hall / authority.FOLDER, {PurePosixPath("issuing.crt"): certificate_pem(made)})
    visit.note("issuing authority rotated", until=f"{made.not_valid_after_utc:%Y-%m-%d}")
    visit.ask.say("issuing_until", date=f"{made.not_valid_after_utc:%Y-%m-%d}")


def acts(visit: Visit, _: argparse.Namespace) -> None:
    """Show the last acts in the registrar's book: when, who, what."""
    found: list[words.Act] = []
    with visit.registrar() as registrar:
        while new := registrar.read(f"/acts?after={found[-1].number if found else 0}", words.Acts).acts:
            found += new
    for act in found[-ACTS:]:
        visit.ask.line(f"{act.at:%Y-%m-%d %H:%M:%S}  {act.who}  {act.what}  {act.about}")


def _with(*more: tuple[str, dict[str, object]]) -> Callable[[argparse.ArgumentParser], None]:
    def add_to(parser: argparse.ArgumentParser) -> None:
        for name, about in more:
            parser.add_argument(name, **about)  # type: ignore[arg-type]

    return add_to


def _code(text: str) -> str:
    """Return a spare's code, which stands on its screen with a space in the middle."""
    code = text.replace(" ", "")
    if not (code.isascii() and code.isdecimal() and len(code) == CODE_DIGITS):
        raise argparse.ArgumentTypeError(f'{text}: the code has six digits, such as 482913 or "482 913"')
    return code


def _new_box(text: str) -> str:
    if not _BOX_NAME.match(text):
        raise argparse.ArgumentTypeError(f"{text}: a box's name has small letters, digits and -, at most 24 of them")
    return text


_BOX_NAME: Final = re.compile(r"^[a-z0-9]([a-z0-9-]{0,22}[a-z0-9])?$")
_NEW_BOX: Final[tuple[str, dict[str, object]]] = (
    "box",
    {"type": _new_box, "metavar": "BOX", "help": "its name, such as board-2"},
)
_BOX: Final[tuple[str, dict[str, object]]] = ("box", {"metavar": "BOX", "help": "name of the box"})
_CODE: Final[tuple[str, dict[str, object]]] = (
    "code",
    {"type": _code, "metavar": "CODE", "help": "the six digits on the spare's screen"},
)
_ROLE: Final[tuple[str, dict[str, object]]] = (
    "--role",
    {"choices": [*ROLES, growing.SPARE], "help": "left out: as hall-plan.toml says"},
)
_ADDRESS: Final[tuple[str, dict[str, object]]] = (
    "--address",
    {"default": "", "metavar": "ADDRESS", "help": "such as 192.168.8.21/24; left out: the hall's next, or by DHCP"},
)
_WAIT: Final[tuple[str, dict[str, object]]] = (
    "--wait",
    {"type": float, "default": putting.PATIENCE_S, "metavar": "SECONDS", "help": "for the hall to have taken it"},
)
_OF_BOX: Final[tuple[str, dict[str, object]]] = ("--box", {"default": "", "metavar": "BOX", "help": "this box's files"})
_LOST: Final[tuple[str, dict[str, object]]] = (
    "--lost",
    {"action": "store_true", "help": "a laptop is lost: the certificates before count no longer; needs the hall"},
)
_WHY: Final[tuple[str, dict[str, object]]] = ("--why", {"default": "", "help": "for the book"})
_NODE: Final[tuple[str, dict[str, object]]] = ("--node", {"action": "store_true", "help": "BOX is a single node's id"})
LATER: Final[dict[str, tuple[Act, Callable[[argparse.ArgumentParser], None]]]] = {
    "boxes": (boxes, _with()),
    "add": (add, _with(_NEW_BOX, _ROLE, _ADDRESS, _WAIT)),
    "put": (put, _with(_OF_BOX, _WAIT)),
    "pin": (pin, _with()),
    "replace": (replace, _with(_BOX)),
    "revoke": (revoke, _with(_BOX, _NODE, _WHY)),
    "remove": (remove, _with(_BOX, _WHY, _WAIT)),
    "approve": (approve, _with(_CODE, _BOX)),
    "refuse": (refuse, _with(_CODE)),
    "renew": (renew, _with(_LOST)),
    "rotate": (rotate, _with()),
    "acts": (acts, _with()),
}


def command(name: str) -> Callable[[Sequence[str]], int]:
    """Return one of these as a command of its own."""
    act, add_arguments = LATER[name]

    def main(arguments: Sequence[str]) -> int:
        parser = argparse.ArgumentParser(prog=f"hallcall hall {name}", description=act.__doc__)
        add_arguments(parser)
        parser.add_argument(
            "--at", default="", metavar="HOST", help="where the registrar is; left out: the dispatcher's box"
        )
        parser.add_argument("--port", type=int, default=words.PORT, help=f"its port; left out: {words.PORT}")
        add_hall(parser)
        options = parser.parse_args(arguments)
        language = Language(options.lang) if options.lang else usual_language(os.environ)
        try:
            act(Visit(Interview(Console(), language), options), options)
        except Refused as refused:
            return _failed(name, in_words(refused.denied, language))
        except (KeyboardInterrupt, EOFError):
            return 130
        except _SAID as error:
            return _failed(name, said(error, language))
        return 0

    return main


def what(name: str) -> str:
    """Return what a command does, in a line."""
    return (LATER[name][0].__doc__ or "").splitlines()[0]


_SAID: Final = (
    NotAnswered,
    BrokenConfig,
    WrongPassphrase,
    BadKey,
    BadRequest,
    authority.NoAuthority,
    growing.CannotGrow,
    putting.NotTaken,
    passphrase.NoPassphrase,
)


def _failed(name: str, why: str) -> int:
    sys.stderr.write(f"hallcall hall {name}: {why}\n")
    return 1
