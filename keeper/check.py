"""`python -m keeper.check`: looks at this machine once, and tells it as JSON, for `hallcall doctor`."""

import argparse
import socket
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from .health import health
from .machine import Machine


def main(argv: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m keeper.check", description=__doc__)
    options.add_argument("--box", default=socket.gethostname(), help="the machine's name")
    options.add_argument("--box-file", type=Path, default=Path("/etc/hallcall/box.toml"))
    options.add_argument("--tls-dir", type=Path, default=Path("/var/lib/hallcall/tls"))
    options.add_argument("--disk", default="/var", help="a directory on the disk that the box writes")
    asked = options.parse_args(argv)
    told = health(
        Machine(),
        box=asked.box,
        box_file=asked.box_file,
        tls_dir=asked.tls_dir,
        directory=asked.disk,
        now=datetime.now(UTC),
    )
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
