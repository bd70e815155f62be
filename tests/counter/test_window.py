"""What a press asks of the hall and what sign and pad show, without a hall."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.contract.messages import (
    NO_TICKET,
    CallNext,
    CounterState,
    CounterView,
    Done,
    FinishService,
    Language,
    MarkNoShow,
    OpenCounter,
    Recall,
    Refused,
    StartService,
)
from counter.keys import ClerkCommand, Order
from counter.window import BLINKS, REFUSAL_S, PadShows, SignShows, Window, WindowAct
from counter.wording import wording
from hardware.devices import Lamp, PadKey

PLAIN = wording(Language.ZH)
IDLE = CounterView(epoch=1, seq=5, counter=3, state=CounterState.IDLE, waiting=7)
CALLED = CounterView(epoch=1, seq=6, counter=3, state=CounterState.CALLED, waiting=6, call="c1", ticket="A012", times=1)
SERVING = CounterView(
    epoch=1, seq=7, counter=3, state=CounterState.SERVING, waiting=6, call="c1", ticket="A012", times=1
)
PAUSED = CounterView(epoch=1, seq=8, counter=3, state=CounterState.PAUSED, waiting=7)
CLOSED = CounterView(epoch=1, seq=9, counter=3, state=CounterState.CLOSED, waiting=7)
VIEWS = {view.state: view for view in (IDLE, CALLED, SERVING, PAUSED, CLOSED)}


def at_work(view: CounterView) -> Window:
    window = Window(wording=PLAIN)
    window.hall_here(True, 0)
    window.viewed(view, 0)
    return window


def orders(acts: object) -> list[Order]:
    assert isinstance(acts, list)
    return [act for act in acts if isinstance(act, Order)]


def is_refusal(act: WindowAct) -> bool:
    return isinstance(act, PadShows) and act.lamp is Lamp.BLINK_RED and act.beep


@pytest.mark.parametrize(
    ("state", "key", "command"),
    [
        (CounterState.IDLE, PadKey.CALL, CallNext),
        (CounterState.IDLE, PadKey.START, None),
        (CounterState.IDLE, PadKey.REDIRECT, None),
        (CounterState.IDLE, PadKey.FINISH, None),
        (CounterState.CALLED, PadKey.CALL, Recall),
        (CounterState.CALLED, PadKey.START, StartService),
        (CounterState.CALLED, PadKey.REDIRECT, None),
        (CounterState.CALLED, PadKey.FINISH, MarkNoShow),
        (CounterState.SERVING, PadKey.CALL, None),
        (CounterState.SERVING, PadKey.START, None),
        (CounterState.SERVING, PadKey.REDIRECT, None),
        (CounterState.SERVING, PadKey.FINISH, FinishService),
        (CounterState.PAUSED, PadKey.CALL, CallNext),
        (CounterState.PAUSED, PadKey.START, OpenCounter),
        (CounterState.PAUSED, PadKey.REDIRECT, None),
        (CounterState.PAUSED, PadKey.FINISH, None),
        (CounterState.CLOSED, PadKey.CALL, CallNext),
        (CounterState.CLOSED, PadKey.START, OpenCounter),
        (CounterState.CLOSED, PadKey.REDIRECT, None),
        (CounterState.CLOSED, PadKey.FINISH, None),
    ],
)
def test_each_key_asks_for_one_thing_or_blinks_red(
    state: CounterState, key: PadKey, command: type[ClerkCommand] | None
) -> None:
    acts = at_work(VIEWS[state]).pressed(key, 10)
    if command is None:
        assert [is_refusal(act) for act in acts] == [True]
    else:
        assert acts == [Order(kind=command, seen=VIEWS[state].call)]


@pytest.mark.parametrize(
    ("view", "sign", "pad"),
    [
        (IDLE, SignShows(texts=("3",)), PadShows(lamp=Lamp.OFF, text="7")),
        (CALLED, SignShows(texts=("A012",), blinks=BLINKS), PadShows(lamp=Lamp.BLINK_GREEN, text="012")),
        (SERVING, SignShows(texts=("A012",)), PadShows(lamp=Lamp.GREEN, text="012")),
        (PAUSED, SignShows(texts=("暂停服务", "暂停", "PAUSE", "")), PadShows(lamp=Lamp.RED, text="7")),
        (CLOSED, SignShows(texts=("停止服务", "CLOSED", "")), PadShows(lamp=Lamp.OFF, text="")),
    ],
)
def test_sign_comes_first_then_the_pad(view: CounterView, sign: SignShows, pad: PadShows) -> None:
    assert Window(wording=PLAIN).viewed(view, 0) == [sign, pad]


def test_more_people_than_the_pad_has_digits_for() -> None:
    crowd = CounterView(counter=3, state=CounterState.IDLE, waiting=1200)
    assert PadShows(lamp=Lamp.OFF, text="999") in Window(wording=PLAIN).viewed(crowd, 0)


def test_the_same_view_again_shows_nothing_new() -> None:
    assert at_work(CALLED).viewed(CALLED, 1) == []


def test_one_more_waiting_does_not_touch_the_sign() -> None:
    more = CounterView(epoch=1, seq=9, counter=3, state=CounterState.IDLE, waiting=8)
    assert at_work(IDLE).viewed(more, 1) == [PadShows(lamp=Lamp.OFF, text="8")]


def test_a_recall_blinks_the_sign_again() -> None:
    again = CounterView(
        epoch=1, seq=9, counter=3, state=CounterState.CALLED, waiting=6, call="c1", ticket="A012", times=2
    )
    assert at_work(CALLED).viewed(again, 1) == [SignShows(texts=("A012",), blinks=BLINKS)]


def test_red_blinks_while_the_reason_can_be_read_then_the_lamp_is_what_it_was() -> None:
    window = at_work(SERVING)
    window.pressed(PadKey.CALL, 10)
    assert window.next_deadline() == 10 + REFUSAL_S
    assert window.elapsed(10.5) == []
    assert window.elapsed(10 + REFUSAL_S) == [PadShows(lamp=Lamp.GREEN, text="012")]
    assert window.next_deadline() is None


def test_a_new_call_shows_on_the_sign_though_the_pad_still_blinks_red() -> None:
    window = at_work(IDLE)
    window.pressed(PadKey.START, 10)
    assert window.viewed(CALLED, 10.1) == [
        SignShows(texts=("A012",), blinks=BLINKS),
        PadShows(lamp=Lamp.BLINK_RED, text="012", beep=True),
    ]
    assert window.elapsed(10 + REFUSAL_S) == [PadShows(lamp=Lamp.BLINK_GREEN, text="012")]


def test_a_call_that_this_pad_did_not_ask_for_beeps_once() -> None:
    window = at_work(IDLE)
    pushed = [SignShows(texts=("A012",), blinks=BLINKS), PadShows(lamp=Lamp.BLINK_GREEN, text="012", beep=True)]
    assert window.viewed(CALLED, 10) == pushed
    assert window.viewed(CALLED, 11) == []


def test_the_next_customer_of_an_armed_counter_beeps_right_after_the_finish() -> None:
    window = at_work(SERVING)
    window.pressed(PadKey.FINISH, 10)
    pushed = CounterView(epoch=1, seq=9, counter=3, state=CounterState.CALLED, waiting=5, call="c2", ticket="A013")
    assert window.viewed(pushed, 10.1) == [
        SignShows(texts=("A013",), blinks=BLINKS),
        PadShows(lamp=Lamp.BLINK_GREEN, text="013", beep=True),
    ]


def test_a_call_that_the_clerk_asked_for_does_not_beep_nor_does_one_that_stands_at_the_start() -> None:
    window = at_work(IDLE)
    window.pressed(PadKey.CALL, 10)
    assert PadShows(lamp=Lamp.BLINK_GREEN, text="012") in window.viewed(CALLED, 10.1)
    assert PadShows(lamp=Lamp.BLINK_GREEN, text="012") in Window(wording=PLAIN).viewed(CALLED, 0)


def test_a_press_of_next_that_waited_while_somebody_was_pushed_recalls_nobody() -> None:
    window = at_work(SERVING)
    window.pressed(PadKey.FINISH, 10)
    window.pressed(PadKey.CALL, 10.1)
    pushed = CounterView(epoch=1, seq=9, counter=3, state=CounterState.CALLED, waiting=5, call="c2", ticket="A013")
    window.viewed(pushed, 10.2)
    assert [is_refusal(act) for act in window.answered(Done(id="1", epoch=1, seq=9), 10.2)] == [True]


def test_somebody_served_without_a_number_is_a_dash_on_the_pad_and_nothing_on_the_sign() -> None:
    walk_up = CounterView(epoch=1, seq=9, counter=3, state=CounterState.SERVING, waiting=5, call="w1", ticket=NO_TICKET)
    assert Window(wording=PLAIN).viewed(walk_up, 0) == [SignShows(texts=("",)), PadShows(lamp=Lamp.GREEN, text="---")]


def test_while_the_hall_is_away_a_press_blinks_red_and_the_sign_keeps_its_ticket() -> None:
    window = at_work(CALLED)
    window.hall_here(False, 0)
    acts = window.pressed(PadKey.START, 10)
    assert [is_refusal(act) for act in acts] == [True]


def test_a_press_before_anything_was_seen_of_the_hall_blinks_red() -> None:
    window = Window(wording=PLAIN)
    window.hall_here(True, 0)
    assert [is_refusal(act) for act in window.pressed(PadKey.CALL, 10)] == [True]


@pytest.mark.parametrize("answer", [None, Refused(id="1", reason="nobody_waits")])
def test_unanswered_or_refused_blinks_red(answer: Refused | None) -> None:
    window = at_work(IDLE)
    window.pressed(PadKey.CALL, 10)
    assert [is_refusal(act) for act in window.answered(answer, 15)] == [True]


def test_a_refused_press_may_be_made_again() -> None:
    window = at_work(IDLE)
    window.pressed(PadKey.CALL, 10)
    window.answered(Refused(id="1", reason="nobody_waits"), 10.01)
    assert orders(window.pressed(PadKey.CALL, 11)) == [Order(kind=CallNext, seen=None)]


def test_a_bouncing_key_calls_once_though_the_answer_is_quick() -> None:
    window = at_work(IDLE)
    assert orders(window.pressed(PadKey.CALL, 10)) == [Order(kind=CallNext, seen=None)]
    window.viewed(CALLED, 10.005)
    window.answered(Done(id="1", epoch=1, seq=6), 10.006)
    assert window.pressed(PadKey.CALL, 10.02) == []
    assert orders(window.pressed(PadKey.CALL, 11)) == [Order(kind=Recall, seen="c1")]


def test_a_key_that_is_stuck_calls_once() -> None:
    window = at_work(IDLE)
    acts = [act for tick in range(100) for act in window.pressed(PadKey.CALL, 10 + tick * 0.1)]
    assert acts == [Order(kind=CallNext, seen=None)]


def test_next_pressed_right_after_finish_follows_when_the_finish_is_done() -> None:
    window = at_work(SERVING)
    assert orders(window.pressed(PadKey.FINISH, 10)) == [Order(kind=FinishService, seen="c1")]
    assert window.pressed(PadKey.CALL, 10.1) == []
    assert window.answered(Done(id="1", epoch=1, seq=8), 10.2) == []  # its view has not come
    free = CounterView(epoch=1, seq=8, counter=3, state=CounterState.IDLE, waiting=6, rate="c1")
    acts = window.viewed(free, 10.3)
    assert acts[0] == SignShows(texts=("3",))
    assert Order(kind=CallNext, seen=None) in acts


def test_next_follows_the_finish_when_its_view_came_before_its_answer() -> None:
    window = at_work(SERVING)
    window.pressed(PadKey.FINISH, 10)
    window.pressed(PadKey.CALL, 10.1)
    free = CounterView(epoch=1, seq=8, counter=3, state=CounterState.IDLE, waiting=6, rate="c1")
    assert orders(window.viewed(free, 10.2)) == []
    acts = window.answered(Done(id="1", epoch=1, seq=8), 10.3)
    assert acts == [Order(kind=CallNext, seen=None)]


@pytest.mark.parametrize("key", [PadKey.START, PadKey.FINISH])
def test_a_press_made_before_the_call_was_seen_does_not_touch_it(key: PadKey) -> None:
    window = at_work(IDLE)
    window.pressed(PadKey.CALL, 10)
    assert window.pressed(key, 10.1) == []
    window.viewed(CALLED, 10.2)
    acts = window.answered(Done(id="1", epoch=1, seq=6), 10.2)
    assert [is_refusal(act) for act in acts] == [True]


def test_impatience_with_a_slow_hall_calls_once_and_does_not_blink() -> None:
    window = at_work(IDLE)
    window.pressed(PadKey.CALL, 10)
    assert window.pressed(PadKey.CALL, 11) == []
    assert window.pressed(PadKey.CALL, 12) == []
    window.viewed(CALLED, 13)
    assert window.answered(Done(id="1", epoch=1, seq=6), 13) == []


def test_a_third_key_while_two_wait_blinks_red_and_the_second_still_counts() -> None:
    window = at_work(SERVING)
    window.pressed(PadKey.FINISH, 10)
    window.pressed(PadKey.CALL, 10.1)
    assert [is_refusal(act) for act in window.pressed(PadKey.START, 10.2)] == [True]
    free = CounterView(epoch=1, seq=8, counter=3, state=CounterState.IDLE, waiting=6)
    window.viewed(free, 10.3)
    assert Order(kind=CallNext, seen=None) in window.answered(Done(id="1", epoch=1, seq=8), 10.3)


def test_a_press_that_waited_when_the_hall_went_away_is_forgotten() -> None:
    window = at_work(SERVING)
    window.pressed(PadKey.FINISH, 10)
    window.pressed(PadKey.CALL, 10.1)
    window.hall_here(False, 0)
    window.hall_here(True, 0)
    free = CounterView(epoch=1, seq=8, counter=3, state=CounterState.IDLE, waiting=6)
    window.viewed(free, 10.3)
    assert orders([*window.answered(Done(id="1", epoch=1, seq=8), 10.3)]) == []


def test_a_view_that_never_follows_its_answer_does_not_lock_the_pad() -> None:
    window = at_work(SERVING)
    window.pressed(PadKey.FINISH, 10)
    window.answered(Done(id="1", epoch=1, seq=8), 10.2)
    assert window.next_deadline() == 11.2
    window.elapsed(11.2)
    assert orders(window.pressed(PadKey.FINISH, 12)) == [Order(kind=FinishService, seen="c1")]


EVENTS = st.lists(
    st.one_of(
        st.sampled_from(PadKey),
        st.sampled_from((IDLE, CALLED, SERVING)),
        st.sampled_from((None, Done(id="1", epoch=1, seq=6), Refused(id="1", reason="stale"))),
        st.booleans(),
    ),
    max_size=40,
)


@given(EVENTS, st.lists(st.floats(min_value=0, max_value=2), min_size=40, max_size=40))
def test_never_two_commands_under_way_and_never_on_a_call_that_is_not_shown(
    events: list[object], pauses: list[float]
) -> None:
    window, shown, now, under_way = Window(wording=PLAIN), None, 0.0, 0
    for event, pause in zip(events, pauses, strict=False):
        now += pause
        acts = list(window.elapsed(now))
        match event:
            case PadKey():
                acts += window.pressed(event, now)
            case CounterView():
                shown = event.call
                acts += window.viewed(event, now)
            case bool():
                acts += window.hall_here(event, now)
            case None | Done() | Refused() if under_way:
                under_way -= 1
                acts += window.answered(event, now)
        for order in orders(acts):
            under_way += 1
            assert order.seen == shown
        assert under_way <= 1
