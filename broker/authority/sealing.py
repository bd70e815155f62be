"""What only the hall's root can open: sealed for its public key, by whoever has its certificate.

A new key for each seal; its agreement with the root's (ECDH on P-256) makes, through HKDF, the key of AES-256-GCM.
"""

from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .keys import CURVE, Key, new_key

KIND: Final = b"hallcall-sealed-1\n"
POINT: Final = 65  # bytes of an uncompressed point of P-256
NONCE: Final = bytes(12)  # each key is used once


class NotOpened(ValueError):
    """What was sealed cannot be opened with this key: it is another hall's, or the file is damaged."""


def sealed(content: bytes, *, root: x509.Certificate) -> bytes:
    """Return what the root's key opens."""
    public = root.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise NotOpened("the root certificate has no key of a hall's kind; is it the hall's root.crt?")
    own = new_key()
    point = own.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return KIND + point + AESGCM(_key(own, public, point)).encrypt(NONCE, content, KIND)


def opened(file: bytes, *, key: Key) -> bytes:
    """Return what was sealed. Raises NotOpened."""
    kind, point, content = file[: len(KIND)], file[len(KIND) :][:POINT], file[len(KIND) + POINT :]
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)
        return AESGCM(_key(key, public, point)).decrypt(NONCE, content, kind)
    except (ValueError, InvalidTag) as error:
        raise NotOpened(
            "this authority does not open what was sealed: take the authority folder of the same hall. If it is, the"
            " file is damaged: take an older copy"
        ) from error


def _key(own: Key, other: ec.EllipticCurvePublicKey, point: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=point, info=KIND).derive(own.exchange(ec.ECDH(), other))
