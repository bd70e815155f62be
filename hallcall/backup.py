"""`hallcall backup`: a copy of the hall on a second medium, made while the hall is at work; a timer calls it too."""

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from broker.config import BrokenConfig, DispatcherFile, load_node
from broker.last_copy import LastCopy, last_copy
from broker.whole_files import replace_file

from .copies.making import make
from .copies.manifest import BadCopy, read
from .copies.places import Places

MEDIUM: Final = Path("/var/lib/hallcall/copies")  # where the stick labelled HALLCOPY is mounted
CONFIG: Final = Path("/etc/hallcall/nodes/dispatcher.toml")
KEEP: Final = 14


def places_of(config: Path | None, root: Path) -> tuple[Places, str]:
    """Return where a dispatcher keeps what, and its hall; `config` is the file of one that is not installed here.

    Raises BrokenConfig.
    """
    if config is not None:
        file = load_node(config, DispatcherFile)
        elsewhere = config.absolute().parent / "no-such-box"  # its keys are not this machine's
        return Places(root=elsewhere, journal_dir=Path(file.state_dir), hall_file=Path(file.hall_file)), file.hall
    path = root / CONFIG.relative_to("/")
    if not path.exists():
        raise BrokenConfig(f"there is no {path}: copies are made on the dispatcher's box")
    return Places(root=root), load_node(path, DispatcherFile).hall


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="hallcall backup", description=__doc__)
    parser.add_argument("--to", type=Path, default=MEDIUM, help=f"folder of the medium; {MEDIUM} when left out")
    parser.add_argument("--same-disk", action="store_true", help="allow a folder on the disk that holds the journal")
    parser.add_argument("--keep", type=int, default=KEEP, help=f"so many copies stay; {KEEP} when left out")
    parser.add_argument("--config", type=Path, help="the dispatcher's file, of a hall that is not installed here")
    parser.add_argument("--root", type=Path, default=Path("/"), help="the box's disk, where it is mounted elsewhere")
    options = parser.parse_args(argv)
    if options.keep < 1:
        parser.error("--keep: one copy at least")
    now, began = datetime.now(UTC), time.monotonic()
    try:
        places, hall = places_of(options.config, options.root)
    except BrokenConfig as error:
        return _fail(str(error))
    try:
        _second_medium(options.to, places, same_disk=options.same_disk)
        copy = make(places, hall=hall, medium=options.to, keep=options.keep, now=now)
    except (BadCopy, OSError) as error:
        _note(places, LastCopy(made_at=last_copy(places.last).made_at, tried_at=now, wrong=str(error)))
        return _fail(f"{error}\nThe older copies are as they were.")
    manifest = read(copy)
    _note(places, LastCopy(made_at=now, tried_at=now, where=str(copy)))
    size = sum(each.size for each in manifest.files.values()) / 1e6
    sys.stdout.write(
        f"{copy}: day {manifest.day}, event {manifest.seq}; {len(manifest.files)} files, {size:.1f} MB, written and "
        f"read back in {time.monotonic() - began:.1f} s\n"
    )
    return 0


def _second_medium(medium: Path, places: Places, *, same_disk: bool) -> None:
    if not medium.is_dir():
        raise BadCopy(f"{medium} is not there: plug in the stick (labelled HALLCOPY), or name a folder with --to")
    if not same_disk and places.journal.is_dir() and medium.stat().st_dev == places.journal.stat().st_dev:
        raise BadCopy(
            f"{medium} lies on the disk that holds the journal, and would be lost with it: plug in a stick (labelled "
            "HALLCOPY), or name a folder on another disk with --to; --same-disk, if that is what you want"
        )


def _note(places: Places, last: LastCopy) -> None:
    if places.last.parent.is_dir():
        replace_file(places.last, msgspec.json.encode(last), mode=0o644)


def _fail(text: str) -> int:
    sys.stderr.write(f"hallcall backup: {text}\n")
    return 2
