"""`hallcall clerk`: give a clerk a PIN for the console, or take it away.

`python -m web.pin pin 0731 --file pins.toml`
"""

import argparse
import getpass
import sys
from collections.abc import Sequence
from pathlib import Path

from .pins import BrokenPins, Pins, WebRole


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    pins = Pins(options.file)
    try:
        if options.part == "remove":
            found = pins.remove(options.clerk)
            said = "can sign in no more" if found else f"had no PIN in {options.file}; nothing was changed"
            sys.stdout.write(f"{options.clerk} {said}\n")
            return int(not found)
        pins.store(options.clerk, _pin(stdin=options.stdin), WebRole(options.role))
        sys.stdout.write(f"{options.clerk} can sign in as {options.role}; {options.file} holds at once\n")
    except (BrokenPins, OSError) as error:
        sys.stderr.write(f"hallcall clerk {options.part}: {error}\n")
        return 1
    return 0


def _pin(*, stdin: bool) -> str:
    """Return the PIN that is typed, twice and unseen; or the first line of the input. Raises BrokenPins."""
    if stdin:
        return sys.stdin.readline().rstrip("\n")
    pin = getpass.getpass("PIN: ")
    if getpass.getpass("once more: ") != pin:
        raise BrokenPins("the two PINs are not the same; nothing was changed")
    return pin


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hallcall clerk", description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    pin = parts.add_parser("pin", help="give a clerk a PIN, or another one")
    pin.add_argument("--role", choices=[each.value for each in WebRole], default=WebRole.CLERK.value)
    pin.add_argument("--stdin", action="store_true", help="read the PIN from the input's first line")
    remove = parts.add_parser("remove", help="take a clerk's PIN away")
    for part in (pin, remove):
        part.add_argument("clerk", metavar="CLERK", help="the clerk's number, as in hall.toml")
        part.add_argument("--file", type=Path, required=True, help="the file of PINs that web.toml names")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
