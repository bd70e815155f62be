"""`hallcall clock`: whether the dispatcher's clock is believed; `set` sets it; `undo-day` takes back a wrong one's day.

All three run on the dispatcher's box.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from broker.clock_trust import Anchor, Machine, judged
from broker.config import BrokenConfig, DispatcherFile, load_hall, load_node
from broker.contract.messages import GivenNumbers, TicketIssued
from broker.journal import Journal, JournalDamaged, JournalInUse, JournalTooNew, read_day
from broker.told import RESTORED, Restored
from broker.whole_files import replace_file

from .backup import CONFIG
from .journals import DAYS

WRONG: Final = (BrokenConfig, JournalDamaged, JournalInUse, JournalTooNew, OSError, ValueError)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="hallcall clock", description=__doc__)
    parser.add_argument("--config", type=Path, default=CONFIG, help=f"the dispatcher's file; {CONFIG} when left out")
    parts = parser.add_subparsers(dest="part")
    setting = parts.add_parser("set", help="set this machine's clock, and its battery clock, to the hall's local time")
    setting.add_argument("to", metavar="'YYYY-MM-DD HH:MM'")
    parts.add_parser("undo-day", help="put aside days later than today, with the dispatcher stopped")
    options = parser.parse_args(argv)
    try:
        file = load_node(options.config, DispatcherFile)
        zone = ZoneInfo(load_hall(Path(file.hall_file)).timezone)
        if options.part == "set":
            return set_clock(datetime.strptime(options.to, "%Y-%m-%d %H:%M").replace(tzinfo=zone))
        if options.part == "undo-day":
            return undo_day(Path(file.state_dir), today=datetime.now(zone).date().isoformat())
        return show(file, zone)
    except WRONG as error:
        sys.stderr.write(f"hallcall clock: {error}\n")
        return 2


def show(file: DispatcherFile, zone: ZoneInfo) -> int:
    """Say what the dispatcher makes of this clock; exit code 1 where it would open no day."""
    facts, directory = Machine().facts(), Path(file.state_dir)
    days = [each for each in sorted(directory.glob(DAYS)) if each.stat().st_size]
    events = read_day(days[-1]) if days else []
    last_event = events[-1].at if events else None
    try:
        anchor = msgspec.json.decode((directory / "clock.json").read_bytes(), type=Anchor)
    except (OSError, msgspec.DecodeError):
        anchor = None
    verdict = judged(facts, anchor=anchor, last_event=last_event, ahead=timedelta(days=file.clock_days_ahead))
    rows = [
        ("clock", f"{facts.now.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"),
        ("time source", "sets it" if facts.synchronised else "none"),
        ("battery clock", f"{facts.battery.astimezone(zone):%Y-%m-%d %H:%M:%S}" if facts.battery else "none"),
        ("business day", days[-1].stem if days else "none yet"),
        ("trusted" if verdict.trusted else "NOT trusted", verdict.why),
    ]
    sys.stdout.write("".join(f"{name:14} {text}\n" for name, text in rows))
    if not verdict.trusted:
        sys.stdout.write(
            "No new day begins. Set the clock: hallcall clock set 'YYYY-MM-DD HH:MM'; or, if it is right,\n"
        )
        sys.stdout.write("let a supervisor say so: hallcall order ConfirmDate day=YYYY-MM-DD\n")
    return int(not verdict.trusted)


def set_clock(to: datetime) -> int:
    try:
        time.clock_settime(time.CLOCK_REALTIME, to.timestamp())
    except PermissionError:
        sys.stderr.write("hallcall clock: only root may set the clock: sudo hallcall clock set …\n")
        return 2
    battery = Path("/dev/rtc0").exists()
    if battery and subprocess.run(["hwclock", "--systohc", "--utc"], check=False).returncode:
        sys.stderr.write("hallcall clock: the battery clock was not set; is its cell empty?\n")
        return 1
    sys.stdout.write(f"set to {to:%Y-%m-%d %H:%M %Z}{'' if battery else '; there is no battery clock to keep it'}\n")
    return 0


def undo_day(directory: Path, *, today: str) -> int:
    """Put aside the days that a wrong clock opened; no number that was given on them is given again today."""
    days = [each for each in sorted(directory.glob(DAYS)) if each.stem > today and each.stat().st_size]
    if not days:
        sys.stdout.write(f"no day after {today} is in {directory}: nothing to undo\n")
        return 0
    given: dict[str, str] = {}
    for day in days:
        for recorded in read_day(day):
            if isinstance(recorded.event, TicketIssued) and recorded.event.taken_offline_at is None:
                given[recorded.event.service] = recorded.event.ticket
    journal = Journal(directory)  # nobody else holds it
    try:
        epoch = journal.epoch
        numbers = GivenNumbers(day=today, last=given)
        replace_file(directory / RESTORED, msgspec.json.encode(Restored(epoch=epoch, given=(numbers,))))
        aside = directory / f"wrong-days-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        aside.mkdir()
        for day in reversed(days):
            for path in directory.glob(f"{day.name}*"):
                path.replace(aside / path.name)
    finally:
        journal.close()
    sys.stdout.write(
        f"put aside: {', '.join(each.stem for each in days)}, in {aside}.\nStart the dispatcher. Whoever took a number "
        f"on these days is served by hand: {', '.join(sorted(given.values())) or 'nobody'} were the last ones.\n"
    )
    return 0
