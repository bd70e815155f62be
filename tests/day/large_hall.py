"""A large hall: six services, two zones, thirty counters; and who comes to it on a Monday."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from broker.contract.messages import (
    ClassTarget,
    Clerk,
    Counter,
    GivenBy,
    Hall,
    Hours,
    Node,
    Policy,
    PriorityClass,
    Role,
    Service,
    Text,
    Weekday,
    Zone,
)

BEGIN: Final = datetime(2026, 11, 23, 8, 20, tzinfo=ZoneInfo("Asia/Shanghai"))  # the loop's second 0
VISITORS: Final = 1500
BOXES: Final = 5
WINDOWS: Final = 6  # of a box
KIOSKS: Final = 2
OVERTAKEN_TIMES: Final = 12
HALF_HOURS: Final = {  # when people come, in parts of the day's
    "08:30": 9, "09:00": 13, "09:30": 15, "10:00": 14, "10:30": 11, "11:00": 8, "11:30": 5,
    "13:30": 8, "14:00": 11, "14:30": 11, "15:00": 9, "15:30": 7, "16:00": 5, "16:30": 26,
}  # fmt: skip
ASKED_FOR: Final = {"pay": 45, "new": 13, "transfer": 12, "ask": 15, "complain": 5, "invoice": 10}
MINUTES: Final = {"pay": 3.5, "new": 14.0, "transfer": 10.0, "ask": 4.0, "complain": 9.0, "invoice": 5.0}


def _text(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


def _service(name: str, prefix: str, zone: str, said: Text, target_min: float) -> Service:
    return Service(
        id=name,
        name=said,
        prefix=prefix,
        zone=zone,
        minutes=round(MINUTES[name]),
        targets=(ClassTarget(priority_class="ordinary", minutes=target_min),),
    )


def _skills(number: int) -> tuple[str, ...]:
    if number <= 6:
        return ("pay", "ask", "invoice")
    if number <= 11:
        return ("pay", "ask")
    if number <= 16:
        return ("transfer", "pay", "invoice")
    if number <= 23:
        return ("new", "transfer")
    return ("new", "transfer", "complain") if number <= 28 else ("complain", "ask", "new")


def _windows(box: int) -> tuple[int, ...]:
    return tuple(range((box - 1) * WINDOWS + 1, box * WINDOWS + 1))


WORKDAYS: Final = (Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI)
HALL: Final = Hall(
    id="large",
    name=_text("市中心供电营业厅", "City Service Hall"),
    zones=(Zone(id="main", name=_text("一楼", "Ground floor")), Zone(id="east", name=_text("东厅", "East room"))),
    services=(
        _service("pay", "A", "main", _text("电费缴纳", "Pay a bill"), 10),
        _service("new", "B", "east", _text("用电报装", "New connection"), 20),
        _service("transfer", "C", "east", _text("过户更名", "Change of name"), 20),
        _service("ask", "E", "main", _text("业务咨询", "Ask a question"), 10),
        _service("complain", "F", "east", _text("投诉建议", "Complaint"), 10),
        _service("invoice", "H", "main", _text("增值税发票", "VAT invoice"), 15),
    ),
    counters=tuple(
        Counter(number=number, zone="main" if number <= 16 else "east", skills=_skills(number))
        for number in range(1, BOXES * WINDOWS + 1)
    ),
    classes=(
        PriorityClass(id="emergency", name=_text("应急", "Emergency"), absolute=True, given_by=GivenBy.SUPERVISOR),
        PriorityClass(id="courtesy", name=_text("爱心", "Courtesy"), target_min=6, per_hour=20),
        PriorityClass(id="ordinary", name=_text("普通", "Ordinary"), target_min=15),
    ),
    clerks=tuple(Clerk(id=f"clerk-{number}") for number in range(1, BOXES * WINDOWS + 1)),
    policy=Policy(overtaken_times=OVERTAKEN_TIMES, overtaken_min=40, rest_s=10, no_show_s=20),
    hours=(
        Hours(days=WORKDAYS, open="08:30", close="12:00"),
        Hours(days=WORKDAYS, open="13:30", close="17:00", serve_until="17:30"),
    ),
    nodes=(
        *(Node(id=f"kiosk-{number}", role=Role.KIOSK) for number in range(1, KIOSKS + 1)),
        *(Node(id=f"{what}-{zone}", role=Role.DISPLAY) for what in ("board", "voice") for zone in ("main", "east")),
        *(Node(id=f"box-{box}", role=Role.COUNTER, counters=_windows(box)) for box in range(1, BOXES + 1)),
        Node(id="desk", role=Role.SUPERVISOR),
    ),
)


def second(clock: str) -> float:
    """Return the loop's second of a time of the day."""
    hours, minutes = map(int, clock.split(":"))
    return (BEGIN.replace(hour=hours, minute=minutes) - BEGIN) / timedelta(seconds=1)


@dataclass(kw_only=True)
class Visitor:
    """Somebody who will come, what the visit takes, and how it goes."""

    comes_s: float
    service: str
    served_s: float
    walk_s: float
    patience_s: float  # gives the number back after so long
    habit: str = ""  # leaves, is late: does not come when called
    twist: str = ""  # of the service: away, kept, moved
    at_desk: bool = False  # lets the desk take the number
    grade: int | None = None
    # As it goes:
    ticket: str = ""
    transactions: int = 0
    end: str = ""


def visitors(chance: random.Random) -> Iterator[Visitor]:
    """Yield the day's people, in no order."""
    times = list(HALF_HOURS)
    for start in chance.choices(times, weights=list(HALF_HOURS.values()), k=VISITORS):
        service = chance.choices(list(ASKED_FOR), weights=list(ASKED_FOR.values()))[0]
        early_s = 300 if start in {"08:30", "13:30"} else 0  # some stand there before it opens
        yield Visitor(
            comes_s=second(start) + chance.uniform(-early_s, 1795),
            service=service,
            served_s=min(max(25.0, MINUTES[service] * 60 * chance.lognormvariate(-0.125, 0.5)), 2100.0),
            walk_s=chance.uniform(4, 25),
            patience_s=chance.uniform(300, 1500) if chance.random() < 0.08 else 1e9,
            habit=chance.choices(["", "leaves", "late"], weights=[94, 3, 3])[0],
            twist=chance.choices(["", "away", "kept", "moved"], weights=[92, 2, 2, 4])[0],
            at_desk=chance.random() < 0.04,
            grade=chance.choice((1, 1, 1, 1, 2, 3)) if chance.random() < 0.7 else None,
        )
