"""A hall that goes on from a snapshot is the hall that it was taken from."""

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from broker.contract.messages import (
    ArmCounter,
    CallNext,
    CallTicket,
    CancelTicket,
    Clerk,
    CloseCounter,
    ConfigureHall,
    Discipline,
    FinishService,
    Hall,
    Hold,
    HoldVisit,
    MarkNoShow,
    NotEntitled,
    OpenDay,
    Outcome,
    PauseCounter,
    Position,
    Recall,
    Reclassify,
    ReportSlip,
    ResumeVisit,
    ReturnTicket,
    ServeWithoutTicket,
    SignIn,
    SlipFate,
    StartService,
    TicketTaken,
    TransferVisit,
    Undo,
)
from broker.hall.apply import apply
from broker.hall.clock import ms
from broker.hall.lane import Lane, LaneKey
from broker.hall.snapshot import Snapshot, restored, set_deadlines
from broker.hall.state import HallState
from broker.hall.turn import next_turn
from broker.hall.views import board_view, counter_view
from broker.journal import Journal
from broker.memory import remembered, written

from .floor import BOOKED, COURTESY, EMERGENCY, PLAIN, Floor, a_hall

COUNTERS = (1, 2, 3)
TICKETS = [f"{letter}{number:03d}" for letter in "AB" for number in range(1, 7)]
SERVICES = ("bill", "new")
CLASSES = ("ordinary", "courtesy", "booked", "emergency")
GOLDEN = Path(__file__).parents[2] / "golden"


def full_hall(discipline: Discipline) -> Hall:
    courtesy = msgspec.structs.replace(COURTESY, per_hour=3, weight=3)
    return a_hall(
        counters={1: "bill new", 2: "bill", 3: "new"},
        classes=(EMERGENCY, courtesy, BOOKED, PLAIN),
        clerks=(Clerk(id="li"), Clerk(id="wu", skills=("bill",))),
        slip_grace_s=10,
        discipline=discipline,
        overtaken_times=2,
        overtaken_min=20,
        rest_s=7,
        hold_min=3,
        outcome_mandatory=True,
    )


def acts(floor: Floor, counter: int, choice: int) -> list[Callable[[], object]]:
    """Return what people may try next; much of it is refused."""
    ticket, service = TICKETS[choice % len(TICKETS)], SERVICES[choice % 2]
    clerk = (None, "li", "wu")[choice % 3]
    return [
        lambda: floor.take(service, CLASSES[choice % 4], printed=choice % 3 > 0),
        lambda: floor.take(service, then=("new",)),
        lambda: silent_slip(floor, service),
        lambda: floor.call(counter),
        lambda: floor.call(counter),
        lambda: floor.press(CallNext, counter),
        lambda: floor.press(CallTicket, counter, ticket=ticket),
        lambda: floor.press(Recall, counter),
        lambda: floor.press(StartService, counter),
        lambda: floor.press(FinishService, counter),
        lambda: floor.press(FinishService, counter, outcome=tuple(Outcome)[choice % 4], reason="papers"),
        lambda: floor.press(MarkNoShow, counter),
        lambda: floor.press(HoldVisit, counter, hold=tuple(Hold)[choice % 3]),
        lambda: floor.press(ResumeVisit, counter, ticket=ticket),
        lambda: floor.press(TransferVisit, counter, service=service, position=tuple(Position)[choice % 3]),
        lambda: floor.press(TransferVisit, counter, to_counter=choice % 3 + 1),
        lambda: floor.press(TransferVisit, counter, to_clerk="li"),
        lambda: floor.press(NotEntitled, counter),
        lambda: floor.press(ServeWithoutTicket, counter, service=service),
        lambda: floor.press(PauseCounter, counter, reason="break"),
        lambda: floor.press(CloseCounter, counter),
        lambda: floor.press(ArmCounter, counter, armed=choice % 3 > 0),
        lambda: floor.press(SignIn, counter, clerk=clerk),
        lambda: floor.press(Undo, counter),
        lambda: floor.ask(ReturnTicket(id=floor.id(), ticket=ticket), node="kiosk-1"),
        lambda: floor.ask(CancelTicket(id=floor.id(), ticket=ticket), node="kiosk-1"),
        lambda: floor.ask(Reclassify(id=floor.id(), ticket=ticket, priority_class="emergency"), node="boss"),
        lambda: reconfigure(floor, choice),
        lambda: (
            floor.ask(OpenDay(id=floor.id(), day="2026-11-22"), node="dispatcher")
            if choice == 1 and counter == 1
            else None
        ),
    ]


def silent_slip(floor: Floor, service: str) -> None:
    answer = floor.try_take(service)
    if isinstance(answer, TicketTaken):
        floor.ask(ReportSlip(id=floor.id(), visit=answer.visit, fate=SlipFate.NOT_PRINTED), node="kiosk-1")


def reconfigure(floor: Floor, choice: int) -> None:
    hall = full_hall(tuple(Discipline)[choice % 5])
    changed = msgspec.structs.replace(hall, counters=hall.counters[: choice % 3 + 1])
    floor.ask(ConfigureHall(id=floor.id(), hall=changed), node="dispatcher")


def by_way_of_a_snapshot(state: HallState) -> HallState:
    return restored(msgspec.msgpack.decode(written(state), type=Snapshot), epoch=1)


def known(state: HallState) -> dict[str, object]:
    """Return all that a hall knows, but for what it works out when it is asked."""
    slots = [name for name in Lane.__slots__ if name != "burdened"]  # found anew, they may be fewer
    lanes = [{name: getattr(lane, name) for name in slots} for lane in state.lanes.values()]
    return {**{name: getattr(state, name) for name in state.__slots__}, "lanes": lanes, "able": None, "deadlines": None}


def agree(one: HallState, other: HallState, now_ms: int) -> None:
    """Both know the same, and would do the same next."""
    assert known(one) == known(other)
    assert one.next_deadline_ms() == other.next_deadline_ms()
    assert list(one.visits) == list(other.visits)
    assert list(one.lanes) == list(other.lanes)
    assert [*one.due(now_ms + 10**9)] == [*other.due(now_ms + 10**9)]
    assert board_view(one, "main") == board_view(other, "main")
    for number in COUNTERS:
        assert counter_view(one, number) == counter_view(other, number)
        turns = [next_turn(each, number, now_ms) for each in (one, other)]
        assert [turn and (turn.visit.id, turn.rule, turn.exempt) for turn in turns[:1]] == [
            turn and (turn.visit.id, turn.rule, turn.exempt) for turn in turns[1:]
        ]


@pytest.mark.parametrize("discipline", [Discipline.SHARE, Discipline.RATIO, Discipline.STRICT])
@pytest.mark.parametrize("seed", range(8))
def test_a_snapshot_and_what_came_later_make_the_same_hall_as_everything_replayed(
    seed: int, discipline: Discipline
) -> None:
    chance = random.Random(seed)  # noqa: S311 - people, not secrets
    floor = Floor(full_hall(discipline), promising=False)
    snapshots = []
    for _ in range(250):
        if chance.random() < 0.02:
            snapshots.append(by_way_of_a_snapshot(floor.state))
            agree(snapshots[-1], floor.state, ms(floor.now))
        possible = acts(floor, chance.choice(COUNTERS), chance.randrange(12))
        chance.choice([*possible, *possible[:4], *possible[:12]])()
        floor.now += timedelta(seconds=chance.choice((0, 1, 5, 30, 90)))
    floor.elapse()
    everything = HallState(epoch=1)
    for recorded in floor.history:
        apply(everything, recorded)
    set_deadlines(everything)
    agree(everything, floor.state, ms(floor.now))
    assert snapshots
    for state in snapshots:
        for recorded in floor.history:
            if recorded.seq > state.seq:
                apply(state, recorded)
        set_deadlines(state)
        agree(state, floor.state, ms(floor.now))


def test_whatever_the_hall_knows_is_in_a_snapshot_or_follows_from_it() -> None:
    """Who adds to the state decides here which of the two it is; the test above sees whether that is so."""
    follows = {"epoch", "services", "classes", "counters", "clerks", "needs", "nodes", "roles", "able", "deadlines"}
    follows |= {"waiting", "serve_until_ms", "share_base", "turn_base", "counts_turns", "visits_of", "shifts"}
    assert set(HallState.__slots__) == {*Snapshot.__struct_fields__, *follows}
    tuned = {"target_ms", "scale", "rank", "weight", "absolute", "tier"}
    of_its_key, of_its_visits = {"service", "priority_class", "ahead"}, {"head", "last", "burdened"}
    kept = {"key", "visits", "overtakers", "exempt", "passes"}
    assert set(Lane(LaneKey("bill", "ordinary")).__slots__) == {*kept, *tuned, *of_its_key, *of_its_visits}


@pytest.fixture
def old_journal(tmp_path: Path) -> Path:
    """A copy of a journal of the release before, in which a day was left half done."""
    path = tmp_path / "2026-11-21.sqlite"
    path.write_bytes((GOLDEN / "journal-schema-1" / path.name).read_bytes())
    return tmp_path


def test_a_journal_of_the_release_before_gives_the_hall_that_it_told_of(old_journal: Path) -> None:
    state = remembered(Journal(old_journal))
    assert state.day == "2026-11-21"
    assert {visit.ticket: visit.state.value for visit in state.visits.values()} == {
        "A001": "ended",
        "A002": "missed",
        "B001": "ended",
        "A003": "called",
        "A004": "serving",
        "B002": "waiting",
        "A005": "void",
        "A006": "waiting",
        "A007": "issued",  # nobody has said what became of its slip
        "B003": "waiting",
    }
    assert [(row.ticket, row.counter) for row in board_view(state, "main").rows] == [("A004", 1), ("A003", 2)]
    agree(by_way_of_a_snapshot(state), state, state.last_ms)
