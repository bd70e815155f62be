"""A rehearsal of the calls to come: the hall's own discipline, rolled forward from the present state.

Nobody else comes, and every service takes its usual time; whose turn it is decides the same code as in the hall. At the
end of each line that a customer could join now stands a newcomer without weight: when that one's turn comes, the time
is noted, and the counter chooses again at the same instant. So one rehearsal tells the waits of all newcomers. It looks
at the hall and changes nothing in it.
"""

from bisect import insort
from heapq import heapify, heappop, heappush
from typing import Final

from ..contract.messages import ORDINARY, Counter, GivenBy, Language, Policy
from .lane import Lane, LaneKey
from .life import ISSUED
from .state import HallState
from .turn import turn_among
from .visit import Desk, Key, Visit, copy_of

HORIZON: Final = 500  # calls; beyond it the pace so far goes on
LEAST_REMAINDER: Final = 2  # a service that takes long will take half its usual time more
LAST: Final = 1 << 60  # the place of a newcomer: after everybody of the same millisecond


def waits(state: HallState, now_ms: int) -> dict[tuple[str, str], int]:
    """Return how many milliseconds a newcomer would wait, by service and class; 0: a counter is free at once.

    A line that no counter could ever call from is left out. Beyond the horizon the pace of the line, or where nobody of
    it was called that of the hall, is extended in a straight line.
    """
    if state.hall is None:
        return {}
    return Rehearsal(state, state.hall.policy, now_ms).play()


def remainder_ms(usual_ms: int, elapsed_ms: int) -> int:
    """Return how long a service that has begun is likely to go on.

    Were times exponential it would be the usual time, whatever has elapsed; were they fixed, the usual time less what
    has elapsed. Those at a counter lie between: the mean remainder of log-normal times falls at first with the clock,
    and then stays at 0.2, 0.45 or 0.65 of the usual time, where the deviation is 0.3, 0.5 or 0.7 of it.
    """
    return max(usual_ms - elapsed_ms, usual_ms // LEAST_REMAINDER, 1)


class Line(Lane):
    """A lane as rehearsed: the hall's own visits in a list of its own, and perhaps a newcomer behind them."""

    __slots__ = ("called", "newcomer", "stood")

    def __init__(self, key: LaneKey, lane: Lane | None) -> None:
        super().__init__(key)
        self.newcomer: Visit | None = None
        self.called = 0
        if lane is not None:
            self.visits, self.head, self.last = lane.visits.copy(), lane.head, lane.last
            self.overtakers, self.exempt, self.passes = lane.overtakers.copy(), lane.exempt.copy(), lane.passes
            self.burdened = lane.burdened.copy()
        self.stood = len(self.visits)

    def expect(self, newcomer: Visit) -> None:
        self.newcomer = newcomer
        if self.head is None:
            self.head = newcomer

    def join(self, visit: Visit) -> None:
        super().join(visit)
        self.head = self._first()

    def take(self) -> Visit:
        """Take the head out."""
        head = self.head
        if head is None:
            raise LookupError(self.key)
        if head is self.newcomer:
            self.newcomer = None
        else:
            del self.visits[head.id]
            self.burdened.pop(head.id, None)
            self.called += 1
            if head is self.last:
                self.last = None
        self.head = following = self._first()
        if self.overtakers:
            self._forget(following)
        return head

    def _first(self) -> Visit | None:
        first = next(iter(self.visits.values()), None)
        newcomer = self.newcomer
        if newcomer is None or (first is not None and first.since_ms <= newcomer.since_ms):
            return first
        return newcomer


class Rehearsal:
    """Lines, counters and what happens next; to be played once."""

    def __init__(self, state: HallState, policy: Policy, now_ms: int) -> None:
        self.lanes: dict[Key, Line] = {}  # as turn.Queues has them
        self._state, self._policy, self._now_ms = state, policy, now_ms
        self._usual_ms = {each.id: state.learning.mean_ms(each) for each in state.services.values()}
        self._turns_of, self._turn_clock = dict(state.turns_of), state.turn_clock
        self._waits: dict[tuple[str, str], int] = {}
        self._unmet = 0  # newcomers whose turn has not come
        self._calls = 0
        for lane in state.lanes.values():
            if lane.visits:
                self._add(Line(lane.key, lane))
        self._expect_newcomers()
        self._working = {number: each for number, each in state.counters.items() if _works(state, each)}
        self._able = self._able_lines()
        self._counts_passes = policy.overtaken_times is not None or any(line.ahead for line in self.lanes.values())
        self._idle: list[tuple[int, int]] = []  # skills and number
        self._due: list[tuple[int, int, int, Visit | None]] = []  # when, skills, number, who is done or comes
        self._gather()

    def turn_of(self, priority_class: str) -> int:
        return max(self._turns_of.get(priority_class, 0), self._turn_clock)

    def play(self) -> dict[tuple[str, str], int]:
        """Return what `waits` returns."""
        due = self._due
        at_ms = self._now_ms
        while due and self._unmet and self._calls < HORIZON:
            at_ms, skills, number, visit = heappop(due)
            if visit is not None:
                self._go_on(visit, at_ms)
            if number > 0:
                self._take_turns(number, skills, at_ms)
        if due and self._unmet and self._calls:
            self._extend(at_ms)
        return self._waits

    # Setting out ------------------------------------------------------------------------------------------------------

    def _add(self, line: Line) -> None:
        self._state.tune(line)
        self.lanes[line.key] = line

    def _expect_newcomers(self) -> None:
        state = self._state
        for service in state.services.values():
            if service.closing:
                continue
            for each in state.classes.values():
                if each.closing or (each.given_by is not GivenBy.KIOSK and each.id != ORDINARY):
                    continue
                key = LaneKey(service.id, each.id)
                if key not in self.lanes:
                    self._add(Line(key, None))
                self.lanes[key].expect(_newcomer(service.id, each.id, self._now_ms))
                self._unmet += 1

    def _able_lines(self) -> dict[int, list[Line]]:
        """Return the lines from which each counter may call; where nobody who works could, those who might come."""
        state, lines = self._state, self.lanes
        new = [line for key, line in lines.items() if key not in state.lanes]
        able: dict[int, list[Line]] = {}
        for number in self._working:
            found = [line for lane in state.able_lanes(number) if (line := lines.get(lane.key)) is not None]
            able[number] = found + [line for line in new if state.is_able(number, line.key)]
        served = {line.key for found in able.values() for line in found}
        orphans = [line for key, line in lines.items() if key not in served]
        if orphans:
            for number, counter in state.counters.items():
                if number not in able and not counter.closing:
                    able[number] = [line for line in orphans if state.is_able(number, line.key)]
        return able

    def _gather(self) -> None:
        """Note when each counter is free, and who will come at a known time."""
        state, now_ms = self._state, self._now_ms
        for number, desk in state.desks.items():
            if desk.visit is not None and number not in self._able:
                self._able[number] = []  # it ends what it has begun
        for number in self._able:
            counter = state.counters.get(number)
            skills = len(counter.skills) + len(counter.helps) if counter is not None else 0
            free_ms, visit = self._free(state.desk(number))
            self._due.append((free_ms, skills, number, visit))
        issued: dict[str, Visit] = {}
        for _, kind, name in state.deadlines:
            found = state.visits.get(name) if not kind else None
            if found is not None and found.state is ISSUED:
                issued[name] = found
        for place, found in enumerate(issued.values(), start=1):
            self._due.append((max(found.since_ms, now_ms), -1, -place, found))  # its slip comes out at any moment
        heapify(self._due)

    def _free(self, desk: Desk) -> tuple[int, Visit | None]:
        now_ms = self._now_ms
        visit = self._state.visits.get(desk.visit) if desk.visit is not None else None
        if visit is None:
            return max(now_ms, desk.rest_until_ms if desk.armed else 0), None
        elapsed_ms = now_ms - (desk.busy_from_ms or visit.called_ms)
        return now_ms + remainder_ms(self._usual_ms[visit.service], elapsed_ms) + self._rest_ms(desk), visit

    def _rest_ms(self, desk: Desk) -> int:
        return self._policy.rest_s * 1000 if desk.armed else 0

    # Playing ----------------------------------------------------------------------------------------------------------

    def _go_on(self, visit: Visit, at_ms: int) -> None:
        """Let a visit wait: it comes at last, or has another service to come."""
        again = copy_of(visit)
        if visit.state is not ISSUED:
            if not visit.then:
                return
            again.service, again.then = visit.then[0], visit.then[1:]
            again.only_counter, again.only_clerk, again.ahead = 0, "", ""
        key = LaneKey(
            again.service, again.priority_class, again.needs, again.only_counter, again.only_clerk, again.ahead
        )
        line = self.lanes.get(key)
        if line is None:
            self._add(line := Line(key, None))
            for number in self._working:
                if self._state.is_able(number, key):
                    self._able[number].append(line)
        line.join(again)
        for each in [each for each in self._idle if line in self._able[each[1]]]:
            self._idle.remove(each)
            heappush(self._due, (at_ms, *each, None))

    def _take_turns(self, number: int, skills: int, at_ms: int) -> None:
        """Let a counter that is free call; newcomers whose turn comes are noted, and do not keep it."""
        counter: Counter | None = self._state.counters.get(number)
        able = self._able[number]
        while counter is not None:
            heads = [line for line in able if line.head is not None]
            turn = turn_among(self, self._policy, counter, heads, at_ms) if heads else None
            if turn is None:
                break
            visit = turn.visit
            line = next(line for line in heads if line.head is visit)
            if visit is line.newcomer:
                self._waits[line.service, line.priority_class] = at_ms - self._now_ms
                self._unmet -= 1
                line.take()
                continue
            self._call(line, able, exempt=turn.exempt)
            done_ms = at_ms + self._usual_ms[visit.service] + self._rest_ms(self._state.desk(number))
            heappush(self._due, (done_ms, skills, number, visit if visit.then else None))
            return
        insort(self._idle, (skills, number))

    def _call(self, line: Line, able: list[Line], *, exempt: bool) -> None:
        """As `apply` does it."""
        visit = line.take()
        self._calls += 1
        if self._counts_passes:
            place = (visit.since_ms, visit.order)
            for each in able:
                head = each.head
                if head is None:
                    continue
                if each.ahead:
                    each.passes += 1
                elif (head.since_ms, head.order) < place:
                    each.passed_by((*place, 0), exempt=exempt)
        known = self._state.classes.get(line.priority_class)
        if self._state.counts_turns and known is not None:
            self._turn_clock = self.turn_of(known.id)
            self._turns_of[known.id] = self._turn_clock + self._state.turn_base // known.weight

    def _extend(self, at_ms: int) -> None:
        """Let the pace go on for those whom the horizon hides."""
        elapsed_ms = at_ms - self._now_ms
        stood = sum(line.stood for line in self.lanes.values())
        for line in self.lanes.values():
            if line.newcomer is not None:
                before, called = (line.stood, line.called) if line.called else (stood, self._calls)
                self._waits[line.service, line.priority_class] = max(elapsed_ms * (before + 1) // called, elapsed_ms)


def _works(state: HallState, counter: Counter) -> bool:
    desk = state.desks.get(counter.number)
    return desk is not None and desk.is_working and desk.staffed_from_ms > 0 and not counter.closing


def _newcomer(service: str, priority_class: str, now_ms: int) -> Visit:
    return Visit(
        id="",
        ticket="",
        service=service,
        node="",
        language=Language.ZH,
        issued_ms=now_ms,
        issued_seq=LAST,
        since_ms=now_ms,
        order=LAST,
        priority_class=priority_class,
    )
