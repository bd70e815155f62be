"""Two keys are enough: *next*, and *finish and rate* (held down: recall). Each test is a clerk at such a pad."""

from collections.abc import Sequence

import pytest

from broker.contract.messages import (
    CallNext,
    CounterState,
    CounterView,
    Done,
    FinishService,
    HoldVisit,
    Language,
    MarkNoShow,
    PauseCounter,
    Recall,
    Refused,
    TransferVisit,
    Undo,
)
from broker.pad_keys import Meaning, PadKeys
from counter.keys import Order, meaning
from counter.refusals import AWAY, NOBODY, NOT_NOW
from counter.window import PadShows, Window, WindowAct
from counter.wording import wording
from hardware.devices import Lamp, PadKey

NEXT, FINISH, FINISH_LONG = PadKey.CALL, PadKey.FINISH, PadKey.FINISH_LONG
TWO = PadKeys(two_keys=True, double_next_s=2.0, rate_first_s=8.0)
CALL_NEXT = Order(kind=CallNext, seen=None)
FINISH_C1 = Order(kind=FinishService, seen="c1")
NOBODY_CAME = Order(kind=MarkNoShow, seen="c1", fields={"inferred": True})


class Clerk:
    """A clerk at a pad of two keys, and a hall that answers at once."""

    def __init__(self, *, keys: PadKeys = TWO, keypad: bool = True) -> None:
        self.window = Window(wording=wording(Language.ZH), keys=keys, keypad=keypad)
        self.window.hall_here(True, 0)
        self.now = 100.0
        self.seq = 5
        self.lamps: list[Lamp] = []
        self.texts: list[str] = []
        self.orders: list[Order] = []
        self.sees(CounterState.IDLE)

    def sees(self, state: CounterState, call: str | None = None, *, rate: str | None = None) -> None:
        self.seq += 1
        ticket = f"A00{call[1:]}" if call is not None else None
        view = CounterView(
            epoch=1, seq=self.seq, counter=3, state=state, waiting=4, call=call, ticket=ticket, rate=rate
        )
        self.is_shown(self.window.viewed(view, self.now))

    def presses(self, key: PadKey, *, after: float = 1.0) -> None:
        self.passes(after)
        self.is_shown(self.window.pressed(key, self.now))

    def passes(self, seconds: float) -> None:
        self.now += seconds
        while (deadline := self.window.next_deadline()) is not None and deadline <= self.now:
            self.is_shown(self.window.elapsed(deadline))

    def is_answered(self) -> None:
        self.is_shown(self.window.answered(Done(id="1", epoch=1, seq=self.seq), self.now))

    def is_refused(self, reason: str) -> None:
        self.is_shown(self.window.answered(Refused(id="1", reason=reason), self.now))

    def finishes(self) -> None:
        """See the finish through: the customer is asked now."""
        self.sees(CounterState.IDLE, rate="c1")
        self.is_answered()

    def is_shown(self, acts: Sequence[WindowAct]) -> None:
        for act in acts:
            if isinstance(act, Order):
                self.orders.append(act)
            elif isinstance(act, PadShows):
                self.lamps.append(act.lamp)
                self.texts.append(act.text)


def with_somebody(state: CounterState = CounterState.CALLED, *, keys: PadKeys = TWO, keypad: bool = True) -> Clerk:
    clerk = Clerk(keys=keys, keypad=keypad)
    clerk.sees(state, "c1")
    return clerk


def test_next_calls() -> None:
    clerk = Clerk()
    clerk.presses(NEXT)
    assert clerk.orders == [CALL_NEXT]


def test_finish_asks_for_the_rating_whether_or_not_anybody_pressed_start() -> None:
    for state in (CounterState.CALLED, CounterState.SERVING):
        clerk = with_somebody(state)
        clerk.presses(FINISH)
        assert clerk.orders == [FINISH_C1]


def test_finish_held_down_calls_again() -> None:
    clerk = with_somebody()
    clerk.presses(FINISH_LONG)
    assert clerk.orders == [Order(kind=Recall, seen="c1")]


def test_next_with_somebody_there_ends_the_visit_lets_him_rate_and_then_calls() -> None:
    clerk = with_somebody()
    clerk.presses(NEXT)
    assert clerk.orders == []  # a second press may come
    assert clerk.lamps[-1] is Lamp.GREEN  # but the first was heard
    clerk.passes(2.0)
    assert clerk.orders == [FINISH_C1]
    clerk.finishes()
    clerk.passes(7.9)
    assert clerk.orders == [FINISH_C1]
    clerk.passes(0.1)
    assert clerk.orders == [FINISH_C1, CALL_NEXT]


def test_a_service_that_was_started_is_finished_at_once() -> None:
    clerk = with_somebody(CounterState.SERVING)
    clerk.presses(NEXT)
    assert clerk.orders == [FINISH_C1]


def test_the_rating_calls_sooner() -> None:
    clerk = with_somebody(CounterState.SERVING)
    clerk.presses(NEXT)
    clerk.finishes()
    clerk.passes(1)
    clerk.sees(CounterState.IDLE)
    assert clerk.orders == [FINISH_C1, CALL_NEXT]


def test_a_further_next_calls_sooner_but_not_a_nervous_double_press() -> None:
    clerk = with_somebody(CounterState.SERVING)
    clerk.presses(NEXT)
    clerk.finishes()
    clerk.presses(NEXT, after=0.5)
    assert clerk.orders == [FINISH_C1]
    clerk.presses(NEXT, after=2.0)
    assert clerk.orders == [FINISH_C1, CALL_NEXT]


def test_without_a_keypad_nobody_waits_for_a_rating() -> None:
    clerk = with_somebody(CounterState.SERVING, keypad=False)
    clerk.presses(NEXT)
    clerk.finishes()
    assert clerk.orders == [FINISH_C1, CALL_NEXT]


def test_next_twice_close_together_says_that_nobody_came_and_calls_at_once() -> None:
    clerk = with_somebody()
    clerk.presses(NEXT)
    clerk.presses(NEXT, after=0.8)
    assert clerk.orders == [NOBODY_CAME]
    clerk.sees(CounterState.IDLE)
    clerk.is_answered()
    assert clerk.orders == [NOBODY_CAME, CALL_NEXT]


def test_a_bouncing_next_is_one_press_and_no_no_show() -> None:
    clerk = with_somebody()
    clerk.presses(NEXT)
    for _ in range(5):
        clerk.presses(NEXT, after=0.05)
    clerk.passes(3)
    assert clerk.orders == [FINISH_C1]


def test_two_presses_that_did_not_both_see_that_call_are_no_no_show() -> None:
    clerk = Clerk()
    clerk.presses(NEXT)  # saw nobody
    clerk.sees(CounterState.CALLED, "c1")
    clerk.is_answered()
    clerk.presses(NEXT, after=0.5)
    assert clerk.orders == [CALL_NEXT]
    clerk.passes(2)
    assert clerk.orders == [CALL_NEXT, FINISH_C1]


def test_undo_brings_back_who_was_missed_for_five_minutes_and_later_takes_back_the_call() -> None:
    for after, fields in ((240.0, {"no_show": "A001"}), (301.0, {})):
        clerk = with_somebody()
        clerk.presses(NEXT)
        clerk.presses(NEXT, after=0.5)
        clerk.sees(CounterState.IDLE)
        clerk.is_answered()
        clerk.sees(CounterState.CALLED, "c2")
        clerk.is_answered()
        clerk.presses(PadKey.UNDO, after=after)
        assert clerk.orders[-1] == Order(kind=Undo, seen="c2", fields=fields)


def test_what_another_acts_on_the_visit_meanwhile_ends_what_the_press_began() -> None:
    deciding = with_somebody()
    deciding.presses(NEXT)
    deciding.sees(CounterState.IDLE)  # transferred at the console
    deciding.passes(20)
    assert deciding.orders == []
    rating = with_somebody(CounterState.SERVING)
    rating.presses(NEXT)
    rating.finishes()
    rating.sees(CounterState.PAUSED)
    rating.passes(20)
    assert rating.orders == [FINISH_C1]


def test_any_other_key_ends_what_next_began() -> None:
    clerk = with_somebody()
    clerk.presses(NEXT)
    clerk.presses(FINISH_LONG, after=0.5)
    clerk.passes(20)
    assert clerk.orders == [Order(kind=Recall, seen="c1")]


def test_a_press_from_before_an_outage_is_never_carried_out_after_it() -> None:
    deciding, rating = with_somebody(), with_somebody(CounterState.SERVING)
    deciding.presses(NEXT)
    rating.presses(NEXT)
    rating.finishes()
    for clerk, before in ((deciding, []), (rating, [FINISH_C1])):
        clerk.is_shown(clerk.window.hall_here(False, clerk.now))
        assert (clerk.lamps[-1], clerk.texts[-1]) == (Lamp.BLINK_RED, AWAY)
        clerk.window.hall_here(True, clerk.now)
        clerk.passes(60)
        assert clerk.orders == before


def test_a_refused_finish_calls_nobody() -> None:
    clerk = with_somebody(CounterState.SERVING)
    clerk.presses(NEXT)
    clerk.is_refused("stale")
    clerk.passes(60)
    assert clerk.orders == [FINISH_C1]


def test_the_pad_says_why_it_refuses() -> None:
    clerk = Clerk()
    clerk.presses(NEXT)
    clerk.is_refused("nobody_waits")
    assert clerk.texts[-1] == NOBODY
    clerk.passes(5)
    assert clerk.texts[-1] == "4"  # who waits
    clerk.presses(FINISH)
    assert clerk.texts[-1] == NOT_NOW


@pytest.mark.parametrize(
    ("keys", "key", "what"),
    [
        (PadKeys(), PadKey.CALL, Meaning.CALL),
        (PadKeys(), PadKey.CALL_LONG, Meaning.CALL),  # a long press of no meaning is a short one
        (PadKeys(), PadKey.REDIRECT, Meaning.NOTHING),
        (PadKeys(), PadKey.NO_SHOW, Meaning.NO_SHOW),
        (PadKeys(redirect=Meaning.TRANSFER), PadKey.REDIRECT, Meaning.TRANSFER),
        (PadKeys(redirect=Meaning.TRANSFER), PadKey.REDIRECT_LONG, Meaning.TRANSFER),
        (PadKeys(start_long=Meaning.PAUSE), PadKey.START_LONG, Meaning.PAUSE),
        (TWO, PadKey.FINISH_LONG, Meaning.RECALL),
        (PadKeys(two_keys=True, finish_long=Meaning.UNDO), PadKey.FINISH_LONG, Meaning.UNDO),
        (PadKeys(call=Meaning.NOTHING), PadKey.CALL, Meaning.NOTHING),
    ],
)
def test_a_key_means_what_the_file_says_or_what_its_pad_usually_means(
    keys: PadKeys, key: PadKey, what: Meaning
) -> None:
    assert meaning(keys, key) is what


def test_hold_transfer_and_pause_go_where_the_file_says() -> None:
    keys = PadKeys(transfer_service="ask", pause_reason="lunch")
    clerk = with_somebody(CounterState.SERVING, keys=keys)
    clerk.presses(PadKey.HOLD)
    clerk.is_answered()
    clerk.presses(PadKey.TRANSFER)
    assert clerk.orders == [
        Order(kind=HoldVisit, seen="c1", fields={"hold": "documents_away"}),
        Order(kind=TransferVisit, seen="c1", fields={"service": "ask", "to_counter": None}),
    ]
    idle = Clerk(keys=keys)
    idle.presses(PadKey.PAUSE)
    assert idle.orders == [Order(kind=PauseCounter, seen=None, fields={"reason": "lunch"})]
