"""Numbers after a restore: above all that kiosks have printed, whatever the journal has lost."""

import pytest

from broker.contract.messages import Done, PastLast, ResumeNumbers, Role, TakeTicket, TicketTaken

from .floor import NEW, TODAY, Floor, a_hall, a_service

OWN = Role.DISPATCHER.value


def next_ticket(floor: Floor) -> str:
    taken = floor.ask(TakeTicket(id=floor.id(), service="bill"), node="kiosk-1")
    assert isinstance(taken, TicketTaken), taken
    return taken.ticket


def resumed(floor: Floor, ticket: str, *, day: str = TODAY, service: str = "bill") -> int:
    before = floor.state.seq
    answer = floor.ask(ResumeNumbers(id=floor.id(), day=day, last={service: ticket}), node=OWN)
    assert isinstance(answer, Done)
    return floor.state.seq - before


@pytest.mark.parametrize(
    ("rules", "printed", "then"),
    [
        ({}, "A057", "A058"),
        ({"step": 5}, "A056", "A061"),
        ({"last": 60, "past_last": PastLast.EXTRA, "extra_prefix": "E"}, "E007", "E008"),
        ({"last": 60, "past_last": PastLast.EXTRA, "extra_prefix": "E"}, "A060", "E001"),
        ({}, "A001", "A003"),  # of before the copy
        ({}, "A1057", "A003"),  # a kiosk's own number, given without the hall
        ({}, "B057", "A003"),  # another service's
        ({}, "nonsense", "A003"),
        ({}, "A", "A003"),
    ],
)
def test_numbers_go_on_above_what_was_printed(rules: dict[str, object], printed: str, then: str) -> None:
    floor = Floor(a_hall(services=(a_service("bill", "A", **rules), NEW)))
    next_ticket(floor)
    next_ticket(floor)
    resumed(floor, printed)
    assert next_ticket(floor) == then


def test_what_is_known_already_makes_no_event() -> None:
    floor = Floor(a_hall(services=(a_service("bill", "A"), NEW)))
    next_ticket(floor)
    assert resumed(floor, "A001") == 0
    assert resumed(floor, "A900", day="2026-11-20") == 0
    assert resumed(floor, "A900", service="gone") == 0
    assert next_ticket(floor) == "A002"


@pytest.mark.parametrize(
    ("rules", "given", "shown"),
    [
        ({}, 0, None),
        ({}, 2, "A002"),
        ({"step": 5}, 2, "A006"),
        ({"first": 100, "last": 999}, 1, "A100"),
        ({"last": 2, "past_last": PastLast.EXTRA, "extra_prefix": "E"}, 3, "E001"),
    ],
)
def test_the_hall_shows_which_number_it_gave_last_wherever_it_was_taken(
    rules: dict[str, object], given: int, shown: str | None
) -> None:
    floor = Floor(a_hall(services=(a_service("bill", "A", **rules), NEW)))
    for _ in range(given):
        taken = floor.ask(TakeTicket(id=floor.id(), service="bill"), node="kiosk-1")
        assert isinstance(taken, TicketTaken)
    rows = {row.service: row for row in floor.queues().queues}
    assert (rows["bill"].last_given, rows["new"].last_given) == (shown, None)
