"""Opening hours and days off: times that follow one another, days that exist."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import combinations
from typing import Final

from ..contract.messages import Weekday
from ..strict_toml import Finding, TomlFile, shown
from ..toml_lines import Place
from .agreement import strings, tables, where

_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
Entry = tuple[Place, dict[str, object]]


def hours_findings(file: TomlFile) -> Iterator[Finding]:
    entries = list(tables(file, "hours[]"))
    for place, each in entries:
        opens, closes = _clock(each, "open"), _clock(each, "close")
        if opens and closes and opens >= closes:
            text = f"{shown(closes)} is not after open, {shown(opens)}; give a later time of the same day"
            yield Finding(place=(*place, "close"), text=text)
        yield from _served_to_the_end(place, each, entries)
    for one, other in combinations(entries, 2):
        days = _common_days(one[1], other[1])
        if days and _overlap(one[1], other[1]):
            text = f"overlaps with {where(file, one[0])} on {', '.join(days)}; let one end before the other begins"
            yield Finding(place=(*other[0], "open"), text=text)
    for place, value in file.select("closed_on[]"):
        if isinstance(value, str) and _DATE.fullmatch(value) and not _is_date(value):
            yield Finding(place=place, text=f"{shown(value)} is no day of the calendar; give year-month-day")


def _served_to_the_end(place: Place, each: dict[str, object], entries: list[Entry]) -> Iterator[Finding]:
    """Who waits is sent home at the latest `serve_until` of a day, so it belongs to the last hours of that day."""
    until = _clock(each, "serve_until")
    if not until:
        return
    for day in strings(each, "days"):
        last = max(_clock(other, "close") for _, other in entries if day in strings(other, "days"))
        if until < last:
            text = f"{shown(until)} is before {shown(last)}, when {day} closes; give a later time"
            if last != _clock(each, "close"):
                text = f"{text}, with the last hours of the day only"
            yield Finding(place=(*place, "serve_until"), text=text)
            return


def _common_days(one: dict[str, object], other: dict[str, object]) -> list[str]:
    return [day.value for day in Weekday if day.value in strings(one, "days") and day.value in strings(other, "days")]


def _overlap(one: dict[str, object], other: dict[str, object]) -> bool:
    times = [_clock(each, key) for each in (one, other) for key in ("open", "close")]
    return all(times) and times[0] < times[3] and times[2] < times[1]


def _clock(hours: dict[str, object], key: str) -> str:
    """Return a time as written, HH:MM, so that later is greater; empty when it is none."""
    value = hours.get(key)
    return value if isinstance(value, str) and _CLOCK.fullmatch(value) else ""


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
