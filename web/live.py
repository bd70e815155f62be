"""What a console is pushed: each thing whole, at once and whenever it changes."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec

from broker.contract.messages import CounterView, Hall, HallView, QueuesView

from .hearing import Hearing
from .notes import Note
from .pins import WebRole

BEAT_S: Final = 5.0


def events(
    hearing: Hearing, *, me: dict[str, object], counter: int | None, clerk: str, notes: tuple[Note, ...]
) -> Iterator[tuple[str, bytes]]:
    """Yield what a page shows now, by the names of its events."""
    yield "me", msgspec.json.encode({key: value for key, value in me.items() if key != "left_s"})
    if hearing.hall is not None:
        yield "hall", msgspec.json.encode(_hall(hearing.hall, clerk))
    view = hearing.counters.get(counter) if counter is not None else None
    yield "counter", msgspec.json.encode(view)
    if hearing.queues is not None:
        yield "queues", msgspec.json.encode(_queues(hearing.queues, hearing.hall, counter))
    yield "notes", msgspec.json.encode({"visit": visit_of(view), "notes": notes})
    if me.get("role") == WebRole.SUPERVISOR.value:
        yield "spares", msgspec.json.encode(hearing.spares)
        yield "clock", msgspec.json.encode({"wrong": hearing.clock})
    yield "here", msgspec.json.encode({"here": hearing.here, "since": hearing.since})


def visit_of(view: CounterView | None) -> str | None:
    return view.card.visit if view is not None and view.card is not None else None


def beat(now: datetime, left_s: float) -> bytes:
    return msgspec.json.encode({"now": now, "left_s": round(left_s)})


def ended(reason: str) -> bytes:
    return msgspec.json.encode({"reason": reason})


def event(name: str, body: bytes) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + body + b"\n\n"


def _hall(view: HallView, clerk: str) -> dict[str, object]:
    """Return what a console needs of the hall; of clerks, their numbers only."""
    hall: Hall = view.hall
    own = next((each for each in hall.clerks if each.id == clerk), None)
    return {
        "name": hall.name,
        "day": view.day,
        "evacuation": view.evacuation,
        "timezone": hall.timezone,
        "services": [
            {
                "id": each.id,
                "name": each.name,
                "minutes": each.minutes,
                "documents": each.documents,
                "closing": each.closing,
            }
            for each in hall.services
        ],
        "classes": [{"id": each.id, "name": each.name, "given_by": each.given_by} for each in hall.classes],
        "needs": [{"id": each.id, "name": each.name} for each in hall.needs],
        "zones": hall.zones,
        "counters": [
            {"number": each.number, "zone": each.zone, "skills": (*each.skills, *each.helps)} for each in hall.counters
        ],
        "clerks": [{"id": each.id} for each in hall.clerks],
        "pause_reasons": hall.pause_reasons,
        "decline_reasons": hall.decline_reasons,
        "outcome_mandatory": hall.policy.outcome_mandatory,
        "calls": hall.policy.calls,
        "call_by_number": own is None or own.call_by_number,
        "return_days": hall.policy.return_days,
    }


def _queues(view: QueuesView, hall: HallView | None, counter: int | None) -> dict[str, object]:
    """Return how many wait and how long; whose ticket was called last is on the board, and who is next nowhere."""
    served = {
        skill
        for each in (hall.hall.counters if hall is not None else ())
        if each.number == counter
        for skill in (*each.skills, *each.helps)
    }
    return {
        "queues": [
            {
                "service": row.service,
                "waiting": row.waiting,
                "wait_low_min": row.wait_low_min,
                "wait_high_min": row.wait_high_min,
                "mine": row.service in served,
            }
            for row in view.queues
        ]
    }
