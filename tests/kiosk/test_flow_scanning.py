"""Which screen follows a code that a scanner has read, and what becomes of a number that waits again."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.contract.messages import Language, OfflineNumbers, Refused, Returned, TicketTaken
from hardware.devices import PaperState, Printed, PrintResult
from kiosk import flow
from kiosk.flow import Happening, Kiosk, Scanned, Touched, Wish

Step = Happening | str  # a plain text is a touch

SLIP = Scanned(text="HC1:T:2026-11-21-B014")
YESTERDAY = Scanned(text="HC1:T:2026-11-20-B014")
BARE = Scanned(text="b14")
FOREIGN = Scanned(text="https://qr.alipay.com/fkx0123")
IN_TIME = Returned(
    id="2",
    visit="2026-11-21-B014",
    ticket="B014",
    after_next=True,
    ahead=1,
    service="new",
    at=datetime(2026, 11, 21, 2, 10, tzinfo=UTC),
)
BACK = flow.Answered(answer=IN_TIME)
LATE = flow.Answered(answer=msgspec.structs.replace(IN_TIME, after_next=False, ahead=6))
STILL = flow.Answered(answer=Refused(id="2", reason="still_waits", args={"ticket": "B014"}))
PRINTED = flow.SlipDone(result=PrintResult(printed=Printed.YES, paper=PaperState.OK))
TORN = flow.SlipDone(result=PrintResult(printed=Printed.NO, paper=PaperState.OUT))
NO_PAPER = flow.PaperSeen(paper=PaperState.OUT)
AWAY = flow.HallHere(here=False)


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


@pytest.mark.parametrize("before", [(), ("service:new",), ("missed",), ("missed", "letters:B"), ("help",), (FOREIGN,)])
@pytest.mark.parametrize("code", [SLIP, BARE])
def test_a_slip_is_asked_about_at_once_wherever_the_customer_is(
    kiosk: Kiosk, before: tuple[Step, ...], code: Scanned
) -> None:
    shown, wishes = after(kiosk, *before, code)
    assert shows(shown) == "Returning"
    assert wishes == [flow.Return(ticket="B014")]


@pytest.mark.parametrize(
    ("code", "why"),
    [(FOREIGN, flow.Misread.UNKNOWN), (Scanned(text=""), flow.Misread.UNKNOWN), (YESTERDAY, flow.Misread.OTHER_DAY)],
)
def test_a_code_that_leads_nowhere_is_answered_kindly_and_asks_the_hall_nothing(
    kiosk: Kiosk, code: Scanned, why: flow.Misread
) -> None:
    shown, wishes = after(kiosk, code)
    assert shown.screen == flow.Unread(why=why)
    assert wishes == []
    assert shows(after(shown, "home")[0]) == "Home"


def test_from_a_code_that_was_not_read_the_number_can_be_typed(kiosk: Kiosk) -> None:
    assert shows(after(kiosk, FOREIGN, "missed")[0]) == "Missed"


def test_the_address_on_the_halls_own_slips_is_known(kiosk: Kiosk) -> None:
    own = replace(kiosk, public_url="https://q.example/t?n={ticket}")
    assert after(own, Scanned(text="https://q.example/t?n=B014"))[1] == [flow.Return(ticket="B014")]


@pytest.mark.parametrize("busy", [("service:new", "take"), (SLIP,), (SLIP, BACK)])
def test_a_scan_while_the_kiosk_is_busy_changes_nothing_but_a_note_that_goes_by_itself(
    kiosk: Kiosk, busy: tuple[Step, ...]
) -> None:
    before, _ = after(kiosk, *busy)
    noted, wishes = after(before, Scanned(text="B015"))
    assert wishes == []
    assert noted.screen == before.screen
    assert noted.noted_s == 101
    assert flow.due_at_s(noted) == 101 + flow.NOTE_S
    later, _ = after(noted, flow.Ticked(), now_s=101 + flow.NOTE_S)
    assert later.noted_s is None
    assert later.screen == before.screen


def test_a_slip_that_stays_before_the_scanner_counts_once(kiosk: Kiosk) -> None:
    shown, wishes = after(kiosk, SLIP)
    for tenth in range(1, 200):
        shown, more = after(shown, SLIP, *((BACK, PRINTED) if tenth == 5 else ()), now_s=101 + tenth / 10)
        wishes += [each for each in more if isinstance(each, flow.Return)]
        assert shown.noted_s is None
    assert wishes == [flow.Return(ticket="B014")]
    assert shows(shown) == "Back"
    assert after(shown, SLIP, now_s=130)[1] == [flow.Return(ticket="B014")]


@pytest.mark.parametrize(("answer", "wait"), [(BACK, None), (LATE, (15, 25))])
def test_the_new_place_is_printed_late_ones_with_the_minutes_to_expect(
    kiosk: Kiosk, answer: flow.Answered, wait: tuple[int, int] | None
) -> None:
    shown, wishes = after(kiosk, SLIP, answer)
    assert [type(wish) for wish in wishes] == [flow.Return, flow.PrintReturn]
    assert isinstance(shown.screen, flow.Back)
    assert (shown.screen.slip, shown.screen.wait_min) == (None, wait)
    assert shows(after(shown, "home")[0]) == "Back", "nobody else's slip may come in between"
    done, _ = after(shown, PRINTED)
    assert isinstance(done.screen, flow.Back)
    assert done.screen.slip is Printed.YES
    assert shows(after(done, "home")[0]) == "Home"


def test_a_printer_that_fails_undoes_no_return(kiosk: Kiosk) -> None:
    done, _ = after(kiosk, SLIP, BACK, TORN)
    assert done.screen == flow.Back(
        answer=IN_TIME, service=kiosk.service("new"), zone=done.hall.zones[0] if done.hall else None, slip=Printed.NO
    )


def test_without_paper_the_number_waits_again_and_nothing_is_printed(kiosk: Kiosk) -> None:
    shown, wishes = after(kiosk, NO_PAPER, SLIP, BACK)
    assert wishes == [flow.Return(ticket="B014")]
    assert isinstance(shown.screen, flow.Back)
    assert shown.screen.slip is Printed.NO


def test_a_typed_number_gets_its_slip_too(kiosk: Kiosk) -> None:
    _, wishes = after(kiosk, "missed", "letters:B", "digit:1", "digit:4", "enter", BACK)
    assert [type(wish) for wish in wishes] == [flow.Return, flow.PrintReturn]


def test_page_and_slip_are_in_the_tickets_language_unless_another_was_chosen(kiosk: Kiosk) -> None:
    english = flow.Answered(answer=msgspec.structs.replace(IN_TIME, language=Language.EN))
    shown, (_, wish) = after(kiosk, SLIP, english)
    assert shown.language is Language.EN
    assert isinstance(wish, flow.PrintReturn)
    assert wish.language is Language.EN
    chosen, _ = after(kiosk, "language:zh", SLIP, english)
    assert chosen.language is Language.ZH


def test_a_number_that_was_never_missed_is_told_so_and_can_be_typed_again(kiosk: Kiosk) -> None:
    shown, _ = after(kiosk, SLIP, STILL)
    assert isinstance(shown.screen, flow.Declined)
    assert shown.screen.reason == "still_waits"
    assert shows(after(shown, "back")[0]) == "Missed"


def test_whoever_comes_next_finds_nothing_of_the_one_before(kiosk: Kiosk, b014: TicketTaken) -> None:
    taken, _ = after(kiosk, "language:en", "large", "service:new", "take", flow.Answered(answer=b014), PRINTED)
    shown, _ = after(taken, Scanned(text="B009"))
    assert (shows(shown), shown.language, shown.large) == ("Returning", None, False)


def test_while_the_hall_is_away_no_number_is_let_wait_again(kiosk: Kiosk) -> None:
    assert shows(after(kiosk, AWAY, SLIP)[0]) == "Away"
    assert kiosk.hall is not None
    own = msgspec.structs.replace(kiosk.hall.nodes[0], offline=OfflineNumbers(first=1001, last=1099))
    hall = msgspec.structs.replace(kiosk.hall, nodes=(own,))
    alone, _ = after(replace(kiosk, node="kiosk-1", hall=hall), AWAY)
    for steps in ((SLIP,), ("missed", "letters:B", "digit:1", "enter")):
        shown, wishes = after(alone, *steps)
        assert shown.screen == flow.Unread(why=flow.Misread.AWAY)
        assert wishes == []


def test_a_scan_answers_still_there_and_is_done(kiosk: Kiosk) -> None:
    asked = replace(after(kiosk, "service:new")[0], asking=True)
    shown, wishes = after(asked, SLIP)
    assert (shown.asking, wishes) == (False, [flow.Return(ticket="B014")])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.sampled_from([SLIP, YESTERDAY, BARE, FOREIGN, BACK, LATE, STILL, PRINTED, TORN, NO_PAPER, AWAY]),
            st.sampled_from(["home", "back", "missed", "service:new", "take", "letters:B", "digit:1", "enter"]),
            st.builds(Scanned, text=st.text(max_size=30)),
        ),
        max_size=12,
    )
)
def test_whatever_is_scanned_when_each_wish_has_its_screen(kiosk: Kiosk, steps: list[Step]) -> None:
    now_s = 101.0
    for step in steps:
        now_s += 2
        kiosk, wishes = after(kiosk, step, now_s=now_s)
        for wish in wishes:
            if isinstance(wish, flow.Return):
                assert shows(kiosk) == "Returning"
            if isinstance(wish, flow.PrintReturn):
                assert kiosk.screen == wish.back
