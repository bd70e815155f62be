"""`hallcall counter-day`: what each counter and clerk did with a day: sessions, serving, idle and pause times."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from broker.config import BrokenConfig
from broker.contract.messages import DayOpened, Hall, HallConfigured, Language, Recorded
from broker.contract.texts import texts
from broker.journal import JournalDamaged, JournalTooNew, read_day
from broker.report.counter_day import CounterDay, counter_days, spells

from .journals import INSTALLED, NoJournal, day_file, directory
from .terminal import columns, filled

MINUTE_S: Final = 60


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    try:
        happened = read_day(day_file(directory(options.journal, options.config), options.day))
        day, hall = _day(happened)
        zone = ZoneInfo(hall.timezone)
        now = datetime.now(UTC)
        begin = datetime.combine(day, options.begin or time.min, zone)
        end = datetime.combine(day, options.end, zone) if options.end is not None else _midnight_after(day, zone)
        found = counter_days(spells(happened, min(now, _midnight_after(day, zone))), begin, end)
        if options.counter is not None:
            found = tuple(each for each in found if each.counter == options.counter)
        said = _json(found, day, hall) if options.json else _text(found, day, hall, Language(options.lang))
        sys.stdout.write(said)
    except (NoJournal, JournalDamaged, JournalTooNew, BrokenConfig, OSError) as error:
        sys.stderr.write(f"hallcall counter-day: {error}\n")
        return 1
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hallcall counter-day", description=__doc__)
    parser.add_argument("--journal", type=Path, metavar="PATH", help="directory of journals, or one day's file")
    parser.add_argument("--config", type=Path, metavar="FILE", help=f"dispatcher.toml; left out: {INSTALLED}")
    parser.add_argument("--day", type=date.fromisoformat, metavar="YYYY-MM-DD", help="left out: the last day")
    parser.add_argument("--counter", type=int, metavar="N", help="only this counter")
    parser.add_argument("--from", dest="begin", type=time.fromisoformat, metavar="HH:MM", help="from then on")
    parser.add_argument("--to", dest="end", type=time.fromisoformat, metavar="HH:MM", help="to before then")
    parser.add_argument("--lang", choices=[each.value for each in Language], default="zh")
    parser.add_argument("--json", action="store_true", help="as data, in seconds")
    return parser.parse_args(arguments)


def _day(happened: Sequence[Recorded]) -> tuple[date, Hall]:
    """Return which day it is, and the last hall in force. Raises NoJournal."""
    days = [each.event.day for each in happened if isinstance(each.event, DayOpened)]
    halls = [each.event.hall for each in happened if isinstance(each.event, HallConfigured)]
    if not days or not halls:
        raise NoJournal("this journal holds no business day yet; start the dispatcher, or name another --day")
    return date.fromisoformat(days[-1]), halls[-1]


def _midnight_after(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, zone)


def _json(found: Sequence[CounterDay], day: date, hall: Hall) -> str:
    days = [{**asdict(each), "mean_serving_s": each.mean_serving_s} for each in found]
    plain = {"hall": hall.id, "day": day.isoformat(), "counters": days}
    return msgspec.json.format(msgspec.json.encode(plain), indent=2).decode() + "\n"


def _text(found: Sequence[CounterDay], day: date, hall: Hall, language: Language) -> str:
    """Return a table, a line for each counter and clerk, and what the columns mean."""
    words = texts(language)["counter_day"]
    name = getattr(hall.name, language.value)
    heading = f"{words['title'].format(hall=name, day=day.isoformat())}\n"
    if not found:
        return f"{heading}{words['nothing']}\n"
    zone = ZoneInfo(hall.timezone)
    reasons = {each.id: getattr(each.name, language.value) for each in hall.pause_reasons}
    keys = ("counter", "clerk", "time", "session", "serving", "coming", "wrap_up", "idle", "paused")
    rows = [[words[f"column_{key}"] for key in (*keys, "calls", "served", "no_shows", "mean")]]
    rows += [_row(each, zone, nobody=words["nobody"]) for each in found]
    widths = [max(columns(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = ["  ".join(filled(text, wide) for text, wide in zip(row, widths, strict=True)).rstrip() for row in rows]
    for each in found:
        lines += [
            words["pause"].format(
                counter=each.counter,
                clerk=each.clerk or words["nobody"],
                reason=reasons.get(pause.reason, pause.reason),
                times=pause.times,
                minutes=_minutes(pause.seconds),
            )
            for pause in each.pauses
        ]
    return "\n".join([heading, *lines, "", words["note"], ""])


def _row(day: CounterDay, zone: ZoneInfo, *, nobody: str) -> list[str]:
    times = (day.session_s, day.serving_s, day.coming_s, day.wrap_up_s, day.idle_s, day.paused_s)
    mean_s = day.mean_serving_s
    return [
        str(day.counter),
        day.clerk or nobody,
        f"{day.begin.astimezone(zone):%H:%M}–{day.end.astimezone(zone):%H:%M}",
        *(_minutes(each) for each in times),
        str(day.calls),
        str(day.served),
        str(day.no_shows),
        _minutes(mean_s) if mean_s is not None else "–",
    ]


def _minutes(seconds: int) -> str:
    """Return minutes and seconds as a clock shows them: 12:04."""
    return f"{seconds // MINUTE_S}:{seconds % MINUTE_S:02}"
