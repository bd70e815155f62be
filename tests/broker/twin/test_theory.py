"""The twin agrees with queueing theory, within three standard errors over at least twenty batches."""

import pytest

from broker.contract.messages import ORDINARY, Discipline
from broker.twin.settings import Kind, ServiceTime, Simulation
from broker.twin.simulation import replay

from .cases import ONE_CLASS, TWO_CLASSES, a_hall, a_simulation, arrival, played, sigmas, streams
from .theory import accumulating, cobham, cobham_one_counter, erlang_a, mean_wait

RATES = {"high": 0.12, ORDINARY: 0.28}  # with a mean of 5 minutes: load 0.67 of three counters
THREE = (("bill",),) * 3


def test_the_formulas_give_the_published_figures() -> None:
    assert mean_wait(0.5, 5, 3) == pytest.approx(7.0225, abs=5e-5)
    assert cobham([0.15, 0.35], 5, 3) == pytest.approx([1.5605, 9.3633], abs=5e-5)
    assert accumulating([0.15, 0.35], 5, 3, [5, 15]) == pytest.approx([3.7453, 8.4270], abs=5e-5)


@pytest.mark.parametrize(("counters", "per_min"), [(1, 0.12), (3, 0.4), (8, 1.3)])
def test_first_come_first_served_waits_as_erlang_says(counters: int, per_min: float) -> None:
    hall = a_hall(Discipline.FCFS, skills=(("bill",),) * counters, targets=ONE_CLASS)
    figures = played(hall, a_simulation(*streams({ORDINARY: per_min})))
    assert sigmas(figures.all, mean_wait(per_min, 5, counters)) <= 3
    assert figures.balance.mean_utilisation == pytest.approx(per_min * 5 / counters, abs=0.02)


def test_the_standard_errors_are_honest() -> None:
    """Over many plays the distance from theory, in standard errors, is about one: neither too sure nor too shy."""
    hall = a_hall(Discipline.FCFS, skills=THREE, targets=ONE_CLASS)
    simulation = a_simulation(*streams({ORDINARY: 0.36}))
    plays = [played(hall, simulation, customers=4000, seed=seed) for seed in range(16)]
    distances = [sigmas(figures.all, mean_wait(0.36, 5, 3)) for figures in plays]
    assert 0.6 <= (sum(each * each for each in distances) / len(distances)) ** 0.5 <= 1.6


def test_strict_priorities_wait_as_cobham_says() -> None:
    figures = played(a_hall(Discipline.STRICT, skills=THREE), a_simulation(*streams(RATES)))
    high, ordinary = cobham(list(RATES.values()), 5, 3)
    assert sigmas(figures.by_class["high"], high) <= 3
    assert sigmas(figures.by_class[ORDINARY], ordinary) <= 3


@pytest.mark.parametrize(("kind", "cv", "square"), [(Kind.DETERMINISTIC, None, 1.0), (Kind.LOGNORMAL, 0.8, 1.64)])
def test_one_counter_with_any_service_time_waits_as_cobham_says(kind: Kind, cv: float | None, square: float) -> None:
    rates = {"high": 0.05, ORDINARY: 0.09}
    figures = played(a_hall(Discipline.STRICT), a_simulation(*streams(rates), kind=kind, cv=cv))
    expected = cobham_one_counter(list(rates.values()), [5, 5], [25 * square] * 2)
    assert sigmas(figures.by_class["high"], expected[0]) <= 3
    assert sigmas(figures.by_class[ORDINARY], expected[1]) <= 3


def test_classes_whose_services_take_different_times_wait_as_cobham_says() -> None:
    rates = {"high": 0.1, ORDINARY: 0.04}
    times = (
        ServiceTime(priority_class="high", kind=Kind.DETERMINISTIC, mean_min=2),
        ServiceTime(kind=Kind.EXPONENTIAL, mean_min=12),
    )
    simulation = Simulation(arrivals=streams(rates), service_times=times)
    figures = played(a_hall(Discipline.STRICT), simulation)
    expected = cobham_one_counter(list(rates.values()), [2, 12], [4, 288])
    assert sigmas(figures.by_class["high"], expected[0]) <= 3
    assert sigmas(figures.by_class[ORDINARY], expected[1]) <= 3


@pytest.mark.parametrize("counters", [1, 3])
@pytest.mark.parametrize("targets", [{"high": 5.0, ORDINARY: 15.0}, {"high": 2.0, ORDINARY: 30.0}])
def test_the_share_of_the_promise_is_accumulating_priority(counters: int, targets: dict[str, float]) -> None:
    rates = {name: rate * counters / 3 for name, rate in RATES.items()}
    figures = played(a_hall(skills=(("bill",),) * counters, targets=targets), a_simulation(*streams(rates)))
    expected = accumulating(list(rates.values()), 5, counters, list(targets.values()))
    assert sigmas(figures.by_class["high"], expected[0]) <= 3
    assert sigmas(figures.by_class[ORDINARY], expected[1]) <= 3


def test_three_classes_share_as_accumulating_priority_says() -> None:
    targets = {"top": 3.0, "high": 8.0, ORDINARY: 20.0}
    rates = {"top": 0.08, "high": 0.12, ORDINARY: 0.22}
    figures = played(a_hall(skills=THREE, targets=targets), a_simulation(*streams(rates)))
    expected = accumulating(list(rates.values()), 5, 3, list(targets.values()))
    for name, wait in zip(rates, expected, strict=True):
        assert sigmas(figures.by_class[name], wait) <= 3, name


@pytest.mark.parametrize("discipline", [each for each in Discipline if each is not Discipline.RULES])
def test_whoever_is_first_the_waits_of_all_add_up_to_the_same(discipline: Discipline) -> None:
    """The conservation law (Kleinrock 1965): with one mean service time, no discipline makes the sum of waits less."""
    figures = played(a_hall(discipline, skills=THREE), a_simulation(*streams(RATES)))
    assert sigmas(figures.all, mean_wait(sum(RATES.values()), 5, 3)) <= 3


@pytest.mark.parametrize(("per_min", "patience"), [(0.6, 8.0), (0.9, 4.0)])
def test_those_who_lose_patience_leave_as_often_as_palm_says(per_min: float, patience: float) -> None:
    hall = a_hall(Discipline.FCFS, skills=THREE, targets=ONE_CLASS)
    figures = played(hall, a_simulation(*streams({ORDINARY: per_min}), patience=patience))
    leaving, queue = erlang_a(per_min, 5, 3, patience)
    found = figures.all
    assert found.no_show_share == pytest.approx(leaving, abs=3 * (found.no_show_share_se or 0))
    assert found.mean_queue_min == pytest.approx(queue, abs=3 * (found.mean_queue_se_min or 0))


def test_a_hall_with_skills_is_between_one_pool_and_two_halls() -> None:
    hall = a_hall(Discipline.FCFS, skills=(("bill",), ("bill", "new"), ("bill", "new"), ("new",)), targets=ONE_CLASS)
    both = (*streams({ORDINARY: 0.28}), *streams({ORDINARY: 0.28}, "new"))
    figures = played(hall, a_simulation(*both))
    mean, error = figures.all.mean_wait_min, figures.all.mean_wait_se_min
    assert mean is not None
    assert error is not None
    assert mean_wait(0.56, 5, 4) - 3 * error <= mean <= mean_wait(0.28, 5, 2) + 3 * error


@pytest.mark.parametrize("discipline", [Discipline.SHARE, Discipline.DUE])
def test_equal_targets_are_first_come_first_served_to_the_last_call(discipline: Discipline) -> None:
    equal = dict.fromkeys(TWO_CLASSES, 10.0)
    skills = (("bill",), ("bill", "new"), ("new",))
    simulation = a_simulation(*streams({"high": 0.1, ORDINARY: 0.2}), *streams({"high": 0.05, ORDINARY: 0.05}, "new"))
    one = played(a_hall(discipline, skills=skills, targets=equal), simulation, customers=5000)
    other = played(a_hall(Discipline.FCFS, skills=skills, targets=equal), simulation, customers=5000)
    assert one.all == other.all
    assert one.by_service_and_class == other.by_service_and_class
    assert one.counters == other.counters


def test_ratio_calls_so_many_of_each_class_in_turn() -> None:
    hall = a_hall(Discipline.RATIO, weights={"high": 3, ORDINARY: 1})
    crowd = [arrival(0, 60, name) for _ in range(40) for name in TWO_CLASSES]
    figures = replay(hall, crowd)
    # the 40 of the higher class go with 13 of the others, and the other 27 follow
    assert figures.by_class["high"].max_wait_min == pytest.approx(52, abs=1)
    assert figures.by_class[ORDINARY].max_wait_min == 79


def test_the_conservation_law_needs_nobody_idle_while_somebody_waits() -> None:
    crowd = [arrival(0, 60) for _ in range(30)]
    figures = replay(a_hall(skills=THREE), crowd)
    assert [each.utilisation for each in figures.counters] == [1.0, 1.0, 1.0]
