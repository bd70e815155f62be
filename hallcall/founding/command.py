"""`hallcall hall`: a hall from its first plan to its last box, on the technician's laptop."""

import argparse
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from . import init, later, write


class Part(NamedTuple):
    run: Callable[[Sequence[str]], int]
    what: str


PARTS: Final = {
    "init": Part(init.main, "Make a hall: its files, its certificate authority, a card for each box."),
    "write": Part(write.main, "Write a box's card, onto a stick or card, or into an image."),
    **{name: Part(later.command(name), later.what(name)) for name in later.LATER},
}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="hallcall hall",
        description=__doc__,
        epilog="\n".join(f"  {name:9} {part.what}" for name, part in PARTS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("part", choices=PARTS, metavar="PART", help="one of those below; PART --help says more")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    return PARTS[options.part].run(options.arguments)
