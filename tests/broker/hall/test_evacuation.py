"""Everybody leaves the hall: nobody is called or given a number until it ends, and then the hall goes on."""

import pytest

from broker.contract.messages import (
    AnyCommand,
    ArmCounter,
    Called,
    CallNext,
    Done,
    EndEvacuation,
    EvacuationStarted,
    FinishService,
    MarkNoShow,
    OpenDay,
    Recall,
    ResumeVisit,
    ReturnTicket,
    ServeWithoutTicket,
    StartEvacuation,
    StartService,
    TakeTicket,
    TicketCalled,
)
from broker.hall import snapshot
from broker.hall.apply import apply
from broker.hall.state import HallState
from broker.hall.views import hall_view, queues_view

from .floor import Floor, a_hall, reason


@pytest.fixture
def floor() -> Floor:
    return Floor(a_hall())


def leave(floor: Floor) -> None:
    assert isinstance(floor.ask(StartEvacuation(id=floor.id()), node="boss"), Done)


def come_back(floor: Floor) -> None:
    assert isinstance(floor.ask(EndEvacuation(id=floor.id()), node="boss"), Done)


def test_only_a_supervisor_lets_everybody_leave(floor: Floor) -> None:
    for node in ("kiosk-1", "box-1"):
        assert reason(floor.ask(StartEvacuation(id=floor.id()), node=node)) == "not_allowed"
    assert not floor.state.evacuation
    leave(floor)
    assert reason(floor.ask(EndEvacuation(id=floor.id()), node="box-1")) == "not_allowed"
    assert floor.state.evacuation


def test_it_begins_and_ends_once_however_often_it_is_said(floor: Floor) -> None:
    for step in (leave, leave, come_back, come_back):
        step(floor)
    kinds = [type(each.event).__name__ for each in floor.history]
    assert kinds[-2:] == ["EvacuationStarted", "EvacuationEnded"]
    assert kinds.count("EvacuationStarted") == 1


@pytest.mark.parametrize(
    ("command", "node"),
    [
        (TakeTicket(id="t", service="bill"), "kiosk-1"),
        (ReturnTicket(id="t", ticket="A001"), "kiosk-1"),
        (CallNext(id="t", counter=1), "box-1"),
        (Recall(id="t", counter=1), "box-1"),
        (MarkNoShow(id="t", counter=1), "box-1"),
        (ResumeVisit(id="t", counter=1, ticket="A001"), "box-1"),
        (ServeWithoutTicket(id="t", counter=1, service="bill"), "box-1"),
    ],
)
def test_nobody_is_called_or_given_a_number_meanwhile(floor: Floor, command: AnyCommand, node: str) -> None:
    floor.take("bill")
    leave(floor)
    assert reason(floor.ask(command, node=node)) == "evacuation"


def test_whoever_is_being_served_can_be_finished(floor: Floor) -> None:
    floor.take("bill")
    floor.ask(CallNext(id=floor.id(), counter=1))
    floor.ask(StartService(id=floor.id(), counter=1, seen=floor.seen(1)))
    leave(floor)
    assert isinstance(floor.ask(FinishService(id=floor.id(), counter=1, seen=floor.seen(1))), Done)


def test_an_armed_counter_is_given_nobody_until_everybody_is_back(floor: Floor) -> None:
    leave(floor)
    floor.ask(ArmCounter(id=floor.id(), counter=1, armed=True))
    floor.merge(1001, "bill", ago_s=60)
    assert not any(isinstance(each.event, TicketCalled) for each in floor.history)
    come_back(floor)
    assert isinstance(floor.history[-1].event, TicketCalled)


def test_nobody_is_told_how_long_it_takes_while_everybody_leaves(floor: Floor) -> None:
    leave(floor)
    rows = queues_view(floor.state, {}, floor.state.last_ms).queues
    assert {row.wait_high_min for row in rows} == {None}


def test_it_lasts_beyond_a_restart_and_beyond_midnight(floor: Floor) -> None:
    leave(floor)
    again = HallState(epoch=1)
    for recorded in floor.history:
        apply(again, recorded)
    view = hall_view(again)
    assert view is not None
    assert view.evacuation
    assert snapshot.restored(snapshot.taken(again), epoch=1).evacuation
    floor.later(minutes=60 * 24)
    floor.ask(OpenDay(id=floor.id(), day="2026-11-22"), node="dispatcher")
    assert isinstance(floor.history[-1].event, EvacuationStarted)
    assert floor.state.evacuation
    come_back(floor)
    floor.take("bill")
    assert isinstance(floor.ask(CallNext(id=floor.id(), counter=1)), Called)
