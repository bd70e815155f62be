"""What a certificate says, and what is wrong with it, in words a technician understands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes

from ..contract.messages import Language
from ..contract.texts import texts
from .issuing import hall_of, node_of
from .keys import Key


class BadCertificate(ValueError):
    """A certificate's file holds none; is it the right file, and is it whole."""


class Fault(StrEnum):
    """What can be wrong with a node's certificate, or with that of the broker it meets; a key of texts."""

    EXPIRED = "expired"
    NOT_YET = "not_yet"
    OTHER_HALL = "other_hall"
    OTHER_NODE = "other_node"
    OTHER_KEY = "other_key"
    REVOKED = "revoked"
    MISSING = "missing"
    REFUSED = "refused"
    BROKER_EXPIRED = "broker_expired"
    BROKER_NOT_YET = "broker_not_yet"
    BROKER_OTHER_HALL = "broker_other_hall"
    BROKER_ELSEWHERE = "broker_elsewhere"
    BROKER_NO_SERVER = "broker_no_server"


@dataclass(frozen=True, kw_only=True)
class Flaw:
    """One thing that is wrong; `str` says it in English, `said` in a language."""

    fault: Fault
    args: Mapping[str, str]

    def said(self, language: Language) -> str:
        return texts(language)["certificate"][self.fault].format(**self.args)

    def __str__(self) -> str:
        return self.said(Language.EN)


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
    args = {"node": node_of(own) or "?", "hall": hall_of(own) or "?", "of": hall_of(root) or "?", "wanted": node}
    if not _signed(chain, root):
        return Flaw(fault=Fault.OTHER_HALL, args=args)
    if node and node_of(own) != node:
        return Flaw(fault=Fault.OTHER_NODE, args=args)
    if key is not None and key.public_key() != own.public_key():
        return Flaw(fault=Fault.OTHER_KEY, args=args)
    if revoked is not None and revoked.get_revoked_certificate_by_serial_number(own.serial_number) is not None:
        return Flaw(fault=Fault.REVOKED, args=args)
    return next((found for each in (*chain, root) if (found := out_of_time(each, now=now))), None)


def out_of_time(certificate: x509.Certificate, *, now: datetime) -> Flaw | None:
    """Return whether a certificate has ended or not begun; of who signed it, ask separately."""
    if certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return None
    ended = now > certificate.not_valid_after_utc
    return Flaw(fault=Fault.EXPIRED if ended else Fault.NOT_YET, args=times(certificate, now=now))


def times(certificate: x509.Certificate, *, now: datetime) -> dict[str, str]:
    """Return what texts about a certificate's time tell."""
    return {
        "node": node_of(certificate) or "?",
        "begin": f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M}",
        "end": f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M}",
        "now": f"{now:%Y-%m-%d %H:%M}",
    }


def _signed(chain: Sequence[x509.Certificate], root: x509.Certificate) -> bool:
    for certificate, signer in zip(chain, (*chain[1:], root), strict=True):
        if certificate == signer == root:
            continue  # the root may stand in the file as well
        try:
            certificate.verify_directly_issued_by(signer)
        except (ValueError, TypeError, InvalidSignature):
            return False
    return True
