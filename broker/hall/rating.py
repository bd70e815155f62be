"""What customers think of a service: each rating belongs to one transaction, and so to its counter and clerk.

Its rules:
- A rating names its call. It never goes to another one, whatever has been called since.
- No rating is *none*, never *satisfied*. Who was asked and pressed nothing may still rate.
- What belongs to no visit of today is set aside, and not lost.
- A bad one opens a case.
"""

from datetime import date

from ..contract.messages import (
    SERVED,
    CaseKind,
    CaseOpened,
    ExplainRating,
    Outcome,
    Rate,
    RateUnasked,
    Rating,
    RatingExplained,
    RatingFlag,
    RatingScale,
    RatingSetAside,
    SetAside,
    VisitNotRated,
    VisitRated,
)
from .answers import Decision, done, refused
from .at_counter import may_speak_for
from .request import Request
from .state import HallState
from .visit import Transaction, Visit


def rate(state: HallState, command: Rate, request: Request) -> Decision:
    """Take a customer's rating of one finished transaction, whenever it arrives."""
    if not may_speak_for(state, request.node, command.counter):
        return refused(command, "not_allowed")
    if _is_of_an_earlier_day(state, command.call):
        return _of_an_earlier_day(command)
    visit, transaction = _found(state, command.call, command.counter)
    if visit is None:
        return refused(command, "unknown_call", call=command.call)
    if transaction is None:
        return refused(command, "not_finished", ticket=visit.ticket)
    if command.call in visit.rated:
        return refused(command, "already_rated", ticket=visit.ticket)
    if command.rating is None:
        not_rated = VisitNotRated(
            call=command.call, visit=visit.id, ticket=visit.ticket, counter=command.counter, clerk=transaction.clerk
        )
        return done(command, not_rated)
    scale = _scale(state)
    rated = _rated(visit, transaction, command, command.rating, scale)
    return done(command, rated, *_case(visit, transaction, command.rating, scale))


def rate_unasked(state: HallState, command: RateUnasked, request: Request) -> Decision:
    """Keep apart what was pressed though nobody was asked."""
    if not may_speak_for(state, request.node, command.counter):
        return refused(command, "not_allowed")
    return done(command, RatingSetAside(counter=command.counter, rating=command.rating, why=SetAside.UNASKED))


def explain_rating(state: HallState, command: ExplainRating, request: Request) -> Decision:
    if not may_speak_for(state, request.node, command.counter):
        return refused(command, "not_allowed")
    visit, transaction = _found(state, command.call, command.counter)
    if visit is None or transaction is None:
        return refused(command, "unknown_call", call=command.call)
    if command.call not in visit.rated:
        return refused(command, "not_rated", ticket=visit.ticket)
    known = {each.id for each in _scale(state).reasons}
    strange = [each for each in command.reasons if each not in known]
    if strange:
        return refused(command, "unknown_reason", name=strange[0])
    explained = RatingExplained(
        call=command.call, visit=visit.id, ticket=visit.ticket, counter=command.counter, reasons=command.reasons
    )
    return done(command, explained)


def is_bad(scale: RatingScale, rating: Rating) -> bool:
    """Tell whether a grade is a bad one; one that the scale has not is if it is among the worst of the others."""
    for each in scale.grades:
        if each.grade is rating:
            return each.bad
    return rating in {Rating.DISSATISFIED, Rating.VERY_DISSATISFIED, Rating.COMPLAINT}


def _scale(state: HallState) -> RatingScale:
    return state.hall.rating if state.hall is not None else RatingScale()


def _is_of_an_earlier_day(state: HallState, call: str) -> bool:
    """Tell whether a call's id is of a day that is over: ids begin with theirs."""
    day = call[:10]
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return state.day is not None and day < state.day


def _of_an_earlier_day(command: Rate) -> Decision:
    if command.rating is None:
        return done(command)
    aside = RatingSetAside(counter=command.counter, rating=command.rating, why=SetAside.EARLIER_DAY, call=command.call)
    return done(command, aside)


def _found(state: HallState, call: str, counter: int) -> tuple[Visit | None, Transaction | None]:
    """Return the visit that had this call at this counter, and its transaction once that is over and was a service."""
    visit = state.visits.get(call.rpartition(".")[0])
    if visit is None:
        return None, None
    for each in visit.earlier:
        if (each.call, each.counter) == (call, counter):
            return visit, each
    if (visit.call, visit.counter) != (call, counter):
        return None, None
    return visit, visit.last_transaction() if visit.outcome in SERVED else None


def _rated(visit: Visit, transaction: Transaction, command: Rate, rating: Rating, scale: RatingScale) -> VisitRated:
    low, high = visit.promised_min or (None, None)
    has_waited = bool(visit.first_called_ms)
    return VisitRated(
        call=command.call,
        visit=visit.id,
        ticket=visit.ticket,
        counter=command.counter,
        rating=rating,
        clerk=transaction.clerk,
        service=transaction.service,
        waited_s=(visit.first_called_ms - visit.issued_ms) // 1000 if has_waited else None,
        promised_low_min=low,
        promised_high_min=high,
        served_s=transaction.served_ms // 1000,
        after_ms=command.after_ms,
        flags=tuple(_flags(transaction, command, scale)),
    )


def _flags(transaction: Transaction, command: Rate, scale: RatingScale) -> list[RatingFlag]:
    flags = []
    if command.after_ms is not None and command.after_ms < scale.too_fast_s * 1000:
        flags.append(RatingFlag.TOO_FAST)
    if transaction.served_ms < scale.too_short_s * 1000:
        flags.append(RatingFlag.TOO_SHORT)
    if command.late:
        flags.append(RatingFlag.LATE)
    return flags


def _case(visit: Visit, transaction: Transaction, rating: Rating, scale: RatingScale) -> tuple[CaseOpened, ...]:
    if not is_bad(scale, rating):
        return ()
    case = CaseOpened(
        case=f"{transaction.call}-rating",
        visit=visit.id,
        ticket=visit.ticket,
        service=transaction.service,
        counter=transaction.counter,
        outcome=visit.outcome or Outcome.DONE,
        clerk=transaction.clerk,
        kind=CaseKind.RATING,
        rating=rating,
    )
    return (case,)
