"""What a command does: `decide` looks at the hall and answers with events; it changes nothing.

`pushed` says what then follows by itself: an armed counter that is idle is given the next customer.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ..contract.messages import (
    AnyCommand,
    ApproveSpare,
    ArmCounter,
    BookVisit,
    CallNext,
    CallTicket,
    CancelBooking,
    CancelTicket,
    CheckBooking,
    CloseCounter,
    Command,
    ConfigureHall,
    ConfirmDate,
    Elapsed,
    EndEvacuation,
    ExplainRating,
    FinishService,
    HoldVisit,
    MarkNoShow,
    MarkServedByHand,
    MergeTicket,
    NotEntitled,
    OpenCounter,
    OpenDay,
    PauseCounter,
    Rate,
    RateUnasked,
    Recall,
    Reclassify,
    ReportDeviceTest,
    ReportSlip,
    ResumeNumbers,
    ResumeVisit,
    ReturnTicket,
    Role,
    ServeWithoutTicket,
    SignIn,
    StartEvacuation,
    StartService,
    StateOutcome,
    TakeTicket,
    TestDevice,
    TicketCalled,
    TransferVisit,
    Undo,
)
from . import at_counter, at_kiosk, at_supervisor, bookings, device_tests, merging, own, rating
from .answers import Decision, refused
from .balance import next_push
from .calls import ticket_called
from .request import Request
from .state import HallState

DISPATCHER: Final = Role.DISPATCHER.value
Decide = Callable[[HallState, Any, Request], Decision]
_OWN: Final[Mapping[type[Command], Decide]] = {
    OpenDay: own.open_day,
    ResumeNumbers: own.resume_numbers,
    ConfigureHall: own.configure,
    Elapsed: own.elapsed,
}
_OF_NODES: Final[Mapping[type[Command], Decide]] = {
    TakeTicket: at_kiosk.take_ticket,
    ReportSlip: at_kiosk.report_slip,
    MergeTicket: merging.merge_ticket,
    ReturnTicket: at_kiosk.return_ticket,
    CancelTicket: at_kiosk.cancel_ticket,
    BookVisit: bookings.book_visit,
    CancelBooking: bookings.cancel_booking,
    CheckBooking: bookings.check_booking,
    Reclassify: at_supervisor.reclassify,
    MarkServedByHand: at_supervisor.mark_served_by_hand,
    StartEvacuation: at_supervisor.evacuate,
    EndEvacuation: at_supervisor.evacuate,
    ConfirmDate: at_supervisor.confirm_date,
    ApproveSpare: at_supervisor.approve_spare,
    TestDevice: device_tests.test_device,
    ReportDeviceTest: device_tests.report,
    StateOutcome: at_supervisor.state_outcome,
    Rate: rating.rate,
    RateUnasked: rating.rate_unasked,
    ExplainRating: rating.explain_rating,
    CallNext: at_counter.at_counter,
    CallTicket: at_counter.at_counter,
    Recall: at_counter.at_counter,
    StartService: at_counter.at_counter,
    FinishService: at_counter.at_counter,
    MarkNoShow: at_counter.at_counter,
    HoldVisit: at_counter.at_counter,
    ResumeVisit: at_counter.at_counter,
    TransferVisit: at_counter.at_counter,
    NotEntitled: at_counter.at_counter,
    ServeWithoutTicket: at_counter.at_counter,
    PauseCounter: at_counter.at_counter,
    OpenCounter: at_counter.at_counter,
    CloseCounter: at_counter.at_counter,
    ArmCounter: at_counter.at_counter,
    SignIn: at_counter.at_counter,
    Undo: at_counter.at_counter,
}

_NOT_WHILE_PEOPLE_LEAVE: Final = frozenset(
    {TakeTicket, ReturnTicket, CallNext, CallTicket, Recall, MarkNoShow, ResumeVisit, ServeWithoutTicket, TestDevice}
)


def decide(state: HallState, command: AnyCommand, request: Request) -> Decision:
    """Return the answer to a node's command, and what then happens."""
    kind = type(command)
    if command.age_ms and kind.DEADLINE_MS is not None and command.age_ms > kind.DEADLINE_MS:
        return refused(command, "too_old", age_ms=command.age_ms)
    of_node = _OF_NODES.get(kind)
    if of_node is not None:
        if state.day is None or state.hall is None:
            return refused(command, "no_day")
        if state.evacuation and kind in _NOT_WHILE_PEOPLE_LEAVE:
            return refused(command, "evacuation")
        return of_node(state, command, request)
    own_decision = _OWN.get(kind)
    if own_decision is None or request.node != DISPATCHER:  # ReadEvents is answered before it comes here
        return refused(command, "not_allowed")
    return own_decision(state, command, request)


def pushed(state: HallState, request: Request) -> TicketCalled | None:
    """Return the call that follows by itself, None when there is none; ask again once it has been applied."""
    push = next_push(state, request.now_ms) if not state.evacuation else None
    if push is None:
        return None
    number, turn = push
    return ticket_called(state, number, turn, request.now_ms, explain=request.explain, pushed=True)
