"""`python -m keeper.device_rules`, as root in hallcall-devices.service: gives this box's devices the hall's names."""

import argparse
import logging
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from broker.device_file import load_devices, rules
from broker.strict_toml import BrokenConfig

from .node_files import PLACE

log = logging.getLogger(__name__)

RULES: Final = Path("/run/udev/rules.d/72-hallcall-names.rules")
PATIENCE_S: Final = 30
SAY_AGAIN: Final = ("tty", "usbmisc", "input")


def main(argv: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m keeper.device_rules", description="Names this box's devices.")
    options.add_argument("--place", type=Path, default=PLACE, help="where devices.toml is")
    options.add_argument("--rules", type=Path, default=RULES, help="the file of udev's rules to write")
    asked = options.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        devices = load_devices(asked.place / "devices.toml")
        asked.rules.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        asked.rules.write_text(rules(devices), encoding="utf-8")
        udevadm("control", "--reload")
        udevadm("trigger", "--action=change", *(f"--subsystem-match={each}" for each in SAY_AGAIN))
        udevadm("settle", "--timeout=10")
    except (BrokenConfig, OSError, subprocess.SubprocessError) as error:
        log.critical("%s", error)
        return 1
    log.info("names: %s", ", ".join(each.name for each in devices.devices) or "none")
    return 0


def udevadm(*words: str) -> None:
    subprocess.run(["udevadm", *words], check=True, timeout=PATIENCE_S)


if __name__ == "__main__":
    sys.exit(main())
