"""What the hall knows: visits, lanes and counters, changed by events alone."""

from collections.abc import Iterator
from heapq import heappop
from typing import Final

from msgspec import Struct

from ..contract.messages import (
    Booking,
    Clerk,
    Counter,
    Hall,
    Kept,
    Need,
    Node,
    PriorityClass,
    ReturnRight,
    Role,
    Service,
)
from .lane import Lane, LaneKey
from .learning import Learning
from .life import HELD, ISSUED, OPEN, WAITING
from .visit import Desk, Visit

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
REST: Final = "rest"  # deadlines: of a visit under its id, of a desk, of the day, of a line of the roster
CLOSE: Final = "close"
SHIFT: Final = "shift"


class Series(Struct, kw_only=True):
    """The numbers of a service, today."""

    next: int
    given: int = 0
    extra: bool = False  # past the last number, under the extra prefix


class HallState:
    """`apply` alone changes it; everything else looks."""

    __slots__ = (  # most of what a decision does is to look here
        "able",
        "armed_idle",
        "bookings",
        "by_ticket",
        "calls_of",
        "classes",
        "clerks",
        "counters",
        "counts_turns",
        "day",
        "deadlines",
        "desks",
        "epoch",
        "evacuation",
        "given_at",
        "hall",
        "kept",
        "lanes",
        "last_called",
        "last_ms",
        "learning",
        "needs",
        "nodes",
        "owed",
        "queued",
        "returns",
        "roles",
        "seq",
        "series",
        "serve_until_ms",
        "services",
        "share_base",
        "shifts",
        "turn_base",
        "turn_clock",
        "turns_of",
        "visits",
        "visits_of",
        "waiting",
    )

    def __init__(self, *, epoch: int = 0, seq: int = 0) -> None:
        self.epoch = epoch
        self.seq = seq
        self.last_ms = 0
        self.day: str | None = None
        self.hall: Hall | None = None
        self.kept = Kept()
        self.visits: dict[str, Visit] = {}
        self.by_ticket: dict[str, str] = {}
        self.lanes: dict[tuple[str, str, tuple[str, ...], int, str, str], Lane] = {}
        self.desks: dict[int, Desk] = {}
        self.series: dict[str, Series] = {}
        self.waiting = 0  # in all lanes
        self.queued: dict[str, int] = {}  # who waits for a service, with or without a slip
        self.last_called: dict[str, str] = {}  # ticket by service
        self.calls_of: dict[str, int] = {}  # so far, by service
        self.turns_of: dict[str, int] = {}  # when a class has its next turn, in parts of a round: discipline `ratio`
        self.turn_clock = 0  # the turn that was taken last
        self.given_at: dict[str, list[int]] = {}  # when tickets of capped classes were issued
        self.returns: dict[str, ReturnRight] = {}
        self.bookings: dict[str, Booking] = {}  # of today and later days, by code
        self.visits_of: dict[str, list[str]] = {}  # today's, by who came, where that is known
        self.owed: dict[str, None] = {}  # visits whose outcome is owed
        self.learning = Learning()
        self.armed_idle: set[int] = set()
        self.evacuation = False
        self.serve_until_ms = 0  # today; 0: no such time
        self.deadlines: list[tuple[int, str, str]] = []
        self.shifts: dict[str, int] = {}  # when today's begin, by their place in the roster
        self.services: dict[str, Service] = {}
        self.classes: dict[str, PriorityClass] = {}
        self.counters: dict[int, Counter] = {}
        self.clerks: dict[str, Clerk] = {}
        self.needs: dict[str, Need] = {}
        self.nodes: dict[str, Node] = {}
        self.roles: dict[str, Role] = {}
        self.able: dict[int, list[Lane]] = {}
        self.share_base = 1
        self.turn_base = 1
        self.counts_turns = False

    # Looking ----------------------------------------------------------------------------------------------------------

    def service(self, service: str) -> Service | None:
        return self.services.get(service)

    def priority_class(self, name: str) -> PriorityClass | None:
        return self.classes.get(name)

    def counter(self, number: int) -> Counter | None:
        return self.counters.get(number)

    def clerk(self, clerk: str) -> Clerk | None:
        return self.clerks.get(clerk)

    def need(self, need: str) -> Need | None:
        return self.needs.get(need)

    def desk(self, number: int) -> Desk:
        return self.desks.get(number) or Desk(number=number)

    def visit_at(self, number: int) -> Visit | None:
        desk = self.desks.get(number)
        return self.visits[desk.visit] if desk is not None and desk.visit is not None else None

    def visit_of(self, ticket: str) -> Visit | None:
        """Return the visit that holds a number today."""
        visit = self.by_ticket.get(ticket)
        return self.visits[visit] if visit is not None else None

    def open_visits(self) -> Iterator[Visit]:
        return (each for each in self.visits.values() if each.state in OPEN)

    def able_lanes(self, number: int) -> list[Lane]:
        """Return the lanes from which a counter, and the clerk who staffs it, may call."""
        found = self.able.get(number)
        if found is None:
            found = self.able[number] = [lane for lane in self.lanes.values() if self.is_able(number, lane.key)]
        return found

    def target_ms(self, service: str, priority_class: str) -> int:
        """Return the longest wait promised to a class at a service."""
        found = self.services.get(service)
        for target in found.targets if found is not None else ():
            if target.priority_class == priority_class:
                return round(target.minutes * MINUTE_MS)
        known = self.classes.get(priority_class)
        return round(known.target_min * MINUTE_MS) if known is not None else 15 * MINUTE_MS

    def turn_of(self, priority_class: str) -> int:
        """Return when a class has its turn under `ratio`; one that waited for nothing has saved up nothing."""
        return max(self.turns_of.get(priority_class, 0), self.turn_clock)

    def next_deadline_ms(self) -> int | None:
        """Return when something must happen by itself: an `Elapsed` command is due then."""
        heap = self.deadlines
        while heap and not self._is_due(heap[0]):
            heappop(heap)
        return heap[0][0] if heap else None

    def forget_deadlines(self, now_ms: int) -> None:
        """Drop the deadlines that have come and were seen to; replay finds them again, and then they do nothing."""
        heap = self.deadlines
        while heap and heap[0][0] <= now_ms:
            heappop(heap)

    def due(self, now_ms: int) -> Iterator[tuple[str, str]]:
        """Yield what is due, as (kind, visit or counter), in the order of its time."""
        for deadline in sorted({each for each in self.deadlines if each[0] <= now_ms}):
            if self._is_due(deadline):
                yield deadline[1], deadline[2]

    def _is_due(self, deadline: tuple[int, str, str]) -> bool:
        at_ms, kind, name = deadline
        if kind == CLOSE:
            return at_ms == self.serve_until_ms
        if kind == SHIFT:
            return at_ms == self.shifts.get(name) and self._is_relieved(int(name), at_ms)
        if kind == REST:
            desk = self.desks.get(int(name))
            return desk is not None and desk.rest_until_ms == at_ms and desk.armed and desk.visit is None
        visit = self.visits.get(name)
        if visit is None:
            return False
        if visit.state is ISSUED:
            return visit.ready_ms == at_ms
        return visit.state is HELD and visit.hold_until_ms == at_ms

    def _is_relieved(self, index: int, at_ms: int) -> bool:
        """Tell whether nobody has come to, or left, the counter of a shift since it began."""
        roster = self.hall.roster if self.hall is not None else ()
        return index < len(roster) and self.desk(roster[index].counter).signed_ms < at_ms

    def is_able(self, number: int, key: LaneKey) -> bool:
        counter = self.counters.get(number)
        if counter is None:
            return False
        desk = self.desks.get(number)
        clerk = self.clerks.get(desk.clerk) if desk is not None and desk.clerk is not None else None
        if key.counter and not self.is_away(key.counter):
            return key.counter == number
        theirs = [each.number for each in self.desks.values() if each.clerk == key.clerk] if key.clerk else []
        if not all(self.is_away(each) for each in theirs):
            return desk is not None and desk.clerk == key.clerk
        if key.service not in counter.skills and key.service not in counter.helps:
            return False
        if clerk is not None and clerk.skills is not None and key.service not in clerk.skills:
            return False
        if counter.reserved_for and key.priority_class not in counter.reserved_for:
            return False
        if not key.needs:
            return True
        bound = {need for need in key.needs if (known := self.needs.get(need)) is not None and known.at_counter}
        met = {*counter.meets, *(clerk.meets if clerk is not None else ())}
        return bound <= met or not self._can_be_met(key.service, bound)

    def _can_be_met(self, service: str, needs: set[str]) -> bool:
        """Tell whether any counter for a service meets these needs, whoever staffs it; else they bind nobody."""
        clerks = [frozenset[str](), *(frozenset(each.meets) for each in self.clerks.values())]
        counters = [each for each in self.counters.values() if service in each.skills or service in each.helps]
        return any(needs <= {*counter.meets, *meets} for counter in counters for meets in clerks)

    def is_away(self, number: int) -> bool:
        """Tell whether nobody can be sent to a counter: it is gone or closing, not yet open, closed or paused."""
        counter, desk = self.counters.get(number), self.desks.get(number)
        return counter is None or counter.closing or desk is None or not desk.staffed_from_ms

    def tune(self, lane: Lane) -> None:
        ranks = list(self.classes)
        known = self.classes.get(lane.priority_class)
        lane.target_ms = self.target_ms(lane.service, lane.priority_class)
        lane.scale = self.share_base // lane.target_ms if self.share_base % lane.target_ms == 0 else 1
        lane.rank = ranks.index(lane.priority_class) if known is not None else len(ranks)
        lane.weight = known.weight if known is not None else 1
        lane.absolute = known is not None and known.absolute
        lane.tier = 0 if lane.absolute else 1 if lane.ahead else 2

    def lane_of(self, visit: Visit) -> Lane:
        key = (visit.service, visit.priority_class, visit.needs, visit.only_counter, visit.only_clerk, visit.ahead)
        lane = self.lanes.get(key)
        if lane is None:
            lane = self.lanes[key] = Lane(LaneKey(*key))
            self.tune(lane)
            self.able.clear()
        return lane

    def join(self, visit: Visit) -> None:
        """Let a visit wait in its lane, which it has not waited in."""
        visit.state, visit.joined_seq = WAITING, self.seq
        self.queued[visit.service] = self.queued.get(visit.service, 0) + 1
        self.waiting += 1
        self.lane_of(visit).join(visit)

    def rejoin(self, visit: Visit) -> None:
        """Let a visit that was ahead of the queue stand where it stood before it was called."""
        self.queued[visit.service] = self.queued.get(visit.service, 0) + 1
        self.waiting += 1
        self.lane_of(visit).rejoin(visit, visit.gate, visit.joined_seq)

    def leave(self, visit: Visit) -> None:
        """Take a visit out of the queue, or from those set aside, if it stands there."""
        if visit.state is WAITING:
            self.lane_of(visit).leave(visit)
            self.waiting -= 1
            self.queued[visit.service] -= 1
        elif visit.state is ISSUED:
            self.queued[visit.service] -= 1
        elif visit.state is HELD:
            self.no_longer_held(visit)

    def no_longer_held(self, visit: Visit) -> None:
        desk = self.desks.get(visit.counter or 0)
        if desk is not None:
            desk.held = tuple(each for each in desk.held if each != visit.id)
