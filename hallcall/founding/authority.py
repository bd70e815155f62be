"""The authority's folder: what the technician keeps, locked with a passphrase, and a log of what was done with it.

    root.p12, root.crt              the hall's root; root.p12 never leaves this folder and its copy
    technician.p12, technician.crt  who the technician is to the hall's registrar
    issuing.p12, issuing.crt        until the dispatcher's card was written; then only the registrar has the key
    log.jsonl                       what was done, when, by whom
    book.jsonl                      what the registrar has done, as it told; see witness.py

No key lies here unlocked.
"""

import getpass
import json
import os
import socket
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final

from broker.authority.issuing import (
    Authority,
    certificate_pem,
    generation_of,
    new_issuing,
    new_root,
    technician_certificate,
)
from broker.authority.keys import new_key
from broker.authority.reading import BadCertificate, read_chain
from broker.authority.safe import locked, unlocked

FOLDER: Final = "authority"
TECHNICIAN: Final = "technician"
ROOT: Final = PurePosixPath("root.p12")
ISSUING: Final = PurePosixPath("issuing.p12")
TECHNICIANS: Final = PurePosixPath("technician.p12")
TECHNICIANS_CERTIFICATE: Final = PurePosixPath("technician.crt")
LOG: Final = "log.jsonl"
TECHNICIAN_DAYS: Final = 2 * 365  # made anew at any time, with the root: `hallcall hall renew`


class NoAuthority(ValueError):
    """The folder holds no authority's file; its text says where to look for the copy."""


def new_authority(hall: str, *, passphrase: str, now: datetime) -> dict[PurePosixPath, bytes]:
    """Return the folder of a new hall. Raises WrongPassphrase where it is too short."""
    root = new_root(hall, now=now)
    issuing = new_issuing(root, now=now)
    return {
        ROOT: locked(root, passphrase=passphrase),
        PurePosixPath("root.crt"): certificate_pem(root.certificate),
        ISSUING: locked(issuing, passphrase=passphrase),
        PurePosixPath("issuing.crt"): certificate_pem(issuing.certificate),
        **new_technician(root, passphrase=passphrase, now=now),
    }


def new_technician(
    root: Authority, *, passphrase: str, now: datetime, generation: int = 0
) -> dict[PurePosixPath, bytes]:
    """Return the technician's files. The root itself signs: so no issuing authority's end shuts the technician out."""
    key = new_key()
    made = technician_certificate(
        root, key.public_key(), node=TECHNICIAN, now=now, days=TECHNICIAN_DAYS, generation=generation
    )
    return {
        TECHNICIANS: locked(Authority(certificate=made, key=key), passphrase=passphrase),
        TECHNICIANS_CERTIFICATE: certificate_pem(made),
    }


def technician_until(folder: Path) -> datetime:
    """Return when the technician's certificate ends."""
    return read_chain((folder / TECHNICIANS_CERTIFICATE).read_bytes())[0].not_valid_after_utc


def technician_generation(folder: Path) -> int:
    """Return of which generation the technician's certificate is; 0 where there is none."""
    try:
        return generation_of(read_chain((folder / TECHNICIANS_CERTIFICATE).read_bytes())[0])
    except (OSError, BadCertificate):
        return 0


def opened(folder: Path, name: PurePosixPath, *, passphrase: str) -> Authority:
    """Return a locked certificate and its key. Raises NoAuthority, WrongPassphrase, BadKey."""
    try:
        file = (folder / name).read_bytes()
    except OSError as error:
        raise NoAuthority(
            f"{folder / name}: {error.strerror}; is this the hall's folder? Take the authority's copy"
        ) from error
    return unlocked(file, passphrase=passphrase)


def note(folder: Path, what: str, *, now: datetime, **about: str) -> None:
    """Write a line into the authority's log."""
    line = {"at": now.isoformat(timespec="seconds"), "who": f"{_user()}@{socket.gethostname()}", "what": what, **about}
    with (folder / LOG).open("a", encoding="utf-8") as log:
        log.write(json.dumps(line, ensure_ascii=False) + "\n")
        log.flush()
        os.fsync(log.fileno())


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
