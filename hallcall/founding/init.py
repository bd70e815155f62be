"""`hallcall hall init`: make a hall: its files, its certificate authority, a card for each box."""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from broker.authority.safe import WrongPassphrase
from broker.config import BrokenConfig
from broker.contract.messages import Language

from ..terminal import columns, filled
from . import handover, passphrase
from .checking import checked_plan
from .folder import PLAN_FILE, Founded, HallExists, found
from .furnish import Furnished
from .interview import Interview
from .many import BadList
from .named_files import FileMissing
from .plan import Plan
from .province import province
from .questions import plan_tables, usual_language
from .toml_text import toml_text

ABOUT: Final = "A plan, as `hallcall hall init --file` reads it; every key: docs/configuration.md."


class Console:
    """The terminal of whoever types."""

    def say(self, text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def ask(self, prompt: str) -> str:
        return input(prompt)


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    language = Language(options.lang) if options.lang else usual_language(os.environ)
    ask = Interview(Console(), language)
    try:
        return province(ask, options) if options.halls is not None else _one(ask, options)
    except (KeyboardInterrupt, EOFError):
        sys.stderr.write(f"\n{ask.words('nothing_written')}\n")
        return 130
    except (BrokenConfig, BadList, HallExists, FileMissing, WrongPassphrase, passphrase.NoPassphrase) as error:
        sys.stderr.write(f"{error}\n{ask.words('nothing_written')}\n")
        return 1
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        sys.stderr.write(f"hallcall hall init:{where}: {error.strerror}\n{ask.words('nothing_written')}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hallcall hall init", description=__doc__)
    parser.add_argument("--file", type=Path, metavar="PLAN", help="a plan, instead of questions")
    parser.add_argument(
        "--from", dest="halls", type=Path, metavar="CSV", help="many halls, a line each; with --template"
    )
    parser.add_argument("--template", type=Path, metavar="PLAN", help="what the halls of --from have in common")
    parser.add_argument("--to", type=Path, default=Path(), metavar="DIR", help="where the hall's folder is made; here")
    parser.add_argument(
        "--passphrase-file", type=Path, metavar="FILE", help="its first line; left out: it is asked for"
    )
    parser.add_argument("--replace", action="store_true", help="set an older hall of the same id aside")
    parser.add_argument("--yes", action="store_true", help="write without asking once more")
    parser.add_argument("--lang", choices=[each.value for each in Language], help="left out: as the machine's")
    return parser


# One hall -------------------------------------------------------------------------------------------------------------


def _one(ask: Interview, options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="hallcall-plan-") as directory:
        path = options.file
        if path is None:
            path = Path(directory) / PLAN_FILE
            path.write_text(toml_text(ask.run(plan_tables), about=[ABOUT]), encoding="utf-8")
        plan, made = checked_plan(path)
        folder = options.to / plan.hall.id
        _show(ask, plan, made)
        instead = _may_write(ask, folder, options)
        if instead is None:
            return 1
        secret = passphrase.asked_for(ask, options.passphrase_file)
        founded = found(plan, to=options.to, passphrase=secret, now=datetime.now(UTC), instead=instead)
    _tell(ask, plan, founded)
    return 0


def _may_write(ask: Interview, folder: Path, options: argparse.Namespace) -> bool | None:
    """Return whether an older hall is to be set aside; None where nothing is to be written. Raises HallExists."""
    asks = not options.yes and sys.stdin.isatty()
    instead: bool = options.replace
    if folder.exists() and not instead and asks:
        instead = ask.yes("ask_replace", usual=False, folder=folder)
    if folder.exists() and not instead:
        raise HallExists(f"{folder} is there already; move it away, or say --replace to set it aside")
    if asks and not ask.yes("ask_write", usual=True, folder=folder):
        ask.say("nothing_written")
        return None
    return instead


def _show(ask: Interview, plan: Plan, made: Furnished) -> None:
    """Show what is going to be written."""
    language, hall = ask.language, plan.hall
    name = hall.name.zh if language is Language.ZH else hall.name.en
    services = plan.tables["services"]
    names = [each["name"][language.value] for each in services] if isinstance(services, list) else []
    counters = plan.tables["counters"]
    hours = "; ".join(
        f"{handover.days([day.value for day in each.days], language)} {each.open}-{each.close}" for each in hall.hours
    )
    trade = ask.words(f"trade_{hall.pack.value}") if hall.pack is not None else ask.words("none")
    ask.say("summary")
    ask.say("summary_hall", name=name, hall=hall.id, trade=trade)
    ask.say("summary_services", services=ask.words("comma").join(names))
    windows = len(counters) if isinstance(counters, list) else 0
    ask.say("summary_windows", windows=windows, hours=hours or "00:00-24:00")
    table = [(box.box, handover.address(box, language), handover.runs(box, language)) for box in made.boxes]
    for line in _columns(table):
        ask.line(f"  {line}")


def _columns(table: Sequence[tuple[str, ...]]) -> list[str]:
    wide = [max(map(columns, each)) for each in zip(*table, strict=True)]
    return ["  ".join(filled(cell, width) for cell, width in zip(row, wide, strict=True)).rstrip() for row in table]


def _tell(ask: Interview, plan: Plan, founded: Founded) -> None:
    ask.say("founded", folder=founded.folder)
    if founded.pin:
        ask.say("pin_once", supervisor=founded.supervisor, pin=founded.pin)
    ask.say("technician_pin_once", pin=founded.technician_pin)
    site = handover.console(plan, founded.furnished).removesuffix("/console")
    for counter, code in founded.tablets.items():
        ask.say("tablet_once", counter=counter, url=f"{site}/window/{counter}/rate?code={code}")
    ask.say("next_steps", folder=founded.folder)
