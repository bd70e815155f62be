"""How long a newcomer is told to wait, and what the hall learns when the wait is over."""

import msgspec

from broker.contract.messages import (
    ORDINARY,
    Outcome,
    Policy,
    PriorityClass,
    TakeTicket,
    TicketReclassified,
    VisitEnded,
)
from broker.hall.calls import out_of_turn, ticket_called
from broker.hall.clock import utc
from broker.hall.decide import decide
from broker.hall.estimate import AT_ONCE, promises
from broker.hall.learning import Learning
from broker.hall.request import Request
from broker.hall.snapshot import taken
from broker.hall.turn import next_turn
from broker.hall.views import queues_view
from broker.hall.visit import Visit
from hallcall.benches.estimates import coverage, forecasts, mae_min

from .room import MINUTE, NOW, PLAIN, TEXT, Room, both

# The promise ---------------------------------------------------------------------------------------------------------


def test_at_once_is_promised_only_where_a_counter_is_free() -> None:
    room = Room(both(1)).staff(1)
    assert promises(room.state, NOW)["bill", ORDINARY] == AT_ONCE
    room.serve(1, since_min=200)
    promise = promises(room.state, NOW)["bill", ORDINARY]
    assert promise.expected_s == 150
    assert promise.low_min * 60 < promise.expected_s < promise.high_min * 60


def test_an_estimate_is_the_same_each_time_and_changes_nothing() -> None:
    room = Room(both(1), both(2), policy=Policy(overtaken_times=1)).staff(1, 2)
    room.serve(1, then=("new",))
    for number in range(20):
        room.come("new" if number % 3 else "bill", "courtesy" if number % 4 else ORDINARY, minutes_ago=number)
    before = msgspec.json.encode(taken(room.state))
    assert promises(room.state, NOW) == promises(room.state, NOW)
    assert msgspec.json.encode(taken(room.state)) == before


# From the ticket to what is learned of it -----------------------------------------------------------------------------


def take(room: Room, priority_class: str = ORDINARY, *, booked_in_min: int | None = None) -> Visit:
    """Let somebody take a number now, with its promise."""
    booked_at = utc(NOW + booked_in_min * MINUTE) if booked_in_min is not None else None
    command = TakeTicket(id="t", service="bill", priority_class=priority_class, booked_at=booked_at)
    request = Request("kiosk", NOW, promises(room.state, NOW))
    for event in decide(room.state, command, request).events:
        room.happen(event)
    return list(room.state.visits.values())[-1]


def test_the_promise_stands_in_the_ticket_and_is_compared_with_the_first_call() -> None:
    room = Room(both(1)).staff(1)
    serving = room.serve(1, since_min=9)
    visit = take(room)
    assert (visit.expected_s, visit.rolled_s) == (150, 150)
    assert queues_view(room.state, {}, NOW).promises is None
    room.happen(VisitEnded(visit=serving, ticket="A", outcome=Outcome.DONE, call=f"{serving}.1", counter=1))
    turn = next_turn(room.state, 1, NOW + 3 * MINUTE)
    assert turn is not None
    room.happen(ticket_called(room.state, 1, turn, NOW + 3 * MINUTE, explain=False), NOW + 3 * MINUTE)
    reported = queues_view(room.state, {}, NOW).promises
    assert reported is not None
    assert (reported.count, reported.mean_absolute_s, reported.bias_s, reported.covered_permille) == (1, 30, 30, 1000)


def test_a_call_out_of_turn_or_in_another_class_proves_nothing_about_a_promise() -> None:
    room = Room(both(1), both(2)).staff(1, 2)
    room.serve(1)
    room.serve(2)
    by_number, reclassified = take(room), take(room)
    room.happen(TicketReclassified(visit=reclassified.id, ticket=reclassified.ticket, priority_class="courtesy"))
    for counter, turn in ((3, out_of_turn(by_number, "by_number")), (4, out_of_turn(reclassified, "share"))):
        called = ticket_called(room.state, counter, turn, NOW + MINUTE, explain=False)
        room.happen(msgspec.structs.replace(called, exempt=turn.rule == "by_number"), NOW + MINUTE)
    assert room.state.learning.errors() is None


def test_who_gives_up_after_the_end_of_the_range_is_not_forgotten() -> None:
    room = Room(both(1)).staff(1)
    room.serve(1)
    before, after = take(room), take(room)
    ended = VisitEnded(visit=before.id, ticket=before.ticket, outcome=Outcome.CANCELLED)
    room.happen(ended, NOW + MINUTE)
    assert room.state.learning == Learning()
    ended = VisitEnded(visit=after.id, ticket=after.ticket, outcome=Outcome.CANCELLED)
    room.happen(ended, NOW + 90 * MINUTE)
    assert room.state.learning != Learning()


def test_who_comes_early_for_an_appointment_is_promised_from_its_time_on() -> None:
    booked = PriorityClass(id="booked", name=TEXT, appointment=True)
    room = Room(both(1), classes=(booked, PLAIN), policy=Policy(early_min=15)).staff(1)
    room.serve(1, since_min=9)
    in_time, early = take(room, "booked", booked_in_min=10), take(room, "booked", booked_in_min=45)
    assert in_time.promised_min is not None
    assert early.promised_min is not None
    assert early.promised_min[0] >= 30
    assert early.expected_s is not None
    assert early.promised_min[0] * 60 <= early.expected_s <= early.promised_min[1] * 60


def test_a_counter_is_kept_from_the_call_to_the_end_and_that_is_learned() -> None:
    room = Room(both(1)).staff(1)
    visit = room.serve(1, since_min=11)
    room.happen(VisitEnded(visit=visit, ticket="A", outcome=Outcome.DONE, call=f"{visit}.1", counter=1))
    assert room.state.learning.service_ms["bill"][0] == 6 * MINUTE


def test_at_peak_load_ours_beats_the_literature_and_four_of_five_ranges_hold() -> None:
    done = forecasts(days=3, seed=1).done
    ours = mae_min(done, "ours")
    assert ours < 0.6 * mae_min(done, "last_to_enter")
    assert ours < 0.6 * mae_min(done, "head_of_line")
    assert ours < 0.6 * mae_min(done, "queue_length")
    assert 0.75 <= coverage(done) <= 0.85
