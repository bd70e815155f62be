"""What a kiosk remembers of the hall's numbers, for a hall that must be restored."""

from datetime import UTC, datetime
from pathlib import Path

from broker.contract.messages import GivenNumbers, TicketTaken
from kiosk.last_numbers import LastNumbers


def taken(ticket: str, *, day: str = "2026-11-22", service: str = "bill") -> TicketTaken:
    at = datetime(2026, 11, 22, 1, tzinfo=UTC)
    return TicketTaken(
        id="k-1", visit=f"{day}-{ticket}", ticket=ticket, service=service, ahead=0, wait_low_min=None,
        wait_high_min=None, issued_at=at,
    )  # fmt: skip


def test_the_last_number_of_each_service_outlives_the_program(tmp_path: Path) -> None:
    numbers = LastNumbers(tmp_path / "numbers.json")
    for each in (taken("A001"), taken("A002"), taken("B001", service="new")):
        numbers.note(each)
    numbers.sync()
    assert LastNumbers(tmp_path / "numbers.json").now == GivenNumbers(
        day="2026-11-22", last={"bill": "A002", "new": "B001"}
    )


def test_a_new_day_begins_a_new_list(tmp_path: Path) -> None:
    numbers = LastNumbers(tmp_path / "numbers.json")
    numbers.note(taken("A044"))
    assert numbers.note(taken("B001", day="2026-11-23", service="new")).last == {"new": "B001"}


def test_a_torn_file_is_no_reason_not_to_open(tmp_path: Path) -> None:
    (tmp_path / "numbers.json").write_bytes(b'{"day":"2026-')
    numbers = LastNumbers(tmp_path / "numbers.json")
    assert numbers.now is None
    assert numbers.note(taken("A003")).last == {"bill": "A003"}
