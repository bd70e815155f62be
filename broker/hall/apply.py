"""What each event does to the hall: `apply` alone changes it, with whole numbers only, and does not fail.

Replaying a day's events gives the same hall again, live and in simulation alike.
"""

from bisect import insort
from collections.abc import Callable, Mapping
from heapq import heappush
from math import lcm
from typing import Any, Final

from msgspec.structs import replace

from ..contract.messages import (
    SERVED,
    AnyEvent,
    Booking,
    BookingCancelled,
    CallRepeated,
    CaseOpened,
    ClerkSignedIn,
    CounterArmed,
    CounterClosed,
    CounterOpened,
    CounterPaused,
    DateConfirmed,
    DayOpened,
    DeviceTestAsked,
    DeviceTested,
    Discipline,
    EvacuationEnded,
    EvacuationStarted,
    Event,
    HallConfigured,
    Hold,
    Language,
    NumbersResumed,
    Outcome,
    OutcomeStated,
    Past,
    Position,
    RatingExplained,
    RatingSetAside,
    Recorded,
    ReturnRight,
    Service,
    ServiceStarted,
    SlipFate,
    SlipReported,
    SpareApproved,
    TicketCalled,
    TicketIssued,
    TicketReady,
    TicketReclassified,
    TicketVoided,
    TransactionEnded,
    Undone,
    VisitBooked,
    VisitEnded,
    VisitHeld,
    VisitNotRated,
    VisitRated,
    VisitReturned,
    VisitTransferred,
    WalkUpServed,
)
from .clock import ms
from .desks import arm, bare, close_counter, desk_before, free, open_counter, pause_counter, sign_in, undo, working_desk
from .hours import serve_until_ms
from .learning import Learning
from .life import CALLED, ENDED, HELD, ISSUED, MISSED, SERVING, VOID
from .roster import shifts_of
from .series import beyond_ticket, resumed
from .state import CLOSE, SHIFT, HallState, Series
from .visit import Undoable, Visit, copy_of, remember

DONE, NO_SHOW, UNSTATED = Outcome.DONE, Outcome.NO_SHOW, Outcome.UNSTATED


def apply(state: HallState, recorded: Recorded) -> None:
    """Take an event into the state, as it stands in the journal."""
    state.epoch = recorded.epoch
    happen(state, recorded.event, at_ms=ms(recorded.at), seq=recorded.seq)


def happen(state: HallState, event: AnyEvent, at_ms: int, seq: int) -> None:
    """Take an event into the state; `at_ms` is never below the last event's."""
    state.seq, state.last_ms = seq, at_ms
    APPLY[type(event)](state, event, at_ms, seq)


def _open(state: HallState, event: DayOpened, at_ms: int, seq: int) -> None:
    state.day = event.day
    for each in (state.visits, state.by_ticket, state.lanes, state.desks, state.series, state.queued, state.able):
        each.clear()
    for counts in (state.last_called, state.calls_of, state.turns_of, state.given_at, state.owed, state.returns):
        counts.clear()
    for of_customers in (state.bookings, state.visits_of):
        of_customers.clear()
    state.armed_idle.clear()
    state.deadlines.clear()
    state.evacuation = False
    state.serve_until_ms = state.turn_clock = state.waiting = 0
    state.returns.update({each.code: each for each in event.returns})
    state.bookings.update({each.code: each for each in event.bookings})
    state.learning = Learning.from_days_before(event.learned) if event.learned is not None else Learning()


def _configure(state: HallState, event: HallConfigured, at_ms: int, seq: int) -> None:
    state.hall = hall = event.hall
    state.kept = event.kept
    state.services = {each.id: each for each in hall.services}
    state.classes = {each.id: each for each in hall.classes}
    state.counters = {each.number: each for each in hall.counters}
    state.clerks = {each.id: each for each in hall.clerks}
    state.needs = {each.id: each for each in hall.needs}
    state.nodes = {each.id: each for each in hall.nodes}
    state.roles = {each.id: each.role for each in hall.nodes}
    targets = {state.target_ms(service.id, each.id) for service in hall.services for each in hall.classes}
    state.share_base = lcm(*targets)
    state.turn_base = lcm(*(each.weight for each in hall.classes))
    state.counts_turns = hall.policy.discipline is Discipline.RATIO
    for lane in state.lanes.values():
        state.tune(lane)
    for desk in state.desks.values():
        desk.undo = None  # what it was taken from may be gone
    state.able.clear()
    state.serve_until_ms = serve_until_ms(hall, state.day) if state.day is not None else 0
    if state.serve_until_ms:
        heappush(state.deadlines, (state.serve_until_ms, CLOSE, ""))
    state.shifts = shifts_of(hall, state.day) if state.day is not None else {}
    for name, begins_ms in state.shifts.items():
        heappush(state.deadlines, (begins_ms, SHIFT, name))


def _issue(state: HallState, event: TicketIssued, at_ms: int, seq: int) -> None:
    service = event.service
    issued_ms = at_ms if event.taken_offline_at is None else ms(event.taken_offline_at)
    since_ms = issued_ms if event.ready_at is None else ms(event.ready_at)
    visit = Visit(
        id=event.visit,
        ticket=event.ticket,
        service=service,
        node=event.node,
        language=event.language,
        issued_ms=issued_ms,
        issued_seq=seq,
        since_ms=since_ms,
        order=seq,
        priority_class=event.priority_class,
        needs=event.needs,
        series=service,
        then=event.then,
        changed_seq=seq,
    )
    if event.wait_low_min is not None and event.wait_high_min is not None:
        visit.promised_min = (event.wait_low_min, event.wait_high_min)
        visit.expected_s, visit.rolled_s = event.expected_s, event.rolled_s
    if event.return_code is not None:
        visit.last_clerk, visit.ahead = event.clerk or "", "follow_up"
        visit.came_back_by = state.returns.pop(event.return_code, None)
    if event.booking is not None or event.person is not None:
        _note_customer(state, visit, event)
    state.visits[visit.id] = visit
    state.by_ticket[visit.ticket] = visit.id
    _count_number(state, state.services[service], event)
    known = state.classes.get(event.priority_class)
    if known is not None and known.per_hour is not None:
        insort(state.given_at.setdefault(known.id, []), issued_ms)
    grace_ms = state.hall.slip_grace_s * 1000 if state.hall is not None else 0
    if grace_ms == 0 and since_ms == at_ms:
        state.join(visit)
        return
    state.queued[service] = state.queued.get(service, 0) + 1
    visit.ready_ms = max(at_ms + grace_ms, since_ms)
    heappush(state.deadlines, (visit.ready_ms, "", visit.id))


def _note_customer(state: HallState, visit: Visit, event: TicketIssued) -> None:
    visit.booking, visit.person = event.booking, event.person
    if event.booking is not None:
        state.bookings[event.booking] = replace(state.bookings[event.booking], visit=visit.id)
    if event.person is not None:
        state.visits_of.setdefault(event.person, []).append(visit.id)


def _book(state: HallState, event: VisitBooked, at_ms: int, seq: int) -> None:
    state.bookings[event.code] = Booking(code=event.code, service=event.service, at=event.at)


def _cancel_booking(state: HallState, event: BookingCancelled, at_ms: int, seq: int) -> None:
    state.bookings[event.code] = replace(state.bookings[event.code], cancelled=True)


def _count_number(state: HallState, service: Service, event: TicketIssued) -> None:
    series = state.series.get(service.id)
    if series is None:
        series = state.series[service.id] = Series(next=service.first)
    series.given += 1
    if event.taken_offline_at is not None:  # the kiosk's own number
        return
    if service.extra_prefix is not None and not series.extra:
        series.extra = event.ticket.rstrip("0123456789") != service.prefix
    series.next = event.number + service.step


def _ready(state: HallState, event: TicketReady, at_ms: int, seq: int) -> None:
    visit = state.visits[event.visit]
    state.leave(visit)
    state.join(visit)


def _slip(state: HallState, event: SlipReported, at_ms: int, seq: int) -> None:
    visit = state.visits[event.visit]
    visit.slip = event.fate
    if visit.state is not ISSUED:
        return
    if visit.since_ms <= at_ms:
        state.leave(visit)
        state.join(visit)
    elif visit.ready_ms != visit.since_ms:
        visit.ready_ms = visit.since_ms
        heappush(state.deadlines, (visit.ready_ms, "", visit.id))


def _void(state: HallState, event: TicketVoided, at_ms: int, seq: int) -> None:
    visit = state.visits[event.visit]
    state.leave(visit)
    visit.slip, visit.state, visit.changed_seq = SlipFate.NOT_PRINTED, VOID, seq
    _give_back(state, visit)


def _give_back(state: HallState, visit: Visit) -> None:
    """Let a ticket that nobody holds count for nothing: not for the day's most, the hour's, a return or a booking."""
    state.series[visit.series].given -= 1
    given, right = state.given_at.get(visit.priority_class, []), visit.came_back_by
    if visit.issued_ms in given:
        given.remove(visit.issued_ms)
    if right is not None:
        state.returns[right.code] = right
    if visit.booking is not None:
        state.bookings[visit.booking] = replace(state.bookings[visit.booking], visit=None)


def _call(state: HallState, event: TicketCalled, at_ms: int, seq: int) -> None:
    visit, number, exempt = state.visits[event.visit], event.counter, event.exempt
    before, desk = desk_before(state, number), working_desk(state, number, at_ms)
    undo = Undoable(seq=seq, at_ms=at_ms, act="TicketCalled", desk=before, exempt=exempt)
    if visit.calls or visit.ahead:
        undo.visit = copy_of(visit)
    else:
        undo.plain, undo.was = visit.id, visit.state
    desk.undo = undo
    state.leave(visit)
    place = (visit.since_ms, visit.order)
    for lane in state.able.get(number) or state.able_lanes(number):
        head = lane.head
        if head is None:
            continue
        if lane.ahead:
            lane.passes += 1
            undo.skipped = (*undo.skipped, lane.key)
        elif (head.since_ms, head.order) < place:
            lane.passed_by((*place, seq), exempt=exempt)
    visit.state, visit.changed_seq, visit.counter, visit.clerk = CALLED, seq, number, desk.clerk
    visit.called_seq, visit.called_ms, visit.times = seq, at_ms, 1
    if visit.calls:
        visit.hold, visit.started_ms, visit.outcome = None, 0, None
    if visit.ahead:
        visit.ahead = ""
    visit.call, visit.calls, visit.rule = event.call, visit.calls + 1, event.rule
    if not visit.first_called_ms:
        visit.first_called_ms = at_ms
        if visit.rolled_s and (not exempt or event.rule == "absolute"):  # out of turn, it proves nothing
            state.learning.waited(visit, (at_ms - visit.issued_ms) // 1000)
    service = visit.service
    state.last_called[service] = visit.ticket
    state.calls_of[service] = state.calls_of.get(service, 0) + 1
    if state.counts_turns:
        _count_turn(state, visit.priority_class)
    desk.visit, desk.finished, desk.busy_from_ms = visit.id, None, at_ms
    state.armed_idle.discard(number)


def _count_turn(state: HallState, priority_class: str) -> None:
    known = state.classes.get(priority_class)
    if known is None:
        return
    state.turn_clock = state.turn_of(known.id)
    state.turns_of[known.id] = state.turn_clock + state.turn_base // known.weight


def _repeat(state: HallState, event: CallRepeated, at_ms: int, seq: int) -> None:
    visit = state.visits[event.visit]
    visit.times, visit.called_seq, visit.called_ms, visit.changed_seq = event.times, seq, at_ms, seq
    state.desks[event.counter].undo = None


def _start(state: HallState, event: ServiceStarted, at_ms: int, seq: int) -> None:
    visit, desk = state.visits[event.visit], state.desks[event.counter]
    last = desk.undo
    was_held = last is not None and last.visit is not None and last.visit.state is HELD
    if last is not None and was_held and (last.seq, last.at_ms) == (seq - 1, at_ms):
        last.also_seq = seq  # the visit was taken up again: its call and its start are one press
    else:
        desk.undo = Undoable(seq=seq, at_ms=at_ms, act="ServiceStarted", desk=bare(desk), visit=copy_of(visit))
    visit.state, visit.started_ms, visit.changed_seq = SERVING, at_ms, seq


def _next_service(state: HallState, event: TransactionEnded, at_ms: int, seq: int) -> None:
    kept_ms = at_ms - state.desks[event.counter].busy_from_ms
    visit = free(state, event, at_ms, seq, finished=True)
    if (service := state.services.get(visit.service)) is not None:
        state.learning.served(service, kept_ms)
    visit.earlier = (*visit.earlier, visit.transaction(at_ms))
    remember(visit, Past.SERVED, at_ms, event.counter, visit.service)
    visit.service, visit.then = event.service, visit.then[1:]
    visit.only_counter, visit.only_clerk, visit.started_ms = 0, "", 0
    state.join(visit)


def _end(state: HallState, event: VisitEnded, at_ms: int, seq: int) -> None:
    outcome = event.outcome
    visit = state.visits[event.visit]
    desk = state.desks.get(visit.counter) if visit.counter is not None else None
    if desk is not None and desk.visit == visit.id:
        served = outcome is DONE or outcome in SERVED
        kept_ms = at_ms - desk.busy_from_ms
        free(state, event, at_ms, seq, finished=served)
        if served and (service := state.services.get(visit.service)) is not None:
            state.learning.served(service, kept_ms)
    else:
        if outcome is Outcome.CANCELLED and not visit.first_called_ms:
            state.learning.left(visit, (at_ms - visit.issued_ms) // 1000)
        state.leave(visit)
        visit.changed_seq = seq
    visit.outcome, visit.ended_ms = outcome, at_ms
    if outcome is NO_SHOW and visit.state is not MISSED:  # at the day's end it is the last word
        remember(visit, Past.MISSED, at_ms, event.counter)
        visit.state, visit.missed_ms, visit.missed_at = MISSED, at_ms, state.calls_of.get(visit.service, 0)
        return
    visit.state = ENDED
    if outcome is UNSTATED:
        remember(visit, Past.SERVED, at_ms, event.counter, visit.service)
        state.owed[visit.id] = None


def _state_outcome(state: HallState, event: OutcomeStated, at_ms: int, seq: int) -> None:
    visit = state.visits[event.visit]
    visit.outcome, visit.changed_seq = event.outcome, seq
    state.owed.pop(visit.id, None)


def _open_case(state: HallState, event: CaseOpened, at_ms: int, seq: int) -> None:
    if event.until is not None:
        state.returns[event.case] = ReturnRight(
            code=event.case, service=event.service, clerk=event.clerk, until=event.until
        )


def _hold(state: HallState, event: VisitHeld, at_ms: int, seq: int) -> None:
    visit = free(state, event, at_ms, seq, finished=False)
    visit.state, visit.hold, visit.hold_until_ms = HELD, event.hold, ms(event.until)
    remember(visit, Past.HELD, at_ms, event.counter, event.hold.value)
    desk = state.desks[event.counter]
    desk.held = (*desk.held, visit.id)
    if event.hold is Hold.DOCUMENTS_KEPT:
        visit.only_counter, visit.only_clerk = event.counter, ""
    elif event.hold is Hold.DOCUMENTS_AWAY:
        visit.only_counter, visit.only_clerk = 0, ""
    heappush(state.deadlines, (visit.hold_until_ms, "", visit.id))


def _transfer(state: HallState, event: VisitTransferred, at_ms: int, seq: int) -> None:
    visit = free(state, event, at_ms, seq, finished=False)
    visit.service = event.service
    remember(visit, Past.TRANSFERRED, at_ms, event.counter, event.service)
    visit.only_counter, visit.only_clerk = event.to_counter or 0, event.to_clerk or ""
    if event.position is Position.FIRST:
        visit.ahead = "first"
    elif event.position is Position.LAST:
        visit.since_ms, visit.order = at_ms, seq
    state.join(visit)


def _return(state: HallState, event: VisitReturned, at_ms: int, seq: int) -> None:
    visit = state.visits[event.visit]
    state.leave(visit)
    visit.changed_seq, visit.outcome = seq, None
    remember(visit, Past.RETURNED, at_ms, None)
    if event.new_place:
        visit.since_ms, visit.order = at_ms, seq
    visit.ahead = "return" if event.after_next else ""
    if event.first_at is not None:
        visit.ahead, visit.only_counter, visit.only_clerk = "first", event.first_at, ""
    state.join(visit)


def _reclassify(state: HallState, event: TicketReclassified, at_ms: int, seq: int) -> None:
    if event.counter is not None:
        visit = free(state, event, at_ms, seq, finished=False)
        remember(visit, Past.NOT_ENTITLED, at_ms, event.counter, visit.priority_class)
    else:
        visit = state.visits[event.visit]
        visit.changed_seq, visit.rolled_s = seq, None  # its promise was for another class
        if visit.state is ISSUED:
            visit.priority_class = event.priority_class
            return
        state.leave(visit)
    visit.priority_class = event.priority_class
    state.join(visit)


def _walk_up(state: HallState, event: WalkUpServed, at_ms: int, seq: int) -> None:
    desk = working_desk(state, event.counter, at_ms)
    state.visits[event.visit] = visit = Visit(
        id=event.visit,
        ticket=event.ticket,
        service=event.service,
        node="",
        language=Language.ZH,
        issued_ms=at_ms,
        issued_seq=seq,
        since_ms=at_ms,
        order=seq,
    )
    visit.state, visit.changed_seq, visit.started_ms, visit.called_ms = SERVING, seq, at_ms, at_ms
    visit.call, visit.calls, visit.called_seq, visit.times = event.call, 1, seq, 1
    visit.counter, visit.clerk, visit.slip = event.counter, event.clerk, SlipFate.UNKNOWN
    desk.visit, desk.finished, desk.busy_from_ms, desk.undo = visit.id, None, at_ms, None
    state.armed_idle.discard(event.counter)


def _rate(state: HallState, event: VisitRated, at_ms: int, seq: int) -> None:
    visit = state.visits[event.visit]
    visit.rated, visit.rating, visit.changed_seq = (*visit.rated, event.call), event.rating, seq


def _change_nothing(
    state: HallState,
    event: VisitNotRated
    | RatingSetAside
    | RatingExplained
    | DateConfirmed
    | SpareApproved
    | DeviceTestAsked
    | DeviceTested,
    at_ms: int,
    seq: int,
) -> None:
    """Leave the hall as it is: reports, the registrar and a node with devices want to know."""


def _resume(state: HallState, event: NumbersResumed, at_ms: int, seq: int) -> None:
    for service, ticket in event.last.items():
        beyond = beyond_ticket(state.services[service], ticket)
        if beyond is not None:
            state.series[service] = resumed(state.series.get(service), beyond)


def _evacuate(state: HallState, event: EvacuationStarted | EvacuationEnded, at_ms: int, seq: int) -> None:
    state.evacuation = isinstance(event, EvacuationStarted)


APPLY: Final[Mapping[type[Event], Callable[[HallState, Any, int, int], None]]] = {
    DayOpened: _open,
    HallConfigured: _configure,
    VisitBooked: _book,
    BookingCancelled: _cancel_booking,
    TicketIssued: _issue,
    TicketReady: _ready,
    SlipReported: _slip,
    TicketVoided: _void,
    TicketCalled: _call,
    CallRepeated: _repeat,
    ServiceStarted: _start,
    TransactionEnded: _next_service,
    VisitEnded: _end,
    OutcomeStated: _state_outcome,
    CaseOpened: _open_case,
    VisitHeld: _hold,
    VisitTransferred: _transfer,
    VisitReturned: _return,
    TicketReclassified: _reclassify,
    WalkUpServed: _walk_up,
    CounterOpened: open_counter,
    CounterPaused: pause_counter,
    CounterClosed: close_counter,
    CounterArmed: arm,
    ClerkSignedIn: sign_in,
    Undone: undo,
    VisitRated: _rate,
    VisitNotRated: _change_nothing,
    RatingSetAside: _change_nothing,
    RatingExplained: _change_nothing,
    EvacuationStarted: _evacuate,
    EvacuationEnded: _evacuate,
    DateConfirmed: _change_nothing,
    NumbersResumed: _resume,
    SpareApproved: _change_nothing,
    DeviceTestAsked: _change_nothing,
    DeviceTested: _change_nothing,
}
