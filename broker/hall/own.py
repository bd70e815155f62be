"""What the dispatcher asks for itself: a new day, a changed hall, deadlines that have come."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from msgspec.structs import replace

from ..contract.messages import (
    AnyEvent,
    ConfigureHall,
    Counter,
    DayOpened,
    Elapsed,
    EvacuationStarted,
    Hall,
    HallConfigured,
    Kept,
    NumbersResumed,
    OpenDay,
    Outcome,
    PriorityClass,
    ResumeNumbers,
    Service,
    Shift,
    TicketReady,
    VisitEnded,
    VisitReturned,
)
from .answers import Decision, done, refused
from .bookings import from_day_on
from .life import AT_COUNTER, HELD, ISSUED, MISSED, SERVING
from .request import Request
from .roster import relieved
from .series import beyond_ticket, is_further
from .state import CLOSE, REST, SHIFT, HallState
from .visit import Visit


def open_day(state: HallState, command: OpenDay, request: Request) -> Decision:
    if state.day == command.day:
        return done(command)
    if state.day is not None and command.day < state.day:
        return refused(command, "day_is_over", day=command.day, today=state.day)
    ended = [_closed(visit) for visit in state.open_visits()]
    opened = DayOpened(
        day=command.day,
        returns=tuple(each for each in state.returns.values() if each.until >= command.day),
        learned=state.learning.carried(),
        bookings=from_day_on(state, command.day),
    )
    same_hall = [HallConfigured(hall=_without_kept(state.hall, state.kept))] if state.hall is not None else []
    still_away = [EvacuationStarted()] if state.evacuation else []
    return done(command, *ended, opened, *same_hall, *still_away)


def resume_numbers(state: HallState, command: ResumeNumbers, request: Request) -> Decision:
    """Jump over the numbers that were printed and are not in the journal; where none is missing, nothing happens."""
    missing = numbers_missing(state, command.day, command.last)
    return done(command, NumbersResumed(last=missing)) if missing else done(command)


def numbers_missing(state: HallState, day: str, last: Mapping[str, str]) -> dict[str, str]:
    """Return those of a day's last tickets, by service, that this hall has not given yet."""
    missing: dict[str, str] = {}
    for service, ticket in last.items():
        known = state.services.get(service) if day == state.day else None
        beyond = beyond_ticket(known, ticket) if known is not None else None
        if beyond is not None and is_further(beyond, state.series.get(service)):
            missing[service] = ticket
    return missing


def _closed(visit: Visit) -> VisitEnded:
    if visit.state is SERVING:
        outcome = Outcome.DONE
    elif visit.state is MISSED:
        outcome = Outcome.NO_SHOW
    else:
        outcome = Outcome.CLOSED_UNSERVED
    return VisitEnded(visit=visit.id, ticket=visit.ticket, outcome=outcome, call=visit.call, counter=visit.counter)


def configure(state: HallState, command: ConfigureHall, request: Request) -> Decision:
    hall, kept = _with_kept(state, command.hall)
    if (state.hall, state.kept) == (hall, kept):
        return done(command)
    return done(command, HallConfigured(hall=hall, kept=kept))


def _with_kept(state: HallState, hall: Hall) -> tuple[Hall, Kept]:
    """Return the new hall together with what is still in use and no longer in it, closing: nobody is lost."""
    old = state.hall
    if old is None:
        return hall, Kept()
    visits = list(state.open_visits())
    in_use = {service for visit in visits for service in (visit.service, *visit.then)}
    their_classes = {visit.priority_class for visit in visits}
    busy = {number for number, desk in state.desks.items() if desk.visit is not None or desk.held}
    services = _gone(old.services, hall.services, in_use, _service_id)
    classes = _gone(old.classes, hall.classes, their_classes, _class_id)
    counters = _gone(old.counters, hall.counters, busy, _counter_number)
    kept = Kept(
        services=tuple(each.id for each in services),
        classes=tuple(each.id for each in classes),
        counters=tuple(each.number for each in counters),
    )
    if kept == Kept():
        return hall, kept
    return replace(
        hall,
        services=(*hall.services, *(replace(each, closing=True) for each in services)),
        classes=(*hall.classes, *(replace(each, closing=True) for each in classes)),
        counters=(*_with_old_skills(old, hall, kept), *(replace(each, closing=True) for each in counters)),
    ), kept


T = TypeVar("T")
K = TypeVar("K", str, int)


def _gone(old: Iterable[T], new: Iterable[T], in_use: set[K], key: Callable[[T], K]) -> list[T]:
    still_there = {key(each) for each in new}
    return [each for each in old if key(each) in in_use and key(each) not in still_there]


def _service_id(service: Service) -> str:
    return service.id


def _class_id(each: PriorityClass) -> str:
    return each.id


def _counter_number(counter: Counter) -> int:
    return counter.number


def _with_old_skills(old: Hall, hall: Hall, kept: Kept) -> list[Counter]:
    """Return the new counters; those that served a service which is closing serve it to its end, or else all do."""
    served = {counter.number: [each for each in counter.skills if each in kept.services] for counter in old.counters}
    counters = [replace(each, skills=(*each.skills, *served.get(each.number, ()))) for each in hall.counters]
    orphans = tuple(each for each in kept.services if not any(each in counter.skills for counter in counters))
    return [replace(each, skills=(*each.skills, *orphans)) for each in counters]


def _without_kept(hall: Hall, kept: Kept) -> Hall:
    """Return the hall as its file states it."""
    return replace(
        hall,
        services=tuple(each for each in hall.services if each.id not in kept.services),
        classes=tuple(each for each in hall.classes if each.id not in kept.classes),
        counters=tuple(
            replace(each, skills=tuple(skill for skill in each.skills if skill not in kept.services))
            for each in hall.counters
            if each.number not in kept.counters
        ),
    )


def elapsed(state: HallState, command: Elapsed, request: Request) -> Decision:
    events: list[AnyEvent] = []
    shifts: list[Shift] = []
    for kind, name in state.due(request.now_ms):
        if kind == REST:
            continue  # what follows is a push
        if kind == SHIFT and state.hall is not None:
            shifts.append(state.hall.roster[int(name)])
            continue
        if kind == CLOSE:
            waiting = (visit for visit in state.open_visits() if visit.state not in AT_COUNTER)
            events += [_closed(visit) for visit in waiting]
            break
        visit = state.visits[name]
        if visit.state is ISSUED:
            events.append(TicketReady(visit=visit.id, ticket=visit.ticket))
        elif visit.state is HELD:
            events.append(VisitReturned(visit=visit.id, ticket=visit.ticket, after_next=False))
    return done(command, *events, *relieved(state, shifts))
