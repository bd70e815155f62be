"""Who the customer is, as far as the hall may know: a hash that the kiosk made with a key of its own, for one day.

It serves to hold the most tickets of a person in a day, and to tell the clerk how often he was here before. The hall
forgets it with the day; a day's journal keeps it, where it links nothing across days.
"""

from ..contract.messages import Command, Hall, Role, Service, TakeTicket
from . import hours
from .answers import Decision, refused
from .life import VOID
from .request import Request
from .state import HallState
from .visit import Visit


def asked_of(hall: Hall, service: Service, person: str | None) -> str | None:
    """Return the person where the service asks who it is; what nobody asks for is not kept."""
    identity = hall.identity
    asks = identity is not None and service.id in (*identity.required, *identity.optional)
    return person if asks else None


def wrong_person(
    state: HallState, hall: Hall, service: Service, command: TakeTicket, request: Request
) -> Decision | None:
    """Return the refusal of a ticket for who takes it, or for not saying who. A supervisor need not say."""
    identity = hall.identity
    if identity is None:
        return None
    person = asked_of(hall, service, command.person)
    if person is None:
        is_missing = service.id in identity.required and state.roles.get(request.node) is Role.KIOSK
        return refused(command, "person_missing", service=service.id) if is_missing else None
    promised = command.booking is not None or command.return_code is not None
    if identity.per_day is None or promised or len(tickets_of(state, person)) < identity.per_day:
        return None
    return _used_up(hall, command, identity.per_day, request.now_ms)


def _used_up(hall: Hall, command: Command, most: int, now_ms: int) -> Decision:
    again = hours.opens_on_a_later_day(hall, now_ms)
    if again is None:
        return refused(command, "person_limit_for_now", most=most)
    return refused(command, "person_limit", most=most, day=again.date().isoformat())


def tickets_of(state: HallState, person: str) -> list[Visit]:
    """Return a person's visits of today; a ticket whose slip never came out is none."""
    visits = (state.visits[each] for each in state.visits_of.get(person, ()))
    return [each for each in visits if each.state is not VOID]


def visits_before(state: HallState, visit: Visit) -> int | None:
    """Return how often a visit's customer was here earlier today; None: nobody knows who it is."""
    if visit.person is None:
        return None
    return sum(each.issued_seq < visit.issued_seq for each in tickets_of(state, visit.person))
