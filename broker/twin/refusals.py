"""What cannot be simulated, and what to do about it: said before the play begins, all at once."""

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Final

from ..contract.messages import Counter, Discipline, GivenBy, Hall
from .drawn import Samples, mean_ms, patience, rates, service_time
from .settings import Simulation, Stream

MOST_GROUPS: Final = 14  # of streams that the same counters take: all 2^14 unions of them are looked at
Able = frozenset[int]  # counters


class CannotSimulate(ValueError):
    """A play that would show nothing; its text names every reason, one a line, and what to do."""


def check_policy(hall: Hall) -> None:
    """Raise CannotSimulate when the discipline lacks what it needs."""
    if hall.policy.discipline is Discipline.RULES and not hall.policy.rules:
        raise CannotSimulate("the discipline rules has no rules; add [[policy.rules]], or choose another with --policy")


def why_nobody_comes(hall: Hall, service: str, priority_class: str, *, booked: bool = False) -> str | None:
    """Return why customers of a class cannot come for a service; None when they can."""
    wanted = next((each for each in hall.services if each.id == service), None)
    if wanted is None:
        return f'the hall has no service "{service}"; it has {", ".join(each.id for each in hall.services)}'
    known = next((each for each in hall.classes if each.id == priority_class), None)
    if known is None:
        return f'the hall has no class "{priority_class}"; it has {", ".join(each.id for each in hall.classes)}'
    if wanted.closing or known.closing:
        return f'"{service if wanted.closing else priority_class}" is closing: there are no new tickets of it'
    if known.given_by is GivenBy.NOBODY:
        return f'nobody gives the class "{priority_class}" (given_by = "nobody"); change given_by or take another'
    if known.appointment and not booked:
        return f'the class "{priority_class}" waits from a booked time, and none is given; take another class'
    if booked and not known.appointment:
        return f'only a class with appointment = true has a booked time; "{priority_class}" has not'
    if not able(hall, service, priority_class):
        return (
            f'no counter takes the class "{priority_class}" for the service "{service}"; '
            "look at the counters' skills, helps and reserved_for"
        )
    return None


def able(hall: Hall, service: str, priority_class: str) -> Able:
    """Return the counters that may call such a customer."""
    return frozenset(each.number for each in hall.counters if _is_able(each, service, priority_class))


def _is_able(counter: Counter, service: str, priority_class: str) -> bool:
    if counter.closing or (service not in counter.skills and service not in counter.helps):
        return False
    return not counter.reserved_for or priority_class in counter.reserved_for


def check_streams(hall: Hall, simulation: Simulation) -> None:
    """Raise CannotSimulate when somebody cannot come, or nobody says how long the service takes."""
    check_policy(hall)
    reasons = [reason for stream in simulation.arrivals for reason in _wrong(hall, simulation, stream)]
    if not any(any(rates(stream)) for stream in simulation.arrivals):
        reasons.append("simulate.arrivals: nobody comes: all arrivals per minute are 0; give one above 0")
    if reasons:
        raise CannotSimulate("\n".join(reasons))


def _wrong(hall: Hall, simulation: Simulation, stream: Stream) -> Iterator[str]:
    service, name = stream.service, stream.priority_class
    why = why_nobody_comes(hall, service, name)
    if why is not None:
        yield f"simulate.arrivals of {service}, {name}: {why}"
    if service_time(simulation, service, name) is None:
        yield f"simulate.arrivals of {service}, {name}: no [[simulate.service_times]] says how long it takes; add one"


def check_load(hall: Hall, simulation: Simulation, samples: Samples) -> None:
    """Raise CannotSimulate when queues would grow for ever: more work comes than its counters can do.

    Whatever services one takes together, their work must be less than what all the counters that take any of them can
    do. Those who lose patience leave, and their queues end by themselves.
    """
    work: dict[Able, float] = {}  # minutes of work a minute
    names: dict[Able, list[str]] = {}
    for stream in simulation.arrivals:
        service, name = stream.service, stream.priority_class
        length = service_time(simulation, service, name)
        if length is None or patience(simulation, service, name) is not None:
            continue
        counters = able(hall, service, name)
        per_ms = sum(rates(stream)) / 24
        rest_ms = hall.policy.rest_s * 1000
        work[counters] = work.get(counters, 0.0) + per_ms * (mean_ms(length, samples) + rest_ms)
        names.setdefault(counters, []).append(f"{service} ({name})")
    for groups in _unions(list(work)):
        load = sum(work[each] for each in groups)
        counters = frozenset[int]().union(*groups)
        if load >= len(counters) - 1e-9:
            raise CannotSimulate(_too_much(load, counters, [name for each in groups for name in names[each]]))


def _unions(groups: list[Able]) -> Iterator[tuple[Able, ...]]:
    sizes: Iterable[int] = range(1, len(groups) + 1)
    if len(groups) > MOST_GROUPS:
        sizes = (1, 2, len(groups))
    for size in sizes:
        yield from combinations(groups, size)


def _too_much(load: float, counters: Able, names: list[str]) -> str:
    listed = ", ".join(map(str, sorted(counters)))
    return (
        f"load {load / len(counters):.3f} of {len(counters)} counters ({listed}), by {', '.join(names)}: at 1 or above "
        f"the queue grows for ever and has no mean (work of {load:.2f} counters comes). Lower the arrivals or the "
        "service times, add counters or skills, add [[simulate.patience]], or play whole days with --days"
    )
