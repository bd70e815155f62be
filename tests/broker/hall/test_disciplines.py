"""Whose turn: small halls with the exact order in which each discipline calls."""

from typing import Any

import pytest

from broker.contract.messages import (
    ORDINARY,
    Discipline,
    FinishService,
    GivenBy,
    MarkNoShow,
    PriorityClass,
    ReturnTicket,
    Rule,
    TransferVisit,
)
from broker.contract.messages import Position as At

from .floor import BILL, NEW, Floor, a_class, a_hall, a_service, target

ONE = {1: "bill new"}
VIP, PLAIN = a_class("vip", 5), a_class(ORDINARY, 15)
# Who comes: minute, service, class. They are A001, A002, … and B001, … in this order.
Comers = tuple[tuple[float, str, str], ...]
MIXED: Comers = (
    (0, "bill", ORDINARY),  # A001
    (1, "new", ORDINARY),  # B001
    (2, "bill", "vip"),  # A002
    (3, "bill", ORDINARY),  # A003
    (9, "new", "vip"),  # B002
)


def a_floor(*classes: PriorityClass, **more: Any) -> Floor:
    return Floor(a_hall(counters=ONE, classes=classes or (VIP, PLAIN), **more))


def come(floor: Floor, comers: Comers) -> None:
    begun = floor.now
    for minute, service, priority_class in comers:
        floor.later(minutes=minute - (floor.now - begun).total_seconds() / 60)
        floor.take(service, priority_class, node="boss")


def order(floor: Floor, *, apart_min: float = 0) -> str:
    called = []
    while not (ticket := floor.call(1)).startswith("refused"):
        called.append(ticket)
        floor.press(FinishService, 1)
        floor.later(minutes=apart_min)
    return " ".join(called)


@pytest.mark.parametrize(
    ("discipline", "expected"),
    [
        (Discipline.FCFS, "A001 B001 A002 A003 B002"),  # who came first
        (Discipline.STRICT, "A002 B002 A001 B001 A003"),  # the highest class, in it who came first
        (Discipline.DUE, "A002 B002 A001 B001 A003"),  # promised for 7, 14, 15, 16, 18
        (Discipline.SHARE, "A002 A001 B001 A003 B002"),  # at 10: 8/5, 10/15, 9/15, 7/15, 1/5
    ],
)
def test_five_people_in_the_order_of_each_discipline(discipline: Discipline, expected: str) -> None:
    floor = a_floor(discipline=discipline)
    come(floor, MIXED)
    floor.later(minutes=1)
    assert order(floor) == expected


def test_under_share_the_order_changes_as_shares_grow_at_different_rates() -> None:
    """At 10, 13 and 16: B002 (vip, came at 9) overtakes B001 and A003 as its share grows three times as fast."""
    floor = a_floor(discipline=Discipline.SHARE)
    come(floor, MIXED)
    floor.later(minutes=1)
    assert order(floor, apart_min=3) == "A002 A001 B002 B001 A003"


@pytest.mark.parametrize("discipline", [Discipline.SHARE, Discipline.DUE, Discipline.FCFS])
def test_with_equal_targets_share_and_due_are_first_come_first_served(discipline: Discipline) -> None:
    floor = a_floor(a_class("vip", 15), PLAIN, discipline=discipline)
    come(floor, MIXED)
    assert order(floor, apart_min=2) == "A001 B001 A002 A003 B002"


@pytest.mark.parametrize("discipline", list(Discipline))
def test_within_a_service_and_class_everybody_comes_in_the_order_of_coming(discipline: Discipline) -> None:
    floor = a_floor(discipline=discipline)
    come(floor, tuple((minute, "bill", "vip") for minute in range(5)))
    assert order(floor) == "A001 A002 A003 A004 A005"


@pytest.mark.parametrize(
    ("discipline", "expected"),
    [
        (Discipline.FCFS, "A001 A002"),  # the number of the event
        (Discipline.SHARE, "A002 A001"),  # the smaller target, though its share is nothing yet
        (Discipline.DUE, "A002 A001"),
        (Discipline.STRICT, "A002 A001"),
        (Discipline.RATIO, "A002 A001"),  # equal turns: the higher class
        (Discipline.RULES, "A001 A002"),
    ],
)
def test_two_who_come_in_the_same_moment(discipline: Discipline, expected: str) -> None:
    floor = a_floor(discipline=discipline)
    come(floor, ((0, "bill", ORDINARY), (0, "bill", "vip")))
    assert order(floor) == expected


def test_equal_due_times_mean_the_smaller_target_first() -> None:
    floor = a_floor(discipline=Discipline.DUE)
    come(floor, ((0, "bill", ORDINARY), (10, "bill", "vip")))  # both are due at 15
    assert order(floor) == "A002 A001"


def test_equal_shares_mean_the_smaller_target_first() -> None:
    floor = a_floor(discipline=Discipline.SHARE)
    come(floor, ((0, "bill", ORDINARY), (2, "bill", "vip")))
    floor.later(minutes=1)  # 3/15 and 1/5
    assert order(floor) == "A002 A001"


def test_a_service_may_promise_another_wait_than_the_class_does() -> None:
    quick = a_service("new", "B", targets=(target(ORDINARY, 3),))
    floor = a_floor(services=(BILL, quick), discipline=Discipline.DUE)
    come(floor, ((0, "bill", ORDINARY), (1, "new", ORDINARY)))
    assert order(floor) == "B001 A001"


# Ratio ----------------------------------------------------------------------------------------------------------------

THREE_TO_ONE = (a_class("vip", 5, weight=3), PLAIN)


def classes_called(floor: Floor, count: int) -> str:
    called = ""
    for _ in range(count):
        called += floor.visit(floor.serve(1)).priority_class[0]
    return called


def test_three_to_one_means_three_of_one_class_for_each_of_the_other() -> None:
    floor = a_floor(*THREE_TO_ONE, discipline=Discipline.RATIO)
    come(floor, tuple((0, "bill", name) for name in ["vip"] * 12 + [ORDINARY] * 6))
    assert classes_called(floor, 12) == "vovvvovvvovv"


def test_a_class_that_nobody_came_for_saves_up_nothing() -> None:
    floor = a_floor(*THREE_TO_ONE, discipline=Discipline.RATIO)
    come(floor, tuple((0, "bill", ORDINARY) for _ in range(9)))
    assert classes_called(floor, 5) == "ooooo"
    come(floor, tuple((0, "bill", "vip") for _ in range(9)))
    assert classes_called(floor, 9) == "vvvvovvvo"  # one more at most, from the tie of their turns


def test_both_classes_may_be_away_for_a_while() -> None:
    floor = a_floor(*THREE_TO_ONE, discipline=Discipline.RATIO)
    come(floor, ((0, "bill", "vip"), (0, "bill", ORDINARY)))
    assert classes_called(floor, 2) == "vo"
    floor.later(minutes=90)
    come(floor, tuple((0, "bill", name) for name in ["vip"] * 8 + [ORDINARY] * 4))
    called = classes_called(floor, 8)
    assert called.count("o") == 2
    assert "oo" not in called


# Rules ----------------------------------------------------------------------------------------------------------------


def test_the_first_rule_that_holds_calls_the_oldest_whom_it_names() -> None:
    rules = (Rule(service="new", waiting_over=1), Rule(priority_class="vip", waited_over_min=4))
    floor = a_floor(discipline=Discipline.RULES, rules=rules)
    come(floor, MIXED)  # B001 and B002 wait: the first rule holds; then A002 waited 7 minutes: the second
    rows = []
    while not (ticket := floor.call(1)).startswith("refused"):
        rows.append((ticket, floor.last_call().rule))
        floor.press(FinishService, 1)
    assert rows == [("B001", "rule 1"), ("A002", "rule 2"), ("A001", "rules"), ("A003", "rules"), ("B002", "rules")]


def test_a_rule_holds_from_its_minute_on() -> None:
    rules = (Rule(priority_class="vip", waited_over_min=4),)
    floor = a_floor(discipline=Discipline.RULES, rules=rules)
    come(floor, ((0, "bill", ORDINARY), (1, "bill", "vip"), (1, "bill", ORDINARY)))
    floor.later(minutes=3.9)
    assert floor.serve(1) == "A001"
    floor.later(minutes=0.1)
    assert floor.serve(1) == "A002"


# Before every discipline ----------------------------------------------------------------------------------------------

EMERGENCY = a_class("emergency", 1, absolute=True, given_by=GivenBy.SUPERVISOR)
STATUTORY = a_class("statutory", 3, absolute=True)


@pytest.mark.parametrize("discipline", list(Discipline))
def test_absolute_classes_come_before_all_others_the_highest_first(discipline: Discipline) -> None:
    floor = a_floor(EMERGENCY, STATUTORY, VIP, PLAIN, discipline=discipline)
    come(floor, ((0, "bill", ORDINARY), (1, "bill", "statutory"), (2, "bill", "emergency"), (3, "bill", "statutory")))
    assert order(floor) == "A003 A002 A004 A001"


def test_who_skips_the_queue_does_so_in_the_order_of_coming_after_the_absolute_classes() -> None:
    floor = a_floor(EMERGENCY, PLAIN, discipline=Discipline.FCFS)
    come(floor, tuple((0, "bill", ORDINARY) for _ in range(4)))
    floor.call(1)
    floor.press(TransferVisit, 1, position=At.FIRST)
    assert floor.call(1) == "A001"
    floor.press(MarkNoShow, 1)
    floor.ask(ReturnTicket(id="r", ticket="A001"), node="kiosk-1")
    floor.call(1)
    floor.press(TransferVisit, 1, service="new", position=At.FIRST)
    come(floor, ((0, "bill", "emergency"),))
    assert order(floor) == "A005 A001 A002 A003 A004"


def test_every_call_says_why_and_what_it_cost() -> None:
    floor = a_floor(discipline=Discipline.STRICT)
    come(floor, MIXED)
    floor.later(minutes=1)
    floor.call(1)
    called = floor.last_call()
    assert (called.ticket, called.rule, called.waited_s, called.exempt) == ("A002", "strict", 480, False)
    assert [(each.ticket, each.waited_s, each.target_s) for each in called.scores] == [
        ("A002", 480, 300),
        ("A001", 600, 900),
        ("B001", 540, 900),
        ("B002", 60, 300),
    ]
    assert [(each.ticket, each.earlier_s, each.times) for each in called.passed] == [("A001", 120, 1), ("B001", 60, 1)]


def test_the_longest_line_of_services_changes_nothing() -> None:
    floor = Floor(a_hall(services=(BILL, NEW), counters=ONE, discipline=Discipline.FCFS))
    come(floor, ((0, "bill", ORDINARY), *((1, "new", ORDINARY) for _ in range(20)), (2, "bill", ORDINARY)))
    assert [floor.serve(1) for _ in range(2)] == ["A001", "B001"]
