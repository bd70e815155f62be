"""A list of booked visits as a CSV file: code, service, time. Pure.

All that is wrong is said line by line. A list has no other columns: names and telephone numbers stay where visits are
booked. A code that is left out is drawn at random, so that nobody guesses one from another.
"""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from io import StringIO
from typing import Final
from zoneinfo import ZoneInfo

from broker.contract.messages import Hall

COLUMNS: Final = ("code", "service", "time")
DRAWN: Final = 6  # digits of a code that is drawn
_CODE: Final = re.compile(r"\d{6,12}", re.ASCII)
_TIMES: Final = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S")


@dataclass(frozen=True, kw_only=True)
class Booked:
    """One visit; `line` is where it stands in the file."""

    line: int
    code: str
    service: str
    at: datetime
    is_drawn: bool = False


class BadList(ValueError):
    """A list of bookings with something wrong in it; its text says all that is, line by line."""


def read_list(text: str, *, name: str, hall: Hall, today: date, draw: Callable[[], str]) -> list[Booked]:
    """Return the visits of a list; `draw` gives a code at random. Raises BadList."""
    reader = csv.DictReader(StringIO(text.removeprefix("\ufeff")), skipinitialspace=True)
    columns = tuple(each.strip() for each in reader.fieldnames or ())
    if sorted(columns) != sorted(COLUMNS):
        raise BadList(f"{name}:1: {_columns(columns)}")
    reader.fieldnames = columns
    found: list[Booked] = []
    wrong: list[str] = []
    lines: dict[str, int] = {}
    for row in reader:
        line = reader.line_num
        if None in row or None in row.values():
            wrong.append(f"{name}:{line}: give {len(COLUMNS)} values: {', '.join(columns)}")
            continue
        given = {key: (value or "").strip() for key, value in row.items()}
        faults = list(_faults(given, hall=hall, today=today, lines=lines))
        wrong += [f"{name}:{line}: {fault}" for fault in faults]
        at = local_time(given["time"], hall)
        if given["code"]:
            lines.setdefault(given["code"], line)
        if not faults and at is not None:
            found.append(
                Booked(line=line, code=given["code"], service=given["service"], at=at, is_drawn=not given["code"])
            )
    if wrong:
        raise BadList("\n".join(wrong))
    return list(_with_codes(found, draw))


def write_list(booked: list[Booked], hall: Hall) -> str:
    """Return a list with all its codes, to be handed to those who come."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    zone = ZoneInfo(hall.timezone)
    writer.writerows((each.code, each.service, f"{each.at.astimezone(zone):%Y-%m-%d %H:%M}") for each in booked)
    return text.getvalue()


def local_time(said: str, hall: Hall) -> datetime | None:
    """Return a time in the hall's own, unless it says which; None when it is no time."""
    zone = ZoneInfo(hall.timezone)
    for form in _TIMES:
        try:
            return datetime.strptime(said, form).replace(tzinfo=zone)
        except ValueError:
            continue
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)


def _columns(columns: tuple[str, ...]) -> str:
    more = [each for each in columns if each not in COLUMNS]
    missing = [each for each in COLUMNS if each not in columns]
    if missing or not more:
        return f"the first line names the columns: {','.join(COLUMNS)}; here it is: {','.join(columns) or 'empty'}"
    return f"remove the column {', '.join(more)}: only {', '.join(COLUMNS)} are known, and no names are kept"


def _faults(given: dict[str, str], *, hall: Hall, today: date, lines: dict[str, int]) -> Iterator[str]:
    code, service, time = given["code"], given["service"], given["time"]
    if code and not _CODE.fullmatch(code):
        zero = "; did a spreadsheet drop a leading 0?" if code.isascii() and code.isdecimal() else ""
        yield f"code {code}: give 6 to 12 digits, or leave it out and one is drawn{zero}"
    elif code in lines:
        yield f"code {code} stands in line {lines[code]} already: each visit has its own"
    services = [each.id for each in hall.services if not each.closing]
    if service not in services:
        close = get_close_matches(service, services, n=1)
        yield f"service {service or 'is left out'}: {f'did you mean {close[0]}?' if close else _named(services)}"
    at = local_time(time, hall)
    if at is None:
        yield f"time {time or 'is left out'}: write it as 2026-11-30 09:30, in the hall's time"
    elif at.astimezone(ZoneInfo(hall.timezone)).date() < today:
        yield f"time {time}: that day is over"


def _named(services: list[str]) -> str:
    return f"services are {', '.join(services)}"


def _with_codes(found: list[Booked], draw: Callable[[], str]) -> Iterator[Booked]:
    known = {each.code for each in found}
    for each in found:
        code = each.code
        while not code:
            drawn = draw()
            code = drawn if drawn not in known else ""
        known.add(code)
        yield Booked(line=each.line, code=code, service=each.service, at=each.at, is_drawn=each.is_drawn)
