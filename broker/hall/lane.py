"""A lane: the visits that wait for one service, in one class, with the same needs; the oldest first.

A visit's *place* is (milliseconds from which its wait counts, number of the event that gave the place). Calls take the
head of a lane, so the head has been overtaken at least as often as anybody behind it: to bound that of the head is to
bound it for all, and a decision looks at heads only, whatever waits. Except for the *burdened*: those who had been
overtaken elsewhere when they joined, or in front of whom somebody joined; they are few, and looked at one by one.
"""

from bisect import bisect_left, insort
from collections import OrderedDict
from itertools import pairwise
from typing import NamedTuple

from .visit import Overtaker, Place, Visit


class LaneKey(NamedTuple):
    """What the visits of a lane have in common."""

    service: str
    priority_class: str
    needs: tuple[str, ...] = ()
    counter: int = 0  # 0: any
    clerk: str = ""
    ahead: str = ""  # skips the queue, by this rule


def key_of(visit: Visit) -> LaneKey:
    return LaneKey(visit.service, visit.priority_class, visit.needs, visit.only_counter, visit.only_clerk, visit.ahead)


class Lane:
    """Visits in the order of their places; those that skip the queue in the order in which they came."""

    __slots__ = (
        "absolute",
        "ahead",
        "burdened",
        "exempt",
        "head",
        "key",
        "last",
        "overtakers",
        "passes",
        "priority_class",
        "rank",
        "scale",
        "service",
        "target_ms",
        "tier",
        "visits",
        "weight",
    )

    def __init__(self, key: LaneKey) -> None:
        self.key = key
        self.service, self.priority_class, self.ahead = key.service, key.priority_class, key.ahead
        self.visits: OrderedDict[str, Visit] = OrderedDict()
        self.head: Visit | None = None
        self.last: Visit | None = None
        self.overtakers: list[Overtaker] = []  # later ones called while the head waited, sorted
        self.exempt: list[Overtaker] = []
        self.burdened: dict[str, Visit] = {}  # overtaken more often than the one in front of them
        self.passes = 0  # calls of counters that could have called from here
        # From the hall's configuration:
        self.target_ms = 1
        self.scale = 1  # common multiple of all targets, divided by this target: waited x scale compares shares
        self.rank = 0  # of its class, 0 is the highest
        self.weight = 1
        self.absolute = False
        self.tier = 2  # 0 absolute class, 1 ahead of the queue, 2 by the discipline

    def join(self, visit: Visit) -> None:
        """Let a visit wait here, in its place."""
        last, place = self.last, (visit.since_ms, visit.order)
        self.visits[visit.id] = visit
        if self.overtakers or self.exempt or visit.counted_from or visit.counted_from_exempt:
            visit.counted_from = self._after(self.overtakers, place)
            visit.counted_from_exempt = self._after(self.exempt, place)
        if last is None:
            self.head = self.last = visit
        elif self.ahead or (last.since_ms, last.order) < place:
            self.last = visit
            if (visit.overtaken or visit.overtaken_exempt) and not self.ahead:
                self._compare(last, visit)
        else:
            self._move_forward(visit, place)
        if self.ahead:
            visit.gate = self.passes + 1

    def _move_forward(self, visit: Visit, place: Place) -> None:
        """Let a visit that stands at the end stand in its place."""
        later = []
        for other in reversed(self.visits.values()):
            if other is not visit:
                if (other.since_ms, other.order) < place:
                    self._compare(other, visit)
                    break
                later.append(other)
        for other in reversed(later):
            self.visits.move_to_end(other.id)
        self._compare(visit, later[-1])
        self.head = next(iter(self.visits.values()))

    def _compare(self, before: Visit, after: Visit) -> None:
        """Note whether somebody is overtaken more often than the one in front."""
        bound, exempt = self.overtaken(after), self.overtaken_exempt(after)
        bound_before, exempt_before = self.overtaken(before), self.overtaken_exempt(before)
        if bound > bound_before or bound + exempt > bound_before + exempt_before:
            self.burdened[after.id] = after

    def weigh(self) -> None:
        """Find the burdened anew."""
        visits = list(self.visits.values())
        self.burdened.clear()
        for before, after in pairwise(visits):
            self._compare(before, after)

    def leave(self, visit: Visit) -> None:
        """Take a visit out, and note on it how often it was overtaken here."""
        visits = self.visits
        if visits.pop(visit.id, None) is None:
            return
        if self.burdened:
            self._hand_over(visit)
        was_overtaken = self.overtakers or self.exempt
        if was_overtaken:
            self._note(visit)
        if not visits:
            self.head = self.last = None
        elif visit is self.head:
            self.head = visits[next(iter(visits))]
        else:
            if visit is self.last:
                self.last = visits[next(reversed(visits))]
            return
        if was_overtaken:
            self._forget(self.head)

    def _hand_over(self, visit: Visit) -> None:
        """Look at the one behind a burdened visit that leaves."""
        if self.burdened.pop(visit.id, None) is None or visit is self.head or visit is self.last:
            return
        place = (visit.since_ms, visit.order)
        behind = next(other for other in self.visits.values() if (other.since_ms, other.order) > place)
        self.burdened[behind.id] = behind

    def passed_by(self, overtaker: Overtaker, *, exempt: bool) -> None:
        """Note that a counter that could have called from here called a later ticket."""
        insort(self.exempt if exempt else self.overtakers, overtaker)

    def forgive(self, overtaker: Overtaker, *, exempt: bool) -> None:
        """Forget such a call, which was undone."""
        found = self.exempt if exempt else self.overtakers
        if overtaker not in found:
            return
        found.remove(overtaker)
        since_ms, order, seq = overtaker
        for visit in self.visits.values():
            if (visit.since_ms, visit.order) >= (since_ms, order):
                break
            if visit.joined_seq > seq:  # it had not counted that call
                visit.counted_from -= not exempt
                visit.counted_from_exempt -= exempt
        self.weigh()

    def forgive_pass(self, seq: int) -> None:
        """Forget that a counter that could have called from here, ahead of the queue, called somebody else."""
        self.passes -= 1
        for visit in self.visits.values():
            if visit.joined_seq > seq:
                visit.gate -= 1

    def rejoin(self, visit: Visit, gate: int, joined_seq: int) -> None:
        """Let a visit that was ahead of the queue here stand where it stood."""
        self.join(visit)
        visit.gate, visit.joined_seq = gate, joined_seq
        for other in sorted(self.visits.values(), key=lambda each: each.joined_seq):
            self.visits.move_to_end(other.id)
        self.head, self.last = next(iter(self.visits.values())), next(reversed(self.visits.values()))

    def reached(self, times: int) -> Place | None:
        """Return the place of the first who was overtaken so often; None when nobody was."""
        head = self.head
        if head is None:
            return None
        if self.overtaken(head) >= times:
            return (head.since_ms, head.order)
        if self.burdened:
            places = [(each.since_ms, each.order) for each in self.burdened.values() if self.overtaken(each) >= times]
            return min(places, default=None)
        return None

    def reached_in_all(self, times: int) -> Place | None:
        """Return the same, where those who are exempt from the bound count too."""
        places = [
            (each.since_ms, each.order)
            for each in (self.head, *self.burdened.values())
            if each and self.overtaken(each) + self.overtaken_exempt(each) >= times
        ]
        return min(places, default=None)

    def overtaken(self, visit: Visit) -> int:
        """Return how often a visit of this lane was overtaken by those whom the bound binds."""
        if not self.overtakers:
            return visit.overtaken
        since = self._after(self.overtakers, (visit.since_ms, visit.order)) - visit.counted_from
        return visit.overtaken + since

    def overtaken_exempt(self, visit: Visit) -> int:
        if not self.exempt:
            return visit.overtaken_exempt
        since = self._after(self.exempt, (visit.since_ms, visit.order)) - visit.counted_from_exempt
        return visit.overtaken_exempt + since

    def _note(self, visit: Visit) -> None:
        bound = self.overtaken(visit)
        if bound > visit.overtaken:
            latest_ms = next(since_ms for since_ms, _, seq in reversed(self.overtakers) if seq > visit.joined_seq)
            visit.overtaken_by_ms = max(visit.overtaken_by_ms, latest_ms - visit.since_ms)
        visit.overtaken = bound
        if self.exempt:
            visit.overtaken_exempt = self.overtaken_exempt(visit)
        visit.counted_from = visit.counted_from_exempt = 0

    def _forget(self, head: Visit | None) -> None:
        """Drop what can no longer count: whoever came before the present head."""
        if head is None:
            self.overtakers.clear()
            self.exempt.clear()
            return
        behind = (head.since_ms, head.order + 1)
        for overtakers in (self.overtakers, self.exempt):
            if overtakers:
                del overtakers[: bisect_left(overtakers, behind)]

    @staticmethod
    def _after(overtakers: list[Overtaker], place: Place) -> int:
        return len(overtakers) - bisect_left(overtakers, (place[0], place[1] + 1))
