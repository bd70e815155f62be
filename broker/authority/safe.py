"""An authority's file: its certificate and its key under a passphrase (PKCS #12, such as root.p12).

The passphrase is stretched a million times, for it is a person's and the file may be copied. OpenSSL reads it too:
openssl pkcs12 -in root.p12 -nodes
"""

from typing import Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

from .issuing import Authority, node_of
from .keys import BadKey

ROUNDS: Final = 1_000_000  # of PBKDF2 with SHA-256: a sixth of a second on a laptop
SHORTEST: Final = 10  # characters


class WrongPassphrase(ValueError):
    """The passphrase does not open the authority's file."""


class ShortPassphrase(WrongPassphrase):
    """The passphrase is too short to be one."""


def locked(authority: Authority, *, passphrase: str) -> bytes:
    """Return an authority's file. Raises ShortPassphrase."""
    if len(passphrase) < SHORTEST:
        raise ShortPassphrase(f"a passphrase has at least {SHORTEST} characters; four words make a good one")
    lock = (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .build(passphrase.encode())
    )
    name = node_of(authority.certificate).encode()
    return pkcs12.serialize_key_and_certificates(name, authority.key, authority.certificate, None, lock)


def unlocked(file: bytes, *, passphrase: str) -> Authority:
    """Return the authority in a file. Raises WrongPassphrase, or BadKey."""
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(file, passphrase.encode())
    except ValueError as error:
        raise WrongPassphrase(
            "the passphrase does not open the authority's file; mind capitals and the keyboard. If it is right, the"
            " file is damaged: take the other copy"
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or certificate is None:
        raise BadKey("the file holds no authority of a hall; is it the right file?")
    return Authority(certificate=certificate, key=key)
