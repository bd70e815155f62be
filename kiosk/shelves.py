"""Which services stand on which page: the commonest in front, the rest on shelves. Pure.

The hall file lists its services from the commonest on: the first page of them is the front. The others stand behind
*more services*: in the hall's own groups, to any depth, whose shelves hold all that belongs there; without groups at
once where they fill one page, else on a shelf for each class of service.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from broker.contract.messages import (
    ORDINARY,
    GivenBy,
    Group,
    Hall,
    Need,
    PriorityClass,
    Service,
    ServiceClass,
)

FRONT: Final = None
REST: Final = "rest"  # everything behind the front
_GROUP: Final = "group:"


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """A card that leads to a page of its own, of a group or of a class; `services` are all on it, at any depth."""

    id: str
    services: tuple[str, ...]
    group: Group | None = None
    service_class: ServiceClass | None = None


Entry = Service | Shelf


def front(hall: Hall, size: int) -> tuple[Service, ...]:
    return hall.services[:size]


def entries(hall: Hall, shelf: str | None, size: int) -> tuple[Entry, ...]:
    """Return all that stands on a shelf, over however many pages."""
    if shelf is FRONT:
        return front(hall, size)
    if shelf.startswith(_GROUP):
        name = shelf.removeprefix(_GROUP)
        return (*_groups_in(hall, name), *(each for each in hall.services if each.group == name))
    rest = hall.services[size:]
    if shelf != REST:
        return tuple(each for each in rest if each.service_class.value == shelf)
    known = {each.id for each in hall.groups}
    loose = tuple(each for each in rest if each.group not in known)
    behind = {each.id for each in rest}
    groups = tuple(each for each in _groups_in(hall, None) if not behind.isdisjoint(each.services))
    if groups:
        return (*groups, *loose)
    kinds = [kind for kind in ServiceClass if any(each.service_class is kind for each in rest)]
    if len(rest) <= size or len(kinds) == 1:
        return rest
    return tuple(_class_shelf(kind, rest) for kind in kinds)


def _class_shelf(kind: ServiceClass, rest: tuple[Service, ...]) -> Shelf:
    services = tuple(each.id for each in rest if each.service_class is kind)
    return Shelf(id=kind.value, services=services, service_class=kind)


def _groups_in(hall: Hall, parent: str | None) -> Iterator[Shelf]:
    """Yield the groups that stand in another one, or in none, and lead to a service."""
    for group in hall.groups:
        services = tuple(each.id for each in hall.services if group.id in _way_up(hall, each.group))
        if group.parent == parent and services:
            yield Shelf(id=_GROUP + group.id, services=services, group=group)


def _way_up(hall: Hall, group: str | None) -> list[str]:
    """Return a group and all that it stands in."""
    parents = {each.id: each.parent for each in hall.groups}
    way: list[str] = []
    while group is not None and group in parents and group not in way:
        way.append(group)
        group = parents[group]
    return way


def group_of(hall: Hall, shelf: str | None) -> Group | None:
    """Return the group whose services stand on a shelf."""
    return next((each for each in hall.groups if shelf == _GROUP + each.id), None)


def pages(hall: Hall, shelf: str | None, size: int) -> int:
    return max(1, -(-len(entries(hall, shelf, size)) // size))


def on_page(hall: Hall, shelf: str | None, page: int, size: int) -> tuple[Entry, ...]:
    return entries(hall, shelf, size)[page * size : (page + 1) * size]


def has_more(hall: Hall, shelf: str | None, size: int) -> bool:
    """Return whether a page has a further one behind it."""
    return len(hall.services) > size if shelf is FRONT else pages(hall, shelf, size) > 1


def way_back(hall: Hall, shelf: str | None, size: int) -> tuple[str | None, int]:
    """Return where *back* leads from a shelf: one level up, to the page on which its card stands."""
    if shelf is FRONT or shelf == REST:
        return FRONT, 0
    group = group_of(hall, shelf)
    above = _GROUP + group.parent if group is not None and group.parent is not None else REST
    for place, entry in enumerate(entries(hall, above, size)):
        if isinstance(entry, Shelf) and entry.id == shelf:
            return above, place // size
    return FRONT, 0


def place_of(hall: Hall, service_id: str, size: int) -> tuple[str | None, int]:
    """Return the shelf and the page on which a service stands; the nearest to the front where there are several."""
    kinds, groups = (kind.value for kind in ServiceClass), (_GROUP + each.id for each in hall.groups)
    for shelf in (FRONT, REST, *groups, *kinds):
        for place, entry in enumerate(entries(hall, shelf, size)):
            if isinstance(entry, Service) and entry.id == service_id:
                return shelf, place // size
    return FRONT, 0


def classes_offered(hall: Hall) -> tuple[PriorityClass, ...]:
    """Return the priority classes that customers may pick for themselves."""
    return tuple(
        each
        for each in hall.classes
        if each.given_by is GivenBy.KIOSK and not each.appointment and not each.closing and each.id != ORDINARY
    )


def needs_offered(hall: Hall, service_id: str) -> tuple[Need, ...]:
    """Return the needs that the hall can meet at a service."""
    met = {
        need
        for counter in hall.counters
        if not counter.closing and service_id in (*counter.skills, *counter.helps)
        for need in counter.meets
    }
    met |= {need for clerk in hall.clerks if clerk.skills is None or service_id in clerk.skills for need in clerk.meets}
    return tuple(each for each in hall.needs if not each.at_counter or each.id in met)


def prefixes(hall: Hall) -> tuple[str, ...]:
    """Return the letters with which today's numbers may begin, in the order of their services."""
    letters = [letter for each in hall.services for letter in (each.prefix, each.extra_prefix) if letter is not None]
    return tuple(dict.fromkeys(letters))
