"""A change of a hall: another order, other promises, more or fewer counters; checked against what the hall has."""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ..contract.messages import ClassTarget, Counter, Discipline, GivenBy, Hall
from .recorded import RecordedDay
from .staffing import Shift

MOST_COUNTERS: Final = 95


class AddedCounter(Struct, frozen=True, kw_only=True):
    """A further counter; without times it is staffed from the first counter's opening until nobody waits."""

    skills: tuple[str, ...] = ()  # (): all services
    from_ms: int | None = None  # since midnight
    until_ms: int | None = None


class Target(Struct, frozen=True, kw_only=True):
    """Another promise to a class, at one service or at all."""

    priority_class: str
    minutes: float
    service: str | None = None


class Change(Struct, frozen=True, kw_only=True):
    """What is to be different."""

    policy: Discipline | None = None
    targets: tuple[Target, ...] = ()
    added: tuple[AddedCounter, ...] = ()
    closed: tuple[int, ...] = ()


class ImpossibleChange(ValueError):
    """A change that this hall does not allow; its text says why."""


def as_given(day: RecordedDay) -> Hall:
    """Return the hall of a day with nothing that would give its customers another class or send them away again.

    Where counters are known, what they did between two customers is part of each recorded service.
    """
    hall = day.hall
    classes = tuple(replace(each, given_by=GivenBy.KIOSK, per_hour=None, closing=False) for each in hall.classes)
    services = tuple(replace(each, closing=False) for each in hall.services)
    counters = tuple(replace(each, closing=False) for each in hall.counters)  # shifts say when each ended
    seen = any(stay.counter is not None for stay in day.stays)
    policy = replace(hall.policy, rest_s=0) if seen else hall.policy
    return replace(hall, classes=classes, services=services, counters=counters, policy=policy)


def check(hall: Hall, change: Change) -> None:
    """Raise ImpossibleChange when the hall has not what the change names."""
    services, classes = [each.id for each in hall.services], [each.id for each in hall.classes]
    for target in change.targets:
        _known("class", target.priority_class, classes)
        if target.service is not None:
            _known("service", target.service, services)
    for added in change.added:
        for skill in added.skills:
            _known("service", skill, services)
    numbers = [each.number for each in hall.counters]
    for closed in change.closed:
        _known("counter", str(closed), map(str, numbers))
    if max(numbers) + len(change.added) > MOST_COUNTERS:
        raise ImpossibleChange(f"the windows' numbers end at {MOST_COUNTERS}")


def _known(what: str, name: str, names: Iterable[str]) -> None:
    names = list(names)
    if name not in names:
        raise ImpossibleChange(f"there is no {what} {name}; there are {', '.join(names)}")


def changed(hall: Hall, change: Change) -> Hall:
    """Return the hall with the change; what it names and this hall has not, as on an earlier day, is passed over."""
    for target in change.targets:
        hall = _with_target(hall, target)
    services = tuple(each.id for each in hall.services)
    number = max(each.number for each in hall.counters)
    for added in change.added:
        number += 1
        new = Counter(number=number, zone=hall.zones[0].id, skills=added.skills or services)
        hall = replace(hall, counters=(*hall.counters, new))
    if change.policy is not None:
        hall = replace(hall, policy=replace(hall.policy, discipline=change.policy))
    return hall


def _with_target(hall: Hall, target: Target) -> Hall:
    name, service = target.priority_class, target.service
    own = () if service is None else (ClassTarget(priority_class=name, minutes=target.minutes),)
    services = tuple(
        replace(each, targets=(*(old for old in each.targets if old.priority_class != name), *own))
        if service in {None, each.id}
        else each
        for each in hall.services
    )
    classes = tuple(
        replace(each, target_min=target.minutes) if service is None and each.id == name else each
        for each in hall.classes
    )
    return replace(hall, services=services, classes=classes)


def changed_shifts(day: RecordedDay, hall: Hall, change: Change) -> list[Shift]:
    """Return when the counters of the changed hall are staffed."""
    kept = [shift for shift in day.shifts if shift.counter not in change.closed]
    opens_ms = min((shift.from_ms for shift in day.shifts), default=0)
    new = hall.counters[len(hall.counters) - len(change.added) :]
    added = [
        Shift(
            counter=counter.number,
            from_ms=each.from_ms if each.from_ms is not None else opens_ms,
            until_ms=each.until_ms,
        )
        for counter, each in zip(new, change.added, strict=True)
    ]
    return [*kept, *added]
