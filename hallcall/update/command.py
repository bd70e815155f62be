"""`hallcall update`: signed releases, onto one box or a whole hall, and the way back."""

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from . import give, key


class Part(NamedTuple):
    run: Callable[[Sequence[str]], int]
    what: str


def _of_keeper(module: str) -> Callable[[Sequence[str]], int]:
    """Run a module of the keeper as a program of its own: programs never import one another."""
    return lambda arguments: (
        subprocess.run([sys.executable, "-m", f"keeper.updates.{module}", *arguments], check=False).returncode
    )


PARTS: Final = {
    "apply": Part(_of_keeper("install"), "install FILE.raucb on this box; root"),
    "status": Part(_of_keeper("status"), "what runs in which slot of this box, and how the last update ended"),
    "rollback": Part(_of_keeper("rollback"), "start the release before again; root"),
    "hall": Part(give.main, "give the whole hall a release, stage by stage; on the laptop"),
    "key": Part(key.main, "make the keys that releases are signed with"),
}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="hallcall update",
        description=__doc__,
        epilog="\n".join(f"  {name:9} {part.what}" for name, part in PARTS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("part", choices=PARTS, metavar="PART", help="one of those below; PART --help says more")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    return PARTS[options.part].run(options.arguments)
