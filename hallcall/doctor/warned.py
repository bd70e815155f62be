"""`hallcall warnings`: what went wrong on the hall's boxes, as the registrar has kept it; on the dispatcher's box."""

import argparse
import json
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from broker.contract.messages import Language
from broker.contract.texts import texts
from broker.warning_store import Stored, stored

from .here import language_of

STORE: Final = Path("/var/lib/hallcall/state/registrar/warnings.sqlite")
WEIGHTS: Final = {2: "light_red", 3: "light_red", 4: "light_amber"}  # of syslog's priorities


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="hallcall warnings", description=__doc__)
    parser.add_argument("--days", type=int, default=1, choices=range(1, 31), metavar="1-30", help="how far back (1)")
    parser.add_argument("--box", help="of this box only")
    parser.add_argument("--most", type=int, default=200, metavar="N", help="so many at most, the newest (200)")
    parser.add_argument("--json", action="store_true", help="for a program: a line each")
    parser.add_argument("--store", type=Path, default=STORE, help=f"the registrar's file ({STORE})")
    parser.add_argument("--lang", type=Language, choices=list(Language), default=language_of(), metavar="zh|en")
    options = parser.parse_args(arguments)
    words = texts(options.lang)["doctor"]
    try:
        since = datetime.now(UTC) - timedelta(days=options.days)
        told = [each for each in stored(options.store, since=since) if options.box in {None, each.box}]
    except sqlite3.Error as error:
        sys.stderr.write(words["store_gone"].format(path=options.store, problem=error) + "\n")
        return 2
    for each in reversed(told[: options.most]):  # the newest last, where the eye is
        line = json.dumps(msgspec.to_builtins(each), ensure_ascii=False) if options.json else as_line(each, words)
        sys.stdout.write(f"{line}\n")
    if not told and not options.json:
        sys.stdout.write(words["store_empty"].format(days=options.days) + "\n")
    return 0


def as_line(each: Stored, words: Mapping[str, str]) -> str:
    """Return a warning as a line of the terminal."""
    lamp = words[WEIGHTS.get(each.priority, "light_skipped")]
    when = each.heard.astimezone().strftime("%m-%d %H:%M")
    times = f" ×{each.count}" if each.count > 1 else ""
    return f"[{lamp}] {when} {each.box} {each.unit}{times}  {each.text}"
