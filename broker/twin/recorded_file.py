"""Recorded days from a CSV: that of `hallcall import`, or any with the columns of `simulate --arrivals`.

Two further columns, `called` and `counter`, let the record stand beside the twin, and say when counters were staffed:
each from its first act to its last. Without them all counters are staffed from the first arrival on.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from ..contract.messages import Hall, Outcome
from ..hall.clock import ms, utc
from ..hall.state import MINUTE_MS
from .arrivals import Arrival, Stay
from .chronicle import WRAP_UP_MS, Note
from .customers_file import MOST_ERRORS, customers
from .recorded import RecordedDay, in_order, midnight_ms
from .refusals import CannotSimulate
from .staffing import Gap, Shift, from_first_to_last, without

CALLED, COUNTER, TICKET = "called", "counter", "ticket"
_AN_AGE_MS: Final = 10 * 365 * 24 * 60 * MINUTE_MS  # times below are counted from 0, not from 1970


def recorded_days(path: Path, hall: Hall) -> list[RecordedDay]:
    """Return the days of a file, in their order. Raises CannotSimulate, whose text names every bad row."""
    zone, errors, stays = ZoneInfo(hall.timezone), [], []
    targets = {
        (service.id, each.id): next(
            (own.minutes for own in service.targets if own.priority_class == each.id), each.target_min
        )
        for service in hall.services
        for each in hall.classes
    }
    counters = {each.number for each in hall.counters}
    for line, row, arrival in customers(path, hall):
        target_ms = round(targets[arrival.service, arrival.priority_class] * MINUTE_MS)
        try:
            stays.append(_stay(row, arrival, target_ms, counters, zone))
        except ValueError as error:
            errors.append(f"{path}:{line}: {error}")
    if errors:
        more = len(errors) - MOST_ERRORS
        raise CannotSimulate("\n".join([*errors[:MOST_ERRORS], *([f"… and {more} more"] if more > 0 else [])]))
    stays.sort(key=lambda stay: stay.arrival.at_ms)
    if stays[0].arrival.at_ms < _AN_AGE_MS:
        return [_day(path.stem, hall, stays)]
    return [
        _day(day.isoformat(), hall, [_moved(stay, midnight_ms(day, hall.timezone)) for stay in found])
        for day, found in groupby(stays, key=lambda stay: _date(stay, zone))
    ]


def _date(stay: Stay, zone: ZoneInfo) -> date:
    return utc(stay.arrival.at_ms).astimezone(zone).date()


def _stay(row: Mapping[str, str], arrival: Arrival, target_ms: int, counters: set[int], zone: ZoneInfo) -> Stay:
    counter = _counter(row.get(COUNTER, ""), counters)
    called_ms = _called(row.get(CALLED, ""), zone)
    if called_ms is not None and called_ms < arrival.at_ms:
        raise ValueError(f"called before it arrived, at {row[CALLED]}")
    is_left = called_ms is None and arrival.patience_ms is not None
    return Stay(
        arrival=arrival,
        ticket=row.get(TICKET, ""),
        given_class=arrival.priority_class,
        called_ms=called_ms,
        ended_ms=called_ms + arrival.service_ms if called_ms is not None else None,
        counter=counter if called_ms is not None else None,
        outcome=Outcome.NO_SHOW if is_left else Outcome.DONE,
        target_ms=target_ms,
    )


def _counter(text: str, counters: set[int]) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or int(text) not in counters:
        raise ValueError(f"{text} is no counter of the hall; it has {', '.join(map(str, sorted(counters)))}")
    return int(text)


def _called(text: str, zone: ZoneInfo) -> int | None:
    if not text:
        return None
    try:
        return round(float(text) * 1000)
    except ValueError:
        at = datetime.fromisoformat(text)
        return ms(at if at.tzinfo is not None else at.replace(tzinfo=zone))


def _moved(stay: Stay, begins_ms: int) -> Stay:
    """Return a stay whose times count from there."""
    arrival = stay.arrival
    booked_ms = arrival.booked_ms - begins_ms if arrival.booked_ms is not None else None
    return replace(
        stay,
        arrival=replace(arrival, at_ms=arrival.at_ms - begins_ms, booked_ms=booked_ms),
        called_ms=stay.called_ms - begins_ms if stay.called_ms is not None else None,
        ended_ms=stay.ended_ms - begins_ms if stay.ended_ms is not None else None,
    )


def _day(day: str, hall: Hall, stays: list[Stay]) -> RecordedDay:
    stays = in_order(stays)
    left = sum(stay.outcome is Outcome.NO_SHOW for stay in stays)
    notes = {Note.NO_SHOW: left} if left else {}
    acts = [(stay.counter, at_ms) for stay in stays if stay.counter for at_ms in (stay.called_ms, stay.ended_ms)]
    shifts = from_first_to_last((counter, at_ms) for counter, at_ms in acts if at_ms is not None)
    if not shifts:
        from_ms = stays[0].arrival.at_ms
        everybody = [Shift(counter=each.number, from_ms=from_ms, until_ms=None) for each in hall.counters]
        return RecordedDay(day=day, hall=hall, stays=stays, shifts=everybody, notes={**notes, Note.ALL_STAFFED: 1})
    stays, gaps = _with_wrap_up(stays)
    notes |= {Note.INFERRED: 1} | ({Note.AWAY: len(gaps)} if gaps else {})
    return RecordedDay(day=day, hall=hall, stays=stays, shifts=without(shifts, gaps), notes=notes)


def _with_wrap_up(stays: Iterable[Stay]) -> tuple[list[Stay], list[Gap]]:
    """Add to each service the time until its counter's next call, if the next customer was waiting by then.

    Where that is long, the counter was away.
    """
    found = list(stays)
    gaps: list[Gap] = []
    for before, after in _pairs(found):
        ended_ms, called_ms = before.ended_ms or 0, after.called_ms or 0
        if not after.arrival.at_ms <= ended_ms < called_ms:
            continue
        if called_ms - ended_ms > WRAP_UP_MS:
            gaps.append(Gap(before.counter or 0, ended_ms, called_ms))
            continue
        longer = replace(before.arrival, service_ms=before.arrival.service_ms + called_ms - ended_ms)
        found[before.index] = replace(before, arrival=longer)
    return found, gaps


def _pairs(stays: Iterable[Stay]) -> Iterator[tuple[Stay, Stay]]:
    """Yield each two that were served one after the other at the same counter."""
    last: dict[int, Stay] = {}
    served = [stay for stay in stays if stay.counter is not None and stay.called_ms is not None]
    for stay in sorted(served, key=lambda stay: (stay.called_ms or 0, stay.index)):
        number = stay.counter or 0
        if number in last:
            yield last[number], stay
        last[number] = stay
