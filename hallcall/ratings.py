"""`hallcall ratings`: what customers thought of the service, from the journals, while the hall runs."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import msgspec

from broker.config import BrokenConfig
from broker.contract.messages import Language, Recorded
from broker.contract.texts import texts
from broker.journal import JournalDamaged, JournalTooNew, read_day
from broker.report.ratings import NoHall, Ratings, ratings

from .journals import DAYS, INSTALLED, day_file, directory
from .ratings_page import page


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    try:
        place = directory(options.journal, options.config)
        found = ratings(_events(_files(place, options.day, options.days)))
    except (NoHall, JournalDamaged, JournalTooNew, BrokenConfig, OSError) as error:
        sys.stderr.write(f"hallcall ratings: {error}\n")
        return 1
    language = Language(options.lang)
    sys.stdout.write(
        _json(found) if options.json else "\n".join(page(found, texts(language)["ratings"], language)) + "\n"
    )
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hallcall ratings", description=__doc__)
    parser.add_argument("--journal", type=Path, metavar="PATH", help="directory of journals, or one day's file")
    parser.add_argument("--config", type=Path, metavar="FILE", help=f"dispatcher.toml; left out: {INSTALLED}")
    parser.add_argument(
        "--day", type=date.fromisoformat, metavar="YYYY-MM-DD", help="the last day; left out: the newest"
    )
    parser.add_argument("--days", type=int, default=1, metavar="N", help="so many journals up to that day (default 1)")
    parser.add_argument("--lang", choices=[each.value for each in Language], default=Language.ZH.value)
    parser.add_argument("--json", action="store_true", help="as data")
    return parser.parse_args(arguments)


def _files(place: Path, day: date | None, days: int) -> list[Path]:
    """Return the journals up to a day, oldest first."""
    last = day_file(place, day)
    earlier = [each for each in sorted(last.parent.glob(DAYS)) if each.name <= last.name and each.stat().st_size]
    return earlier[-max(1, days) :]


def _events(files: Sequence[Path]) -> Iterator[Recorded]:
    for file in files:
        yield from read_day(file)


def _json(found: Ratings) -> str:
    plain = msgspec.to_builtins(found)
    plain["hall"] = found.hall.id
    return msgspec.json.format(msgspec.json.encode(plain), indent=2).decode() + "\n"
