"""What the hall knows: visits, lanes and counters, changed by events alone.

A *lane* holds the visits that wait for one service, oldest first.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import assert_never

from ..contract.messages import (
    CallRepeated,
    Counter,
    CounterState,
    DayOpened,
    Hall,
    HallConfigured,
    Language,
    Node,
    Outcome,
    Rating,
    Recorded,
    Service,
    ServiceStarted,
    SlipFate,
    SlipReported,
    TicketCalled,
    TicketIssued,
    TicketVoided,
    VisitEnded,
    VisitRated,
)


class VisitState(Enum):
    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    ENDED = "ended"
    VOID = "void"


@dataclass(kw_only=True)
class Visit:
    """One customer's stay, from ticket to end."""

    id: str
    ticket: str
    service: str
    node: str
    language: Language
    issued_at: datetime
    issued_seq: int
    state: VisitState = VisitState.WAITING
    slip: SlipFate | None = None  # None: not yet reported
    call: str | None = None
    called_seq: int = 0  # of the last call or recall
    times: int = 0
    counter: int | None = None
    outcome: Outcome | None = None
    rating: Rating | None = None


@dataclass(kw_only=True)
class Desk:
    """A counter at work: the visit it has called or serves, and the last one it finished."""

    visit: str | None = None
    finished: str | None = None


@dataclass(kw_only=True)
class HallState:
    epoch: int = 0
    seq: int = 0
    last_at: datetime | None = None
    day: str | None = None
    hall: Hall | None = None
    visits: dict[str, Visit] = field(default_factory=dict)
    lanes: dict[str, OrderedDict[str, Visit]] = field(default_factory=dict)
    desks: dict[int, Desk] = field(default_factory=dict)
    next_number: dict[str, int] = field(default_factory=dict)
    last_called: dict[str, str] = field(default_factory=dict)  # ticket by service

    def service(self, service: str) -> Service | None:
        return next((each for each in self.hall.services if each.id == service), None) if self.hall else None

    def counter(self, number: int) -> Counter | None:
        return next((each for each in self.hall.counters if each.number == number), None) if self.hall else None

    def node(self, node: str) -> Node | None:
        return next((each for each in self.hall.nodes if each.id == node), None) if self.hall else None

    def desk(self, number: int) -> Desk:
        return self.desks.get(number, Desk())

    def visit_at(self, number: int) -> Visit | None:
        visit = self.desk(number).visit
        return self.visits[visit] if visit is not None else None

    def counter_state(self, number: int) -> CounterState:
        visit = self.visit_at(number)
        if visit is None:
            return CounterState.IDLE
        return CounterState.SERVING if visit.state is VisitState.SERVING else CounterState.CALLED

    def open_visits(self) -> Iterator[Visit]:
        return (each for each in self.visits.values() if each.state not in {VisitState.ENDED, VisitState.VOID})

    def number_for(self, service: Service) -> int | None:
        """Return the service's next number; None when its range is used up for today."""
        number = self.next_number.get(service.id, service.first)
        return number if number <= service.last else None

    def apply(self, recorded: Recorded) -> None:
        """Take an event into the state: the only thing that changes it."""
        self.epoch, self.seq, self.last_at = recorded.epoch, recorded.seq, recorded.at
        match recorded.event:
            case DayOpened(day=day):
                self._open(day)
            case HallConfigured(hall=hall):
                self.hall = hall
                for service in hall.services:
                    self.lanes.setdefault(service.id, OrderedDict())
            case TicketIssued() as issued:
                self._issue(issued, recorded)
            case SlipReported(visit=visit, fate=fate):
                self.visits[visit].slip = fate
            case TicketVoided(visit=visit):
                self._leave_lane(self.visits[visit])
                self.visits[visit].slip = SlipFate.NOT_PRINTED
                self.visits[visit].state = VisitState.VOID
            case TicketCalled() as called:
                self._call(called, recorded.seq)
            case CallRepeated(visit=visit, times=times):
                self.visits[visit].times = times
                self.visits[visit].called_seq = recorded.seq
            case ServiceStarted(visit=visit):
                self.visits[visit].state = VisitState.SERVING
            case VisitEnded(visit=visit, outcome=outcome):
                self._end(self.visits[visit], outcome)
            case VisitRated(visit=visit, rating=rating):
                self.visits[visit].rating = rating
            case _ as never:
                assert_never(never)

    def _open(self, day: str) -> None:
        self.day = day
        self.visits.clear()
        self.desks.clear()
        self.next_number.clear()
        self.last_called.clear()
        for lane in self.lanes.values():
            lane.clear()

    def _issue(self, issued: TicketIssued, recorded: Recorded) -> None:
        visit = Visit(
            id=issued.visit,
            ticket=issued.ticket,
            service=issued.service,
            node=issued.node,
            language=issued.language,
            issued_at=recorded.at,
            issued_seq=recorded.seq,
        )
        self.visits[visit.id] = visit
        self.lanes.setdefault(visit.service, OrderedDict())[visit.id] = visit
        self.next_number[visit.service] = issued.number + 1

    def _call(self, called: TicketCalled, seq: int) -> None:
        visit = self.visits[called.visit]
        self._leave_lane(visit)
        visit.state = VisitState.CALLED
        visit.call, visit.called_seq, visit.times, visit.counter = called.call, seq, 1, called.counter
        self.desks[called.counter] = Desk(visit=visit.id)
        self.last_called[visit.service] = visit.ticket

    def _end(self, visit: Visit, outcome: Outcome) -> None:
        self._leave_lane(visit)
        visit.state, visit.outcome = VisitState.ENDED, outcome
        if visit.counter is not None and self.desk(visit.counter).visit == visit.id:
            self.desks[visit.counter] = Desk(finished=visit.id if outcome is Outcome.DONE else None)

    def _leave_lane(self, visit: Visit) -> None:
        self.lanes[visit.service].pop(visit.id, None)
