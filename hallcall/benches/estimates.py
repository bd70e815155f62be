"""How well waits are foretold in a hall at peak load, and what a table of estimates costs.

The predictors of the literature (Ibrahim & Whitt 2009) beside ours, each asked at the same instants: those who take a
number and cannot be called at once.
"""

import statistics
import sys
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from msgspec.structs import replace as changed

from broker.contract.messages import Counter, CounterOpened, Language, Policy, Service, TicketIssued
from broker.hall.apply import happen
from broker.hall.estimate import promises
from broker.hall.state import HallState
from broker.hall.visit import Visit
from broker.twin.engine import Play, play

from . import peak

DAYS: Final = 6
SEEDS: Final = (1, 2, 3, 4, 5)
RATE_MS: Final = 30 * 60_000  # over so long the queue-length predictor counts calls
WAITING: Final = 500
LANES: Final = 30
COUNTERS: Final = 30
TABLES: Final = 40
BOUND: Final = Policy(overtaken_times=10, overtaken_min=30)
BY_WAIT_S: Final = (0, 180, 480, 900, 1800, 86_400)


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What each predictor said to a customer, and what came; seconds."""

    queue_length: int  # those who wait for the service, at the pace of its calls
    head_of_line: int  # how long the first of the same service and class has waited by now
    last_to_enter: int  # how long the last one called of the same service and class had waited
    ours: int
    promised_min: tuple[int, int]
    came: int = 0

    @property
    def was_covered(self) -> bool:
        return self.promised_min[0] * 60 <= self.came <= self.promised_min[1] * 60


PREDICTORS: Final = {
    "queue_length": "queue length ÷ rate",
    "head_of_line": "head of line",
    "last_to_enter": "last to enter service",
    "ours": "ours",
}


class Forecasts:
    """Looks on while a hall is played, and asks every predictor."""

    def __init__(self) -> None:
        self.done: list[Forecast] = []
        self.at_once = 0
        self._asked: dict[str, Forecast] = {}
        self._last_waited: dict[tuple[str, str], int] = {}
        self._calls: dict[str, deque[int]] = defaultdict(deque)

    def arrived(self, state: HallState, visit_id: str, now_ms: int) -> None:
        visit = state.visits[visit_id]
        if not visit.rolled_s or visit.expected_s is None or visit.promised_min is None:
            self.at_once += 1
            return
        first = state.lane_of(visit).head
        calls = self._calls[visit.service]
        while calls and calls[0] < now_ms - RATE_MS:
            calls.popleft()
        self._asked[visit_id] = Forecast(
            queue_length=state.queued[visit.service] * RATE_MS // 1000 // max(len(calls), 1),
            head_of_line=0 if first is None else (now_ms - first.since_ms) // 1000,
            last_to_enter=self._last_waited.get((visit.service, visit.priority_class), 0),
            ours=visit.expected_s,
            promised_min=visit.promised_min,
        )

    def called(self, state: HallState, visit: Visit, now_ms: int) -> None:  # noqa: ARG002 - as watchers are called
        waited_s = (now_ms - visit.issued_ms) // 1000
        self._last_waited[visit.service, visit.priority_class] = waited_s
        self._calls[visit.service].append(now_ms)
        asked = self._asked.pop(visit.id, None)
        if asked is not None:
            self.done.append(replace(asked, came=waited_s))


def forecasts(*, days: int, seed: int) -> Forecasts:
    """Play the hall in its peaks, every ticket with its promise."""
    watcher = Forecasts()
    for _ in play(peak.hall(), peak.arrivals(days=days, seed=seed), watcher=watcher, promises=True):
        pass
    return watcher


def errors_min(done: Sequence[Forecast], predictor: str) -> list[float]:
    """Return what came less what was foretold, for each customer."""
    return [(each.came - int(getattr(each, predictor))) / 60 for each in done]


def mae_min(done: Sequence[Forecast], predictor: str) -> float:
    return statistics.fmean(map(abs, errors_min(done, predictor)))


def coverage(done: Sequence[Forecast]) -> float:
    return statistics.fmean(each.was_covered for each in done)


def crowded(policy: Policy) -> HallState:
    """Return a hall in which WAITING people stand in LANES lanes before COUNTERS counters that can take them all."""
    hall = peak.hall()
    names = tuple(f"s{number}" for number in range(LANES // len(hall.classes)))
    services = tuple(Service(id=each, name=hall.name, prefix="A", zone="main", minutes=5) for each in names)
    counters = tuple(Counter(number=number, zone="main", skills=names) for number in range(1, COUNTERS + 1))
    state = Play(changed(hall, services=services, counters=counters, policy=policy)).state
    now_ms = state.last_ms
    for counter in counters:
        happen(state, CounterOpened(counter=counter.number), at_ms=now_ms, seq=state.seq + 1)
    for number in range(WAITING):
        issued = TicketIssued(
            visit=f"v{number}",
            ticket=f"A{number}",
            service=names[number % len(names)],
            number=number,
            language=Language.ZH,
            node="bench",
            ahead=0,
            wait_low_min=None,
            wait_high_min=None,
            priority_class=hall.classes[number % len(hall.classes)].id,
        )
        happen(state, issued, at_ms=now_ms + number * 1000, seq=state.seq + 1)
    return state


def table_ms(state: HallState) -> float:
    """Return what a table of promises costs, in milliseconds of processor time: the median of many."""
    times = []
    for _ in range(TABLES):
        began = time.thread_time_ns()
        promises(state, state.last_ms)
        times.append((time.thread_time_ns() - began) / 1e6)
    return statistics.median(times)


def measure() -> None:
    """how far waits at peak load are off what was foretold, beside the literature's predictors; cost of a table"""  # noqa: D400, D403, D415 - a line of a table
    say = sys.stdout.write
    say(f"{len(peak.SKILLS)} counters, {len(peak.SERVICES)} services, {len(peak.CLASSES)} classes, lognormal services ")
    say(f"(cv {peak.CV}), peak load {peak.PEAK_LOAD}; {len(SEEDS)} x {DAYS} days\n")
    played = [forecasts(days=DAYS, seed=seed) for seed in SEEDS]
    done = [each for one in played for each in one.done]
    at_once = sum(one.at_once for one in played)
    best = mae_min(done, "ours")
    waited = statistics.fmean(each.came for each in done) / 60
    say(f"{len(done):,} customers had to wait, {waited:.1f} min on average; {at_once:,} were called at once\n")
    say(f"{'minutes':24}{'x ours':>8}{'MAE':>8}{'bias':>8}\n")
    for name, called in PREDICTORS.items():
        mae, bias = mae_min(done, name), statistics.fmean(errors_min(done, name))
        say(f"{called:24}{mae / best:8.2f}{mae:8.2f}{bias:+8.2f}\n")
    say(f"the range of 80 %: covers {coverage(done):.1%}, is {_width_min(done):.1f} min wide; by seed ")
    say(", ".join(f"{coverage(one.done):.1%}" for one in played) + "\n")
    by_wait = [[each for each in done if low <= each.ours < high] for low, high in pairwise(BY_WAIT_S)]
    say("by the expected wait:      ")
    say(
        ", ".join(f"{low // 60}+ min {coverage(some):.0%}" for low, some in zip(BY_WAIT_S, by_wait, strict=False))
        + "\n"
    )
    free, bound = table_ms(crowded(Policy())), table_ms(crowded(BOUND))
    say(f"a table at {WAITING} waiting, {LANES} lanes, {COUNTERS} counters: {free:.1f} ms of processor time, ")
    say(f"{bound:.1f} with a bound on overtaking; it is made at most twice a second\n")


def _width_min(done: Sequence[Forecast]) -> float:
    return statistics.fmean(each.promised_min[1] - each.promised_min[0] for each in done)
