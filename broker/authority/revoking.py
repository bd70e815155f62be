"""The list of revoked certificates (CRL, PEM), which the broker reads anew when it is told to.

A list ends with the authority that signs it: a broker takes nobody at all by a list that has ended. Of two lists the
broker obeys the later one, by its date in whole seconds. No clock dates a list: it begins as many seconds after its
authority as its number says, and the number grows with the certificates that are named.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from .issuing import Authority


@dataclass(frozen=True, kw_only=True)
class Revoked:
    """A certificate that counts no longer, by its serial number."""

    serial: int
    when: datetime


class BadList(ValueError):
    """Not a list of revoked certificates in PEM."""


def revocation_list(
    issuing: Authority,
    revoked: Sequence[Revoked],
    *,
    before: x509.CertificateRevocationList | None = None,
) -> x509.CertificateRevocationList:
    """Return the list that takes the place of `before`; every certificate revoked so far is named anew."""
    number = len(revoked) + 1
    if before is not None:
        number = max(number, before.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number + 1)
    since = issuing.certificate.not_valid_before_utc + timedelta(seconds=number)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuing.certificate.subject)
        .last_update(since)
        .next_update(issuing.certificate.not_valid_after_utc)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing.key.public_key()), critical=False)
    )
    for each in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(each.serial).revocation_date(each.when).build()
        )
    return builder.sign(issuing.key, hashes.SHA256())


def list_pem(*lists: x509.CertificateRevocationList) -> bytes:
    """Return the broker's file: one list for each issuing authority whose certificates still count."""
    return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in lists)


def read_list(pem: bytes) -> x509.CertificateRevocationList:
    """Return the first list in a file. Raises BadList."""
    try:
        return x509.load_pem_x509_crl(pem)
    except ValueError as error:
        raise BadList("this is no list of revoked certificates in PEM; the registrar writes it anew") from error


def is_revoked(certificate: x509.Certificate, crl: x509.CertificateRevocationList) -> bool:
    return crl.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None
