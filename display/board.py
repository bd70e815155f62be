"""What a board shows: calls, queues, notice, clock, and whether the hall is alive. Views and time in, a picture out.

An id that the hall does not know is left out or shown plainly; it never takes the board down.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from broker.contract.messages import (
    AnyView,
    BoardRow,
    BoardView,
    HallView,
    Language,
    QueueRow,
    QueuesView,
    Service,
    Text,
)
from broker.contract.texts import texts

from .turns import next_turn_s, on_rows, take_turns

PULSE: Final = timedelta(seconds=10)  # about the length of an announcement
FRESH: Final = timedelta(seconds=45)  # so long somebody may still look for their number
FADED: Final = timedelta(minutes=1)  # away for so long, the calls are of before
LOST: Final = timedelta(minutes=10)  # and they are of no use any more
_ZH: Final = texts(Language.ZH)["board"]
_EN: Final = texts(Language.EN)["board"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One call; one row of a board at most is the newest."""

    call: str
    ticket: str
    counter: int
    times: int
    newest: bool = False
    pulsing: bool = False
    tag: Text | None = None  # why it was called before others


@dataclass(frozen=True, kw_only=True)
class Queue:
    """One service in the table; `minutes` may need a second language beneath."""

    name: Text
    last: str
    waiting: str
    minutes: str
    minutes_en: str = ""
    prefix: str = ""  # letters of its numbers


@dataclass(frozen=True, kw_only=True)
class Picture:
    """All that can be seen on the glass."""

    rows: tuple[Row, ...]
    queues: tuple[Queue, ...]
    notice: Text | None
    clock: str
    date: str
    alive: bool
    ticker: tuple[str, str]  # Chinese, English
    evacuation: bool = False  # everybody leaves: nothing else is shown
    since: str = ""  # the time of what is shown, when it is not live
    faded: bool = False  # it is of some time ago
    lost: bool = False  # it is of too long ago to be shown
    closed: bool = False  # the hall is


@dataclass(frozen=True, kw_only=True)
class Board:
    """What a board knows by now; every change returns a new one."""

    zone: str
    most_rows: int
    also: tuple[str, ...] = ()  # further zones
    hall: HallView | None = None
    queues: QueuesView | None = None
    calls: Mapping[str, BoardView] = field(default_factory=dict)  # by zone
    called_at: Mapping[tuple[str, int], datetime] = field(default_factory=dict)  # first sight of (call, times)
    here: bool = False
    last_here: datetime | None = None

    @property
    def zones(self) -> tuple[str, ...]:
        return (self.zone, *self.also)

    def seen(self, view: AnyView, now: datetime) -> "Board":
        """Take in a view; those of other zones and of counters are nothing to this board."""
        match view:
            case HallView():
                return replace(self, hall=view, last_here=now)
            case QueuesView():
                return replace(self, queues=view, last_here=now)
            case BoardView(zone=zone) if zone in self.zones:
                return replace(
                    self,
                    calls={**self.calls, zone: view},
                    called_at=self._called_at(view, now),
                    last_here=now,
                )
            case _:
                return self

    def reached(self, here: bool, now: datetime) -> "Board":  # noqa: FBT001 - as the link says it
        """Take in that the dispatcher is here or away."""
        return replace(self, here=here, last_here=now if here or self.here else self.last_here)

    def picture(self, now: datetime) -> Picture:
        away = self._away(now)
        return Picture(
            rows=self._rows(now),
            queues=tuple(self._queues()),
            notice=self.hall.hall.notice if self.hall else None,
            clock=self._local(now).strftime("%H:%M"),
            date=self._date(now),
            alive=self.here and self.hall is not None,
            ticker=self._ticker(now),
            evacuation=self.hall is not None and self.hall.evacuation,
            since=self._since(),
            faded=away is not None and away >= FADED,
            lost=away is not None and away >= LOST,
            closed=bool(self.queues and self.queues.queues) and all(row.closed for row in self._queue_rows()),
        )

    def changes_at(self, now: datetime) -> datetime:
        """Return when the picture will be another one though nothing is heard: the clock, a pulse, a turn, an age."""
        if not self.here:
            return now + timedelta(seconds=1)
        times = [now.replace(second=0, microsecond=0) + timedelta(minutes=1)]
        for seen in self.called_at.values():
            if seen > now - FRESH:
                times += [at for at in (seen + PULSE, seen + FRESH) if at > now]
        if take_turns(self._calls(), lambda row: self._is_fresh(row, now), rows=self.most_rows):
            at_s = now.timestamp()
            times.append(now + timedelta(seconds=next_turn_s(at_s) - at_s))
        return min(times)

    def called(self, call: str, times: int) -> datetime | None:
        """Return when the hall called it; None: it is not known."""
        rows = (row for view in self.calls.values() for row in view.rows)
        return next((row.called_at for row in rows if (row.call, row.times) == (call, times)), None)

    def zone_of(self, call: str) -> str:
        """Return the zone where a call was made; the board's own where it is not known any more."""
        zones = (zone for zone, view in self.calls.items() if any(row.call == call for row in view.rows))
        return next(zones, self.zone)

    def _called_at(self, view: BoardView, now: datetime) -> Mapping[tuple[str, int], datetime]:
        """Return when each call was first seen; those found at the start are as old as the hall says, or older."""
        others = {(row.call, row.times) for zone, each in self.calls.items() if zone != view.zone for row in each.rows}
        kept = {key: at for key, at in self.called_at.items() if key in others}
        oldest = datetime.min.replace(tzinfo=now.tzinfo)
        for row in view.rows:
            first_sight = now if view.zone in self.calls else min(row.called_at or oldest, now)
            kept[row.call, row.times] = self.called_at.get((row.call, row.times), first_sight)
        return kept

    def _calls(self) -> list[BoardRow]:
        """Return the calls of all zones, newest first; within a zone the view's order decides."""
        rows = [row for zone in self.zones if zone in self.calls for row in self.calls[zone].rows]
        if self.also:
            rows.sort(key=lambda row: row.called_at or self._first_sight(row), reverse=True)
        return rows

    def _rows(self, now: datetime) -> tuple[Row, ...]:
        calls = self._calls()
        if not calls:
            return ()
        newest = max(calls, key=self._first_sight)  # the first of equals
        shown = on_rows(calls, lambda row: self._is_fresh(row, now), rows=self.most_rows, now_s=now.timestamp())
        if newest not in shown:
            newest = max(shown, key=self._first_sight)
        return tuple(
            Row(
                call=row.call,
                ticket=row.ticket,
                counter=row.counter,
                times=row.times,
                newest=row is newest,
                pulsing=row is newest and not row.started and now - self._first_sight(row) < PULSE,
                tag=row.tag,
            )
            for row in shown
        )

    def _is_fresh(self, row: BoardRow, now: datetime) -> bool:
        return not row.started and now - self._first_sight(row) < FRESH

    def _first_sight(self, row: BoardRow) -> datetime:
        return self.called_at[row.call, row.times]

    def _queue_rows(self) -> list[QueueRow]:
        """Return the queues of this board's services, in the hall's order."""
        if self.hall is None or self.queues is None:
            return []
        rows = {row.service: row for row in self.queues.queues}
        services = (each for each in self.hall.hall.services if each.zone in self.zones)
        return [rows[each.id] for each in services if each.id in rows]

    def _queues(self) -> list[Queue]:
        services = {service.id: service for service in self.hall.hall.services} if self.hall is not None else {}
        return [_queue(services[row.service], row, here=self.here) for row in self._queue_rows()]

    def _local(self, now: datetime) -> datetime:
        return now.astimezone(ZoneInfo(self.hall.hall.timezone)) if self.hall else now.astimezone()

    def _date(self, now: datetime) -> str:
        today = self._local(now)
        date = _ZH["date"].format(month=today.month, day=today.day, weekday=_ZH["weekdays"][today.weekday()])
        zones = {zone.id: zone.name for zone in self.hall.hall.zones} if self.hall else {}
        name = zones.get(self.zone)
        return f"{date} · {name.zh} {name.en}" if name and not self.also else date

    def _away(self, now: datetime) -> timedelta | None:
        """Return how long the dispatcher has been away; None: it is here, or was never heard of."""
        if self.here or self.last_here is None or self.hall is None:
            return None
        return max(timedelta(), now - self.last_here)

    def _since(self) -> str:
        return "" if self.here or self.last_here is None else self._local(self.last_here).strftime("%H:%M")

    def _ticker(self, now: datetime) -> tuple[str, str]:
        away = self._away(now)
        if self.hall is None or (away is None and not self.here):
            return _ZH["starting"], _EN["starting"]
        if away is None:
            return _ZH["rule"], _EN["rule"]
        age_s = int(away.total_seconds())
        key, age = ("away_seconds", age_s) if age_s < 60 else ("away_minutes", age_s // 60)  # noqa: PLR2004 - a minute
        since = self._since()
        return _ZH[key].format(age=age, since=since), _EN[key].format(age=age, since=since)


def _queue(service: Service, row: QueueRow, *, here: bool) -> Queue:
    minutes, minutes_en = _minutes(row, here=here)
    return Queue(
        name=service.name,
        prefix=service.prefix,
        last=row.last_called or _ZH["unknown"],
        waiting=str(row.waiting),
        minutes=minutes,
        minutes_en=minutes_en,
    )


def _minutes(row: QueueRow, *, here: bool) -> tuple[str, str]:
    """Return the wait of someone who takes a number now; never a figure that nobody stands behind."""
    if row.closed:
        return _ZH["closed"], _EN["closed"]
    if row.full:
        return _ZH["full"], _EN["full"]
    low, high = row.wait_low_min, row.wait_high_min
    if not here or low is None or high is None:
        return _ZH["unknown"], ""
    if high == 0:
        return _ZH["at_once"], _EN["at_once"]
    return (str(low) if low == high else f"{low}–{high}"), ""
