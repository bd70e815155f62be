"""`hallcall import FILE.csv --map MAP.toml`: another vendor's export becomes what `simulate` and `whatif` read."""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from broker.config import BrokenConfig
from broker.twin.import_map import ImportMap, load_map
from broker.twin.importing import ExportUnreadable, Import, import_rows, write_rows

SHOWN: Final = 20  # bad rows, in full
_TIMES_AND_NUMBERS: Final = re.compile(r"\d[\d:./-]*")


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    try:
        how = load_map(options.map)
        done = import_rows(options.export, how)
        refused = _refused(options.export, done, how, accept_bad=options.accept_bad)
        sys.stderr.write("\n".join(_told(options.export, done)) + "\n")
        if refused is not None:
            sys.stderr.write(refused + "\n")
            return 1
        text = write_rows(done.rows)
        if options.out is None:
            sys.stdout.write(text)
        else:
            options.out.write_text(text, encoding="utf-8")
    except (BrokenConfig, ExportUnreadable, OSError) as error:
        sys.stderr.write(f"hallcall import: {error}\n")
        return 1
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="hallcall import",
        description="Bring another vendor's export into the shape that `hallcall simulate --arrivals` and `hallcall "
        "whatif` read. docs/whatif.md says how the map is written.",
    )
    parser.add_argument("export", metavar="FILE.csv", type=Path, help="the export")
    parser.add_argument("--map", metavar="MAP.toml", type=Path, required=True, help="what its columns and words mean")
    parser.add_argument("--out", metavar="ARRIVALS.csv", type=Path, help="left out: standard output")
    parser.add_argument("--accept-bad", action="store_true", help="leave bad rows out, however many they are")
    return parser.parse_args(arguments)


def _told(path: Path, done: Import) -> Iterator[str]:
    """Yield the bad rows, and what became of all rows."""
    for line, reason in done.bad[:SHOWN]:
        yield f"{path}:{line}: {reason}"
    if len(done.bad) > SHOWN:
        yield f"… and {len(done.bad) - SHOWN} more bad rows"
    skipped = sum(done.skipped.values())
    yield f"{done.read} rows read, {len(done.rows)} kept, {skipped} skipped, {len(done.bad)} bad"
    if done.left:
        yield f"  of those kept: {done.left} left before they were served"
    if done.imputed:
        yield f"  of those kept: {done.imputed} with the mean of their service, which was not seen"
    for word, count in done.skipped.most_common():
        yield f"  skipped: {count} x {word}"
    for reason, count in _reasons(done).most_common():
        yield f"  bad: {count} x {reason}"


def _reasons(done: Import) -> Counter[str]:
    """Count reasons that differ only in their times and numbers as one."""
    return Counter(_TIMES_AND_NUMBERS.sub("…", reason) for _, reason in done.bad)


def _refused(path: Path, done: Import, how: ImportMap, *, accept_bad: bool) -> str | None:
    if not done.rows:
        return f"hallcall import: nothing to keep in {path}; look at the map"
    if done.bad_percent <= how.bad_percent or accept_bad:
        return None
    return (
        f"hallcall import: {done.bad_percent:.1f} % of the rows are bad, more than bad_percent = {how.bad_percent:g}; "
        "nothing was written. Complete the map, or leave them out with --accept-bad."
    )
