"""`python -m keeper.renewed`, as root by hallcall-renewed.timer: nodes take up renewed certificates at night.

systemd hands a node its certificate when it starts. One that was renewed since has months left in the old one,
and a restart at night disturbs nobody.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from broker.strict_toml import BrokenConfig

from .node_files import PLACE, nodes_of
from .systemd import SystemdRefused, started_at, systemctl

log = logging.getLogger(__name__)

TLS: Final = Path("/var/lib/hallcall/tls")


def main(argv: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m keeper.renewed", description="Restarts nodes with old papers.")
    options.add_argument("--place", type=Path, default=PLACE, help="where box.toml and nodes/ are")
    options.add_argument("--tls", type=Path, default=TLS, help="where the nodes' certificates are")
    asked = options.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        nodes, _ = nodes_of(asked.place)
        for node in nodes:
            since, certificate = started_at(node.unit), asked.tls / f"{node.file.node}.crt"
            if since and certificate.exists() and is_older(since, certificate):
                log.info("%s has a new certificate; it starts anew", node.file.node)
                systemctl("try-restart", node.unit)
    except (BrokenConfig, SystemdRefused, OSError) as error:
        log.critical("%s", error)
        return 1
    return 0


def is_older(since: datetime, certificate: Path) -> bool:
    """Tell whether a node that runs since then was handed an earlier certificate than this."""
    return datetime.fromtimestamp(certificate.stat().st_mtime, tz=UTC) > since


if __name__ == "__main__":
    sys.exit(main())
