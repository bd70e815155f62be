"""Halls and customers for the twin's tests."""

from collections.abc import Mapping, Sequence

from broker.contract.messages import (
    ORDINARY,
    Counter,
    Discipline,
    Hall,
    Node,
    Policy,
    PriorityClass,
    Role,
    Service,
    Text,
    Zone,
)
from broker.twin.arrivals import Arrival
from broker.twin.figures import Figures, Group
from broker.twin.settings import Kind, Patience, ServiceTime, Simulation, Stream
from broker.twin.simulation import simulate

MINUTE_MS = 60_000
NAME = Text(zh="厅", en="Hall")
TWO_CLASSES = {"high": 5.0, ORDINARY: 15.0}
ONE_CLASS = {ORDINARY: 15.0}


def a_hall(
    discipline: Discipline = Discipline.SHARE,
    *,
    skills: Sequence[Sequence[str]] = (("bill",),),
    targets: Mapping[str, float] = TWO_CLASSES,
    policy: Policy | None = None,
    weights: Mapping[str, int] | None = None,
) -> Hall:
    """Return a hall with a counter for each set of skills, and classes from the highest to the lowest."""
    services = sorted({each for skill in skills for each in skill})
    return Hall(
        id="east",
        name=NAME,
        zones=(Zone(id="main", name=NAME),),
        services=tuple(
            Service(id=each, name=NAME, prefix=letter, zone="main")
            for each, letter in zip(services, "ABCEFHLPU", strict=False)
        ),
        counters=tuple(
            Counter(number=number, zone="main", skills=tuple(each)) for number, each in enumerate(skills, start=1)
        ),
        nodes=(Node(id="kiosk-1", role=Role.KIOSK),),
        classes=tuple(
            PriorityClass(id=each, name=NAME, target_min=target, weight=(weights or {}).get(each, 1))
            for each, target in targets.items()
        ),
        policy=policy or Policy(discipline=discipline),
    )


def streams(rates: Mapping[str, float], service: str = "bill") -> tuple[Stream, ...]:
    return tuple(Stream(service=service, priority_class=each, per_min=rate) for each, rate in rates.items())


def a_simulation(
    *arrivals: Stream, mean_min: float = 5, kind: Kind = Kind.EXPONENTIAL, cv: float | None = None, patience: float = 0
) -> Simulation:
    return Simulation(
        arrivals=arrivals,
        service_times=(ServiceTime(kind=kind, mean_min=mean_min, cv=cv),),
        patience=(Patience(mean_min=patience),) if patience else (),
    )


def played(hall: Hall, simulation: Simulation, *, customers: int = 20_000, seed: int = 3) -> Figures:
    return simulate(hall, simulation, {}, customers=customers, warm_up=1000, seed=seed)


def sigmas(group: Group, expected_min: float) -> float:
    """Return how many standard errors a mean wait is away from what theory says."""
    assert group.mean_wait_min is not None
    assert group.mean_wait_se_min is not None
    assert group.batches is not None
    assert group.batches >= 20
    return abs(group.mean_wait_min - expected_min) / group.mean_wait_se_min


def arrival(at_s: float, service_s: float = 60, priority_class: str = ORDINARY, service: str = "bill") -> Arrival:
    return Arrival(
        at_ms=round(at_s * 1000), service=service, priority_class=priority_class, service_ms=round(service_s * 1000)
    )
