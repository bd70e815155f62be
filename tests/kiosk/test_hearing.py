"""What those hear who work the kiosk by tactile keys, and where the keys lead."""

import itertools
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.config import load_hall
from broker.contract.messages import Language, TicketTaken
from broker.contract.texts import texts
from broker.tactile import TactilePad
from broker.theme import Theme, contrast
from hardware.devices import PaperState, Printed, PrintResult, TactileKey
from kiosk import flow
from kiosk.examples import AT, examples
from kiosk.hearing import Heard, Utterance, heard, offered, told
from kiosk.keyboard import TACTILE
from kiosk.look import palette
from kiosk.screens.focus import OUTER
from kiosk.screens.layout import Scene
from kiosk.screens.scene import picture
from kiosk.screens.shapes import INK, NUMBER, Area, Box, Picture
from kiosk.tactile import meanings

HALL = load_hall(Path(__file__).parents[2] / "hallcall" / "demo" / "files" / "hall.toml")
CHINA = timezone(timedelta(hours=8))
NOON = datetime(2026, 11, 21, 9, 42, tzinfo=CHINA)
SIZES = [(1280, 800), (800, 1280), (897, 538), (538, 897)]


def drawn(kiosk: flow.Kiosk, w: float = 1280, h: float = 800) -> Picture:
    return picture(Scene(kiosk=kiosk, at=NOON, left_s=20, w=w, h=h))


def hear(kiosk: flow.Kiosk) -> Heard:
    return heard(Scene(kiosk=kiosk, at=NOON, left_s=20))


def pressed(kiosk: flow.Kiosk, *keys: TactileKey, now_s: float = 101) -> flow.Kiosk:
    for key in keys:
        press = flow.Pressed(key=key, offered=offered(drawn(kiosk).keys))
        kiosk, _ = flow.follow(kiosk, press, now_s)
    return kiosk


def said(utterance: Utterance | None) -> list[str]:
    return [each.text for each in utterance.sentences] if utterance is not None else []


@pytest.fixture
def awake(kiosk: flow.Kiosk) -> flow.Kiosk:
    """Somebody has pressed a first key."""
    return pressed(kiosk, TactileKey.NEXT)


@pytest.fixture
def ticket(awake: flow.Kiosk, b014: TicketTaken) -> flow.Kiosk:
    service = awake.service("new")
    assert service is not None
    assert awake.hall is not None
    return replace(awake, screen=flow.Ticket(service=service, zone=awake.hall.zones[0], taken=b014))


# Keys -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [key for key in TactileKey if key is not TactileKey.UNPLUGGED])
def test_the_first_key_wakes_the_speech_and_touches_nothing(kiosk: flow.Kiosk, key: TactileKey) -> None:
    woken = pressed(kiosk, key)
    assert woken.screen == kiosk.screen
    first, second, third, *rest = said(told(kiosk, woken, hear))
    assert first == "您可以用按键取号，每一步都有语音。"
    assert second == "For English, press OK now."
    assert third.startswith("按下一项或上一项选择")
    assert "请选择业务，共 4 项。" in rest


def test_the_second_key_may_choose_english_at_once(awake: flow.Kiosk) -> None:
    english = pressed(awake, TactileKey.OK)
    assert english.language is Language.EN
    assert said(told(awake, english, hear))[0] == "Choose a service. There are 4."


def test_keys_go_over_all_that_can_be_touched_and_round_again(awake: flow.Kiosk) -> None:
    names = offered(drawn(awake).keys)
    seen = [awake.focus]
    for _ in names:
        awake = pressed(awake, TactileKey.NEXT)
        seen.append(awake.focus)
    assert seen[1:4] == ["service:pay", "service:new", "service:ask"]
    assert sorted(filter(None, seen[1:])) == sorted(names)
    assert seen[-1] == seen[0]
    assert pressed(awake, TactileKey.PREVIOUS).focus == seen[-2]


def test_a_service_is_heard_with_its_wait_and_chosen_with_ok(awake: flow.Kiosk) -> None:
    at_new = pressed(awake, TactileKey.NEXT, TactileKey.NEXT)
    assert hear(at_new).of(at_new.focus)[0].text == "用电报装，前面 6 人，大约等 15 到 25 分钟"
    chosen = pressed(at_new, TactileKey.OK)
    assert chosen.screen == flow.Confirm(service="new")
    assert chosen.focus is None
    assert said(told(at_new, chosen, hear)) == [
        "用电报装。",
        "请先备好：身份证。",
        "也可在手机上办理。",
        "前面 6 人，大约等 15 到 25 分钟。",
    ]


def test_services_that_give_no_numbers_are_said_with_the_reason(kiosk: flow.Kiosk) -> None:
    opening = [each.text for each in hear(kiosk).opening]
    assert "过户更名：现在不取号，13:30 开始取号。" in opening
    assert "增值税发票：今日已取完。" in opening


def test_ok_before_anything_is_chosen_takes_no_number(awake: flow.Kiosk) -> None:
    confirm = pressed(awake, TactileKey.NEXT, TactileKey.OK)
    held = pressed(confirm, TactileKey.OK)
    assert held.screen == confirm.screen
    assert held.focus == "take"


def test_back_leads_back_to_the_services_and_no_further(awake: flow.Kiosk) -> None:
    confirm = pressed(awake, TactileKey.NEXT, TactileKey.OK)
    home = pressed(confirm, TactileKey.BACK)
    assert home.screen == flow.Home()
    assert pressed(home, TactileKey.BACK, TactileKey.BACK).screen == flow.Home()
    assert home.listening


def test_any_key_answers_still_there(awake: flow.Kiosk) -> None:
    asked = replace(awake, asking=True)
    assert "您还在吗？" in said(told(awake, asked, hear))
    for key in (TactileKey.BACK, TactileKey.OK, TactileKey.LOUDER):
        answered = pressed(asked, key)
        assert not answered.asking
        assert answered.screen == asked.screen


def test_who_hears_has_three_times_as_long(kiosk: flow.Kiosk, awake: flow.Kiosk) -> None:
    seeing, _ = flow.follow(kiosk, flow.Touched(key="language:zh"), 101)
    assert flow.home_at_s(seeing) == 101 + 25 + 20
    assert flow.home_at_s(awake) == 101 + 75 + 20


def test_at_home_everything_is_as_the_next_customer_wants_it(awake: flow.Kiosk) -> None:
    loud = pressed(awake, *[TactileKey.LOUDER] * 9)
    assert loud.volume == 4
    gone, _ = flow.follow(replace(loud, asking=True), flow.Ticked(), 101 + 75 + 20)
    assert (gone.listening, gone.focus, gone.volume) == (False, None, 0)
    assert said(told(replace(loud, asking=True), gone, hear)) == ["已回到首页，可以按任意键重新开始。"]


def test_a_headset_pulled_out_hears_nothing_more(awake: flow.Kiosk) -> None:
    quiet = pressed(awake, TactileKey.UNPLUGGED)
    assert not quiet.listening
    assert told(awake, quiet, hear) == Utterance(sentences=(), cuts=True)


def test_nothing_is_said_to_those_who_only_touch(kiosk: flow.Kiosk) -> None:
    for key in ("language:en", "service:new", "need:slow", "back", "missed", "letters:A", "digit:1", "home"):
        touched, _ = flow.follow(kiosk, flow.Touched(key=key), 101)
        assert told(kiosk, touched, hear) is None
        kiosk = touched


# Speech ---------------------------------------------------------------------------------------------------------------


def test_a_number_is_said_twice_digit_by_digit(ticket: flow.Kiosk) -> None:
    opening = [each.text for each in hear(ticket).opening]
    assert opening.count("您的号码是：B 零 一 四。") == 2
    assert "前面 6 人。" in opening
    assert "大约等 15 到 25 分钟。" in opening


def test_the_printed_slip_is_said_without_cutting_the_number(ticket: flow.Kiosk) -> None:
    done = flow.SlipDone(result=PrintResult(printed=Printed.YES, paper=PaperState.OK))
    printed, _ = flow.follow(ticket, done, 102)
    utterance = told(ticket, printed, hear)
    assert utterance is not None
    assert not utterance.cuts
    assert said(utterance) == ["请取走小票。"]


def test_a_choice_is_said_with_whether_it_is_made(awake: flow.Kiosk) -> None:
    kiosk = next(each for name, each in examples(HALL, per_page=6) if name == "confirm-zh")
    confirm = replace(kiosk, listening=True, focus="courtesy")
    picked = pressed(confirm, TactileKey.OK)
    assert said(told(confirm, picked, hear)) == ["爱心优先，已选"]
    assert awake.listening


def test_repeat_and_keys_that_lead_nowhere_say_all_again(awake: flow.Kiosk) -> None:
    again = pressed(awake, TactileKey.REPEAT)
    utterance = told(awake, again, hear)
    assert utterance is not None
    assert utterance.cuts
    assert said(utterance)[-1] == "English"


def test_abbreviations_of_the_screen_are_spoken_in_full(kiosk: flow.Kiosk) -> None:
    refused = flow.Declined(reason="closed", opens=NOON + timedelta(days=2))
    opening = [each.text for each in hear(replace(kiosk, language=Language.EN, screen=refused)).opening]
    assert "Closed now. Numbers are given out from Monday 23 November, 09:42." in opening


def shown_in_every_look() -> Iterable[tuple[str, flow.Kiosk]]:
    return examples(HALL, per_page=6)


def test_every_screen_has_words_in_one_language_for_itself_and_all_its_keys() -> None:
    for name, kiosk in shown_in_every_look():
        for (w, h), language in itertools.product(SIZES, Language):
            kiosk_of = replace(kiosk, language=language)
            found = heard(Scene(kiosk=kiosk_of, at=AT.astimezone(CHINA), left_s=20, w=w, h=h))
            assert found.opening, name
            sentences = [*found.opening, *(each.said for each in found.offers)]
            for sentence in sentences:
                assert sentence.text.strip(), (name, found.offers)
                assert not set("{}*") & set(sentence.text), (name, sentence)
                if sentence.language is Language.EN:
                    assert sentence.text.isascii() or not any(each >= "\u4e00" for each in sentence.text), name


def test_both_languages_have_the_same_words_for_the_ears_with_the_same_blanks() -> None:
    zh, en = (texts(each)["hearing"] for each in (Language.ZH, Language.EN))
    assert zh.keys() == en.keys()
    for key in zh:
        assert zh[key].count("{") == en[key].count("{"), key


keys = st.sampled_from(list(TactileKey))
touches = st.sampled_from(["home", "back", "service:new", "take", "missed", "help", "more", "language:en", "large"])


@settings(max_examples=40)
@given(steps=st.lists(st.one_of(keys, touches, st.integers(1, 60)), max_size=25))
def test_no_storm_of_keys_touches_and_time_breaks_anything(steps: list[TactileKey | str | int]) -> None:
    kiosk = next(each for name, each in examples(HALL, per_page=6) if name == "home-both")
    now_s = 0.0
    for step in steps:
        before = kiosk
        if isinstance(step, TactileKey):
            kiosk = pressed(kiosk, step, now_s=now_s)
        elif isinstance(step, str):
            kiosk, _ = flow.follow(kiosk, flow.Touched(key=step), now_s)
        else:
            now_s += step
            kiosk, _ = flow.follow(kiosk, flow.Ticked(), now_s)
        utterance = told(before, kiosk, hear)
        assert kiosk.listening or before.listening or utterance is None


# The frame ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("w", "h"), SIZES)
def test_the_frame_stands_out_within_the_panel_and_touches_no_other_key(w: float, h: float) -> None:
    colours = [palette(Theme(), contrast=False), palette(Theme(), contrast=True)]
    per_page = 4 if min(w, h) < 760 else 6
    for name, kiosk in examples(HALL, per_page=per_page):
        if kiosk.asking:  # any key answers: no frame is needed
            continue
        for key in {each.name: each for each in reversed(drawn(kiosk, w, h).keys)}.values():
            framed = drawn(replace(kiosk, focus=key.name), w, h)
            place = framed.shapes.index(key)
            outer = framed.shapes[place - 2]
            assert isinstance(outer, Box), (name, key.name)
            assert outer.fill in {INK, NUMBER}
            for each in colours:
                assert contrast(each[outer.fill], each[framed.ground]) >= 3
            assert outer.area.x >= 0, (name, key.name)
            assert outer.area.right <= w + 0.01
            assert outer.area.bottom <= h + 0.01, (name, key.name)
            others = [other.area for other in framed.keys if other.name != key.name and other.area.w < w]
            assert not any(_overlaps(outer.area.inset(1, 1), other) for other in others), (name, key.name)
            assert key.area.x - outer.area.x == OUTER


def _overlaps(one: Area, other: Area) -> bool:
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom


# Names of keys --------------------------------------------------------------------------------------------------------


def test_every_ordinary_key_of_a_keyboard_keypad_is_known_to_the_keyboard() -> None:
    of_serial_lines = {"ok", "back", "repeat", "louder", "quieter", "plugged", "unplugged"}
    assert set(meanings(TactilePad())) - of_serial_lines <= set(TACTILE.values())
    assert set(meanings(TactilePad()).values()) == set(TactileKey)


def test_a_key_that_means_two_things_is_refused_with_its_name() -> None:
    assert TactilePad().faults() == {}
    assert TactilePad(back=("Left",)).faults() == {
        "back": "the key 'Left' means previous already; name other keys for one of them"
    }
