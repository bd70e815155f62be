"""`python -m keeper.nodes`, as root in hallcall-nodes.service: starts this box's nodes, each with just its own ports.

For each node of box.toml it writes a drop-in, gone at power-off, of what the node's file names; then it starts them. It
may run at any time again: what did not change goes on undisturbed, what left the box is stopped. A file that cannot be
used keeps its own node down, and no other.
"""

import argparse
import logging
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from broker.contract.messages import Role
from broker.strict_toml import BrokenConfig

from .devices import drop_in, role_of
from .node_files import PLACE, BoxNode, nodes_of
from .plugged import PORTS
from .systemd import SystemdRefused, systemctl

log = logging.getLogger(__name__)

UNITS: Final = Path("/run/systemd/system")
DROP_IN: Final = "50-node.conf"
WANTS: Final = "50-nodes.conf"
# The broker's files come from the registrar, and all others need the broker.
ORDER: Final = (Role.REGISTRAR, Role.DISPATCHER, Role.KIOSK, Role.DISPLAY, Role.COUNTER, Role.WEB, Role.KEEPER)


def main(argv: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m keeper.nodes", description="Starts this box's nodes.")
    options.add_argument("--place", type=Path, default=PLACE, help="where box.toml and nodes/ are")
    options.add_argument("--units", type=Path, default=UNITS, help="where systemd reads what lasts until power-off")
    options.add_argument("--ports", type=Path, default=PORTS, help="where to write whose port is whose")
    asked = options.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        good, wrong = nodes_of(asked.place)
        for text in wrong:
            log.error("this node stays down, the others start all the same: %s", text)
        _wrote(asked.ports, ports(good))
        start(good, asked.units)
    except (BrokenConfig, SystemdRefused, OSError) as error:
        log.critical("%s", error)
        return 1
    return int(bool(wrong))


def start(nodes: Sequence[BoxNode], units: Path) -> None:
    """Start the box's nodes; what is none of them is stopped."""
    gone = _left(nodes, units)
    for unit in gone:
        shutil.rmtree(units / f"{unit}.d")
    changed = [
        each.unit for each in nodes if _wrote(units / f"{each.unit}.d" / DROP_IN, drop_in(each.file, each.needs))
    ]
    wants = {"hallcall.target": [_target(role) for role in _roles(nodes)]}
    wants |= {_target(role): [each.unit for each in nodes if role_of(each.file) is role] for role in ORDER}
    rewired = [_wrote(units / f"{target}.d" / WANTS, _wanted(of)) for target, of in wants.items()]
    if changed or gone or any(rewired):
        systemctl("daemon-reload")
    if gone:
        log.info("no longer of this box: %s", ", ".join(gone))
        systemctl("stop", "--no-block", *gone)
    if changed:
        systemctl("try-restart", "--no-block", *changed)
    for role in _roles(nodes):
        systemctl("start", "--no-block", _target(role))
    log.info("started: %s", ", ".join(each.unit for each in nodes) or "nothing, this box has no nodes")


def ports(nodes: Sequence[BoxNode]) -> str:
    """Return whose port is whose, for whoever lets them in again when they are plugged in."""
    named = [(node.unit, device) for node in nodes for device in node.needs.devices if device.path.startswith("/")]
    return "".join(f"{unit} {device.allowed}\n" for unit, device in named)


def _roles(nodes: Sequence[BoxNode]) -> list[Role]:
    return sorted({role_of(each.file) for each in nodes}, key=ORDER.index)


def _target(role: Role) -> str:
    return f"hallcall-{role.value}.target"


def _wanted(units: Sequence[str]) -> str:
    """Return what makes a target hold the box's nodes."""
    return f"# Written by hallcall-nodes.service from box.toml.\n[Unit]\nWants={' '.join(units)}\n"


def _left(nodes: Sequence[BoxNode], units: Path) -> list[str]:
    """Return units that were of this box, and are no more."""
    were = {each.parent.name.removesuffix(".d") for each in units.glob(f"hallcall-*@*.service.d/{DROP_IN}")}
    return sorted(were - {each.unit for each in nodes})


def _wrote(path: Path, text: str) -> bool:
    """Write a file; tell whether it changed."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    path.parent.chmod(0o755)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)
    return True


if __name__ == "__main__":
    sys.exit(main())
