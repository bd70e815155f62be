"""How a box is: all that a keeper looks at, one after the other."""

import re
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec import structs

from broker.box_file import load_box
from broker.contract.messages import BoxHealth
from broker.strict_toml import BrokenConfig

from . import body, certificates, clock, copies, disk, helped, units, ups
from .joining import REGISTRAR_NODE
from .machine import Machine

SLOT: Final = re.compile(r"\brauc\.slot=(\w+)")


def health(machine: Machine, *, box: str, box_file: Path, tls_dir: Path, directory: str, now: datetime) -> BoxHealth:
    """Return a box's figures and findings; takes a fraction of a second, more where commands hang."""
    told = BoxHealth(box=box)
    told = clock.look(told, machine)
    told = certificates.look(told, tls_dir, [each for each in nodes_of(box_file) if each != REGISTRAR_NODE], now=now)
    told = copies.look(told, machine.real(copies.LAST), nodes_of(box_file), now=now)
    told = helped.look(told, machine.real(helped.OPENED))
    told = disk.look(told, machine, directory=directory)
    for look in (body.heat, body.power, ups.look, body.memory, body.load, body.network, image):
        told = look(told, machine)
    return units.look(told, machine, box_file=box_file)


def nodes_of(box_file: Path) -> tuple[str, ...]:
    """Return the nodes that the box's file names; none where there is no such file."""
    try:
        return load_box(box_file).nodes
    except BrokenConfig:
        return ()


def image(told: BoxHealth, machine: Machine) -> BoxHealth:
    """Read from which image the box was started, and from which of its two slots."""
    slot = SLOT.search(machine.text("/proc/cmdline"))
    rows = dict(line.split("=", 1) for line in machine.text("/etc/os-release").splitlines() if "=" in line)
    return structs.replace(told, image=rows.get("IMAGE_VERSION", "").strip("\"'"), slot=slot.group(1) if slot else "")
