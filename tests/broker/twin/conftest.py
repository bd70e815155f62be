"""A hall that is worked by hand, minute by minute, and its journal."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from broker.contract.messages import (
    ORDINARY,
    AnyAnswer,
    AnyCommand,
    Called,
    CallNext,
    ClassTarget,
    ConfigureHall,
    Discipline,
    Elapsed,
    FinishService,
    GivenBy,
    Hall,
    OpenDay,
    Policy,
    PriorityClass,
    Recorded,
    Refused,
    Role,
    TakeTicket,
    Text,
    TicketTaken,
)
from broker.contract.messages import Node as HallNode
from broker.hall.apply import apply
from broker.hall.clock import ms
from broker.hall.decide import decide, pushed
from broker.hall.request import Request
from broker.hall.state import HallState
from broker.journal import Entry, Journal

NINE = datetime(2026, 11, 21, 1, tzinfo=UTC)  # in Shanghai
NINE_MS = 9 * 3_600_000


class Worked:
    """A day of a hall; everything happens when the test says so, in minutes after nine."""

    def __init__(self, hall: Hall) -> None:
        self.state = HallState(epoch=1)
        self.entries: list[Entry] = []
        self.now = NINE - timedelta(hours=1)
        self.ask(OpenDay(id="day", day="2026-11-21"), "dispatcher")
        self.ask(ConfigureHall(id="hall", hall=hall), "dispatcher")

    @property
    def events(self) -> list[Recorded]:
        return [event for entry in self.entries for event in entry.events]

    def ask(self, command: AnyCommand, node: str = "desk") -> AnyAnswer:
        now_ms = ms(self.now)
        while (deadline := self.state.next_deadline_ms()) is not None and deadline <= now_ms:
            self._carry_out(Elapsed(id=f"e{len(self.entries)}"), Request("dispatcher", now_ms))
            self.state.forget_deadlines(now_ms)
        answer = self._carry_out(command, Request(node, now_ms))
        assert not isinstance(answer, Refused), answer
        return answer

    def _carry_out(self, command: AnyCommand, request: Request) -> AnyAnswer:
        decision = decide(self.state, command, request)
        happened = [self._happen(event) for event in decision.events]
        while (called := pushed(self.state, request)) is not None:
            happened.append(self._happen(called))
        name = f"{command.id}-{len(self.entries)}"
        self.entries.append(Entry(node=request.node, command=name, answer=decision.answer, events=happened))
        return decision.answer

    def _happen(self, event: Any) -> Recorded:
        recorded = Recorded(epoch=1, seq=self.state.seq + 1, at=self.now, event=event)
        apply(self.state, recorded)
        return recorded

    def at(self, minutes: float) -> "Worked":
        self.now = NINE + timedelta(minutes=minutes)
        return self

    def take(self, service: str = "bill", priority_class: str = ORDINARY, **further: Any) -> str:
        answer = self.ask(TakeTicket(id="t", service=service, priority_class=priority_class, **further))
        assert isinstance(answer, TicketTaken)
        return answer.ticket

    def press(self, kind: Callable[..., AnyCommand], counter: int = 1, **further: Any) -> AnyAnswer:
        visit = self.state.visit_at(counter)
        seen = visit.call if visit is not None else None
        return self.ask(kind(id="p", counter=counter, seen=seen, **further))

    def call(self, counter: int = 1) -> str:
        answer = self.press(CallNext, counter)
        assert isinstance(answer, Called)
        return answer.ticket

    def finish(self, counter: int = 1) -> None:
        self.press(FinishService, counter)

    def save(self, directory: Path) -> Path:
        journal = Journal(directory)
        journal.append(self.entries)
        journal.close()
        return directory / "2026-11-21.sqlite"


@pytest.fixture
def hall(small_hall: Hall) -> Hall:
    """Counters 1 (bills, new supply) and 2 (bills); courtesy is promised 5 minutes, everybody else 30."""
    ordinary, courtesy = Text(zh="普通", en="Ordinary"), Text(zh="优待", en="Courtesy")
    services = tuple(
        replace(each, targets=(ClassTarget(priority_class="courtesy", minutes=10),)) if each.id == "new" else each
        for each in small_hall.services
    )
    return replace(
        small_hall,
        slip_grace_s=0,
        services=services,
        nodes=(HallNode(id="desk", role=Role.SUPERVISOR),),
        classes=(
            PriorityClass(id="courtesy", name=courtesy, target_min=5, given_by=GivenBy.KIOSK, per_hour=1),
            PriorityClass(id=ORDINARY, name=ordinary, target_min=30),
        ),
        policy=Policy(discipline=Discipline.FCFS, rest_s=7),
    )


@pytest.fixture
def work() -> Callable[[Hall], Worked]:
    """Begin a day of a hall."""
    return Worked


@pytest.fixture
def worked(hall: Hall) -> Worked:
    return Worked(hall)
