"""How long a newcomer is told to wait: the hall's own discipline, rolled forward."""

from heapq import heapify, heappop, heappush

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.contract.messages import (
    ORDINARY,
    AnyEvent,
    Clerk,
    ClerkSignedIn,
    Counter,
    CounterOpened,
    CounterPaused,
    DayOpened,
    Discipline,
    GivenBy,
    Hall,
    HallConfigured,
    Language,
    Node,
    Outcome,
    Policy,
    PriorityClass,
    Role,
    Rule,
    Service,
    ServiceStarted,
    TakeTicket,
    Text,
    TicketCalled,
    TicketIssued,
    TicketReclassified,
    VisitEnded,
    VisitReturned,
    Zone,
)
from broker.hall.apply import happen
from broker.hall.calls import out_of_turn, ticket_called
from broker.hall.clock import utc
from broker.hall.decide import decide
from broker.hall.estimate import AT_ONCE, promises
from broker.hall.learning import MOST_WEIGHT, Learning
from broker.hall.rehearsal import HORIZON, waits
from broker.hall.request import Request
from broker.hall.snapshot import taken
from broker.hall.state import HallState
from broker.hall.turn import next_turn
from broker.hall.views import queues_view
from broker.hall.visit import Visit
from hallcall.benches.estimates import coverage, forecasts, mae_min

MINUTE = 60_000
NOW = 1_000_000 * MINUTE
TEXT = Text(zh="某", en="some")
COURTESY = PriorityClass(id="courtesy", name=TEXT, target_min=5, weight=2)
EMERGENCY = PriorityClass(id="emergency", name=TEXT, absolute=True, given_by=GivenBy.SUPERVISOR)
PLAIN = PriorityClass(id=ORDINARY, name=TEXT, target_min=20)


class Room:
    """Counters, and people who came before now; `bill` takes 5 minutes, `new` 10."""

    def __init__(
        self,
        *counters: Counter,
        policy: Policy = Policy(),  # noqa: B008 - frozen
        classes: tuple[PriorityClass, ...] = (COURTESY, PLAIN),
    ) -> None:
        self.state = HallState(epoch=1)
        services = (
            Service(id="bill", name=TEXT, prefix="A", zone="main", minutes=5, last=9999),
            Service(id="new", name=TEXT, prefix="B", zone="main", minutes=10),
        )
        hall = Hall(
            id="room",
            name=TEXT,
            slip_grace_s=0,
            zones=(Zone(id="main", name=TEXT),),
            services=services,
            counters=counters,
            nodes=(Node(id="kiosk", role=Role.KIOSK),),
            classes=classes,
            policy=policy,
        )
        self.happen(DayOpened(day="2026-11-21"), NOW - 600 * MINUTE)
        self.happen(HallConfigured(hall=hall), NOW - 600 * MINUTE)

    def happen(self, event: AnyEvent, at_ms: int = NOW) -> None:
        happen(self.state, event, at_ms=at_ms, seq=self.state.seq + 1)

    def staff(self, *numbers: int) -> "Room":
        for number in numbers:
            self.happen(CounterOpened(counter=number), NOW - 500 * MINUTE)
        return self

    def come(
        self,
        service: str = "bill",
        priority_class: str = ORDINARY,
        *,
        minutes_ago: float = 1,
        then: tuple[str, ...] = (),
        booked_in_min: int = 0,
    ) -> str:
        number = self.state.seq
        issued = TicketIssued(
            visit=f"v{number}",
            ticket=f"A{number}",
            service=service,
            number=number,
            language=Language.ZH,
            node="kiosk",
            ahead=0,
            wait_low_min=None,
            wait_high_min=None,
            priority_class=priority_class,
            then=then,
            ready_at=utc(NOW + booked_in_min * MINUTE) if booked_in_min else None,
        )
        self.happen(issued, NOW - round(minutes_ago * MINUTE))
        return issued.visit

    def serve(self, counter: int, service: str = "bill", *, since_min: float = 0, then: tuple[str, ...] = ()) -> str:
        """Let a counter be busy with somebody since so many minutes."""
        visit, at_ms = self.come(service, minutes_ago=400, then=then), NOW - round(since_min * MINUTE)
        call = f"{visit}.1"
        called = TicketCalled(
            call=call, visit=visit, ticket="A", service=service, counter=counter, zone="main", language=Language.ZH,
            rule="fcfs", waited_s=0, exempt=True,
        )  # fmt: skip
        self.happen(called, at_ms)
        self.happen(ServiceStarted(call=call, visit=visit, ticket="A", counter=counter), at_ms)
        return visit

    def wait_min(self, service: str = "bill", priority_class: str = ORDINARY) -> float:
        return waits(self.state, NOW)[service, priority_class] / MINUTE


def both(number: int, **more: object) -> Counter:
    return Counter(number=number, zone="main", skills=("bill", "new"), **more)  # type: ignore[arg-type]


def one(number: int, service: str, **more: object) -> Counter:
    return Counter(number=number, zone="main", skills=(service,), **more)  # type: ignore[arg-type]


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


def test_beyond_the_horizon_the_pace_goes_on() -> None:
    room = Room(both(1), policy=Policy(discipline=Discipline.FCFS)).staff(1)
    room.serve(1)
    for _ in range(3 * HORIZON):
        room.come()
    assert room.wait_min() == pytest.approx(5 * (3 * HORIZON + 1), rel=0.01)


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


# The rehearsal and the hall -------------------------------------------------------------------------------------------

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


def test_at_peak_load_ours_beats_the_literature_and_four_of_five_ranges_hold() -> None:
    done = forecasts(days=3, seed=1).done
    ours = mae_min(done, "ours")
    assert ours < 0.6 * mae_min(done, "last_to_enter")
    assert ours < 0.6 * mae_min(done, "head_of_line")
    assert ours < 0.6 * mae_min(done, "queue_length")
    assert 0.75 <= coverage(done) <= 0.85
