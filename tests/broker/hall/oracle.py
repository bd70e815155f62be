"""What the rules say, worked out anew from the start whenever it is asked: slow, simple, and by nobody's shortcuts."""

from dataclasses import dataclass, field

from broker.contract.messages import SERVED, AnyEvent, Outcome, TicketCalled, TicketReclassified, Undone, VisitEnded
from broker.hall.life import NO_SHOW_LEADS_TO, SAME, TRANSITIONS, VisitState
from broker.hall.state import HallState
from broker.hall.visit import Desk, Visit

Place = tuple[int, int]
_EITHER = {(None, VisitState.WAITING), (VisitState.ISSUED, VisitState.ISSUED)}


def place_of(visit: Visit) -> Place:
    return visit.since_ms, visit.order


def waiting(state: HallState) -> list[Visit]:
    return [visit for visit in state.visits.values() if visit.state is VisitState.WAITING]


def is_at_work(state: HallState, number: int) -> bool:
    """Tell whether a counter takes customers: it is there, open, and not about to go."""
    counter, desk = state.counters.get(number), state.desks.get(number)
    if counter is None or counter.closing or desk is None:
        return False
    return not desk.closed and desk.paused is None and desk.staffed_from_ms > 0


def can_serve(state: HallState, number: int, visit: Visit, *, opened: int = 0) -> bool:
    """Tell whether a counter, with the clerk who staffs it, may call a visit; `opened` counts as being at work."""

    def at_work(each: int) -> bool:
        counter = state.counters.get(each)
        return is_at_work(state, each) or (each == opened and counter is not None and not counter.closing)

    counter, desk = state.counters.get(number), state.desks.get(number, Desk(number=number))
    if counter is None:
        return False
    if visit.only_counter and at_work(visit.only_counter):
        return visit.only_counter == number
    if visit.only_clerk and any(
        each.clerk == visit.only_clerk and at_work(each.number) for each in state.desks.values()
    ):
        return desk.clerk == visit.only_clerk
    clerk = state.clerks.get(desk.clerk or "")
    if visit.service not in (*counter.skills, *counter.helps):
        return False
    if clerk is not None and clerk.skills is not None and visit.service not in clerk.skills:
        return False
    if counter.reserved_for and visit.priority_class not in counter.reserved_for:
        return False
    met = {*counter.meets, *(clerk.meets if clerk is not None else ())}
    known = {need.id: need for need in state.hall.needs} if state.hall is not None else {}
    bound = [need for need in visit.needs if need in known and known[need].at_counter]
    if all(need in met for need in bound):
        return True
    for other in state.counters.values():  # what no counter for this service could ever meet binds nobody
        for meets in ((), *(each.meets for each in state.clerks.values())):
            could = visit.service in (*other.skills, *other.helps)
            if could and all(need in (*other.meets, *meets) for need in bound):
                return False
    return True


@dataclass
class Overtaking:
    """Who was overtaken by one call, and in which stint of waiting."""

    exempt: bool
    overtaken: list[tuple[str, int]]


@dataclass
class Ledger:
    """How often each visit was overtaken, from the history alone."""

    bound: dict[str, int] = field(default_factory=dict)
    exempt: dict[str, int] = field(default_factory=dict)
    stints: dict[str, int] = field(default_factory=dict)  # how often it began to wait, or to wait in another line
    calls: dict[int, Overtaking] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)

    def before(self, state: HallState, event: AnyEvent) -> None:
        """Count what an event does to those who wait just before it."""
        if isinstance(event, TicketCalled):
            self._called(state, event)
        elif isinstance(event, TicketReclassified):
            self.stints[event.visit] = self.stints.get(event.visit, 0) + 1
        elif isinstance(event, Undone) and event.act == "TicketCalled":
            undone = self.calls.pop(event.seq)
            counts = self.exempt if undone.exempt else self.bound
            for visit, stint in undone.overtaken:
                if self.stints.get(visit) == stint and state.visits[visit].state is VisitState.WAITING:
                    counts[visit] -= 1

    def after(self, state: HallState, waited_before: set[str]) -> None:
        for visit in waiting(state):
            if visit.id not in waited_before:
                self.stints[visit.id] = self.stints.get(visit.id, 0) + 1

    def _called(self, state: HallState, event: TicketCalled) -> None:
        called = state.visits[event.visit]
        over = [
            visit
            for visit in waiting(state)
            if visit is not called
            and not visit.ahead
            and place_of(visit) < place_of(called)
            and can_serve(state, event.counter, visit, opened=event.counter)
        ]
        policy = state.hall.policy if state.hall is not None else None
        assert policy is not None
        times, minutes = policy.overtaken_times, policy.overtaken_min
        breached = False
        for visit in over:
            bound, exempt = self.bound.get(visit.id, 0), self.exempt.get(visit.id, 0)
            later_ms = called.since_ms - visit.since_ms
            too_late = minutes is not None and later_ms > round(minutes * 60_000)
            if event.exempt:
                breached |= too_late or (times is not None and bound + exempt >= times)
            elif too_late or (times is not None and bound >= times):
                self.breaches.append(f"{event.ticket} ({event.rule}) overtook {visit.ticket}, {bound} times before")
        if event.breach != breached:
            self.breaches.append(f"{event.ticket} ({event.rule}) says breach={event.breach}, but {breached}")
        counts = self.exempt if event.exempt else self.bound
        for visit in over:
            counts[visit.id] = counts.get(visit.id, 0) + 1
        self.calls[state.seq + 1] = Overtaking(event.exempt, [(each.id, self.stints.get(each.id, 0)) for each in over])


def counted(state: HallState, visit: Visit) -> tuple[int, int]:
    """Return what the hall itself has counted: overtaken within the bound, and by those exempt from it."""
    if visit.state is not VisitState.WAITING:
        return visit.overtaken, visit.overtaken_exempt
    lane = state.lane_of(visit)
    return lane.overtaken(visit), lane.overtaken_exempt(visit)


def step_of(event: AnyEvent, before: VisitState | None, after: VisitState) -> bool:
    """Tell whether the table of a visit's life knows this step."""
    step = TRANSITIONS[type(event)]
    if before not in step:
        return False
    leads_to = step[before]
    if isinstance(event, Undone):
        return True
    if isinstance(event, VisitEnded) and event.outcome is Outcome.NO_SHOW and before is not NO_SHOW_LEADS_TO:
        leads_to = NO_SHOW_LEADS_TO
    return after is (before if leads_to is SAME else leads_to) or (
        (before, after) in _EITHER  # a ticket that needs no grace waits at once; one for later does so later
    )


def is_served(visit: Visit) -> bool:
    return visit.outcome in SERVED
