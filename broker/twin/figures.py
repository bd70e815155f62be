"""The figures of a play, and what they mean: waits, targets, overtaking, how the work was shared among the counters."""

from collections.abc import Sequence
from itertools import pairwise
from math import floor, sqrt
from typing import Final

from msgspec import Struct

FEWEST_BATCHES: Final = 20
MOST_BATCHES: Final = 40
IN_A_BATCH: Final = 10_000  # customers from which on there are more batches


class Group(Struct, frozen=True, kw_only=True):
    """The figures of some customers. `null` where there is nobody whom they could be of."""

    customers: int  # who came
    called: int
    no_shows: int  # left before their call
    no_show_share: float | None  # of those who took a ticket
    no_show_share_se: float | None  # standard error, by batch means
    unserved: int  # still waited when the hall sent everybody home, or nobody could call them
    turned_away: int  # got no ticket
    capped: int  # asked for another class, whose hour was used up: counted here, as ordinary
    target_min: float | None  # null where the group has several
    mean_wait_min: float | None  # of those called, as all waits
    mean_wait_se_min: float | None  # standard error, by batch means
    batches: int | None  # of which
    p50_wait_min: float | None
    p90_wait_min: float | None
    p95_wait_min: float | None
    max_wait_min: float | None
    share_within_target: float | None  # of those called: wait not above the target
    worst_wait_to_target: float | None  # the largest wait divided by its target
    mean_queue_min: float | None  # in the queue, of those called and those who left
    mean_queue_se_min: float | None  # standard error, by batch means
    max_overtaken_times: int  # by calls that the bound on overtaking binds
    max_overtaken_exempt_times: int  # by the others
    max_overtaken_min: float  # a later ticket that the bound binds, called first, came so much later


class CounterFigures(Struct, frozen=True, kw_only=True):
    counter: int
    served: int
    busy_min: float
    staffed_min: float
    utilisation: float


class Balance(Struct, frozen=True, kw_only=True):
    """How evenly the counters were busy."""

    mean_utilisation: float
    utilisation_cv: float | None  # standard deviation divided by the mean
    jain_index: float | None  # 1: all alike; 1/n: one does everything


class Figures(Struct, frozen=True, kw_only=True):
    """All that a play shows."""

    hall: str
    policy: str
    source: str  # customers, days or arrivals
    seed: int | None
    days: int | None
    customers: int
    warm_up_customers: int
    simulated_min: float
    all: Group
    by_class: dict[str, Group]
    by_service: dict[str, Group]
    by_service_and_class: dict[str, dict[str, Group]]
    counters: tuple[CounterFigures, ...]
    balance: Balance
    turned_away: dict[str, int]  # by reason


def quantile(ordered: Sequence[int], share: float) -> float | None:
    """Return a quantile of sorted values, interpolated between neighbours (Hyndman & Fan's type 7)."""
    if not ordered:
        return None
    at = (len(ordered) - 1) * share
    below = floor(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)


def batches_of(values: int) -> int | None:
    """Return into how many batches so many values are divided; None when they are too few."""
    if values < 2 * FEWEST_BATCHES:
        return None
    return max(FEWEST_BATCHES, min(MOST_BATCHES, values // IN_A_BATCH))


def standard_error(values: Sequence[int], batches: int) -> float:
    """Return the standard error of the mean of values that hang together, by the means of consecutive batches."""
    ends = [len(values) * number // batches for number in range(batches + 1)]
    means = [sum(values[begin:end]) / (end - begin) for begin, end in pairwise(ends)]
    middle = sum(means) / batches
    return sqrt(sum((each - middle) ** 2 for each in means) / (batches - 1) / batches)


def balance(utilisations: Sequence[float]) -> Balance:
    count = len(utilisations)
    mean = sum(utilisations) / count
    squares = sum(each * each for each in utilisations)
    if not squares:
        return Balance(mean_utilisation=0.0, utilisation_cv=None, jain_index=None)
    spread = sqrt(sum((each - mean) ** 2 for each in utilisations) / count)
    return Balance(
        mean_utilisation=mean, utilisation_cv=spread / mean, jain_index=(mean * count) ** 2 / count / squares
    )
