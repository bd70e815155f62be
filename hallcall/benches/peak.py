"""A hall in its peaks: eleven multi-skill counters, five services, three classes, days of ten hours up to load 1.27."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from broker.contract.messages import Counter, Discipline, Hall, Node, Policy, PriorityClass, Role, Service, Text, Zone
from broker.twin.arrivals import Arrival
from broker.twin.drawn import endless_arrivals
from broker.twin.settings import Kind, ServiceTime, Simulation, Stream

DAY_MS: Final = 24 * 3_600_000
PEAK_LOAD: Final = 1.27
FROM_HOUR: Final = 8
LOADS: Final = (0.5, 0.95, PEAK_LOAD, PEAK_LOAD, 0.85, 0.6, 0.9, PEAK_LOAD, 1.1, 0.5)  # work that comes ÷ counters
CV: Final = 0.7
SERVICES: Final = {"pay": (3, 0.34), "change": (6, 0.24), "supply": (9, 0.16), "meter": (7, 0.14), "advice": (5, 0.12)}
CLASSES: Final = {"important": (5, 0.06), "courtesy": (8, 0.14), "ordinary": (20, 0.80)}  # target, share of customers
SKILLS: Final = (
    ("pay",),
    ("pay", "change"),
    ("pay", "change"),
    ("pay", "advice"),
    ("change", "supply"),
    ("change", "meter"),
    ("change", "advice"),
    ("supply", "meter"),
    ("supply", "meter", "advice"),
    ("pay", "meter", "advice"),
    tuple(SERVICES),
)


def hall(discipline: Discipline = Discipline.SHARE) -> Hall:
    return Hall(
        id="peak",
        name=_text("peak"),
        zones=(Zone(id="main", name=_text("main")),),
        services=tuple(
            Service(id=each, name=_text(each), prefix="ABCEF"[place], zone="main", minutes=minutes)
            for place, (each, (minutes, _)) in enumerate(SERVICES.items())
        ),
        counters=tuple(Counter(number=at, zone="main", skills=skills) for at, skills in enumerate(SKILLS, start=1)),
        nodes=(Node(id="bench", role=Role.SUPERVISOR),),
        classes=tuple(
            PriorityClass(id=each, name=_text(each), target_min=target) for each, (target, _) in CLASSES.items()
        ),
        policy=Policy(discipline=discipline),
    )


def arrivals(*, days: int, seed: int) -> Iterator[Arrival]:
    """Yield the customers of so many days."""
    mean_min = sum(minutes * share for minutes, share in SERVICES.values())
    full = len(SKILLS) / mean_min  # customers a minute at load 1
    simulation = Simulation(
        arrivals=tuple(
            Stream(
                service=service,
                priority_class=each,
                by_hour=tuple(load * full * share * of_class for load in LOADS),
                from_hour=FROM_HOUR,
            )
            for service, (_, share) in SERVICES.items()
            for each, (_, of_class) in CLASSES.items()
        ),
        service_times=tuple(
            ServiceTime(service=each, kind=Kind.LOGNORMAL, mean_min=minutes, cv=CV)
            for each, (minutes, _) in SERVICES.items()
        ),
    )
    return takewhile(lambda arrival: arrival.at_ms < days * DAY_MS, endless_arrivals(simulation, {}, seed))


def _text(name: str) -> Text:
    return Text(zh=name, en=name)
