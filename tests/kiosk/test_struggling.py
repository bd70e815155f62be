"""When a customer counts as struggling, and what becomes of it."""

from dataclasses import replace

import pytest

from broker.contract.messages import TicketTaken
from hardware.devices import PaperState, Printed, PrintResult, TactileKey
from kiosk import flow
from kiosk.flow import Kiosk, Patience, Pressed, Ticked, Touched


def after(kiosk: Kiosk, *touches: str, at_s: float = 101, pace_s: float = 1) -> Kiosk:
    for place, key in enumerate(touches):
        kiosk, _ = flow.follow(kiosk, Touched(key=key), at_s + place * pace_s)
    return kiosk


def waits(kiosk: Kiosk, until_s: float) -> Kiosk:
    """Let time pass as the node does: a tick whenever one is due."""
    for _ in range(20):
        due_s = flow.due_at_s(kiosk)
        if due_s is None or due_s > until_s:
            return kiosk
        ticked, _ = flow.follow(kiosk, Ticked(), due_s)
        assert ticked != kiosk, "a tick that changes nothing would come again at once, for ever"
        kiosk = ticked
    raise AssertionError("ticks without end")


THERE_AND_BACK = ("service:pay", "back")


@pytest.mark.parametrize(
    ("touches", "struggles"),
    [
        (THERE_AND_BACK * 2, False),
        ((*THERE_AND_BACK * 2, "service:pay"), True),  # the same page for the third time
        (("service:pay", "back", "service:new", "back", "service:ask", "back"), False),  # compares
        (("more", "back") * 2, False),
        (("more", "back") * 3, True),
        (("language:en", "large", "large", "large") * 3, False),  # settings are no ways back
        (("service:pay", "courtesy", "courtesy", "courtesy", "courtesy", "courtesy", "courtesy"), False),
        (("missed", "letters:A", "digit:1", "delete", "digit:2", "delete", "digit:3", "delete"), False),
        (("missed", "back") * 4, True),
        ((*THERE_AND_BACK * 2, "service:new", "home", *THERE_AND_BACK * 2), False),  # home begins anew
        ((*THERE_AND_BACK * 2, "service:new", "take"), False),
        (("service:transfer",) * 9, False),  # closed: nothing happens
    ],
)
def test_going_back_again_and_again_is_struggling(kiosk: Kiosk, touches: tuple[str, ...], *, struggles: bool) -> None:
    assert after(kiosk, *touches).effort.struggles is struggles


def test_so_is_being_at_it_for_long_while_the_screen_is_touched(kiosk: Kiosk) -> None:
    kiosk = after(kiosk, "service:pay", "need:x", "need:x", "need:x", "need:x", at_s=101, pace_s=20)
    assert waits(kiosk, 190.9).effort.struggles is False
    assert waits(kiosk, 191).effort.struggles is True


def test_nobody_is_alarmed_for_a_customer_who_has_left(kiosk: Kiosk) -> None:
    begun = after(kiosk, "service:pay")
    assert waits(begun, 1000).effort == flow.Effort()
    back_on_the_first_page = after(kiosk, *THERE_AND_BACK * 4)
    assert back_on_the_first_page.effort.struggles
    assert waits(back_on_the_first_page, 1000).effort == flow.Effort()


def test_whoever_works_by_ear_has_all_the_time(kiosk: Kiosk) -> None:
    kiosk, _ = flow.follow(kiosk, Pressed(key=TactileKey.NEXT, offered=("service:pay",)), 101)
    for second in range(102, 400, 10):
        kiosk, _ = flow.follow(kiosk, Pressed(key=TactileKey.NEXT, offered=("service:pay", "more")), second)
        kiosk = waits(kiosk, second + 9)
    assert kiosk.effort.struggles is False


def test_each_sign_can_be_turned_off(kiosk: Kiosk) -> None:
    goes_back = THERE_AND_BACK * 8
    for patience, struggles in ((Patience(after_s=0, turns=0), False), (Patience(after_s=0, turns=9), True)):
        assert after(replace(kiosk, patience=patience), *goes_back, pace_s=20).effort.struggles is struggles
    assert after(replace(kiosk, patience=Patience(turns=0)), *goes_back).effort.struggles is False


def test_a_number_ends_it(kiosk: Kiosk, b014: TicketTaken) -> None:
    struggling = after(kiosk, *THERE_AND_BACK * 4, "service:new")
    taking, _ = flow.follow(struggling, Touched(key="take"), 120)
    assert taking.effort.struggles, "not yet: the hall may have none left"
    taken, _ = flow.follow(taking, flow.Answered(answer=b014), 121)
    assert taken.effort == flow.Effort()
    printed, _ = flow.follow(taken, flow.SlipDone(result=PrintResult(printed=Printed.YES, paper=PaperState.OK)), 122)
    assert waits(printed, 1000).screen == flow.Home()


def offered(kiosk: Kiosk) -> Kiosk:
    return after(replace(kiosk, patience=Patience(offers=True)), *THERE_AND_BACK * 2, "service:pay")


def test_help_is_offered_where_the_file_says_so_and_one_touch_calls_the_guide(kiosk: Kiosk) -> None:
    assert not after(kiosk, *THERE_AND_BACK * 4).offering
    helped = after(offered(kiosk), "help", at_s=120)
    assert (helped.screen, helped.is_guide_called, helped.offering) == (flow.Guide(), True, False)


@pytest.mark.parametrize("key", ["stay", "service:pay", "nothing at all"])
def test_any_other_touch_declines_and_nobody_is_asked_twice(kiosk: Kiosk, key: str) -> None:
    asked = offered(kiosk)
    alone = after(asked, key, at_s=120)
    assert (alone.offering, alone.is_guide_called, alone.screen) == (False, False, asked.screen)
    assert not after(alone, *THERE_AND_BACK * 4, at_s=121).offering


def test_an_offer_that_nobody_answers_goes_with_the_customer(kiosk: Kiosk) -> None:
    assert waits(offered(kiosk), 1000).offering is False
    on_the_first_page = after(replace(kiosk, patience=Patience(offers=True, turns=3)), *THERE_AND_BACK * 2)
    assert on_the_first_page.offering
    assert waits(on_the_first_page, 1000).offering is False
