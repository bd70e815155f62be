"""A hall at one moment, as it can be written down, and the same hall again.

What stands in a snapshot is all that `apply` has made of the events; what follows from the hall's configuration, or
from the rest, is worked out anew. Whoever adds to HallState or to Lane decides here which of the two it is.
"""

from msgspec import Struct

from ..contract.messages import Booking, Hall, HallConfigured, Kept, ReturnRight
from .apply import happen
from .lane import Lane, LaneKey
from .learning import Learning
from .life import HELD, ISSUED
from .state import CLOSE, REST, SHIFT, HallState, Series
from .visit import Desk, Overtaker, Visit


class LaneSnapshot(Struct, kw_only=True, omit_defaults=True):
    key: LaneKey
    visits: list[str] = []  # in their order
    overtakers: list[Overtaker] = []
    exempt: list[Overtaker] = []
    passes: int = 0


class Snapshot(Struct, kw_only=True, omit_defaults=True):
    """Shares the visits and desks of the state that it was taken from: encode it before the next event."""

    seq: int
    last_ms: int
    day: str | None = None
    hall: Hall | None = None
    kept: Kept = Kept()
    visits: list[Visit] = []
    by_ticket: dict[str, str] = {}
    lanes: list[LaneSnapshot] = []
    desks: list[Desk] = []
    series: dict[str, Series] = {}
    queued: dict[str, int] = {}
    last_called: dict[str, str] = {}
    calls_of: dict[str, int] = {}
    turns_of: dict[str, int] = {}
    turn_clock: int = 0
    given_at: dict[str, list[int]] = {}
    returns: list[ReturnRight] = []
    bookings: list[Booking] = []
    owed: list[str] = []
    learning: Learning
    armed_idle: list[int] = []
    evacuation: bool = False


def taken(state: HallState) -> Snapshot:
    """Return the hall as it stands."""
    return Snapshot(
        seq=state.seq,
        last_ms=state.last_ms,
        day=state.day,
        hall=state.hall,
        kept=state.kept,
        visits=list(state.visits.values()),
        by_ticket=state.by_ticket,
        lanes=[
            LaneSnapshot(
                key=lane.key,
                visits=list(lane.visits),
                overtakers=lane.overtakers,
                exempt=lane.exempt,
                passes=lane.passes,
            )
            for lane in state.lanes.values()
        ],
        desks=list(state.desks.values()),
        series=state.series,
        queued=state.queued,
        last_called=state.last_called,
        calls_of=state.calls_of,
        turns_of=state.turns_of,
        turn_clock=state.turn_clock,
        given_at=state.given_at,
        returns=list(state.returns.values()),
        bookings=list(state.bookings.values()),
        owed=list(state.owed),
        learning=state.learning,
        armed_idle=sorted(state.armed_idle),
        evacuation=state.evacuation,
    )


def restored(snapshot: Snapshot, *, epoch: int) -> HallState:
    """Return a hall that goes on from a snapshot, which it takes over, as the hall that it was taken from would."""
    state = HallState(epoch=epoch)
    state.day = snapshot.day
    if snapshot.hall is not None:
        configured = HallConfigured(hall=snapshot.hall, kept=snapshot.kept)
        happen(state, configured, at_ms=snapshot.last_ms, seq=snapshot.seq)
    state.seq, state.last_ms = snapshot.seq, snapshot.last_ms
    state.visits = {visit.id: visit for visit in snapshot.visits}
    state.desks = {desk.number: desk for desk in snapshot.desks}
    for each in snapshot.lanes:
        _fill(state, each)
    state.by_ticket, state.series, state.queued = snapshot.by_ticket, snapshot.series, snapshot.queued
    state.last_called, state.calls_of, state.given_at = snapshot.last_called, snapshot.calls_of, snapshot.given_at
    state.turns_of, state.turn_clock = snapshot.turns_of, snapshot.turn_clock
    state.returns = {each.code: each for each in snapshot.returns}
    state.bookings = {each.code: each for each in snapshot.bookings}
    for visit in snapshot.visits:
        if visit.person is not None:
            state.visits_of.setdefault(visit.person, []).append(visit.id)
    state.owed = dict.fromkeys(snapshot.owed)
    state.learning = snapshot.learning
    state.armed_idle = set(snapshot.armed_idle)
    state.evacuation = snapshot.evacuation
    set_deadlines(state)
    return state


def _fill(state: HallState, snapshot: LaneSnapshot) -> None:
    lane = state.lanes[snapshot.key] = Lane(snapshot.key)
    visits = [state.visits[each] for each in snapshot.visits]
    lane.visits.update((visit.id, visit) for visit in visits)
    lane.head, lane.last = (visits[0], visits[-1]) if visits else (None, None)
    lane.overtakers, lane.exempt, lane.passes = snapshot.overtakers, snapshot.exempt, snapshot.passes
    lane.weigh()
    state.tune(lane)
    state.waiting += len(visits)


def set_deadlines(state: HallState) -> None:
    """Note anew what must happen by itself, once the past has been replayed.

    A desk's rest, a shift and the day's end that came before the last event were seen to in its commit.
    """
    found = [(visit.ready_ms, "", visit.id) for visit in state.visits.values() if visit.state is ISSUED]
    found += [(visit.hold_until_ms, "", visit.id) for visit in state.visits.values() if visit.state is HELD]
    found += [
        (desk.rest_until_ms, REST, str(desk.number))
        for desk in state.desks.values()
        if desk.rest_until_ms > state.last_ms
    ]
    found += [(at_ms, SHIFT, name) for name, at_ms in state.shifts.items() if at_ms > state.last_ms]
    if state.serve_until_ms > state.last_ms:
        found.append((state.serve_until_ms, CLOSE, ""))
    state.deadlines = sorted(found)  # a heap
