"""Makes a province's halls, one after the other; a hall that is wrong is left out, whole, and named at the end."""

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Final

from broker.config import BrokenConfig

from . import passphrase
from .checking import checked_plan
from .folder import Founded, HallExists, found, write_files
from .interview import Interview
from .many import BadList, Row, plan_text, rows
from .named_files import FileMissing

PINS: Final = "supervisors.csv"


def province(ask: Interview, options: argparse.Namespace) -> int:
    """Make the halls of a list; return 1 where one was wrong. Raises BadList, BrokenConfig, NoPassphrase."""
    if options.template is None:
        raise BadList("--from needs --template, the plan that the halls have in common")
    listed = rows(options.halls, options.template)
    secret = passphrase.asked_for(ask, options.passphrase_file)
    pins, bad = ["hall,supervisor,pin,technician_pin"], []
    for number, row in enumerate(listed, start=1):
        wrong = list(row.wrong)
        try:
            founded = None if wrong else _found(row, options, secret)
        except (BrokenConfig, HallExists, FileMissing, OSError) as error:
            founded, wrong = None, str(error).splitlines()
        if founded is not None:
            pins.append(f"{row.hall},{founded.supervisor},{founded.pin},{founded.technician_pin}")
        bad += [f"{options.halls}:{row.line}: {row.hall or '?'}: {each}" for each in wrong]
        what = ask.words("many_wrong" if wrong else "many_done")
        ask.say("many_line", number=number, count=len(listed), hall=row.hall or "?", what=what)
    if len(pins) > 1:
        write_files(options.to, {PurePosixPath(PINS): ("\n".join(pins) + "\n").encode()})
        ask.say("many_pins", file=options.to / PINS)
    failed = len({line.split(":")[1] for line in bad})
    ask.say("many_total", count=len(listed), good=len(listed) - failed, bad=failed)
    for line in bad:
        sys.stderr.write(f"{line}\n")
    return int(bool(bad))


def _found(row: Row, options: argparse.Namespace, secret: str) -> Founded:
    """Make one hall. What is wrong is named by the template's lines, which most of it comes from."""
    beside: Path = options.template.parent
    with tempfile.NamedTemporaryFile("w", dir=beside, prefix=f".{row.hall}-", suffix=".toml", encoding="utf-8") as file:
        file.write(plan_text(row, about=f"Hall {row.hall} of {options.halls.name}, on {options.template.name}."))
        file.flush()
        try:
            plan, _ = checked_plan(Path(file.name))
        except BrokenConfig as error:
            raise BrokenConfig(_without_file(str(error), file.name)) from error
        return found(plan, to=options.to, passphrase=secret, now=datetime.now(UTC), instead=options.replace)


def _without_file(text: str, file: str) -> str:
    """Return errors without the file that was made in between, and its lines."""
    return "\n".join(line.removeprefix(f"{file}:").partition(": ")[2] or line for line in text.splitlines())
