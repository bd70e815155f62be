"""What a box sends to be certified: its public key, signed with the private one (a CSR, PEM)."""

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .keys import CURVE, Key

LONGEST = 4096  # bytes; a request for a P-256 key is about 400


class BadRequest(ValueError):
    """Not a request that the hall's authority signs; the text says why."""


def request_pem(key: Key, *, node: str) -> bytes:
    """Return the request for a key. The name in it is for people's eyes: whoever signs says who it is."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, node)])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def read_request(pem: bytes) -> ec.EllipticCurvePublicKey:
    """Return the public key whose owner asks, and nothing else of what the request says. Raises BadRequest."""
    if len(pem) > LONGEST:
        raise BadRequest(f"the request has {len(pem)} bytes; one for a P-256 key is far shorter")
    try:
        request = x509.load_pem_x509_csr(pem)
        key = request.public_key()
        proven = request.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature, x509.InvalidVersion) as error:
        raise BadRequest(f"this is no certificate request in PEM: {error}") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != CURVE.name:
        raise BadRequest("the request's key is of another kind than P-256, which halls use")
    if not proven:
        raise BadRequest("the request is not signed with its own key: who sent it may not have the key")
    return key
