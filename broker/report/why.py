"""Why a ticket was called when it was, and why not before: a fold of a day's events through the hall's own `apply`.

*Overtaken* is counted as the hall counts it: a counter that could have called the ticket called a later one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from ..contract.messages import (
    Hall,
    Hold,
    Language,
    Outcome,
    Recorded,
    Score,
    TicketCalled,
    TicketIssued,
    Undone,
)
from ..hall.apply import apply
from ..hall.clock import ms, utc
from ..hall.lane import LaneKey, key_of
from ..hall.life import AT_COUNTER, HELD, ISSUED, MISSED, WAITING, VisitState
from ..hall.state import MINUTE_MS, HallState
from ..hall.visit import Visit
from .calls import Aside, Call, call_of, place_of, score_of


class UnknownTicket(LookupError):
    """No such ticket was issued on that day: look at its letters and number, and at the day."""


@dataclass(frozen=True, kw_only=True)
class Pass:
    """A later ticket that was called first, by a counter that could have called the one asked about."""

    call: Call
    theirs: Score
    own: Score
    later_s: int  # it came so much later
    counted: bool  # among those that the hall counts, within the bound or outside of it
    aside: Aside | None  # why the line of the one asked about was not compared


@dataclass(frozen=True, kw_only=True)
class WayBack:
    """Until when somebody who missed the call is called after the next ticket: whichever is later."""

    calls: int  # of the service: before so many more
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Account:
    """What the journal says of one ticket; times are aware."""

    ticket: str
    day: str
    as_of: datetime
    hall: Hall
    issued: TicketIssued
    issued_at: datetime
    service: str
    priority_class: str
    language: Language
    state: VisitState
    outcome: Outcome | None
    waited_s: int  # to its first call, or until now
    age_s: int  # since its ticket was issued
    life: tuple[Recorded, ...]  # all that happened to it
    calls: tuple[Call, ...]
    passes: tuple[Pass, ...]
    earlier_called: int  # tickets before it that its counters called meanwhile
    overtaken: int  # within the bound
    overtaken_exempt: int
    line_ahead: int  # before it in its own line, while it waits
    counters: tuple[int, ...]  # that could call it, while it waits
    at_work: tuple[int, ...]
    callable_at: datetime | None = None  # while its slip is unconfirmed, or its appointment is early
    counter: int | None = None  # where it is, or by which it was set aside
    hold: Hold | None = None
    held_until: datetime | None = None
    way_back: WayBack | None = None


def account(events: Iterable[Recorded], ticket: str, *, now: datetime | None = None) -> Account:
    """Return the account of a ticket; `now` counts on that day only. Raises UnknownTicket."""
    fold = _Fold(ticket)
    for recorded in events:
        fold.take(recorded)
    return fold.account(now)


class _Fold:
    def __init__(self, ticket: str) -> None:
        self._ticket = ticket
        self._state = HallState()
        self._issued: tuple[Recorded, TicketIssued] | None = None
        self._life: list[Recorded] = []
        self._calls: list[Call] = []
        self._passes: list[Pass] = []
        self._earlier = 0
        self._stay = 0  # the event with which it came to stand where it stands

    def take(self, recorded: Recorded) -> None:
        event, state = recorded.event, self._state
        if self._issued is None:
            apply(state, recorded)
            if isinstance(event, TicketIssued) and event.ticket == self._ticket:
                self._issued = (recorded, event)
                self._life.append(recorded)
                self._stay = recorded.seq
            return
        own = state.visits[self._issued[1].visit]
        stood = _standing(own)
        call = call_of(state, recorded, event) if isinstance(event, TicketCalled) else None
        apply(state, recorded)
        own = state.visits[own.id]
        if _standing(own) != stood:
            self._stay = recorded.seq
        if getattr(event, "visit", None) == own.id:
            self._life.append(recorded)
            if call is not None:
                self._calls.append(call)
        elif call is not None and own.state is WAITING:
            self._compare(own, call)
        if isinstance(event, Undone) and event.call is not None:
            self._take_back(event.call, recorded.at)

    def _compare(self, own: Visit, call: Call) -> None:
        """Note a call of somebody else's, if its counter could have called the visit: as the hall has just counted."""
        state, other = self._state, self._state.visits[call.called.visit]
        lane = state.lane_of(own)
        if lane not in state.able_lanes(call.called.counter):
            return
        if place_of(other) < place_of(own):
            self._earlier += 1
            return
        at_ms = ms(call.at)
        passed = Pass(
            call=call,
            theirs=score_of(state, other, at_ms),
            own=score_of(state, own, at_ms),
            later_s=(other.since_ms - own.since_ms) // 1000,
            counted=not lane.ahead,
            aside=call.aside.get(lane.head.ticket) if lane.head is not None else None,
        )
        self._passes.append(passed)

    def _take_back(self, call: str, at: datetime) -> None:
        """Mark a call that was undone; a visit that has left its line since keeps it in its count."""
        self._calls = [replace(each, undone_at=at) if each.called.call == call else each for each in self._calls]
        self._passes = [
            replace(
                each,
                call=replace(each.call, undone_at=at),
                counted=each.counted and each.call.seq < self._stay,
            )
            if each.call.called.call == call
            else each
            for each in self._passes
        ]

    def account(self, now: datetime | None) -> Account:
        state = self._state
        if self._issued is None or state.hall is None or state.day is None:
            raise UnknownTicket(_no_such(self._ticket, state))
        recorded, issued = self._issued
        visit = state.visits[issued.visit]
        is_today = now is not None and now.astimezone(ZoneInfo(state.hall.timezone)).date().isoformat() == state.day
        now_ms = max(state.last_ms, ms(now)) if is_today and now is not None else state.last_ms
        waits = visit.state is WAITING
        lane = state.lane_of(visit) if waits else None
        able = tuple(
            number
            for number, counter in state.counters.items()
            if lane is not None and not counter.closing and lane in state.able_lanes(number)
        )
        return Account(
            ticket=visit.ticket,
            day=state.day,
            as_of=utc(now_ms),
            hall=state.hall,
            issued=issued,
            issued_at=issued.taken_offline_at or recorded.at,
            service=visit.service,
            priority_class=visit.priority_class,
            language=visit.language,
            state=visit.state,
            outcome=visit.outcome,
            waited_s=((visit.first_called_ms or _end_ms(visit, self._life, now_ms)) - visit.issued_ms) // 1000,
            age_s=(now_ms - visit.issued_ms) // 1000,
            life=tuple(self._life),
            calls=tuple(self._calls),
            passes=tuple(self._passes),
            earlier_called=self._earlier,
            overtaken=lane.overtaken(visit) if lane is not None else visit.overtaken,
            overtaken_exempt=lane.overtaken_exempt(visit) if lane is not None else visit.overtaken_exempt,
            line_ahead=list(lane.visits).index(visit.id) if lane is not None else 0,
            counters=able,
            at_work=tuple(each for each in able if _is_at_work(state, each)),
            callable_at=utc(visit.ready_ms) if visit.state is ISSUED else None,
            counter=visit.counter if visit.state in {*AT_COUNTER, HELD} else None,
            hold=visit.hold if visit.state is HELD else None,
            held_until=utc(visit.hold_until_ms) if visit.state is HELD else None,
            way_back=_way_back(state, state.hall, visit) if visit.state is MISSED else None,
        )


def _standing(visit: Visit) -> tuple[VisitState, LaneKey]:
    return visit.state, key_of(visit)


def _is_at_work(state: HallState, number: int) -> bool:
    desk = state.desks.get(number)
    return desk is not None and desk.is_working and desk.staffed_from_ms > 0


def _end_ms(visit: Visit, life: list[Recorded], now_ms: int) -> int:
    return now_ms if visit.state in {ISSUED, WAITING, HELD} else ms(life[-1].at)


def _way_back(state: HallState, hall: Hall, visit: Visit) -> WayBack:
    policy = hall.policy
    since = state.calls_of.get(visit.service, 0) - visit.missed_at
    return WayBack(
        calls=max(policy.return_numbers - since + 1, 0),
        until=utc(visit.missed_ms + round(policy.return_min * MINUTE_MS)),
    )


def _no_such(ticket: str, state: HallState) -> str:
    given: dict[str, list[str]] = {}
    for each in state.by_ticket:
        given.setdefault(each.rstrip("0123456789"), []).append(each)
    ranges = ", ".join(f"{each[0]} to {each[-1]}" if len(each) > 1 else each[0] for each in given.values())
    issued = f"issued were {ranges}" if ranges else "none was issued"
    return f"no ticket {ticket} on {state.day}: {issued}. Look at its letters and number, or name another day (--day)."
