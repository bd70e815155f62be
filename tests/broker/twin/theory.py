"""Queueing theory, as textbooks have it. Rates per minute; classes from the highest to the lowest; waits in minutes."""

from collections.abc import Sequence


def erlang_c(rate: float, mean: float, counters: int) -> float:
    """Return the probability of a wait in M/M/c (Erlang 1917)."""
    load, blocked = rate * mean, 1.0
    for k in range(1, counters + 1):
        blocked = load * blocked / (k + load * blocked)
    return counters * blocked / (counters - load * (1 - blocked))


def mean_wait(rate: float, mean: float, counters: int) -> float:
    """Return the mean wait in M/M/c, first come, first served."""
    return erlang_c(rate, mean, counters) / (counters / mean - rate)


def cobham(rates: Sequence[float], mean: float, counters: int) -> list[float]:
    """Return the mean wait of each class in M/M/c with priorities that do not interrupt (Cobham 1954)."""
    first = erlang_c(sum(rates), mean, counters) * mean / counters
    return _by_priority(first, [rate * mean / counters for rate in rates])


def cobham_one_counter(rates: Sequence[float], means: Sequence[float], squares: Sequence[float]) -> list[float]:
    """Return the same for M/G/1, where `squares` are the second moments of the service times."""
    first = sum(rate * square for rate, square in zip(rates, squares, strict=True)) / 2
    return _by_priority(first, [rate * mean for rate, mean in zip(rates, means, strict=True)])


def _by_priority(first: float, loads: Sequence[float]) -> list[float]:
    waits, above = [], 0.0
    for load in loads:
        waits.append(first / ((1 - above) * (1 - above - load)))
        above += load
    return waits


def accumulating(rates: Sequence[float], mean: float, counters: int, targets: Sequence[float]) -> list[float]:
    """Return the mean wait of each class when priority grows with the wait at the rate 1 / target.

    M/M/1: Kleinrock 1964. M/M/c with one mean: the same at c times the rate, all waits times C / load (Sharif,
    Stanford, Taylor & Ziedins 2014).
    """
    load = sum(rates) * mean / counters
    first = load * mean / counters  # W0 of M/M/1 at c times the rate
    slopes = [1 / target for target in targets]
    loads = [rate * mean / counters for rate in rates]
    waits: dict[int, float] = {}
    for p in sorted(range(len(rates)), key=lambda each: slopes[each]):
        slower = [i for i in range(len(rates)) if slopes[i] < slopes[p]]
        faster = [i for i in range(len(rates)) if slopes[i] > slopes[p]]
        above = first / (1 - load) - sum(loads[i] * waits[i] * (1 - slopes[i] / slopes[p]) for i in slower)
        below = 1 - sum(loads[i] * (1 - slopes[p] / slopes[i]) for i in faster)
        waits[p] = above / below
    waiting = erlang_c(sum(rates), mean, counters) / load
    return [waits[p] * waiting for p in range(len(rates))]


def erlang_a(rate: float, mean: float, counters: int, patience: float) -> tuple[float, float]:
    """Return the share of those who leave, and the mean time in the queue of all, in M/M/c+M (Palm 1957)."""
    weights, weight, queue = [1.0], 1.0, 0.0
    for n in range(1, 2000):
        weight *= rate / (min(n, counters) / mean + max(n - counters, 0) / patience)
        weights.append(weight)
        queue += max(n - counters, 0) * weight
    queue /= sum(weights)
    return queue / patience / rate, queue / rate
