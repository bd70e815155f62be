"""Calls that may come next."""

from datetime import UTC, datetime

from broker.contract.messages import AnyEvent, Language, Outcome, Recorded, TicketCalled, TicketIssued, VisitEnded
from display.foresight import Foresight

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def issued(ticket: str, service: str = "bill") -> TicketIssued:
    return TicketIssued(
        visit=f"v-{ticket}",
        ticket=ticket,
        service=service,
        number=1,
        language=Language.ZH,
        node="kiosk-1",
        ahead=0,
        wait_low_min=None,
        wait_high_min=None,
    )


def called(ticket: str, counter: int, service: str = "bill") -> TicketCalled:
    return TicketCalled(
        call=f"c-{ticket}",
        visit=f"v-{ticket}",
        ticket=ticket,
        service=service,
        counter=counter,
        zone="main",
        language=Language.ZH,
        rule="fcfs",
        waited_s=9,
    )


def likely(*events: AnyEvent) -> list[tuple[str, int]]:
    foresight = Foresight()
    for event in events:
        foresight = foresight.heard(Recorded(epoch=1, seq=1, at=NOON, event=event))
    return [(each.ticket, each.counter) for each in foresight.likely()]


def test_the_next_three_of_each_service_may_go_to_the_counters_that_called_it_last() -> None:
    tickets = [issued(f"A00{n}") for n in range(1, 6)]
    assert likely(*tickets, called("A001", 3), called("A002", 5)) == [
        ("A003", 5),
        ("A003", 3),
        ("A004", 5),
        ("A004", 3),
        ("A005", 5),
        ("A005", 3),
    ]


def test_each_service_has_its_own_counters_and_its_first_ticket_comes_first() -> None:
    waiting = [issued("A001"), issued("A002"), issued("B001", "new"), issued("A003"), issued("B002", "new")]
    assert likely(*waiting, called("A001", 3), called("B001", 4, "new")) == [
        ("A002", 3),
        ("B002", 4),
        ("A003", 3),
    ]


def test_whoever_left_is_not_foreseen() -> None:
    gone = VisitEnded(visit="v-A002", ticket="A002", outcome=Outcome.CANCELLED)
    assert likely(issued("A001"), issued("A002"), called("A001", 3), gone) == []
