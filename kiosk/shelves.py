"""Which services stand on which page: the commonest in front, the rest on shelves. Pure.

The hall file lists its services from the commonest on: the first page of them is the front. The others stand behind
*more services*: at once where they fill one page, else on a shelf for each class of service.
"""

from dataclasses import dataclass
from typing import Final

from broker.contract.messages import (
    ORDINARY,
    GivenBy,
    Hall,
    Need,
    PriorityClass,
    Service,
    ServiceClass,
)

FRONT: Final = None
REST: Final = "rest"  # everything behind the front


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """A card that leads to a page of its own."""

    id: str
    service_class: ServiceClass


Entry = Service | Shelf


def front(hall: Hall, size: int) -> tuple[Service, ...]:
    return hall.services[:size]


def entries(hall: Hall, shelf: str | None, size: int) -> tuple[Entry, ...]:
    """Return all that stands on a shelf, over however many pages."""
    if shelf is FRONT:
        return front(hall, size)
    rest = hall.services[size:]
    if shelf != REST:
        return tuple(each for each in rest if each.service_class.value == shelf)
    kinds = [kind for kind in ServiceClass if any(each.service_class is kind for each in rest)]
    if len(rest) <= size or len(kinds) == 1:
        return rest
    return tuple(Shelf(id=kind.value, service_class=kind) for kind in kinds)


def pages(hall: Hall, shelf: str | None, size: int) -> int:
    return max(1, -(-len(entries(hall, shelf, size)) // size))


def on_page(hall: Hall, shelf: str | None, page: int, size: int) -> tuple[Entry, ...]:
    return entries(hall, shelf, size)[page * size : (page + 1) * size]


def has_more(hall: Hall, shelf: str | None, size: int) -> bool:
    """Return whether a page has a further one behind it."""
    return len(hall.services) > size if shelf is FRONT else pages(hall, shelf, size) > 1


def parent(hall: Hall, shelf: str | None, size: int) -> str | None:
    """Return where *back* leads from a shelf."""
    if shelf is FRONT or shelf == REST:
        return FRONT
    return REST if len(hall.services) > size else FRONT


def place_of(hall: Hall, service_id: str, size: int) -> tuple[str | None, int]:
    """Return the shelf and the page on which a service stands."""
    for shelf in (FRONT, REST, *(kind.value for kind in ServiceClass)):
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
