"""What the screens say and where they can be touched, without a window."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import combinations

import pytest
from msgspec import structs

from broker.contract.messages import Language, Returned, TicketTaken
from broker.contract.texts import texts
from hardware.devices import PaperState, Printed
from kiosk import flow
from kiosk.panel import Panel, fit
from kiosk.screens.layout import READ, Scene
from kiosk.screens.scene import picture
from kiosk.screens.shapes import Picture, Words, wrapped

AT = datetime(2026, 11, 21, 9, 42, tzinfo=timezone(timedelta(hours=8)))
MONDAY = AT + timedelta(days=2)
KEY_PX = 112  # 19 mm on the 10.1 inch panel
GAP_PX = 19.4  # 3.3 mm
SMALLEST_PX = 25  # capitals of 3 mm


def drawn(kiosk: flow.Kiosk, **scene: float) -> Picture:
    return picture(Scene(kiosk=kiosk, at=AT, left_s=25, **scene))  # type: ignore[arg-type]


@pytest.fixture
def ticket(kiosk: flow.Kiosk, b014: TicketTaken) -> flow.Ticket:
    service = kiosk.service("new")
    assert service is not None
    assert kiosk.hall is not None
    return flow.Ticket(service=service, zone=kiosk.hall.zones[0], taken=b014, slip=Printed.YES)


@pytest.fixture
def states(kiosk: flow.Kiosk, ticket: flow.Ticket) -> list[flow.Kiosk]:
    """Every screen, in every language and size of text."""
    screens: list[flow.Screen] = [
        flow.Home(),
        flow.Confirm(service="new"),
        flow.Taking(service=ticket.service, zone=ticket.zone),
        ticket,
        replace(ticket, slip=None),
        replace(ticket, slip=Printed.UNKNOWN),
        flow.Home(shelf="rest"),
        flow.Needs(service="new"),
        flow.Classes(),
        flow.Guide(),
        flow.Missed(),
        flow.Missed(prefix="B", digits="014"),
        flow.Returning(typed=flow.Missed(prefix="B", digits="014")),
        flow.Back(answer=Returned(id="2", visit="v", ticket="B014", after_next=True, ahead=1)),
        flow.Back(answer=Returned(id="2", visit="v", ticket="B014", after_next=False, ahead=9)),
        flow.Declined(reason="still_waits", args=(("ticket", "B014"),), typed=flow.Missed(prefix="B", digits="014")),
        flow.NoPaper(paper=PaperState.OUT),
        flow.NoPaper(paper=PaperState.UNKNOWN),
        flow.NoPaper(paper=PaperState.OUT, voided="B014"),
        flow.Declined(reason="service_full"),
        flow.Declined(reason="closed", opens=MONDAY),
        flow.Declined(reason="a reason that nobody has worded"),
        *(flow.Away(why=why) for why in flow.Pause),
    ]
    return [
        replace(kiosk, screen=screen, language=language, large=large)
        for screen in screens
        for language in (None, *Language)
        for large in (False, True)
    ]


def test_home_says_who_waits_how_long_and_what_is_full(kiosk: flow.Kiosk) -> None:
    said = drawn(kiosk).texts
    for words in (
        "城东供电营业厅",
        "11月21日 星期六",
        "09:42",
        "等候 3 人",
        "约 15–25 分钟",
        "马上办理",
        "无人等候",
        "今日已取完",
    ):
        assert words in said
    assert "service:invoice" not in [key.name for key in drawn(kiosk).keys]


def test_a_closed_service_stays_on_the_page_with_the_time_at_which_it_opens(kiosk: flow.Kiosk) -> None:
    shown = drawn(kiosk)
    assert {"过户更名", "13:30 开始取号"} <= set(shown.texts)
    assert "service:transfer" not in [key.name for key in shown.keys]


def test_a_refusal_says_on_which_day_there_are_numbers_again(kiosk: flow.Kiosk) -> None:
    said = drawn(replace(kiosk, screen=flow.Declined(reason="closed", opens=MONDAY))).texts
    assert "现在不取号，11月23日 星期一 09:42 开始取号。" in said
    assert "Closed now. Numbers are given out from Mon 23 Nov, 09:42." in said


def test_home_says_that_paper_is_missing_before_anybody_takes_a_number(kiosk: flow.Kiosk) -> None:
    assert drawn(replace(kiosk, paper=PaperState.OUT)).texts.count("缺纸") == 4


def test_once_english_is_chosen_no_chinese_is_shown_but_the_key_back_to_it(states: list[flow.Kiosk]) -> None:
    chinese_allowed = {"中文", "用电报装"}  # the slip names the service for the clerk
    for state in states:
        if state.language is Language.EN:
            chinese = {text for text in drawn(state).texts if any(character >= "\u4e00" for character in text)}
            assert chinese <= chinese_allowed


def test_a_void_number_is_named_with_what_to_do(kiosk: flow.Kiosk) -> None:
    said = drawn(replace(kiosk, screen=flow.NoPaper(paper=PaperState.OUT, voided="B014"))).texts
    assert "号码 B014 已作废，请勿等候。" in said
    assert "Please take a new number at the desk." in said


def test_a_number_whose_slip_may_be_missing_is_to_be_noted(kiosk: flow.Kiosk, ticket: flow.Ticket) -> None:
    assert "如未出票请记下号码" in drawn(replace(kiosk, screen=replace(ticket, slip=Printed.UNKNOWN))).texts


SIZES = [(1280, 800), (1422, 800), (1280, 960), (800, 1280), (800, 1422), (897, 538), (903, 529), (538, 897)]


@pytest.mark.parametrize(("w", "h"), SIZES)
def test_keys_are_large_enough_inside_the_panel_and_apart(states: list[flow.Kiosk], w: float, h: float) -> None:
    for state in states:
        keys = drawn(replace(state, per_page=4 if min(w, h) < 760 else 6), w=w, h=h).keys
        for key in keys:
            assert min(key.area.w, key.area.h) >= KEY_PX, (state.screen, key)
            assert key.area.x >= 0 <= key.area.y
            assert key.area.right <= w + 0.01
            assert key.area.bottom <= h + 0.01
        for a, b in combinations(keys, 2):
            beside = max(b.area.x - a.area.right, a.area.x - b.area.right)
            below = max(b.area.y - a.area.bottom, a.area.y - b.area.bottom)
            assert max(beside, below) >= GAP_PX, (state.screen, a, b)


@pytest.mark.parametrize(("w", "h"), SIZES)
def test_words_are_inside_the_panel_and_not_too_small(states: list[flow.Kiosk], w: float, h: float) -> None:
    for state in states:
        for shape in drawn(replace(state, per_page=4 if min(w, h) < 760 else 6), w=w, h=h).shapes:
            if isinstance(shape, Words):
                assert min(run.size for run in shape.runs) >= SMALLEST_PX
                assert shape.small or max(run.size for run in shape.runs) >= READ
                assert 0 < shape.y < h


def test_a_high_panel_has_its_keys_where_a_seated_person_reaches_them(kiosk: flow.Kiosk) -> None:
    fitted = fit(Panel(diagonal_in=21.5, bottom_mm=900), 1080, 1920)
    scene = Scene(kiosk=kiosk, at=AT, left_s=25, w=fitted.w, h=fitted.h)
    highest = min(key.area.y for key in picture(scene, top=fitted.top).keys)
    assert 900 + (fitted.h - highest) / fitted.units_per_mm <= 1220


def test_whoever_was_idle_touches_anywhere_to_go_on(kiosk: flow.Kiosk) -> None:
    shown = drawn(replace(kiosk, screen=flow.Missed(), asking=True))
    assert {key.name for key in shown.keys} == {"stay"}
    assert shown.keys[-1].area.w == 1280
    assert "25 秒后返回首页" in shown.texts


def test_a_missed_number_is_told_its_place_and_the_rule(kiosk: flow.Kiosk, ticket: flow.Ticket) -> None:
    back = Returned(id="2", visit="v", ticket="B014", after_next=False, ahead=9)
    assert "已过时限，重新排队，前面 9 人。" in drawn(replace(kiosk, screen=flow.Back(answer=back))).texts
    rule = "".join(drawn(replace(kiosk, screen=ticket, language=Language.ZH)).texts)
    assert "过号后 5 个号内或 10 分钟内报到，下一位之后就叫您；再晚要重新排队。" in rule


def test_used_up_courtesy_is_said_kindly(kiosk: flow.Kiosk, ticket: flow.Ticket) -> None:
    capped = replace(ticket, taken=structs.replace(ticket.taken, capped=True))
    said = "".join(drawn(replace(kiosk, screen=capped, language=Language.ZH)).texts)
    assert "本时段优先号已满，先给您普通号，请告诉窗口。" in said


def test_a_screen_with_nothing_new_is_the_same_picture(kiosk: flow.Kiosk) -> None:
    assert drawn(kiosk) == drawn(replace(kiosk, since_s=kiosk.since_s + 1))


def test_lines_break_between_chinese_characters_but_not_before_a_comma() -> None:
    assert wrapped("居民新装也可在手机上，办理", 28, 28 * 10) == ["居民新装也可在手机", "上，办理"]
    assert wrapped("Please ask at the desk", 30, 200) == ["Please ask", "at the desk"]


def test_no_character_and_no_word_is_left_alone_on_the_last_line() -> None:
    assert wrapped("居民新装也可在手机上办理，无需排队。", 28, 480) == ["居民新装也可在手机上办理，无", "需排队。"]
    assert wrapped("Numbers again on Mon 23 Nov.", 28, 370) == ["Numbers again on Mon", "23 Nov."]


def test_both_languages_have_the_same_words_with_the_same_blanks() -> None:
    for table in ("kiosk", "refusal"):
        zh, en = texts(Language.ZH)[table], texts(Language.EN)[table]
        assert zh.keys() - en.keys() <= {"months"}
        assert en.keys() - zh.keys() <= {"months"}
        for key in zh.keys() & en.keys() - {"date"}:
            assert zh[key].count("{") == en[key].count("{"), key
            assert zh[key].count("*") == en[key].count("*"), key
