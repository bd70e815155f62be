"""A ticket's life, a line for each thing that happened to it."""

from ..contract.messages import (
    CallRepeated,
    OutcomeStated,
    Recorded,
    ServiceStarted,
    TicketIssued,
    TicketReclassified,
    TicketVoided,
    TransactionEnded,
    Undone,
    VisitEnded,
    VisitHeld,
    VisitReturned,
    VisitTransferred,
)
from .words import Words


def promise(issued: TicketIssued, words: Words) -> str:
    """Return what was promised, as the end of a sentence."""
    low, high = issued.wait_low_min, issued.wait_high_min
    if low is None or high is None:
        return words.say("unpromised")
    return words.say("promised", promise=promise_range(low, high, words))


def promise_range(low_min: int, high_min: int, words: Words) -> str:
    if not high_min:
        return words.say("promise_none")
    return words.say("promise_range", range=str(low_min) if low_min == high_min else f"{low_min}–{high_min}")


def _issued(event: TicketIssued, time: str, words: Words) -> str:
    if event.taken_offline_at is not None:
        said = words.say("issued_offline", time=words.clock(event.taken_offline_at), merged=time)
        return words.together(said, words.say("by_clock") if event.by_clock else "")
    said = words.say("issued", time=time, ahead=event.ahead, promise=promise(event, words))
    capped = words.say("capped") if event.capped else ""
    booked = words.say("booked", time=words.clock(event.booked_at)) if event.booked_at is not None else ""
    return words.together(said, capped, booked)


def _to(event: VisitTransferred, words: Words) -> str:
    to = [words.service(event.service)]
    if event.to_counter is not None:
        to.append(words.say("to_counter", counter=event.to_counter))
    if event.to_clerk is not None:
        to.append(words.say("to_clerk", clerk=event.to_clerk))
    return words.listed(to)


def step(recorded: Recorded, words: Words) -> str:
    """Return what happened, or nothing where it moved nobody."""
    event, time = recorded.event, words.clock(recorded.at)
    match event:
        case TicketIssued():
            return _issued(event, time, words)
        case TicketVoided():
            return words.say("voided", time=time)
        case CallRepeated():
            return words.say("recalled", time=time, counter=event.counter, times=event.times)
        case ServiceStarted():
            return words.say("started", time=time, counter=event.counter)
        case TransactionEnded():
            return words.say("next_service", time=time, counter=event.counter, service=words.service(event.service))
        case VisitEnded() | OutcomeStated():
            key = "ended" if isinstance(event, VisitEnded) else "stated"
            outcome = words.say(f"outcome_{event.outcome.value}")
            return words.say(key, time=time, counter=event.counter, outcome=outcome)
        case VisitHeld():
            hold, until = words.say(f"hold_{event.hold.value}"), words.clock(event.until)
            return words.say("held", time=time, counter=event.counter, hold=hold, until=until)
        case VisitTransferred():
            key = f"transferred_{event.position.value}"
            return words.say(key, time=time, counter=event.counter, to=_to(event, words))
        case VisitReturned():
            key = "returned_next" if event.after_next else "returned_new" if event.new_place else "returned_old"
            return words.say(key, time=time)
        case TicketReclassified():
            key = "not_entitled" if event.counter is not None else "reclassified"
            priority = words.priority(event.priority_class)
            return words.say(key, time=time, counter=event.counter, priority_class=priority)
        case Undone():
            key = "undone" if event.call is None else "call_undone"
            return words.say(key, time=time, counter=event.counter)
        case _:
            return ""  # slips and ratings do not move anybody
