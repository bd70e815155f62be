"""Who may join the hall, and how a box's card is laid out: written by the technician's laptop, read by the registrar.

A card's folder `hallcall/` becomes a box's /etc/hallcall at its first start:

    box.toml                  the box, with its one-time token
    root.crt                  the hall's root, by which the box knows the registrar
    nodes/ID.toml, nodes/…    its nodes' files, and what they name
    hall.toml                 on the dispatcher's box only, as all that follows
    registrar/issuing.crt     the issuing authority
    registrar/issuing.key     its key; the registrar takes it into its state and erases it here
    registrar/invitations.json
    registrar/boxes/BOX/…     the files of every other box, without its token: what a spare gets

Nobody but the box itself ever has a token: an invitation names its SHA-256.
"""

import hashlib
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from .contract.messages import BoxId, Id

GOOD_FOR: Final = timedelta(days=14)
TOKEN_BYTES: Final = 16

BOX_FILE: Final = PurePosixPath("box.toml")
ROOT_FILE: Final = PurePosixPath("root.crt")
HALL_FILE: Final = PurePosixPath("hall.toml")
NODES: Final = PurePosixPath("nodes")
REGISTRAR: Final = PurePosixPath("registrar")
ISSUING_CERTIFICATE: Final = REGISTRAR / "issuing.crt"
ISSUING_KEY: Final = REGISTRAR / "issuing.key"
INVITATIONS: Final = REGISTRAR / "invitations.json"
BOXES: Final = REGISTRAR / "boxes"


class BadInvitations(ValueError):
    """A file of invitations that cannot be read; its text says what to do."""


class Invitation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One box that may join once, with certificates for these nodes."""

    box: BoxId
    nodes: tuple[Id, ...]
    token: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of its token, in hex")]
    expires: Annotated[datetime, Meta(tz=True)]


class Invitations(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All boxes of a hall that were invited with one writing of cards."""

    hall: Id
    invitations: tuple[Invitation, ...]


def token_hash(token: str) -> str:
    """Return how an invitation names a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def written(invitations: Invitations) -> bytes:
    """Return the file."""
    return msgspec.json.format(msgspec.json.encode(invitations), indent=1) + b"\n"


def read(file: bytes) -> Invitations:
    """Return what a file says. Raises BadInvitations."""
    try:
        return msgspec.json.decode(file, type=Invitations)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadInvitations(f"{INVITATIONS}: {error}; write the dispatcher's card anew") from error
