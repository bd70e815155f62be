"""Which calls will probably come next, so that a slow engine can make them before they are needed."""

from dataclasses import dataclass, replace
from typing import Final

from broker.contract.messages import (
    Language,
    Recorded,
    TicketCalled,
    TicketIssued,
    TicketVoided,
    VisitEnded,
)

_NEXT: Final = 3  # tickets of each service
_COUNTERS: Final = 3  # that called the service last
_REMEMBERED: Final = 200  # tickets


@dataclass(frozen=True, kw_only=True)
class Coming:
    """A call that may come."""

    ticket: str
    counter: int
    language: Language


@dataclass(frozen=True, kw_only=True)
class Foresight:
    """Who waits, and which counters call whom; every change returns a new one."""

    waiting: tuple[TicketIssued, ...] = ()
    counters: tuple[tuple[str, int], ...] = ()  # service and counter, the last call first

    def heard(self, recorded: Recorded) -> "Foresight":
        match recorded.event:
            case TicketIssued() as issued:
                return replace(self, waiting=(*self.waiting, issued)[-_REMEMBERED:])
            case TicketCalled(visit=visit, service=service, counter=counter):
                others = [each for each in self.counters if each != (service, counter)]
                return replace(self._without(visit), counters=((service, counter), *others)[:_REMEMBERED])
            case TicketVoided(visit=visit) | VisitEnded(visit=visit):
                return self._without(visit)
            case _:
                return self

    def likely(self) -> tuple[Coming, ...]:
        """Return the calls that may come next, the first of each service first."""
        found = []
        for place in range(_NEXT):
            for service in dict.fromkeys(each.service for each in self.waiting):
                line = [each for each in self.waiting if each.service == service]
                counters = [counter for called, counter in self.counters if called == service][:_COUNTERS]
                found += [
                    Coming(ticket=each.ticket, counter=counter, language=each.language)
                    for each in line[place : place + 1]
                    for counter in counters
                ]
        return tuple(found)

    def _without(self, visit: str) -> "Foresight":
        return replace(self, waiting=tuple(each for each in self.waiting if each.visit != visit))
