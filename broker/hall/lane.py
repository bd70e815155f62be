"""A lane: the visits that wait for one service, in one class, with the same needs; the oldest first.

A visit's *place* is (milliseconds from which its wait counts, number of the event that gave the place). Calls take the
head of a lane, so the head has been overtaken at least as often as anybody behind it: to bound that of the head is to
bound it for all, and a decision looks at heads only, whatever waits.
"""

from bisect import bisect_right, insort
from collections import OrderedDict
from typing import NamedTuple

from .visit import Place, Visit


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
        self.overtakers: list[Place] = []  # later ones called while the head waited, sorted
        self.exempt: list[Place] = []
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
        visits, last, place = self.visits, self.last, (visit.since_ms, visit.order)
        visits[visit.id] = visit
        if last is None:
            self.head = self.last = visit
        elif self.ahead or (last.since_ms, last.order) < place:
            self.last = visit
        else:
            self._move_forward(visit, place)
        visit.counted_from = self._after(self.overtakers, place) if self.overtakers else 0
        visit.counted_from_exempt = self._after(self.exempt, place) if self.exempt else 0
        if self.ahead:
            visit.gate = self.passes + 1

    def _move_forward(self, visit: Visit, place: Place) -> None:
        """Let a visit that stands at the end stand in its place."""
        later = []
        for other in reversed(self.visits.values()):
            if other is not visit:
                if (other.since_ms, other.order) < place:
                    break
                later.append(other)
        for other in reversed(later):
            self.visits.move_to_end(other.id)
        self.head = next(iter(self.visits.values()))

    def leave(self, visit: Visit) -> None:
        """Take a visit out, and note on it how often it was overtaken here."""
        if self.visits.pop(visit.id, None) is None:
            return
        if self.overtakers or self.exempt:
            self._note(visit)
        if visit is self.last:
            self.last = next(reversed(self.visits.values()), None)
        if visit is self.head:
            self.head = head = next(iter(self.visits.values()), None)
            if self.overtakers or self.exempt:
                self._forget(head)

    def passed_by(self, place: Place, *, exempt: bool) -> None:
        """Note that a counter that could have called from here called a later ticket."""
        insort(self.exempt if exempt else self.overtakers, place)

    def forgive(self, place: Place, *, exempt: bool) -> None:
        """Forget such a call, which was undone."""
        found = self.exempt if exempt else self.overtakers
        if place in found:
            found.remove(place)

    def overtaken(self, visit: Visit) -> int:
        """Return how often a visit of this lane was overtaken by those whom the bound binds."""
        if not self.overtakers:
            return visit.overtaken
        since = self._after(self.overtakers, (visit.since_ms, visit.order)) - visit.counted_from
        return visit.overtaken + max(since, 0)  # less than nothing: a call before it joined was undone since

    def overtaken_exempt(self, visit: Visit) -> int:
        if not self.exempt:
            return visit.overtaken_exempt
        since = self._after(self.exempt, (visit.since_ms, visit.order)) - visit.counted_from_exempt
        return visit.overtaken_exempt + max(since, 0)

    def _note(self, visit: Visit) -> None:
        place = (visit.since_ms, visit.order)
        bound, exempt = self.overtaken(visit), self.overtaken_exempt(visit)
        if bound > visit.overtaken and self.overtakers[-1] > place:
            visit.overtaken_by_ms = max(visit.overtaken_by_ms, self.overtakers[-1][0] - visit.since_ms)
        visit.overtaken, visit.overtaken_exempt = bound, exempt
        visit.counted_from = visit.counted_from_exempt = 0

    def _forget(self, head: Visit | None) -> None:
        """Drop what can no longer count: whoever came before the present head."""
        if head is None:
            self.overtakers.clear()
            self.exempt.clear()
            return
        place = (head.since_ms, head.order)
        del self.overtakers[: bisect_right(self.overtakers, place)]
        del self.exempt[: bisect_right(self.exempt, place)]

    @staticmethod
    def _after(places: list[Place], place: Place) -> int:
        return len(places) - bisect_right(places, place)
