"""The roll of paper, slip by slip, and what a technician hears of it."""

from pathlib import Path

from broker.contract.messages import DeviceState
from hardware.devices import PaperState
from kiosk.roll import Roll, tell_new_roll
from kiosk.stationery import Stationery


def test_the_forecast_is_in_tickets_and_known_again_after_a_restart(tmp_path: Path) -> None:
    roll = Roll(tmp_path, paper_m=10)
    assert roll.tickets_left == 100
    for _ in range(20):
        roll.take(125)
    assert roll.tickets_left == Roll(tmp_path, paper_m=10).tickets_left == 60
    for _ in range(45):
        roll.take(125)
    assert roll.tickets_left == 15


def test_without_the_length_of_a_roll_nothing_is_foretold(tmp_path: Path) -> None:
    roll = Roll(tmp_path, paper_m=0)
    roll.take(100)
    assert roll.tickets_left is None
    assert roll.used.mm == 100


def test_a_technician_is_told_before_the_paper_ends_and_starts_a_new_roll(tmp_path: Path) -> None:
    roll = Roll(tmp_path, paper_m=10)
    paper = Stationery(roll=roll)
    assert paper.health(PaperState.OK) == (DeviceState.OK, "")
    for _ in range(20):
        roll.take(125)
    assert paper.health(PaperState.OK) == (DeviceState.WARNING, "paper for about 60 tickets: bring a new roll")
    assert paper.health(PaperState.OUT) == (DeviceState.FAULT, "out of paper: put in a new roll")
    tell_new_roll(tmp_path)
    roll.renew_if_told()
    assert paper.health(PaperState.OK) == (DeviceState.OK, "")
    assert not (tmp_path / "new-roll").exists()


def test_a_torn_count_is_taken_for_a_new_roll(tmp_path: Path) -> None:
    (tmp_path / "roll.json").write_bytes(b'{"mm": 12')
    assert Roll(tmp_path, paper_m=10).used.mm == 0
