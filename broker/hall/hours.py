"""Opening hours: when tickets are given out, and when those who still wait are sent home. Local times of the hall."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ..contract.messages import Hall, Hours, Weekday
from .clock import ms, utc

_WEEKDAYS = tuple(Weekday)  # Monday is 0, as in datetime
_zone = lru_cache(ZoneInfo)


def local_day(hall: Hall, at_ms: int) -> str:
    """Return the hall's date at an instant, ISO."""
    return utc(at_ms).astimezone(_zone(hall.timezone)).date().isoformat()


def is_open(hall: Hall, now_ms: int) -> bool:
    """Tell whether tickets are given out now."""
    if not hall.hours and not hall.closed_on:
        return True
    local = utc(now_ms).astimezone(_zone(hall.timezone))
    if local.date().isoformat() in hall.closed_on:
        return False
    clock = local.time()
    return not hall.hours or any(_time(each.open) <= clock < _time(each.close) for each in _on(hall, local.date()))


def day_of(hall: Hall, at_ms: int) -> str:
    """Return the business day of an instant: the hall's own date."""
    return utc(at_ms).astimezone(_zone(hall.timezone)).date().isoformat()


def day_begins_ms(hall: Hall, day: str) -> int:
    return ms(datetime.combine(date.fromisoformat(day), time.min, tzinfo=_zone(hall.timezone)))


def local(hall: Hall, at_ms: int) -> datetime:
    return utc(at_ms).astimezone(_zone(hall.timezone))


def opens_on_a_later_day(hall: Hall, now_ms: int) -> datetime | None:
    """Return the local time at which tickets are given out on the next day that there are any; None: nobody knows."""
    midnight = datetime.combine(local(hall, now_ms).date() + timedelta(days=1), time.min, tzinfo=_zone(hall.timezone))
    return midnight if is_open(hall, ms(midnight)) else opens_next(hall, ms(midnight))


def opens_next(hall: Hall, now_ms: int) -> datetime | None:
    """Return the local time at which tickets are given out again; None when that is never, or not within two weeks."""
    zone = _zone(hall.timezone)
    local = utc(now_ms).astimezone(zone)
    for ahead in range(15):
        day = local.date() + timedelta(days=ahead)
        if day.isoformat() in hall.closed_on:
            continue
        for each in sorted(_on(hall, day), key=lambda hours: hours.open):
            opens = datetime.combine(day, _time(each.open), tzinfo=zone)
            if opens > local:
                return opens
    return None


def serve_until_ms(hall: Hall, day: str) -> int:
    """Return when those who still wait on a day end unserved; 0: not before the next day opens."""
    until = [each.serve_until for each in _on(hall, date.fromisoformat(day)) if each.serve_until is not None]
    if not until:
        return 0
    return ms(datetime.combine(date.fromisoformat(day), _time(max(until)), tzinfo=_zone(hall.timezone)))


def _on(hall: Hall, day: date) -> list[Hours]:
    return [each for each in hall.hours if _WEEKDAYS[day.weekday()] in each.days]


def _time(clock: str) -> time:
    return time.fromisoformat(clock)
