"""Held, and sent on: to a service, a counter, a clerk; and nobody is stranded."""

from typing import Any

import pytest

from broker.contract.messages import (
    Called,
    CallTicket,
    Clerk,
    CloseCounter,
    Hold,
    HoldVisit,
    OpenCounter,
    PauseCounter,
    Position,
    ResumeVisit,
    Returned,
    ReturnTicket,
    SignIn,
    TransferVisit,
)
from broker.hall.life import VisitState
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


def back(floor: Floor, ticket: str) -> Returned:
    answer = floor.ask(ReturnTicket(id=floor.id(), ticket=ticket), node="kiosk-1")
    assert isinstance(answer, Returned), answer
    return answer


# Holds ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hold", "at_two"),
    [(Hold.DOCUMENTS_AWAY, "A001"), (Hold.DOCUMENTS_KEPT, "refused: papers_elsewhere"), (Hold.OTHER_STEP, "A001")],
)
def test_papers_that_a_counter_keeps_bring_the_customer_back_to_it_and_to_no_other(
    floor: Floor, hold: Hold, at_two: str
) -> None:
    floor.take()
    floor.call(1)
    floor.press(HoldVisit, 1, hold=hold)
    assert counter_view(floor.state, 1).held == ("A001",)
    assert floor.call(1) == "refused: nobody_waits"
    answer = floor.press(ResumeVisit, 2, ticket="A001")
    assert (answer.ticket if isinstance(answer, Called) else f"refused: {reason(answer)}") == at_two
    if at_two == "A001":
        assert floor.visit("A001").state is VisitState.SERVING
        assert counter_view(floor.state, 1).held == ()
    else:
        assert reason(floor.press(CallTicket, 2, ticket="A001")) == "papers_elsewhere"
        assert isinstance(floor.press(ResumeVisit, 1, ticket="A001"), Called)


@pytest.mark.parametrize(("hold", "whose"), [(Hold.DOCUMENTS_AWAY, 2), (Hold.DOCUMENTS_KEPT, 1), (Hold.OTHER_STEP, 2)])
def test_a_hold_that_lasted_too_long_waits_again_in_its_old_place(floor: Floor, hold: Hold, whose: int) -> None:
    floor.take()
    floor.call(1)
    floor.press(HoldVisit, 1, hold=hold)
    floor.later(minutes=5)
    floor.take()
    floor.later(minutes=54)
    assert floor.visit("A001").state is VisitState.HELD
    floor.later(minutes=1)
    assert floor.visit("A001").state is VisitState.WAITING
    assert floor.call(3 - whose) == ("A002" if whose == 1 else "A001")
    assert floor.call(whose) == ("A001" if whose == 1 else "A002")


def test_a_customer_on_hold_who_says_so_at_the_kiosk_comes_after_the_next(floor: Floor) -> None:
    floor.take()
    floor.call(1)
    floor.press(HoldVisit, 1, hold=Hold.DOCUMENTS_AWAY)
    floor.take()
    floor.take()
    assert back(floor, "A001").after_next
    assert [floor.serve(1), floor.serve(1), floor.serve(1)] == ["A002", "A001", "A003"]


def test_papers_kept_at_a_counter_that_closes_strand_nobody(floor: Floor) -> None:
    floor.take()
    floor.call(1)
    floor.press(HoldVisit, 1, hold=Hold.DOCUMENTS_KEPT)
    back(floor, "A001")
    assert floor.call(2) == "refused: nobody_waits"
    floor.press(CloseCounter, 1)
    assert floor.call(2) == "A001"


def test_papers_away_may_come_back_to_any_counter_though_they_were_kept_before(floor: Floor) -> None:
    floor.take()
    floor.call(1)
    floor.press(HoldVisit, 1, hold=Hold.DOCUMENTS_KEPT)
    floor.press(ResumeVisit, 1, ticket="A001")
    floor.press(HoldVisit, 1, hold=Hold.DOCUMENTS_AWAY)
    back(floor, "A001")
    assert floor.call(2) == "A001"


# Transfers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("position", "order"),
    [
        (Position.FIRST, ["A001", "C001", "C002"]),
        (Position.IN_TURN, ["C001", "A001", "C002"]),
        (Position.LAST, ["C001", "C002", "A001"]),
    ],
)
def test_sent_on_to_a_service_first_in_turn_or_last(floor: Floor, position: Position, order: list[str]) -> None:
    floor.take("ask")
    floor.later(seconds=9)
    floor.take("bill")
    floor.press(CallTicket, 1, ticket="A001")
    floor.later(seconds=9)
    floor.take("ask")
    floor.later(seconds=9)
    floor.press(TransferVisit, 1, service="ask", position=position)
    assert floor.call(1) == "refused: nobody_waits"
    assert [floor.serve(2) for _ in order] == order


def test_sent_on_to_a_counter_means_that_counter_whatever_its_skills(floor: Floor) -> None:
    floor.take("new")
    floor.call(1)
    floor.press(TransferVisit, 1, to_counter=3)
    assert floor.call(1) == "refused: nobody_waits"
    assert floor.call(3) == "B001"


@pytest.mark.parametrize("gone", [PauseCounter, CloseCounter])
def test_sent_on_to_a_counter_that_then_stops_work_strands_nobody(floor: Floor, gone: type) -> None:
    floor.take()
    floor.call(1)
    floor.press(TransferVisit, 1, to_counter=3)
    floor.press(gone, 3, **({"reason": "tea"} if gone is PauseCounter else {}))
    assert floor.call(2) == "A001"


def test_sent_on_to_a_counter_that_never_opened_strands_nobody() -> None:
    floor = Floor(a_hall(counters={1: "bill", 2: "bill", 3: "bill"}))
    floor.take()
    floor.call(1)
    floor.press(TransferVisit, 1, to_counter=3)
    assert floor.call(2) == "A001"


def test_sent_on_to_a_clerk_means_wherever_that_clerk_sits(floor: Floor) -> None:
    floor.press(SignIn, 3, clerk="li")
    floor.take("new")
    floor.call(1)
    floor.press(TransferVisit, 1, to_clerk="li")
    assert [floor.call(1), floor.call(2)] == ["refused: nobody_waits"] * 2
    floor.press(SignIn, 3, clerk=None)
    floor.press(SignIn, 2, clerk="li")
    assert floor.call(3) == "refused: nobody_waits"
    assert floor.call(2) == "B001"


def test_sent_on_to_a_clerk_who_then_signs_out_strands_nobody(floor: Floor) -> None:
    floor.press(SignIn, 3, clerk="li")
    floor.take()
    floor.call(1)
    floor.press(TransferVisit, 1, to_clerk="li")
    floor.press(SignIn, 3, clerk=None)
    assert floor.call(2) == "A001"


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ({"service": "gold"}, "unknown_service"),
        ({"to_counter": 9}, "unknown_counter"),
        ({"to_clerk": "nobody"}, "unknown_clerk"),
        ({"to_counter": 2, "to_clerk": "li"}, "counter_or_clerk"),
    ],
)
def test_nobody_is_sent_where_nobody_is(floor: Floor, where: dict[str, Any], why: str) -> None:
    floor.take()
    floor.call(1)
    assert reason(floor.press(TransferVisit, 1, **where)) == why
