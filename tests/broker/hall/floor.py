"""A hall for tests, whose clock moves when told to: what people ask, and what they then see."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from broker.contract.messages import (
    ORDINARY,
    AnyAnswer,
    AnyCommand,
    AnyEvent,
    Called,
    CallNext,
    ClassTarget,
    Clerk,
    ConfigureHall,
    Counter,
    CounterCommand,
    Elapsed,
    FinishService,
    GivenBy,
    Hall,
    MergeTicket,
    Need,
    Node,
    OpenDay,
    Policy,
    PriorityClass,
    QueuesView,
    Recorded,
    Refused,
    ReportSlip,
    Role,
    Service,
    SlipFate,
    TakeTicket,
    Text,
    TicketCalled,
    TicketTaken,
    Zone,
)
from broker.hall.apply import apply
from broker.hall.clock import ms
from broker.hall.decide import decide, pushed
from broker.hall.estimate import promises
from broker.hall.request import NO_PROMISES, Request
from broker.hall.state import HallState
from broker.hall.views import counter_view, queues_view
from broker.hall.visit import Visit

MORNING = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)  # nine o'clock in the hall, a Saturday
TODAY = "2026-11-21"


class Floor:
    """A hall whose clock moves when told to."""

    def __init__(self, hall: Hall, *, promising: bool = True) -> None:
        self.state = HallState(epoch=1)
        self.now = MORNING
        self.history: list[Recorded] = []
        self.promising = promising
        self._ids = 0
        self.ask(OpenDay(id="day", day=TODAY), node="dispatcher")
        self.ask(ConfigureHall(id="hall", hall=hall), node="dispatcher")

    def ask(self, command: AnyCommand, *, node: str = "box-1", abandoned: str | None = None) -> AnyAnswer:
        self.elapse()
        now_ms = ms(self.now)
        promised = promises(self.state, now_ms) if self.promising else NO_PROMISES
        return self.carry_out(command, Request(node, now_ms, promised, abandoned=abandoned))

    def elapse(self) -> None:
        """Let happen what is due by now."""
        now_ms = ms(self.now)
        while (deadline := self.state.next_deadline_ms()) is not None and deadline <= now_ms:
            self.carry_out(Elapsed(id=self.id()), Request("dispatcher", now_ms))
            self.state.forget_deadlines(now_ms)

    def carry_out(self, command: AnyCommand, request: Request) -> AnyAnswer:
        decision = decide(self.state, command, request)
        for event in decision.events:
            self.happen(event)
        while (called := pushed(self.state, request)) is not None:
            self.happen(called)
        return decision.answer

    def happen(self, event: AnyEvent) -> None:
        recorded = Recorded(epoch=1, seq=self.state.seq + 1, at=self.now, event=event)
        apply(self.state, recorded)
        self.history.append(recorded)

    def id(self) -> str:
        self._ids += 1
        return f"t-{self._ids}"

    def later(self, *, seconds: float = 0, minutes: float = 0) -> None:
        """Let time pass, and see to what is due by then."""
        self.now += timedelta(seconds=seconds, minutes=minutes)
        self.elapse()

    # What customers do ------------------------------------------------------------------------------------------------

    def take(
        self, service: str = "bill", priority_class: str = ORDINARY, *, printed: bool = True, **wishes: Any
    ) -> str:
        """Take a number; return it, or the refusal's reason."""
        answer = self.try_take(service, priority_class, **wishes)
        if isinstance(answer, Refused):
            return f"refused: {answer.reason}"
        assert isinstance(answer, TicketTaken)
        if printed:
            self.ask(ReportSlip(id=self.id(), visit=answer.visit, fate=SlipFate.PRINTED), node="kiosk-1")
        return answer.ticket

    def try_take(
        self, service: str, priority_class: str = ORDINARY, *, node: str = "kiosk-1", **wishes: Any
    ) -> AnyAnswer:
        command = TakeTicket(id=self.id(), service=service, priority_class=priority_class, **wishes)
        return self.ask(command, node=node)

    def merge(
        self,
        number: int,
        service: str = "bill",
        *,
        ago_s: float = 0,
        node: str = "kiosk-1",
        abandoned: str | None = None,
        **more: Any,
    ) -> AnyAnswer:
        """Merge a number that a kiosk gave so long ago; `abandoned` is the visit that it never heard of."""
        known = self.state.service(service)
        command = MergeTicket(
            id=self.id(),
            ticket=f"{known.prefix if known is not None else 'A'}{number}",
            number=number,
            service=service,
            day=more.pop("day", self.state.day or TODAY),
            ago_ms=round(ago_s * 1000),
            slip=more.pop("slip", SlipFate.PRINTED),
            **more,
        )
        return self.ask(command, node=node, abandoned=abandoned)

    def queues(self) -> QueuesView:
        now_ms = ms(self.now)
        return queues_view(self.state, promises(self.state, now_ms), now_ms)

    # What clerks do ---------------------------------------------------------------------------------------------------

    def seen(self, counter: int) -> str | None:
        return counter_view(self.state, counter).call

    def press(self, kind: type[CounterCommand], counter: int, *, node: str = "box-1", **more: Any) -> AnyAnswer:
        command = kind(id=self.id(), counter=counter, seen=self.seen(counter), **more)
        return self.ask(command, node=node)  # type: ignore[arg-type]

    def call(self, counter: int) -> str:
        """Press *next*; return the ticket that is called, or the refusal's reason."""
        answer = self.press(CallNext, counter)
        return answer.ticket if isinstance(answer, Called) else f"refused: {reason(answer)}"

    def serve(self, counter: int) -> str:
        """Call the next, and be done with it."""
        ticket = self.call(counter)
        self.press(FinishService, counter)
        return ticket

    # What one sees ----------------------------------------------------------------------------------------------------

    def visit(self, ticket: str) -> Visit:
        found = self.state.visit_of(ticket)
        assert found is not None, ticket
        return found

    def last_call(self) -> TicketCalled:
        return next(each.event for each in reversed(self.history) if isinstance(each.event, TicketCalled))

    def kinds(self, after_seq: int = 0) -> list[str]:
        """Return what happened, by the names of the events."""
        return [type(each.event).__name__ for each in self.history if each.seq > after_seq]

    def waits(self) -> set[str]:
        return {visit.ticket for lane in self.state.lanes.values() for visit in lane.visits.values()}


def reason(answer: AnyAnswer) -> str:
    assert isinstance(answer, Refused), answer
    return answer.reason


def text(english: str) -> Text:
    return Text(zh=english, en=english)


def a_class(name: str, target_min: float = 15, **more: Any) -> PriorityClass:
    return PriorityClass(id=name, name=text(name), target_min=target_min, **more)


COURTESY = a_class("courtesy", 5)
EMERGENCY = a_class("emergency", 1, absolute=True, given_by=GivenBy.SUPERVISOR)
STATUTORY = a_class("statutory", 3, absolute=True)
BOOKED = a_class("booked", 5, appointment=True)
PLAIN = a_class(ORDINARY, 15)


def a_service(name: str, prefix: str, **more: Any) -> Service:
    return Service(id=name, name=text(name), prefix=prefix, zone="main", **more)


BILL, NEW, ASK = a_service("bill", "A"), a_service("new", "B"), a_service("ask", "C")


def a_hall(
    *,
    services: tuple[Service, ...] = (BILL, NEW),
    counters: dict[int, str] | None = None,
    classes: tuple[PriorityClass, ...] = (PLAIN,),
    clerks: tuple[Clerk, ...] = (),
    needs: tuple[Need, ...] = (),
    slip_grace_s: int = 0,
    **policy: Any,
) -> Hall:
    """Return a hall of one zone; `counters` names the skills of each, "bill new"; further words are the policy's."""
    skills = counters or {1: "bill new", 2: "bill"}
    return Hall(
        id="east",
        name=text("East"),
        slip_grace_s=slip_grace_s,
        zones=(Zone(id="main", name=text("Main")),),
        services=services,
        counters=tuple(Counter(number=n, zone="main", skills=tuple(each.split())) for n, each in skills.items()),
        nodes=(
            Node(id="kiosk-1", role=Role.KIOSK),
            Node(id="kiosk-2", role=Role.KIOSK),
            Node(id="board-1", role=Role.DISPLAY),
            Node(id="box-1", role=Role.COUNTER, counters=tuple(skills)),
            Node(id="box-2", role=Role.COUNTER),
            Node(id="boss", role=Role.SUPERVISOR),
            Node(id="watcher", role=Role.WATCH),
        ),
        classes=classes,
        clerks=clerks,
        needs=needs,
        policy=Policy(**policy),
    )


def with_counter(hall: Hall, number: int, **more: Any) -> Hall:
    """Return the hall with something changed about one of its counters."""
    return replace(
        hall,
        counters=tuple(replace(each, **more) if each.number == number else each for each in hall.counters),
    )


def target(priority_class: str, minutes: float) -> ClassTarget:
    return ClassTarget(priority_class=priority_class, minutes=minutes)
