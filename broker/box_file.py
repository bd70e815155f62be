"""A box's file, box.toml: which hall the machine is in, where its dispatcher stands, which nodes run on it."""

import ipaddress
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct

from .checks.agreement import once
from .contract.messages import BoxId, Id
from .strict_toml import BrokenConfig, Finding, Reading, TomlFile, shown

KEEPER: Final = "keeper-"  # a box's keeper is the node keeper-<box>


class BoxFile(Struct, frozen=True, kw_only=True):
    """What a machine of the hall is, before any program of it runs. `hallcall hall` writes it.

    Each of its nodes has a file of its own beside it, `nodes/<id>.toml`. A spare has no nodes and no token: it waits
    for a supervisor to say whose place it takes.
    """

    box: Annotated[BoxId, Meta(description="name of the machine, its host name; its keeper is keeper-<box>")]
    hall: Annotated[Id, Meta(description="id of the hall")]
    dispatcher: Annotated[str, Meta(min_length=1, description="address or name of the dispatcher's box")]
    authority: Annotated[
        str, Meta(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of root.crt, the hall's authority, in hex")
    ]
    token: Annotated[
        str, Meta(pattern=r"^$|^[0-9a-f]{32}$", description="joins the box, once; empty when it has been used")
    ] = ""
    nodes: Annotated[tuple[Id, ...], Meta(description="ids of the nodes that run here, its keeper too")] = ()
    spare: Annotated[bool, Meta(description="from the cupboard: takes the place of a box that is broken")] = False
    address: Annotated[str, Meta(description="its own address, such as 192.168.8.21/24; left out: by DHCP")] = ""
    gateway: Annotated[str, Meta(description="address of the network's router; left out: by DHCP, or none")] = ""
    timezone: Annotated[str, Meta(description="IANA name, as in hall.toml")] = "Asia/Shanghai"

    @property
    def keeper(self) -> str:
        """Return the id of the box's keeper."""
        return f"{KEEPER}{self.box}"


def load_box(path: Path) -> BoxFile:
    """Read a box's file. Raises BrokenConfig, whose text is every error of the file."""
    return read_box(TomlFile(path))


def read_box(file: TomlFile) -> BoxFile:
    """Return the box that a file tells of. Raises BrokenConfig."""
    reading = Reading()
    box = reading.structure(file.tables, BoxFile)
    findings = [*reading.findings, *box_findings(file)]
    if box is None or findings:
        raise BrokenConfig("\n".join(file.worded(findings)))
    return box


def box_findings(file: TomlFile) -> Iterator[Finding]:
    """Yield what does not go together in a box's file."""
    yield from once(file, "nodes[]")
    yield from _nodes(file)
    yield from _addresses(file)
    zone = file.tables.get("timezone")
    if isinstance(zone, str) and zone not in zoneinfo.available_timezones():
        text = f"{shown(zone)} is no time zone; give an IANA name such as Asia/Shanghai"
        yield Finding(place=("timezone",), text=text)


def _nodes(file: TomlFile) -> Iterator[Finding]:
    box, nodes, spare = (file.tables.get(key) for key in ("box", "nodes", "spare"))
    if spare is True:
        for key in ("nodes", "token"):
            if file.tables.get(key):
                yield Finding(place=(key,), text="a spare has none until it takes a place; remove it, or spare = true")
    elif isinstance(box, str) and (nodes is None or (isinstance(nodes, list) and f"{KEEPER}{box}" not in nodes)):
        yield Finding(place=("nodes",), text=f'"{KEEPER}{box}" is missing: each box has its keeper; add it')


def _addresses(file: TomlFile) -> Iterator[Finding]:
    address, gateway = (file.tables.get(key) for key in ("address", "gateway"))
    if isinstance(address, str) and address and (wrong := _wrong_address(address)):
        yield Finding(place=("address",), text=wrong)
    if not isinstance(gateway, str) or not gateway:
        return
    if not _is_address(gateway):
        text = f"{shown(gateway)} is no address; give the router's, such as 192.168.8.1"
        yield Finding(place=("gateway",), text=text)
    elif not address:
        yield Finding(place=("gateway",), text="DHCP tells the router; give `address` too, or leave it out")


def _wrong_address(address: str) -> str:
    """Return why a box cannot have an address; empty when it can."""
    try:
        own = ipaddress.ip_interface(address)
    except ValueError:
        own = None
    if own is None or "/" not in address:
        return f"{shown(address)} is no address with its network; give one such as 192.168.8.21/24"
    if own.network.prefixlen < own.max_prefixlen - 1 and own.ip in (own.network[0], own.network[-1]):
        return f"{own.ip} is no box's in {own.network}; give one between {own.network[1]} and {own.network[-2]}"
    return ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
