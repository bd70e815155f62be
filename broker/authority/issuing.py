"""Makes certificates: root, issuing authority, nodes, servers.

A certificate says what its maker was told, never what a request said of itself. Each begins a day before it was made,
because a box without a clock battery may lag, and none outlives who signed it. The registrar's begin with their
authority (`since`): what was made by a clock that ran ahead still counts when the clock is right again.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .keys import Key, new_key

BACKDATED: Final = timedelta(days=1)
ROOT_DAYS: Final = 20 * 365
ISSUING_DAYS: Final = 5 * 365
NODE_DAYS: Final = 365
RENEW_AT: Final = (2, 3)  # of a certificate's life


@dataclass(frozen=True, kw_only=True)
class Authority:
    """A certificate that may sign others, with its key."""

    certificate: x509.Certificate
    key: Key = field(repr=False)


def new_root(hall: str, *, now: datetime, days: int = ROOT_DAYS) -> Authority:
    """Return a hall's root. One for each hall: whoever has a certificate under it is somebody in that hall."""
    key = new_key()
    name = _name(f"{hall} root", hall)
    made = _builder(name, name, key.public_key(), now, now + timedelta(days=days))
    return Authority(certificate=_sign_authority(made, key.public_key(), key, below=1), key=key)


def new_issuing(root: Authority, *, now: datetime, days: int = ISSUING_DAYS) -> Authority:
    """Return the authority that signs the hall's nodes; its name tells when it was made, for the day there are two."""
    key = new_key()
    return Authority(certificate=issuing_certificate(root, key.public_key(), now=now, days=days), key=key)


def issuing_certificate(
    root: Authority, key: ec.EllipticCurvePublicKey, *, now: datetime, days: int = ISSUING_DAYS
) -> x509.Certificate:
    """Return an issuing authority's certificate for a key that the registrar made and `read_request` found."""
    name = _name(f"{hall_of(root.certificate)} issuing {now:%Y-%m-%d %H:%M:%S}", hall_of(root.certificate))
    until = min(now + timedelta(days=days), root.certificate.not_valid_after_utc)
    made = _builder(name, root.certificate.subject, key, now, until)
    return _sign_authority(made, root.key.public_key(), root.key, below=0)


def node_certificate(
    issuing: Authority,
    key: ec.EllipticCurvePublicKey,
    *,
    node: str,
    now: datetime,
    days: int = NODE_DAYS,
    serial: int | None = None,
    since: datetime | None = None,
) -> x509.Certificate:
    """Return a node's certificate for a key that `read_request` found: it may log in as `node`, and be no server."""
    purposes = [ExtendedKeyUsageOID.CLIENT_AUTH]
    return _leaf(issuing, key, node=node, now=now, days=days, purposes=purposes, serial=serial, since=since)


def server_certificate(
    issuing: Authority,
    key: ec.EllipticCurvePublicKey,
    *,
    node: str,
    addresses: Sequence[str],
    now: datetime,
    days: int = NODE_DAYS,
    since: datetime | None = None,
) -> x509.Certificate:
    """Return the certificate of a server (broker, registrar) at these IP addresses and names; it may log in too."""
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return _leaf(issuing, key, node=node, now=now, days=days, purposes=purposes, addresses=addresses, since=since)


def technician_certificate(
    root: Authority, key: ec.EllipticCurvePublicKey, *, node: str, now: datetime, days: int, generation: int
) -> x509.Certificate:
    """Return the technician's certificate, which the root signs. The registrar takes none of an earlier generation.

    A number, and no date, says which is the later one: laptops' clocks are wrong, and only the root makes a higher one.
    """
    purposes = [ExtendedKeyUsageOID.CLIENT_AUTH]
    return _leaf(root, key, node=node, now=now, days=days, purposes=purposes, generation=generation)


def generation_of(certificate: x509.Certificate) -> int:
    """Return how often a technician's certificate before this one was given up for lost."""
    text = _text(certificate.subject, NameOID.GENERATION_QUALIFIER)
    return int(text) if text.isdecimal() else 0


def renewal_due(certificate: x509.Certificate, *, made: datetime) -> datetime:
    """Return when a node asks for its next certificate: at two thirds of the life of this one."""
    begin, end = made - BACKDATED, certificate.not_valid_after_utc
    part, whole = RENEW_AT
    return begin + (end - begin) * part / whole


def certificate_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def chain_pem(certificate: x509.Certificate, *authorities: x509.Certificate) -> bytes:
    """Return a certificate's file as servers and programs show it: itself first, then who signed it; no root."""
    return b"".join(certificate_pem(each) for each in (certificate, *authorities))


def hall_of(certificate: x509.Certificate) -> str:
    """Return the id of the hall that a certificate belongs to, or an empty text."""
    return _text(certificate.subject, NameOID.ORGANIZATION_NAME)


def node_of(certificate: x509.Certificate) -> str:
    """Return who a certificate says its owner is: a node's id, and the login on the bus."""
    return _text(certificate.subject, NameOID.COMMON_NAME)


def addresses_of(certificate: x509.Certificate) -> set[str]:
    """Return the IP addresses and names at which a server's certificate is good."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}


def _text(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""


def _name(common: str, hall: str, generation: int = 0) -> x509.Name:
    parts = [(NameOID.ORGANIZATION_NAME, hall), (NameOID.COMMON_NAME, common)]
    if generation:
        parts.append((NameOID.GENERATION_QUALIFIER, str(generation)))
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    until: datetime,
    *,
    serial: int | None = None,
    since: datetime | None = None,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key)
        .serial_number(x509.random_serial_number() if serial is None else serial)
        .not_valid_before(min(now - BACKDATED, since or now))
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _sign_authority(
    builder: x509.CertificateBuilder, signer: ec.EllipticCurvePublicKey, key: Key, *, below: int
) -> x509.Certificate:
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=below), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), critical=False)
        .sign(key, hashes.SHA256())
    )


def _leaf(
    issuing: Authority,
    key: ec.EllipticCurvePublicKey,
    *,
    node: str,
    now: datetime,
    days: int,
    purposes: list[x509.ObjectIdentifier],
    addresses: Sequence[str] = (),
    serial: int | None = None,
    since: datetime | None = None,
    generation: int = 0,
) -> x509.Certificate:
    until = min(now + timedelta(days=days), issuing.certificate.not_valid_after_utc)
    subject = _name(node, hall_of(issuing.certificate), generation)
    builder = (
        _builder(subject, issuing.certificate.subject, key, now, until, serial=serial, since=since)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing.key.public_key()),
            critical=False,
        )
    )
    if addresses:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_address(each) for each in addresses]), critical=False
        )
    return builder.sign(issuing.key, hashes.SHA256())


def _address(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
