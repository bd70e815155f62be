"""The command line: `hallcall COMMAND`. Each command loads only what it needs."""

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final


def demo(arguments: Sequence[str]) -> int:
    """Run a whole hall on this machine."""
    from .demo.director import main as direct  # noqa: PLC0415

    return direct(list(arguments))


def boxes(arguments: Sequence[str]) -> int:
    """Play a hall whose boxes boot our image, each in a container of its own."""
    from .boxes.command import main as play  # noqa: PLC0415

    return play(arguments)


def simulate(arguments: Sequence[str]) -> int:
    """Play a hall on virtual time: waits and figures."""
    from .simulate import main as play  # noqa: PLC0415

    return play(arguments)


def simulate_device(arguments: Sequence[str]) -> int:
    """Run one simulated device by itself."""
    from hardware.simulators.run_alone import main as run_alone  # noqa: PLC0415

    return run_alone(list(arguments))


def check_config(arguments: Sequence[str]) -> int:
    """Say all that is wrong in hall and node files, between them, and what is probably not meant."""
    from broker.config import BrokenConfig, advice_on, disagreements, load_any  # noqa: PLC0415
    from broker.contract.messages import Hall  # noqa: PLC0415

    parser = argparse.ArgumentParser(prog="hallcall check-config", description=check_config.__doc__)
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="hall.toml, a node's file, or box.toml")
    read, wrong = {}, []
    for path in parser.parse_args(arguments).files:
        try:
            read[path] = load_any(path)
        except BrokenConfig as error:
            wrong.append(str(error))
    halls = [each for each in read.values() if isinstance(each, Hall)]
    for path, file in read.items():
        found = [line for hall in halls for line in disagreements(path, hall)]
        wrong += found
        if not found:
            print(f"{path}: ok ({type(file).__name__})")  # noqa: T201
        for line in advice_on(path):
            print(f"advice: {line}")  # noqa: T201
    for text in wrong:
        print(text, file=sys.stderr)  # noqa: T201
    return int(bool(wrong))


def hall(arguments: Sequence[str]) -> int:
    """Make a hall, write its boxes' cards, add, replace and revoke boxes."""
    from .founding.command import main as manage  # noqa: PLC0415

    return manage(arguments)


def update(arguments: Sequence[str]) -> int:
    """Install a signed release on this box or in the whole hall, or go back: update status, apply, rollback, hall."""
    from .update.command import main as manage  # noqa: PLC0415

    return manage(arguments)


def doctor(arguments: Sequence[str]) -> int:
    """Say what is broken on this box, or in the whole hall, and what to do: doctor, doctor --hall."""
    from .doctor.command import main as examine  # noqa: PLC0415

    return examine(arguments)


def warnings(arguments: Sequence[str]) -> int:
    """Say what went wrong on the hall's boxes in the last thirty days."""
    from .doctor.warned import main as tell  # noqa: PLC0415

    return tell(arguments)


def help_tunnel(arguments: Sequence[str]) -> int:
    """Let a helper in from outside for some hours: help open, help close, help status, help key."""
    from .help.command import main as let_in  # noqa: PLC0415

    return let_in(arguments)


def devices(arguments: Sequence[str]) -> int:
    """List what is plugged into this box, who uses it, and give it names that stay."""
    from .devices import main as tell  # noqa: PLC0415

    return tell(arguments)


def order(arguments: Sequence[str]) -> int:
    """Give one of the hall's commands under a supervisor's login."""
    from .order import main as give  # noqa: PLC0415

    return give(arguments)


def bookings(arguments: Sequence[str]) -> int:
    """Make visits known that were booked elsewhere: bookings import."""
    from .bookings import main as bring  # noqa: PLC0415

    return _parts("bookings", {"import": bring}, arguments)


def backup(arguments: Sequence[str]) -> int:
    """Make a copy of the hall on a second medium, while it is at work."""
    from .backup import main as copy  # noqa: PLC0415

    return copy(arguments)


def clock(arguments: Sequence[str]) -> int:
    """Say whether the dispatcher's clock is believed; set it; take back a day that a wrong one opened."""
    from .clock import main as tell  # noqa: PLC0415

    return tell(arguments)


def restore(arguments: Sequence[str]) -> int:
    """Put the last copy of a hall onto a fresh box."""
    from .restore import main as put  # noqa: PLC0415

    return put(arguments)


def docs(arguments: Sequence[str]) -> int:
    """Write the generated pages of docs/ anew."""
    from .generated_docs import main as write  # noqa: PLC0415

    return write(arguments)


def image(arguments: Sequence[str]) -> int:
    """Build the image of a box: as root, on Debian, from a checkout."""
    from .image.build import main as build  # noqa: PLC0415

    return build(arguments)


def bundle(arguments: Sequence[str]) -> int:
    """Sign an update of the root that was built last: from a checkout."""
    from .image.bundle import main as sign  # noqa: PLC0415

    return sign(arguments)


def pictures(arguments: Sequence[str]) -> int:
    """Take the README's pictures anew."""
    from .pictures import main as take  # noqa: PLC0415

    return take(list(arguments))


def bench(arguments: Sequence[str]) -> int:
    """Measure the hall on this machine."""
    from .bench import main as measure  # noqa: PLC0415

    return measure(list(arguments))


def why(arguments: Sequence[str]) -> int:
    """Say why a ticket was called when it was, or why it still waits."""
    from .why import main as tell  # noqa: PLC0415

    return tell(arguments)


def calls(arguments: Sequence[str]) -> int:
    """Say how soon calls reach signs, boards and voice, and whether those are at one."""
    from .calls import main as tell  # noqa: PLC0415

    return tell(arguments)


def counter_day(arguments: Sequence[str]) -> int:
    """Say what each counter and clerk did with a day: sessions, serving, idle and pause times."""
    from .counter_day import main as tell  # noqa: PLC0415

    return tell(arguments)


def ratings(arguments: Sequence[str]) -> int:
    """Say what customers thought of the service."""
    from .ratings import main as tell  # noqa: PLC0415

    return tell(arguments)


def whatif(arguments: Sequence[str]) -> int:
    """Play recorded days again with a change, and compare."""
    from .whatif import main as compare  # noqa: PLC0415

    return compare(arguments)


def import_records(arguments: Sequence[str]) -> int:
    """Bring another vendor's export into the shape of recorded days."""
    from .import_records import main as bring  # noqa: PLC0415

    return bring(arguments)


def kiosk(arguments: Sequence[str]) -> int:
    """Run a kiosk, or tell a technician what works: kiosk --check."""
    return subprocess.run([sys.executable, "-m", "kiosk", *arguments], check=False).returncode


def display(arguments: Sequence[str]) -> int:
    """Run a board or a voice, or tell a technician what works: display --check."""
    return subprocess.run([sys.executable, "-m", "display", *arguments], check=False).returncode


def slip(arguments: Sequence[str]) -> int:
    """Draw a ticket's slip as the kiosk would print it: slip preview."""
    return _parts("slip", {"preview": _of_kiosk("preview")}, arguments)


def printer(arguments: Sequence[str]) -> int:
    """Find out what a ticket printer understands, or say that a new roll is in: printer probe, printer new-roll."""
    from .printer import main as probe  # noqa: PLC0415

    return _parts("printer", {"probe": probe, "new-roll": _of_kiosk("new_roll")}, arguments)


def sign(arguments: Sequence[str]) -> int:
    """Try an LED sign: sign try, sign address."""
    from . import sign as signs  # noqa: PLC0415

    return _parts("sign", {"try": signs.try_out, "address": signs.set_address}, arguments)


def clerk(arguments: Sequence[str]) -> int:
    """Give a clerk a PIN for the console, or take it away: clerk pin, clerk remove."""
    return subprocess.run([sys.executable, "-m", "web.pin", *arguments], check=False).returncode


def pin(arguments: Sequence[str]) -> int:
    """Write the technician's PIN, for the page behind five touches on any screen."""
    from .technician_pin import main as write  # noqa: PLC0415

    return write(arguments)


def sniff(arguments: Sequence[str]) -> int:
    """Fit a call pad or rating keypad that nobody knows, and write its file."""
    from .sniff import main as listen  # noqa: PLC0415

    return listen(arguments)


def counter(arguments: Sequence[str]) -> int:
    """Run a counter box, or walk a technician through its keys: counter --check."""
    return subprocess.run([sys.executable, "-m", "counter", *arguments], check=False).returncode


def _of_kiosk(module: str) -> Callable[[Sequence[str]], int]:
    """Run a module of the kiosk as a program of its own: programs never import one another."""
    return lambda arguments: (
        subprocess.run([sys.executable, "-m", f"kiosk.{module}", *arguments], check=False).returncode
    )


def _parts(name: str, parts: dict[str, Callable[[Sequence[str]], int]], arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog=f"hallcall {name}")
    parser.add_argument("part", choices=parts)
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="PART --help says which")
    options = parser.parse_args(arguments)
    return parts[options.part](options.arguments)


COMMANDS: Final[dict[str, Callable[[Sequence[str]], int]]] = {
    "demo": demo,
    "boxes": boxes,
    "simulate": simulate,
    "whatif": whatif,
    "import": import_records,
    "simulate-device": simulate_device,
    "check-config": check_config,
    "devices": devices,
    "doctor": doctor,
    "warnings": warnings,
    "help": help_tunnel,
    "why": why,
    "ratings": ratings,
    "calls": calls,
    "counter-day": counter_day,
    "hall": hall,
    "update": update,
    "order": order,
    "bookings": bookings,
    "backup": backup,
    "restore": restore,
    "clock": clock,
    "docs": docs,
    "bench": bench,
    "image": image,
    "bundle": bundle,
    "pictures": pictures,
    "kiosk": kiosk,
    "display": display,
    "slip": slip,
    "printer": printer,
    "sign": sign,
    "counter": counter,
    "sniff": sniff,
    "clerk": clerk,
    "pin": pin,
}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="hallcall",
        description="Queue kiosk and call display system for service halls.",
        epilog="\n".join(f"  {name:16} {command.__doc__}" for name, command in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of those below")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="COMMAND --help says which")
    options = parser.parse_args(argv)
    return COMMANDS[options.command](options.arguments)


if __name__ == "__main__":
    sys.exit(main())
