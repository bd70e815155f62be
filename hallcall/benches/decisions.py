"""What a decision costs, against lanes and people waiting; and how many customers the twin plays in a second.

A pick is compared with the least that any pick must do: look at the head of every lane once. The twin is compared with
`ciw`, an independent simulator, on the one case that both know: M/M/3 with two classes of strict priority. The twin
plays it through the decisions and changes that run live; explanations and estimates are switched off for both cases.
"""

import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Final

import ciw
import msgspec

from broker.contract.messages import (
    CallNext,
    ConfigureHall,
    Counter,
    Discipline,
    Hall,
    Language,
    Node,
    OpenDay,
    Policy,
    PriorityClass,
    Role,
    Service,
    Text,
    TicketIssued,
    Zone,
)
from broker.hall.apply import happen
from broker.hall.decide import decide
from broker.hall.request import NO_PROMISES, Request
from broker.hall.state import HallState
from broker.hall.visit import Visit
from broker.twin.arrivals import Arrival
from broker.twin.engine import play

LANES: Final = (10, 30, 150, 600)
WAITING: Final = (100, 1_000, 10_000, 100_000)
PICKS: Final = 300
ROUNDS: Final = 7
MEAN_MIN: Final = 5
MINUTE_MS: Final = 60_000
NAME: Final = Text(zh="测", en="Test")


def _hall(*, services: int, counters: int, classes: tuple[PriorityClass, ...], discipline: Discipline) -> Hall:
    names = tuple(f"s{number}" for number in range(services))
    return Hall(
        id="bench",
        name=NAME,
        slip_grace_s=0,
        zones=(Zone(id="main", name=NAME),),
        services=tuple(Service(id=name, name=NAME, prefix="A", zone="main", last=10**9) for name in names),
        counters=tuple(Counter(number=number, zone="main", skills=names) for number in range(1, counters + 1)),
        nodes=(Node(id="bench", role=Role.SUPERVISOR),),
        classes=classes,
        policy=Policy(discipline=discipline, overtaken_times=10),
    )


def _filled(lanes: int, waiting: int) -> HallState:
    """Return a hall in which so many wait, spread over so many lanes."""
    ordinary = (PriorityClass(id="ordinary", name=NAME),)
    state = HallState(epoch=1)
    hall = _hall(services=lanes, counters=1, classes=ordinary, discipline=Discipline.SHARE)
    for command in (OpenDay(id="d", day="2026-01-05"), ConfigureHall(id="h", hall=hall)):
        for event in decide(state, command, Request(Role.DISPATCHER.value, 0)).events:
            happen(state, event, at_ms=0, seq=state.seq + 1)
    random = Random(1)
    for number in range(waiting):
        issued = TicketIssued(
            visit=f"v{number}",
            ticket=f"A{number}",
            service=f"s{number if number < lanes else random.randrange(lanes)}",
            number=number,
            language=Language.ZH,
            node="bench",
            ahead=0,
            wait_low_min=None,
            wait_high_min=None,
        )
        happen(state, issued, at_ms=number * 10, seq=state.seq + 1)
    return state


def _us(act: Callable[[], object]) -> float:
    """Return what an act costs in µs: the median of many."""
    times = []
    for _ in range(PICKS):
        began = time.perf_counter_ns()
        act()
        times.append(time.perf_counter_ns() - began)
    return statistics.median(times) / 1000


def _oldest(heads: Sequence[Visit]) -> int:
    return min([head.since_ms for head in heads])


def picks() -> None:
    """Measure what a call costs, against lanes and people waiting."""
    say = sys.stdout.write
    say("CallNext, decided: x the floor (one look at each lane's head); in brackets µs. Explained: with all scores.\n")
    say(f"{'lanes':>6} " + "".join(f"{f'{waiting:,} wait':>20}" for waiting in WAITING) + "   explained     flat\n")
    for lanes in LANES:
        cells, costs, explained = [], [], 0.0
        for waiting in WAITING:
            state = _filled(lanes, max(waiting, lanes))
            now_ms = state.last_ms + MINUTE_MS
            command = CallNext(id="n", counter=1)
            heads = [lane.head for lane in state.lanes.values() if lane.head is not None]
            floor = _us(partial(_oldest, heads))
            cost = _us(partial(decide, state, command, Request("bench", now_ms, NO_PROMISES, False)))
            explained = _us(partial(decide, state, command, Request("bench", now_ms)))
            costs.append(cost)
            cells.append(f"{cost / floor:9.1f} x ({cost:6.1f})")
        flat = costs[-1] / costs[0]
        say(f"{lanes:>6} " + "".join(f"{cell:>20}" for cell in cells) + f"   {explained:6.1f} µs {flat:7.2f} x\n")
    say(f"flat: {WAITING[-1]:,} waiting against {WAITING[0]:,} (one a lane at least); 1 is perfectly flat\n")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One pool of counters, classes of strict priority, as both simulators know it."""

    what: str
    counters: int
    classes: int
    load: float
    customers: int
    patience_min: float | None = None  # mean; None: nobody leaves

    @property
    def names(self) -> list[str]:
        return [*(f"c{number}" for number in range(1, self.classes)), "ordinary"]

    @property
    def per_min(self) -> float:
        return self.load * self.counters / MEAN_MIN


CASES: Final = (
    Case(what="a quiet hall", counters=3, classes=2, load=0.85, customers=20_000),
    Case(what="its customers leave", counters=3, classes=2, load=0.85, customers=20_000, patience_min=30),
    Case(what="a large hall", counters=30, classes=6, load=0.85, customers=20_000),
    Case(what="a peak, its customers leave", counters=11, classes=5, load=1.27, customers=20_000, patience_min=30),
)


def _customers(case: Case, seed: int) -> Iterator[Arrival]:
    """Yield the customers of a case, drawn as they come."""
    random, at_ms, names = Random(seed), 0.0, case.names
    chance, after_ms = random.random, random.expovariate
    per_ms, served_per_ms = case.per_min / MINUTE_MS, 1 / (MEAN_MIN * MINUTE_MS)
    left_per_ms = 1 / (case.patience_min * MINUTE_MS) if case.patience_min else None
    for _ in range(case.customers):
        at_ms += after_ms(per_ms)
        yield Arrival(
            at_ms=int(at_ms),
            service="s0",
            priority_class=names[int(chance() * case.classes)],
            service_ms=int(after_ms(served_per_ms)),
            patience_ms=int(after_ms(left_per_ms)) if left_per_ms else None,
        )


def _twin(case: Case, seed: int) -> tuple[float, float]:
    """Return the seconds that a play took, and the mean wait of those called, in minutes."""
    classes = tuple(PriorityClass(id=name, name=NAME) for name in case.names)
    hall = _hall(services=1, counters=case.counters, classes=classes, discipline=Discipline.STRICT)
    hall = msgspec.structs.replace(hall, policy=Policy(discipline=Discipline.STRICT))  # ciw knows no bound
    began = time.perf_counter()
    stays = list(play(hall, _customers(case, seed)))
    waits = [stay.called_ms - stay.arrival.at_ms for stay in stays if stay.called_ms is not None]
    mean_min = statistics.fmean(waits) / MINUTE_MS
    took = time.perf_counter() - began
    if len(stays) != case.customers:
        raise RuntimeError(f"{len(stays)} of {case.customers} customers were played")
    return took, mean_min


def _ciw(case: Case, seed: int) -> tuple[float, float]:
    """Return the same of ciw."""
    per_min, patience = case.per_min / case.classes, {}
    if case.patience_min:
        leaves = ciw.dists.Exponential(1 / case.patience_min)
        patience = {"reneging_time_distributions": {name: [leaves] for name in case.names}}
    began = time.perf_counter()
    network = ciw.create_network(
        arrival_distributions={name: [ciw.dists.Exponential(per_min)] for name in case.names},
        service_distributions={name: [ciw.dists.Exponential(1 / MEAN_MIN)] for name in case.names},
        number_of_servers=[case.counters],
        priority_classes={name: rank for rank, name in enumerate(case.names)},
        **patience,
    )
    ciw.seed(seed)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(case.customers, method="Finish")
    records = simulation.get_all_records(only=["service"])
    mean_min = statistics.fmean(record.waiting_time for record in records)
    return time.perf_counter() - began, mean_min


def simulation() -> None:
    """Count customers per second in the twin, against ciw on the same cases."""
    say = sys.stdout.write
    say(f"twin against ciw {ciw.__version__}, {ROUNDS} rounds by turns; one pool, strict classes\n")
    for case in CASES:
        ratios, mine, theirs, waits = [], [], [], []
        for seed in range(ROUNDS):  # by turns: what else the machine does meets both
            gc.collect()
            twin_s, my_wait = _twin(case, seed)
            gc.collect()
            ciw_s, their_wait = _ciw(case, seed)
            waits.append((my_wait, their_wait))
            ratios.append(ciw_s / twin_s)
            mine.append(case.customers / twin_s)
            theirs.append(case.customers / ciw_s)
        my_mean, their_mean = (statistics.fmean(column) for column in zip(*waits, strict=True))
        say(f"{statistics.median(ratios):5.2f} x ({min(ratios):.2f} to {max(ratios):.2f})  {case.what}: ")
        say(f"{case.counters} counters, {case.classes} classes, load {case.load}; customers per second: ")
        say(f"twin {statistics.median(mine):,.0f}, ciw {statistics.median(theirs):,.0f}; ")
        say(f"mean wait {my_mean:.2f}, {their_mean:.2f} min\n")
    say("The live decide and apply; explanations and estimates are switched off.\n")
