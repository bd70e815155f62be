"""The hall's own discipline, rolled forward: when it would be a newcomer's turn."""

from heapq import heapify, heappop, heappush

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.contract.messages import (
    ORDINARY,
    Clerk,
    ClerkSignedIn,
    CounterPaused,
    Discipline,
    HallConfigured,
    Outcome,
    Policy,
    PriorityClass,
    Rule,
    VisitEnded,
    VisitReturned,
)
from broker.hall.calls import ticket_called
from broker.hall.estimate import AT_ONCE, promises
from broker.hall.learning import MOST_WEIGHT
from broker.hall.rehearsal import HORIZON, waits
from broker.hall.turn import next_turn

from .room import COURTESY, EMERGENCY, NOW, PLAIN, TEXT, Room, both, one

# What stands before a newcomer ----------------------------------------------------------------------------------------


def test_three_waiting_before_one_counter_that_has_just_begun_are_four_services() -> None:
    room = Room(both(1)).staff(1)
    room.serve(1)
    for _ in range(3):
        room.come()
    assert room.wait_min() == 20


@pytest.mark.parametrize(("since_min", "wait"), [(0, 5), (1, 4), (2.5, 2.5), (4, 2.5), (30, 2.5)])
def test_a_service_that_takes_long_will_take_half_its_usual_time_more(since_min: float, wait: float) -> None:
    room = Room(both(1)).staff(1)
    room.serve(1, since_min=since_min)
    assert room.wait_min() == wait


def test_two_services_share_a_counter() -> None:
    room = Room(both(1), policy=Policy(discipline=Discipline.FCFS)).staff(1)
    room.come("bill", minutes_ago=3)
    room.come("new", minutes_ago=2)
    assert (room.wait_min("bill"), room.wait_min("new")) == (15, 15)


def test_each_waits_for_the_counters_that_can_take_it() -> None:
    room = Room(one(1, "bill"), both(2)).staff(1, 2)
    room.serve(1, "bill")
    room.serve(2, "new")
    room.come("bill", minutes_ago=3)
    room.come("new", minutes_ago=2)
    assert room.wait_min("bill") == 10  # counter 1: 5 + 5
    assert room.wait_min("new") == 20  # counter 2: 10 + 10


def test_helpers_help_only_while_their_own_do_not_wait() -> None:
    room = Room(one(1, "bill", helps=("new",)), one(2, "new")).staff(1, 2)
    room.serve(1, "bill")
    room.serve(2, "new")
    room.come("bill", minutes_ago=1)
    room.come("new", minutes_ago=9)
    assert room.wait_min("new") == 10  # counter 2 takes the one who waits, at 10; then counter 1 is free to help


@pytest.mark.parametrize(
    ("policy", "courtesy", "ordinary"),
    [
        (Policy(discipline=Discipline.SHARE), 5, 20),
        (Policy(discipline=Discipline.STRICT), 5, 20),
        (Policy(discipline=Discipline.DUE), 5, 20),
        (Policy(discipline=Discipline.FCFS), 20, 20),
        (Policy(discipline=Discipline.RATIO), 5, 20),
        (Policy(discipline=Discipline.RULES, rules=(Rule(priority_class="courtesy"),)), 5, 20),
        (Policy(discipline=Discipline.STRICT, overtaken_times=0), 20, 20),
        (Policy(discipline=Discipline.STRICT, overtaken_min=0.5), 20, 20),
        (Policy(discipline=Discipline.STRICT, overtaken_min=2), 5, 20),
    ],
)
def test_a_newcomer_of_a_higher_class_overtakes_where_the_policy_lets_it(
    policy: Policy, courtesy: float, ordinary: float
) -> None:
    room = Room(both(1), policy=policy).staff(1)
    room.serve(1)
    for _ in range(3):
        room.come(minutes_ago=1)
    assert (room.wait_min("bill", "courtesy"), room.wait_min()) == (courtesy, ordinary)


def test_who_has_been_overtaken_so_often_already_is_overtaken_no_more() -> None:
    room = Room(both(1), policy=Policy(discipline=Discipline.STRICT, overtaken_times=2)).staff(1)
    room.serve(1)
    room.come(minutes_ago=3)
    for _ in range(3):
        room.come(priority_class="courtesy", minutes_ago=1)
    # Two of courtesy overtake, then the ordinary one is called, then the third of courtesy, then the newcomer.
    assert room.wait_min(priority_class="courtesy") == 25
    assert room.wait_min() == 25


def test_who_waits_by_an_absolute_class_goes_before_all() -> None:
    room = Room(both(1), classes=(EMERGENCY, COURTESY, PLAIN)).staff(1)
    room.serve(1)
    room.come(priority_class="emergency", minutes_ago=0)
    assert room.wait_min(priority_class="courtesy") == 10
    assert ("bill", "emergency") not in waits(room.state, NOW)  # given by the supervisor: nobody takes it


def test_who_comes_back_from_a_missed_call_goes_after_the_next() -> None:
    room = Room(both(1)).staff(1)
    back = room.serve(1, since_min=9)
    room.happen(VisitEnded(visit=back, ticket="A", outcome=Outcome.NO_SHOW, call=f"{back}.1", counter=1))
    room.serve(1)
    room.happen(VisitReturned(visit=back, ticket="A", after_next=True))
    assert room.wait_min() == 5  # after the next, and the next is the newcomer
    room.come()
    assert room.wait_min() == 15


def test_who_has_a_second_service_to_come_waits_again_before_the_newcomer() -> None:
    room = Room(both(1)).staff(1)
    room.serve(1, then=("new",))
    assert room.wait_min() == 15


def test_an_appointment_that_is_due_by_then_comes_before() -> None:
    room = Room(both(1)).staff(1)
    room.serve(1, "new")
    room.come(priority_class="courtesy", booked_in_min=4)
    assert room.wait_min() == 15
    room = Room(both(1), policy=Policy(discipline=Discipline.FCFS)).staff(1)
    room.serve(1, "new")
    room.come(priority_class="courtesy", booked_in_min=4)
    assert room.wait_min() == 10


# Who works -----------------------------------------------------------------------------------------------------------


def test_a_counter_that_pauses_does_not_count() -> None:
    room = Room(both(1), both(2)).staff(1, 2)
    room.serve(1)
    assert room.wait_min() == 0
    room.happen(CounterPaused(counter=2, reason="lunch"))
    assert room.wait_min() == 5


def test_before_anybody_works_all_counters_of_the_hall_file_are_assumed() -> None:
    room = Room(both(1), both(2))
    assert promises(room.state, NOW)["bill", ORDINARY] == AT_ONCE
    for _ in range(4):
        room.come()
    assert room.wait_min() == 10


def test_a_service_whose_counters_all_pause_is_promised_as_if_they_came_back_for_it_alone() -> None:
    room = Room(one(1, "bill"), both(2)).staff(1)
    room.serve(1)
    assert (room.wait_min("bill"), room.wait_min("new")) == (5, 0)


def test_reserved_counters_and_clerks_skills_count() -> None:
    room = Room(both(1), both(2, reserved_for=("courtesy",))).staff(1, 2)
    room.serve(1)
    assert (room.wait_min(), room.wait_min(priority_class="courtesy")) == (5, 0)
    assert room.state.hall is not None
    clerk = Clerk(id="c7", skills=("new",))
    room.happen(HallConfigured(hall=msgspec.structs.replace(room.state.hall, clerks=(clerk,))))
    room.happen(ClerkSignedIn(counter=2, clerk="c7"))
    assert (room.wait_min("bill", "courtesy"), room.wait_min("new", "courtesy")) == (5, 0)


def test_what_no_counter_can_take_is_not_promised() -> None:
    room = Room(one(1, "bill"))
    assert {service for service, _ in promises(room.state, NOW)} == {"bill"}


# The rehearsal and the hall -------------------------------------------------------------------------------------------


def test_beyond_the_horizon_the_pace_goes_on() -> None:
    room = Room(both(1), policy=Policy(discipline=Discipline.FCFS)).staff(1)
    room.serve(1)
    for _ in range(3 * HORIZON):
        room.come()
    assert room.wait_min() == pytest.approx(5 * (3 * HORIZON + 1), rel=0.01)


CROWDS = st.lists(
    st.tuples(st.sampled_from(["bill", "new"]), st.sampled_from([ORDINARY, "courtesy", "guest"]), st.integers(0, 40)),
    max_size=25,
)
POLICIES = st.builds(
    Policy,
    discipline=st.sampled_from([*Discipline]),
    rules=st.just((Rule(service="new", waiting_over=3), Rule(priority_class="courtesy", waited_over_min=9))),
    overtaken_times=st.sampled_from([None, 0, 2]),
    overtaken_min=st.sampled_from([None, 5]),
    bound_yields=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(crowd=CROWDS, policy=POLICIES, counters=st.integers(1, 3), last=st.sampled_from([ORDINARY, "courtesy", "guest"]))
def test_when_services_take_their_usual_time_and_nobody_else_comes_the_rehearsal_comes_true(
    crowd: list[tuple[str, str, int]], policy: Policy, counters: int, last: str
) -> None:
    guest = PriorityClass(id="guest", name=TEXT, target_min=2, absolute=True)
    room = Room(*map(both, range(1, counters + 1)), policy=policy, classes=(guest, COURTESY, PLAIN))
    room.staff(*range(1, counters + 1))
    for service, priority_class, minutes_ago in sorted(crowd, key=lambda each: -each[2]):
        room.come(service, priority_class, minutes_ago=minutes_ago)
    room.state.learning.service_ms = {"bill": (299_993, MOST_WEIGHT), "new": (611_953, MOST_WEIGHT)}
    foretold_ms = waits(room.state, NOW)["bill", last]
    assert _called_at(room, room.come("bill", last, minutes_ago=0)) - NOW == foretold_ms


def _called_at(room: Room, watched: str) -> int:
    """Play the hall on until somebody is called."""
    state, usual_ms = room.state, {name: mean for name, (mean, _) in room.state.learning.service_ms.items()}
    free = [(NOW, number) for number in state.counters]
    heapify(free)
    while free:
        at_ms, number = heappop(free)
        visit = state.visit_at(number)
        if visit is not None:
            ended = VisitEnded(visit=visit.id, ticket="", outcome=Outcome.DONE, call=visit.call, counter=number)
            room.happen(ended, at_ms)
        turn = next_turn(state, number, at_ms)
        if turn is not None:
            room.happen(ticket_called(state, number, turn, at_ms, explain=False), at_ms)
            if turn.visit.id == watched:
                return at_ms
            heappush(free, (at_ms + usual_ms[turn.visit.service], number))
    raise AssertionError(watched)
