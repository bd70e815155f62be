"""Which screen follows which touch, view, answer and wait."""

from dataclasses import replace

import msgspec
import pytest

from broker.contract.messages import Hall, HallView, Language, QueueRow, QueuesView, Refused, TicketTaken
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
    assert [wish.language for wish in wishes] == [Language.EN, Language.EN]


@pytest.fixture
def printing(kiosk: Kiosk, b014: TicketTaken) -> Kiosk:
    return after(kiosk, "service:new", "take", flow.Answered(answer=b014))[0]


def test_the_number_stands_there_while_the_slip_is_printed_and_touches_do_not_hide_it(printing: Kiosk) -> None:
    kiosk, _ = after(printing, "home", "service:pay", flow.Ticked(), now_s=109)
    assert isinstance(kiosk.screen, flow.Ticket)
    assert kiosk.screen.slip is None


def test_a_printed_ticket_is_shown_for_its_seconds_then_the_next_customer_finds_home_in_both_languages(
    printing: Kiosk,
) -> None:
    printing = replace(printing, language=Language.EN, large=True)
    shown, _ = after(printing, PRINTED, now_s=110)
    assert shows(after(shown, flow.Ticked(), now_s=117.9)[0]) == "Ticket"
    home, _ = after(shown, flow.Ticked(), now_s=118)
    assert (shows(home), home.language, home.large) == ("Home", None, False)


def test_whoever_has_the_slip_may_go_at_once(printing: Kiosk) -> None:
    assert shows(after(printing, PRINTED, "home")[0]) == "Home"


def test_a_slip_that_perhaps_came_out_leaves_the_number_standing_longer(printing: Kiosk) -> None:
    shown, _ = after(printing, PERHAPS, now_s=110)
    assert shows(after(shown, flow.Ticked(), now_s=134)[0]) == "Ticket"
    assert shows(after(shown, flow.Ticked(), now_s=135)[0]) == "Home"


def test_a_torn_slip_is_said_to_be_void_and_stays_said_when_paper_is_back(printing: Kiosk) -> None:
    torn, _ = after(printing, TORN)
    assert torn.screen == flow.NoPaper(paper=PaperState.OUT, voided="B014")
    assert after(torn, flow.PaperSeen(paper=PaperState.OK))[0].screen == torn.screen


def test_a_number_once_shown_stays_when_the_dispatcher_goes_away(printing: Kiosk) -> None:
    gone, _ = after(printing, AWAY)
    assert shows(gone) == "Ticket"
    assert shows(after(gone, PRINTED, "home")[0]) == "Away"


@pytest.mark.parametrize("touch", ["service:new", "language:en", "large", "more"])
def test_a_kiosk_left_alone_goes_back_to_how_the_next_customer_expects_it(kiosk: Kiosk, touch: str) -> None:
    touched, _ = after(kiosk, touch, now_s=200)
    assert after(touched, flow.Ticked(), now_s=224.9)[0] == touched
    home, _ = after(touched, flow.Ticked(), now_s=225)
    assert (home.screen, home.language, home.large) == (flow.Home(), None, False)


def test_a_language_touched_twice_is_given_back(kiosk: Kiosk) -> None:
    assert after(kiosk, "language:en", "language:en")[0].language is None
    assert after(kiosk, "language:en", "language:zh")[0].language is Language.ZH


def test_more_services_than_a_page_holds_are_on_further_pages(kiosk: Kiosk) -> None:
    first, second = kiosk, after(kiosk, "more")[0]
    assert [service.id for service in flow.services_shown(first, 0)][-1] == "invoice"
    assert [service.id for service in flow.services_shown(second, 1)] == ["solar"]
    assert after(second, "more")[0].screen == flow.Home(page=0)


def test_large_text_shows_four_services_and_back_finds_the_page_again(kiosk: Kiosk) -> None:
    large, _ = after(kiosk, "large", "more", "service:complain", "back")
    assert large.screen == flow.Home(page=1)
    assert len(flow.services_shown(large, 0)) == 4


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
