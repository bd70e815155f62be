"""The hall's issuing key, in the registrar's state and nowhere else: certificates, lists of revoked ones, rotation.

Each authority is one file, key and certificate together, so that there is never one without the other.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from broker.authority.issuing import (
    Authority,
    certificate_pem,
    chain_pem,
    node_certificate,
    renewal_due,
    server_certificate,
)
from broker.authority.keys import BadKey, key_pem, new_key, read_key
from broker.authority.reading import BadCertificate, flaw, read_chain
from broker.authority.requests import request_pem
from broker.authority.revoking import BadList, Revoked, list_pem, read_list, revocation_list
from broker.invitations import ISSUING_CERTIFICATE, ISSUING_KEY, ROOT_FILE
from broker.whole_files import replace_file

from .changes import Certificate

ROOT: Final = "root.crt"
NEXT_KEY: Final = "issuing-next.key"
PREFIX: Final = "issuing-"
SUFFIX: Final = ".pem"


class NoAuthority(RuntimeError):
    """There is no issuing key that goes with the hall's root; the text says what to do."""


def key_digest(key: ec.EllipticCurvePublicKey) -> str:
    """Return by what the book knows a public key."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


class Signing:
    """The hall's root certificate, and all issuing authorities since its beginning."""

    def __init__(self, directory: Path, *, card: Path) -> None:
        """Read what is there; the first time take over what the card brought. Raises NoAuthority."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        if not any(directory.glob(f"{PREFIX}*{SUFFIX}")):
            self._take_over(card)
        try:
            self.root = read_chain((directory / ROOT).read_bytes())[0]
            self._authorities = dict(map(_read, sorted(directory.glob(f"{PREFIX}*{SUFFIX}"))))  # oldest first
        except (OSError, BadCertificate, BadKey) as error:
            raise NoAuthority(f"{directory}: {error}; put back the last copy of the registrar's state") from error
        self.in_force = list(self._authorities)[-1]

    def _take_over(self, card: Path) -> None:
        try:
            root = (card / ROOT_FILE).read_bytes()
            certificate = read_chain((card / ISSUING_CERTIFICATE).read_bytes())[0]
            key = read_key((card / ISSUING_KEY).read_bytes())
        except (OSError, BadCertificate, BadKey) as error:
            raise NoAuthority(
                f"{card}: {error}; write the dispatcher's card again with `hallcall hall write`"
            ) from error
        authority = Authority(certificate=certificate, key=key)
        self._check(authority, read_chain(root)[0])
        replace_file(self._directory / ROOT, root)
        self._store(authority)

    def _check(self, authority: Authority, root: x509.Certificate) -> None:
        began = authority.certificate.not_valid_before_utc
        wrong = flaw([authority.certificate], root=root, now=max(began, root.not_valid_before_utc), key=authority.key)
        if wrong is not None:
            raise NoAuthority(f"the issuing authority is none of this hall's: {wrong}")

    def _store(self, authority: Authority) -> str:
        number = len(list(self._directory.glob(f"{PREFIX}*{SUFFIX}"))) + 1
        body = key_pem(authority.key) + certificate_pem(authority.certificate)
        replace_file(self._directory / f"{PREFIX}{number:04}{SUFFIX}", body)
        return f"{authority.certificate.serial_number:x}"

    @property
    def root_pem(self) -> bytes:
        return certificate_pem(self.root)

    @property
    def until(self) -> datetime:
        """End of the authority in force."""
        return self._authorities[self.in_force].certificate.not_valid_after_utc

    def certify(
        self, node: str, key: ec.EllipticCurvePublicKey, *, now: datetime, addresses: Sequence[str] = ()
    ) -> Certificate:
        """Make a node's certificate; with addresses, a server's."""
        issuing = self._authorities[self.in_force]
        since = issuing.certificate.not_valid_before_utc
        made = (
            server_certificate(issuing, key, node=node, addresses=addresses, now=now, since=since)
            if addresses
            else node_certificate(issuing, key, node=node, now=now, since=since)
        )
        return Certificate(
            node=node,
            serial=f"{made.serial_number:x}",
            issuer=self.in_force,
            key=key_digest(key),
            chain=chain_pem(made, issuing.certificate).decode(),
            due=renewal_due(made, made=now),
            until=made.not_valid_after_utc,
        )

    def momentary(self, of: Certificate, *, as_it: bool, now: datetime) -> tuple[bytes, bytes]:
        """Return chain and key of a certificate in another's name, for no longer than it is held; it is in no book."""
        issuing, key = self._authorities[of.issuer if as_it else self.in_force], new_key()
        serial = int(of.serial, 16) if as_it else None
        made = node_certificate(issuing, key.public_key(), node=of.node, now=now, days=1, serial=serial)
        return chain_pem(made, issuing.certificate), key_pem(key)

    def revoked(
        self, by_issuer: Mapping[str, Mapping[str, datetime]], counting: Collection[str], *, before: bytes
    ) -> bytes:
        """Return the broker's list, one of each authority that counts; `before` is the one until now.

        An authority without a list lets nobody in.
        """
        lists = []
        earlier = {each.issuer: each for each in _lists(before)}
        for serial, authority in self._authorities.items():
            if serial not in counting:
                continue
            wanted = by_issuer.get(serial, {})
            old = earlier.get(authority.certificate.subject)
            if old is not None and {f"{each.serial_number:x}" for each in old} == set(wanted):
                lists.append(old)
                continue
            named = [Revoked(serial=int(each, 16), when=when) for each, when in wanted.items()]
            lists.append(revocation_list(authority, named, before=old))
        return list_pem(*lists)

    # Rotation ---------------------------------------------------------------------------------------------------------

    def ask_root(self) -> str:
        """Return the request for a new issuing authority; its key waits here until the root has signed."""
        path = self._directory / NEXT_KEY
        if not path.exists():
            replace_file(path, key_pem(new_key()))
        return request_pem(read_key(path.read_bytes()), node="issuing").decode()

    def rotate(self, pem: str) -> str:
        """Take the authority that the root signed; return its serial number. Raises NoAuthority."""
        path = self._directory / NEXT_KEY
        try:
            certificate = read_chain(pem.encode())[0]
            serial = f"{certificate.serial_number:x}"
            if serial in self._authorities:
                return serial  # asked again: the answer was lost
            authority = Authority(certificate=certificate, key=read_key(path.read_bytes()))
        except (OSError, BadCertificate, BadKey) as error:
            raise NoAuthority(f"nothing to rotate to: {error}; begin with `hallcall hall rotate`") from error
        if not _may_sign(certificate):
            raise NoAuthority("this certificate may not sign others; was a node's taken for an authority's?")
        self._check(authority, self.root)
        self._authorities[self._store(authority)] = authority
        self.in_force = serial
        path.unlink(missing_ok=True)
        return serial


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _read(path: Path) -> tuple[str, Authority]:
    body = path.read_bytes()
    authority = Authority(certificate=read_chain(body)[0], key=read_key(body))
    return f"{authority.certificate.serial_number:x}", authority


def _lists(pem: bytes) -> list[x509.CertificateRevocationList]:
    end = b"-----END X509 CRL-----"
    try:
        return [read_list(each + end + b"\n") for each in pem.split(end)[:-1]]
    except BadList:
        return []  # written anew, of today's date
