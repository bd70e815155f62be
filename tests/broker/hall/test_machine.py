"""Whatever people press, in halls of several shapes: what the hall promises holds after every single step."""

from typing import Any

from hypothesis import HealthCheck, Phase, settings
from msgspec.structs import replace

from broker.contract.messages import (
    Clerk,
    Discipline,
    Hall,
    Identity,
    IdentityKind,
    Need,
    Rule,
)

from .floor import ASK, BILL, BOOKED, COURTESY, EMERGENCY, NEW, PLAIN, STATUTORY, a_class, a_hall, with_counter
from .machine import HallMachine

CLERKS = (Clerk(id="wang", meets=("loop",)), Clerk(id="li", skills=("bill", "ask"), call_by_number=False))
NEEDS = (
    Need(id="low", name=PLAIN.name, walk_s=20),
    Need(id="loop", name=PLAIN.name),
)
SERVING = {1: "bill new", 2: "bill ask", 3: "new ask bill"}


def _hall(*, low_at: int = 2, **policy: Any) -> Hall:
    hall = a_hall(services=(BILL, NEW, ASK), counters=SERVING, clerks=CLERKS, needs=NEEDS, **policy)
    return with_counter(hall, low_at, meets=("low", "loop"))


SIMPLE = _hall(discipline=Discipline.FCFS)
FAIR = _hall(
    classes=(EMERGENCY, STATUTORY, COURTESY, PLAIN), overtaken_times=2, overtaken_min=8, rest_s=5, slip_grace_s=10
)
ACCOUNT = Identity(kind=IdentityKind.ACCOUNT, optional=("bill", "new"), per_day=2)
STRICT = _hall(
    discipline=Discipline.STRICT,
    classes=(EMERGENCY, BOOKED, a_class("vip", 3), PLAIN),
    overtaken_times=1,
    bound_yields=False,
    outcome_mandatory=True,
)
STRICT = replace(STRICT, bookings=True, identity=ACCOUNT)
RATIO = with_counter(
    _hall(
        discipline=Discipline.RATIO,
        classes=(EMERGENCY, a_class("vip", 3, weight=3), PLAIN),
        overtaken_times=3,
        overtaken_min=20,
    ),
    3,
    skills=("new",),
    helps=("ask", "bill"),
    first_for=("vip",),
)
RULES = _hall(
    discipline=Discipline.RULES,
    rules=(Rule(service="new", waiting_over=2), Rule(priority_class="courtesy", waited_over_min=3)),
    classes=(COURTESY, PLAIN),
    overtaken_times=2,
)


def _fewer(hall: Hall) -> Hall:
    """Return the hall with a service and a counter less, and other numbers."""
    counters = tuple(
        replace(each, skills=tuple(name for name in each.skills if name != "ask") or ("bill",), helps=())
        for each in hall.counters
        if each.number != 1
    )
    return replace(hall, services=hall.services[:2], counters=counters, classes=hall.classes[-1:])


class SimpleHall(HallMachine):
    HALLS = (SIMPLE,)


class FairHall(HallMachine):
    HALLS = (FAIR,)


class StrictHall(HallMachine):
    HALLS = (STRICT,)


class RatioHall(HallMachine):
    HALLS = (RATIO,)


class RulesHall(HallMachine):
    HALLS = (RULES,)


class ChangingHall(HallMachine):
    HALLS = (
        FAIR,
        _fewer(FAIR),
        replace(STRICT, classes=FAIR.classes),
        replace(FAIR, policy=replace(FAIR.policy, discipline=Discipline.DUE)),
    )


PRESSES = settings(
    phases=(Phase.generate,),  # to shrink a whole day takes minutes
    report_multiple_bugs=False,
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
for _machine in (SimpleHall, FairHall, StrictHall, RatioHall, RulesHall, ChangingHall):
    _machine.TestCase.settings = PRESSES

TestSimpleHall = SimpleHall.TestCase
TestFairHall = FairHall.TestCase
TestStrictHall = StrictHall.TestCase
TestRatioHall = RatioHall.TestCase
TestRulesHall = RulesHall.TestCase
TestChangingHall = ChangingHall.TestCase
