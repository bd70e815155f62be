"""Everybody leaves the hall: the kiosk says so whatever it showed, once the customer's slip is out."""

import pytest

from broker.contract.messages import Hall, HallView, TicketTaken
from kiosk import flow
from kiosk.flow import Kiosk

from .test_flow import AWAY, NO_PAPER, PRINTED, Step, after

LEAVE = flow.Away(why=flow.Pause.EVACUATION)


def view(hall: Hall, *, evacuation: bool) -> HallView:
    return HallView(day="2026-11-21", hall=hall, evacuation=evacuation)


@pytest.mark.parametrize(
    "steps",
    [(), ("service:new",), ("help",), ("missed",), (NO_PAPER, "service:new"), ("language:en", "large"), (AWAY,)],
)
def test_whatever_it_shows_it_says_leave_and_takes_no_number_until_it_ends(
    kiosk: Kiosk, hall: Hall, steps: tuple[Step, ...]
) -> None:
    leaving, _ = after(kiosk, *steps, view(hall, evacuation=True))
    assert (leaving.screen, leaving.language) == (LEAVE, None)
    touched, wishes = after(leaving, "service:new", "take", "home")
    assert (touched.screen, wishes) == (LEAVE, [])
    back, _ = after(touched, flow.HallHere(here=True), view(hall, evacuation=False))
    assert back.screen == flow.Home()


def test_a_slip_that_is_on_its_way_comes_out_first(kiosk: Kiosk, hall: Hall, b014: TicketTaken) -> None:
    taken = flow.Answered(answer=b014)
    printing, wishes = after(kiosk, "service:new", "take", view(hall, evacuation=True), taken)
    assert [type(wish) for wish in wishes] == [flow.Take, flow.PrintSlip]
    assert isinstance(printing.screen, flow.Ticket)
    assert after(printing, PRINTED)[0].screen == LEAVE
