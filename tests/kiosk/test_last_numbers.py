"""What a kiosk remembers of the hall's numbers, for a hall that must be restored."""

from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from broker.contract.messages import GivenNumbers, Hall, QueueRow, QueuesView, TicketTaken
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


def shows(last: str | None, *, day: str = "2026-11-22") -> QueuesView:
    row = QueueRow(service="bill", waiting=1, wait_low_min=None, wait_high_min=None, last_called=None, last_given=last)
    return QueuesView(queues=(row,), day=day)


def test_a_number_that_was_taken_at_a_desk_is_remembered_too(tmp_path: Path, small_hall: Hall) -> None:
    numbers = LastNumbers(tmp_path / "numbers.json")
    numbers.note(taken("A001"))
    assert numbers.seen(shows("A003"), small_hall) == GivenNumbers(day="2026-11-22", last={"bill": "A003"})
    assert numbers.note(taken("A002")).last == {"bill": "A003"}  # an answer that came late
    numbers.sync()
    known = LastNumbers(tmp_path / "numbers.json").now
    assert known is not None
    assert known.last == {"bill": "A003"}


def test_a_restored_hall_that_knows_less_takes_no_number_from_memory(tmp_path: Path, small_hall: Hall) -> None:
    numbers = LastNumbers(tmp_path / "numbers.json")
    numbers.note(taken("A044"))
    for less in ("A040", None):
        assert numbers.seen(shows(less), small_hall) is None
    assert numbers.seen(shows("A050", day="2026-11-21"), small_hall) is None
    assert numbers.now is not None
    assert numbers.now.last == {"bill": "A044"}


def test_numbers_under_the_extra_prefix_come_after_all_others(tmp_path: Path, small_hall: Hall) -> None:
    services = tuple(replace(each, extra_prefix="X") for each in small_hall.services)
    hall, numbers = replace(small_hall, services=services), LastNumbers(tmp_path / "numbers.json")
    numbers.note(taken("A999"))
    assert numbers.seen(shows("X001"), hall) is not None
    assert numbers.seen(shows("A998"), hall) is None
