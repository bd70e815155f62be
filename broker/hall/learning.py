"""What the hall learns from its own days: how long customers keep a counter, and how far its promises were off.

A promise is calibrated by rolling conformal residuals: what came, against what the rehearsal had told, of the last few
hundred customers of whom it told about the same. Their quantiles make the range, their median corrects the middle. How
much of them a range takes in (its *level*) follows what ranges have covered as they stood on the slip, whole minutes:
adaptive conformal inference (Gibbs & Candès 2021).

Word of a promise comes only with the call, after the wait itself. So residuals compare with the rehearsal and not with
the promise as corrected: a correction of corrections would swing when a crowd's many bad promises come back together.
For the same reason the level moves slowly and keeps within bounds. Who leaves without a call does not say how long the
wait would have been; but if it was longer than the range already, then that much is known, and counts.

Whole numbers only; `apply` alone changes this.
"""

from bisect import bisect_right
from typing import Final

from msgspec import Struct, field

from ..contract.messages import Learned, PromiseErrors, Service
from .request import Promise
from .visit import Visit

MINUTE_MS: Final = 60_000
MOST_WEIGHT: Final = 200  # a mean forgets older services at this rate
PRIOR_WEIGHT: Final = 5  # the hall file's `minutes` count as so many services
LONGEST: Final = 8  # usual times: who kept a counter for longer was forgotten there

BANDS_S: Final = (180, 480, 900, 1800)  # waits under the first, the next, …, and longer ones: each has its residuals
KEPT: Final = 300  # residuals of a band
SHORT_S: Final = 120  # is added to a wait when it is compared, so that the shortest do not shout
COVER: Final = 800  # permille of the promises that shall come true
STEP: Final = 10  # permille: a missed promise moves the level by COVER, a kept one by the rest to 1000, of this
LEVELS: Final = (500, 980)
PRIOR: Final = (  # permille, before anything is known: honestly wide; what comes soon outnumbers it
    *(-500, -450, -400, -350, -300, -250, -200, -150, -100, -50, 0),
    *(75, 150, 225, 300, 375, 450, 525, 600, 700, 900),
)


class Spread(Struct, frozen=True):
    """How far off the rehearsal is, in permille of the wait that it tells and SHORT_S more."""

    low: int
    middle: int
    high: int

    def promise(self, rolled_s: int) -> Promise:
        """Return what may be promised to somebody whom the rehearsal lets wait for so long."""
        scale_s = rolled_s + SHORT_S
        expected_s = max(rolled_s + self.middle * scale_s // 1000, 0)
        low_s = min(max(rolled_s + self.low * scale_s // 1000, 0), expected_s)
        high_s = max(rolled_s + self.high * scale_s // 1000, expected_s)
        low_min = low_s // 60
        return Promise(expected_s, low_min, max(-(-high_s // 60), low_min + 1), rolled_s)


class Band(Struct):
    """Waits of about the same length: how far off the rehearsal was, the last one last."""

    residuals: list[int] = field(default_factory=lambda: list(PRIOR))
    level: int = COVER

    def spread(self) -> Spread:
        """Return the quantiles between which the level lies; with a finite number, a little beyond them."""
        ranked = sorted(self.residuals)
        count = len(ranked)
        high = min(-(-(count + 1) * (1000 + self.level) // 2000), count) - 1
        return Spread(ranked[count - 1 - high], ranked[count // 2], ranked[high])

    def compare(self, rolled_s: int, actual_s: int, *, was_covered: bool) -> None:
        self.residuals.append((actual_s - rolled_s) * 1000 // (rolled_s + SHORT_S))
        if len(self.residuals) > KEPT:
            del self.residuals[0]
        level = self.level + STEP * (COVER - 1000 if was_covered else COVER) // 1000
        self.level = min(max(level, LEVELS[0]), LEVELS[1])


class Tally(Struct):
    """The promises that were put to the test today. Who was to be called at once is not among them."""

    count: int = 0
    covered: int = 0
    off_s: int = 0  # the sum of what came less what was expected
    absolute_s: int = 0
    width_min: int = 0


class Learning(Struct, kw_only=True):
    service_ms: dict[str, tuple[int, int]] = {}  # mean and weight
    bands: list[Band] = field(default_factory=lambda: [Band() for _ in range(len(BANDS_S) + 1)])
    today: Tally = field(default_factory=Tally)

    def mean_ms(self, service: Service) -> int:
        """Return for how long a customer of a service keeps a counter, from call to end, as learned so far."""
        return self.service_ms.get(service.id, (service.minutes * MINUTE_MS, 0))[0]

    def served(self, service: Service, kept_ms: int) -> None:
        known = self.service_ms.get(service.id)
        mean, weight = (service.minutes * MINUTE_MS, PRIOR_WEIGHT) if known is None else known
        if weight < MOST_WEIGHT:
            weight += 1
        self.service_ms[service.id] = (mean + (min(kept_ms, LONGEST * mean) - mean) // weight, weight)

    def spreads(self) -> list[Spread]:
        """Return how far off the rehearsal is likely to be, for each band of waits."""
        return [band.spread() for band in self.bands]

    def waited(self, visit: Visit, actual_s: int) -> None:
        """Compare the promise on a visit's ticket with what came, at its first call."""
        rolled_s, expected_s, promised_min = visit.rolled_s, visit.expected_s, visit.promised_min
        if not rolled_s or expected_s is None or promised_min is None:
            return
        low_min, high_min = promised_min
        was_covered = low_min * 60 <= actual_s <= high_min * 60
        self.bands[band_of(rolled_s)].compare(rolled_s, actual_s, was_covered=was_covered)
        today = self.today
        today.count += 1
        today.covered += was_covered
        today.off_s += actual_s - expected_s
        today.absolute_s += abs(actual_s - expected_s)
        today.width_min += high_min - low_min

    def left(self, visit: Visit, waited_s: int) -> None:
        """Take note of somebody who left without a call, if the wait was longer than the range by then."""
        rolled_s, promised_min = visit.rolled_s, visit.promised_min
        if rolled_s and promised_min is not None and waited_s > promised_min[1] * 60:
            self.bands[band_of(rolled_s)].compare(rolled_s, waited_s, was_covered=False)

    def errors(self) -> PromiseErrors | None:
        """Return how today's promises did; None while none was put to the test."""
        today = self.today
        if not today.count:
            return None
        return PromiseErrors(
            count=today.count,
            mean_absolute_s=today.absolute_s // today.count,
            bias_s=today.off_s // today.count,
            covered_permille=today.covered * 1000 // today.count,
            mean_width_s=today.width_min * 60 // today.count,
        )

    def carried(self) -> Learned:
        """Return what the next day shall know of it."""
        return Learned(
            service_ms=dict(self.service_ms),
            residuals=tuple(tuple(each.residuals) for each in self.bands),
            levels=tuple(each.level for each in self.bands),
        )

    @classmethod
    def from_days_before(cls, learned: Learned) -> "Learning":
        found = cls(service_ms=dict(learned.service_ms))
        if len(learned.residuals) == len(learned.levels) == len(found.bands):
            pairs = zip(learned.residuals, learned.levels, strict=True)
            found.bands = [Band(residuals=list(residuals or PRIOR), level=level) for residuals, level in pairs]
        return found


def band_of(rolled_s: int) -> int:
    return bisect_right(BANDS_S, rolled_s)
