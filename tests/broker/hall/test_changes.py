"""The hall file changes while people wait: nobody is lost, what is in use closes, and the next day begins clean."""

import pytest
from msgspec.structs import replace

from broker.contract.messages import (
    CallTicket,
    ConfigureHall,
    Discipline,
    FinishService,
    Hall,
    Hold,
    HoldVisit,
    MarkNoShow,
    OpenCounter,
    OpenDay,
    PriorityClass,
    Service,
    TransferVisit,
)

from .floor import ASK, BILL, COURTESY, NEW, PLAIN, Floor, a_class, a_hall, reason

FULL = a_hall(services=(BILL, NEW, ASK), counters={1: "bill new", 2: "bill ask", 3: "ask"}, classes=(COURTESY, PLAIN))


def without(
    *,
    services: tuple[Service, ...] = FULL.services,
    counters: tuple[int, ...] = (1, 2, 3),
    classes: tuple[PriorityClass, ...] = FULL.classes,
) -> Hall:
    names = {each.id for each in services}
    return replace(
        FULL,
        services=services,
        classes=classes,
        counters=tuple(
            replace(each, skills=tuple(name for name in each.skills if name in names) or ("bill",))
            for each in FULL.counters
            if each.number in counters
        ),
    )


def changed(floor: Floor, hall: Hall) -> Floor:
    floor.ask(ConfigureHall(id=floor.id(), hall=hall), node="dispatcher")
    return floor


def tomorrow(floor: Floor) -> Floor:
    floor.later(minutes=24 * 60)
    floor.ask(OpenDay(id="tomorrow", day="2026-11-22"), node="dispatcher")
    return floor


@pytest.mark.parametrize("where", ["waiting", "called", "held", "missed", "still to come"])
def test_a_service_in_use_closes_and_is_served_to_its_end(where: str) -> None:
    floor = Floor(FULL)
    floor.take(
        *(("bill",) if where == "still to come" else ("ask",)), then=("ask",) if where == "still to come" else ()
    )
    ticket = "A001" if where == "still to come" else "C001"
    if where not in {"waiting", "still to come"}:
        floor.call(2)
    if where == "held":
        floor.press(HoldVisit, 2, hold=Hold.OTHER_STEP)
    if where == "missed":
        floor.press(MarkNoShow, 2)
    changed(floor, without(services=(BILL, NEW)))
    assert floor.take("ask") == "refused: closed"
    row = next(each for each in floor.queues().queues if each.service == "ask")
    assert row.closed
    if where == "still to come":
        assert floor.serve(1) == "A001"
    if where != "called":
        floor.press(CallTicket, 2, ticket=ticket)
    floor.press(FinishService, 2)
    assert floor.visit(ticket).state.value == "ended"
    assert tomorrow(floor).state.hall == without(services=(BILL, NEW))


def test_a_service_that_nobody_uses_is_gone_at_once() -> None:
    floor = Floor(FULL)
    floor.take("ask")
    floor.serve(2)
    changed(floor, without(services=(BILL, NEW)))
    assert floor.take("ask") == "refused: unknown_service"
    assert floor.state.hall == without(services=(BILL, NEW))


def test_a_service_that_only_a_removed_counter_took_is_taken_by_the_others() -> None:
    floor = Floor(FULL)
    floor.take("ask")
    changed(floor, without(services=(BILL, NEW), counters=(1,)))
    assert floor.call(1) == "C001"


def test_a_class_in_use_closes_and_keeps_its_right() -> None:
    floor = Floor(FULL)
    floor.take()
    floor.later(minutes=1)
    floor.take("bill", "courtesy")
    changed(floor, without(classes=(PLAIN,)))
    assert floor.take("bill", "courtesy") == "refused: unknown_class"
    floor.later(minutes=3)
    assert floor.call(1) == "A002"  # three of five minutes are more than four of fifteen


@pytest.mark.parametrize("busy", ["called", "keeps papers"])
def test_a_counter_in_use_ends_what_it_has_begun_and_calls_nobody(busy: str) -> None:
    floor = Floor(FULL)
    floor.take()
    floor.take()
    floor.call(2)
    if busy == "keeps papers":
        floor.press(HoldVisit, 2, hold=Hold.DOCUMENTS_KEPT)
    changed(floor, without(counters=(1, 3)))
    if busy == "called":
        floor.press(FinishService, 2)
    assert floor.call(2) == "refused: counter_closing"
    assert reason(floor.press(CallTicket, 2, ticket="A002")) == "counter_closing"
    assert floor.call(1) == "A002"
    assert reason(tomorrow(floor).press(OpenCounter, 2)) == "unknown_counter"


def test_who_was_sent_to_a_counter_that_is_about_to_go_is_called_by_another() -> None:
    floor = Floor(FULL)
    floor.take()
    floor.take()
    floor.call(2)
    floor.call(1)
    floor.press(TransferVisit, 1, to_counter=2)
    assert floor.call(1) == "refused: nobody_waits"
    changed(floor, without(counters=(1, 3)))
    assert floor.call(1) == "A002"


def test_a_counter_that_nobody_stands_at_is_gone_at_once() -> None:
    floor = changed(Floor(FULL), without(counters=(1, 3)))
    assert floor.call(2) == "refused: unknown_counter"


def test_another_discipline_holds_from_the_next_call_on() -> None:
    floor = Floor(a_hall(classes=(COURTESY, PLAIN), discipline=Discipline.FCFS))
    for name in ("ordinary", "courtesy", "ordinary", "courtesy"):
        floor.take("bill", name)
        floor.later(seconds=1)
    assert floor.serve(1) == "A001"
    changed(floor, a_hall(classes=(COURTESY, PLAIN), discipline=Discipline.STRICT))
    assert [floor.serve(1) for _ in range(3)] == ["A002", "A004", "A003"]


def test_other_targets_hold_for_those_who_wait_already() -> None:
    floor = Floor(a_hall(classes=(a_class("vip", 60), PLAIN), discipline=Discipline.DUE))
    floor.take("bill", "vip")
    floor.take()
    changed(floor, a_hall(classes=(a_class("vip", 1), PLAIN), discipline=Discipline.DUE))
    assert floor.call(1) == "A001"


def test_the_same_file_again_is_no_change() -> None:
    floor = Floor(FULL)
    floor.take()
    seq = floor.state.seq
    changed(floor, FULL)
    assert floor.state.seq == seq
    changed(floor, without(services=(BILL, NEW), counters=(1,)))
    changed(floor, FULL)
    assert floor.state.hall == FULL


def test_what_was_taken_out_and_put_back_goes_on() -> None:
    floor = Floor(FULL)
    floor.take("ask")
    changed(floor, without(services=(BILL, NEW)))
    changed(floor, FULL)
    assert floor.take("ask") == "C002"
    assert [floor.serve(3), floor.serve(3)] == ["C001", "C002"]


def test_a_new_service_takes_no_number_that_another_one_gave() -> None:
    floor = Floor(a_hall())
    floor.take("new")
    meter = replace(ASK, id="meter", prefix="B")
    changed(floor, a_hall(services=(BILL, meter), counters={1: "bill meter"}))
    assert floor.take("meter") == "B002"
    assert [floor.serve(1), floor.serve(1)] == ["B001", "B002"]
