"""What cannot be simulated is refused before it begins: what is wrong, where, and what to do."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from broker.contract.messages import ORDINARY, Discipline, GivenBy, Hall, Hours, Policy, Weekday
from broker.twin.refusals import CannotSimulate
from broker.twin.settings import Kind, Patience, ServiceTime, Simulation, Stream
from broker.twin.simulation import replay, simulate, simulate_days

from .cases import a_hall, a_simulation, arrival, played, streams

SKILLS = (("bill",), ("bill", "new"))


def refusal(hall: Hall, simulation: Simulation) -> str:
    with pytest.raises(CannotSimulate) as refused:
        simulate(hall, simulation, {}, customers=100, warm_up=0, seed=1)
    return str(refused.value)


def test_a_hall_in_order_is_played() -> None:
    simulation = a_simulation(*streams({ORDINARY: 0.2}), *streams({ORDINARY: 0.1}, "new"))
    assert played(a_hall(skills=SKILLS), simulation, customers=100).customers == 100


def test_more_work_than_the_counters_can_do_has_no_mean_wait() -> None:
    said = refusal(a_hall(skills=SKILLS), a_simulation(*streams({"high": 0.2, ORDINARY: 0.2})))
    assert said.startswith("load 1.000 of 2 counters (1, 2), by bill (high), bill (ordinary): at 1 or above the queue")


def test_more_work_of_one_service_than_its_own_counters_can_do_is_seen_though_the_hall_has_room() -> None:
    hall = a_hall(skills=(("bill",), ("bill",), ("bill",), ("new",)))
    said = refusal(hall, a_simulation(*streams({ORDINARY: 0.1}), *streams({ORDINARY: 0.21}, "new")))
    assert said.startswith("load 1.050 of 1 counters (4), by new (ordinary): ")


def test_services_that_share_their_counters_are_looked_at_together() -> None:
    hall = a_hall(skills=(("bill", "new"), ("new", "move"), ("bill", "move"), ("ask",), ("ask",)))
    three = [stream for name in ("bill", "new", "move") for stream in streams({ORDINARY: 0.21}, name)]
    said = refusal(hall, a_simulation(*three, *streams({ORDINARY: 0.01}, "ask")))
    assert said.startswith("load 1.050 of 3 counters (1, 2, 3), by bill (ordinary), new (ordinary), move (ordinary): ")


def test_the_rest_after_each_customer_counts_as_work() -> None:
    hall = a_hall(policy=Policy(rest_s=60))
    assert refusal(hall, a_simulation(*streams({ORDINARY: 0.17}))).startswith("load 1.020 of 1 counters")


def test_those_who_lose_patience_may_be_too_many() -> None:
    crowd = a_simulation(*streams({ORDINARY: 1.0}), patience=5)
    assert played(a_hall(), crowd, customers=500).all.no_show_share == pytest.approx(0.8, abs=0.1)


def test_a_day_may_have_more_work_than_its_counters_can_do() -> None:
    assert simulate_days(a_hall(), a_simulation(*streams({ORDINARY: 0.3})), {}, days=1, seed=1).customers > 300


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        (Stream(service="tax", per_min=0.1), 'simulate.arrivals of tax, ordinary: the hall has no service "tax"'),
        (
            Stream(service="bill", priority_class="vip", per_min=0.1),
            "simulate.arrivals of bill, vip: the hall has no c",
        ),
        (Stream(service="bill", per_min=0), "simulate.arrivals: nobody comes: all arrivals per minute are 0"),
        (Stream(service="bill", by_hour=(0, 0), from_hour=9), "simulate.arrivals: nobody comes: all arrivals per"),
    ],
)
def test_customers_who_cannot_come_are_named(stream: Stream, said: str) -> None:
    assert refusal(a_hall(), a_simulation(stream)).startswith(said)


def test_classes_that_nobody_gives_or_that_need_a_booking_are_named() -> None:
    hall = a_hall(targets={"booked": 5, "vip": 5, ORDINARY: 15})
    booked, vip, ordinary = hall.classes
    hall = replace(hall, classes=(replace(booked, appointment=True), replace(vip, given_by=GivenBy.NOBODY), ordinary))
    said = refusal(hall, a_simulation(*streams({"booked": 0.01, "vip": 0.01}))).splitlines()
    assert len(said) == 2
    assert said[0].startswith('simulate.arrivals of bill, booked: the class "booked" waits from a booked time')
    assert said[1].startswith('simulate.arrivals of bill, vip: nobody gives the class "vip" (given_by = "nobody")')


def test_a_service_without_a_service_time_is_named() -> None:
    only = (ServiceTime(service="new", kind=Kind.DETERMINISTIC, mean_min=5),)
    said = refusal(a_hall(skills=SKILLS), Simulation(arrivals=streams({ORDINARY: 0.1}), service_times=only))
    assert said == (
        "simulate.arrivals of bill, ordinary: no [[simulate.service_times]] says how long it takes; add one"
    )


def test_the_most_particular_table_applies() -> None:
    times = (
        ServiceTime(kind=Kind.DETERMINISTIC, mean_min=9),
        ServiceTime(priority_class="high", kind=Kind.DETERMINISTIC, mean_min=4),
        ServiceTime(service="new", kind=Kind.DETERMINISTIC, mean_min=3),
        ServiceTime(service="new", priority_class="high", kind=Kind.DETERMINISTIC, mean_min=1),
    )
    arrivals = (*streams({"high": 0.02, ORDINARY: 0.02}), *streams({"high": 0.02, ORDINARY: 0.02}, "new"))
    simulation = Simulation(arrivals=arrivals, service_times=times, patience=(Patience(mean_min=500),))
    hall = a_hall(Discipline.FCFS, skills=(("bill", "new"),) * 9)
    figures = played(hall, simulation, customers=2000)
    share = {name: group.customers for name, group in figures.by_service.items()}
    assert share == pytest.approx({"bill": 1000, "new": 1000}, rel=0.1)
    assert figures.balance.mean_utilisation * 9 == pytest.approx(0.02 * (9 + 4 + 3 + 1), rel=0.1)


def test_rules_without_a_rule_are_no_discipline() -> None:
    hall, said = a_hall(Discipline.RULES), r"the discipline rules has no rules; add \[\[policy.rules\]\]"
    with pytest.raises(CannotSimulate, match=said):
        played(hall, a_simulation(*streams({ORDINARY: 0.1})))
    with pytest.raises(CannotSimulate, match=said):
        replay(hall, [arrival(0)])


def test_a_play_without_customers_is_refused() -> None:
    with pytest.raises(CannotSimulate, match="nobody comes"):
        replay(a_hall(), [])


def test_a_hall_that_never_opens_is_refused() -> None:
    simulation = a_simulation(*streams({ORDINARY: 0.1}))
    never = Hours(days=(Weekday.MON,), open="09:00", close="09:00")
    with pytest.raises(CannotSimulate, match="nobody came on any day"):
        simulate_days(replace(a_hall(), hours=(never,)), simulation, {}, days=1, seed=1)
    mondays = replace(never, close="10:00")
    closed = tuple((date(2001, 1, 1) + timedelta(days=7 * week)).isoformat() for week in range(60))
    with pytest.raises(CannotSimulate, match="the hall opens on 0 days only, and 1 are asked for"):
        simulate_days(replace(a_hall(), hours=(mondays,), closed_on=closed), simulation, {}, days=1, seed=1)
