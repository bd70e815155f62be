"""What lies on each box's card, in the folder `hallcall/`, and what of it is for that box alone. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath

from broker.invitations import (
    BOX_FILE,
    BOXES,
    GOOD_FOR,
    HALL_FILE,
    INVITATIONS,
    ISSUING_CERTIFICATE,
    NODES,
    ROOT_FILE,
    Invitation,
    Invitations,
    token_hash,
    written,
)

from .furnish import IDENTITY_KEY, PINS, TECHNICIAN_PIN, Box, Furnished
from .secrets_drawn import Drawn
from .toml_text import toml_text

Files = dict[PurePosixPath, bytes]


@dataclass(frozen=True, kw_only=True)
class Founding:
    """All that a hall's cards are made of. `extra` are further files of nodes, by node and name."""

    hall: str
    timezone: str
    dispatcher: str
    furnished: Furnished
    drawn: Drawn
    root: bytes
    fingerprint: str
    issuing: bytes
    pins: bytes = field(repr=False)
    extra: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    made: datetime


def cards(founding: Founding) -> dict[str, Files]:
    """Return each box's card. The issuing key is not there: it goes from its locked file onto the card itself."""
    made = {box.box: {**box_files(founding, box, with_token=True)} for box in founding.furnished.boxes}
    dispatcher = next(box for box in founding.furnished.boxes if box.is_dispatcher)
    own = made[dispatcher.box]
    own[HALL_FILE] = hall_text(founding.furnished).encode()
    own[ISSUING_CERTIFICATE] = founding.issuing
    own[INVITATIONS] = written(invitations(founding))
    for box in founding.furnished.boxes:
        if not box.spare and not box.is_dispatcher:
            files = box_files(founding, box, with_token=False)
            own |= {BOXES / box.box / name: file for name, file in files.items()}
    return made


def box_files(founding: Founding, box: Box, *, with_token: bool) -> Files:
    """Return a box's own files: what it is, the hall's root, its nodes."""
    files: Files = {
        BOX_FILE: box_text(founding, box, token=founding.drawn.tokens.get(box.box, "") if with_token else "").encode(),
        ROOT_FILE: founding.root,
    }
    for node in box.nodes:
        files[NODES / f"{node.id}.toml"] = toml_text(node.tables).encode()
        if IDENTITY_KEY in node.secrets:
            files[NODES / IDENTITY_KEY] = f"{founding.drawn.identity_key}\n".encode()
        if TECHNICIAN_PIN in node.secrets:
            files[NODES / TECHNICIAN_PIN] = f"{founding.drawn.technician_line}\n".encode()
        if PINS in node.secrets:
            files[NODES / PINS] = founding.pins
        for name, file in founding.extra.get(node.id, {}).items():
            files[NODES / name] = file
    return files


def box_text(founding: Founding, box: Box, *, token: str) -> str:
    """Return a box's box.toml."""
    tables: dict[str, object] = {
        "box": box.box,
        "hall": founding.hall,
        "dispatcher": founding.dispatcher,
        "authority": founding.fingerprint,
    }
    if token and not box.spare:
        tables["token"] = token
    if box.spare:
        tables["spare"] = True
    else:
        tables["nodes"] = [node.id for node in box.nodes]
    if box.address:
        tables["address"] = box.address
    if box.gateway:
        tables["gateway"] = box.gateway
    tables["timezone"] = founding.timezone
    return toml_text(tables)


def hall_text(furnished: Furnished) -> str:
    return toml_text(furnished.hall, about=["Every key: docs/configuration.md. kill -HUP, or a restart, takes it up."])


def invitations(founding: Founding) -> Invitations:
    """Return who may join: every box but the spares, for which a supervisor answers."""
    return Invitations(
        hall=founding.hall,
        invitations=tuple(
            Invitation(
                box=box.box,
                nodes=tuple(node.id for node in box.nodes),
                token=token_hash(founding.drawn.tokens[box.box]),
                expires=founding.made + GOOD_FOR,
            )
            for box in founding.furnished.boxes
            if not box.spare
        ),
    )
