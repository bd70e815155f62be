"""A visit's whole life: held, sent on, missed and back, several services, follow-ups, outcomes, the day's end."""

from typing import Any

import pytest

from broker.contract.messages import (
    AnyCommand,
    AnyEvent,
    Called,
    CallTicket,
    CancelTicket,
    CaseOpened,
    Clerk,
    CloseCounter,
    DayOpened,
    Event,
    FinishService,
    Hold,
    HoldVisit,
    MarkNoShow,
    MarkServedByHand,
    NotEntitled,
    OpenCounter,
    OpenDay,
    Outcome,
    OutcomeStated,
    PauseCounter,
    Position,
    Rate,
    Rating,
    ReadEvents,
    Reclassify,
    ReportSlip,
    ResumeVisit,
    Returned,
    ReturnTicket,
    ServeWithoutTicket,
    SignIn,
    SlipFate,
    StartService,
    StateOutcome,
    TicketTaken,
    TicketVoided,
    TransactionEnded,
    TransferVisit,
    VisitEnded,
)
from broker.hall import decide
from broker.hall.apply import APPLY
from broker.hall.life import TRANSITIONS, VisitState
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


def back(floor: Floor, ticket: str) -> Returned:
    answer = floor.ask(ReturnTicket(id=floor.id(), ticket=ticket), node="kiosk-1")
    assert isinstance(answer, Returned), answer
    return answer


def missed(floor: Floor, counter: int) -> str:
    ticket = floor.call(counter)
    floor.press(MarkNoShow, counter)
    return ticket


def kinds_of(union: object) -> set[type]:
    return set(union.__args__)  # type: ignore[attr-defined]


# The tables -----------------------------------------------------------------------------------------------------------


def test_the_hall_knows_what_each_event_does() -> None:
    assert set(APPLY) == kinds_of(AnyEvent)


def test_the_table_of_a_visits_life_covers_every_event_that_names_a_visit() -> None:
    about_visits = {kind for kind in kinds_of(AnyEvent) if "visit" in kind.__annotations__}
    assert set(TRANSITIONS) == about_visits - {CaseOpened}
    for kind, step in TRANSITIONS.items():
        assert issubclass(kind, Event)
        assert step, kind


def test_the_hall_knows_what_each_command_does() -> None:
    decided = {*decide._OWN, *decide._OF_NODES, ReadEvents}
    assert decided == kinds_of(AnyCommand)


def test_an_ended_visit_is_never_called_again() -> None:
    for state in (VisitState.ENDED, VisitState.VOID):
        leads = {kind.__name__ for kind, step in TRANSITIONS.items() if step.get(state) is not None}
        assert not leads


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


# Several services -----------------------------------------------------------------------------------------------------


def test_one_ticket_for_several_services_keeps_its_place_in_each(floor: Floor) -> None:
    floor.take("bill", then=("ask", "new"))
    floor.later(seconds=9)
    floor.take("ask")
    assert floor.call(1) == "A001"
    floor.press(FinishService, 1)
    assert [each.event.service for each in floor.history if isinstance(each.event, TransactionEnded)] == ["ask"]
    assert [floor.serve(2), floor.serve(2)] == ["A001", "C001"]
    assert floor.serve(1) == "A001"
    assert floor.visit("A001").outcome is Outcome.DONE
    assert floor.visit("A001").calls == 3


def test_each_of_several_services_is_rated_by_itself(floor: Floor) -> None:
    floor.take("bill", then=("ask",))
    floor.serve(1)
    first = counter_view(floor.state, 1).rate
    floor.serve(2)
    second = counter_view(floor.state, 2).rate
    assert first is not None
    assert second is not None
    for call, counter in ((second, 2), (first, 1)):
        floor.ask(Rate(id=floor.id(), call=call, counter=counter, rating=Rating.AVERAGE))
        again = floor.ask(Rate(id=floor.id(), call=call, counter=counter, rating=Rating.COMPLAINT))
        assert reason(again) == "already_rated"
    assert floor.visit("A001").rated == (second, first)


def test_a_step_that_was_declined_keeps_its_reason(floor: Floor) -> None:
    floor.take("bill", then=("ask",))
    floor.call(1)
    floor.press(FinishService, 1, outcome=Outcome.DECLINED, reason="no_papers")
    ended = floor.history[-1].event
    assert isinstance(ended, TransactionEnded)
    assert ended.reason == "no_papers"


# No-show and back -----------------------------------------------------------------------------------------------------


def test_back_in_time_is_called_after_exactly_the_next_ticket(floor: Floor) -> None:
    for _ in range(4):
        floor.take()
    assert missed(floor, 1) == "A001"
    answer = back(floor, "A001")
    assert (answer.after_next, answer.ahead) == (True, 1)
    assert [floor.serve(1) for _ in range(4)] == ["A002", "A001", "A003", "A004"]


def test_back_in_time_with_nobody_else_is_called_at_once(floor: Floor) -> None:
    floor.take()
    missed(floor, 1)
    assert back(floor, "A001").ahead == 0
    assert floor.call(1) == "A001"


@pytest.mark.parametrize(
    ("calls", "minutes", "in_time"), [(5, 60, True), (6, 10, True), (6, 10.1, False), (0, 60, True)]
)
def test_back_within_so_many_calls_or_minutes_is_in_time(
    floor: Floor, calls: int, minutes: float, *, in_time: bool
) -> None:
    for _ in range(calls + 2):
        floor.take()
    missed(floor, 1)
    for _ in range(calls):
        floor.serve(1)
    floor.later(minutes=minutes)
    floor.take()
    answer = back(floor, "A001")
    assert answer.after_next is in_time
    order = [floor.serve(1) for _ in range(3)]
    assert order.index("A001") == (1 if in_time else 2)


def test_two_who_are_back_come_one_after_another_and_not_before_the_next(floor: Floor) -> None:
    for _ in range(5):
        floor.take()
    missed(floor, 1)
    missed(floor, 1)
    back(floor, "A002")
    back(floor, "A001")
    assert [floor.serve(1) for _ in range(5)] == ["A003", "A002", "A001", "A004", "A005"]


def test_who_never_left_the_queue_cannot_come_back(floor: Floor) -> None:
    floor.take()
    for state, why in (("waits", "still_waits"), ("called", "not_missed"), ("ended", "not_missed")):
        if state == "called":
            floor.call(1)
        if state == "ended":
            floor.press(FinishService, 1)
        assert reason(floor.ask(ReturnTicket(id=floor.id(), ticket="A001"), node="kiosk-1")) == why
    assert reason(floor.ask(ReturnTicket(id="x", ticket="A009"), node="kiosk-1")) == "unknown_ticket"
    assert reason(floor.ask(ReturnTicket(id="x", ticket="A001"), node="watcher")) == "not_allowed"


@pytest.mark.parametrize("state", ["waits", "held", "missed"])
def test_whoever_is_not_called_may_give_up(floor: Floor, state: str) -> None:
    floor.take()
    if state != "waits":
        floor.call(1)
        floor.press(HoldVisit, 1, hold=Hold.OTHER_STEP) if state == "held" else floor.press(MarkNoShow, 1)
    floor.ask(CancelTicket(id=floor.id(), ticket="A001"), node="kiosk-1")
    assert floor.visit("A001").outcome is Outcome.CANCELLED
    assert floor.call(1) == "refused: nobody_waits"


def test_who_is_called_cannot_give_up_at_the_kiosk(floor: Floor) -> None:
    floor.take()
    floor.call(1)
    assert reason(floor.ask(CancelTicket(id="x", ticket="A001"), node="kiosk-1")) == "already_called"
    assert reason(floor.ask(CancelTicket(id="x", ticket="A009"), node="kiosk-1")) == "unknown_ticket"
    assert reason(floor.ask(CancelTicket(id="x", ticket="A001"), node="box-1")) == "not_allowed"


# Outcomes -------------------------------------------------------------------------------------------------------------


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


# Out of turn ----------------------------------------------------------------------------------------------------------


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


# The day's end --------------------------------------------------------------------------------------------------------


def test_a_day_that_ends_says_what_became_of_everybody(floor: Floor) -> None:
    for _ in range(6):
        floor.take()
    floor.call(1)
    floor.press(StartService, 1)
    floor.call(2)
    missed(floor, 3)
    floor.call(3)
    floor.press(HoldVisit, 3, hold=Hold.DOCUMENTS_KEPT)
    seq = floor.state.seq
    floor.ask(OpenDay(id="tomorrow", day="2026-11-22"), node="dispatcher")
    ended = {
        each.event.ticket: each.event.outcome.value
        for each in floor.history
        if each.seq > seq and isinstance(each.event, VisitEnded)
    }
    assert ended == {
        "A001": "done",
        "A002": "closed_unserved",
        "A003": "no_show",
        "A004": "closed_unserved",
        "A005": "closed_unserved",
        "A006": "closed_unserved",
    }
    assert not floor.state.visits
    assert counter_view(floor.state, 1).ticket is None
    assert floor.take() == "A001"


def test_the_same_day_is_opened_once(floor: Floor) -> None:
    floor.take()
    seq = floor.state.seq
    floor.ask(OpenDay(id="again", day="2026-11-21"), node="dispatcher")
    assert floor.state.seq == seq


def test_a_counter_that_signed_out_after_closing_stays_closed(floor: Floor) -> None:
    floor.press(SignIn, 1, clerk="li")
    floor.press(CloseCounter, 1)
    floor.press(SignIn, 1, clerk=None)
    assert counter_view(floor.state, 1).state.value == "closed"
