"""A room with counters, and people who came before now: for tests of what is foretold."""

from broker.contract.messages import (
    ORDINARY,
    AnyEvent,
    Counter,
    CounterOpened,
    DayOpened,
    GivenBy,
    Hall,
    HallConfigured,
    Language,
    Node,
    Policy,
    PriorityClass,
    Role,
    Service,
    ServiceStarted,
    Text,
    TicketCalled,
    TicketIssued,
    Zone,
)
from broker.hall.apply import happen
from broker.hall.clock import utc
from broker.hall.rehearsal import waits
from broker.hall.state import HallState

MINUTE = 60_000
NOW = 1_000_000 * MINUTE
TEXT = Text(zh="某", en="some")
COURTESY = PriorityClass(id="courtesy", name=TEXT, target_min=5, weight=2)
EMERGENCY = PriorityClass(id="emergency", name=TEXT, absolute=True, given_by=GivenBy.SUPERVISOR)
PLAIN = PriorityClass(id=ORDINARY, name=TEXT, target_min=20)


class Room:
    """Counters, and people who came before now; `bill` takes 5 minutes, `new` 10."""

    def __init__(
        self,
        *counters: Counter,
        policy: Policy = Policy(),  # noqa: B008 - frozen
        classes: tuple[PriorityClass, ...] = (COURTESY, PLAIN),
    ) -> None:
        self.state = HallState(epoch=1)
        services = (
            Service(id="bill", name=TEXT, prefix="A", zone="main", minutes=5, last=9999),
            Service(id="new", name=TEXT, prefix="B", zone="main", minutes=10),
        )
        hall = Hall(
            id="room",
            name=TEXT,
            slip_grace_s=0,
            zones=(Zone(id="main", name=TEXT),),
            services=services,
            counters=counters,
            nodes=(Node(id="kiosk", role=Role.KIOSK),),
            classes=classes,
            policy=policy,
        )
        self.happen(DayOpened(day="2026-11-21"), NOW - 600 * MINUTE)
        self.happen(HallConfigured(hall=hall), NOW - 600 * MINUTE)

    def happen(self, event: AnyEvent, at_ms: int = NOW) -> None:
        happen(self.state, event, at_ms=at_ms, seq=self.state.seq + 1)

    def staff(self, *numbers: int) -> "Room":
        for number in numbers:
            self.happen(CounterOpened(counter=number), NOW - 500 * MINUTE)
        return self

    def come(
        self,
        service: str = "bill",
        priority_class: str = ORDINARY,
        *,
        minutes_ago: float = 1,
        then: tuple[str, ...] = (),
        booked_in_min: int = 0,
    ) -> str:
        number = self.state.seq
        issued = TicketIssued(
            visit=f"v{number}",
            ticket=f"A{number}",
            service=service,
            number=number,
            language=Language.ZH,
            node="kiosk",
            ahead=0,
            wait_low_min=None,
            wait_high_min=None,
            priority_class=priority_class,
            then=then,
            ready_at=utc(NOW + booked_in_min * MINUTE) if booked_in_min else None,
        )
        self.happen(issued, NOW - round(minutes_ago * MINUTE))
        return issued.visit

    def serve(self, counter: int, service: str = "bill", *, since_min: float = 0, then: tuple[str, ...] = ()) -> str:
        """Let a counter be busy with somebody since so many minutes."""
        visit, at_ms = self.come(service, minutes_ago=400, then=then), NOW - round(since_min * MINUTE)
        call = f"{visit}.1"
        called = TicketCalled(
            call=call, visit=visit, ticket="A", service=service, counter=counter, zone="main", language=Language.ZH,
            rule="fcfs", waited_s=0, exempt=True,
        )  # fmt: skip
        self.happen(called, at_ms)
        self.happen(ServiceStarted(call=call, visit=visit, ticket="A", counter=counter), at_ms)
        return visit

    def wait_min(self, service: str = "bill", priority_class: str = ORDINARY) -> float:
        return waits(self.state, NOW)[service, priority_class] / MINUTE


def both(number: int, **more: object) -> Counter:
    return Counter(number=number, zone="main", skills=("bill", "new"), **more)  # type: ignore[arg-type]


def one(number: int, service: str, **more: object) -> Counter:
    return Counter(number=number, zone="main", skills=(service,), **more)  # type: ignore[arg-type]
