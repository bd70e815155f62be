"""`hallcall bench [SUBJECT …]`: measures the hall on this machine; each subject against a floor of the same run."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from .benches import (
    board,
    certificates,
    decisions,
    durability,
    estimates,
    kiosk_day,
    memory,
    pads,
    press,
    restart,
    signs,
    voice,
)

SUBJECTS: Final[Mapping[str, Callable[[], None]]] = {
    "press": press.measure,
    "certificates": certificates.measure,
    "signs": signs.measure,
    "pads": pads.measure,
    "picks": decisions.picks,
    "simulation": decisions.simulation,
    "estimates": estimates.measure,
    "durability": durability.measure,
    "start": restart.measure,
    "memory": memory.measure,
    "voice": voice.measure,
    "board": board.measure,
    "kiosk-day": kiosk_day.measure,
}


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="hallcall bench",
        description=__doc__,
        epilog="\n".join(f"  {name:12} {measure.__doc__}" for name, measure in SUBJECTS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("subjects", metavar="SUBJECT", nargs="*", help="one of those below; left out: all")
    asked = parser.parse_args(argv).subjects or list(SUBJECTS)
    unknown = [each for each in asked if each not in SUBJECTS]
    if unknown:
        parser.error(f"no such subject: {', '.join(unknown)}; there are {', '.join(SUBJECTS)}")
    for name in asked:
        sys.stdout.write(f"== {name}\n")
        SUBJECTS[name]()
        sys.stdout.write("\n")
    return 0
