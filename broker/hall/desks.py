"""Counters at work: what their events do to their desks, and what taking back their last act restores."""

from heapq import heappush
from typing import Any, Final

from ..contract.messages import (
    ClerkSignedIn,
    CounterArmed,
    CounterClosed,
    CounterOpened,
    CounterPaused,
    Outcome,
    Undone,
    VisitEnded,
)
from .life import HELD, ISSUED, WAITING
from .state import REST, HallState
from .visit import Desk, Undoable, Visit, copy_of

ENDED: Final = VisitEnded.__name__


def free(state: HallState, event: Any, at_ms: int, seq: int, *, finished: bool) -> Visit:
    """Take a visit away from its counter, which is then idle, and can take it back."""
    visit, desk = state.visits[event.visit], state.desks[event.counter]
    act = type(event).__name__
    if finished and act == ENDED:
        desk.undo = Undoable(seq=seq, at_ms=at_ms, act=act, desk=bare(desk), plain=visit.id, was=visit.state)
    else:
        desk.undo = Undoable(seq=seq, at_ms=at_ms, act=act, desk=bare(desk), visit=copy_of(visit))
    visit.changed_seq = seq
    desk.visit, desk.finished = None, visit.call if finished else None
    if desk.busy_from_ms:
        desk.busy_ms += at_ms - desk.busy_from_ms
    desk.busy_from_ms, desk.idle_from_ms = 0, at_ms
    if desk.armed:
        rest(state, desk, at_ms, state.hall.policy.rest_s if finished and state.hall is not None else 0)
    return visit


def rest(state: HallState, desk: Desk, at_ms: int, rest_s: int = 0) -> None:
    """Let an armed counter be idle, for so long at least."""
    desk.rest_until_ms = at_ms + rest_s * 1000
    if rest_s:
        heappush(state.deadlines, (desk.rest_until_ms, REST, str(desk.number)))
    if not desk.closed and desk.paused is None:
        state.armed_idle.add(desk.number)


def desk_before(state: HallState, number: int) -> Desk:
    """Return a copy of a counter's desk as it stands."""
    desk = state.desks.get(number)
    return bare(desk) if desk is not None else Desk(number=number)


def working_desk(state: HallState, number: int, at_ms: int) -> Desk:
    """Return a counter's desk; its first act of the day, or after a pause, begins its time."""
    desk = state.desks.get(number)
    if desk is None:
        desk = state.desks[number] = Desk(number=number)
    if not desk.staffed_from_ms:
        desk.closed, desk.paused = False, None
        desk.staffed_from_ms = desk.idle_from_ms = at_ms
        state.able.clear()
    return desk


def open_counter(state: HallState, event: CounterOpened, at_ms: int, seq: int) -> None:
    desk = working_desk(state, event.counter, at_ms)
    desk.undo = None
    if desk.armed and desk.visit is None:
        rest(state, desk, at_ms)


def _stop_work(state: HallState, event: CounterPaused | CounterClosed, at_ms: int, seq: int) -> Desk:
    before = desk_before(state, event.counter)
    desk = working_desk(state, event.counter, at_ms)
    desk.undo = Undoable(seq=seq, at_ms=at_ms, act=type(event).__name__, desk=before)
    desk.staffed_ms += at_ms - desk.staffed_from_ms
    desk.staffed_from_ms, desk.idle_from_ms = 0, at_ms
    state.armed_idle.discard(event.counter)
    state.able.clear()
    return desk


def pause_counter(state: HallState, event: CounterPaused, at_ms: int, seq: int) -> None:
    _stop_work(state, event, at_ms, seq).paused = event.reason


def close_counter(state: HallState, event: CounterClosed, at_ms: int, seq: int) -> None:
    desk = _stop_work(state, event, at_ms, seq)
    desk.closed, desk.armed, desk.paused = True, False, None


def arm(state: HallState, event: CounterArmed, at_ms: int, seq: int) -> None:
    """Arm a counter, which opens it, or disarm it, which does not."""
    desk = working_desk(state, event.counter, at_ms) if event.armed else _desk(state, event.counter)
    desk.armed, desk.undo = event.armed, None
    if not event.armed:
        state.armed_idle.discard(event.counter)
    elif desk.visit is None:
        rest(state, desk, at_ms)


def sign_in(state: HallState, event: ClerkSignedIn, at_ms: int, seq: int) -> None:
    """Note who staffs a counter; one that is closed or paused stays so."""
    desk = _desk(state, event.counter)
    if desk.is_working and event.clerk is not None:
        working_desk(state, event.counter, at_ms)
    desk.clerk, desk.undo = event.clerk, None
    desk.signed_ms, desk.signed_by = at_ms, event.by
    state.able.clear()


def _desk(state: HallState, number: int) -> Desk:
    return state.desks.setdefault(number, Desk(number=number))


def undo(state: HallState, event: Undone, at_ms: int, seq: int) -> None:
    desk = state.desks[event.counter]
    undo = desk.undo
    if undo is None:  # decide has seen it
        return
    before = undo.desk
    held_then, before.held = before.held, desk.held  # other counters may have taken some up since
    before.undo, before.armed = None, before.armed and undo.act != "TicketCalled"
    state.desks[event.counter] = before
    if undo.visit is not None:
        _restore(state, undo, undo.visit, at_ms, seq)
    elif undo.plain:
        _restore(state, undo, _as_it_was(state.visits[undo.plain], undo), at_ms, seq)
    before.held = (
        *(each for each in held_then if each in before.held),
        *(each for each in before.held if each not in held_then),
    )
    state.armed_idle.discard(event.counter)
    if before.armed and before.visit is None and before.is_working:
        rest(state, before, at_ms)
    state.able.clear()


def _as_it_was(now: Visit, undo: Undoable) -> Visit:
    """Return a visit before its first call, or before its service's end."""
    before = copy_of(now)
    before.state = undo.was
    if undo.act == ENDED:
        if now.outcome is Outcome.UNSTATED:
            before.past = now.past[:-1]  # that it was served
        before.outcome, before.ended_ms = None, 0
    else:
        before.call = before.counter = before.clerk = None
        before.rule = ""
        before.called_seq = before.called_ms = before.first_called_ms = before.times = 0
    return before


def _restore(state: HallState, undo: Undoable, before: Visit, at_ms: int, seq: int) -> None:
    now = state.visits[before.id]
    state.leave(now)
    state.owed.pop(now.id, None)
    state.returns.pop(now.call or "", None)  # a follow-up that is taken back gives no right to return
    if undo.act == "TicketCalled":
        _take_back_call(state, undo, now)
    before.overtaken, before.overtaken_exempt = now.overtaken, now.overtaken_exempt
    before.overtaken_by_ms = now.overtaken_by_ms
    before.slip, before.calls, before.changed_seq = now.slip, now.calls, seq
    state.visits[before.id] = before
    if before.state is WAITING and before.ahead:
        state.rejoin(before)
    elif before.state is WAITING or (before.state is ISSUED and before.slip is not None and before.since_ms <= at_ms):
        state.join(before)
    elif before.state is ISSUED:
        state.queued[before.service] = state.queued.get(before.service, 0) + 1
        heappush(state.deadlines, (before.ready_ms, "", before.id))
    elif before.state is HELD:
        desk = state.desks[before.counter or undo.desk.number]
        desk.held = (*desk.held, before.id)
        heappush(state.deadlines, (before.hold_until_ms, "", before.id))


def _take_back_call(state: HallState, undo: Undoable, called: Visit) -> None:
    """Forget that somebody was called: nobody was overtaken by it, and it was nobody's turn."""
    overtaker = (called.since_ms, called.order, undo.seq)
    for lane in state.lanes.values():
        lane.forgive(overtaker, exempt=undo.exempt)
    for key in undo.skipped:
        state.lanes[key].forgive_pass(undo.seq)
    state.calls_of[called.service] -= 1
    known = state.classes.get(called.priority_class)
    if state.counts_turns and known is not None and known.id in state.turns_of:
        state.turns_of[known.id] -= state.turn_base // known.weight


def bare(desk: Desk) -> Desk:
    """Return a copy of a desk that remembers no earlier act."""
    copied: Desk = desk.__copy__()  # type: ignore[attr-defined] # as copy_of
    copied.undo = None
    return copied
