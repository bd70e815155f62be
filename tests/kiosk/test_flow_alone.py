"""The hall is away: a kiosk with numbers of its own goes on, and says nothing that nobody knows."""

from dataclasses import replace

import pytest
from msgspec import structs

from broker.contract.messages import HallView, OfflineNumbers, QueueRow, QueuesView, TicketTaken
from hardware.devices import PaperState as Paper
from hardware.devices import Printed, PrintResult
from kiosk import flow

OWN = OfflineNumbers(first=1001, last=1099)


def with_own_numbers(kiosk: flow.Kiosk) -> flow.Kiosk:
    assert kiosk.hall is not None
    nodes = tuple(structs.replace(each, offline=OWN if each.id == "kiosk-1" else None) for each in kiosk.hall.nodes)
    return replace(kiosk, node="kiosk-1", hall=structs.replace(kiosk.hall, nodes=nodes))


def after(kiosk: flow.Kiosk, *happenings: flow.Happening) -> flow.Kiosk:
    for happening in happenings:
        kiosk, _ = flow.follow(kiosk, happening, 100)
    return kiosk


AWAY, BACK = flow.HallHere(here=False), flow.HallHere(here=True)


def test_a_kiosk_without_numbers_of_its_own_pauses_and_one_with_them_goes_on(kiosk: flow.Kiosk) -> None:
    assert after(kiosk, AWAY).screen == flow.Away(why=flow.Pause.AWAY)
    alone = after(with_own_numbers(kiosk), AWAY)
    assert (alone.screen, alone.is_alone) == (flow.Home(), True)
    assert not after(alone, BACK).is_alone


@pytest.mark.parametrize("screen", [flow.Confirm(service="pay"), flow.Missed(prefix="A", digits="01")])
def test_whoever_is_choosing_goes_on_choosing(kiosk: flow.Kiosk, screen: flow.Screen) -> None:
    assert after(replace(with_own_numbers(kiosk), screen=screen), AWAY).screen == screen


def test_of_a_hall_that_is_away_no_wait_is_shown_and_only_what_is_closed_for_good_stays_shut(
    kiosk: flow.Kiosk,
) -> None:
    closing = QueueRow(service="solar", waiting=3, wait_low_min=1, wait_high_min=2, last_called="L001", closed=True)
    alone = after(replace(with_own_numbers(kiosk), queues=(*kiosk.queues, closing)), AWAY)
    shut = structs.replace(closing, waiting=0, wait_low_min=None, wait_high_min=None, last_called=None)
    assert alone.queues == (shut,)
    assert after(alone, QueuesView(queues=kiosk.queues)).queues == ()  # the broker kept it from before
    assert after(alone, BACK, QueuesView(queues=kiosk.queues)).queues == kiosk.queues


def test_it_starts_in_the_morning_with_the_hall_of_yesterday(kiosk: flow.Kiosk) -> None:
    own = with_own_numbers(kiosk).hall
    assert own is not None
    begun = flow.started(
        hall=HallView(day="2026-11-20", hall=own), idle_s=25, ticket_s=8, now_s=100, paper=Paper.OK, node="kiosk-1"
    )
    alone, _ = flow.follow(begun, flow.Ticked(), 100 + flow.CONNECT_S)
    assert (alone.screen, alone.is_alone) == (flow.Home(), True)
    other, _ = flow.follow(replace(begun, node="kiosk-2"), flow.Ticked(), 100 + flow.CONNECT_S)
    assert other.screen == flow.Away(why=flow.Pause.AWAY)


def test_a_ticket_given_alone_is_printed_and_shown_like_any_other(kiosk: flow.Kiosk, b014: TicketTaken) -> None:
    alone = after(with_own_numbers(kiosk), AWAY, flow.Touched(key="service:new"), flow.Touched(key="take"))
    taken = structs.replace(b014, ticket="B1001", ahead=None, wait_low_min=None, wait_high_min=None)
    shown, wish = flow.follow(alone, flow.Answered(answer=taken), 101)
    assert isinstance(wish, flow.PrintSlip)
    assert wish.ticket.taken.ticket == "B1001"
    done = after(shown, flow.SlipDone(result=PrintResult(printed=Printed.YES, paper=Paper.OK)))
    assert isinstance(done.screen, flow.Ticket)
    assert done.screen.slip is Printed.YES
