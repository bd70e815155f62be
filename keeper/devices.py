"""What a node's file makes its program need of the machine: its own ports and speakers, and whom it speaks to. Pure.

A program may open the ports that its file names, and no others: its neighbours' are "Operation not permitted" to it.
"""

import hashlib
import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from broker.board_file import BoardScreen
from broker.cables import cables
from broker.config import FILE_OF_ROLE, DisplayFile, KioskFile, NodeFile
from broker.contract.messages import Role
from broker.strict_toml import BrokenConfig
from hardware.ports import parse

GROUPS: Final = {"serial": "dialout", "usblp": "lp", "spi": "dialout", "evdev": "input", "alsa": "audio"}
ACCESS: Final = {"evdev": "r"}  # a keypad is only read; all others are written too
SOUND: Final = "char-alsa"
SCREEN: Final = ("char-drm", "char-input", "/dev/tty0", "/dev/tty1")
SCREEN_GROUPS: Final = ("video", "render", "input", "tty")
UNIT_SAFE: Final = re.compile(r"/dev/[\w./:+@,=#-]+", re.ASCII)
LOCAL: Final = "localhost"
USER_PREFIX: Final = "hall-"
LONGEST_USER: Final = 31


@dataclass(frozen=True, kw_only=True)
class Device:
    path: str  # /dev/…, or a class of devices, char-…
    access: str = "rw"

    @property
    def allowed(self) -> str:
        """Return the value of DeviceAllow= for it."""
        return f"{self.path} {self.access}"


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What one node needs of its box. `hosts` are all to whom it speaks; `outside`: addresses beyond the hall too."""

    devices: tuple[Device, ...] = ()
    groups: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    outside: bool = False
    serves: bool = False
    has_screen: bool = False


def role_of(file: NodeFile) -> Role:
    """Return the role whose kind of file this is. Raises BrokenConfig for one that runs nowhere by itself."""
    role = next((role for role, kind in FILE_OF_ROLE.items() if type(file) is kind), None)
    if role is None or role in (Role.SUPERVISOR, Role.WATCH):
        raise BrokenConfig(f"{file.node}: no program of the hall runs from this kind of file; take it out of box.toml")
    return role


def unit_of(file: NodeFile) -> str:
    """Return the name of the node's unit."""
    return f"hallcall-{role_of(file).value}@{file.node}.service"


def needs(file: NodeFile) -> Needs:
    """Return what a node needs. Raises BrokenConfig where a port's name is none that systemd can be told."""
    devices: list[Device] = []
    groups: list[str] = []
    hosts = [file.broker.host]
    for key, url in cables(file):
        scheme, _, name = url.partition(":")
        if scheme == "alsa":
            devices.append(Device(path=SOUND))
        elif scheme == "tcp":
            hosts.append(_host(name))
            continue
        elif key == "port":
            devices.append(_device(file, url))
        if group := GROUPS.get(scheme):
            groups.append(group)
    has_screen = isinstance(file, KioskFile) or (isinstance(file, DisplayFile) and isinstance(file.screen, BoardScreen))
    if has_screen:
        devices += [Device(path=each) for each in SCREEN]
        groups += SCREEN_GROUPS
    return Needs(
        devices=tuple(dict.fromkeys(devices)),
        groups=tuple(dict.fromkeys(groups)),
        hosts=tuple(dict.fromkeys(hosts)),
        outside=isinstance(file, KioskFile) and bool(file.slip.public_url),
        serves=role_of(file) in (Role.WEB, Role.REGISTRAR, Role.KEEPER),
        has_screen=has_screen,
    )


def user_of(node: str) -> str:
    """Return the user that a node's program runs under: systemd would give all nodes of one role on a box the same."""
    name = f"{USER_PREFIX}{node}"
    return name if len(name) <= LONGEST_USER else f"{USER_PREFIX}{hashlib.sha256(node.encode()).hexdigest()[:16]}"


def drop_in(file: NodeFile, needed: Needs) -> str:
    """Return the node's drop-in: what its unit lets it reach beyond what all units do."""
    unit = ["Conflicts=getty@tty1.service", "After=getty@tty1.service"] if needed.has_screen else []
    service = [f"User={user_of(file.node)}"]
    service += [f"DeviceAllow={each.allowed}" for each in needed.devices]
    service += [f"SupplementaryGroups={' '.join(needed.groups)}"] if needed.groups else []
    service += _addresses(needed)
    text = f"# Written by hallcall-nodes.service from nodes/{file.node}.toml; gone at power-off.\n"
    text += "".join(f"{line}\n" for line in ["[Unit]", *unit]) if unit else ""
    return text + "".join(f"{line}\n" for line in ["[Service]", *service])


def _addresses(needed: Needs) -> list[str]:
    """Return whom the node may speak to: no more than its file names, where all of these are plain addresses."""
    if needed.outside:
        return ["IPAddressDeny="]
    plain = [each for each in needed.hosts if _is_address(each)]
    if len(plain) == len(needed.hosts) and not needed.serves:
        return ["IPAddressAllow=", f"IPAddressAllow={' '.join([LOCAL, *plain])}"]
    return [f"IPAddressAllow={' '.join(plain)}"] if plain else []


def _device(file: NodeFile, url: str) -> Device:
    place = parse(url)
    if not UNIT_SAFE.fullmatch(place.name) or ".." in place.name.split("/"):
        raise BrokenConfig(
            f"{file.node}: port {url!r} is no device under /dev with a plain name; give it one with `hallcall devices`"
        )
    return Device(path=place.name, access=ACCESS.get(place.scheme, "rw"))


def _host(place: str) -> str:
    return place.partition("?")[0].rpartition(":")[0].strip("[]")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
