"""Which counters were staffed when, so that the twin's counters come and go as those of the hall did."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

LEFT_OPEN_MS: Final = 3_600_000  # a counter that was never closed and idle so long before the hall's last act had gone


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Shift:
    """A counter is staffed from one moment to another. Times are milliseconds from the beginning of the play."""

    counter: int
    from_ms: int
    until_ms: int | None  # None: until nobody waits any more
    clerk: str | None = None


class Gap(NamedTuple):
    """A time in which a staffed counter could serve nobody."""

    counter: int
    from_ms: int
    until_ms: int


def to_the_last_customer(shifts: Iterable[Shift], last_arrival_ms: int) -> list[Shift]:
    """Let counters that ended after the last arrival stay until nobody waits: so would their clerks."""
    found: list[Shift] = []
    staying: set[int] = set()
    for shift in sorted(shifts, key=lambda each: (each.counter, each.from_ms)):
        if shift.counter in staying:
            continue
        if shift.until_ms is None or shift.until_ms >= last_arrival_ms:
            staying.add(shift.counter)
            found.append(replace(shift, until_ms=None))
        elif shift.until_ms > shift.from_ms:
            found.append(shift)
    return found


def without(shifts: Iterable[Shift], gaps: Iterable[Gap]) -> list[Shift]:
    """Return the shifts less the gaps."""
    left = list(shifts)
    for gap in gaps:
        left = [part for shift in left for part in _parts(shift, gap)]
    return left


def _parts(shift: Shift, gap: Gap) -> Iterator[Shift]:
    ended = shift.until_ms is not None and shift.until_ms <= gap.from_ms
    if shift.counter != gap.counter or ended or shift.from_ms >= gap.until_ms:
        yield shift
        return
    if shift.from_ms < gap.from_ms:
        yield replace(shift, until_ms=gap.from_ms)
    if shift.until_ms is None or shift.until_ms > gap.until_ms:
        yield replace(shift, from_ms=gap.until_ms)


def from_first_to_last(acts: Iterable[tuple[int, int]]) -> list[Shift]:
    """Infer shifts from what counters did, and when: each is staffed from its first act to its last."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for counter, at_ms in acts:
        first[counter] = min(at_ms, first.get(counter, at_ms))
        last[counter] = max(at_ms, last.get(counter, at_ms))
    ends_ms = max(last.values(), default=0)
    return [
        Shift(
            counter=counter,
            from_ms=first[counter],
            until_ms=last[counter] if ends_ms - last[counter] > LEFT_OPEN_MS else None,
        )
        for counter in sorted(first)
    ]
