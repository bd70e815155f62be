"""Arrivals drawn by chance, as `[simulate]` describes them.

Every stream has random numbers of its own for arrivals, service times and patience, all from one seed: another policy
or another counter meets the very same customers.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from heapq import heapify, heapreplace
from itertools import cycle
from math import log, sqrt
from random import Random
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from ..contract.messages import Hall
from ..hall.clock import ms
from ..hall.hours import is_open
from .arrivals import Arrival
from .settings import Kind, Patience, ServiceTime, Simulation, Stream

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
HOURS: Final = 24
Samples = Mapping[str, Sequence[int]]  # measured service times in milliseconds, by the file that `empirical` names
Draw = Callable[[], int]  # milliseconds
Step = tuple[float, float]  # until so many milliseconds from the beginning, arrivals per millisecond
T = TypeVar("T", ServiceTime, Patience)


def endless_arrivals(simulation: Simulation, samples: Samples, seed: int) -> Iterator[Arrival]:
    """Yield customers for ever; with rates by hour, day after day of 24 hours."""
    streams = []
    for stream in simulation.arrivals:
        chance = Random(f"{seed}/arrivals/{stream.service}/{stream.priority_class}")  # noqa: S311 - a seed, no secret
        hours = rates(stream)
        if stream.per_min is not None:
            times = _constant(hours[0], chance)
        elif any(hours):
            times = _by_steps(((until * HOUR_MS, rate) for until, rate in enumerate(cycle(hours), start=1)), chance)
        else:
            continue  # nobody would ever come
        streams.append((stream, times))
    yield from _merged(simulation, streams, samples, str(seed))


def arrivals_of_day(hall: Hall, simulation: Simulation, samples: Samples, seed: int, day: date) -> Iterator[Arrival]:
    """Yield the customers of one day; nobody comes while the hall gives out no tickets."""
    zone = ZoneInfo(hall.timezone)
    midnight_ms = ms(datetime.combine(day, time(), tzinfo=zone))
    starts = [datetime.combine(day, time(hour), tzinfo=zone) for hour in range(1, HOURS)]
    ends = [ms(each) - midnight_ms for each in [*starts, datetime.combine(day + timedelta(1), time(), tzinfo=zone)]]
    streams = []
    for stream in simulation.arrivals:
        chance = Random(f"{seed}/{day}/arrivals/{stream.service}/{stream.priority_class}")  # noqa: S311
        streams.append((stream, _by_steps(zip(ends, rates(stream), strict=True), chance)))
    for arrival in _merged(simulation, streams, samples, f"{seed}/{day}"):
        if is_open(hall, midnight_ms + arrival.at_ms):
            yield arrival


def rates(stream: Stream) -> list[float]:
    """Return the arrivals per millisecond of each hour."""
    if stream.per_min is not None:
        return [stream.per_min / MINUTE_MS] * HOURS
    before = stream.from_hour or 0
    per_min = [0.0] * before + list(stream.by_hour)
    return [each / MINUTE_MS for each in per_min + [0.0] * (HOURS - len(per_min))]


def service_time(simulation: Simulation, service: str, priority_class: str) -> ServiceTime | None:
    """Return the table that says how long a service takes for a class."""
    return _most_particular(simulation.service_times, service, priority_class)


def patience(simulation: Simulation, service: str, priority_class: str) -> Patience | None:
    """Return the table that says how long a class waits for a service; None: for ever."""
    return _most_particular(simulation.patience, service, priority_class)


def mean_ms(length: ServiceTime, samples: Samples) -> float:
    if length.kind is Kind.EMPIRICAL:
        measured = samples[length.file or ""]
        return sum(measured) / len(measured)
    return (length.mean_min or 0) * MINUTE_MS


def _most_particular(tables: Iterable[T], service: str, priority_class: str) -> T | None:
    fits = [
        each for each in tables if each.service in {None, service} and each.priority_class in {None, priority_class}
    ]
    return max(fits, key=lambda each: (each.service is not None, each.priority_class is not None), default=None)


def _constant(rate: float, chance: Random) -> Iterator[float]:
    at = 0.0
    draw = chance.expovariate
    while rate > 0:
        at += draw(rate)
        yield at


def _by_steps(steps: Iterable[Step], chance: Random) -> Iterator[float]:
    """Yield the instants of a Poisson stream whose rate changes in steps."""
    at, left = 0.0, chance.expovariate(1.0)  # left: of the expected arrivals until the next one
    for until, rate in steps:
        while rate > 0 and (until - at) * rate >= left:
            at += left / rate
            yield at
            left = chance.expovariate(1.0)
        left -= max(until - at, 0.0) * rate
        at = max(until, at)


def _merged(
    simulation: Simulation, streams: Iterable[tuple[Stream, Iterator[float]]], samples: Samples, seed: str
) -> Iterator[Arrival]:
    heap = []
    for order, (stream, times) in enumerate(streams):
        first = next(times, None)
        if first is not None:
            service, name = stream.service, stream.priority_class
            length = service_time(simulation, service, name)
            if length is None:
                raise LookupError(f"{service}, {name}: no service time")  # checked before
            serve = _draw(length, samples, Random(f"{seed}/service/{service}/{name}"))  # noqa: S311
            wait = patience(simulation, service, name)
            endure = None if wait is None else _draw(wait, samples, Random(f"{seed}/patience/{service}/{name}"))  # noqa: S311
            heap.append((first, order, service, name, times, serve, endure))
    heapify(heap)
    while heap:
        at, order, service, name, times, serve, endure = heap[0]
        yield Arrival(
            at_ms=round(at),
            service=service,
            priority_class=name,
            service_ms=serve(),
            patience_ms=None if endure is None else endure(),
        )
        after = next(times, None)
        if after is None:
            heap.remove(heap[0])
            heapify(heap)
        else:
            heapreplace(heap, (after, order, service, name, times, serve, endure))


def _draw(length: ServiceTime | Patience, samples: Samples, chance: Random) -> Draw:
    """Return what draws such a length of time."""
    mean = (length.mean_min or 0) * MINUTE_MS
    if length.kind is Kind.EXPONENTIAL:
        rate, exponential = 1 / mean, chance.expovariate
        return lambda: round(exponential(rate))
    if length.kind is Kind.LOGNORMAL and length.cv:
        variance = log(1 + length.cv**2)
        mu, sigma, lognormal = log(mean) - variance / 2, sqrt(variance), chance.lognormvariate
        return lambda: round(lognormal(mu, sigma))
    if isinstance(length, ServiceTime) and length.kind is Kind.EMPIRICAL:
        measured, choice = samples[length.file or ""], chance.choice
        return lambda: choice(measured)
    always = round(mean)
    return lambda: always
