"""Which screen follows which touch, view, answer and wait."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.contract.messages import (
    Counter,
    GivenBy,
    Hall,
    HallView,
    Language,
    Need,
    Node,
    PriorityClass,
    QueueRow,
    QueuesView,
    Refused,
    Returned,
    Role,
    Service,
    ServiceClass,
    Text,
    TicketTaken,
    Zone,
)
from hardware.devices import PaperState, Printed, PrintResult
from kiosk import flow
from kiosk.flow import Happening, Kiosk, Touched, Wish

Step = Happening | str  # a plain text is a touch


def after(kiosk: Kiosk, *steps: Step, now_s: float = 101) -> tuple[Kiosk, list[Wish]]:
    wishes = []
    for step in steps:
        happening = Touched(key=step) if isinstance(step, str) else step
        kiosk, wish = flow.follow(kiosk, happening, now_s)
        if wish is not None:
            wishes.append(wish)
    return kiosk, wishes


def shows(kiosk: Kiosk) -> str:
    return type(kiosk.screen).__name__


PRINTED = flow.SlipDone(result=PrintResult(printed=Printed.YES, paper=PaperState.OK))
TORN = flow.SlipDone(result=PrintResult(printed=Printed.NO, paper=PaperState.OUT))
PERHAPS = flow.SlipDone(result=PrintResult(printed=Printed.UNKNOWN, paper=PaperState.UNKNOWN))
FULL = flow.Answered(answer=Refused(id="1", reason="service_full"))
SILENCE = flow.Answered(answer=None)
AWAY = flow.HallHere(here=False)
NO_PAPER = flow.PaperSeen(paper=PaperState.OUT)
MUTE = flow.PaperSeen(paper=PaperState.UNKNOWN)


@pytest.mark.parametrize(
    ("steps", "screen"),
    [
        ((), "Home"),
        (("service:new",), "Confirm"),
        (("service:new", "back"), "Home"),
        (("service:new", "home"), "Home"),
        (("service:new", "take"), "Taking"),
        (("service:new", "take", "take", "back", "home"), "Taking"),
        (("service:new", "take", FULL), "Declined"),
        (("service:new", "take", SILENCE), "Declined"),
        (("service:new", "take", FULL, "home"), "Home"),
        (("service:invoice",), "Home"),
        (("service:transfer",), "Home"),
        (("service:nobody-offers-this",), "Home"),
        (("take",), "Home"),
        ((NO_PAPER, "service:new"), "NoPaper"),
        ((MUTE, "service:new"), "NoPaper"),
        (("service:new", NO_PAPER, "take"), "NoPaper"),
        ((NO_PAPER, "service:new", "home"), "Home"),
        ((NO_PAPER, "service:new", flow.PaperSeen(paper=PaperState.NEAR_END)), "Home"),
        ((AWAY,), "Away"),
        (("service:new", AWAY), "Away"),
        (("service:new", "take", AWAY), "Taking"),
        ((AWAY, "service:new", "take"), "Away"),
        ((AWAY, flow.HallHere(here=True)), "Home"),
    ],
)
def test_each_touch_leads_to_its_screen(kiosk: Kiosk, steps: tuple[Step, ...], screen: str) -> None:
    assert shows(after(kiosk, *steps)[0]) == screen


def test_two_touches_ask_for_a_number_and_a_third_asks_for_no_second_one(kiosk: Kiosk) -> None:
    _, wishes = after(kiosk, "service:new", "take", "take")
    assert wishes == [flow.Take(service="new", language=Language.ZH)]


def test_without_paper_no_number_is_asked_for(kiosk: Kiosk) -> None:
    assert after(kiosk, "service:new", NO_PAPER, "take")[1] == []


def test_the_ticket_is_in_the_language_that_the_customer_chose(kiosk: Kiosk, b014: TicketTaken) -> None:
    _, wishes = after(kiosk, "language:en", "service:new", "take", flow.Answered(answer=b014))
    assert [getattr(wish, "language", None) for wish in wishes] == [Language.EN, Language.EN]


@pytest.fixture
def printing(kiosk: Kiosk, b014: TicketTaken) -> Kiosk:
    return after(kiosk, "service:new", "take", flow.Answered(answer=b014))[0]


def test_the_number_stands_there_while_the_slip_is_printed_and_touches_do_not_hide_it(printing: Kiosk) -> None:
    kiosk, _ = after(printing, "home", "service:pay", flow.Ticked(), now_s=109)
    assert isinstance(kiosk.screen, flow.Ticket)
    assert kiosk.screen.slip is None


def test_a_printed_ticket_is_shown_for_its_seconds_then_the_next_customer_finds_home_as_it_was(
    printing: Kiosk,
) -> None:
    printing = replace(printing, language=Language.EN, large=True)
    shown, _ = after(printing, PRINTED, now_s=110)
    assert shows(after(shown, flow.Ticked(), now_s=129.9)[0]) == "Ticket"
    home, _ = after(shown, flow.Ticked(), flow.Ticked(), now_s=155)
    assert (shows(home), home.language, home.large) == ("Home", None, False)


def test_whoever_has_the_slip_may_go_at_once(printing: Kiosk) -> None:
    assert shows(after(printing, PRINTED, "home")[0]) == "Home"


def test_a_slip_that_perhaps_came_out_leaves_the_number_standing_longer(printing: Kiosk) -> None:
    shown, _ = after(printing, PERHAPS, now_s=110)
    asked, _ = after(shown, flow.Ticked(), now_s=135)
    assert (shows(asked), asked.asking) == ("Ticket", True)
    assert shows(after(asked, flow.Ticked(), now_s=155)[0]) == "Home"


def test_a_torn_slip_is_said_to_be_void_and_stays_said_when_paper_is_back(printing: Kiosk) -> None:
    torn, _ = after(printing, TORN)
    assert torn.screen == flow.NoPaper(paper=PaperState.OUT, voided="B014")
    assert after(torn, flow.PaperSeen(paper=PaperState.OK))[0].screen == torn.screen


def test_a_number_once_shown_stays_when_the_dispatcher_goes_away(printing: Kiosk) -> None:
    gone, _ = after(printing, AWAY)
    assert shows(gone) == "Ticket"
    assert shows(after(gone, PRINTED, "home")[0]) == "Away"


TOUCHES = ["service:new", "language:en", "large", "more", "missed", "help"]


@pytest.mark.parametrize("touch", TOUCHES)
def test_a_kiosk_left_alone_asks_and_goes_back_to_how_the_next_customer_expects_it(kiosk: Kiosk, touch: str) -> None:
    touched, _ = after(kiosk, touch, now_s=200)
    assert after(touched, flow.Ticked(), now_s=224.9)[0] == touched
    asked, _ = after(touched, flow.Ticked(), now_s=225)
    assert (asked.screen, asked.asking) == (touched.screen, True)
    assert after(asked, flow.Ticked(), now_s=244.9)[0] == asked
    home, _ = after(asked, flow.Ticked(), now_s=245)
    assert home == replace(kiosk, since_s=245, guide_s=home.guide_s)


def test_one_touch_anywhere_goes_on_as_often_as_one_likes_and_touches_nothing_else(kiosk: Kiosk) -> None:
    now_s = 200.0
    kiosk, _ = after(kiosk, "service:new", "need:low", now_s=now_s)
    before = kiosk
    for key in ("stay", "take", "home", "back", "service:pay") * 4:
        now_s += 44.9
        asked, _ = after(kiosk, flow.Ticked(), now_s=now_s)
        assert asked.asking
        kiosk, wishes = after(asked, key, now_s=now_s)
        assert wishes == []
    assert replace(kiosk, since_s=0, effort=before.effort) == replace(before, since_s=0)


def test_nobody_is_asked_before_a_screen_that_nobody_has_touched(kiosk: Kiosk) -> None:
    assert flow.due_at_s(kiosk) is None


def test_a_language_touched_twice_is_given_back(kiosk: Kiosk) -> None:
    assert after(kiosk, "language:en", "language:en")[0].language is None
    assert after(kiosk, "language:en", "language:zh")[0].language is Language.ZH


def names(kiosk: Kiosk) -> list[str]:
    assert isinstance(kiosk.screen, flow.Home)
    return [entry.id for entry in flow.on_page(kiosk, kiosk.screen)]


def test_the_six_commonest_stand_in_front_and_the_others_behind_one_touch(kiosk: Kiosk) -> None:
    assert names(kiosk)[-1] == "invoice"
    rest, _ = after(kiosk, "more")
    assert names(rest) == ["solar"]
    assert after(rest, "back")[0].screen == flow.Home()


def test_large_text_shows_four_services_and_back_finds_the_shelf_again(kiosk: Kiosk) -> None:
    large, _ = after(kiosk, "large", "more", "service:complain", "back")
    assert large.screen == flow.Home(shelf="rest")
    assert names(large) == ["complain", "invoice", "solar"]
    assert len(names(after(kiosk, "large")[0])) == 4


def test_large_text_then_dark_then_as_it_was(kiosk: Kiosk) -> None:
    seen = [(after(kiosk, *["large"] * times)[0]) for times in range(4)]
    assert [(each.large, each.contrast) for each in seen] == [
        (False, False),
        (True, False),
        (True, True),
        (False, False),
    ]


def many(kiosk: Kiosk, hall: Hall) -> Kiosk:
    """Return the kiosk of a hall with thirty services, of three classes."""
    kinds = list(ServiceClass)
    services = tuple(
        msgspec.structs.replace(hall.services[0], id=f"s{number}", service_class=kinds[number % 3])
        for number in range(30)
    )
    return after(kiosk, HallView(day="2026-11-21", hall=msgspec.structs.replace(hall, services=services)))[0]


def test_where_the_rest_fills_several_pages_it_stands_on_a_shelf_for_each_class(kiosk: Kiosk, hall: Hall) -> None:
    kiosk = many(kiosk, hall)
    assert names(after(kiosk, "more")[0]) == ["consult", "handle", "complain"]
    shelf, _ = after(kiosk, "more", "shelf:handle")
    assert names(shelf) == ["s7", "s10", "s13", "s16", "s19", "s22"]
    assert names(after(shelf, "more")[0]) == ["s25", "s28"]
    assert after(shelf, "more", "service:s28", "back")[0].screen == flow.Home(shelf="handle", page=1)
    assert after(shelf, "back")[0].screen == flow.Home(shelf="rest")


def test_every_service_is_found_on_exactly_one_page(kiosk: Kiosk, hall: Hall) -> None:
    kiosk = many(kiosk, hall)
    found = names(kiosk)
    for shelf in ("consult", "handle", "complain"):
        page, _ = after(kiosk, "more", f"shelf:{shelf}")
        while True:
            found += names(page)
            page, _ = after(page, "more")
            if page.screen == flow.Home(shelf=shelf):
                break
    assert sorted(found) == sorted(f"s{number}" for number in range(30))


# Courtesy, needs, the guide -------------------------------------------------------------------------------------------

COURTESY = PriorityClass(id="courtesy", name=Text(zh="爱心优先", en="Courtesy"))
STATUTORY = PriorityClass(id="statutory", name=Text(zh="依法优先", en="By law"), given_by=GivenBy.SUPERVISOR)
VETERAN = PriorityClass(id="veteran", name=Text(zh="退役军人", en="Veteran"))
ORDINARY = PriorityClass(id="ordinary", name=Text(zh="普通", en="Ordinary"))
LOW = Need(id="low", name=Text(zh="低位窗口", en="Low counter"))
SLOW = Need(id="slow", name=Text(zh="行动不便", en="Slow walking"), at_counter=False, walk_s=60)
BRAILLE = Need(id="braille", name=Text(zh="盲文", en="Braille"))


def with_classes(kiosk: Kiosk, hall: Hall, *classes: PriorityClass) -> Kiosk:
    counter = msgspec.structs.replace(hall.counters[0], meets=("low",), skills=("new",))
    other = msgspec.structs.replace(counter, number=2, skills=("pay",), meets=("braille",))
    hall = msgspec.structs.replace(
        hall, classes=(*classes, ORDINARY), needs=(LOW, SLOW, BRAILLE), counters=(counter, other)
    )
    return after(kiosk, HallView(day="2026-11-21", hall=hall))[0]


def test_courtesy_is_one_touch_that_goes_with_the_number(kiosk: Kiosk, hall: Hall) -> None:
    kiosk = with_classes(kiosk, hall, STATUTORY, COURTESY)
    picked, wishes = after(kiosk, "courtesy", "service:new", "take")
    assert wishes == [flow.Take(service="new", language=Language.ZH, priority_class="courtesy")]
    assert picked.priority_class == "courtesy"
    assert after(kiosk, "courtesy", "courtesy")[0].priority_class == "ordinary"


def test_priority_by_law_is_not_for_the_kiosk_to_give(kiosk: Kiosk, hall: Hall) -> None:
    kiosk = with_classes(kiosk, hall, STATUTORY)
    assert after(kiosk, "courtesy", "class:statutory")[0].priority_class == "ordinary"


def test_of_several_classes_one_is_chosen_on_a_page_from_home_or_before_the_number(kiosk: Kiosk, hall: Hall) -> None:
    kiosk = with_classes(kiosk, hall, COURTESY, VETERAN)
    assert after(kiosk, "courtesy")[0].screen == flow.Classes()
    assert after(kiosk, "courtesy", "class:veteran")[0].screen == flow.Home()
    chosen, _ = after(kiosk, "service:new", "courtesy", "class:veteran")
    assert (chosen.screen, chosen.priority_class) == (flow.Confirm(service="new"), "veteran")


def test_needs_are_those_that_a_counter_of_the_service_meets_and_go_with_the_number(kiosk: Kiosk, hall: Hall) -> None:
    kiosk = with_classes(kiosk, hall, COURTESY)
    _, wishes = after(kiosk, "service:new", "need:slow", "need:low", "need:braille", "take")
    assert wishes == [flow.Take(service="new", language=Language.ZH, needs=("low", "slow"))]
    _, wishes = after(kiosk, "service:new", "need:low", "back", "service:pay", "take")
    assert wishes == [flow.Take(service="pay", language=Language.ZH)]
    _, wishes = after(kiosk, "service:new", "needs", "need:low", "need:low", "back", "take")
    assert wishes == [flow.Take(service="new", language=Language.ZH)]


def test_the_guide_is_called_until_he_is_not_needed_or_two_minutes_have_passed(kiosk: Kiosk) -> None:
    called, _ = after(kiosk, "help", now_s=200)
    assert called.is_guide_called
    assert after(called, "back", now_s=201)[0].is_guide_called
    assert after(called, "home", now_s=201)[0].is_guide_called
    assert not after(called, "cancel", now_s=201)[0].is_guide_called
    home, _ = after(called, "home", now_s=201)
    assert flow.due_at_s(home) == 320
    assert not after(home, flow.Ticked(), now_s=320)[0].is_guide_called


# A missed call --------------------------------------------------------------------------------------------------------

BACK = flow.Answered(answer=Returned(id="2", visit="v", ticket="B014", after_next=True, ahead=1))
WAITS = flow.Answered(answer=Refused(id="2", reason="still_waits", args={"ticket": "B014"}))


@pytest.mark.parametrize(
    ("steps", "asked"),
    [
        (("letters:B", "digit:1", "digit:4"), "B014"),
        (("letters:B", "digit:0", "digit:1", "digit:4"), "B014"),
        (("letters:C", "delete", "letters:B", "digit:9", "delete", "digit:7"), "B007"),
        (("letters:B", *["digit:1"] * 6), "B1111"),
        (("letters:Z", "digit:1"), None),
        (("letters:B",), None),
    ],
)
def test_a_missed_number_is_typed_as_it_stands_on_the_slip(
    kiosk: Kiosk, steps: tuple[str, ...], asked: str | None
) -> None:
    _, wishes = after(kiosk, "missed", *steps, "enter")
    assert wishes == ([flow.Return(ticket=asked)] if asked is not None else [])


@pytest.mark.parametrize(
    ("steps", "screen"),
    [
        (("enter",), "Returning"),
        (("enter", "enter", "home", "back"), "Returning"),
        (("enter", BACK), "Back"),
        (("enter", BACK, "home"), "Home"),
        (("enter", WAITS), "Declined"),
        (("enter", WAITS, "back"), "Missed"),
        (("enter", WAITS, "home"), "Home"),
        (("enter", SILENCE), "Declined"),
        (("back",), "Missed"),
        (("back", "back"), "Home"),
        (("home",), "Home"),
    ],
)
def test_each_touch_of_the_keypad_leads_to_its_screen(kiosk: Kiosk, steps: tuple[Step, ...], screen: str) -> None:
    typed, _ = after(kiosk, "missed", "letters:B", "digit:1", "digit:4")
    assert shows(after(typed, *steps)[0]) == screen


STORM = Hall(
    id="east",
    name=Text(zh="厅", en="Hall"),
    zones=(Zone(id="main", name=Text(zh="厅", en="Hall")),),
    services=tuple(
        Service(id=name, name=Text(zh=name, en=name), prefix="B", zone="main") for name in ("new", "pay", *"abcdef")
    ),
    counters=(Counter(number=1, zone="main", skills=("new",), meets=("low",)),),
    nodes=(Node(id="kiosk-1", role=Role.KIOSK),),
    classes=(COURTESY, VETERAN, ORDINARY),
    needs=(LOW, SLOW),
)
KEYS = [
    "service:new",
    "service:pay",
    "shelf:rest",
    "shelf:handle",
    "more",
    "back",
    "home",
    "take",
    "large",
    "language:en",
    "language:zh",
    "courtesy",
    "class:courtesy",
    "class:veteran",
    "needs",
    "need:low",
    "need:slow",
    "help",
    "cancel",
    "missed",
    "letters:B",
    "digit:1",
    "delete",
    "enter",
    "stay",
    "copy",
    "nonsense",
    "letters:",
    "digit:",
    "need:",
    "class:",
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(KEYS), st.sampled_from([FULL, SILENCE, AWAY, NO_PAPER, BACK])), max_size=60))
def test_no_storm_of_touches_breaks_it_and_home_is_never_further_than_what_it_waits_for(steps: list[Step]) -> None:
    kiosk = flow.started(
        hall=HallView(day="2026-11-21", hall=STORM), idle_s=25, ticket_s=8, now_s=100, paper=PaperState.OK
    )
    kiosk, _ = after(kiosk, flow.HallHere(here=True), *steps)
    back, _ = after(kiosk, SILENCE, PRINTED, flow.HallHere(here=True), flow.PaperSeen(paper=PaperState.OK), now_s=102)
    home, _ = after(back, "home", "home", now_s=103)
    assert (home.screen, home.language, home.large, home.needs) == (flow.Home(), None, False, ())


def test_a_kiosk_that_knows_no_hall_is_starting_and_one_that_does_shows_it_for_a_moment(hall: Hall) -> None:
    empty = flow.started(hall=None, idle_s=25, ticket_s=8, now_s=0)
    assert empty.screen == flow.Away(why=flow.Pause.STARTING)
    known = flow.started(hall=HallView(day="2026-11-21", hall=hall), idle_s=25, ticket_s=8, now_s=0)
    assert shows(known) == "Home"
    assert after(known, flow.Ticked(), now_s=5)[0].screen == flow.Away(why=flow.Pause.AWAY)


def test_before_the_day_is_opened_no_numbers_are_taken(kiosk: Kiosk, hall: Hall) -> None:
    early, _ = after(kiosk, HallView(day=None, hall=hall))
    assert early.screen == flow.Away(why=flow.Pause.NO_DAY)
    assert shows(after(early, HallView(day="2026-11-21", hall=hall))[0]) == "Home"


def test_a_service_that_is_taken_away_takes_its_screen_along(kiosk: Kiosk, hall: Hall) -> None:
    confirm, _ = after(kiosk, "service:solar")
    fewer = msgspec.structs.replace(hall, services=hall.services[:6])
    assert after(confirm, HallView(day="2026-11-21", hall=fewer))[0].screen == flow.Home()


def test_queues_change_figures_and_no_screen(kiosk: Kiosk) -> None:
    row = QueueRow(service="pay", waiting=8, wait_low_min=9, wait_high_min=12, last_called=None)
    confirm, _ = after(kiosk, "service:pay", QueuesView(queues=(row,)))
    assert shows(confirm) == "Confirm"
    assert confirm.queue("pay") == row
