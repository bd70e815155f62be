"""The shell around the register: what is asked over HTTPS and approved on the bus is decided, written down, then done.

One step after another, on one loop: write the book, then the broker's files, then answer. Whatever is lost after the
book was written is made up for at the next start, because all the rest follows from the book.
"""

import logging
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct, structs

from broker.authority.issuing import addresses_of, node_of
from broker.authority.keys import key_pem, new_key
from broker.authority.reading import read_chain
from broker.authority.requests import BadRequest, read_request
from broker.contract.messages import Hall
from broker.identity import Identity
from broker.joining import words
from broker.mosquitto import CERTIFICATE_FILE, KEY_FILE, REVOKED_FILE
from broker.whole_files import replace_file

from .approving import Approving
from .book import Book
from .broker_files import MODE, broker_files, goes_together, write_broker_files
from .changes import AnyChange, BoxJoined, Certificate, CertificateRenewed, IssuingReplaced
from .doubtful import Doubtful
from .founding import TECHNICIAN
from .limits import Limit
from .putting import Putting
from .register import Certify, Register
from .releases import Releases
from .server import Reply, Request, Shown, denied, said, server_context
from .signing import NoAuthority, Signing, key_digest

log = logging.getLogger(__name__)

BROKER: Final = "broker"  # the node that the broker's certificate names; on the bus it is nobody
OWN_KEY, OWN_CHAIN, OWN_ROOT = "own.key", "own.crt", "root.crt"
ACTS: Final = 500
TECHNICIAN_PATH: Final = "/technician"  # answered to a lost one too: whoever makes the next asks which it must be
UNKNOWN: Final = ""  # number of a certificate that this registrar did not make
END: Final = "-----END CERTIFICATE-----"
KEEP_S: Final = 5.0
THROWN_OFF_WITHIN: Final = timedelta(minutes=10)  # of a revocation, though this program was started anew meanwhile


class Registrar:
    """Answers requests and approvals. `now` returns aware UTC; `clock` monotonic seconds."""

    def __init__(
        self,
        *,
        book: Book,
        signing: Signing,
        register: Register,
        directory: Path,
        broker_dir: Path,
        broker_port: int,
        names: Sequence[str],
        hall: Callable[[], Hall],
        now: Callable[[], datetime],
        clock: Callable[[], float],
        releases: Releases | None = None,
        throw_off: Callable[[Certificate], None] = lambda _: None,
    ) -> None:
        self._releases, self._throw_off = releases, throw_off
        self._book, self._signing, self._register = book, signing, register
        self._directory, self._broker_dir, self._broker_port = directory, broker_dir, broker_port
        self._names, self._hall, self._now, self._clock = names, hall, now, clock
        self.putting, self._doubtful = Putting(register=register, hall=hall), Doubtful()
        self._limit = Limit(
            at_once=120, a_minute=240
        )  # by node; strangers by address, behind which many boxes may stand
        self._context: ssl.SSLContext | None = None
        self._asked: dict[tuple[str, str], Callable[[Request], Struct]] = {
            ("POST", "/join"): self._join,
            ("POST", "/spare"): self._spare,
            ("POST", "/renew"): self._renew,
            ("GET", "/due"): self._due,
            ("GET", "/files"): self.putting.files,
            ("GET", "/files/mark"): self.putting.mark,
        }
        self._of_technician: dict[tuple[str, str], Callable[[Request], Struct]] = {
            ("GET", "/boxes"): lambda _: self.told(),
            ("GET", TECHNICIAN_PATH): lambda _: words.TechnicianTold(generation=register.generation),
            ("GET", "/acts"): lambda asked: words.Acts(acts=book.acts(after=_number(asked.query), most=ACTS)),
            ("GET", "/refusals"): lambda _: words.Acts(acts=book.refusals(most=ACTS)),
            ("POST", "/boxes"): self._invite,
            ("POST", "/files"): self._put,
            ("GET", "/files/told"): self._put_told,
            ("POST", "/revoke"): self._revoke,
            ("POST", "/spares/approve"): self._approve_by_technician,
            ("POST", "/spares/refuse"): self._turn_away,
            ("POST", "/rotate"): self._rotate,
        }
        for change in book.replay():
            register.apply(change)
        register.spares.kept(book.waiting(), begun=now())
        self._kept_s = -KEEP_S
        self.approving = Approving(register=register, book=book, write=self._carry_out, now=now)

    def found(self, invited: Callable[[], Sequence[AnyChange]]) -> None:
        """Begin: in a new book stand the boxes that the card told of; then see that all else follows from the book."""
        changes = [*invited()] if not self._register.boxes else []
        if self._register.issuing != self._signing.in_force:
            changes.append(IssuingReplaced(at=self._now(), who=self._register.own, serial=self._signing.in_force))
        self._write(changes)
        replace_file(self._directory / OWN_ROOT, self._signing.root_pem)
        self.see_to_files()
        for serial, when in self._register.revoked.items():
            if self._now() - when < THROWN_OFF_WITHIN:
                self._throw_off(self._register.certificates[serial])

    @property
    def identity(self) -> Identity:
        """Return what this program shows on the bus."""
        at = self._directory
        return Identity(authority=at / OWN_ROOT, certificate=at / OWN_CHAIN, key=at / OWN_KEY)

    @property
    def context(self) -> ssl.SSLContext:
        """Return what this program shows to boxes; its own certificate is taken up anew where it was renewed."""
        if self._context is None:
            self._context = server_context(
                root=self._directory / OWN_ROOT, chain=self._directory / OWN_CHAIN, key=self._directory / OWN_KEY
            )
        return self._context

    # Files that follow from the book ----------------------------------------------------------------------------------

    def see_to_files(self) -> None:
        """Renew our own certificate and the broker's when they are due; write the broker's files where they differ."""
        own, chain = self._directory / OWN_KEY, self._directory / OWN_CHAIN
        if self._renew_server(self._register.own, key=own, chain=chain, mode=0o600) and self._context is not None:
            self._context.load_cert_chain(chain, own)
        broker = self._broker_dir
        renewed = self._renew_server(BROKER, key=broker / KEY_FILE, chain=broker / CERTIFICATE_FILE, mode=MODE)
        self._write_broker_files(anyway=renewed)

    def _renew_server(self, node: str, *, key: Path, chain: Path, mode: int) -> bool:
        newest, now = self._register.newest.get(node), self._now()
        if (
            newest is not None
            and now < newest.due
            and newest.issuer == self._signing.in_force
            and goes_together(chain, key)
            and chain.read_bytes() == newest.chain.encode()
            and addresses_of(read_chain(chain.read_bytes())[0]) == set(self._names)
        ):
            return False
        fresh = new_key()
        made = self._signing.certify(node, fresh.public_key(), now=now, addresses=self._names)
        self._write([CertificateRenewed(at=now, who=self._register.own, certificate=made)])
        replace_file(key, key_pem(fresh), mode=mode)
        replace_file(chain, made.chain.encode(), mode=mode)
        return True

    def _write_broker_files(self, *, anyway: bool = False) -> None:
        register, path = self._register, self._broker_dir / REVOKED_FILE
        by_issuer: dict[str, dict[str, datetime]] = {}
        for serial, when in register.revoked.items():
            by_issuer.setdefault(register.certificates[serial].issuer, {})[serial] = when
        before = path.read_bytes() if path.exists() else b""
        files = broker_files(
            self._hall(),
            own=register.own,
            boxes={name: f"keeper-{name}" for name in register.boxes},
            directory=self._broker_dir,
            root=self._signing.root_pem,
            revoked=self._signing.revoked(by_issuer, register.authorities(self._now()), before=before),
            port=self._broker_port,
        )
        if write_broker_files(self._broker_dir, files, anyway=anyway):
            log.info("the broker's files were written; it takes them up")

    def _write(self, changes: Sequence[AnyChange]) -> None:
        if not changes:
            return
        self._book.write(changes)
        before = set(self._register.revoked)
        for change in changes:
            self._register.apply(change)
            log.info("%s by %s", type(change).__name__, change.who)
        gone = [self._register.certificates[serial] for serial in self._register.revoked.keys() - before]
        for certificate in gone:
            if certificate.issuer in self._register.authorities(self._now()):  # others are let in no more anyway
                self._throw_off(certificate)

    # What is asked ----------------------------------------------------------------------------------------------------

    async def answer(self, request: Request) -> Reply:
        """Answer one request."""
        technician = self._is_technician(request.shown)
        if technician and (refused := self._lost(request)) is not None:
            return refused
        if request.shown is not None and not technician and not self._is_in_book(request.shown):
            request = replace(request, shown=replace(request.shown, serial=UNKNOWN))
        if self._releases is not None:
            reply = self._releases.answer(request, technician=technician, member=self._is_member(request.shown))
            if reply is not None:
                return reply
        asks = request.shown.node if self._is_member(request.shown) and request.shown else request.address
        if not technician and not self._limit.allows(asks, self._clock()):
            return denied(HTTPStatus.TOO_MANY_REQUESTS, "too_often")
        which = (request.method, request.path)
        act, of_technician = self._asked.get(which), self._of_technician.get(which)
        if of_technician is not None and not technician:
            return self._refused(request, words.Denied(reason="technician_only"))
        act = act or of_technician
        if act is None:
            return denied(HTTPStatus.NOT_FOUND, "no_such_question", path=request.path[:80])
        answer = act(request)
        return self._refused(request, answer) if isinstance(answer, words.Denied) else said(answer)

    def _lost(self, request: Request) -> Reply | None:
        """Refuse the technician's certificate that was given up for lost; one that comes in its place is noted."""
        shown, now = request.shown, self._now()
        if shown is None or request.path == TECHNICIAN_PATH:
            return None
        standing = self._register.technician(shown.generation, by=request.address, now=now)
        if not isinstance(standing, words.Denied):
            self._write([standing] if standing is not None else [])
            return None
        if not self._limit.allows(request.address, self._clock()):
            return denied(HTTPStatus.TOO_MANY_REQUESTS, "too_often")
        return self._refused(request, standing)

    def _is_technician(self, shown: Shown | None) -> bool:
        return (
            shown is not None
            and shown.hall == self._register.hall
            and shown.node == TECHNICIAN
            and shown.by == node_of(self._signing.root)  # whoever stole an issuing key is not the technician
        )

    def _is_in_book(self, shown: Shown) -> bool:
        """Tell whether it is the very certificate that stands in the book: a number can be copied."""
        known = self._register.certificates.get(shown.serial)
        return known is not None and ssl.PEM_cert_to_DER_cert(known.chain.partition(END)[0] + END) == shown.der

    def _is_member(self, shown: Shown | None) -> bool:
        return shown is not None and not isinstance(self._register.standing(shown.serial), words.Denied)

    def _refused(self, request: Request, answer: words.Denied) -> Reply:
        shown = request.shown
        who = f"{shown.node} at {request.address}" if shown is not None else request.address
        if shown is not None:
            came = words.Shown(node=shown.node, address=request.address, reason=answer.reason, at=self._now())
            self._doubtful.note(came)
        log.warning("refused %s of %s: %s %s", request.path, who, answer.reason, dict(answer.args))
        about = " ".join([answer.reason, *map(str, answer.args.values())])
        self._book.refuse(at=self._now(), who=who, what=request.path, reason=about)
        return said(answer)

    def _certified(self, wanted: Certify, keys: Mapping[str, ec.EllipticCurvePublicKey]) -> tuple[Certificate, ...]:
        return tuple(self._signing.certify(node, keys[node], now=self._now()) for node in sorted(wanted.keys))

    def _join(self, request: Request) -> Struct:
        asked = request.read(words.Join)
        try:
            keys = {node: read_request(pem.encode()) for node, pem in asked.requests.items()}
        except BadRequest as error:
            return words.Denied(reason="bad_request", args={"detail": str(error)})
        digests = {node: key_digest(key) for node, key in keys.items()}
        decided = self._register.join(asked, digests, self._now())
        if not isinstance(decided, Certify):
            return decided
        made = self._certified(decided, keys)
        self._write([BoxJoined(at=self._now(), who=request.address, box=asked.box, certificates=made)])
        self._write_broker_files()
        return words.Joined(certificates={each.node: each.chain for each in made})

    def _spare(self, request: Request) -> Struct:
        answer = self._register.spare(request.read(words.AskSpare), request.address, self._now())
        if self._clock() - self._kept_s >= KEEP_S:
            self.keep_waiting()
        return answer

    def keep_waiting(self) -> None:
        """Put on disk who waits for a place; however many ask, once in a few seconds."""
        spares = self._register.spares
        if spares.changed:
            self._book.keep_waiting(spares.keep())
            spares.changed, self._kept_s = False, self._clock()

    def _renew(self, request: Request) -> Struct:
        if request.shown is None:
            return words.Denied(reason="no_certificate")
        try:
            key = read_request(request.read(words.Renew).request.encode())
        except BadRequest as error:
            return words.Denied(reason="bad_request", args={"detail": str(error)})
        decided = self._register.renew(request.shown.serial, key_digest(key), self._now())
        if not isinstance(decided, Certify):
            return decided
        (made,) = self._certified(decided, {request.shown.node: key})
        self._write([CertificateRenewed(at=self._now(), who=request.shown.node, certificate=made)])
        return words.Renewed(certificate=made.chain)

    def _due(self, request: Request) -> Struct:
        if request.shown is None:
            return words.Denied(reason="no_certificate")
        return self._register.due(request.shown.serial, self._now())

    # What the technician does -----------------------------------------------------------------------------------------

    def _invite(self, request: Request) -> Struct:
        asked = request.read(words.ExpectBox)
        return self._do(self._register.invite(asked.invitation, asked.files, by=TECHNICIAN, now=self._now()))

    def _revoke(self, request: Request) -> Struct:
        asked, now = request.read(words.Revoke), self._now()
        return self._do(self._register.expel(box=asked.box, node=asked.node, why=asked.why, by=TECHNICIAN, now=now))

    def _put(self, request: Request) -> Struct:
        return self._do(self.putting.put(request.read(words.PutFiles), by=TECHNICIAN, now=self._now()))

    def _put_told(self, request: Request) -> Struct:
        self.see_to_files()  # who may do what follows from hall.toml, which may have come just now
        return self.putting.told(request)

    def _turn_away(self, request: Request) -> Struct:
        code = request.read(words.RefuseSpare).code
        return self._do(self._register.turn_away(code, by=TECHNICIAN, now=self._now()))

    def _approve_by_technician(self, request: Request) -> Struct:
        asked, now = request.read(words.Approve), self._now()
        return self._do(self._register.approve(asked.code, asked.box, by=TECHNICIAN, at=now, now=now))

    def _do(self, decided: AnyChange | tuple[AnyChange, ...] | words.Denied | None) -> Struct:
        if isinstance(decided, words.Denied):
            return decided
        if decided is not None:
            self._carry_out(decided if isinstance(decided, tuple) else (decided,))
        return words.Done()

    def _carry_out(self, changes: tuple[AnyChange, ...]) -> None:
        self._write(changes)
        self._write_broker_files()

    def _rotate(self, request: Request) -> Struct:
        asked = request.read(words.Rotate)
        if not asked.certificate:
            return words.Rotating(request=self._signing.ask_root())
        try:
            serial = self._signing.rotate(asked.certificate)
        except NoAuthority as error:
            return words.Denied(reason="bad_authority", args={"detail": str(error)})
        if serial != self._register.issuing:
            self._write([IssuingReplaced(at=self._now(), who=TECHNICIAN, serial=serial)])
        self.see_to_files()
        return words.Rotating()

    def told(self) -> words.Boxes:
        """Return all boxes, the spares that wait, who was refused lately, and how long the issuing authority lasts."""
        told, shown = self._register.told(self._now()), self._doubtful.lately(self._now())
        return structs.replace(told, issuing_until=self._signing.until, shown=shown)


def _number(query: str) -> int:
    number = query.removeprefix("after=")
    return int(number) if number.isdecimal() and len(number) < len(str(2**63)) else 0
