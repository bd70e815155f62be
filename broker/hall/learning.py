"""What the hall learns from its own days: how long services take, and how far its promises were off. Integers only."""

from typing import Final

from msgspec import Struct

from ..contract.messages import Learned, Service

MOST_WEIGHT: Final = 50  # a mean forgets older services at this rate
PRIOR_WEIGHT: Final = 5  # the hall file's `minutes` count as so many services
MINUTE_MS: Final = 60_000


class Learning(Struct, kw_only=True):
    service_ms: dict[str, tuple[int, int]] = {}  # mean and weight
    residuals: list[int] = []  # permille of the expected wait
    widening: int = 0

    def mean_ms(self, service: Service) -> int:
        """Return how long a service takes at the counter, as learned so far."""
        return self.service_ms.get(service.id, (service.minutes * MINUTE_MS, 0))[0]

    def served(self, service: Service, took_ms: int) -> None:
        mean, weight = self.service_ms.get(service.id, (service.minutes * MINUTE_MS, PRIOR_WEIGHT))
        weight = min(weight + 1, MOST_WEIGHT)
        self.service_ms[service.id] = (mean + (took_ms - mean) // weight, weight)

    def waited(self, *, expected_s: int, promised_min: tuple[int, int], actual_s: int) -> None:
        """Compare a promise with what came."""

    def carried(self) -> Learned:
        return Learned(service_ms=dict(self.service_ms), residuals=tuple(self.residuals), widening=self.widening)

    @classmethod
    def from_days_before(cls, learned: Learned) -> "Learning":
        return cls(service_ms=dict(learned.service_ms), residuals=list(learned.residuals), widening=learned.widening)
