"""What the hall learns from its own days: how long customers keep a counter, and how far its promises were off.

A promise is calibrated by rolling conformal residuals: what came, against what the rehearsal said, of the last few
hundred customers; their quantiles make the range, their median corrects the middle. How much of them the range takes in
(the *level*) follows what ranges as they stood on the slip, whole minutes, have covered (adaptive conformal inference:
Gibbs & Candès 2021). Residuals are compared with the rehearsal and not with the corrected promise: word of a promise
comes back only with the call, after the wait itself, and a correction of corrections would swing. For the same reason
the level keeps within bounds. Who leaves without a call brings no word of how long it would have been; if the wait was
longer than the range already, then that much is known, and counts.

Whole numbers only; `apply` alone changes this.
"""

from typing import Final

from msgspec import Struct, field

from ..contract.messages import Learned, Service
from .request import Promise
from .visit import Visit

MOST_WEIGHT: Final = 200  # a mean forgets older services at this rate
PRIOR_WEIGHT: Final = 5  # the hall file's `minutes` count as so many services
LONGEST: Final = 8  # usual times: who kept a counter for longer was forgotten there
MINUTE_MS: Final = 60_000

COVER: Final = 800  # permille of the promises that shall come true
STEP: Final = 10  # permille: how far one promise moves the level
LEVELS: Final = (500, 980)
KEPT: Final = 300  # residuals, of the hall and of each class
ENOUGH: Final = 60  # of a class, to leave those of the hall
SHORT_S: Final = 120  # is added to a wait when it is compared, so that short waits do not shout
PRIOR: Final = (  # before anything is learned: permille, honestly wide; the first residuals soon outnumber them
    *(-500, -450, -400, -350, -300, -250, -200, -150, -100, -50, 0),
    *(75, 150, 225, 300, 375, 450, 525, 600, 700, 900),
)


class Spread(Struct, frozen=True):
    """How far off the rehearsal is, in permille of the wait that it tells and SHORT_S more."""

    low: int
    middle: int
    high: int

    def promise(self, rolled_s: int) -> Promise:
        """Return what may be promised to somebody whom the rehearsal lets wait for so long; not at once."""
        scale_s = rolled_s + SHORT_S
        expected_s = max(rolled_s + self.middle * scale_s // 1000, 0)
        low_s = min(max(rolled_s + self.low * scale_s // 1000, 0), expected_s)
        high_s = max(rolled_s + self.high * scale_s // 1000, expected_s)
        return Promise(expected_s, low_s // 60, max(-(-high_s // 60), low_s // 60 + 1), rolled_s)


class Tally(Struct):
    """Today's promises that were put to the test, and how they did."""

    count: int = 0
    covered: int = 0
    off_s: int = 0  # the sum of what came less what was expected
    absolute_s: int = 0
    width_min: int = 0


class Learning(Struct, kw_only=True):
    service_ms: dict[str, tuple[int, int]] = {}  # mean and weight
    residuals: dict[str, list[int]] = {}  # the last ones, by class; "" is the whole hall
    level: int = COVER
    today: Tally = field(default_factory=Tally)

    def mean_ms(self, service: Service) -> int:
        """Return for how long a customer of a service keeps a counter, from call to end, as learned so far."""
        return self.service_ms.get(service.id, (service.minutes * MINUTE_MS, 0))[0]

    def served(self, service: Service, took_ms: int) -> None:
        mean, weight = self.service_ms.get(service.id, (service.minutes * MINUTE_MS, PRIOR_WEIGHT))
        weight = min(weight + 1, MOST_WEIGHT)
        self.service_ms[service.id] = (mean + (min(took_ms, LONGEST * mean) - mean) // weight, weight)

    def spread(self, priority_class: str) -> Spread:
        """Return the quantiles of the last residuals between which the level lies."""
        found = self.residuals.get(priority_class, [])
        if len(found) < ENOUGH:
            found = self.residuals.get("", list(PRIOR))
        ranked = sorted(found)
        count = len(ranked)
        high = -(-(count + 1) * (1000 + self.level) // 2000) - 1
        return Spread(ranked[max(count - 1 - high, 0)], ranked[count // 2], ranked[min(high, count - 1)])

    def waited(self, visit: Visit, actual_s: int) -> None:
        """Compare the promise on a visit's ticket with what came."""
        if visit.expected_s is None or visit.rolled_s is None or visit.promised_min is None:
            return
        if not visit.rolled_s:
            return
        self._compare(visit.priority_class, (actual_s - visit.rolled_s) * 1000 // (visit.rolled_s + SHORT_S))
        low_min, high_min = visit.promised_min
        is_covered = low_min * 60 <= actual_s <= high_min * 60
        self._adapt(is_covered)
        today = self.today
        today.count += 1
        today.covered += is_covered
        today.off_s += actual_s - visit.expected_s
        today.absolute_s += abs(actual_s - visit.expected_s)
        today.width_min += high_min - low_min

    def left(self, visit: Visit, waited_s: int) -> None:
        """Take note of somebody who left without a call, if that was after the end of the range."""
        if visit.rolled_s and visit.promised_min is not None and waited_s > visit.promised_min[1] * 60:
            self._compare(visit.priority_class, (waited_s - visit.rolled_s) * 1000 // (visit.rolled_s + SHORT_S))
            self._adapt(False)

    def _compare(self, priority_class: str, residual: int) -> None:
        for pool in ("", priority_class):
            found = self.residuals.setdefault(pool, list(PRIOR) if not pool else [])
            found.append(residual)
            if len(found) > KEPT:
                del found[0]

    def _adapt(self, is_covered: bool) -> None:
        step = STEP * (COVER - 1000) // 1000 if is_covered else STEP * COVER // 1000
        self.level = min(max(self.level + step, LEVELS[0]), LEVELS[1])

    def carried(self) -> Learned:
        """Return what the next day shall know of it."""
        residuals = {pool: tuple(found) for pool, found in self.residuals.items()}
        return Learned(service_ms=dict(self.service_ms), residuals=residuals, level=self.level)

    @classmethod
    def from_days_before(cls, learned: Learned) -> "Learning":
        residuals = {pool: list(found) for pool, found in learned.residuals.items()}
        level = COVER if learned.level is None else learned.level
        return cls(service_ms=dict(learned.service_ms), residuals=residuals, level=level)
