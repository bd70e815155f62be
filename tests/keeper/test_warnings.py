"""Which lines of a box's journal the hall is told, as what, how often, and without anybody's name or number."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broker.contract.messages import BoxLog
from broker.discretion import struck
from keeper import notebook
from keeper.journald import Entry, entry, warning
from keeper.notebook import KEPT, PAGE, Notes

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
KERNEL: dict[str, object] = {
    "__CURSOR": "s=1;i=2", "__REALTIME_TIMESTAMP": "1795338000123456", "_TRANSPORT": "kernel", "PRIORITY": "3",
    "SYSLOG_IDENTIFIER": "kernel", "MESSAGE": "blk_update_request: I/O error, dev mmcblk0, sector 1953",
}  # fmt: skip
OURS: dict[str, object] = {
    "__CURSOR": "s=1;i=3", "__REALTIME_TIMESTAMP": "1795338001000000", "_TRANSPORT": "stdout", "PRIORITY": "6",
    "_SYSTEMD_UNIT": "hallcall-counter@box-1.service",
    "MESSAGE": "WARNING counter.wiring: pads: no answer from 3; check its cable",
}  # fmt: skip


def read(fields: dict[str, object]) -> Entry:
    made = entry(json.dumps(fields))
    assert made is not None
    return made


def told(fields: dict[str, object], **others: object) -> tuple[str, int, str] | None:
    passed = warning(read({**fields, **others}))
    return (passed.unit, passed.priority, passed.text) if passed is not None else None


def test_the_kernel_s_errors_are_told_and_its_chatter_is_not() -> None:
    assert told(KERNEL) == ("kernel", 3, "blk_update_request: I/O error, dev mmcblk0, sector 1953")
    assert told(KERNEL, PRIORITY="6", MESSAGE="hwmon hwmon1: Undervoltage detected!") is not None
    assert told(KERNEL, PRIORITY="6", MESSAGE="usb 1-1: new full-speed USB device number 4") is None
    assert told(KERNEL, PRIORITY="3", MESSAGE="ACPI BIOS Error (bug): Could not resolve symbol") is None


def test_our_programs_lines_have_the_priority_that_they_begin_with() -> None:
    unit = "hallcall-counter@box-1.service"
    assert told(OURS) == (unit, 4, "counter.wiring: pads: no answer from 3; check its cable")
    assert told(OURS, MESSAGE="ERROR counter: torn") == (unit, 3, "counter: torn")
    assert told(OURS, MESSAGE="INFO counter: here") is None
    assert told(OURS, MESSAGE="Traceback (most recent call last):") == (unit, 3, "ended with a Python error")


def test_what_systemd_says_of_our_units_is_told_and_other_people_s_services_are_not() -> None:
    of_systemd: dict[str, object] = {"_SYSTEMD_UNIT": "init.scope", "UNIT": "hallcall-kiosk@k.service", "PRIORITY": "4"}
    assert told(OURS, **of_systemd, MESSAGE="Failed with result 'watchdog'.") is not None
    assert told(OURS, _SYSTEMD_UNIT="cups.service", PRIORITY="3") is None


@pytest.mark.parametrize("line", ["", "{", "[]", "{}", '{"__CURSOR": "x", "__REALTIME_TIMESTAMP": "soon"}'])
def test_what_is_no_line_of_the_journal_is_passed_over(line: str) -> None:
    assert entry(line) is None


def test_a_line_that_is_no_text_is_read_all_the_same() -> None:
    assert read({**KERNEL, "MESSAGE": [73, 47, 79, 255]}).text == "I/O\ufffd"
    assert read({**KERNEL, "MESSAGE": None}).text == ""


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ('dropped: cmd/k: bad; first bytes b\'{"reason": "Zhang San, 13800138000"}\'', "dropped: cmd/k: bad; …"),
        ("booking of 13800138000 refused", "booking of … refused"),
        ("booking of +86 138-0013-8000 refused", "booking of … refused"),
        ("ID 11010519491231002X is no number", "ID … is no number"),
        ("person 0123456789abcdef01234567 waits twice", "person … waits twice"),
        ("note of zhang@example.com", "note of …"),
        ('reason="wants Mr Li" is too long', "reason=… is too long"),
        ("请张三到1号窗口 is no service", "…1… is no service"),
        ("A1001 at counter 3: no paper; 2 lines", "A1001 at counter 3: no paper; 2 lines"),
        ("certificate of kiosk-1 ends on 2027-11-21", "certificate of kiosk-1 ends on 2027-11-21"),
        ("mmc0: error -110 whilst initialising SD card", "mmc0: error -110 whilst initialising SD card"),
        ("two\nlines", "two lines"),
    ],
)
def test_nobody_s_name_or_number_leaves_the_box(line: str, left: str) -> None:
    assert struck(line) == left


def line(text: str, *, minutes: float = 0, unit: str = "kernel") -> Entry:
    return Entry(cursor="c", at=AT + timedelta(minutes=minutes), unit=unit, priority=4, text=text)


def written(*entries: Entry) -> Notes:
    notes = Notes(run="r")
    for each in entries:
        notes = notes.noted(each)
    return notes


def test_the_same_again_within_the_hour_is_counted_and_later_it_is_news() -> None:
    notes = written(*(line(f"error at {n}", minutes=n) for n in range(5)), line("error at 9", minutes=61))
    assert [(each.text, each.count) for each in notes.warnings] == [("error at 4", 5), ("error at 9", 1)]
    assert len(written(line("error", unit="a"), line("error", unit="b")).warnings) == 2


def test_a_storm_is_bounded_and_its_newest_are_kept() -> None:
    notes = written(*(line("error", unit=f"unit{n}") for n in range(KEPT + 50)))
    assert len(notes.warnings) == KEPT
    assert notes.warnings[-1].number == KEPT + 50
    assert notes.untold[0] == notes.warnings[0].number


def heard(notes: Notes) -> tuple[list[BoxLog], Notes]:
    pages = []
    while (page := notes.page("k1")) is not None:
        pages.append(page)
        notes = notes.told(page)
    return pages, notes


def test_all_is_told_in_pages_and_the_last_page_has_the_newest() -> None:
    pages, notes = heard(written(*(line("error " + "x" * n) for n in range(PAGE * 2 + 3))))
    numbers = [each.number for page in pages for each in page.warnings]
    assert set(numbers) == set(range(1, PAGE * 2 + 4))
    assert [each.number for each in pages[-1].warnings] == list(range(PAGE + 4, PAGE * 2 + 4))
    assert notes.page("k1") is None
    again, _ = heard(notes.anew())
    assert again[-1] == pages[-1]


def test_what_grew_while_it_was_told_is_told_again() -> None:
    notes = written(line("error 1"))
    page = notes.page("k1")
    assert page is not None
    grown = notes.noted(line("error 2")).told(page)
    last = grown.page("k1")
    assert last is not None
    assert [each.count for each in last.warnings] == [2]


def test_notes_survive_a_power_cut_and_a_torn_file_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "warnings.json"
    notes = written(line("error")).read(line("chatter"))
    notebook.save(path, notes)
    assert notebook.load(path, run="other") == notes
    path.write_bytes(b'{"run": ')
    assert notebook.load(path, run="other") == Notes(run="other")
