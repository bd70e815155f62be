"""A recorded day: who came, when, for what and for how long, and which counters were staffed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from ..contract.messages import Hall, Recorded, Undone
from ..hall.clock import ms
from ..hall.state import MINUTE_MS, HallState
from .arrivals import Arrival, Stay
from .chronicle import Chronicle, Draft, Note
from .staffing import Gap, Shift, to_the_last_customer, without

DAY_MS: Final = 24 * 60 * MINUTE_MS


class NothingRecorded(ValueError):
    """A record without a ticket in it."""


@dataclass(frozen=True, kw_only=True)
class RecordedDay:
    """A day as it was. Times are milliseconds from its local midnight."""

    day: str  # ISO date
    hall: Hall
    stays: Sequence[Stay]  # as they were, in the order of their arrival
    shifts: Sequence[Shift]
    notes: Mapping[Note, int] = field(default_factory=dict)

    @property
    def arrivals(self) -> list[Arrival]:
        return [stay.arrival for stay in self.stays]


def midnight_ms(day: date, timezone: str) -> int:
    """Return when a day begins."""
    return ms(datetime.combine(day, time(), tzinfo=ZoneInfo(timezone)))


def in_order(stays: Sequence[Stay]) -> list[Stay]:
    """Return stays in the order of their arrival, and numbered by it."""
    ordered = sorted(stays, key=lambda stay: stay.arrival.at_ms)
    return [msgspec.structs.replace(stay, index=index) for index, stay in enumerate(ordered)]


def recorded_day(events: Sequence[Recorded]) -> RecordedDay:
    """Return what happened on the day of these events, which begin with its opening. Raises NothingRecorded."""
    undone = {each.event.seq for each in events if isinstance(each.event, Undone)}
    chronicle = Chronicle()
    for each in events:
        chronicle.read(each, undone=each.seq in undone)
    state = chronicle.state
    if state.hall is None or state.day is None or not chronicle.drafts:
        raise NothingRecorded(f"{state.day or 'these events'}: no ticket was given on this day")
    begins_ms = midnight_ms(date.fromisoformat(state.day), state.hall.timezone)
    notes = Counter(chronicle.notes)
    drafts = _played(chronicle, begins_ms + DAY_MS, notes)
    means = _means(drafts)
    stays = in_order([_stay(state, draft, begins_ms, means, notes) for draft in drafts])
    last_ms = stays[-1].arrival.at_ms if stays else 0
    shifts = to_the_last_customer(_from(begins_ms, chronicle.shifts()), last_ms)
    gaps = [Gap(gap.counter, gap.from_ms - begins_ms, gap.until_ms - begins_ms) for gap in chronicle.gaps]
    return RecordedDay(
        day=state.day,
        hall=msgspec.structs.replace(state.hall, counters=tuple(chronicle.counters.values())),
        stays=stays,
        shifts=without(shifts, gaps),
        notes={note: notes[note] for note in Note if notes[note]},
    )


def _played(chronicle: Chronicle, midnight_after_ms: int, notes: Counter[Note]) -> list[Draft]:
    """Return what the twin can play; whatever a counter still held overnight has an end that says nothing."""
    kept: list[Draft] = []
    waiting = {id(draft) for draft in chronicle.waiting.values() if draft.called_ms is None}
    for draft in chronicle.drafts:
        if draft.walk_up:
            continue
        if draft.service not in chronicle.state.services:
            notes[Note.UNKNOWN_SERVICE] += 1
        elif id(draft) in waiting:
            notes[Note.UNENDED] += 1
        else:
            if draft.ended_ms is None or draft.ended_ms >= midnight_after_ms:
                draft.taken_ms = draft.wrap_up_ms = 0
            kept.append(draft)
    return kept


def _means(drafts: Sequence[Draft]) -> dict[str, int]:
    """Return how long each service took, of those that were seen from call to end."""
    seen = [draft for draft in drafts if draft.taken_ms]
    sums: Counter[str] = Counter()
    for draft in seen:
        sums[draft.service] += draft.taken_ms + draft.wrap_up_ms
    counts = Counter(draft.service for draft in seen)
    return {service: sums[service] // counts[service] for service in counts}


def _stay(state: HallState, draft: Draft, begins_ms: int, means: Mapping[str, int], notes: Counter[Note]) -> Stay:
    service_ms = draft.taken_ms + draft.wrap_up_ms
    if not draft.taken_ms:
        notes[Note.IMPUTED] += 1
        service_ms = means.get(draft.service) or state.services[draft.service].minutes * MINUTE_MS
    known = state.classes.get(draft.priority_class)
    is_booked = known is not None and known.appointment and draft.booked_ms is not None
    bound, exempt, by_ms = draft.overtaken
    return Stay(
        arrival=Arrival(
            at_ms=draft.arrived_ms - begins_ms,
            service=draft.service,
            priority_class=draft.priority_class,
            service_ms=service_ms,
            patience_ms=draft.left_ms - draft.arrived_ms if draft.left_ms is not None else None,
            needs=draft.needs,
            booked_ms=(draft.booked_ms or 0) - begins_ms if is_booked else None,
        ),
        ticket=draft.ticket,
        given_class=draft.priority_class,
        called_ms=_since(begins_ms, draft.called_ms),
        ended_ms=_since(begins_ms, draft.ended_ms),
        counter=draft.counter,
        outcome=draft.outcome,
        target_ms=state.target_ms(draft.service, draft.priority_class),
        expected_s=draft.expected_s,
        promised_min=draft.promised_min,
        overtaken=bound,
        overtaken_exempt=exempt,
        overtaken_by_ms=by_ms,
    )


def _since(begins_ms: int, at_ms: int | None) -> int | None:
    return at_ms - begins_ms if at_ms is not None else None


def _from(begins_ms: int, shifts: Sequence[Shift]) -> list[Shift]:
    return [
        replace(shift, from_ms=shift.from_ms - begins_ms, until_ms=_since(begins_ms, shift.until_ms))
        for shift in shifts
    ]
