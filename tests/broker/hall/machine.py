"""Whatever people press, in whatever order: what a hall promises holds after every single step.

A machine presses at random in halls of several shapes, and after each step compares the hall with an oracle that works
everything out anew from the rules and the history.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from broker.contract.messages import (
    ORDINARY,
    AnyAnswer,
    AnyCommand,
    AnyEvent,
    ArmCounter,
    BookingFound,
    BookVisit,
    CallNext,
    CallTicket,
    CancelBooking,
    CancelTicket,
    CheckBooking,
    CloseCounter,
    ConfigureHall,
    CounterCommand,
    EndEvacuation,
    FinishService,
    Hall,
    Hold,
    HoldVisit,
    MarkNoShow,
    MarkServedByHand,
    NotEntitled,
    OpenCounter,
    OpenDay,
    Outcome,
    PauseCounter,
    Position,
    Rate,
    Rating,
    Recall,
    Reclassify,
    Refused,
    ReportSlip,
    ResumeVisit,
    ReturnTicket,
    ServeWithoutTicket,
    SignIn,
    SlipFate,
    Standing,
    StartEvacuation,
    StartService,
    StateOutcome,
    TicketCalled,
    TicketIssued,
    TicketTaken,
    TransferVisit,
    Undo,
    Undone,
    VisitRated,
)
from broker.hall.apply import apply
from broker.hall.clock import utc
from broker.hall.decide import decide, pushed
from broker.hall.life import AT_COUNTER, VisitState
from broker.hall.request import Request
from broker.hall.state import HallState
from broker.hall.views import board_view, counter_view, queues_view

from .floor import Floor
from .oracle import Ledger, can_serve, counted, is_at_work, step_of, waiting
from .picture import picture

COUNTERS = (1, 2, 3)
SERVICES = ("bill", "new", "ask")
CODES = ("100001", "100002", "100003")


class WatchedFloor(Floor):
    """A floor that checks each event against the rules."""

    def __init__(self, hall: Hall) -> None:
        self.ledger = Ledger()
        self.is_sound = True  # no check has failed
        super().__init__(hall, promising=False)

    def carry_out(self, command: AnyCommand, request: Request) -> AnyAnswer:
        before = picture(self.state)
        decide(self.state, command, request)
        pushed(self.state, request)
        assert picture(self.state) == before, f"{command} changed the hall before anything happened"
        return super().carry_out(command, request)

    def happen(self, event: AnyEvent) -> None:
        self.is_sound = False
        self._happen(event)
        self.is_sound = True

    def _happen(self, event: AnyEvent) -> None:
        state = self.state
        assert not (state.evacuation and isinstance(event, TicketCalled)), "called while everybody leaves"
        name = getattr(event, "visit", None)
        old = state.visits.get(name) if name is not None else None
        old_state = old.state if old is not None else None
        waited = {visit.id for visit in waiting(state)}
        self.ledger.before(state, event)
        assert not self.ledger.breaches
        super().happen(event)
        self.ledger.after(state, waited)
        if isinstance(event, Undone) and event.visit is None:
            return
        if name is not None and name in state.visits and type(event).__name__ != "CaseOpened":
            assert step_of(event, old_state, state.visits[name].state), (event, old_state, state.visits[name].state)


class HallMachine(RuleBasedStateMachine):
    """People press at random."""

    HALLS: ClassVar[tuple[Hall, ...]] = ()

    def __init__(self) -> None:
        super().__init__()
        self.floor = WatchedFloor(self.HALLS[0])
        self.day = 21
        self.merged = 0

    @property
    def state(self) -> HallState:
        return self.floor.state

    # Pressing ---------------------------------------------------------------------------------------------------------

    def ask(self, command: AnyCommand, node: str = "box-1") -> AnyAnswer:
        self.floor.elapse()
        before, elapsed_seq = picture(self.state), self.state.seq
        answer = self.floor.ask(command, node=node)
        if isinstance(answer, Refused) and self.state.seq == elapsed_seq:
            assert picture(self.state) == before, f"refused, and yet something changed: {command}"
        self.check()
        return answer

    def press(self, kind: type[CounterCommand], counter: int, **more: Any) -> AnyAnswer:
        seen = self.floor.seen(counter)
        command = kind(id=self.floor.id(), counter=counter, seen=seen, **more)
        return self.ask(command)  # type: ignore[arg-type]

    def ticket(self, index: int) -> str:
        tickets = list(self.state.by_ticket)
        return tickets[-1 - index % len(tickets)] if tickets else "A000"

    def open_ticket(self, index: int) -> str:
        tickets = [visit.ticket for visit in self.state.open_visits() if visit.state not in AT_COUNTER]
        return tickets[index % len(tickets)] if tickets else "A000"

    # What people do ---------------------------------------------------------------------------------------------------

    @rule(
        service=st.sampled_from(SERVICES),
        kind=st.integers(0, 3),
        need=st.sampled_from(["", "", "", "low", "loop"]),
        then=st.sampled_from([(), (), ("new",), ("ask", "bill")]),
        booked_min=st.integers(-30, 40),
        printed=st.booleans(),
    )
    def take(
        self, service: str, kind: int, need: str, then: tuple[str, ...], booked_min: int, *, printed: bool
    ) -> None:
        classes = list(self.state.classes.values())
        known = classes[kind % len(classes)]
        wishes: dict[str, Any] = {"then": then, "needs": (need,) if need else ()}
        if known.appointment:
            wishes["booked_at"] = utc(self.state.last_ms + booked_min * 60_000)
        answer = self.floor.try_take(service, known.id, node="boss" if known.absolute else "kiosk-1", **wishes)
        if printed and not isinstance(answer, Refused) and known.id == ORDINARY:
            visit = getattr(answer, "visit", "")
            self.ask(ReportSlip(id=self.floor.id(), visit=visit, fate=SlipFate.PRINTED), "kiosk-1")
        self.check()

    @rule(service=st.sampled_from(SERVICES), kind=st.integers(0, 3), count=st.integers(2, 6))
    def crowd(self, service: str, kind: int, count: int) -> None:
        for _ in range(count):
            self.take(service, kind, "", (), 0, printed=True)
            self.floor.now = utc(self.state.last_ms + 7_000)

    @rule(
        service=st.sampled_from(SERVICES),
        kind=st.integers(0, 3),
        ago_s=st.sampled_from([0, 5, 61, 400, 2000, 40_000]),
        fate=st.sampled_from(list(SlipFate)),
        given_up=st.sampled_from([None, None, 0, 3]),
        code=st.sampled_from([None, *CODES]),
        again=st.booleans(),
    )
    def merge(
        self,
        service: str,
        kind: int,
        ago_s: int,
        fate: SlipFate,
        given_up: int | None,
        *,
        code: str | None,
        again: bool,
    ) -> None:
        """A kiosk was alone, and comes back with a number that it gave; perhaps it says so twice."""
        self.merged += 1
        classes = list(self.state.classes)
        abandoned = self.state.visit_of(self.ticket(given_up)) if given_up is not None else None
        for _ in range(1 + again):
            seq, numbers = self.state.seq, len(self.state.by_ticket)
            answer = self.floor.merge(
                1000 + self.merged,
                service,
                ago_s=ago_s,
                slip=fate,
                priority_class=classes[kind % len(classes)],
                abandoned=abandoned.id if abandoned is not None else None,
                booking=code,
                person="2" * 24 if code is not None else None,
            )
            self.check()
            if isinstance(answer, Refused):
                assert answer.reason in {"day_is_over", "unknown_service"}
                assert (seq, numbers) == (self.state.seq, len(self.state.by_ticket))

    @rule(
        code=st.sampled_from(CODES), service=st.sampled_from(SERVICES), in_min=st.sampled_from([-30, 0, 10, 40, 1500])
    )
    def book(self, code: str, service: str, in_min: int) -> None:
        at = utc(self.state.last_ms + in_min * 60_000)
        self.ask(BookVisit(id=self.floor.id(), code=code, service=service, at=at), "boss")

    @rule(code=st.sampled_from(CODES))
    def cancel_booking(self, code: str) -> None:
        self.ask(CancelBooking(id=self.floor.id(), code=code), "boss")

    @rule(code=st.sampled_from(CODES), person=st.sampled_from([None, "0" * 24, "1" * 24]), printed=st.booleans())
    def check_in(self, code: str, person: str | None, *, printed: bool) -> None:
        """A customer types a code: what the kiosk is told is what the ticket then is."""
        found = self.ask(CheckBooking(id=self.floor.id(), code=code), "kiosk-1")
        known = self.state.bookings.get(code)
        service = known.service if known is not None else "bill"
        taken = self.floor.try_take(service, node="kiosk-1", booking=code, person=person)
        self.check()
        if isinstance(found, BookingFound) and isinstance(taken, TicketTaken):
            has_class = any(each.appointment for each in self.state.classes.values())
            is_booked = has_class and found.standing is not Standing.LATE
            assert self.state.visits[taken.visit].priority_class == ("booked" if is_booked else ORDINARY)
        elif isinstance(found, Refused):
            assert isinstance(taken, Refused)
        if isinstance(taken, TicketTaken) and not printed:
            lost = ReportSlip(id=self.floor.id(), visit=taken.visit, fate=SlipFate.NOT_PRINTED)
            self.ask(lost, "kiosk-1")

    @rule(index=st.integers(0, 9), fate=st.sampled_from(list(SlipFate)))
    def slip(self, index: int, fate: SlipFate) -> None:
        visit = self.state.visit_of(self.ticket(index))
        if visit is not None:
            self.ask(ReportSlip(id=self.floor.id(), visit=visit.id, fate=fate), visit.node)

    @rule(seconds=st.sampled_from([1, 3, 20, 45, 240, 700, 4000]))
    def time_passes(self, seconds: int) -> None:
        self.floor.later(seconds=seconds)
        self.check()

    @rule(counter=st.sampled_from(COUNTERS))
    def call_next(self, counter: int) -> None:
        self.press(CallNext, counter)

    @rule(
        counter=st.sampled_from(COUNTERS), times=st.integers(1, 4), outcome=st.sampled_from([None, Outcome.FOLLOW_UP])
    )
    def serve(self, counter: int, times: int, outcome: Outcome | None) -> None:
        for _ in range(times):
            self.press(FinishService, counter, outcome=outcome)
            self.press(CallNext, counter)

    @rule(counter=st.sampled_from(COUNTERS), index=st.integers(0, 20))
    def call_by_number(self, counter: int, index: int) -> None:
        self.press(CallTicket, counter, ticket=self.open_ticket(index))

    @rule(counter=st.sampled_from(COUNTERS), kind=st.sampled_from([Recall, StartService, StartService, MarkNoShow]))
    def with_visit(self, counter: int, kind: type[CounterCommand]) -> None:
        self.press(kind, counter)

    @rule(counter=st.sampled_from(COUNTERS), outcome=st.sampled_from([None, *Outcome]), reason=st.booleans())
    def finish(self, counter: int, outcome: Outcome | None, *, reason: bool) -> None:
        self.press(FinishService, counter, outcome=outcome, reason="papers" if reason else None)

    @rule(counter=st.sampled_from(COUNTERS), hold=st.sampled_from(list(Hold)))
    def hold(self, counter: int, hold: Hold) -> None:
        self.press(HoldVisit, counter, hold=hold)

    @rule(counter=st.sampled_from(COUNTERS), index=st.integers(0, 5))
    def resume(self, counter: int, index: int) -> None:
        held = [visit.ticket for visit in self.state.visits.values() if visit.state is VisitState.HELD]
        self.press(ResumeVisit, counter, ticket=held[index % len(held)] if held else "A001")

    @rule(
        counter=st.sampled_from(COUNTERS),
        service=st.sampled_from([None, *SERVICES]),
        to_counter=st.sampled_from([None, None, *COUNTERS]),
        to_clerk=st.sampled_from([None, None, "wang", "li"]),
        position=st.sampled_from(list(Position)),
    )
    def transfer(
        self, counter: int, service: str | None, to_counter: int | None, to_clerk: str | None, position: Position
    ) -> None:
        self.press(TransferVisit, counter, service=service, to_counter=to_counter, to_clerk=to_clerk, position=position)

    @rule(counter=st.sampled_from(COUNTERS), kind=st.sampled_from([NotEntitled, OpenCounter, CloseCounter]))
    def other_press(self, counter: int, kind: type[CounterCommand]) -> None:
        self.press(kind, counter)

    @rule(counter=st.sampled_from(COUNTERS))
    def pause(self, counter: int) -> None:
        self.press(PauseCounter, counter, reason="tea")

    @rule(counter=st.sampled_from(COUNTERS), service=st.sampled_from(SERVICES))
    def walk_up(self, counter: int, service: str) -> None:
        self.press(ServeWithoutTicket, counter, service=service)

    @rule(counter=st.sampled_from(COUNTERS), armed=st.booleans())
    def arm(self, counter: int, *, armed: bool) -> None:
        self.press(ArmCounter, counter, armed=armed)

    @rule(counter=st.sampled_from(COUNTERS), clerk=st.sampled_from([None, "wang", "li"]))
    def sign_in(self, counter: int, clerk: str | None) -> None:
        self.press(SignIn, counter, clerk=clerk)

    @rule(counter=st.sampled_from(COUNTERS))
    def undo(self, counter: int) -> None:
        self.press(Undo, counter)

    @rule(kind=st.sampled_from([0, 1, 2]), counter=st.sampled_from(COUNTERS))
    def act_and_undo(self, kind: int, counter: int) -> None:
        """Take an act back at once: the visit and the counter are as before it."""
        acts: list[Callable[[], AnyAnswer]] = [
            lambda: self.press(CallNext, counter),
            lambda: self.press(HoldVisit, counter, hold=Hold.DOCUMENTS_AWAY),
            lambda: self.press(FinishService, counter),
        ]
        before = deepcopy(self.state.desk(counter)), self.state.seq
        visit = deepcopy(self.state.visit_at(counter))
        others = {each.id: counted(self.state, each) for each in waiting(self.state)}
        answer = acts[kind]()
        if isinstance(answer, Refused) or self.state.seq != before[1] + 1 or self.state.hall is None:
            return
        assert not isinstance(self.press(Undo, counter), Refused)
        desk, policy = self.state.desk(counter), self.state.hall.policy
        if before[0].armed:
            return  # something else was pushed meanwhile, or the counter rests
        assert (desk.visit, desk.held, desk.closed, desk.paused) == (
            before[0].visit,
            before[0].held,
            before[0].closed,
            before[0].paused,
        )
        if visit is not None:
            now = self.state.visits[visit.id]
            assert now.state is visit.state
            assert (now.since_ms, now.order, now.call, now.ahead) == (
                visit.since_ms,
                visit.order,
                visit.call,
                visit.ahead,
            )
        assert policy.undo_s > 0
        for each in waiting(self.state):
            if each.id in others:
                assert counted(self.state, each) == others[each.id]

    @rule(index=st.integers(0, 20), kind=st.sampled_from([ReturnTicket, CancelTicket, ReturnTicket]))
    def at_the_kiosk(self, index: int, kind: type[ReturnTicket | CancelTicket]) -> None:
        self.ask(kind(id=self.floor.id(), ticket=self.open_ticket(index)), "kiosk-1")

    @rule(index=st.integers(0, 20), kind=st.integers(0, 3))
    def reclassify(self, index: int, kind: int) -> None:
        classes = list(self.state.classes)
        self.ask(
            Reclassify(id=self.floor.id(), ticket=self.open_ticket(index), priority_class=classes[kind % len(classes)]),
            "boss",
        )

    @rule(index=st.integers(0, 20))
    def by_hand(self, index: int) -> None:
        if index % 5 == 0:
            self.ask(MarkServedByHand(id=self.floor.id(), up_to=self.ticket(index)), "boss")

    @rule(begins=st.sampled_from([True, False, False]))
    def evacuation(self, *, begins: bool) -> None:
        """Everybody leaves, or is back; meanwhile nobody is called, whatever is pressed."""
        self.ask((StartEvacuation if begins else EndEvacuation)(id=self.floor.id()), "boss")
        assert self.state.evacuation is begins

    @rule(index=st.integers(0, 20), outcome=st.sampled_from([Outcome.DONE, Outcome.FOLLOW_UP, Outcome.DECLINED]))
    def state_outcome(self, index: int, outcome: Outcome) -> None:
        owed = list(self.state.owed)
        if owed:
            visit = self.state.visits[owed[index % len(owed)]]
            command = StateOutcome(id=self.floor.id(), visit=visit.id, counter=visit.counter or 1, outcome=outcome)
            self.ask(command, "boss")

    @rule(
        counter=st.sampled_from(COUNTERS),
        index=st.integers(0, 30),
        rating=st.sampled_from([None, Rating.AVERAGE, Rating.COMPLAINT]),
    )
    def rate(self, counter: int, index: int, rating: Rating | None) -> None:
        calls = [visit.call for visit in self.state.visits.values() if visit.call is not None]
        calls += [each.call for visit in self.state.visits.values() for each in visit.earlier]
        call = counter_view(self.state, counter).rate or (calls[index % len(calls)] if calls else "x.1")
        self.ask(Rate(id=self.floor.id(), call=call, counter=counter, rating=rating))

    @rule(counter=st.sampled_from(COUNTERS), index=st.integers(0, 20))
    def take_back_a_no_show(self, counter: int, index: int) -> None:
        missed = [visit.ticket for visit in self.state.visits.values() if visit.state is VisitState.MISSED]
        ticket = missed[index % len(missed)] if missed else "A999"
        call = counter_view(self.state, counter).call
        self.ask(Undo(id=self.floor.id(), counter=counter, seen=call, no_show=ticket))

    @rule(counter=st.sampled_from(COUNTERS), kind=st.sampled_from([CallNext, FinishService, MarkNoShow, Undo]))
    def press_that_saw_another_call(self, counter: int, kind: type[CounterCommand]) -> None:
        command = kind(id=self.floor.id(), counter=counter, seen="2026-11-21-A999.1")
        answer = self.ask(command)  # type: ignore[arg-type]
        assert isinstance(answer, Refused)
        assert answer.reason in {"stale", "unknown_counter", "evacuation"}

    @rule(index=st.integers(0, 7))
    def another_hall_file(self, index: int) -> None:
        hall = self.HALLS[index % len(self.HALLS)]
        self.ask(ConfigureHall(id=self.floor.id(), hall=hall), "dispatcher")

    @rule(index=st.integers(0, 9))
    def next_day(self, index: int) -> None:
        if index == 0 and self.day < 28:
            self.day += 1
            self.floor.later(minutes=60 * 24)
            left = list(self.state.open_visits())
            seq = self.state.seq
            self.ask(OpenDay(id=self.floor.id(), day=f"2026-11-{self.day}"), "dispatcher")
            ended = {each.event.visit for each in self.floor.history if each.seq > seq and hasattr(each.event, "visit")}
            assert {visit.id for visit in left} <= ended
            assert not self.state.visits
            self.floor.ledger.__init__()  # type: ignore[misc]

    # What must hold ---------------------------------------------------------------------------------------------------

    def check(self) -> None:
        state = self.state
        self._nobody_is_in_two_places_or_none(state)
        self._lanes_are_in_order(state)
        self._counts_are_the_oracles(state)
        self._no_armed_counter_idles(state)
        self._a_booking_gave_one_ticket_at_most(state)
        for counter in COUNTERS:
            counter_view(state, counter)
        board_view(state, "main")

    def _nobody_is_in_two_places_or_none(self, state: HallState) -> None:
        places: dict[str, list[str]] = {visit.id: [] for visit in state.visits.values()}
        for number, desk in state.desks.items():
            if desk.visit is not None:
                places[desk.visit].append(f"at {number}")
                assert state.visits[desk.visit].counter == number
            for held in desk.held:
                places[held].append("held")
        for lane in state.lanes.values():
            for name, visit in lane.visits.items():
                assert state.visits[name] is visit
                places[name].append("waits")
        for visit in state.visits.values():
            found = [place.partition(" ")[0] for place in places[visit.id]]
            expected = {VisitState.WAITING: ["waits"], VisitState.HELD: ["held"]}
            assert found == (["at"] if visit.state in AT_COUNTER else expected.get(visit.state, [])), visit
        assert state.waiting == len(waiting(state))
        queued: dict[str, int] = dict.fromkeys(state.queued, 0)
        for visit in state.visits.values():
            if visit.state in {VisitState.WAITING, VisitState.ISSUED}:
                queued[visit.service] += 1
        assert state.queued == queued
        set_aside = {each for desk in state.desks.values() for each in desk.held}
        assert set_aside == {visit.id for visit in state.visits.values() if visit.state is VisitState.HELD}

    def _lanes_are_in_order(self, state: HallState) -> None:
        for lane in state.lanes.values():
            visits = list(lane.visits.values())
            assert lane.head is (visits[0] if visits else None)
            assert lane.last is (visits[-1] if visits else None)
            if not lane.ahead:
                assert visits == sorted(visits, key=lambda visit: (visit.since_ms, visit.order))

    def _counts_are_the_oracles(self, state: HallState) -> None:
        ledger = self.floor.ledger
        for visit in state.visits.values():
            if visit.state not in {VisitState.ENDED, VisitState.VOID}:
                assert counted(state, visit) == (ledger.bound.get(visit.id, 0), ledger.exempt.get(visit.id, 0)), visit

    def _no_armed_counter_idles(self, state: HallState) -> None:
        for number, desk in state.desks.items() if not state.evacuation else ():
            if not desk.armed or desk.visit is not None or not is_at_work(state, number):
                continue
            if desk.rest_until_ms > state.last_ms and desk.rest_until_ms > self.now_ms():
                continue
            could = [visit.ticket for visit in waiting(state) if can_serve(state, number, visit)]
            assert not could, f"counter {number} is armed and idles while {could} wait"

    def _a_booking_gave_one_ticket_at_most(self, state: HallState) -> None:
        used = [(each.booking, each.id) for each in state.visits.values() if each.booking is not None]
        alive = [(code, visit) for code, visit in used if state.visits[visit].state is not VisitState.VOID]
        assert len({code for code, _ in alive}) == len(alive)
        assert {(code, each.visit) for code, each in state.bookings.items() if each.visit is not None} == {*alive}

    def now_ms(self) -> int:
        return round(self.floor.now.timestamp() * 1000)

    # At the end -------------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        if not self.floor.is_sound:
            return
        self._nothing_was_done_twice()
        self._a_replay_gives_the_same_hall()
        self._nobody_starves()

    def _nothing_was_done_twice(self) -> None:
        events = [each.event for each in self.floor.history]
        for given_once in (
            [each.visit for each in events if isinstance(each, TicketIssued)],
            [each.call for each in events if isinstance(each, TicketCalled)],
            [each.call for each in events if isinstance(each, VisitRated)],
        ):
            assert len(given_once) == len(set(given_once))

    def _a_replay_gives_the_same_hall(self) -> None:
        again = HallState(epoch=1)
        for recorded in self.floor.history:
            apply(again, recorded)
        assert picture(again, self.now_ms()) == picture(self.state, self.now_ms())
        assert queues_view(again, {}, self.now_ms()) == queues_view(self.state, {}, self.now_ms())
        for counter in COUNTERS:
            assert counter_view(again, counter) == counter_view(self.state, counter)

    def _nobody_starves(self) -> None:
        """Nobody comes any more, and the counters go on: whoever can be served is called."""
        self.ask(EndEvacuation(id=self.floor.id()), "boss")
        self.time_passes(4000)
        counters = [number for number in COUNTERS if number in self.state.counters]
        for number in counters:
            self.press(OpenCounter, number)
            self.press(ArmCounter, number, armed=False)
        for _ in range(3 * len(self.state.visits) + 10):
            for number in counters:
                self.press(FinishService, number)
                self.press(CallNext, number)
        for visit in waiting(self.state):
            able = [number for number in counters if can_serve(self.state, number, visit)]
            able = [number for number in able if is_at_work(self.state, number)]
            assert not able, f"{visit.ticket} still waits, and {able} could serve it"
