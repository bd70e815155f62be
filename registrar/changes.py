"""What the registrar has done, as its book keeps it: one line an act, never taken back."""

from datetime import datetime

from msgspec import Struct


class Change(Struct, frozen=True, kw_only=True, tag=True):
    """Something that was done and is on disk. `who`: a node, the technician, or the address that asked."""

    at: datetime
    who: str


class BoxInvited(Change, frozen=True, kw_only=True):
    """A box may join once, with the token of this hash."""

    box: str
    nodes: tuple[str, ...]
    token: str  # SHA-256, in hex
    expires: datetime
    files: dict[str, bytes] | None = None  # None: as they were


class Certificate(Struct, frozen=True, kw_only=True):
    """A certificate that the registrar made."""

    node: str
    serial: str  # hexadecimal
    issuer: str  # serial number of the issuing authority's
    key: str  # SHA-256 of the public key
    chain: str  # PEM, the issuing authority's after it
    due: datetime  # for renewal
    until: datetime


class BoxJoined(Change, frozen=True, kw_only=True):
    """A box has its certificates; whatever its nodes had before counts no longer."""

    box: str
    certificates: tuple[Certificate, ...]


class CertificateRenewed(Change, frozen=True, kw_only=True):
    """A node has its next certificate; the one before it counts until its own end."""

    certificate: Certificate


class Expelled(Change, frozen=True, kw_only=True):
    """Nodes whose certificates count no longer, and a box whose token neither."""

    box: str
    nodes: tuple[str, ...]
    why: str = ""


class SpareAsked(Change, frozen=True, kw_only=True):
    """A machine without a place shows this code and waits."""

    serial: str
    code: str
    token: str  # SHA-256, in hex


class SpareGiven(Change, frozen=True, kw_only=True):
    """A spare may join as this box, by the token that it drew itself."""

    token: str
    box: str
    expires: datetime


class SpareTurnedAway(Change, frozen=True, kw_only=True):
    """A spare that gets no place."""

    token: str
    why: str = ""


class FilesPut(Change, frozen=True, kw_only=True):
    """Files that a box fetches, instead of those it had under these names."""

    box: str
    files: dict[str, bytes]


class TechnicianReplaced(Change, frozen=True, kw_only=True):
    """A technician's certificate of a later generation was shown: those of earlier ones count no longer."""

    generation: int


class IssuingReplaced(Change, frozen=True, kw_only=True):
    """A new issuing authority is in force; those before it sign lists of revoked certificates only."""

    serial: str


AnyChange = (
    BoxInvited
    | BoxJoined
    | CertificateRenewed
    | Expelled
    | SpareAsked
    | SpareGiven
    | SpareTurnedAway
    | FilesPut
    | TechnicianReplaced
    | IssuingReplaced
)
