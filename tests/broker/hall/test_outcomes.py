"""How a transaction ends: follow-ups, escalations, refusals, and outcomes that are owed."""

from typing import Any

import pytest

from broker.contract.messages import (
    CaseOpened,
    Clerk,
    DayOpened,
    FinishService,
    OpenCounter,
    OpenDay,
    Outcome,
    OutcomeStated,
    ReportSlip,
    SignIn,
    SlipFate,
    StateOutcome,
    TicketTaken,
    TicketVoided,
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


def tomorrow(floor: Floor, day: str = "2026-11-22") -> None:
    floor.later(minutes=24 * 60)
    floor.ask(OpenDay(id=floor.id(), day=day), node="dispatcher")


def test_a_follow_up_opens_a_case_whose_code_skips_the_queue_for_so_many_days(floor: Floor) -> None:
    floor.press(SignIn, 1, clerk="wang")
    floor.take()
    floor.call(1)
    floor.press(FinishService, 1, outcome=Outcome.FOLLOW_UP, due="2026-11-23")
    case = floor.history[-1].event
    assert isinstance(case, CaseOpened)
    assert (case.due, case.until, case.clerk) == ("2026-11-23", "2026-11-26", "wang")
    tomorrow(floor)
    tomorrow(floor, "2026-11-26")
    floor.take()
    floor.later(minutes=10)
    assert floor.take("ask", return_code=case.case) == "refused: other_service"
    assert floor.take("bill", return_code=case.case) == "A002"
    assert floor.visit("A002").last_clerk == "wang"
    assert floor.call(1) == "A002"
    assert floor.last_call().rule == "follow_up"
    assert floor.take("bill", return_code=case.case) == "refused: unknown_return"


def test_a_follow_ups_code_ends_with_its_last_day(floor: Floor) -> None:
    floor.take()
    floor.call(1)
    floor.press(FinishService, 1, outcome=Outcome.FOLLOW_UP)
    case = floor.history[-1].event
    assert isinstance(case, CaseOpened)
    assert case.until == "2026-11-24"
    tomorrow(floor, "2026-11-24")
    opened = next(each.event for each in reversed(floor.history) if isinstance(each.event, DayOpened))
    assert [right.code for right in opened.returns] == [case.case]
    tomorrow(floor, "2026-11-25")
    assert floor.take("bill", return_code=case.case) == "refused: unknown_return"


def test_a_voided_ticket_gives_its_return_code_back(floor: Floor) -> None:
    floor.take()
    floor.call(1)
    floor.press(FinishService, 1, outcome=Outcome.FOLLOW_UP)
    case = floor.history[-1].event
    assert isinstance(case, CaseOpened)
    answer = floor.try_take("bill", return_code=case.case)
    assert isinstance(answer, TicketTaken)
    floor.ask(ReportSlip(id="v", visit=answer.visit, fate=SlipFate.NOT_PRINTED), node="kiosk-1")
    assert isinstance(floor.history[-1].event, TicketVoided)
    assert floor.take("bill", return_code=case.case) == "A003"


@pytest.mark.parametrize(
    ("finish", "why"),
    [
        ({"outcome": Outcome.DECLINED}, "reason_missing"),
        ({"outcome": Outcome.NO_SHOW}, "not_an_outcome"),
        ({"outcome": Outcome.BY_HAND}, "not_an_outcome"),
        ({"outcome": Outcome.FOLLOW_UP, "due": "soon"}, "not_a_date"),
        ({"outcome": Outcome.FOLLOW_UP, "due": "9999-12-31"}, "not_a_date"),
    ],
)
def test_an_outcome_that_says_nothing_is_refused(floor: Floor, finish: dict[str, Any], why: str) -> None:
    floor.take()
    floor.call(1)
    assert reason(floor.press(FinishService, 1, **finish)) == why
    assert floor.visit("A001").state is VisitState.CALLED


def test_an_escalation_opens_a_case_without_a_right_to_return(floor: Floor) -> None:
    floor.take()
    floor.call(1)
    floor.press(FinishService, 1, outcome=Outcome.ESCALATED, reason="amount")
    case = floor.history[-1].event
    assert isinstance(case, CaseOpened)
    assert (case.until, case.reason) == (None, "amount")
    assert not floor.state.returns


def owing() -> Floor:
    floor = Floor(a_hall(outcome_mandatory=True))
    floor.take()
    floor.serve(1)
    return floor


def test_a_mandatory_outcome_never_blocks_and_waits_on_a_list() -> None:
    floor = owing()
    floor.take()
    assert counter_view(floor.state, 1).owed == ("2026-11-21-A001",)
    assert floor.call(1) == "A002"
    floor.ask(
        StateOutcome(id="s", visit="2026-11-21-A001", counter=1, outcome=Outcome.FOLLOW_UP, due="2026-11-22"),
        node="box-1",
    )
    assert [each for each in floor.kinds() if each in {"OutcomeStated", "CaseOpened"}] == [
        "OutcomeStated",
        "CaseOpened",
    ]
    assert floor.visit("A001").outcome is Outcome.FOLLOW_UP
    assert counter_view(floor.state, 1).owed == ()


@pytest.mark.parametrize(
    ("stated", "node", "why"),
    [
        ({"outcome": Outcome.DECLINED}, "box-1", "reason_missing"),
        ({"outcome": Outcome.UNSTATED}, "box-1", "not_an_outcome"),
        ({"outcome": Outcome.NO_SHOW}, "box-1", "not_an_outcome"),
        ({"outcome": Outcome.FOLLOW_UP, "due": "soon"}, "box-1", "not_a_date"),
        ({"outcome": Outcome.DONE, "visit": "x"}, "box-1", "nothing_owed"),
        ({"outcome": Outcome.DONE, "counter": 2}, "box-1", "nothing_owed"),
        ({"outcome": Outcome.DONE}, "kiosk-1", "not_allowed"),
        ({"outcome": Outcome.DONE}, "boss", None),
    ],
)
def test_an_owed_outcome_is_stated_by_its_counter_or_the_supervisor(
    stated: dict[str, Any], node: str, why: str | None
) -> None:
    floor = owing()
    said = {"visit": "2026-11-21-A001", "counter": 1, **stated}
    answer = floor.ask(StateOutcome(id="s", **said), node=node)
    if why is None:
        assert isinstance(floor.history[-1].event, OutcomeStated)
    else:
        assert reason(answer) == why
