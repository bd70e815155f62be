"""What a certificate says, and what is wrong with it, in words a technician understands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes

from .issuing import hall_of, node_of
from .keys import Key


class BadCertificate(ValueError):
    """A certificate's file holds none; is it the right file, and is it whole."""


class Fault(StrEnum):
    """What can be wrong; the value is a key for texts."""

    EXPIRED = "certificate_expired"
    NOT_YET = "certificate_not_yet"
    OTHER_HALL = "certificate_other_hall"
    OTHER_NODE = "certificate_other_node"
    OTHER_KEY = "certificate_other_key"
    REVOKED = "certificate_revoked"


@dataclass(frozen=True, kw_only=True)
class Flaw:
    """One thing that is wrong with one certificate; `str` says it in English."""

    fault: Fault
    text: str

    def __str__(self) -> str:
        return self.text


def read_chain(pem: bytes) -> list[x509.Certificate]:
    """Return the certificates of a file, the owner's first. Raises BadCertificate."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise BadCertificate("this is no certificate in PEM; is it the right file, and is it whole?") from error


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate in hexadecimal, as `box.toml` names the hall's root."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def flaw(
    chain: Sequence[x509.Certificate],
    *,
    root: x509.Certificate,
    now: datetime,
    node: str = "",
    key: Key | None = None,
    revoked: x509.CertificateRevocationList | None = None,
) -> Flaw | None:
    """Return what is wrong with a node's chain of certificates, worst first, or None.

    With `node` or `key` it must be that node's, or that key's; with `revoked` it must not be on the list.
    """
    own = chain[0]
    name = node_of(own) or "a node without a name"
    if not _signed(chain, root):
        return Flaw(
            fault=Fault.OTHER_HALL,
            text=f"the certificate of {name} is of hall {hall_of(own) or '?'} and was not made under the authority of"
            f" hall {hall_of(root) or '?'}; was the card of another hall put in? Join this box anew",
        )
    if node and node_of(own) != node:
        return Flaw(
            fault=Fault.OTHER_NODE,
            text=f"the certificate is of {name}, not of {node}; were two boxes' files exchanged?",
        )
    if key is not None and key.public_key() != own.public_key():
        return Flaw(
            fault=Fault.OTHER_KEY,
            text=f"key and certificate of {name} do not belong together; join this box anew",
        )
    if revoked is not None and revoked.get_revoked_certificate_by_serial_number(own.serial_number) is not None:
        return Flaw(fault=Fault.REVOKED, text=f"the certificate of {name} was revoked; join this box anew")
    return next((found for each in (*chain, root) if (found := _out_of_time(each, now))), None)


def _signed(chain: Sequence[x509.Certificate], root: x509.Certificate) -> bool:
    for certificate, signer in zip(chain, (*chain[1:], root), strict=True):
        if certificate == signer == root:
            continue  # the root may stand in the file as well
        try:
            certificate.verify_directly_issued_by(signer)
        except (ValueError, TypeError, InvalidSignature):
            return False
    return True


def _out_of_time(certificate: x509.Certificate, now: datetime) -> Flaw | None:
    name = node_of(certificate)
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now > end:
        return Flaw(
            fault=Fault.EXPIRED,
            text=f"the certificate of {name} ended on {end:%Y-%m-%d}, and it is {now:%Y-%m-%d %H:%M} by this clock;"
            " if the clock is right, join this box anew",
        )
    if now < begin:
        return Flaw(
            fault=Fault.NOT_YET,
            text=f"the certificate of {name} begins on {begin:%Y-%m-%d %H:%M}, and it is {now:%Y-%m-%d %H:%M} UTC by"
            " this clock; the clock is wrong: is its battery flat, is the time source reached?",
        )
    return None
