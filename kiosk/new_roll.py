"""`hallcall printer new-roll`: tells a kiosk that a new roll of paper is in."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from broker.config import BrokenConfig, KioskFile, load_node

from .roll import tell_new_roll


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="hallcall printer new-roll", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the kiosk's file")
    try:
        file = load_node(parser.parse_args(argv).config, KioskFile)
        tell_new_roll(Path(file.state_dir))
    except (BrokenConfig, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command line
        return 1
    print(f"{file.node} counts from a new roll with its next look at the printer")  # noqa: T201 - a command line
    return 0


if __name__ == "__main__":
    sys.exit(main())
