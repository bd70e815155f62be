"""Who may send which command: asked of `decide` itself, in a small hall with a node of every role."""

from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from broker.ailments import found
from broker.contract import wire
from broker.contract.messages import (
    ORDINARY,
    AnyEvent,
    Command,
    Counter,
    DayOpened,
    Hall,
    HallConfigured,
    Hold,
    Language,
    Node,
    Outcome,
    Rating,
    ReadEvents,
    Refused,
    Role,
    Service,
    SlipFate,
    Text,
    TicketIssued,
    Zone,
)
from broker.hall.apply import happen
from broker.hall.decide import decide
from broker.hall.request import Request
from broker.hall.state import HallState

DAY: Final = date(2026, 5, 4).isoformat()
VISIT: Final = f"{DAY}-A001"
NAME: Final = Text(zh="厅", en="Hall")
HALL: Final = Hall(
    id="hall",
    name=NAME,
    zones=(Zone(id="zone", name=NAME),),
    services=(Service(id="service", name=NAME, prefix="A", zone="zone"),),
    counters=(Counter(number=1, zone="zone", skills=("service",)),),
    nodes=tuple(
        Node(id=role.value, role=role, counters=(1,) if role is Role.COUNTER else ())
        for role in Role
        if role is not Role.DISPATCHER
    ),
)
ISSUED: Final = TicketIssued(
    visit=VISIT,
    ticket="A001",
    service="service",
    number=1,
    language=Language.ZH,
    node=Role.KIOSK.value,
    ahead=0,
    wait_low_min=None,
    wait_high_min=None,
)
EVENTS: Final[tuple[AnyEvent, ...]] = (DayOpened(day=DAY), HallConfigured(hall=HALL), ISSUED)
GIVEN: Final[dict[str, Any]] = {  # what any command needs
    "id": "c",
    "day": DAY,
    "last": {"service": "A001"},
    "hall": HALL,
    "service": "service",
    "visit": VISIT,
    "ticket": "A001",
    "number": 1,
    "ago_ms": 0,
    "slip": SlipFate.PRINTED,
    "code": "100000",
    "at": datetime(2026, 5, 4, 12, tzinfo=UTC),
    "up_to": "A001",
    "call": f"{VISIT}.1",
    "counter": 1,
    "clerk": None,
    "armed": True,
    "fate": SlipFate.PRINTED,
    "hold": Hold.OTHER_STEP,
    "outcome": Outcome.DONE,
    "rating": Rating.SATISFIED,
    "priority_class": ORDINARY,
    "reason": "lunch",
    "reasons": ("slow",),
    "box": "kiosk-1",
    "node": Role.KIOSK.value,
    "device": "printer",
    "test": "t",
    "finding": found("test_slip"),
    "after_seq": 0,
}


def senders(kind: type[Command]) -> tuple[Role, ...]:
    """Return the roles whose nodes may send this command; of counters and slips each its own."""
    if kind is ReadEvents:  # answered from the journal, whoever asks
        return tuple(role for role in wire.channel("cmd/{}").writers)
    state = HallState()
    for seq, event in enumerate(EVENTS, start=1):
        happen(state, event, at_ms=0, seq=seq)
    command: Any = kind(**{field.name: GIVEN[field.name] for field in msgspec.structs.fields(kind) if field.required})
    return tuple(role for role in Role if not _is_refused(state, command, role))


def _is_refused(state: HallState, command: Any, role: Role) -> bool:
    answer = decide(state, command, Request(node=role.value, now_ms=0)).answer
    return isinstance(answer, Refused) and answer.reason == "not_allowed"
