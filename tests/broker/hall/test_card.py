"""What a counter's view tells its clerk: the visit as a card, who is set aside, what is owed, what can be undone."""

import pytest
from msgspec.structs import replace

from broker.contract.messages import (
    CallNext,
    Card,
    FinishService,
    Hold,
    HoldVisit,
    MarkNoShow,
    MarkServedByHand,
    Node,
    NotEntitled,
    OpenCounter,
    Outcome,
    Past,
    PauseCounter,
    ResumeVisit,
    ReturnTicket,
    Role,
    StartService,
    StateOutcome,
    TransferVisit,
    Undo,
)
from broker.hall.snapshot import restored, taken
from broker.hall.views import counter_view

from .floor import ASK, BILL, COURTESY, MORNING, NEW, PLAIN, Floor, a_hall, reason

WEBS = (Node(id="web-1", role=Role.WEB), Node(id="web-2", role=Role.WEB, counters=(2,)))


@pytest.fixture
def floor() -> Floor:
    """Two counters at work, in a hall whose outcomes are mandatory."""
    hall = a_hall(
        services=(BILL, NEW, ASK),
        counters={1: "bill new ask", 2: "bill new"},
        classes=(COURTESY, PLAIN),
        outcome_mandatory=True,
    )
    floor = Floor(replace(hall, nodes=(*hall.nodes, *WEBS)))
    for counter in (1, 2):
        floor.press(OpenCounter, counter)
    return floor


def card(floor: Floor, counter: int) -> Card:
    found = counter_view(floor.state, counter).card
    assert found is not None
    return found


def past(floor: Floor, counter: int) -> list[tuple[Past, int | None, str]]:
    return [(step.what, step.counter, step.to) for step in card(floor, counter).past]


def test_the_card_says_who_stands_there_for_what_and_how_long_it_took(floor: Floor) -> None:
    floor.take("new", "courtesy")
    floor.later(minutes=3)
    floor.call(1)
    floor.later(seconds=20)
    floor.press(StartService, 1)
    told = card(floor, 1)
    assert (told.service, told.priority_class, told.waited_s) == ("new", "courtesy", 180)
    assert (told.issued_at, told.minutes) == (MORNING, NEW.minutes)
    assert told.target_s == round(COURTESY.target_min * 60)
    assert told.started_at is not None
    assert (told.started_at - told.called_at).total_seconds() == 20
    assert told.rule
    assert past(floor, 1) == []


def test_an_idle_counter_has_no_card_and_says_since_when(floor: Floor) -> None:
    floor.later(minutes=1)
    floor.press(PauseCounter, 1, reason="lunch")
    view = counter_view(floor.state, 1)
    assert (view.card, view.paused, view.since) == (None, "lunch", floor.now)


def test_whoever_has_the_visit_next_sees_what_happened_to_it(floor: Floor) -> None:
    floor.take()
    floor.call(1)
    floor.press(HoldVisit, 1, hold=Hold.DOCUMENTS_AWAY)
    floor.later(minutes=2)
    floor.press(ResumeVisit, 2, ticket="A001")
    floor.press(TransferVisit, 2, service="ask")
    floor.call(1)
    floor.press(MarkNoShow, 1)
    floor.ask(ReturnTicket(id=floor.id(), ticket="A001"), node="kiosk-1")
    floor.call(1)
    assert past(floor, 1) == [
        (Past.HELD, 1, "documents_away"),
        (Past.TRANSFERRED, 2, "ask"),
        (Past.MISSED, 1, ""),
        (Past.RETURNED, None, ""),
    ]
    assert card(floor, 1).past[1].at == MORNING.replace(minute=2)


def test_who_was_not_entitled_is_known_at_the_next_counter_too(floor: Floor) -> None:
    floor.take("bill", "courtesy")
    floor.call(1)
    floor.press(NotEntitled, 1)
    floor.call(2)
    assert past(floor, 2) == [(Past.NOT_ENTITLED, 1, "courtesy")]
    assert card(floor, 2).priority_class == "ordinary"


def test_what_is_taken_back_did_not_happen(floor: Floor) -> None:
    floor.take()
    floor.call(1)
    floor.press(HoldVisit, 1, hold=Hold.OTHER_STEP)
    floor.press(Undo, 1)
    assert past(floor, 1) == []
    floor.press(FinishService, 1)
    assert [each.ticket for each in counter_view(floor.state, 1).owed_visits] == ["A001"]
    floor.press(Undo, 1)
    assert past(floor, 1) == []
    assert counter_view(floor.state, 1).owed_visits == ()


def test_a_long_way_through_the_hall_is_told_by_its_end(floor: Floor) -> None:
    floor.take()
    for _ in range(12):
        floor.call(1)
        floor.press(TransferVisit, 1, service="bill")
        floor.later(minutes=1)
    floor.call(1)
    assert len(past(floor, 1)) == 8


def test_who_is_set_aside_and_what_is_owed_stand_in_the_view(floor: Floor) -> None:
    floor.take()
    floor.take("new")
    floor.call(1)
    floor.later(minutes=1)
    held_at = floor.now
    floor.press(HoldVisit, 1, hold=Hold.DOCUMENTS_KEPT)
    floor.call(1)
    floor.later(minutes=4)
    floor.press(FinishService, 1)
    view = counter_view(floor.state, 1)
    assert [(each.ticket, each.hold, each.service, each.since) for each in view.held_visits] == [
        ("A001", Hold.DOCUMENTS_KEPT, "bill", held_at)
    ]
    (owed,) = view.owed_visits
    assert (owed.ticket, owed.service, owed.ended_at) == ("B001", "new", floor.now)
    floor.ask(StateOutcome(id=floor.id(), visit=owed.visit, counter=1, outcome=Outcome.DONE))
    assert counter_view(floor.state, 1).owed_visits == ()


def test_the_view_says_what_undo_takes_back_and_until_when(floor: Floor) -> None:
    floor.take()
    floor.call(1)
    offer = counter_view(floor.state, 1).undoable
    assert offer is not None
    assert (offer.act, offer.ticket, (offer.until - floor.now).total_seconds()) == ("TicketCalled", "A001", 30)
    floor.press(MarkNoShow, 1)
    offer = counter_view(floor.state, 1).undoable
    assert offer is not None
    assert (offer.act, (offer.until - floor.now).total_seconds()) == ("VisitEnded", 300)
    floor.ask(ReturnTicket(id=floor.id(), ticket="A001"), node="kiosk-1")
    assert counter_view(floor.state, 1).undoable is None


def test_a_hall_from_a_snapshot_shows_its_counters_the_same(floor: Floor) -> None:
    floor.take()
    floor.take("new", "courtesy")
    floor.call(1)
    floor.press(HoldVisit, 1, hold=Hold.OTHER_STEP)
    floor.call(1)
    before = [counter_view(floor.state, number) for number in (1, 2)]
    again = restored(taken(floor.state), epoch=1)
    assert [counter_view(again, number) for number in (1, 2)] == before
    assert before[0].held_visits[0].since == floor.now


@pytest.mark.parametrize(
    ("node", "at_one", "at_two"),
    [("web-1", "", ""), ("web-2", "not_allowed", ""), ("kiosk-1", "not_allowed", "not_allowed")],
)
def test_the_web_server_speaks_for_all_counters_or_for_those_that_are_named(
    floor: Floor, node: str, at_one: str, at_two: str
) -> None:
    for _ in range(2):
        floor.take()
    for counter, expected in ((1, at_one), (2, at_two)):
        answer = floor.press(CallNext, counter, node=node)
        assert (reason(answer) if expected else "") == expected


@pytest.mark.parametrize(("node", "allowed"), [("web-1", True), ("web-2", False), ("box-1", False)])
def test_supervisors_speak_through_a_web_server_that_is_not_limited(floor: Floor, node: str, *, allowed: bool) -> None:
    floor.take()
    answer = floor.ask(MarkServedByHand(id=floor.id(), up_to="A001"), node=node)
    assert (type(answer).__name__ == "Done") is allowed
