"""What a board shows: calls, queues, notice, clock, and whether the hall is alive. Views and time in, a picture out.

An id that the hall does not know is left out or shown plainly; it never takes the board down.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from broker.contract.messages import AnyView, BoardRow, BoardView, HallView, Language, QueueRow, QueuesView, Text
from broker.contract.texts import texts

PULSE: Final = timedelta(seconds=10)  # about the length of an announcement
_ZH: Final = texts(Language.ZH)["board"]
_EN: Final = texts(Language.EN)["board"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One call; exactly one row of a board is the newest."""

    call: str
    ticket: str
    counter: int
    times: int
    newest: bool = False
    pulsing: bool = False


@dataclass(frozen=True, kw_only=True)
class Queue:
    """One service in the table; `minutes` may need a second language beneath."""

    name: Text
    last: str
    waiting: str
    minutes: str
    minutes_en: str = ""


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


@dataclass(frozen=True, kw_only=True)
class Board:
    """What a board knows by now; every change returns a new one."""

    zone: str
    most_rows: int
    hall: HallView | None = None
    queues: QueuesView | None = None
    calls: BoardView | None = None
    called_at: Mapping[tuple[str, int], datetime] = field(default_factory=dict)  # first sight of (call, times)
    here: bool = False
    last_here: datetime | None = None

    def seen(self, view: AnyView, now: datetime) -> "Board":
        """Take in a view; those of other zones and of counters are nothing to this board."""
        match view:
            case HallView():
                return replace(self, hall=view, last_here=now)
            case QueuesView():
                return replace(self, queues=view, last_here=now)
            case BoardView(zone=self.zone):
                return replace(self, calls=view, called_at=self._called_at(view, now), last_here=now)
            case _:
                return self

    def reached(self, here: bool, now: datetime) -> "Board":  # noqa: FBT001 - as the link says it
        """Take in that the dispatcher is here or away."""
        return replace(self, here=here, last_here=now if here or self.here else self.last_here)

    def picture(self, now: datetime) -> Picture:
        return Picture(
            rows=self._rows(now),
            queues=tuple(self._queues()),
            notice=self.hall.hall.notice if self.hall else None,
            clock=self._local(now).strftime("%H:%M"),
            date=self._date(now),
            alive=self.here and self.hall is not None,
            ticker=self._ticker(now),
        )

    def changes_at(self, now: datetime) -> datetime:
        """Return when the picture will be another one though nothing is heard: the clock, a pulse, an age."""
        if not self.here:
            return now + timedelta(seconds=1)
        times = [now.replace(second=0, microsecond=0) + timedelta(minutes=1)]
        times += [at for seen in self.called_at.values() if seen > now - PULSE and (at := seen + PULSE) > now]
        return min(times)

    def _called_at(self, view: BoardView, now: datetime) -> Mapping[tuple[str, int], datetime]:
        """Return when each call on the board was first seen; those found at the start are of before our time."""
        first_sight = now if self.calls is not None else datetime.min.replace(tzinfo=now.tzinfo)
        return {(row.call, row.times): self.called_at.get((row.call, row.times), first_sight) for row in view.rows}

    def _rows(self, now: datetime) -> tuple[Row, ...]:
        rows = self.calls.rows[: self.most_rows] if self.calls else ()
        if not rows:
            return ()
        newest = max(rows, key=self._first_sight)  # the first of equals: the order of the view decides

        def pulses(row: BoardRow) -> bool:
            return row is newest and not row.started and now - self._first_sight(row) < PULSE

        return tuple(
            Row(
                call=row.call,
                ticket=row.ticket,
                counter=row.counter,
                times=row.times,
                newest=row is newest,
                pulsing=pulses(row),
            )
            for row in rows
        )

    def _first_sight(self, row: BoardRow) -> datetime:
        return self.called_at[row.call, row.times]

    def _queues(self) -> list[Queue]:
        if self.hall is None or self.queues is None:
            return []
        rows = {row.service: row for row in self.queues.queues}
        return [
            _queue(service.name, rows[service.id], here=self.here)
            for service in self.hall.hall.services
            if service.zone == self.zone and service.id in rows
        ]

    def _local(self, now: datetime) -> datetime:
        return now.astimezone(ZoneInfo(self.hall.hall.timezone)) if self.hall else now.astimezone()

    def _date(self, now: datetime) -> str:
        today = self._local(now)
        date = _ZH["date"].format(month=today.month, day=today.day, weekday=_ZH["weekdays"][today.weekday()])
        zones = {zone.id: zone.name for zone in self.hall.hall.zones} if self.hall else {}
        name = zones.get(self.zone)
        return f"{date} · {name.zh} {name.en}" if name else date

    def _ticker(self, now: datetime) -> tuple[str, str]:
        if self.last_here is None or self.hall is None:
            return _ZH["starting"], _EN["starting"]
        if self.here:
            return _ZH["rule"], _EN["rule"]
        age_s = max(0, int((now - self.last_here).total_seconds()))
        key, age = ("away_seconds", age_s) if age_s < 60 else ("away_minutes", age_s // 60)  # noqa: PLR2004 - a minute
        return _ZH[key].format(age=age), _EN[key].format(age=age)


def _queue(name: Text, row: QueueRow, *, here: bool) -> Queue:
    minutes, minutes_en = _minutes(row, here=here)
    return Queue(
        name=name,
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
