"""CSV files of customers: recorded arrivals, and measured service times."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from ..contract.messages import ORDINARY, Hall
from ..hall.clock import ms
from .arrivals import Arrival
from .refusals import CannotSimulate, why_nobody_comes

ARRIVAL, SERVICE, CLASS, SERVICE_S, PATIENCE_S, BOOKED = (
    "arrival",
    "service",
    "class",
    "service_s",
    "patience_s",
    "booked",
)
NEEDED: Final = (ARRIVAL, SERVICE, CLASS, SERVICE_S)
OPTIONAL: Final = (PATIENCE_S, BOOKED)
MOST_ERRORS: Final = 50  # said in full
_BEYOND: Final = ""  # where a row keeps what stands beyond its last column
_SECOND_MS: Final = 1000
Row = Mapping[str, str]


class _Wrong(ValueError):
    """What is wrong with a row; one complaint a line."""


def arrivals(path: Path, hall: Hall) -> list[Arrival]:
    """Read recorded customers: in the order of their times, those of the same instant in the order of the file.

    The play begins with the first of them. Raises CannotSimulate, whose text names every bad row.
    """
    found = [arrival for _, _, arrival in customers(path, hall)]
    found.sort(key=lambda each: each.at_ms)
    return [_from(found[0].at_ms, each) for each in found]


def customers(path: Path, hall: Hall) -> list[tuple[int, Row, Arrival]]:
    """Read recorded customers in the order of the file: line, row, and arrival by the file's own times.

    Times are milliseconds since 1970, or since 0 where the file has seconds. Raises CannotSimulate as above.
    """
    errors: list[str] = []
    found: list[tuple[int, Row, Arrival]] = []
    kinds: set[bool] = set()
    zone = ZoneInfo(hall.timezone)
    for line, row in _rows(path, NEEDED, OPTIONAL):
        try:
            _check_width(row)
            found.append((line, row, _arrival(row, hall, zone)))
            kinds |= {_is_number(row[name]) for name in (ARRIVAL, BOOKED) if row[name]}
        except _Wrong as error:
            errors += [f"{path}:{line}: {each}" for each in str(error).splitlines()]
    if len(kinds) > 1:
        errors.append(f"{path}: some rows hold seconds and others times; give one kind")
    _raise(errors)
    if not found:
        raise CannotSimulate(f"{path}: no customers; give at least one row below the names of the columns")
    return found


def _from(begin_ms: int, arrival: Arrival) -> Arrival:
    return Arrival(
        at_ms=arrival.at_ms - begin_ms,
        service=arrival.service,
        priority_class=arrival.priority_class,
        service_ms=arrival.service_ms,
        patience_ms=arrival.patience_ms,
        booked_ms=None if arrival.booked_ms is None else arrival.booked_ms - begin_ms,
    )


def service_times(path: Path) -> list[int]:
    """Read measured service times, in milliseconds. Raises CannotSimulate, whose text names every bad row."""
    errors: list[str] = []
    found: list[int] = []
    for line, row in _rows(path, (SERVICE_S,), ()):
        try:
            _check_width(row)
            found.append(_milliseconds(row[SERVICE_S], SERVICE_S))
        except _Wrong as error:
            errors += [f"{path}:{line}: {each}" for each in str(error).splitlines()]
    _raise(errors)
    if not any(found):
        raise CannotSimulate(f"{path}: no service times above 0 in the column {SERVICE_S}; give at least one")
    return found


def _raise(errors: list[str]) -> None:
    if len(errors) > MOST_ERRORS:
        errors = [*errors[:MOST_ERRORS], f"… and {len(errors) - MOST_ERRORS} more"]
    if errors:
        raise CannotSimulate("\n".join(errors))


def _rows(path: Path, needed: Iterable[str], optional: Iterable[str]) -> Iterator[tuple[int, Row]]:
    """Yield each row with its line; blank lines are left out."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            names = [each.strip() for each in next(reader, [])]
            missing = [each for each in needed if each not in names]
            if missing:
                raise CannotSimulate(
                    f"{path}:1: no column {', '.join(missing)}; the first line must name the columns "
                    f"{', '.join(needed)}" + (f" (and, if you like, {', '.join(optional)})" if optional else "")
                )
            twice = [each for each in (*needed, *optional) if names.count(each) > 1]
            if twice:
                raise CannotSimulate(f"{path}:1: the column {', '.join(twice)} is there twice; name it once")
            for cells in reader:
                if any(each.strip() for each in cells):
                    row = dict.fromkeys((*needed, *optional), "")
                    row.update((name, cell.strip()) for name, cell in zip(names, cells, strict=False))
                    row[_BEYOND] = " ".join(each.strip() for each in cells[len(names) :]).strip()
                    yield reader.line_num, row
    except OSError as error:
        raise CannotSimulate(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CannotSimulate(f"{path}: not UTF-8; save the file as CSV in UTF-8") from error
    except csv.Error as error:
        raise CannotSimulate(f"{path}: not CSV: {error}") from error


def _check_width(row: Row) -> None:
    """Raise _Wrong where a cell stands in no column: a comma too many has moved the others, or cut a number in two."""
    if row[_BEYOND]:
        raise _Wrong(f'"{row[_BEYOND]}" stands beyond the last column; put cells that hold a comma in quotes')


def _arrival(row: Row, hall: Hall, zone: ZoneInfo) -> Arrival:
    wrong: list[str] = []
    values: dict[str, int] = {}
    for name, read in (
        (ARRIVAL, _instant),
        (SERVICE_S, _milliseconds),
        (PATIENCE_S, _milliseconds),
        (BOOKED, _instant),
    ):
        if name in NEEDED or row[name]:
            try:
                values[name] = read(row[name], name, zone)
            except _Wrong as error:
                wrong.append(str(error))
    priority_class = row[CLASS] or ORDINARY
    why = why_nobody_comes(hall, row[SERVICE], priority_class, booked=bool(row[BOOKED]))
    if why is not None:
        wrong.append(why)
    if wrong:
        raise _Wrong("\n".join(wrong))
    return Arrival(
        at_ms=values[ARRIVAL],
        service=row[SERVICE],
        priority_class=priority_class,
        service_ms=values[SERVICE_S],
        patience_ms=values.get(PATIENCE_S),
        booked_ms=values.get(BOOKED),
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _milliseconds(text: str, name: str, _zone: ZoneInfo | None = None) -> int:
    if not text:
        raise _Wrong(f"{name} is empty; give seconds")
    if not _is_number(text) or not isfinite(float(text)):
        raise _Wrong(f'{name} "{text}" is not a number; give seconds')
    if float(text) < 0:
        raise _Wrong(f"{name} {text} is negative; give seconds from 0 on")
    return round(float(text) * _SECOND_MS)


def _instant(text: str, name: str, zone: ZoneInfo) -> int:
    if not text or _is_number(text):
        return _milliseconds(text, name)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise _Wrong(f'{name} "{text}" is neither seconds nor a time such as 2026-03-02T09:15:00') from error
    return ms(at if at.tzinfo is not None else at.replace(tzinfo=zone))
