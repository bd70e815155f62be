"""`python -m keeper.address`, as root before the network starts: gives a box the address that its box.toml names.

Runs before the box has joined, so the card's box.toml will do: the clock is asked of the dispatcher before any
certificate is judged, and that needs the network.
"""

import sys
from pathlib import Path
from typing import Final

from broker.whole_files import replace_file

from .joining import network_file
from .time_source import box_here

NETWORK: Final = Path("/run/systemd/network/05-hallcall.network")


def write_network(wanted: str, path: Path = NETWORK) -> bool:
    """Write networkd's file if it says something else; return whether it did."""
    there = path.read_text(encoding="utf-8") if path.exists() else ""
    if wanted == there:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o755)  # networkd, who is not root, reads it
    replace_file(path, wanted.encode(), mode=0o644)
    return True


def main() -> int:
    box = box_here()
    if box is not None:
        write_network(network_file(box))
    return 0


if __name__ == "__main__":
    sys.exit(main())
