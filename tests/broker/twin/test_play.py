"""Small plays, worked out by hand; and what holds for every policy."""

from collections.abc import Sequence
from datetime import date

import pytest
from msgspec.structs import replace

from broker.contract.messages import ORDINARY, Discipline, Hall, Hours, Outcome, Policy, Rule, Weekday
from broker.hall.state import HallState
from broker.hall.visit import Visit
from broker.twin.arrivals import Arrival, Stay
from broker.twin.drawn import arrivals_of_day, endless_arrivals
from broker.twin.engine import NotInOrder, play
from broker.twin.settings import Stream
from broker.twin.simulation import replay, simulate_days, working_days

from .cases import MINUTE_MS, TWO_CLASSES, a_hall, a_simulation, arrival, played, streams

DAY = date(2026, 3, 2)  # a Monday
HOURS = Hours(days=tuple(Weekday)[:5], open="09:00", close="12:00", serve_until="12:30")


def calls(hall: Hall, arrivals: Sequence[Arrival]) -> list[tuple[str, float, int | None]]:
    """Return who was called, after how many seconds from the beginning, and where, in the order of the calls."""
    stays = [stay for stay in play(hall, arrivals) if stay.called_ms is not None]
    stays.sort(key=lambda stay: (stay.called_ms or 0, stay.index))
    return [(stay.ticket, (stay.called_ms or 0) / 1000, stay.counter) for stay in stays]


def test_a_counter_that_gets_free_serves_those_who_wait_before_somebody_who_comes_at_that_instant() -> None:
    hall = a_hall(Discipline.STRICT)
    come = [arrival(0, 60), arrival(30, 60), arrival(60, 60, "high")]
    assert calls(hall, come) == [("A001", 0, 1), ("A002", 60, 1), ("A003", 120, 1)]


def test_somebody_who_comes_when_a_counter_gets_free_does_not_wait() -> None:
    assert calls(a_hall(), [arrival(0, 60), arrival(60, 60)]) == [("A001", 0, 1), ("A002", 60, 1)]


def test_the_counter_that_worked_least_is_given_the_next_customer() -> None:
    come = [arrival(0, 60), arrival(100, 10), arrival(200, 10), arrival(300, 10)]
    called = calls(a_hall(skills=(("bill",),) * 2), come)
    assert [counter for _, _, counter in called] == [1, 2, 2, 2]


def test_whoever_loses_patience_leaves_the_queue() -> None:
    impatient = replace(arrival(10, 60), patience_ms=20_000)
    in_time = replace(arrival(20, 60), patience_ms=40_000)  # called at 60, the instant at which patience ends
    stays = {stay.index: stay for stay in play(a_hall(), [arrival(0, 60), impatient, in_time])}
    assert (stays[1].outcome, stays[1].called_ms, stays[1].ended_ms) == (Outcome.CANCELLED, None, 30_000)
    assert (stays[2].outcome, stays[2].called_ms) == (Outcome.DONE, 60_000)


def test_the_figures_of_five_customers_add_up() -> None:
    come = [arrival(at_s, 120, name) for at_s, name in zip((0, 0, 60, 60, 180), (ORDINARY, "high") * 3, strict=False)]
    figures = replay(a_hall(Discipline.FCFS), come)
    assert figures.all.customers == 5
    assert figures.all.mean_wait_min == pytest.approx((0 + 2 + 3 + 5 + 5) / 5)
    assert figures.all.p50_wait_min == 3
    assert figures.all.p90_wait_min == 5
    assert figures.all.max_wait_min == 5
    assert figures.by_class["high"].mean_wait_min == 3.5
    assert figures.by_class["high"].worst_wait_to_target == 1.0
    assert figures.by_class["high"].share_within_target == 1.0
    assert figures.by_class[ORDINARY].target_min == 15
    assert figures.by_class[ORDINARY].max_overtaken_times == 0
    assert figures.simulated_min == 10
    assert (figures.counters[0].served, figures.counters[0].utilisation) == (5, 1.0)


def test_overtaking_is_counted_in_times_and_minutes() -> None:
    come = [arrival(0, 600), arrival(60), arrival(120, 60, "high"), arrival(180, 60, "high")]
    figures = replay(a_hall(Discipline.STRICT), come)
    assert figures.by_class[ORDINARY].max_overtaken_times == 2
    assert figures.by_class[ORDINARY].max_overtaken_min == 2
    assert figures.by_class["high"].max_overtaken_times == 0


@pytest.mark.parametrize("discipline", Discipline)
def test_the_bound_on_overtaking_holds_under_every_discipline(discipline: Discipline) -> None:
    rules = (Rule(priority_class="high"),)
    free = Policy(discipline=discipline, rules=rules)
    bound = replace(free, overtaken_times=3, overtaken_min=6.0)
    skills = (("bill",), ("bill", "new"), ("new",))
    crowd = a_simulation(
        *streams({"high": 0.12, ORDINARY: 0.12}), *streams({"high": 0.1, ORDINARY: 0.16}, "new"), mean_min=5.5
    )
    without = played(a_hall(skills=skills, policy=free), crowd, customers=3000).all
    figures = played(a_hall(skills=skills, policy=bound), crowd, customers=3000).all
    assert figures.max_overtaken_times <= 3
    assert figures.max_overtaken_min <= 6
    if discipline is not Discipline.FCFS:
        assert without.max_overtaken_times > 3


@pytest.mark.parametrize("discipline", Discipline)
def test_every_discipline_meets_the_same_customers_and_loses_none(discipline: Discipline) -> None:
    hall = a_hall(policy=Policy(discipline=discipline, rules=(Rule(priority_class="high"),)), skills=(("bill",),) * 3)
    figures = played(hall, a_simulation(*streams({"high": 0.12, ORDINARY: 0.28})), customers=2000)
    assert figures.customers == figures.all.called == 2000
    assert figures.by_class["high"].customers == 581
    assert sum(each.served for each in figures.counters) == pytest.approx(2000, abs=30)


def test_the_same_seed_draws_the_same_customers_and_a_stream_more_changes_no_other() -> None:
    one = a_simulation(*streams({"high": 0.1}))
    two = a_simulation(*streams({"high": 0.1, ORDINARY: 0.2}))
    first = [each for each, _ in zip(endless_arrivals(one, {}, 7), range(50), strict=False)]
    again = [each for each, _ in zip(endless_arrivals(two, {}, 7), range(300), strict=False)]
    assert [each for each in again if each.priority_class == "high"][:50] == first


def test_rates_by_hour_bring_so_many_customers_in_each_hour() -> None:
    stream = Stream(service="bill", by_hour=(2.0, 0.0, 4.0), from_hour=8)
    simulation = a_simulation(stream)
    cycle = (each for each in endless_arrivals(simulation, {}, 1))
    hours = [0] * 24
    for each in cycle:
        if each.at_ms >= 20 * 24 * 60 * MINUTE_MS:
            break
        hours[each.at_ms // (60 * MINUTE_MS) % 24] += 1
    assert hours[8] == pytest.approx(20 * 120, rel=0.1)
    assert hours[10] == pytest.approx(20 * 240, rel=0.1)
    assert sum(hours) == hours[8] + hours[10]


def test_a_day_has_customers_while_the_hall_is_open_and_only_then() -> None:
    hall = replace(a_hall(), hours=(HOURS,))
    come = list(arrivals_of_day(hall, a_simulation(*streams({ORDINARY: 1.0})), {}, 1, DAY))
    assert 9 * 60 <= come[0].at_ms / MINUTE_MS < 9 * 60 + 10
    assert 12 * 60 - 10 < come[-1].at_ms / MINUTE_MS < 12 * 60
    assert len(come) == pytest.approx(180, abs=45)


def test_days_on_which_the_hall_is_closed_are_not_played() -> None:
    hall = replace(a_hall(), hours=(HOURS,), closed_on=("2001-01-02",))
    assert [day.isoformat() for day in working_days(hall, 5)] == [
        "2001-01-01",
        "2001-01-03",
        "2001-01-04",
        "2001-01-05",
        "2001-01-08",
    ]


def test_who_still_waits_at_the_day_s_end_is_sent_home() -> None:
    hall = replace(a_hall(), hours=(HOURS,))
    figures = simulate_days(hall, a_simulation(*streams({ORDINARY: 0.5})), {}, days=4, seed=1)
    assert figures.days == 4
    assert figures.all.unserved > 50
    assert figures.all.called + figures.all.unserved == figures.customers
    assert figures.counters[0].staffed_min == pytest.approx(4 * 210, abs=60)


def test_a_full_service_turns_customers_away() -> None:
    hall = a_hall()
    hall = replace(hall, hours=(HOURS,), services=(replace(hall.services[0], daily_max=20),))
    figures = simulate_days(hall, a_simulation(*streams({ORDINARY: 0.5}), mean_min=1), {}, days=2, seed=1)
    assert figures.all.called == 40
    assert figures.turned_away == {"service_full": figures.customers - 40}


def test_courtesy_past_its_hour_s_cap_counts_as_ordinary() -> None:
    hall = a_hall(skills=(("bill",),) * 3)
    hall = replace(hall, classes=(replace(hall.classes[0], per_hour=2), hall.classes[1]))
    figures = replay(hall, [arrival(at_s, 60, "high") for at_s in (0, 10, 20, 30)])
    assert figures.by_class["high"].customers == 2
    assert figures.by_class[ORDINARY].capped == 2


def test_an_early_appointment_waits_for_its_time() -> None:
    hall = a_hall()
    hall = replace(hall, classes=(replace(hall.classes[0], appointment=True), hall.classes[1]))
    early = replace(arrival(0, 60, "high"), booked_ms=60 * MINUTE_MS)
    (stay,) = play(hall, [early])
    assert stay.called_ms == 45 * MINUTE_MS


def test_nobody_breaks_a_promise_by_an_appointment_s_coming_early() -> None:
    """Called 2 min after it could be at the earliest: within 5, though it has had its ticket for 47."""
    hall = a_hall()
    hall = replace(hall, classes=(replace(hall.classes[0], appointment=True), hall.classes[1]))
    busy = arrival(40 * 60, 7 * 60)
    figures = replay(hall, [replace(arrival(0, 60, "high"), booked_ms=60 * MINUTE_MS), busy])
    booked = figures.by_class["high"]
    assert (booked.mean_wait_min, booked.share_within_target, booked.worst_wait_to_target) == (47, 1.0, 0.4)


def test_a_rest_after_each_customer_keeps_the_counter_back() -> None:
    hall = a_hall(policy=Policy(rest_s=15))
    assert calls(hall, [arrival(0, 60), arrival(1, 60)]) == [("A001", 0, 1), ("A002", 75, 1)]


def test_arrivals_out_of_order_are_refused() -> None:
    with pytest.raises(NotInOrder, match="arrival 2 comes at 1000 ms, before the one at 2000 ms"):
        list(play(a_hall(), [arrival(2), arrival(1)]))


def test_somebody_whom_nobody_can_ever_call_is_told_at_the_end() -> None:
    hall = a_hall()
    hall = replace(hall, counters=(replace(hall.counters[0], reserved_for=("high",)),))
    stays = list(play(hall, [arrival(0), arrival(0, 60, "high")]))
    assert [(stay.index, stay.called_ms, stay.outcome) for stay in stays] == [(1, 0, Outcome.DONE), (0, None, None)]


class Onlooker:
    """Notes what it sees."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def arrived(self, state: HallState, visit_id: str, now_ms: int) -> None:
        visit = state.visits[visit_id]
        self.seen.append(f"{visit.ticket} came {(now_ms - visit.issued_ms) // 1000} s ago, {state.queued['bill']} wait")

    def called(self, state: HallState, visit: Visit, now_ms: int) -> None:
        self.seen.append(f"{visit.ticket} called after {(now_ms - visit.issued_ms) // 1000} s, {state.waiting} wait")


def test_an_onlooker_sees_who_comes_and_who_is_called() -> None:
    onlooker = Onlooker()
    stays: list[Stay] = list(play(a_hall(), [arrival(0), arrival(10)], watcher=onlooker, promises=True))
    assert onlooker.seen == [
        "A001 came 0 s ago, 1 wait",
        "A001 called after 0 s, 0 wait",
        "A002 came 0 s ago, 1 wait",
        "A002 called after 50 s, 0 wait",
    ]
    assert stays[1].promised_min is not None


def test_targets_are_those_of_the_service_and_class() -> None:
    stays = list(play(a_hall(), [arrival(0, 60, name) for name in TWO_CLASSES]))
    assert [stay.target_ms // MINUTE_MS for stay in stays] == [5, 15]
