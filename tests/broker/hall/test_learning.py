"""What the hall learns from its own days: service times, and how far its promises were off."""

from collections.abc import Callable
from random import Random

import pytest

from broker.contract.messages import Language, Service, Text
from broker.hall.learning import BANDS_S, COVER, KEPT, LEVELS, LONGEST, Learning, band_of
from broker.hall.visit import Visit

BILL = Service(id="bill", name=Text(zh="电费", en="Bills"), prefix="A", zone="main", minutes=5)
MINUTE = 60_000


def promised(learning: Learning, rolled_s: int) -> Visit:
    """Return a visit with the promise that would be made now."""
    promise = learning.spreads()[band_of(rolled_s)].promise(rolled_s)
    return Visit(
        id="v",
        ticket="A001",
        service="bill",
        node="kiosk",
        language=Language.ZH,
        issued_ms=0,
        issued_seq=1,
        since_ms=0,
        order=1,
        expected_s=promise.expected_s,
        promised_min=(promise.low_min, promise.high_min),
        rolled_s=promise.rolled_s,
    )


def learn(learning: Learning, rolled_s: int, actual_s: int, times: int = 1) -> None:
    for _ in range(times):
        learning.waited(promised(learning, rolled_s), actual_s)


# Service times -------------------------------------------------------------------------------------------------------


def test_a_mean_begins_with_the_hall_file_and_follows_what_comes() -> None:
    learning = Learning()
    assert learning.mean_ms(BILL) == 5 * MINUTE
    learning.served(BILL, 11 * MINUTE)
    assert learning.mean_ms(BILL) == 6 * MINUTE  # the hall file counts as five services
    for _ in range(2000):
        learning.served(BILL, 8 * MINUTE)
    assert learning.mean_ms(BILL) == pytest.approx(8 * MINUTE, rel=0.01)


def test_a_customer_whom_a_clerk_forgot_to_finish_does_not_spoil_the_mean() -> None:
    learning = Learning()
    learning.served(BILL, 9 * 60 * MINUTE)
    assert learning.mean_ms(BILL) == 5 * MINUTE + (LONGEST - 1) * 5 * MINUTE // 6


# Promises ------------------------------------------------------------------------------------------------------------


def test_before_anything_is_known_the_range_is_wide() -> None:
    visit = promised(Learning(), 20 * 60)
    assert visit.expected_s == 20 * 60
    assert visit.promised_min is not None
    low_min, high_min = visit.promised_min
    assert low_min <= 12
    assert high_min >= 34


@pytest.mark.parametrize("rolled_s", [1, 59, 60, 61, 179, 180, 1000, 7200, 100_000])
def test_a_range_is_of_whole_minutes_around_the_expected_wait_and_never_empty(rolled_s: int) -> None:
    visit = promised(Learning(), rolled_s)
    assert visit.promised_min is not None
    assert visit.expected_s is not None
    low_min, high_min = visit.promised_min
    assert 0 <= low_min < high_min
    assert low_min * 60 <= visit.expected_s <= high_min * 60


def test_waits_that_are_always_half_as_long_again_are_soon_expected_so() -> None:
    learning = Learning()
    learn(learning, rolled_s=600, actual_s=900, times=40)
    assert promised(learning, 600).expected_s == pytest.approx(900, abs=5)
    assert promised(learning, 60).expected_s == 60  # of short waits nothing was learned


def test_what_is_always_right_is_soon_promised_to_the_minute() -> None:
    learning = Learning()
    learn(learning, rolled_s=610, actual_s=610, times=KEPT)
    assert promised(learning, 610).promised_min == (10, 11)


def _even(random: Random, rolled_s: int) -> int:
    return rolled_s + random.randrange(-rolled_s // 2, rolled_s // 2)


def _skewed(random: Random, rolled_s: int) -> int:
    return int(rolled_s * random.lognormvariate(0, 0.6))


def _late(random: Random, rolled_s: int) -> int:
    return 2 * rolled_s + random.randrange(600)


@pytest.mark.parametrize("draw", [_even, _skewed, _late])
@pytest.mark.parametrize("rolled_s", [400, 800, 1500, 3000])
def test_four_of_five_ranges_hold_as_they_stand_on_the_slip(draw: Callable[[Random, int], int], rolled_s: int) -> None:
    random, learning = Random(7), Learning()  # noqa: S311 - a seed, no secret
    for _ in range(3000):
        learn(learning, rolled_s, draw(random, rolled_s))
    learning.today.count = learning.today.covered = 0
    for _ in range(3000):
        learn(learning, rolled_s, draw(random, rolled_s))
    errors = learning.errors()
    assert errors is not None
    assert 770 <= errors.covered_permille <= 830


def test_a_crowd_whose_promises_all_come_back_late_and_wrong_does_not_spoil_the_days_after() -> None:
    random, learning = Random(7), Learning()  # noqa: S311 - a seed, no secret
    for _ in range(500):
        learn(learning, 1000, _even(random, 1000))
    crowd = [promised(learning, 1000) for _ in range(150)]
    for visit in crowd:
        learning.waited(visit, 4000)
    level = learning.bands[band_of(1000)].level
    assert LEVELS[0] <= level <= LEVELS[1]
    for _ in range(500):
        learn(learning, 1000, _even(random, 1000))
    learning.today.count = learning.today.covered = 0
    for _ in range(500):
        learn(learning, 1000, _even(random, 1000))
    errors = learning.errors()
    assert errors is not None
    assert 750 <= errors.covered_permille <= 850


def test_each_length_of_wait_has_its_own_experience() -> None:
    learning = Learning()
    learn(learning, rolled_s=BANDS_S[0] - 1, actual_s=1000, times=KEPT)
    assert [band.level for band in learning.bands[1:]] == [COVER] * len(BANDS_S)
    assert promised(learning, BANDS_S[0]).expected_s == BANDS_S[0]


def test_who_leaves_after_the_range_has_ended_counts_and_who_leaves_before_does_not() -> None:
    learning = Learning()
    visit = promised(learning, 600)
    assert visit.promised_min is not None
    end_s = visit.promised_min[1] * 60
    learning.left(visit, end_s)
    assert learning == Learning()
    learning.left(visit, end_s + 1)
    band = learning.bands[band_of(600)]
    assert band.residuals[-1] == (end_s + 1 - 600) * 1000 // 720
    assert band.level > COVER
    assert learning.errors() is None


def test_who_was_promised_to_be_called_at_once_proves_nothing() -> None:
    learning, visit = Learning(), promised(Learning(), 600)
    visit.rolled_s = 0
    learning.waited(visit, 30)
    assert learning == Learning()


def test_the_days_promises_are_reported() -> None:
    learning = Learning()
    assert learning.errors() is None
    for actual_s in (700, 500, 4000):
        visit = promised(Learning(), 600)
        learning.waited(visit, actual_s)
    errors = learning.errors()
    assert errors is not None
    assert visit.promised_min is not None
    assert (errors.count, errors.covered_permille) == (3, 666)
    assert (errors.mean_absolute_s, errors.bias_s) == (1200, 1133)
    assert errors.mean_width_s == (visit.promised_min[1] - visit.promised_min[0]) * 60


def test_the_next_day_knows_what_this_one_has_learned_and_counts_its_promises_anew() -> None:
    learning = Learning()
    learning.served(BILL, 9 * MINUTE)
    learn(learning, 600, 1200, times=50)
    tomorrow = Learning.from_days_before(learning.carried())
    assert tomorrow.mean_ms(BILL) == learning.mean_ms(BILL)
    assert tomorrow.bands == learning.bands
    assert tomorrow.errors() is None
    learn(tomorrow, 600, 900)
    assert tomorrow.bands != learning.bands  # a copy


def test_no_more_than_the_last_residuals_are_kept() -> None:
    learning = Learning()
    learn(learning, 600, 660, times=2 * KEPT)
    assert [len(band.residuals) for band in learning.bands].count(KEPT) == 1
