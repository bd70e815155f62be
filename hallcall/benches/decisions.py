"""What a decision costs, against lanes and people waiting; and how many customers the twin plays in a second.

A pick is compared with the least that any pick must do: look at the head of every lane once. The twin is compared with
`ciw`, an independent simulator, on the one case that both know: M/M/3 with two classes of strict priority. The twin
plays it through the decisions and changes that run live; explanations and estimates are switched off for both cases.
"""

import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Final

import ciw

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
from broker.twin.arrivals import Arrival
from broker.twin.engine import play

LANES: Final = (10, 30, 150, 600)
WAITING: Final = (100, 1_000, 10_000, 100_000)
PICKS: Final = 300
CUSTOMERS: Final = 20_000
ROUNDS: Final = 5
PER_MIN: Final = {"high": 0.15, "ordinary": 0.35}
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


def picks() -> None:
    """Measure what a call costs, against lanes and people waiting."""
    say = sys.stdout.write
    say("CallNext, decided: x the floor (one look at each lane's head); in brackets µs. Explained: with all scores.\n")
    say(f"{'lanes':>6} " + "".join(f"{f'{waiting:,} wait':>20}" for waiting in WAITING) + "   explained     flat\n")
    for lanes in LANES:
        cells, costs, explained = [], [], 0.0
        for waiting in WAITING:
            state = _filled(lanes, waiting)
            now_ms = state.last_ms + MINUTE_MS
            command = CallNext(id="n", counter=1)
            heads = [lane.head for lane in state.lanes.values() if lane.head is not None]
            floor = _us(lambda heads=heads: min([head.since_ms for head in heads]))
            quiet, loud = Request("bench", now_ms, NO_PROMISES, False), Request("bench", now_ms)
            cost = _us(lambda s=state, c=command, r=quiet: decide(s, c, r))
            explained = _us(lambda s=state, c=command, r=loud: decide(s, c, r))
            costs.append(cost)
            cells.append(f"{cost / floor:9.1f} x ({cost:6.1f})")
        flat = costs[-1] / costs[0]
        say(f"{lanes:>6} " + "".join(f"{cell:>20}" for cell in cells) + f"   {explained:6.1f} µs {flat:7.2f} x\n")
    say(f"flat: {WAITING[-1]:,} waiting against {WAITING[0]:,}; 1 is perfectly flat\n")


def _customers(count: int, seed: int) -> Iterator[Arrival]:
    """Yield the customers of the case, drawn as they come."""
    random, at_min = Random(seed), 0.0
    total = sum(PER_MIN.values())
    for _ in range(count):
        at_min += random.expovariate(total)
        yield Arrival(
            at_ms=round(at_min * MINUTE_MS),
            service="s0",
            priority_class="high" if random.random() * total < PER_MIN["high"] else "ordinary",
            service_ms=round(random.expovariate(1 / MEAN_MIN) * MINUTE_MS),
        )


def _twin_seconds(seed: int) -> float:
    classes = (PriorityClass(id="high", name=NAME, target_min=5), PriorityClass(id="ordinary", name=NAME))
    hall = _hall(services=1, counters=3, classes=classes, discipline=Discipline.STRICT)
    began = time.perf_counter()
    played = sum(1 for _ in play(hall, _customers(CUSTOMERS, seed)))
    took = time.perf_counter() - began
    if played != CUSTOMERS:
        raise RuntimeError(f"{played} of {CUSTOMERS} customers were played")
    return took


def _ciw_seconds(seed: int) -> float:
    began = time.perf_counter()
    network = ciw.create_network(
        arrival_distributions={name: [ciw.dists.Exponential(rate)] for name, rate in PER_MIN.items()},
        service_distributions={name: [ciw.dists.Exponential(1 / MEAN_MIN)] for name in PER_MIN},
        number_of_servers=[3],
        priority_classes={"high": 0, "ordinary": 1},
    )
    ciw.seed(seed)
    ciw.Simulation(network).simulate_until_max_customers(CUSTOMERS, method="Finish")
    return time.perf_counter() - began


def simulation() -> None:
    """Count customers per second in the twin, against ciw on the same case."""
    say = sys.stdout.write
    ratios, mine, theirs = [], [], []
    for seed in range(ROUNDS):  # by turns: what else the machine does meets both
        gc.collect()
        twin_s = _twin_seconds(seed)
        gc.collect()
        ciw_s = _ciw_seconds(seed)
        ratios.append(ciw_s / twin_s)
        mine.append(CUSTOMERS / twin_s)
        theirs.append(CUSTOMERS / ciw_s)
    say(f"twin against ciw {ciw.__version__}: {statistics.median(ratios):.2f} x  ")
    say(f"({min(ratios):.2f} to {max(ratios):.2f} in {ROUNDS} rounds of {CUSTOMERS:,} customers)\n")
    say(f"customers per second: twin {statistics.median(mine):,.0f}, ciw {statistics.median(theirs):,.0f}\n")
    say("M/M/3, two classes, strict; the live decide and apply; explanations and estimates are switched off\n")
