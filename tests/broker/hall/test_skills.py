"""Who may serve whom: skills of counter and clerk, helps, reserved counters, preferences, customers' needs."""

import pytest
from msgspec.structs import replace

from broker.contract.messages import (
    ORDINARY,
    CallTicket,
    Clerk,
    Discipline,
    FinishService,
    Hall,
    MarkNoShow,
    Need,
    SignIn,
)

from .floor import COURTESY, PLAIN, Floor, a_class, a_hall, reason, text, with_counter

CLERKS = (Clerk(id="novice", skills=("bill",)), Clerk(id="signer", meets=("signs",)), Clerk(id="all"))
NEEDS = (
    Need(id="low", name=text("low counter")),
    Need(id="signs", name=text("sign language")),
    Need(id="slow", name=text("walks slowly"), at_counter=False, walk_s=25),
)


def hall() -> Hall:
    return a_hall(counters={1: "bill new", 2: "bill new"}, clerks=CLERKS, needs=NEEDS, classes=(COURTESY, PLAIN))


def test_the_skills_in_force_are_the_counters_and_the_clerks() -> None:
    floor = Floor(hall())
    floor.press(SignIn, 1, clerk="novice")
    floor.take("new")
    assert floor.call(1) == "refused: nobody_waits"
    assert reason(floor.press(CallTicket, 1, ticket="B001")) == "not_skilled"
    floor.press(SignIn, 1, clerk="all")
    assert floor.call(1) == "B001"


def test_a_clerk_brings_no_skill_that_the_counter_lacks() -> None:
    floor = Floor(a_hall(counters={1: "bill", 2: "new"}, clerks=CLERKS))
    floor.press(SignIn, 1, clerk="all")
    floor.take("new")
    assert floor.call(1) == "refused: nobody_waits"


def test_nobody_unknown_signs_in() -> None:
    floor = Floor(hall())
    assert reason(floor.press(SignIn, 1, clerk="stranger")) == "unknown_clerk"


def test_a_counter_helps_only_while_none_of_its_own_waits() -> None:
    floor = Floor(with_counter(a_hall(counters={1: "bill", 2: "new"}), 1, helps=("new",)))
    floor.take("new")
    floor.later(minutes=9)
    floor.take("bill")
    assert [floor.serve(1), floor.serve(1)] == ["A001", "B001"]


def test_a_reserved_counter_takes_its_classes_and_no_others() -> None:
    floor = Floor(with_counter(hall(), 1, reserved_for=("courtesy",)))
    floor.take()
    assert floor.call(1) == "refused: nobody_waits"
    floor.take("bill", "courtesy")
    assert floor.call(1) == "A002"
    assert floor.call(2) == "A001"


def test_a_counter_may_take_a_class_before_all_others_and_the_others_then() -> None:
    plain = a_hall(counters={1: "bill", 2: "bill"}, classes=(a_class("vip", 60), PLAIN), discipline=Discipline.SHARE)
    floor = Floor(with_counter(plain, 1, first_for=("vip",)))
    floor.take()
    floor.later(minutes=14)
    floor.take("bill", "vip")
    floor.take()
    assert [floor.serve(1), floor.serve(1), floor.serve(1)] == ["A002", "A001", "A003"]
    assert floor.visit("A001").priority_class == ORDINARY


def test_the_bound_comes_before_a_counters_preference() -> None:
    plain = a_hall(counters={1: "bill"}, classes=(a_class("vip", 60), PLAIN), overtaken_times=1)
    floor = Floor(with_counter(plain, 1, first_for=("vip",)))
    for name in (ORDINARY, "vip", "vip"):
        floor.take("bill", name)
        floor.later(minutes=1)
    assert [floor.serve(1) for _ in range(3)] == ["A002", "A001", "A003"]


@pytest.mark.parametrize(("needs", "where"), [(("low",), 1), (("signs",), 2), ((), 1), (("slow",), 1)])
def test_a_need_is_met_by_the_counter_or_by_its_clerk(needs: tuple[str, ...], where: int) -> None:
    floor = Floor(with_counter(hall(), 1, meets=("low",)))
    floor.press(SignIn, 2, clerk="signer")
    floor.take("bill", needs=needs)
    if needs in {("low",), ("signs",)}:
        assert floor.call(3 - where) == "refused: nobody_waits"
    assert floor.call(where) == "A001"


def test_several_needs_must_all_be_met() -> None:
    floor = Floor(with_counter(hall(), 1, meets=("low",)))
    floor.take("bill", needs=("signs", "low"))
    assert [floor.call(1), floor.call(2)] == ["refused: nobody_waits"] * 2
    floor.press(SignIn, 1, clerk="signer")
    assert floor.call(1) == "A001"


def test_needs_that_no_counter_could_ever_meet_strand_nobody() -> None:
    floor = Floor(replace(hall(), clerks=()))
    floor.take("bill", needs=("signs", "low"))
    assert floor.call(2) == "A001"


def test_a_slow_walker_has_longer_to_come() -> None:
    floor = Floor(replace(hall(), policy=replace(hall().policy, no_show_s=20)))
    floor.take("bill", needs=("slow",))
    floor.take()
    floor.call(1)
    floor.call(2)
    floor.later(seconds=20)
    assert reason(floor.press(MarkNoShow, 1)) == "still_coming"
    floor.press(MarkNoShow, 2)
    assert floor.visit("A002").state.value == "missed"
    floor.later(seconds=25)
    floor.press(MarkNoShow, 1)
    assert floor.visit("A001").state.value == "missed"


def test_people_with_needs_do_not_hold_up_those_behind_them() -> None:
    floor = Floor(with_counter(hall(), 1, meets=("low",)))
    floor.take("bill", needs=("low",))
    floor.take()
    assert floor.call(2) == "A002"
    assert floor.call(1) == "A001"
    floor.press(FinishService, 1)
    assert floor.visit("A001").overtaken == 0  # counter 2 could not serve A001


def test_nobody_staffs_two_counters() -> None:
    floor = Floor(hall())
    floor.press(SignIn, 1, clerk="signer")
    floor.press(SignIn, 2, clerk="signer")
    assert (floor.state.desk(1).clerk, floor.state.desk(2).clerk) == (None, "signer")
