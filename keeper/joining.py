"""How a box joins its hall, step by step: each may be cut off by the power, and the next start goes on from there.

`step` does all that can be done just now, and says what it waits for. What a box is, is told by its files alone: no box
file: nothing to do; a token: it wants to join; a spare without a token: it shows a code; else it has joined.
"""

import ipaddress
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from broker.box_file import BoxFile, load_box
from broker.contract.messages import Language
from broker.erasing import erase, finish_erasing
from broker.invitations import BOX_FILE, REGISTRAR, TOKEN_BYTES
from broker.joining.asking import Refused, Registrar, in_words
from broker.joining.words import PORT, AskSpare, Join, Joined, SpareTold
from broker.whole_files import replace_file

from .big_digits import big
from .card import checked_root, forget_founding, settle_in, take_card
from .papers import Papers

REGISTRAR_NODE: Final = REGISTRAR.name
HERE: Final = "127.0.0.1"
CABLES: Final = "en* eth* host0"  # the last is a container's
CODE_AGAIN: Final = frozenset({"code_taken", "spare_refused", "place_taken"})


class SpareCard(Struct, frozen=True, kw_only=True):
    """What a spare drew, and keeps until it has a place."""

    code: str
    token: str


@dataclass(frozen=True, kw_only=True)
class Joining:
    """One box. `serial` is the machine's, for the technician's eyes."""

    card: Path
    place: Path
    papers: Papers
    serial: str
    port: int = PORT

    def prepare(self) -> BoxFile | None:
        """Take the card and finish what was begun; return what this box is, None for none. Raises BadCard."""
        for folder in (self.papers.folder, self.place, self.card):
            finish_erasing(folder)
        take_card(self.card, self.place, self.papers)
        path = self.place / BOX_FILE
        if not path.exists():
            return None
        if not self._token.exists():  # while it is there, the keys that were asked with must stay
            self.papers.settle()
        box = load_box(path)
        checked_root(self.place, box)
        return box

    @property
    def _token(self) -> Path:
        return self.papers.folder / "token"

    @property
    def _spare(self) -> Path:
        return self.papers.folder / "spare.json"

    def has_joined(self, box: BoxFile) -> bool:
        return not self._token.exists() and not box.spare and all(map(self.papers.has, asking(box)))

    def is_dispatchers(self, box: BoxFile) -> bool:
        return REGISTRAR_NODE in box.nodes

    def step(self, box: BoxFile) -> str:
        """Ask once; return what is waited for, in both languages, or nothing when the box has joined.

        Raises NotAnswered, Refused, BadCard.
        """
        if box.spare:
            return self._ask_for_place(box)
        if self._token.exists():
            self._join(box)
        elif not self.has_joined(box):
            return (
                f"{box.box}：卡上没有入厅口令，本机也没有证书。请重新写卡：hallcall hall replace {box.box}\n"
                f"{box.box}: no token on the card, and no certificates here. Write its card anew: "
                f"hallcall hall replace {box.box}"
            )
        if self.is_dispatchers(box):
            forget_founding(self.place)
        return ""

    def registrar(self, box: BoxFile) -> Registrar:
        """Return where to ask: the dispatcher's own box asks itself."""
        host = HERE if self.is_dispatchers(box) else box.dispatcher
        return Registrar(host=host, root=self.papers.root, port=self.port)

    def asked(self, box: BoxFile) -> Join:
        """Return what a box asks with; its keys are made the first time, and then stay until it has joined."""
        return Join(
            hall=box.hall,
            box=box.box,
            token=self._token.read_text().strip(),
            requests={node: self.papers.request(node) for node in asking(box)},
        )

    def _join(self, box: BoxFile) -> None:
        answer = self.registrar(box).tell("/join", self.asked(box), Joined)
        self.papers.take(answer.certificates)
        erase(self._token)
        erase(self._spare)
        self.papers.settle()
        self.papers.forget(asking(box))

    def _ask_for_place(self, box: BoxFile) -> str:
        drawn = self._drawn()
        asked = AskSpare(hall=box.hall, serial=self.serial, code=drawn.code, token=drawn.token)
        try:
            told = self.registrar(box).tell("/spare", asked, SpareTold)
        except Refused as refused:
            if refused.denied.reason in CODE_AGAIN:
                erase(self._spare)  # the next time it draws anew
            raise
        if told.box:
            replace_file(self._token, drawn.token.encode())
            settle_in(told.files, self.place, self.papers)
            return f"本机将接替 {told.box}。\nThis machine takes the place of {told.box}."
        return shown_code(drawn.code)

    def _drawn(self) -> SpareCard:
        try:
            return msgspec.json.decode(self._spare.read_bytes(), type=SpareCard)
        except (FileNotFoundError, msgspec.MsgspecError):
            drawn = SpareCard(code=f"{secrets.randbelow(10**6):06}", token=secrets.token_hex(TOKEN_BYTES))
            replace_file(self._spare, msgspec.json.encode(drawn))
            return drawn


def asking(box: BoxFile) -> list[str]:
    """Return the nodes that need a certificate from the registrar; it makes its own."""
    return [node for node in box.nodes if node != REGISTRAR_NODE]


def shown_code(code: str) -> str:
    """Return what a spare shows while it waits."""
    spaced = " ".join([code[:3], code[3:]])
    return (
        f"{big(spaced)}\n\n"
        f"备用机代码：{spaced}\n请主管批准：在网页叫号台的“主管”下，或用命令\n"
        f"hallcall order ApproveSpare code={code} box=要接替的主机\n"
        f"Spare machine, code: {spaced}\nA supervisor approves: on the console, under Supervisor, or by\n"
        f"hallcall order ApproveSpare code={code} box=THE-BROKEN-BOX"
    )


def said(refused: Refused) -> str:
    """Return why the registrar refused, in both languages."""
    return "\n".join(in_words(refused.denied, language) for language in (Language.ZH, Language.EN))


def network_file(box: BoxFile) -> str:
    """Return what systemd-networkd is told of a box with an address of its own; empty where it asks for one.

    It asks first whether somebody has the address (RFC 5227): a broken box that wakes up again must not take it from
    the spare in its place.
    """
    if not box.address:
        return ""
    gateway = f"Gateway={box.gateway}\n" if box.gateway else ""
    address = ipaddress.ip_interface(box.address)
    return (
        f"[Match]\nName={CABLES}\n\n[Network]\n{gateway}LLMNR=no\nMulticastDNS=no\n\n"
        f"[Address]\nAddress={address}\nDuplicateAddressDetection=ipv4\n"
    )
