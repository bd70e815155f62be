"""A floor whose clock moves when told to, with several classes, and its journal on disk."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from broker.contract.messages import (
    AnyAnswer,
    AnyCommand,
    AnyEvent,
    Called,
    CallNext,
    ConfigureHall,
    Counter,
    Elapsed,
    Hall,
    Need,
    Node,
    OpenDay,
    Policy,
    PriorityClass,
    Recorded,
    Refused,
    Role,
    Service,
    TakeTicket,
    Text,
    TicketTaken,
    Zone,
)
from broker.hall.apply import apply
from broker.hall.clock import ms
from broker.hall.decide import decide, pushed
from broker.hall.request import Promise, Request
from broker.hall.state import HallState
from broker.journal import Entry, Journal

MORNING = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)  # 9:30 in the hall
HALL = Hall(
    id="east",
    name=Text(zh="东区供电营业厅", en="East Service Hall"),
    zones=(Zone(id="main", name=Text(zh="等候区", en="Waiting area")),),
    services=(
        Service(id="bill", name=Text(zh="电费", en="Bills"), prefix="A", zone="main"),
        Service(id="new", name=Text(zh="新装", en="New supply"), prefix="B", zone="main"),
        Service(id="ask", name=Text(zh="咨询", en="Questions"), prefix="E", zone="main"),
    ),
    counters=(
        Counter(number=1, zone="main", skills=("bill", "new")),
        Counter(number=2, zone="main", skills=("bill",)),
        Counter(number=3, zone="main", skills=("ask",), helps=("bill",), first_for=("courtesy",)),
    ),
    classes=(
        PriorityClass(id="emergency", name=Text(zh="应急", en="Emergency"), target_min=1, absolute=True),
        PriorityClass(id="courtesy", name=Text(zh="老弱病残孕", en="Courtesy"), target_min=5, weight=2),
        PriorityClass(id="ordinary", name=Text(zh="普通", en="Ordinary")),
        PriorityClass(id="booked", name=Text(zh="预约", en="Appointment"), target_min=10, appointment=True),
    ),
    needs=(Need(id="low", name=Text(zh="低位窗口", en="Low counter")),),
    nodes=(
        Node(id="kiosk-1", role=Role.KIOSK),
        Node(id="box-1", role=Role.COUNTER, counters=(1, 2, 3)),
        Node(id="desk", role=Role.SUPERVISOR),
    ),
    slip_grace_s=0,
)
PROMISE = {(service, each.id): Promise(720, 10, 15) for service in ("bill", "new") for each in HALL.classes}


class Floor:
    """A hall, its counters and its journal; `events` is what the journal holds."""

    def __init__(self, hall: Hall, directory: Path | None = None) -> None:
        self.state = HallState(epoch=1)
        self.now = MORNING
        self.events: list[Recorded] = []
        self.journal = Journal(directory) if directory is not None else None
        self._ids = 0
        self.ask(OpenDay(id="day", day="2026-11-21"), node="dispatcher")
        self.ask(ConfigureHall(id="hall", hall=hall), node="dispatcher")

    def later(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)

    def ask(self, command: AnyCommand, *, node: str = "desk") -> AnyAnswer:
        now_ms = ms(self.now)
        while (deadline := self.state.next_deadline_ms()) is not None and deadline <= now_ms:
            self._carry_out(Elapsed(id=self.id()), Request("dispatcher", now_ms))
            self.state.forget_deadlines(now_ms)
        return self._carry_out(command, Request(node, now_ms, PROMISE))

    def _carry_out(self, command: AnyCommand, request: Request) -> AnyAnswer:
        decision = decide(self.state, command, request)
        happened = [self._happen(event) for event in decision.events]
        while (called := pushed(self.state, request)) is not None:
            happened.append(self._happen(called))
        if self.journal is not None:
            entry = Entry(node=request.node, command=command.id, answer=decision.answer, events=happened)
            self.journal.append([entry])
        return decision.answer

    def _happen(self, event: AnyEvent) -> Recorded:
        recorded = Recorded(epoch=1, seq=self.state.seq + 1, at=self.now, event=event)
        apply(self.state, recorded)
        self.events.append(recorded)
        return recorded

    def id(self) -> str:
        self._ids += 1
        return f"t-{self._ids}"

    def take(self, service: str = "bill", priority_class: str = "ordinary", **more: object) -> str:
        """Return the number that was given."""
        values = {"id": self.id(), "service": service, "priority_class": priority_class, **more}
        answer = self.ask(TakeTicket(**values))  # type: ignore[arg-type] # decided by the message itself
        assert isinstance(answer, TicketTaken), answer
        return answer.ticket

    def press(self, kind: type, counter: int, **more: object) -> AnyAnswer:
        visit = self.state.visit_at(counter)
        seen = visit.call if visit is not None else None
        return self.ask(kind(id=self.id(), counter=counter, seen=seen, **more))

    def did(self, kind: type, counter: int, **more: object) -> None:
        answer = self.press(kind, counter, **more)
        assert not isinstance(answer, Refused), answer

    def call(self, counter: int) -> str:
        answer = self.press(CallNext, counter)
        assert isinstance(answer, Called), answer
        return answer.ticket


@pytest.fixture
def open_floor(tmp_path: Path) -> Iterator[Callable[[Policy], Floor]]:
    """Open a hall under a policy; its journal lies in `tmp_path / "journal"`."""
    opened: list[Floor] = []

    def open_one(policy: Policy) -> Floor:
        opened.append(Floor(replace(HALL, policy=policy), tmp_path / "journal"))
        return opened[-1]

    yield open_one
    for each in opened:
        if each.journal is not None:
            each.journal.close()


@pytest.fixture
def floor_in_memory() -> Callable[[Hall], Floor]:
    return Floor


@pytest.fixture
def classes_hall() -> Hall:
    return HALL
