"""What the screens need to be right: the state, as each of them should show it."""

from ..contract.messages import (
    BoardRow,
    BoardView,
    CounterView,
    HallView,
    Language,
    QueueRow,
    QueuesView,
)
from .estimate import wait_range_min
from .state import HallState, VisitState
from .turn import waiting

BOARD_ROWS = 12


def hall_view(state: HallState) -> HallView | None:
    if state.hall is None:
        return None
    return HallView(epoch=state.epoch, seq=state.seq, day=state.day, hall=state.hall)


def queues_view(state: HallState) -> QueuesView:
    rows = []
    for service in state.hall.services if state.hall else ():
        estimate = wait_range_min(state, service)
        rows.append(
            QueueRow(
                service=service.id,
                waiting=len(state.lanes.get(service.id, ())),
                wait_low_min=estimate[0] if estimate else None,
                wait_high_min=estimate[1] if estimate else None,
                last_called=state.last_called.get(service.id),
                full=state.number_for(service) is None,
            )
        )
    return QueuesView(epoch=state.epoch, seq=state.seq, queues=tuple(rows))


def board_view(state: HallState, zone: str) -> BoardView:
    """Return the calls that stand in a zone: each counter's, last called first."""
    visits = [
        visit
        for counter in (state.hall.counters if state.hall else ())
        if counter.zone == zone and (visit := state.visit_at(counter.number)) is not None
    ]
    visits.sort(key=lambda visit: -visit.called_seq)
    rows = tuple(
        BoardRow(
            call=visit.call or "",
            ticket=visit.ticket,
            counter=visit.counter or 0,
            times=visit.times,
            started=visit.state is VisitState.SERVING,
        )
        for visit in visits[:BOARD_ROWS]
    )
    return BoardView(epoch=state.epoch, seq=state.seq, zone=zone, rows=rows)


def counter_view(state: HallState, number: int) -> CounterView:
    counter = state.counter(number)
    visit = state.visit_at(number)
    finished = state.desk(number).finished
    rate = state.visits[finished] if finished is not None and visit is None else None
    return CounterView(
        epoch=state.epoch,
        seq=state.seq,
        counter=number,
        state=state.counter_state(number),
        waiting=waiting(state, counter) if counter else 0,
        call=visit.call if visit else None,
        ticket=visit.ticket if visit else None,
        times=visit.times if visit else 0,
        language=(visit or rate).language if (visit or rate) else Language.ZH,  # type: ignore[union-attr]
        rate=rate.call if rate is not None and rate.rating is None else None,
    )
