"""Nobody is overtaken too often, or by somebody who came too much later: under every discipline, and counted right."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.contract.messages import (
    ORDINARY,
    AnyEvent,
    CallTicket,
    CancelTicket,
    Discipline,
    FinishService,
    Hall,
    Hold,
    HoldVisit,
    Position,
    Reclassify,
    ReturnTicket,
    Rule,
    TransferVisit,
    Undo,
)

from .floor import BILL, NEW, PLAIN, STATUTORY, Floor, a_class, a_hall
from .oracle import Ledger, counted, waiting

VIP = a_class("vip", 1, weight=5)
CLASSES = (STATUTORY, VIP, PLAIN)


class CountingFloor(Floor):
    """A floor where somebody keeps a tally by hand."""

    def __init__(self, hall: Hall) -> None:
        self.ledger = Ledger()
        super().__init__(hall, promising=False)

    def happen(self, event: AnyEvent) -> None:
        waited = {visit.id for visit in waiting(self.state)}
        self.ledger.before(self.state, event)
        super().happen(event)
        self.ledger.after(self.state, waited)
        for visit in waiting(self.state):
            assert counted(self.state, visit) == (
                self.ledger.bound.get(visit.id, 0),
                self.ledger.exempt.get(visit.id, 0),
            )
        assert not self.ledger.breaches


def strict(**policy: Any) -> Floor:
    """One counter that calls vips first."""
    return CountingFloor(a_hall(counters={1: "bill new"}, classes=CLASSES, discipline=Discipline.STRICT, **policy))


def come(floor: Floor, *classes: str) -> None:
    for name in classes:
        floor.take("bill", name)
        floor.now += timedelta(minutes=1)


def test_without_a_bound_strict_priority_starves() -> None:
    floor = strict()
    come(floor, ORDINARY, *["vip"] * 9)
    assert [floor.serve(1) for _ in range(9)][-1] == "A010"


@pytest.mark.parametrize("times", [0, 1, 2, 5])
def test_nobody_is_overtaken_more_than_so_often(times: int) -> None:
    floor = strict(overtaken_times=times)
    come(floor, ORDINARY, *["vip"] * 9)
    order = [floor.serve(1) for _ in range(10)]
    assert order.index("A001") == times
    assert floor.visit("A001").overtaken == times


def test_the_call_that_the_bound_made_says_so() -> None:
    floor = strict(overtaken_times=1)
    come(floor, ORDINARY, "vip", "vip")
    floor.serve(1)
    assert floor.last_call().passed[0].times == 1
    floor.serve(1)
    assert (floor.last_call().ticket, floor.last_call().rule) == ("A001", "bound")


def test_nobody_is_overtaken_by_one_who_came_too_much_later() -> None:
    floor = strict(overtaken_min=3)
    come(floor, ORDINARY, "vip", "vip", "vip", "vip")
    assert [floor.serve(1) for _ in range(5)] == ["A002", "A003", "A004", "A001", "A005"]
    assert floor.visit("A001").overtaken_by_ms == 3 * 60_000


@pytest.mark.parametrize("yields", [True, False])
def test_the_policy_says_whether_the_bound_or_the_absolute_class_yields(*, yields: bool) -> None:
    floor = strict(overtaken_times=1, bound_yields=yields)
    come(floor, ORDINARY, "statutory", "statutory", "statutory")
    calls = []
    for _ in range(4):
        floor.serve(1)
        called = floor.last_call()
        calls.append((called.ticket, called.exempt, called.breach))
    if yields:
        assert calls == [
            ("A002", True, False),
            ("A003", True, True),
            ("A004", True, True),
            ("A001", False, False),
        ]
        assert (floor.visit("A001").overtaken, floor.visit("A001").overtaken_exempt) == (0, 3)
    else:
        assert calls == [
            ("A002", False, False),
            ("A001", False, False),
            ("A003", False, False),
            ("A004", False, False),
        ]
        assert (floor.visit("A001").overtaken, floor.visit("A001").overtaken_exempt) == (1, 0)


def test_a_call_by_number_is_exempt_and_a_breach_is_written_down() -> None:
    floor = strict(overtaken_min=1)
    come(floor, ORDINARY, ORDINARY, ORDINARY)
    floor.press(CallTicket, 1, ticket="A002")
    assert (floor.last_call().exempt, floor.last_call().breach) == (True, False)
    floor.press(FinishService, 1)
    floor.press(CallTicket, 1, ticket="A003")
    assert floor.last_call().breach
    assert floor.last_call().passed[0].exempt == 2


def test_who_was_sent_on_takes_the_count_along_though_others_stand_in_front() -> None:
    """A001 was overtaken once as a bill, and stands behind B001 as *new*: the bound holds for both."""
    floor = strict(overtaken_times=1)
    floor.take("new")
    floor.now += timedelta(minutes=1)
    come(floor, ORDINARY, "vip")
    floor.press(CallTicket, 1, ticket="A002")  # overtakes B001 and A001, exempt
    floor.press(FinishService, 1)
    come(floor, "vip", "vip")
    assert floor.serve(1) == "A003"  # overtakes both
    floor.press(CallTicket, 1, ticket="A001")
    floor.press(TransferVisit, 1, service="new", position=Position.IN_TURN)
    assert [floor.serve(1) for _ in range(3)] == ["B001", "A001", "A004"]


def test_one_who_comes_back_in_front_of_others_does_not_hide_how_often_they_were_overtaken() -> None:
    floor = strict(overtaken_times=2)
    come(floor, ORDINARY, ORDINARY)
    floor.press(CallTicket, 1, ticket="A001")
    floor.press(HoldVisit, 1, hold=Hold.OTHER_STEP)
    come(floor, "vip", "vip", "vip")
    assert [floor.serve(1), floor.serve(1)] == ["A003", "A004"]  # A002 was overtaken twice
    floor.later(minutes=60)  # A001 is back in its old place, never overtaken
    assert [floor.serve(1) for _ in range(3)] == ["A001", "A002", "A005"]


def test_an_undone_call_overtook_nobody() -> None:
    floor = strict(overtaken_times=1)
    come(floor, ORDINARY, "vip")
    assert floor.call(1) == "A002"
    floor.press(Undo, 1)
    assert counted(floor.state, floor.visit("A001")) == (0, 0)
    assert floor.call(1) == "A002"
    floor.press(FinishService, 1)
    assert floor.visit("A001").overtaken + counted(floor.state, floor.visit("A001"))[0] == 1


def held_for_a_minute(**policy: Any) -> Floor:
    """A001 is on hold, and will be back in its old place in a minute."""
    floor = strict(hold_min=1, **policy)
    floor.take()
    floor.later(seconds=1)
    floor.call(1)
    floor.press(HoldVisit, 1, hold=Hold.OTHER_STEP)
    return floor


def quickly(floor: Floor, *classes: str) -> None:
    for name in classes:
        floor.take("bill", name)
        floor.later(seconds=1)


def test_who_came_back_after_a_call_that_is_then_undone_owes_nothing_for_it() -> None:
    floor = held_for_a_minute()
    quickly(floor, ORDINARY, "vip")
    floor.later(seconds=48)
    assert floor.call(1) == "A003"
    floor.later(seconds=10)
    assert floor.waits() == {"A001", "A002"}
    floor.press(Undo, 1)
    assert [counted(floor.state, floor.visit(ticket))[0] for ticket in ("A001", "A002")] == [0, 0]
    floor.serve(1)
    assert [counted(floor.state, floor.visit(ticket))[0] for ticket in ("A001", "A002")] == [1, 1]


def test_the_burden_of_one_who_leaves_is_that_of_the_next() -> None:
    floor = held_for_a_minute(overtaken_times=2)
    quickly(floor, ORDINARY, ORDINARY, "vip", "vip", "vip")
    assert [floor.serve(1), floor.serve(1)] == ["A004", "A005"]  # A002 and A003 were overtaken twice
    floor.later(seconds=60)
    floor.ask(CancelTicket(id="c", ticket="A002"), node="kiosk-1")
    assert [floor.serve(1) for _ in range(3)] == ["A001", "A003", "A006"]


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["take", "take", "take", "serve", "serve", "number", "send", "hold", "back", "undo", "class"]),
        st.integers(0, 11),
        st.sampled_from(["ordinary", "vip", "statutory"]),
    ),
    min_size=10,
    max_size=60,
)
DISCIPLINES: dict[Discipline, dict[str, Any]] = {
    Discipline.SHARE: {},
    Discipline.FCFS: {},
    Discipline.DUE: {},
    Discipline.STRICT: {},
    Discipline.RATIO: {},
    Discipline.RULES: {"rules": (Rule(priority_class="vip"), Rule(service="new", waiting_over=2))},
}


def act(floor: Floor, what: str, number: int, name: str) -> None:
    counter, services = number % 3 + 1, ("bill", "new")
    tickets = [visit.ticket for visit in floor.state.open_visits() if visit.state.value in {"waiting", "held"}]
    ticket = tickets[number % len(tickets)] if tickets else "A001"
    if what == "take":
        floor.take(services[number % 2], name)
    elif what == "serve":
        floor.press(FinishService, counter)
        floor.call(counter)
    elif what == "number":
        floor.press(CallTicket, counter, ticket=ticket)
    elif what == "send":
        floor.press(TransferVisit, counter, service=services[number % 2], position=list(Position)[number % 3])
    elif what == "hold":
        floor.press(HoldVisit, counter, hold=Hold.OTHER_STEP)
    elif what == "back":
        floor.ask(ReturnTicket(id=floor.id(), ticket=ticket), node="kiosk-1")
    elif what == "undo":
        floor.press(Undo, counter)
    else:
        floor.ask(Reclassify(id=floor.id(), ticket=ticket, priority_class=name), node="boss")
    floor.now += timedelta(seconds=(7, 40, 150, 300)[number % 4])


@pytest.mark.parametrize("yields", [True, False])
@pytest.mark.parametrize("discipline", list(DISCIPLINES))
@settings(max_examples=15, deadline=None)
@given(acts=ACTS, times=st.sampled_from([None, 0, 1, 3]), minutes=st.sampled_from([None, 0, 2, 6.5]))
def test_the_bound_holds_whatever_happens_and_every_count_is_the_one_by_hand(
    discipline: Discipline,
    acts: list[tuple[str, int, str]],
    times: int | None,
    minutes: float | None,
    *,
    yields: bool,
) -> None:
    floor = CountingFloor(
        a_hall(
            services=(BILL, NEW),
            counters={1: "bill new", 2: "bill", 3: "new bill"},
            classes=CLASSES,
            discipline=discipline,
            overtaken_times=times,
            overtaken_min=minutes,
            bound_yields=yields,
            **DISCIPLINES[discipline],
        )
    )
    for what, number, name in acts:
        act(floor, what, number, name)
    for visit in floor.state.visits.values():
        bound, _ = counted(floor.state, visit)
        assert times is None or bound <= times
        assert minutes is None or visit.overtaken_by_ms <= minutes * 60_000


def test_a_call_taken_back_still_counts_for_whoever_has_another_class_by_then() -> None:
    floor = strict()
    come(floor, *[ORDINARY] * 3)
    floor.press(CallTicket, 1, ticket="A003")
    floor.ask(Reclassify(id="r", ticket="A001", priority_class="vip"), node="boss")
    floor.press(Undo, 1)
    assert [counted(floor.state, each) for each in waiting(floor.state)] == [(0, 1), (0, 0), (0, 0)]
