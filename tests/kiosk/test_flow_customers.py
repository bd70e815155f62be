"""Which screen follows a booking's code, and the question who the customer is."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from broker.contract.messages import (
    BookingFound,
    Hall,
    HallView,
    Identity,
    IdentityKind,
    Node,
    OfflineNumbers,
    Refused,
    Role,
    Standing,
    TicketTaken,
)
from hardware.devices import PaperState
from kiosk import flow
from kiosk.flow import Happening, Kiosk, Touched, Wish

AT = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
FOUND = BookingFound(id="1", code="482913", service="new", at=AT, standing=Standing.ON_TIME)
CODE = [f"digit:{digit}" for digit in "482913"]
ACCOUNT = "1101051949"
ID_CARD = "11010519491231002X"  # the example of GB 11643-1999
Step = Happening | str


def after(kiosk: Kiosk, *steps: Step, now_s: float = 101) -> tuple[Kiosk, list[Wish]]:
    wishes = []
    for step in steps:
        happening = Touched(key=step) if isinstance(step, str) else step
        kiosk, wish = flow.follow(kiosk, happening, now_s)
        wishes += [wish] if wish is not None else []
    return kiosk, wishes


def shows(kiosk: Kiosk) -> str:
    screen = kiosk.screen
    return screen.reason if isinstance(screen, flow.Declined) else type(screen).__name__


def answered(answer: Any) -> flow.Answered:
    return flow.Answered(answer=answer)


@pytest.fixture
def booking(kiosk: Kiosk, hall: Hall) -> Kiosk:
    """At home in a hall that takes bookings."""
    return after(kiosk, HallView(day="2026-11-21", hall=structs.replace(hall, bookings=True)))[0]


def asking(kiosk: Kiosk, hall: Hall, kind: IdentityKind = IdentityKind.ACCOUNT, **more: Any) -> Kiosk:
    """Return a kiosk with its key in a hall that asks who customers are."""
    asked = structs.replace(hall, identity=Identity(kind=kind, **{"optional": ("new",), **more}))
    return replace(after(kiosk, HallView(day="2026-11-21", hall=asked))[0], can_hash=True)


# Bookings -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "screen"),
    [
        (("check_in",), "CheckIn"),
        (("check_in", "back"), "Home"),
        (("check_in", "home"), "Home"),
        (("check_in", *CODE[:5], "enter"), "CheckIn"),
        (("check_in", *CODE, "enter"), "Checking"),
        (("check_in", *CODE, "enter", "back", "home", "digit:1"), "Checking"),
        (("check_in", *CODE, "enter", answered(FOUND)), "Confirm"),
        (("check_in", *CODE, "enter", answered(FOUND), "back"), "CheckIn"),
        (("check_in", *CODE, "enter", answered(FOUND), "home"), "Home"),
        (("check_in", *CODE, "enter", answered(FOUND), "take"), "Taking"),
        (("check_in", *CODE, "enter", answered(Refused(id="1", reason="unknown_booking"))), "unknown_booking"),
        (("check_in", *CODE, "enter", answered(Refused(id="1", reason="unknown_booking")), "back"), "CheckIn"),
        (("check_in", *CODE, "enter", answered(None)), "unanswered"),
        (("check_in", *CODE, "enter", answered(structs.replace(FOUND, service="gone"))), "unknown_service"),
        (("check_in", flow.HallHere(here=False)), "Away"),
        (("check_in", flow.Scanned(text="HC1:B:482913")), "Checking"),
        ((flow.Scanned(text="482913"),), "Checking"),
        ((flow.Scanned(text="HC1:B:48"),), "Unread"),
        ((flow.Scanned(text="HC1:B:ABCDEF"),), "unknown_booking"),
        ((flow.PaperSeen(paper=PaperState.OUT), flow.Scanned(text="HC1:B:482913")), "NoPaper"),
    ],
)
def test_each_step_of_a_check_in_leads_to_its_screen(booking: Kiosk, steps: tuple[Step, ...], screen: str) -> None:
    assert shows(after(booking, *steps)[0]) == screen


def test_the_code_is_asked_for_once_and_the_ticket_names_it(booking: Kiosk) -> None:
    _, wishes = after(booking, "check_in", *CODE, "enter", "enter", answered(FOUND), "take", "take")
    assert [type(wish).__name__ for wish in wishes] == ["Check", "Take"]
    assert [getattr(wish, "code", None) or getattr(wish, "booking", None) for wish in wishes] == ["482913", "482913"]


@pytest.mark.parametrize(
    "steps",
    [
        ("home", "service:new"),
        ("back", "back", "service:new"),
        ("back", *CODE, "enter", answered(Refused(id="2", reason="booking_used")), "home", "service:new"),
    ],
)
def test_whoever_leaves_a_booking_takes_an_ordinary_number(booking: Kiosk, steps: tuple[Step, ...]) -> None:
    _, wishes = after(booking, "check_in", *CODE, "enter", answered(FOUND), *steps, "take")
    assert isinstance(wishes[-1], flow.Take)
    assert wishes[-1].booking is None


def test_a_hall_that_takes_no_bookings_has_no_page_for_them(kiosk: Kiosk) -> None:
    assert shows(after(kiosk, "check_in")[0]) == "Home"
    assert shows(after(kiosk, flow.Scanned(text="HC1:B:482913"))[0]) == "no_bookings"


@pytest.mark.parametrize("step", ["check_in", flow.Scanned(text="HC1:B:482913")])
def test_without_the_hall_no_code_can_be_looked_up_and_ordinary_numbers_go_on(
    booking: Kiosk, hall: Hall, step: Step
) -> None:
    own = Node(id="kiosk-1", role=Role.KIOSK, offline=OfflineNumbers(first=1001, last=1099))
    alone = structs.replace(hall, bookings=True, nodes=(own,))
    kiosk = replace(booking, hall=alone, node="kiosk-1")
    kiosk, wishes = after(kiosk, flow.HallHere(here=False), step)
    assert (shows(kiosk), wishes) == ("booking_alone", [])
    assert shows(after(kiosk, "home", "service:new", "take")[0]) == "Taking"
    typing, _ = after(replace(booking, hall=alone, node="kiosk-1"), "check_in", "digit:4", flow.HallHere(here=False))
    assert shows(typing) == "booking_alone"


def test_a_booking_is_nobodys_once_the_customer_is_gone(booking: Kiosk) -> None:
    kiosk, _ = after(booking, "check_in", *CODE, "enter", answered(FOUND))
    kiosk, _ = after(kiosk, flow.Ticked(), now_s=101 + 25)
    assert kiosk.asking
    kiosk, _ = after(kiosk, flow.Ticked(), now_s=101 + 45)
    assert (shows(kiosk), kiosk.booking, kiosk.is_untouched) == ("Home", None, True)


# Who the customer is --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "screen"),
    [
        ((), "Identify"),
        (("back",), "Confirm"),
        (("home",), "Home"),
        (("skip",), "Taking"),
        (("enter",), "Identify"),
        (ACCOUNT[:9], "Identify"),
        (ACCOUNT, "Taking"),
        (ACCOUNT + "123", "Taking"),
        (ACCOUNT + "12", "Identify"),
        (ACCOUNT + "123456", "Taking"),  # no more than thirteen are taken
        ((flow.Scanned(text=ACCOUNT),), "Taking"),
        ((flow.CardRead(number=ACCOUNT),), "Taking"),
        ((flow.Scanned(text="A012"),), "Identify"),
    ],
)
def test_each_step_of_saying_who_one_is(kiosk: Kiosk, hall: Hall, typed: Any, screen: str) -> None:
    steps = [f"digit:{each}" for each in typed] + ["enter"] if isinstance(typed, str) else [*typed]
    assert shows(after(asking(kiosk, hall), "service:new", "take", *steps)[0]) == screen


def test_the_number_goes_to_the_node_alone_and_the_screen_keeps_its_last_four(kiosk: Kiosk, hall: Hall) -> None:
    steps = [f"digit:{each}" for each in ACCOUNT]
    kiosk, wishes = after(asking(kiosk, hall), "service:new", "take", *steps, "enter")
    assert [getattr(wish, "identity", None) for wish in wishes] == [ACCOUNT]
    assert isinstance(kiosk.screen, flow.Taking)
    assert kiosk.screen.masked == "••••••1949"
    assert ACCOUNT not in repr((kiosk, wishes))


def test_where_it_is_required_it_cannot_be_skipped(kiosk: Kiosk, hall: Hall) -> None:
    kiosk = asking(kiosk, hall, optional=(), required=("new",))
    assert shows(after(kiosk, "service:new", "take", "skip")[0]) == "Identify"


@pytest.mark.parametrize("more", [{"can_hash": False}, {"here": False}])
def test_a_kiosk_without_its_key_or_its_hall_asks_nobody(kiosk: Kiosk, hall: Hall, more: dict[str, Any]) -> None:
    own = Node(id="kiosk-1", role=Role.KIOSK, offline=OfflineNumbers(first=1001, last=1099))
    kiosk = asking(kiosk, structs.replace(hall, nodes=(own,)))
    assert shows(after(replace(kiosk, node="kiosk-1", **more), "service:new", "take")[0]) == "Taking"


def test_an_id_number_with_a_wrong_last_character_is_told_and_a_card_is_read(kiosk: Kiosk, hall: Hall) -> None:
    kiosk = asking(kiosk, hall, IdentityKind.ID_CARD)
    typed, wishes = after(
        kiosk, "service:new", "take", "digit:X", *(f"digit:{each}" for each in ID_CARD[:17]), "digit:1", "enter"
    )
    assert isinstance(typed.screen, flow.Identify)
    assert (typed.screen.is_wrong, wishes) == (True, [])
    mended, wishes = after(typed, "delete", "digit:X", "enter")
    assert (shows(mended), [getattr(wish, "identity", None) for wish in wishes]) == ("Taking", [ID_CARD])
    read, _ = after(kiosk, "service:new", "take", flow.CardRead(number=ID_CARD.lower()))
    assert shows(read) == "Taking"
    assert shows(after(kiosk, flow.CardRead(number=ID_CARD))[0]) == "Home"


def test_a_refused_limit_is_told(kiosk: Kiosk, hall: Hall) -> None:
    limit = Refused(id="1", reason="person_limit", args={"most": 2, "day": "2026-11-23"})
    assert shows(after(asking(kiosk, hall), "service:new", "take", "skip", answered(limit))[0]) == "person_limit"


def test_a_booked_customer_says_who_he_is_and_both_go_together(kiosk: Kiosk, hall: Hall, b014: TicketTaken) -> None:
    kiosk = asking(kiosk, structs.replace(hall, bookings=True))
    steps: list[Step] = [
        "check_in",
        *CODE,
        "enter",
        answered(FOUND),
        "take",
        *(f"digit:{each}" for each in ACCOUNT),
        "enter",
    ]
    kiosk, wishes = after(kiosk, *steps)
    take = wishes[-1]
    assert isinstance(take, flow.Take)
    assert (take.booking, take.identity) == ("482913", ACCOUNT)
    assert shows(after(kiosk, answered(b014))[0]) == "Ticket"


KEYS = ["check_in", "service:new", "take", "enter", "skip", "back", "delete", "home", "digit:X"]


@given(st.lists(st.sampled_from([*KEYS, *(f"digit:{each}" for each in "0123456789")]), max_size=40), st.integers(0, 3))
def test_whatever_is_touched_nobody_is_asked_twice_and_home_forgets_all(
    hall: Hall, keys: list[str], answers: int
) -> None:
    kiosk = flow.started(hall=None, idle_s=25, ticket_s=8, now_s=100, paper=PaperState.OK, can_hash=True)
    asked = structs.replace(
        hall, bookings=True, identity=Identity(kind=IdentityKind.ID_CARD, optional=("new",)), services=hall.services[:2]
    )
    kiosk, _ = after(kiosk, HallView(day="2026-11-21", hall=asked), flow.HallHere(here=True))
    waits = 0
    for key in keys:
        kiosk, wishes = after(kiosk, key)
        waits += len(wishes)
        if isinstance(kiosk.screen, flow.Checking | flow.Taking) and waits % 4 == answers:
            kiosk, _ = after(kiosk, answered(FOUND if isinstance(kiosk.screen, flow.Checking) else None))
    while isinstance(kiosk.screen, flow.Checking | flow.Taking):
        kiosk, _ = after(kiosk, answered(None))
    kiosk, _ = after(kiosk, "home")
    assert (kiosk.booking, kiosk.screen, kiosk.is_untouched) == (None, flow.Home(), True)
