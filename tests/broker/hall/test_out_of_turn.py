"""Called by number, served without a ticket, not entitled, another class, served by hand."""

import pytest

from broker.contract.messages import (
    Called,
    CallTicket,
    Clerk,
    Done,
    FinishService,
    Hold,
    HoldVisit,
    MarkNoShow,
    MarkServedByHand,
    NotEntitled,
    OpenCounter,
    Outcome,
    Position,
    Rate,
    Rating,
    Reclassify,
    ServeWithoutTicket,
    SignIn,
    StartService,
    TransferVisit,
    VisitEnded,
)
from broker.hall.views import counter_view

from .floor import ASK, BILL, COURTESY, EMERGENCY, NEW, PLAIN, Floor, a_hall, reason

THREE = {1: "bill new", 2: "bill ask", 3: "bill"}
CLERKS = (Clerk(id="wang"), Clerk(id="li"))


@pytest.fixture
def floor() -> Floor:
    """Three counters at work."""
    floor = Floor(
        a_hall(services=(BILL, NEW, ASK), counters=THREE, clerks=CLERKS, classes=(EMERGENCY, COURTESY, PLAIN))
    )
    for counter in THREE:
        floor.press(OpenCounter, counter)
    return floor


@pytest.mark.parametrize("state", ["waits", "issued", "held", "missed"])
def test_a_clerk_calls_by_number_whoever_has_not_been_served(state: str) -> None:
    floor = Floor(a_hall(slip_grace_s=10 if state == "issued" else 0))
    floor.take()
    floor.take(printed=state != "issued")
    if state == "held":
        floor.press(CallTicket, 2, ticket="A002")
        floor.press(HoldVisit, 2, hold=Hold.OTHER_STEP)
    if state == "missed":
        floor.press(CallTicket, 2, ticket="A002")
        floor.press(MarkNoShow, 2)
    assert isinstance(floor.press(CallTicket, 1, ticket="A002"), Called)
    assert (floor.last_call().rule, floor.last_call().exempt) == ("by_number", True)
    assert counter_view(floor.state, 2).held == ()
    assert floor.waits() == {"A001"}


@pytest.mark.parametrize(
    ("ticket", "counter", "why"),
    [
        ("A009", 2, "unknown_ticket"),
        ("A001", 2, "not_waiting"),
        ("B001", 2, "not_skilled"),
        ("B001", 3, "not_skilled"),
        ("A002", 4, "not_allowed"),
    ],
)
def test_a_call_by_number_is_refused_with_its_reason(ticket: str, counter: int, why: str) -> None:
    clerks = (Clerk(id="li", skills=("bill",)), Clerk(id="wang", call_by_number=False))
    floor = Floor(a_hall(counters={1: "bill new", 2: "bill", 3: "bill new", 4: "bill"}, clerks=clerks))
    floor.press(SignIn, 3, clerk="li")
    floor.press(SignIn, 4, clerk="wang")
    floor.take("bill")
    floor.take("bill")
    floor.take("new")
    assert floor.call(1) == "A001"
    assert reason(floor.press(CallTicket, counter, ticket=ticket)) == why


def test_whoever_was_sent_to_a_counter_can_be_called_there_by_number(floor: Floor) -> None:
    floor.take("new")
    floor.call(1)
    floor.press(TransferVisit, 1, to_counter=3)
    assert isinstance(floor.press(CallTicket, 3, ticket="B001"), Called)


def test_somebody_without_a_ticket_is_served_and_rated(floor: Floor) -> None:
    answer = floor.press(ServeWithoutTicket, 1, service="new")
    assert isinstance(answer, Called)
    assert answer.ticket == "---"
    floor.press(FinishService, 1)
    asked = counter_view(floor.state, 1).rate
    assert asked == answer.call
    floor.ask(Rate(id="r", call=asked, counter=1, rating=Rating.SATISFIED))
    assert floor.state.visits[asked.rpartition(".")[0]].rating is Rating.SATISFIED


def test_who_has_no_ticket_is_not_served_where_nobody_can(floor: Floor) -> None:
    assert reason(floor.press(ServeWithoutTicket, 3, service="new")) == "not_skilled"
    assert reason(floor.press(ServeWithoutTicket, 3, service="gold")) == "unknown_service"


def test_who_has_no_number_is_not_sent_where_nobody_could_call_them(floor: Floor) -> None:
    floor.press(ServeWithoutTicket, 1, service="new")
    assert reason(floor.press(TransferVisit, 1, to_counter=3)) == "no_number"
    assert reason(floor.press(HoldVisit, 1, hold=Hold.DOCUMENTS_AWAY)) == "no_number"
    assert isinstance(floor.press(FinishService, 1), Done)


def test_not_entitled_goes_back_to_the_ordinary_place(floor: Floor) -> None:
    floor.take()
    floor.later(minutes=1)
    floor.take("bill", "courtesy")
    floor.later(minutes=1)
    floor.take()
    floor.later(minutes=3)
    assert floor.call(1) == "A002"
    floor.press(NotEntitled, 1)
    assert [floor.serve(1) for _ in range(3)] == ["A001", "A002", "A003"]
    assert floor.visit("A002").priority_class == "ordinary"


def test_not_entitled_is_for_those_called_with_a_class(floor: Floor) -> None:
    floor.take()
    floor.call(1)
    assert reason(floor.press(NotEntitled, 1)) == "is_ordinary"
    floor.press(FinishService, 1)
    floor.take("bill", "courtesy")
    floor.call(1)
    floor.press(StartService, 1)
    assert reason(floor.press(NotEntitled, 1)) == "already_started"


@pytest.mark.parametrize(
    ("ticket", "priority_class", "node", "why"),
    [
        ("A001", "courtesy", "boss", None),
        ("A001", "emergency", "boss", None),
        ("A001", "emergency", "box-1", "not_allowed"),
        ("A009", "courtesy", "boss", "unknown_ticket"),
        ("A001", "vip", "boss", "unknown_class"),
        ("A002", "courtesy", "boss", "not_waiting"),
    ],
)
def test_the_supervisor_alone_gives_another_class(
    floor: Floor, ticket: str, priority_class: str, node: str, why: str | None
) -> None:
    floor.take()
    floor.take()
    floor.press(CallTicket, 1, ticket="A002")
    answer = floor.ask(Reclassify(id="r", ticket=ticket, priority_class=priority_class), node=node)
    if why is None:
        assert floor.visit("A001").priority_class == priority_class
    else:
        assert reason(answer) == why


def test_served_by_hand_closes_the_series_up_to_a_number_and_nothing_else(floor: Floor) -> None:
    for service in ("bill", "ask", "bill", "bill", "bill"):
        floor.take(service)
    floor.press(CallTicket, 2, ticket="C001")
    floor.press(TransferVisit, 2, service="bill", position=Position.IN_TURN)
    floor.press(CallTicket, 1, ticket="A001")
    floor.ask(MarkServedByHand(id="h", up_to="A003"), node="boss")
    ended = {each.event.ticket for each in floor.history if isinstance(each.event, VisitEnded)}
    assert ended == {"A002", "A003"}
    assert floor.waits() == {"A004", "C001"}
    assert floor.visit("A002").outcome is Outcome.BY_HAND


def test_served_by_hand_is_the_supervisors_word(floor: Floor) -> None:
    floor.take()
    assert reason(floor.ask(MarkServedByHand(id="h", up_to="A001"), node="box-1")) == "not_allowed"
    assert reason(floor.ask(MarkServedByHand(id="h", up_to="A009"), node="boss")) == "unknown_ticket"
