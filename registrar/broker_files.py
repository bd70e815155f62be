"""What the hall's broker reads: its configuration, who may do what, who is revoked, its own certificate.

All of it follows from hall.toml and the book, so it is worked out anew and written where it differs; last of all the
mark `written`, at which systemd has the broker read them again, and no connection ends. Only another mosquitto.conf
starts it anew.
"""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import structs

from broker.contract.messages import Hall, Node, Role
from broker.mosquitto import ACL_FILE, AUTHORITY_FILE, CONF_FILE, REVOKED_FILE, acl, secured_conf
from broker.whole_files import replace_file

WRITTEN: Final = "written"
MODE: Final = 0o640  # for the group, which the folder gives: mosquitto's


def broker_files(
    hall: Hall, *, own: str, boxes: Mapping[str, str], directory: Path, root: bytes, revoked: bytes, port: int
) -> dict[str, bytes]:
    """Return the files by name; `boxes` holds each box's keeper. They may speak though hall.toml does not list them."""
    listed = {node.id for node in hall.nodes}
    unlisted = [Node(id=own, role=Role.REGISTRAR), *(Node(id=keeper, role=Role.KEEPER) for keeper in boxes.values())]
    whole = structs.replace(hall, nodes=(*hall.nodes, *(node for node in unlisted if node.id not in listed)))
    return {
        AUTHORITY_FILE: root,
        REVOKED_FILE: revoked,
        ACL_FILE: acl(whole).encode(),
        CONF_FILE: secured_conf(directory=directory, port=port).encode(),
    }


def write_broker_files(directory: Path, files: Mapping[str, bytes], *, anyway: bool = False) -> bool:
    """Write what differs, and the mark if something did, or `anyway`; tell whether."""
    changed = {name: content for name, content in files.items() if _there(directory / name) != content}
    for name, content in changed.items():
        replace_file(directory / name, content, mode=MODE)
    if changed or anyway or not (directory / WRITTEN).exists():
        replace_file(directory / WRITTEN, b"", mode=MODE)
        return True
    return False


def _there(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def goes_together(chain: Path, key: Path) -> bool:
    """Tell whether a certificate and a key are there, and of one another: a power cut may have come between them."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key)
    except OSError:  # ssl.SSLError is one
        return False
    return True
