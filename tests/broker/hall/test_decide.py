"""What each command does, as a hall manager would read it."""

from datetime import timedelta

import msgspec
import pytest

from broker.contract.messages import (
    AnyCommand,
    CallNext,
    ConfigureHall,
    CounterState,
    FinishService,
    Hall,
    MarkNoShow,
    OpenDay,
    Rate,
    Rating,
    Recall,
    ReportSlip,
    SlipFate,
    StartService,
    TakeTicket,
    TicketTaken,
)
from broker.hall.views import board_view, counter_view

from .floor import Floor, reason


@pytest.fixture
def floor(small_hall: Hall) -> Floor:
    return Floor(small_hall)


def test_first_come_first_served_across_the_services_of_a_counter(floor: Floor) -> None:
    tickets = [floor.take("bill"), floor.take("new"), floor.take("bill")]
    called = []
    for _ in tickets:
        called.append(floor.call(1))
        floor.press(MarkNoShow, 1)
    assert called == tickets == ["A001", "B001", "A002"]


def test_a_counter_calls_only_what_it_can_serve(floor: Floor) -> None:
    floor.take("new")
    assert floor.call(2) == "refused: nobody_waits"
    floor.take("bill")
    assert floor.call(2) == "A001"


def test_two_counters_never_get_one_ticket(floor: Floor) -> None:
    floor.take()
    assert [floor.call(1), floor.call(2)] == ["A001", "refused: nobody_waits"]


def test_a_visit_from_ticket_to_rating(floor: Floor) -> None:
    floor.take()
    floor.call(1)
    floor.press(Recall, 1)
    assert [(row.ticket, row.counter, row.times) for row in board_view(floor.state, "main").rows] == [("A001", 1, 2)]
    floor.press(StartService, 1)
    assert counter_view(floor.state, 1).state is CounterState.SERVING
    floor.press(FinishService, 1)
    asked = counter_view(floor.state, 1).rate
    assert asked is not None
    floor.ask(Rate(id="r", call=asked, counter=1, rating=Rating.SATISFIED))
    assert floor.state.visits["2026-11-21-A001"].rating is Rating.SATISFIED
    assert counter_view(floor.state, 1).rate is None


def test_a_rating_that_arrives_after_the_next_call_belongs_to_its_own_visit(floor: Floor) -> None:
    floor.take()
    floor.take()
    floor.call(1)
    floor.press(StartService, 1)
    floor.press(FinishService, 1)
    asked = counter_view(floor.state, 1).rate
    assert asked is not None
    assert floor.call(1) == "A002"
    floor.ask(Rate(id="late", call=asked, counter=1, rating=Rating.COMPLAINT))
    assert floor.state.visits["2026-11-21-A001"].rating is Rating.COMPLAINT
    assert floor.state.visits["2026-11-21-A002"].rating is None


def test_a_ticket_without_paper_is_void_and_nobody_is_called_for_it(floor: Floor) -> None:
    answer = floor.ask(TakeTicket(id="x", service="bill"), node="kiosk-1")
    assert isinstance(answer, TicketTaken)
    floor.ask(ReportSlip(id="y", visit=answer.visit, fate=SlipFate.NOT_PRINTED), node="kiosk-1")
    assert floor.take() == "A002"
    assert floor.call(1) == "A002"


def test_a_ticket_is_callable_when_its_slip_is_confirmed_or_after_the_grace(floor: Floor) -> None:
    floor.take(printed=False)
    assert floor.call(1) == "refused: nobody_waits"
    floor.now += timedelta(seconds=10)
    assert floor.call(1) == "A001"


def test_a_press_that_saw_another_call_is_stale(floor: Floor) -> None:
    floor.take()
    floor.take()
    floor.call(1)
    answer = floor.ask(CallNext(id="again", counter=1, seen=None))
    assert reason(answer) == "stale"


@pytest.mark.parametrize(
    ("command", "node", "why"),
    [
        (CallNext(id="c", counter=1, age_ms=5001), "box-1", "too_old"),
        (CallNext(id="c", counter=1), "kiosk-1", "not_allowed"),
        (CallNext(id="c", counter=9), "box-1", "unknown_counter"),
        (CallNext(id="c", counter=1), "box-1", "nobody_waits"),
        (StartService(id="c", counter=1), "box-1", "no_call"),
        (TakeTicket(id="c", service="bill"), "box-1", "not_allowed"),
        (TakeTicket(id="c", service="gold"), "kiosk-1", "unknown_service"),
        (ReportSlip(id="c", visit="x", fate=SlipFate.PRINTED), "kiosk-1", "unknown_visit"),
        (Rate(id="c", call="x.1", counter=1, rating=Rating.AVERAGE), "box-1", "unknown_call"),
        (OpenDay(id="c", day="2026-11-22"), "kiosk-1", "not_allowed"),
        (OpenDay(id="c", day="2026-11-20"), "dispatcher", "day_is_over"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_reason(floor: Floor, command: AnyCommand, node: str, why: str) -> None:
    before = floor.state.seq
    assert reason(floor.ask(command, node=node)) == why
    assert floor.state.seq == before


def test_a_service_past_its_last_number_is_full_and_clashes_with_nobody(small_hall: Hall) -> None:
    short = msgspec.structs.replace(small_hall.services[0], last=2)
    floor = Floor(msgspec.structs.replace(small_hall, services=(short, small_hall.services[1])))
    assert [floor.take(), floor.take()] == ["A001", "A002"]
    assert reason(floor.ask(TakeTicket(id="x", service="bill"), node="kiosk-1")) == "service_full"
    assert floor.queues().queues[0].full


def test_a_new_day_closes_who_is_left_and_begins_the_numbers_again(floor: Floor) -> None:
    floor.take()
    floor.call(1)
    floor.take()
    floor.ask(OpenDay(id="tomorrow", day="2026-11-22"), node="dispatcher")
    assert counter_view(floor.state, 1).state is CounterState.IDLE
    assert floor.take() == "A001"
    assert set(floor.state.visits) == {"2026-11-22-A001"}


def test_a_service_that_waits_for_people_closes_and_loses_nobody(floor: Floor, small_hall: Hall) -> None:
    floor.take("new")
    counters = tuple(msgspec.structs.replace(each, skills=("bill",)) for each in small_hall.counters)
    without = msgspec.structs.replace(small_hall, services=small_hall.services[:1], counters=counters)
    floor.ask(ConfigureHall(id="less", hall=without), node="dispatcher")
    assert reason(floor.ask(TakeTicket(id="x", service="new"), node="kiosk-1")) == "closed"
    assert floor.call(1) == "B001"
    floor.ask(OpenDay(id="tomorrow", day="2026-11-22"), node="dispatcher")
    assert floor.state.hall == without


def test_nobody_waits_means_at_once_and_a_queue_means_a_range(floor: Floor) -> None:
    row = floor.queues().queues[0]
    assert (row.wait_low_min, row.wait_high_min) == (0, 0)
    for _ in range(8):
        floor.take()
    row = floor.queues().queues[0]
    assert row.waiting == 8
    assert row.wait_low_min is not None
    assert row.wait_high_min is not None
    assert 10 <= row.wait_low_min < 20 < row.wait_high_min <= 40  # eight times five minutes at two counters
