"""`hallcall bookings import FILE.csv`: visits that were booked elsewhere, made known to the hall before customers come.

`hallcall bookings import visits.csv --config desk.toml`. Either all lines are right, or nothing is booked. The same
file again does no harm, and adds what is new in it.
"""

import argparse
import asyncio
import secrets
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from broker.config import BrokenConfig, SupervisorFile, load_node
from broker.contract.messages import AnyAnswer, BookVisit, Hall, HallView, Refused

from .booking_list import DRAWN, BadList, Booked, read_list, write_list
from .desk import Desk, HallAway
from .order import in_words

AT_ONCE: Final = 32  # visits that are sent before the first answer is there


async def book(desk: Desk, booked: Sequence[Booked]) -> list[tuple[Booked, AnyAnswer]]:
    """Book all visits of a list; return what the hall said to each."""
    answered: list[tuple[Booked, AnyAnswer]] = []
    for start in range(0, len(booked), AT_ONCE):
        some = booked[start : start + AT_ONCE]
        commands = [BookVisit(id="typed", code=each.code, service=each.service, at=each.at) for each in some]
        answers = await asyncio.gather(*(desk.ask(each) for each in commands))
        answered += zip(some, answers, strict=True)
    return answered


def listed(path: Path, view: HallView) -> list[Booked]:
    """Read a list for the hall in force. Raises BadList."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadList(f"{path}: not UTF-8; save it as *CSV UTF-8*") from error
    except OSError as error:
        raise BadList(f"{path}: {error.strerror}") from error
    return read_list(text, name=str(path), hall=view.hall, today=_today(view.hall), draw=_drawn)


def _today(hall: Hall) -> date:
    return datetime.now(ZoneInfo(hall.timezone)).date()


def _drawn() -> str:
    return f"{secrets.randbelow(10**DRAWN):0{DRAWN}d}"


def keep(booked: list[Booked], path: Path, out: Path | None, hall: Hall) -> None:
    """Write the list with its codes, before any is in force. Raises BadList."""
    if out is None:
        raise BadList(f"{path}: codes are left out: say with --out FILE where to write the list with those drawn")
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(write_list(booked, hall))
    except FileExistsError as error:
        raise BadList(
            f"{out} is there already, perhaps with codes in force: import that file, or name another"
        ) from error
    except OSError as error:
        raise BadList(f"{out} cannot be written: {error.strerror}") from error


def refusals(path: Path, answered: Sequence[tuple[Booked, AnyAnswer]], language: str) -> Iterator[str]:
    for each, answer in answered:
        if isinstance(answer, Refused):
            yield f"{path}:{each.line}: {in_words(answer, language)}"


async def run(options: argparse.Namespace) -> int:
    async with Desk(load_node(options.config, SupervisorFile)) as desk:
        view = await desk.hall()
        booked = listed(options.file, view)
        if any(each.is_drawn for each in booked):
            keep(booked, options.file, options.out, view.hall)
        answered = await book(desk, booked)
    wrong = list(refusals(options.file, answered, options.lang))
    sys.stderr.writelines(f"{each}\n" for each in wrong)
    sys.stdout.write(f"{len(answered) - len(wrong)} of {len(answered)} visits are booked\n")
    return int(bool(wrong))


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="hallcall bookings import", description=__doc__)
    parser.add_argument(
        "file", metavar="FILE.csv", type=Path, help="columns: code,service,time; a code may be left out"
    )
    parser.add_argument("--config", type=Path, required=True, help="the supervisor's node file")
    parser.add_argument(
        "--out", metavar="FILE", type=Path, help="where to write the list with the codes that were drawn"
    )
    parser.add_argument("--lang", choices=("zh", "en"), default="zh", help="language of refusals")
    options = parser.parse_args(argv)
    try:
        return asyncio.run(run(options))
    except (BadList, BrokenConfig) as error:
        sys.stderr.write(f"{error}\nhallcall bookings import: nothing was booked\n")
    except HallAway as error:
        sys.stderr.write(f"hallcall bookings import: {error}; then import the list again, which does no harm\n")
    return 2
