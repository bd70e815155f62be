"""What the screens need to be right: the state, as each of them should show it."""

from datetime import datetime

from ..contract.messages import (
    NO_TICKET,
    ORDINARY,
    BoardRow,
    BoardView,
    Card,
    CounterView,
    HallView,
    HeldVisit,
    Hold,
    Language,
    OwedVisit,
    Past,
    PastStep,
    Policy,
    QueueRow,
    QueuesView,
    UndoOffer,
)
from . import hours
from .at_counter import is_changed_since, undo_until_ms, waiting
from .clock import utc
from .life import VisitState
from .persons import visits_before
from .request import Promises
from .series import is_full, last_ticket
from .state import HallState
from .visit import PastKey, Undoable, Visit, counter_state

BOARD_ROWS = 12


def hall_view(state: HallState) -> HallView | None:
    if state.hall is None:
        return None
    return HallView(epoch=state.epoch, seq=state.seq, day=state.day, hall=state.hall, evacuation=state.evacuation)


def queues_view(state: HallState, promises: Promises, now_ms: int) -> QueuesView:
    hall = state.hall
    is_open = hall is not None and hours.is_open(hall, now_ms)
    opens = hours.opens_next(hall, now_ms) if hall is not None and not is_open else None
    rows = []
    for service in hall.services if hall is not None else ():
        promise = promises.get((service.id, ORDINARY)) if not state.evacuation else None
        rows.append(
            QueueRow(
                service=service.id,
                waiting=state.queued.get(service.id, 0),
                wait_low_min=promise.low_min if promise is not None else None,
                wait_high_min=promise.high_min if promise is not None else None,
                last_called=state.last_called.get(service.id),
                full=is_full(state, service),
                closed=service.closing or not is_open,
                opens=opens if not service.closing else None,
                last_given=last_ticket(state, service),
            )
        )
    errors = state.learning.errors()
    return QueuesView(epoch=state.epoch, seq=state.seq, queues=tuple(rows), promises=errors, day=state.day)


def board_view(state: HallState, zone: str) -> BoardView:
    """Return the calls that stand in a zone: each counter's, last called first; nobody calls who has no number."""
    visits = [
        visit
        for counter in (state.hall.counters if state.hall else ())
        if counter.zone == zone and (visit := state.visit_at(counter.number)) is not None and visit.ticket != NO_TICKET
    ]
    visits.sort(key=lambda visit: -visit.called_seq)
    rows = tuple(
        BoardRow(
            call=visit.call or "",
            ticket=visit.ticket,
            counter=visit.counter or 0,
            times=visit.times,
            started=visit.state is VisitState.SERVING,
            tag=known.on_board if (known := state.priority_class(visit.priority_class)) is not None else None,
            called_at=utc(visit.called_ms),
        )
        for visit in visits[:BOARD_ROWS]
    )
    return BoardView(epoch=state.epoch, seq=state.seq, zone=zone, rows=rows)


def counter_view(state: HallState, number: int) -> CounterView:
    counter, desk = state.counter(number), state.desk(number)
    visit = state.visit_at(number)
    finished = state.visits[desk.finished.rpartition(".")[0]] if desk.finished is not None else None
    is_rated = finished is not None and desk.finished in finished.rated
    shown = visit or finished
    owed = tuple(each for each in state.owed if state.visits[each].counter == number)
    return CounterView(
        epoch=state.epoch,
        seq=state.seq,
        counter=number,
        state=counter_state(desk, visit),
        waiting=waiting(state, counter) if counter is not None else 0,
        call=visit.call if visit is not None else None,
        ticket=visit.ticket if visit is not None else None,
        times=visit.times if visit is not None else 0,
        language=shown.language if shown is not None else Language.ZH,
        rate=desk.finished if visit is None and not is_rated else None,
        armed=desk.armed,
        clerk=desk.clerk,
        held=tuple(state.visits[each].ticket for each in desk.held),
        owed=owed,
        undo=desk.undo.act if desk.undo is not None else None,
        visits_before=visits_before(state, visit) if visit is not None else None,
        card=_card(state, visit) if visit is not None else None,
        held_visits=tuple(_held(state.visits[each]) for each in desk.held),
        owed_visits=tuple(_owed(state.visits[each]) for each in owed),
        undoable=_undoable(state, desk.undo) if desk.undo is not None else None,
        paused=desk.paused,
        since=utc(desk.idle_from_ms) if visit is None and desk.idle_from_ms else None,
    )


def _card(state: HallState, visit: Visit) -> Card:
    service, promised = state.service(visit.service), visit.promised_min
    return Card(
        visit=visit.id,
        service=visit.service,
        issued_at=utc(visit.issued_ms),
        called_at=utc(visit.called_ms),
        started_at=utc(visit.started_ms) if visit.started_ms else None,
        waited_s=(visit.first_called_ms - visit.issued_ms) // 1000 if visit.first_called_ms else 0,
        promised_min=promised[1] if promised is not None else None,
        target_s=state.target_ms(visit.service, visit.priority_class) // 1000,
        minutes=service.minutes if service is not None else 0,
        priority_class=visit.priority_class,
        rule=visit.rule,
        needs=visit.needs,
        then=visit.then,
        past=tuple(_step(each) for each in visit.past),
    )


def _step(key: PastKey) -> PastStep:
    what, at_ms, counter, to = key
    return PastStep(what=Past(what), at=utc(at_ms), counter=counter or None, to=to)


def _held(visit: Visit) -> HeldVisit:
    return HeldVisit(
        ticket=visit.ticket,
        hold=visit.hold or Hold.OTHER_STEP,
        service=visit.service,
        since=_last(visit),
        until=utc(visit.hold_until_ms),
    )


def _owed(visit: Visit) -> OwedVisit:
    return OwedVisit(visit=visit.id, ticket=visit.ticket, service=visit.service, ended_at=_last(visit))


def _last(visit: Visit) -> datetime:
    """Return when the last thing that is remembered of a visit happened."""
    return utc(visit.past[-1][1] if visit.past else visit.called_ms)


def _undoable(state: HallState, undo: Undoable) -> UndoOffer | None:
    visit = state.visits[undo.whom] if undo.whom is not None else None
    if is_changed_since(undo, visit):
        return None
    policy = state.hall.policy if state.hall is not None else Policy()
    until_ms = undo_until_ms(undo, visit, policy)
    return UndoOffer(act=undo.act, until=utc(until_ms), ticket=visit.ticket if visit is not None else None)
