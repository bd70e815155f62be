"""Keeps the book of a play: notes each stay as it ends, and adds the figures up.

Waits are counted from the ticket to its first call, in whole milliseconds until they are told, in minutes.
"""

from array import array
from collections.abc import Iterable, Sequence
from typing import Final

from ..contract.messages import Hall, Outcome
from .arrivals import Stay
from .figures import CounterFigures, Figures, Group, balance, batches_of, quantile, standard_error

MINUTE_MS: Final = 60_000
_NOBODY: Final = -(1 << 62)  # got no ticket, or was sent home
Cell = tuple[str, str]  # service, class of the ticket


class Tally:
    """Counts and extremes of one service and class."""

    __slots__ = (
        "called",
        "capped",
        "customers",
        "exempt",
        "no_shows",
        "overtaken",
        "overtaken_ms",
        "queue_ms",
        "turned_away",
        "unserved",
        "within",
        "worst",
    )

    def __init__(self) -> None:
        self.customers = self.called = self.no_shows = self.unserved = self.turned_away = self.capped = 0
        self.within = self.queue_ms = 0
        self.overtaken = self.exempt = self.overtaken_ms = 0
        self.worst = 0.0

    def add(self, other: "Tally") -> None:
        for name in ("customers", "called", "no_shows", "unserved", "turned_away", "capped", "within", "queue_ms"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("overtaken", "exempt", "overtaken_ms", "worst"):
            setattr(self, name, max(getattr(self, name), getattr(other, name)))


class Book:
    """Notes each stay as it ends. Customers are told apart by their place in the order of arrival."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._cells: dict[Cell, int] = {}
        self._tallies: list[Tally] = []
        self._targets: list[int] = []
        self._cell_of = array("H")
        self._wait_ms = array("q")  # below 0: left after ~wait
        self._turned_away: dict[str, int] = {}
        self._served = dict.fromkeys((each.number for each in hall.counters), 0)
        self._busy_ms = dict.fromkeys(self._served, 0)
        self._staffed_ms = 0

    @property
    def customers(self) -> int:
        return sum(each.customers for each in self._tallies)

    def note(self, stay: Stay, place: int) -> None:
        """Note a customer who counts, and who came at that place, from 0."""
        cell = self._cell(stay)
        tally = self._tallies[cell]
        tally.customers += 1
        arrived_ms, called_ms = stay.arrival.at_ms, stay.called_ms
        wait_ms = _NOBODY
        if called_ms is not None:
            wait_ms = called_ms - arrived_ms
            tally.called += 1
            tally.queue_ms += wait_ms
            promised_ms = (
                wait_ms if stay.arrival.booked_ms is None else min(wait_ms, self._since_booked(stay, called_ms))
            )
            tally.within += promised_ms <= stay.target_ms
            if promised_ms > tally.worst * stay.target_ms:
                tally.worst = promised_ms / stay.target_ms
        elif stay.refused is not None:
            tally.turned_away += 1
            self._turned_away[stay.refused] = self._turned_away.get(stay.refused, 0) + 1
        elif stay.outcome is Outcome.CANCELLED and stay.ended_ms is not None:
            tally.no_shows += 1
            tally.queue_ms += stay.ended_ms - arrived_ms
            wait_ms = ~(stay.ended_ms - arrived_ms)
        else:
            tally.unserved += 1
        if stay.given_class != stay.arrival.priority_class and stay.arrival.booked_ms is None:
            tally.capped += 1
        if stay.overtaken or stay.overtaken_exempt:
            tally.overtaken = max(tally.overtaken, stay.overtaken)
            tally.exempt = max(tally.exempt, stay.overtaken_exempt)
            tally.overtaken_ms = max(tally.overtaken_ms, stay.overtaken_by_ms)
        waits = self._wait_ms
        missing = place + 1 - len(waits)
        if missing > 0:
            waits.extend([_NOBODY] * missing)
            self._cell_of.extend([0] * missing)
        waits[place], self._cell_of[place] = wait_ms, cell

    def _since_booked(self, stay: Stay, called_ms: int) -> int:
        """Return an appointment's wait since it could be called at the earliest: before that nothing is promised."""
        early_ms = round(self._hall.policy.early_min * MINUTE_MS)
        is_late = stay.given_class != stay.arrival.priority_class
        return called_ms - (stay.arrival.at_ms if is_late else (stay.arrival.booked_ms or 0) - early_ms)

    def note_work(self, stay: Stay, from_ms: int, until_ms: int | None = None) -> None:
        """Note how long the stay kept its counter busy, within these times."""
        if stay.counter is None or stay.called_ms is None or stay.ended_ms is None:
            return
        begun = max(stay.called_ms, from_ms)
        ended = stay.ended_ms if until_ms is None else min(stay.ended_ms, until_ms)
        if ended >= begun and stay.called_ms >= from_ms and (until_ms is None or stay.called_ms <= until_ms):
            self._served[stay.counter] += 1
        self._busy_ms[stay.counter] += max(ended - begun, 0)

    def note_staffed(self, for_ms: int) -> None:
        """Note that all counters were staffed for so long."""
        self._staffed_ms += for_ms

    def figures(
        self, *, source: str, seed: int | None = None, days: int | None = None, warm_up_customers: int = 0
    ) -> Figures:
        queues: list[array[int]] = [array("q") for _ in self._tallies]
        everybody = array("q")
        services: dict[str, array[int]] = {}
        classes: dict[str, array[int]] = {}
        of_cell = [
            (
                everybody,
                queues[number],
                services.setdefault(cell[0], array("q")),
                classes.setdefault(cell[1], array("q")),
            )
            for cell, number in self._cells.items()
        ]
        for cell, wait_ms in zip(self._cell_of, self._wait_ms, strict=True):
            if wait_ms != _NOBODY:
                for each in of_cell[cell]:
                    each.append(wait_ms)
        hall = self._hall
        by_both = {
            service.id: {
                each.id: self._group([number], queues[number])
                for each in hall.classes
                if (number := self._cells.get((service.id, each.id))) is not None
            }
            for service in hall.services
        }
        return Figures(
            hall=hall.id,
            policy=hall.policy.discipline.value,
            source=source,
            seed=seed,
            days=days,
            customers=self.customers,
            warm_up_customers=warm_up_customers,
            simulated_min=self._staffed_ms / MINUTE_MS,
            all=self._group(range(len(self._tallies)), everybody),
            by_class={
                each.id: self._group(self._of(1, each.id), classes[each.id])
                for each in hall.classes
                if each.id in classes
            },
            by_service={
                each.id: self._group(self._of(0, each.id), services[each.id])
                for each in hall.services
                if each.id in services
            },
            by_service_and_class={service: groups for service, groups in by_both.items() if groups},
            counters=self._counters(),
            balance=balance([each.utilisation for each in self._counters()]),
            turned_away=dict(sorted(self._turned_away.items())),
        )

    def _cell(self, stay: Stay) -> int:
        key = (stay.arrival.service, stay.given_class)
        number = self._cells.get(key)
        if number is None:
            number = self._cells[key] = len(self._tallies)
            self._tallies.append(Tally())
            self._targets.append(stay.target_ms)
        return number

    def _of(self, part: int, name: str) -> list[int]:
        return [number for cell, number in self._cells.items() if cell[part] == name]

    def _group(self, cells: Iterable[int], queue: Sequence[int]) -> Group:
        """Return the figures of some cells, whose times in the queue stand in the order of arrival."""
        tally, targets = Tally(), set()
        for cell in cells:
            tally.add(self._tallies[cell])
            targets.add(self._targets[cell])
        took = tally.customers - tally.turned_away
        waits = [each for each in queue if each >= 0]
        ordered = sorted(waits)
        in_queue = [each if each >= 0 else ~each for each in queue]
        batches = batches_of(len(waits))
        return Group(
            customers=tally.customers,
            called=tally.called,
            no_shows=tally.no_shows,
            no_show_share=tally.no_shows / took if took else None,
            no_show_share_se=standard_error([each < 0 for each in queue], batches) if batches else None,
            unserved=tally.unserved,
            turned_away=tally.turned_away,
            capped=tally.capped,
            target_min=targets.pop() / MINUTE_MS if len(targets) == 1 else None,
            mean_wait_min=sum(waits) / len(waits) / MINUTE_MS if waits else None,
            mean_wait_se_min=standard_error(waits, batches) / MINUTE_MS if batches else None,
            batches=batches,
            p50_wait_min=_minutes(quantile(ordered, 0.5)),
            p90_wait_min=_minutes(quantile(ordered, 0.9)),
            p95_wait_min=_minutes(quantile(ordered, 0.95)),
            max_wait_min=_minutes(float(ordered[-1]) if ordered else None),
            share_within_target=tally.within / tally.called if tally.called else None,
            worst_wait_to_target=tally.worst if tally.called else None,
            mean_queue_min=tally.queue_ms / len(queue) / MINUTE_MS if queue else None,
            mean_queue_se_min=standard_error(in_queue, batches) / MINUTE_MS if batches else None,
            max_overtaken_times=tally.overtaken,
            max_overtaken_exempt_times=tally.exempt,
            max_overtaken_min=tally.overtaken_ms / MINUTE_MS,
        )

    def _counters(self) -> tuple[CounterFigures, ...]:
        return tuple(
            CounterFigures(
                counter=number,
                served=served,
                busy_min=self._busy_ms[number] / MINUTE_MS,
                staffed_min=self._staffed_ms / MINUTE_MS,
                utilisation=self._busy_ms[number] / self._staffed_ms if self._staffed_ms else 0.0,
            )
            for number, served in self._served.items()
        )


def _minutes(value_ms: float | None) -> float | None:
    return None if value_ms is None else value_ms / MINUTE_MS
