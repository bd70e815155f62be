"""Private keys, of P-256 all of them, and their files (PEM, PKCS #8).

Not locked: a node's key is read by its program at each connection. An authority's goes into `safe.py`.
"""

from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

Key = ec.EllipticCurvePrivateKey
CURVE: Final = ec.SECP256R1()


class BadKey(ValueError):
    """A key's file holds no key that a hall uses; is it the right file, and is it whole."""


def new_key() -> Key:
    return ec.generate_private_key(CURVE)


def key_pem(key: Key) -> bytes:
    """Return a key's file, for 0600 or a systemd credential."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def read_key(pem: bytes) -> Key:
    """Return the key in a file. Raises BadKey."""
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey("this is no open private key in PEM; is it the right file, and is it whole?") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != CURVE.name:
        raise BadKey("the key is of another kind than P-256, which halls use; make it anew with hallcall")
    return key
