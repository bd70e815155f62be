"""Makes what releases are signed with: an authority, whose certificate is in every image, and a signer under it.

The authority's key is needed only to make another signer; the signer's key signs bundles. Neither is ever in a
repository, in an image, or on a box.
"""

import argparse
import getpass
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from broker.authority.keys import new_key

YEARS: Final = 20
SIGNER_YEARS: Final = 10
AUTHORITY, SIGNER = "release-authority", "release-signer"
_DAY: Final = timedelta(days=1)
_USES: Final = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="hallcall update key", description="Make the keys that sign releases.")
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="a folder that is not there yet")
    parser.add_argument("--open", action="store_true", help="without a passphrase: for trying out")
    parser.add_argument("--passphrase-file", type=Path, help="its first line is the passphrase of both keys")
    options = parser.parse_args(arguments)
    if options.to.exists():
        sys.stderr.write(f"{options.to} is there already; keys are not written over: name another folder\n")
        return 1
    passphrase = "" if options.open else _passphrase(options.passphrase_file)
    if not options.open and not passphrase:
        sys.stderr.write("no keys were made: the passphrase was empty, or not the same twice\n")
        return 1
    write(options.to, passphrase=passphrase, now=datetime.now(UTC))
    sys.stdout.write(
        f"{options.to}/{AUTHORITY}.crt   into images: ./run image --release-certificate {options.to}/{AUTHORITY}.crt\n"
        f"{options.to}/{SIGNER}.key     signs: ./run bundle --key {options.to}/{SIGNER}.key\n"
        f"{options.to}/{AUTHORITY}.key  into the safe: makes the next signer, in {SIGNER_YEARS} years or when the "
        "signer's key is lost\n"
    )
    return 0


def write(folder: Path, *, passphrase: str, now: datetime) -> None:
    """Make both keys and their certificates in a new folder."""
    folder.mkdir(mode=0o700, parents=True)
    authority, signer = new_key(), new_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Hallcall releases")])
    signer_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Hallcall releases {now:%Y}")])
    root = _certificate(name, authority, issuer=name, by=authority, now=now, ca=True)
    signers = _certificate(signer_name, signer, issuer=name, by=authority, now=now, ca=False)
    for stem, key, certificate in ((AUTHORITY, authority, root), (SIGNER, signer, signers)):
        (folder / f"{stem}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        path = folder / f"{stem}.key"
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "wb") as file:
            file.write(_pem(key, passphrase))


def _certificate(
    name: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    *,
    issuer: x509.Name,
    by: ec.EllipticCurvePrivateKey,
    now: datetime,
    ca: bool,
) -> x509.Certificate:
    years = YEARS if ca else SIGNER_YEARS
    uses = {"key_cert_sign", "crl_sign"} if ca else {"digital_signature"}
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + years * 365 * _DAY)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
        .add_extension(x509.KeyUsage(**{use: use in uses for use in _USES}), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .sign(by, hashes.SHA256())
    )


def _pem(key: ec.EllipticCurvePrivateKey, passphrase: str) -> bytes:
    lock = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


def _passphrase(file: Path | None) -> str:
    if file is not None:
        return file.read_text(encoding="utf-8").partition("\n")[0].strip()
    first = getpass.getpass("passphrase of the release keys 发布密钥的口令: ")
    return first if first == getpass.getpass("once more 再输入一次: ") else ""
