"""Whom this box asks for the time: chrony's file, out of box.toml.

The dispatcher's box serves the time of the hall, from outside sources or its own battery; all others ask it alone.
Runs before the box has joined, so the card's box.toml will do. Inside the hall time is not signed: a certificate would
be needed before there is a clock to judge it by; what a false clock can do there is small (docs/time.md).
"""

import argparse
import sys
from pathlib import Path
from typing import Final

from broker.box_file import BoxFile, load_box
from broker.contract.messages import Role
from broker.strict_toml import BrokenConfig

PLACES: Final = (Path("/etc/hallcall/box.toml"), Path("/boot/hallcall/box.toml"))
PUBLIC: Final = ("ntp.ntsc.ac.cn", "cn.pool.ntp.org")
NETWORKS: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10")
_ALWAYS: Final = """\
# Written by keeper.time_source at each start: change box.toml instead.
driftfile /var/lib/chrony/chrony.drift
sourcedir /run/chrony-dhcp
leapsectz right/UTC
# The battery clock follows, once the time is known.
rtcsync
"""
_SERVES: Final = """\
# The hall's day never runs backwards: after the first minutes the clock is only slowed or hurried.
makestep 1 3
# Without a source it is the hall's time all the same.
local stratum 10
"""


def chrony_conf(box: BoxFile | None) -> str:
    """Return chrony's file for a box; None: one that does not know yet what it is."""
    if box is not None and Role.DISPATCHER.value not in box.nodes:
        # Nothing here is ordered by its own clock: it may step whenever the hall's is right.
        return f"{_ALWAYS}server {box.dispatcher} iburst minpoll 4 maxpoll 6 prefer\nmakestep 1 -1\n"
    public = "".join(f"pool {each} iburst maxsources 2\n" for each in PUBLIC)
    if box is None:
        return f"{_ALWAYS}{public}makestep 1 3\n"
    allowed = "".join(f"allow {each}\n" for each in NETWORKS)
    return f"{_ALWAYS}{public}{_SERVES}{allowed}"


def box_here(places: tuple[Path, ...] = PLACES) -> BoxFile | None:
    """Return what this box is, or None; a broken file is told of by those who cannot go on without it."""
    for place in places:
        if place.exists():
            try:
                return load_box(place)
            except (BrokenConfig, OSError) as error:
                sys.stderr.write(f"{place}: {error}\nthe time is asked of public servers until that is right\n")
                return None
    return None


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m keeper.time_source", description="Writes chrony's file.")
    parser.add_argument("--to", type=Path, required=True, help="file to write")
    options = parser.parse_args(argv)
    fresh: Path = options.to.with_suffix(".new")
    fresh.write_text(chrony_conf(box_here()), encoding="utf-8")
    fresh.replace(options.to)
    return 0


if __name__ == "__main__":
    sys.exit(main())
