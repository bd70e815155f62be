"""The files of the hall's MQTT broker, mosquitto: its configuration, who may write and read what, who may log in.

Pure: whoever starts mosquitto writes them to disk. Nothing is allowed but what the contract's table of topics names.
"""

import base64
import hashlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .contract import wire
from .contract.messages import Hall, Node, Role

CONF_FILE: Final = "mosquitto.conf"
ACL_FILE: Final = "mosquitto.acl"
PASSWORD_FILE: Final = "mosquitto.passwords"  # noqa: S105 - a file name
AUTHORITY_FILE: Final = "root.crt"
CERTIFICATE_FILE: Final = "broker.crt"
KEY_FILE: Final = "broker.key"
REVOKED_FILE: Final = "mosquitto.crl"
SECURED_PORT: Final = 8883
OPEN_FILES: Final = 1_024  # of its unit, and the bound on connections: max_connections loses count of those it denies
PACKET_BYTES: Final = 1 << 20  # the largest letter, 200 events of a large hall, is a tenth of it
QUEUED_BYTES: Final = 16 << 20  # kept for one slow reader
INFLIGHT: Final = 20  # letters to one reader that it has not yet taken
MEMORY_BYTES: Final = 200_000_000  # of all of it; the unit's MemoryMax lies above
DISPATCHER: Final = Role.DISPATCHER.value
ROUNDS: Final = 5_000  # of PBKDF2 at each login; passwords are random, and a small box signs in a whole hall at once
SALT_BYTES: Final = 12  # mosquitto 2.0 takes no other length


def broker_conf(*, port: int, directory: Path, listen: str = "127.0.0.1") -> str:
    """Return mosquitto.conf for logins by password: the demo's, and tests'. Its files lie in `directory`."""
    return f"""\
per_listener_settings false
listener {port} {listen}
password_file {directory / PASSWORD_FILE}
# Without an account of its own (root in a container) it stays who started it, and can read the files beside this one.
user root
{_rules(directory)}"""


def secured_conf(*, directory: Path, port: int = SECURED_PORT, listen: str = "", account: str = "mosquitto") -> str:
    """Return mosquitto.conf for a hall with certificates; its files lie in `directory`, and `account` reads them.

    Those are AUTHORITY_FILE (the hall's root), CERTIFICATE_FILE (the broker's chain), KEY_FILE, REVOKED_FILE and
    ACL_FILE. Without a list of revoked certificates nobody is let in: it must be there, of each issuing authority.
    """
    return f"""\
per_listener_settings false
listener {port} {listen}
cafile {directory / AUTHORITY_FILE}
certfile {directory / CERTIFICATE_FILE}
keyfile {directory / KEY_FILE}
crlfile {directory / REVOKED_FILE}
# Who somebody is, only a certificate says: its name is the login, and the login the client id.
require_certificate true
use_identity_as_username true
# And nothing older.
tls_version tlsv1.2
user {account}
{_rules(directory)}"""


def _rules(directory: Path) -> str:
    return f"""\
allow_anonymous false
acl_file {directory / ACL_FILE}
# One login, one connection: nobody can throw another node off by taking its client id.
use_username_as_clientid true
allow_zero_length_clientid false
# A press waits for no further one to share a packet with.
set_tcp_nodelay true
# The journal is the record, not the broker.
persistence false
# Past this a slow reader loses letters without a word; it notices the gap by their sequence.
max_queued_messages 10000
max_queued_bytes {QUEUED_BYTES}
max_inflight_messages {INFLIGHT}
# Whoever sends more in one letter is cut off.
max_packet_size {PACKET_BYTES}
memory_limit {MEMORY_BYTES}
max_keepalive 30
sys_interval 0
log_dest stderr
log_type error
log_type warning
log_type notice
log_type information
connection_messages true
"""


def acl(hall: Hall) -> str:
    """Return the access list: the dispatcher, then each node with its own topics. What is not listed is denied.

    A forbidden letter is refused, a forbidden subscription granted and left without a letter.
    """
    everything = wire.topic(hall.id, "#")
    blocks = [[f"user {DISPATCHER}", f"topic read {everything}", *_told_by_dispatcher(hall.id)]]
    for node in hall.nodes:
        topics = [f"topic read {everything}"] if node.role is Role.WATCH else list(_topics(hall.id, node))
        blocks.append([f"user {node.id}", *topics])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _told_by_dispatcher(hall: str) -> Iterator[str]:
    for channel in wire.CHANNELS:
        if Role.DISPATCHER in channel.writers:
            one_of_many = channel.own and channel.writers != (Role.DISPATCHER,)
            yield f"topic write {wire.topic(hall, channel.pattern, DISPATCHER if one_of_many else '+')}"


def _topics(hall: str, node: Node) -> Iterator[str]:
    for channel in wire.CHANNELS:
        writes, reads = node.role in channel.writers, node.role in channel.readers
        level = node.id if channel.own and node.role not in channel.postmen else "+"
        if writes or reads:
            access = "readwrite" if writes and reads else "write" if writes else "read"
            yield f"topic {access} {wire.topic(hall, channel.pattern, level)}"
        if node.role in channel.overseers:
            yield f"topic read {wire.topic(hall, channel.pattern, '+')}"
        elif channel.own and reads and writes and Role.DISPATCHER in channel.writers:
            yield f"topic read {wire.topic(hall, channel.pattern, DISPATCHER)}"


def password_line(name: str, password: str) -> str:
    """Return a line of the password file: PBKDF2 with SHA-512, as mosquitto_passwd of 2.0 writes it."""
    salt = secrets.token_bytes(SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS)
    return f"{name}:$7${ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
