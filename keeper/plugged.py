"""`python -m keeper.plugged /sys/…`, as root in hallcall-plugged@.service: lets nodes reach what was plugged in.

systemd allows a node numbers, not names: a device that comes back under another number must be let in again. The nodes
go on running, and find their device by themselves.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from broker.strict_toml import BrokenConfig

from .devices import Device
from .node_files import PLACE, BoxNode, nodes_of
from .systemd import SystemdRefused, systemctl

log = logging.getLogger(__name__)

DEV: Final = Path("/dev")


def main(argv: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m keeper.plugged", description="Lets nodes reach a device.")
    options.add_argument("--place", type=Path, default=PLACE, help="where box.toml and nodes/ are")
    options.add_argument("--dev", type=Path, default=DEV, help="where devices are")
    options.add_argument("device", type=Path, help="its folder under /sys")
    asked = options.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        plugged = device_of(asked.device, asked.dev)
        nodes, _ = nodes_of(asked.place)
        for node, device in to_let_in(nodes, plugged) if plugged else []:
            systemctl("set-property", "--runtime", node.unit, f"DeviceAllow={device.allowed}")
            log.info("%s is there: %s may use it", device.path, node.file.node)
    except (BrokenConfig, SystemdRefused, OSError) as error:
        log.critical("%s", error)
        return 1
    return 0


def device_of(folder: Path, dev: Path) -> Path | None:
    """Return the device of a folder under /sys; None when it is gone again."""
    try:
        pairs = dict(
            line.partition("=")[::2] for line in (folder / "uevent").read_text(encoding="utf-8").splitlines() if line
        )
    except FileNotFoundError:
        return None
    return dev / pairs["DEVNAME"] if "DEVNAME" in pairs else None


def to_let_in(nodes: Sequence[BoxNode], plugged: Path) -> list[tuple[BoxNode, Device]]:
    """Return which nodes name a device, and by which of its names."""
    there = plugged.resolve()
    return [
        (node, device)
        for node in nodes
        for device in node.needs.devices
        if device.path.startswith("/") and Path(device.path).resolve() == there
    ]


if __name__ == "__main__":
    sys.exit(main())
