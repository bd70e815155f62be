"""`python -m keeper.plugged /sys/…`, as root in hallcall-plugged@.service: lets nodes reach what was plugged in.

systemd allows a node numbers, not names: a device that comes back under another number must be let in again. The nodes
go on running, and find their device by themselves. And a number whose device was pulled out is taken back: a stranger
may have it now. Whose device it is, hallcall-nodes.service has written down: a visitor waits, so no file of the hall is
read here.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .systemd import SystemdRefused, systemctl

log = logging.getLogger(__name__)

DEV: Final = Path("/dev")
PORTS: Final = Path("/run/hallcall/ports")  # lines: unit, its device, access


def main(argv: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m keeper.plugged", description="Lets nodes reach a device.")
    options.add_argument("--ports", type=Path, default=PORTS, help="which units may open which devices")
    options.add_argument("--dev", type=Path, default=DEV, help="where devices are")
    options.add_argument("device", type=Path, help="its folder under /sys")
    asked = options.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        plugged = device_of(asked.device, asked.dev)
        ports = asked.ports.read_text(encoding="utf-8")
        for unit, device, access in to_let_in(ports, plugged) if plugged else []:
            _look_again(unit, device, access)
            log.info("%s is there: %s may use it", device, unit)
        for unit, device, access in away(ports) if plugged else []:
            _look_again(unit, device, access)
            log.info("%s is away: %s may no longer use the number that it had", device, unit)
    except (SystemdRefused, OSError) as error:
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


def to_let_in(ports: str, plugged: Path) -> list[tuple[str, str, str]]:
    """Return which units name a device, by which of its names, and what they may do with it."""
    there = plugged.resolve()
    return [each for each in _named(ports) if Path(each[1]).resolve() == there]


def away(ports: str) -> list[tuple[str, str, str]]:
    """Return which units name a device that is not there, by which name, and what they may do with it."""
    return [each for each in _named(ports) if not Path(each[1]).exists()]


def _named(ports: str) -> list[tuple[str, str, str]]:
    return [(unit, device, access) for unit, device, access in map(str.split, ports.splitlines())]


def _look_again(unit: str, device: str, access: str) -> None:
    """Let systemd look up anew which numbers a unit's devices have; one that is away has none."""
    systemctl("set-property", "--runtime", unit, f"DeviceAllow={device} {access}")


if __name__ == "__main__":
    sys.exit(main())
