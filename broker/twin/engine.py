"""The play: arrivals go through the hall's own `decide` and `happen` on virtual time.

Everything happens at its instant, and at one instant in this order: what the hall does by itself, counters that begin
work or end it, departures, customers whose patience ends, arrivals.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from heapq import heappop, heappush
from sys import maxsize
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from ..contract.messages import (
    AnyCommand,
    AnyEvent,
    ArmCounter,
    CancelTicket,
    CloseCounter,
    ConfigureHall,
    Elapsed,
    FinishService,
    Hall,
    Node,
    OpenDay,
    Outcome,
    Refused,
    Role,
    SignIn,
    TakeTicket,
    TicketCalled,
    TicketIssued,
    VisitEnded,
)
from ..hall.apply import happen
from ..hall.clock import ms, utc
from ..hall.decide import decide, pushed
from ..hall.estimate import promises as promises_of
from ..hall.hours import opens_next
from ..hall.request import NO_PROMISES, Promises, Request
from ..hall.state import HallState
from ..hall.visit import Visit
from .arrivals import Arrival, Stay
from .staffing import Shift

TWIN: Final = "twin"  # the one node of a played hall: kiosk and counters
DISPATCHER: Final = Role.DISPATCHER.value
ENDLESS_DAY: Final = date(2001, 1, 1)
PROMISES_MS: Final = 500  # as old as the live dispatcher's table may be
NEVER: Final = maxsize
_LAST_NUMBER: Final = 10**12
DONE: Final = Outcome.DONE
_CLOSE, _ARM, _DEPART, _LEAVE = range(4)  # the order of what happens at one instant


class NotInOrder(ValueError):
    """Arrivals that do not come in the order of their times."""


class Watcher(Protocol):
    """Somebody who looks on. Times are the hall's, in milliseconds since 1970."""

    def arrived(self, state: HallState, visit_id: str, now_ms: int) -> None:
        """See a ticket that was just issued; nothing has followed from it yet."""

    def called(self, state: HallState, visit: Visit, now_ms: int) -> None:
        """See a visit that was just called."""


def played(hall: Hall) -> Hall:
    """Return the hall as it is played: no slip to wait for, and one node that is kiosk and counters."""
    return replace(hall, slip_grace_s=0, nodes=(Node(id=TWIN, role=Role.SUPERVISOR),))


def endless(hall: Hall) -> Hall:
    """Return the hall without opening hours, and with numbers that do not run out."""
    services = tuple(replace(each, last=_LAST_NUMBER, daily_max=None) for each in hall.services)
    return replace(hall, services=services, hours=(), closed_on=())


def play(
    hall: Hall,
    arrivals: Iterable[Arrival],
    *,
    watcher: Watcher | None = None,
    promises: bool = False,
    explain: bool = False,
    day: date | None = None,
    shifts: Iterable[Shift] | None = None,
) -> Iterator[Stay]:
    """Yield what became of each arrival, in the order in which that was certain. Arrivals come in the order of time.

    Without `day` the hall is open for ever, and its numbers do not run out. With it, its hours and numbers of that day
    hold, and the beginning is that day's local midnight. With `shifts` the counters come and go as these say; whoever
    is being served at the end of one is served to the end. Raises NotInOrder.
    """
    return Play(hall, watcher=watcher, promises=promises, explain=explain, day=day, shifts=shifts).run(arrivals)


class Play:
    """A hall at work on virtual time. Visits that have ended are forgotten, so that a play may be long."""

    def __init__(
        self,
        hall: Hall,
        *,
        watcher: Watcher | None = None,
        promises: bool = False,
        explain: bool = False,
        day: date | None = None,
        shifts: Iterable[Shift] | None = None,
    ) -> None:
        self.state = HallState(epoch=1)
        zone = UTC if day is None else ZoneInfo(hall.timezone)
        self.begins_ms = ms(datetime.combine(day or ENDLESS_DAY, time(), tzinfo=zone))
        self._watcher = watcher
        self._with_promises = promises
        self._explain = explain
        self._promises: Promises = NO_PROMISES
        self._promised_ms = -PROMISES_MS
        self._due: list[tuple[int, int, int, str]] = []  # at, what, counter or index, call, clerk or visit
        self._inside: dict[str, tuple[int, Arrival]] = {}  # index and arrival, by visit
        self._stays: list[Stay] = []  # not yet told
        self._targets: dict[tuple[str, str], int] = {}
        in_force = played(hall if day is not None else endless(hall))
        self._carry_out(OpenDay(id=TWIN, day=(day or ENDLESS_DAY).isoformat()), self.begins_ms, DISPATCHER)
        self._carry_out(ConfigureHall(id=TWIN, hall=in_force), self.begins_ms, DISPATCHER)
        self._closing: set[int] = set()  # counters that close when their customer has gone
        if shifts is not None:
            self._plan(shifts)
            return
        opens = opens_next(in_force, self.begins_ms - 1) if in_force.hours else None
        opens_ms = self.begins_ms if opens is None else ms(opens)
        for counter in in_force.counters:
            heappush(self._due, (opens_ms, _ARM, counter.number, ""))

    def _plan(self, shifts: Iterable[Shift]) -> None:
        for shift in shifts:
            heappush(self._due, (self.begins_ms + shift.from_ms, _ARM, shift.counter, shift.clerk or ""))
            if shift.until_ms is not None:
                heappush(self._due, (self.begins_ms + shift.until_ms, _CLOSE, shift.counter, ""))

    def run(self, arrivals: Iterable[Arrival]) -> Iterator[Stay]:
        """Play to the end; once only."""
        state, due, stays, begins_ms = self.state, self._due, self._stays, self.begins_ms
        before_ms = 0
        for index, arrival in enumerate(arrivals):
            if arrival.at_ms < before_ms:
                raise NotInOrder(f"arrival {index + 1} comes at {arrival.at_ms} ms, before the one at {before_ms} ms")
            before_ms = arrival.at_ms
            now_ms = begins_ms + before_ms
            while state.deadlines or (due and due[0][0] <= now_ms):
                if not self._step(now_ms):
                    break
            self._arrive(index, arrival, now_ms)
            if stays:
                yield from stays
                stays.clear()
        while self._inside and self._step(NEVER):
            yield from stays
            stays.clear()
        for name, (index, arrival) in self._inside.items():  # nobody could ever call them
            visit = state.visits[name]
            yield self._without_call(index, arrival, ticket=visit.ticket, given_class=visit.priority_class)

    def _step(self, until_ms: int) -> bool:
        """Let the next thing happen, if one is due by then."""
        due = self._due
        if self.state.deadlines and self._elapse(min(due[0][0] if due else NEVER, until_ms)):
            return True
        if not due or due[0][0] > until_ms:
            return False
        at_ms, what, number, name = heappop(due)
        if what == _DEPART:
            self._depart(number, name, at_ms)
            if number in self._closing:
                self._close(number, at_ms)
        elif what == _ARM:
            self._open(number, name, at_ms)
        elif what == _CLOSE:
            self._close(number, at_ms)
        else:
            self._leave(name, at_ms)
        return True

    def _elapse(self, until_ms: int) -> bool:
        """Let the hall do what it does by itself, if that is due by then."""
        deadline_ms = self.state.next_deadline_ms()
        if deadline_ms is None or deadline_ms > until_ms:
            return False
        self._carry_out(Elapsed(id=TWIN), deadline_ms, DISPATCHER)
        self.state.forget_deadlines(deadline_ms)
        return True

    def _leave(self, name: str, at_ms: int) -> None:
        visit = self.state.visits.get(name)
        if visit is not None and not visit.first_called_ms:
            self._carry_out(CancelTicket(id=TWIN, ticket=visit.ticket), at_ms)

    def _depart(self, number: int, call: str, at_ms: int) -> None:
        state, request = self.state, Request(TWIN, at_ms, NO_PROMISES, self._explain)
        command = FinishService(id=TWIN, counter=number, seen=call, outcome=DONE)
        for event in decide(state, command, request).events:
            happen(state, event, at_ms, state.seq + 1)
            if type(event) is VisitEnded:
                self._ended(event, at_ms)
        if state.waiting:
            self._push(request)

    def _open(self, number: int, clerk: str, at_ms: int) -> None:
        self._closing.discard(number)
        seen = self._seen(number)
        if clerk:
            self._carry_out(SignIn(id=TWIN, counter=number, seen=seen, clerk=clerk), at_ms)
        self._carry_out(ArmCounter(id=TWIN, counter=number, seen=seen, armed=True), at_ms)

    def _close(self, number: int, at_ms: int) -> None:
        """Close a counter, or let it call nobody any more and close it later."""
        seen = self._seen(number)
        if seen is None:
            self._closing.discard(number)
            self._carry_out(CloseCounter(id=TWIN, counter=number), at_ms)
        else:
            self._closing.add(number)
            self._carry_out(ArmCounter(id=TWIN, counter=number, seen=seen, armed=False), at_ms)

    def _seen(self, number: int) -> str | None:
        visit = self.state.visit_at(number)
        return visit.call if visit is not None else None

    def _carry_out(self, command: AnyCommand, now_ms: int, node: str = TWIN) -> None:
        request = Request(node, now_ms, NO_PROMISES, self._explain)
        for event in decide(self.state, command, request).events:
            self._happen(event, now_ms)
        self._push(request)

    def _push(self, request: Request) -> None:
        state = self.state
        while state.waiting and state.armed_idle and (called := pushed(state, request)) is not None:
            happen(state, called, request.now_ms, state.seq + 1)
            self._called(called, request.now_ms)

    def _arrive(self, index: int, arrival: Arrival, now_ms: int) -> None:
        state = self.state
        request = Request(TWIN, now_ms, self._promised(now_ms) if self._with_promises else NO_PROMISES, self._explain)
        decision = decide(state, self._ticket(arrival), request)
        issued = decision.events[0] if decision.events else None
        if type(issued) is not TicketIssued:
            reason = decision.answer.reason if isinstance(decision.answer, Refused) else ""
            stay = self._without_call(index, arrival, ticket="", given_class=arrival.priority_class, refused=reason)
            self._stays.append(stay)
            return
        happen(state, issued, now_ms, state.seq + 1)
        self._inside[issued.visit] = (index, arrival)
        if arrival.patience_ms is not None:
            heappush(self._due, (now_ms + arrival.patience_ms, _LEAVE, index, issued.visit))
        if self._watcher is not None:
            self._watcher.arrived(state, issued.visit, now_ms)
        if state.armed_idle:
            self._push(request)

    def _ticket(self, arrival: Arrival) -> TakeTicket:
        return TakeTicket(
            id=TWIN,
            service=arrival.service,
            priority_class=arrival.priority_class,
            needs=arrival.needs,
            booked_at=None if arrival.booked_ms is None else utc(self.begins_ms + arrival.booked_ms),
        )

    def _promised(self, now_ms: int) -> Promises:
        if now_ms - self._promised_ms >= PROMISES_MS:
            self._promises, self._promised_ms = promises_of(self.state, now_ms), now_ms
        return self._promises

    def _happen(self, event: AnyEvent, now_ms: int) -> None:
        happen(self.state, event, now_ms, self.state.seq + 1)
        if type(event) is VisitEnded:
            self._ended(event, now_ms)
        elif type(event) is TicketCalled:
            self._called(event, now_ms)

    def _called(self, called: TicketCalled, now_ms: int) -> None:
        arrival = self._inside[called.visit][1]
        heappush(self._due, (now_ms + arrival.service_ms, _DEPART, called.counter, called.call))
        if self._watcher is not None:
            self._watcher.called(self.state, self.state.visits[called.visit], now_ms)

    def _ended(self, event: VisitEnded, now_ms: int) -> None:
        state, begins_ms = self.state, self.begins_ms
        visit = state.visits.pop(event.visit)
        del state.by_ticket[visit.ticket]
        index, arrival = self._inside.pop(visit.id)
        self._stays.append(
            Stay(
                arrival=arrival,
                index=index,
                ticket=visit.ticket,
                given_class=visit.priority_class,
                called_ms=visit.first_called_ms - begins_ms if visit.first_called_ms else None,
                ended_ms=now_ms - begins_ms,
                counter=visit.counter,
                outcome=event.outcome,
                target_ms=self._target_ms(visit.service, visit.priority_class),
                expected_s=visit.expected_s,
                promised_min=visit.promised_min,
                overtaken=visit.overtaken,
                overtaken_exempt=visit.overtaken_exempt,
                overtaken_by_ms=visit.overtaken_by_ms,
            )
        )

    def _target_ms(self, service: str, priority_class: str) -> int:
        target = self._targets.get((service, priority_class))
        if target is None:
            target = self._targets[service, priority_class] = self.state.target_ms(service, priority_class)
        return target

    def _without_call(
        self, index: int, arrival: Arrival, *, ticket: str, given_class: str, refused: str | None = None
    ) -> Stay:
        return Stay(
            arrival=arrival,
            index=index,
            ticket=ticket,
            given_class=given_class,
            called_ms=None,
            ended_ms=None,
            counter=None,
            target_ms=self._target_ms(arrival.service, given_class),
            refused=refused,
        )
