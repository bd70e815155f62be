"""Another vendor's export becomes arrivals for the twin. No row is lost: each is kept, skipped or bad, and counted."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from .import_map import Encoding, ImportMap, Rows, Unit

HEADER: Final = ("arrival", "service", "class", "service_s", "patience_s", "called", "counter", "ticket")
_CODECS: Final = {Encoding.UTF_8: "utf-8-sig", Encoding.GB18030: "gb18030"}
_UNIT_S: Final = {Unit.SECONDS: 1, Unit.MINUTES: 60}
_WORKBOOK: Final = b"PK\x03\x04"
_QUOTED: Final = re.compile(r'^="(.*)"$')  # how exports keep Excel from reading a number
_CLOCK: Final = re.compile(r"^(?:(\d+):)?(\d+):(\d+)$")


class ExportUnreadable(ValueError):
    """A file that is not what its map says."""


class _BadRow(ValueError):
    """A row that says something impossible, or something that the map does not know."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A customer, as the twin's CSV has it."""

    arrival: datetime
    service: str
    priority_class: str
    service_s: int | None  # None: not seen
    patience_s: int | None = None
    called: datetime | None = None
    counter: int | None = None
    ticket: str = ""


@dataclass(kw_only=True)
class Import:
    """What became of an export's rows."""

    rows: list[Row] = field(default_factory=list)
    read: int = 0
    left: int = 0  # of those kept
    imputed: int = 0  # of those kept: how long the service took was not seen, and is the mean of its service
    skipped: Counter[str] = field(default_factory=Counter)
    bad: list[tuple[int, str]] = field(default_factory=list)  # line and reason

    @property
    def bad_percent(self) -> float:
        return 100 * len(self.bad) / self.read if self.read else 0


def import_rows(path: Path, how: ImportMap) -> Import:
    """Read an export. Raises ExportUnreadable, and OSError."""
    table = _table(path, how)
    reader = _Reader(how)
    done = Import()
    for line, cells in table:
        done.read += 1
        skipped = _named(how.skip, cells)
        if skipped is not None:
            done.skipped[skipped] += 1
            continue
        try:
            row = reader.row(cells)
        except _BadRow as error:
            done.bad.append((line, str(error)))
            continue
        done.rows.append(row)
        done.left += row.patience_s is not None
    return _with_means(done)


def _table(path: Path, how: ImportMap) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield each row with its line, by the names of the columns."""
    content = path.read_bytes()
    if content.startswith(_WORKBOOK):
        raise ExportUnreadable(f"{path} is an Excel workbook; open it and save it as CSV")
    try:
        text = content.decode(_CODECS[how.encoding])
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        other = next(each.value for each in Encoding if each is not how.encoding)
        raise ExportUnreadable(
            f'{path}:{line}: not {how.encoding.value}; try encoding = "{other}" in the map'
        ) from error
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=how.delimiter)
    header: list[str] | None = None
    for cells in lines:
        if header is None:
            if lines.line_num >= how.header_line:
                header = [_plain(cell) for cell in cells]
                _check_header(path, how, header, lines.line_num)
        elif any(cell.strip() for cell in cells):
            yield lines.line_num, dict(zip(header, map(_plain, cells), strict=False))
    if header is None:
        raise ExportUnreadable(f"{path}: no line {how.header_line} with the names of the columns; check header_line")


def _plain(cell: str) -> str:
    cell = cell.strip()
    quoted = _QUOTED.match(cell)
    return quoted.group(1).strip() if quoted else cell


def _check_header(path: Path, how: ImportMap, header: Sequence[str], line: int) -> None:
    columns = how.columns
    wanted = [getattr(columns, name) for name in columns.__struct_fields__]
    wanted += [each.column for each in (*how.skip, *how.left)]
    missing = sorted({each for each in wanted if each is not None and each not in header})
    if missing:
        raise ExportUnreadable(
            f"{path}:{line}: no column {', '.join(missing)}; there are {', '.join(header)}. "
            "Check names, delimiter and header_line in the map."
        )


def _named(rows: Iterable[Rows], cells: Mapping[str, str]) -> str | None:
    """Return the word by which a row is one of these."""
    return next((cells[each.column] for each in rows if cells.get(each.column) in each.words), None)


class _Reader:
    def __init__(self, how: ImportMap) -> None:
        self._how = how
        self._zone = ZoneInfo(how.timezone)
        self._services = how.service_of()
        self._classes = how.class_of()

    def row(self, cells: Mapping[str, str]) -> Row:
        """Return the customer of a row. Raises _BadRow."""
        columns = self._how.columns
        issued = self._time(cells, columns.issued)
        if issued is None:
            raise _BadRow(f"{columns.issued} is empty")
        called, started = self._time(cells, columns.called), self._time(cells, columns.started)
        first = called or started
        if first is not None and first < issued:
            raise _BadRow(f"called at {first:%H:%M:%S}, before the number was taken at {issued:%H:%M:%S}")
        row = Row(
            arrival=issued,
            service=self._service(cells),
            priority_class=self._class(cells),
            service_s=None,
            called=first,
            counter=self._counter(cells),
            ticket=cells.get(columns.ticket or "", ""),
        )
        if _named(self._how.left, cells) is not None:
            gone = first or self._time(cells, columns.ended)
            if gone is None or gone < issued:
                raise _BadRow("left, and nothing says when: neither a call nor an end")
            halved = first is not None  # not there when called: had left some time before
            waited_s = int((gone - issued).total_seconds())
            return replace(row, patience_s=waited_s // 2 if halved else waited_s, called=None, counter=None)
        return replace(row, service_s=self._service_s(cells, called, started))

    def _time(self, cells: Mapping[str, str], column: str | None) -> datetime | None:
        text = cells.get(column, "") if column is not None else ""
        if not text:
            return None
        date = self._how.columns.date
        if date is not None:
            text = f"{cells.get(date, '')} {text}"
        for each in self._how.times:
            try:
                found = datetime.strptime(text, each)  # noqa: DTZ007 - its zone is the map's
            except ValueError:
                continue
            return found if found.tzinfo is not None else found.replace(tzinfo=self._zone)
        raise _BadRow(f"{column}: {text} is not written as {' or '.join(self._how.times)}")

    def _service(self, cells: Mapping[str, str]) -> str:
        word = cells.get(self._how.columns.service, "")
        if word not in self._services:
            raise _BadRow(f"{self._how.columns.service}: {word or 'nothing'} is not in [[services]]")
        return self._services[word]

    def _class(self, cells: Mapping[str, str]) -> str:
        column = self._how.columns.priority_class
        word = cells.get(column, "") if column is not None else ""
        if word and word not in self._classes:
            raise _BadRow(f"{column}: {word} is not in [[classes]]")
        return self._classes[word] if word else self._how.default_class

    def _counter(self, cells: Mapping[str, str]) -> int | None:
        column = self._how.columns.counter
        digits = re.search(r"\d+", cells.get(column, "")) if column is not None else None
        return int(digits.group()) if digits else None

    def _service_s(self, cells: Mapping[str, str], called: datetime | None, started: datetime | None) -> int:
        """Return how long the counter was taken: from the call, or else from the beginning, to the end."""
        columns, begin = self._how.columns, called or started
        ended = self._time(cells, columns.ended)
        if ended is not None and begin is not None:
            took_s = (ended - begin).total_seconds()
        else:
            took_s = self._duration_s(cells.get(columns.duration or "", ""))
            if called is not None and started is not None:
                took_s += (started - called).total_seconds()
        if took_s <= 0:
            raise _BadRow("ended before it began" if took_s < 0 else "took no time at all")
        if took_s > self._how.longest_min * 60:
            raise _BadRow(f"took {took_s / 60:.0f} min, more than longest_min; nobody ended it")
        return round(took_s)

    def _duration_s(self, text: str) -> float:
        if not text:
            raise _BadRow("nothing says how long it took; rows of people who left belong under [[left]]")
        if self._how.duration_in is Unit.CLOCK:
            parts = _CLOCK.match(text)
            if parts is None:
                raise _BadRow(f"{self._how.columns.duration}: {text} is not written as h:m:s")
            hours, minutes, seconds = (int(part or 0) for part in parts.groups())
            return float(hours * 3600 + minutes * 60 + seconds)
        try:
            return float(text) * _UNIT_S[self._how.duration_in]
        except ValueError as error:
            raise _BadRow(f"{self._how.columns.duration}: {text} is no number") from error


def _with_means(done: Import) -> Import:
    """Give those whose service was not seen the mean of their service, and put all in the order of arrival."""
    seen: dict[str, list[int]] = {}
    for row in done.rows:
        if row.service_s is not None:
            seen.setdefault(row.service, []).append(row.service_s)
    means = {service: round(sum(each) / len(each)) for service, each in seen.items()}
    everybody = round(sum(map(sum, seen.values())) / max(sum(map(len, seen.values())), 1))
    rows = sorted(done.rows, key=lambda row: row.arrival)
    done.imputed = sum(row.service_s is None for row in rows)
    done.rows = [
        row if row.service_s is not None else replace(row, service_s=means.get(row.service, everybody)) for row in rows
    ]
    return done


def write_rows(rows: Iterable[Row]) -> str:
    """Return the twin's CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for row in rows:
        writer.writerow(_cells(row))
    return out.getvalue()


def _cells(row: Row) -> list[str]:
    called = row.called.isoformat() if row.called is not None else None
    rest = (row.service_s, row.patience_s, called, row.counter, row.ticket)
    first = (row.arrival.isoformat(), row.service, row.priority_class)
    return [*first, *("" if each is None else str(each) for each in rest)]
