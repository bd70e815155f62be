"""`hallcall whatif JOURNAL…`: recorded days through another policy, other targets, more or fewer counters."""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from broker.config import BrokenConfig, load_hall
from broker.contract.messages import Discipline, Hall, Language
from broker.contract.texts import texts
from broker.journal import JournalDamaged, JournalTooNew, read_day
from broker.twin.change import AddedCounter, Change, ImpossibleChange, Target
from broker.twin.engine import NotInOrder
from broker.twin.recorded import NothingRecorded, RecordedDay, recorded_day
from broker.twin.recorded_file import recorded_days
from broker.twin.refusals import CannotSimulate
from broker.twin.whatif import what_if

from .simulate import Bar
from .whatif_page import page

DAYS: Final = "????-??-??.sqlite"
REFUSALS: Final = (
    BrokenConfig,
    CannotSimulate,
    ImpossibleChange,
    JournalDamaged,
    JournalTooNew,
    NothingRecorded,
    NotInOrder,
    OSError,
)
_TARGET: Final = re.compile(r"^([a-z0-9][a-z0-9_-]*)(?:@([a-z0-9][a-z0-9_-]*))?=(\d+(?:\.\d+)?)$")
_CLOCK: Final = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)$")


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    try:
        change = Change(
            policy=Discipline(options.policy) if options.policy is not None else None,
            targets=tuple(options.target),
            added=(*(AddedCounter() for _ in range(options.counters)), *options.add_counter),
            closed=tuple(options.close),
        )
        with Bar() as bar:
            days = _days(options)
            found = what_if(days, change, progress=bar.show)
    except REFUSALS as error:
        sys.stderr.write(f"hallcall whatif: {error}\n")
        return 1
    if options.json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
        return 0
    language = Language(options.lang)
    sys.stdout.write("\n".join(page(found, days[-1].hall, texts(language)["whatif"], language)) + "\n")
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="hallcall whatif",
        description="Play recorded days again with a change, and compare. docs/whatif.md says how to read it.",
    )
    parser.add_argument(
        "records",
        metavar="JOURNAL",
        nargs="+",
        type=Path,
        help="a day's file, a directory of them, or a CSV of `hallcall import` (then give --hall too)",
    )
    parser.add_argument("--hall", metavar="HALL.toml", type=Path, help="the hall in which a CSV was recorded")
    names = [each.value for each in Discipline]
    parser.add_argument("--policy", metavar="NAME", choices=names, help=f"another order: {', '.join(names)}")
    parser.add_argument(
        "--target",
        metavar="CLASS=MIN",
        type=_target,
        action="append",
        default=[],
        help="another promise to a class, at all services; CLASS@SERVICE=MIN: at one",
    )
    parser.add_argument("--counters", metavar="+N", type=_more, default=0, help="so many more, for all services")
    parser.add_argument(
        "--add-counter",
        metavar="SPEC",
        type=_added,
        action="append",
        default=[],
        help='one more, such as "skills=bill,new from=09:00 until=12:00"; all three may be left out',
    )
    parser.add_argument("--close", metavar="COUNTER", type=int, action="append", default=[], help="without this one")
    parser.add_argument("--json", action="store_true", help="figures as one JSON object")
    languages = [each.value for each in Language]
    parser.add_argument("--lang", choices=languages, default=Language.ZH.value, help="of the page; left out: zh")
    options = parser.parse_args(arguments)
    if options.hall is None and any(each.suffix.lower() == ".csv" for each in options.records):
        parser.error("a CSV says nothing about the hall: give its file with --hall HALL.toml")
    return options


def _target(text: str) -> Target:
    parts = _TARGET.match(text)
    if parts is None or not 0 < float(parts[3]) <= 1440:  # noqa: PLR2004 - a day
        raise argparse.ArgumentTypeError(f"{text} is not written as CLASS=MINUTES or CLASS@SERVICE=MINUTES")
    return Target(priority_class=parts[1], service=parts[2], minutes=float(parts[3]))


def _more(text: str) -> int:
    if not re.fullmatch(r"\+?[1-9]\d?", text):
        raise argparse.ArgumentTypeError(f"{text} is not written as +1; to take one away: --close COUNTER")
    return int(text)


def _added(text: str) -> AddedCounter:
    given: dict[str, str] = {}
    for part in re.split(r"[;\s]+", text.strip()) if text.strip() else ():
        key, _, value = part.partition("=")
        if key not in {"skills", "from", "until"} or not value:
            raise argparse.ArgumentTypeError(f"{part}: give skills=a,b, from=HH:MM or until=HH:MM")
        given[key] = value
    skills = tuple(each for each in given.get("skills", "").split(",") if each)
    return AddedCounter(skills=skills, from_ms=_clock(given.get("from")), until_ms=_clock(given.get("until")))


def _clock(text: str | None) -> int | None:
    if text is None:
        return None
    parts = _CLOCK.match(text)
    if parts is None:
        raise argparse.ArgumentTypeError(f"{text} is not written as HH:MM")
    return (int(parts[1]) * 60 + int(parts[2])) * 60_000


def _days(options: argparse.Namespace) -> list[RecordedDay]:
    hall = load_hall(options.hall) if options.hall is not None else None
    days: list[RecordedDay] = []
    for path in options.records:
        if path.suffix.lower() == ".csv" and hall is not None:
            days += recorded_days(path, hall)
        elif not path.exists():
            raise NothingRecorded(
                f"{path}: there is no such file or directory; give a day's file or the journal's place"
            )
        elif path.is_dir():
            days += _month(path)
        else:
            days.append(_told_of(path, recorded_day(read_day(path)), hall))
    return sorted(days, key=lambda day: day.day)


def _month(directory: Path) -> list[RecordedDay]:
    """Return the days of a directory, or of the journal in it; days without a ticket are named and left out."""
    place = directory / "journal" if (directory / "journal").is_dir() else directory
    files = [each for each in sorted(place.glob(DAYS)) if each.stat().st_size]
    days: list[RecordedDay] = []
    for file in files:
        try:
            days.append(recorded_day(read_day(file)))
        except NothingRecorded as error:
            sys.stderr.write(f"{file}: left out: {error}\n")
    if not days:
        raise NothingRecorded(
            f"{place} holds no day with a ticket: name the dispatcher's state_dir, or one day's file such as "
            "2026-11-21.sqlite"
        )
    return days


def _told_of(path: Path, day: RecordedDay, hall: Hall | None) -> RecordedDay:
    """Return the day of a journal, which says itself what its hall was."""
    if hall is not None:
        raise CannotSimulate(f"{path} says itself what its hall was: leave --hall out")
    return day
