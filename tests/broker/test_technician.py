"""The technician's page: who is let in, what is told, what the short report keeps to itself."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue

import pytest

from broker.ailments import Found, found
from broker.contract.messages import DeviceState, DeviceStatus, Language
from broker.technician import door
from broker.technician.desk import Desk
from broker.technician.door import Door, Stage
from broker.technician.pin import BrokenPin, drawn, hashed, is_right, line_of
from broker.technician.qr import squares
from broker.technician.settings import Technician
from broker.technician.sheet import LONGEST, all_found, counts, report, rows
from broker.technician.told import Told, leave, left
from broker.technician.wrong_pins import WrongPins

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
PRINTER = DeviceStatus(name="printer", state=DeviceState.FAULT, detail="no paper")


def after_taps(*at_s: float) -> Door:
    there = Door()
    for each in at_s:
        there = door.tapped(there, each)
    return there


def typed(there: Door, pin: str, now_s: float) -> Door:
    for digit in pin:
        there = door.pressed(there, f"digit:{digit}", now_s, pages=1)
    return door.pressed(there, "ok", now_s, pages=1)


def open_door() -> Door:
    return door.checked(typed(after_taps(1, 1.2, 1.4, 1.6, 1.8), "12345678", 3), 3, right=True)


def test_five_quick_touches_show_the_pad_and_slower_ones_do_not() -> None:
    assert after_taps(1, 1.5, 2, 2.5, 3).stage is Stage.PAD
    assert after_taps(1, 2, 3, 4, 5, 6, 7, 8).stage is Stage.SHUT
    assert after_taps(1, 1.5, 2, 2.5).stage is Stage.SHUT


def test_a_short_pin_is_not_even_looked_at() -> None:
    there = after_taps(1, 1, 1, 1, 1)
    assert typed(there, "12345", 2).stage is Stage.PAD
    assert typed(there, "123456", 2).stage is Stage.CHECKING


def test_five_wrong_pins_cost_a_minute_then_two_and_leaving_does_not_help() -> None:
    there = after_taps(1, 1, 1, 1, 1)
    for _ in range(5):
        assert there.wait_s(2) == 0
        there = door.checked(typed(there, "000000", 2), 2, right=False)
    assert there.wait_s(2) == 60
    assert typed(there, "123456", 30).stage is Stage.PAD
    there = door.pressed(there, "leave", 30, pages=1)
    for _ in range(5):
        there = door.tapped(there, 31)
    assert typed(there, "123456", 31).stage is Stage.PAD
    assert typed(there, "123456", 62).stage is Stage.CHECKING
    there = door.checked(typed(there, "000000", 62), 62, right=False)
    assert there.wait_s(62) == 120


def test_a_wrong_pin_counts_though_whoever_typed_it_has_left() -> None:
    there = door.pressed(typed(after_taps(1, 1, 1, 1, 1), "000000", 2), "leave", 2, pages=1)
    there = door.checked(there, 2, right=False)
    assert (there.stage, there.tries) == (Stage.SHUT, 1)


class Screen:
    """A screen whose program was just started, with whoever types at it; the clock is its machine's."""

    def __init__(self, place: Path, *, now_s: float) -> None:
        self.now_s = now_s
        self._looked: Queue[Callable[[], None]] = Queue()
        self.desk = Desk(
            Technician(pin_file=str(place / "pin"), findings=str(place / "findings.json")),
            node="kiosk-1",
            devices=tuple,
            wrong=WrongPins(place / "wrong-pins"),
            clock=lambda: self.now_s,
            now=lambda: NOW,
            later=self._looked.put,
            on_change=lambda: None,
        )
        for _ in range(5):
            self.desk.tap()

    def types(self, pin: str) -> Stage:
        for digit in pin:
            self.desk.press(f"digit:{digit}")
        self.desk.press("ok")
        if self.desk.seen().door.stage is Stage.CHECKING:
            self._looked.get(timeout=20)()
        return self.desk.seen().door.stage


def test_wrong_pins_are_remembered_when_the_program_is_started_anew(tmp_path: Path) -> None:
    (tmp_path / "pin").write_text(hashed("123456"), encoding="ascii")
    before = Screen(tmp_path, now_s=100)
    for _ in range(4):
        assert before.types("000000") is Stage.PAD
    assert Screen(tmp_path, now_s=5).desk.seen().wait_s == 0
    assert Screen(tmp_path, now_s=5).types("000001") is Stage.PAD
    after = Screen(tmp_path, now_s=3)
    assert after.desk.seen().wait_s == 60
    assert after.types("123456") is Stage.PAD
    after.now_s += 61
    assert after.types("123456") is Stage.OPEN
    assert Screen(tmp_path, now_s=1).desk.seen().wait_s == 0


def test_a_plug_that_is_pulled_while_a_pin_is_looked_at_gives_no_try(tmp_path: Path) -> None:
    (tmp_path / "pin").write_text(hashed("123456"), encoding="ascii")
    for tries in range(5):
        assert WrongPins(tmp_path / "wrong-pins").count() == tries
        Screen(tmp_path, now_s=1).types("000000")  # nobody hears how it ended
    assert Screen(tmp_path, now_s=1).desk.seen().wait_s == 60


def test_a_count_that_cannot_be_read_is_five(tmp_path: Path) -> None:
    (tmp_path / "wrong-pins").write_text("\x00" * 10, encoding="ascii")
    assert WrongPins(tmp_path / "wrong-pins").count() == 5


def test_a_right_pin_that_comes_after_the_door_was_shut_opens_nothing() -> None:
    there = door.pressed(typed(after_taps(1, 1, 1, 1, 1), "123456", 2), "leave", 2, pages=1)
    assert door.checked(there, 2, right=True).is_shut


def test_the_page_shuts_by_itself_a_minute_after_the_last_touch_and_ten_after_the_first() -> None:
    there = open_door()
    assert there.stage is Stage.OPEN
    assert not door.ticked(there, 62).is_shut
    assert door.ticked(there, 63).is_shut
    for at_s in range(50, 600, 50):
        there = door.pressed(door.ticked(there, at_s), "next", at_s, pages=3)
    assert not door.ticked(there, 602).is_shut
    assert door.ticked(there, 603).is_shut


def test_pages_go_round_and_the_language_changes() -> None:
    there = door.pressed(open_door(), "before", 4, pages=3)
    assert there.page == 2
    assert door.pressed(there, "next", 4, pages=3).page == 0
    assert door.pressed(there, "language:en", 4, pages=3).language is Language.EN


def test_a_pin_is_kept_as_a_hash_that_knows_it_again(tmp_path: Path) -> None:
    pin = drawn()
    line = hashed(pin)
    assert pin not in line
    assert is_right(pin, line)
    assert not is_right(pin[:-1] + str((int(pin[-1]) + 1) % 10), line)
    (tmp_path / "pin").write_text(f"{line}\n")
    assert line_of(tmp_path / "pin") == line


@pytest.mark.parametrize("pin", ["12345", "1234567890123", "12345a", "１２３４５６"])
def test_a_pin_that_a_pad_cannot_type_is_refused(pin: str) -> None:
    with pytest.raises(BrokenPin, match="6 to 12 digits"):
        hashed(pin)


def test_a_file_that_holds_no_pin_says_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(BrokenPin, match="hallcall pin --file"):
        line_of(tmp_path / "none")
    (tmp_path / "pin").write_text("12345678\n")
    with pytest.raises(BrokenPin, match="hallcall pin --file"):
        line_of(tmp_path / "pin")


def told() -> Told:
    own = (found("disk_low", free_mb=310, path="/var"), found("memory_ok", free_mb=400, total_mb=900))
    hall = (Found("kiosk-1", found("device_fault", node="kiosk-1", device="printer", detail="no paper")),)
    return Told(at=NOW, box="b1", image="7", slot="A", own=own, hall={"zh": hall, "en": hall})


def test_the_worst_stands_first_each_thing_once_and_what_is_well_in_one_row() -> None:
    every = all_found(told(), node="kiosk-1", devices=[PRINTER], language=Language.EN)
    assert counts(every) == (1, 1, 1)
    shown = rows(every, Language.EN)
    assert [each.light for each in shown] == [DeviceState.FAULT, DeviceState.WARNING, DeviceState.OK]
    assert shown[0].text == "kiosk-1, printer: no paper"
    assert "du -x" in shown[1].to_do
    assert shown[2].text == "memory"


def test_without_a_keeper_the_page_says_so_and_still_tells_of_its_own_devices() -> None:
    every = all_found(None, node="kiosk-1", devices=[PRINTER], language=Language.EN)
    assert [each.finding.key for each in every] == ["device_fault", "keeper_missing"]


def test_what_a_keeper_left_is_read_while_it_is_fresh(tmp_path: Path) -> None:
    leave(tmp_path / "findings.json", told())
    assert left(tmp_path / "findings.json", NOW) == told()
    assert left(tmp_path / "findings.json", NOW + timedelta(minutes=2)) is None
    (tmp_path / "findings.json").write_text("{")
    assert left(tmp_path / "findings.json", NOW) is None
    leave(tmp_path / "no such folder" / "findings.json", told())


def test_the_short_report_holds_keys_and_figures_nobodys_number_and_fits_its_code() -> None:
    devices = [DeviceStatus(name=f"pad{n}", state=DeviceState.FAULT, detail="张三 13800138000") for n in range(30)]
    every = all_found(told(), node="kiosk-1", devices=devices, language=Language.ZH)
    text = report(told(), every, node="kiosk-1", program="0.1.0", now=NOW)
    assert text.startswith("HALLCALL 0.1.0 7/A kiosk-1 2026-11-22T22:00Z R31 A1 G1\nR kiosk-1 device_fault")
    assert "13800138000" not in text
    assert "张" not in text
    assert len(text) <= LONGEST
    assert len(squares(text)) <= 101
