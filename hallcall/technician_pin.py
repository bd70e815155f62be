"""`hallcall pin`: gives this box another technician's PIN, for the page behind five touches and for its console.

With --stdin the PIN is the input's first line; left out, one is drawn, and shown this once.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from broker.technician.pin import BrokenPin, drawn, hashed
from broker.whole_files import replace_file

FILE: Final = Path("/etc/hallcall/nodes/technician.pin")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="hallcall pin", description=__doc__)
    parser.add_argument("--file", type=Path, default=FILE, help=f"holds its hash, and nothing else ({FILE})")
    parser.add_argument("--stdin", action="store_true", help="read the PIN from the input's first line")
    options = parser.parse_args(arguments)
    pin = sys.stdin.readline().strip() if options.stdin else drawn()
    try:
        line = hashed(pin)
        there = options.file.stat() if options.file.exists() else None
        replace_file(options.file, f"{line}\n".encode(), mode=0o640)
        if there is not None:  # who could read it before can read it after
            os.chown(options.file, there.st_uid, there.st_gid)
    except (BrokenPin, OSError) as error:
        sys.stderr.write(f"hallcall pin: {error}\n")
        return 1
    shown = "" if options.stdin else f": {pin} (shown this once)"
    sys.stdout.write(f"{options.file} has the technician's PIN{shown}; it holds at once\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
