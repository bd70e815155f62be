"""What the box keeps on its disk."""

from pathlib import Path

import pytest

from broker.contract.messages import Rate, Rating
from counter import asked
from counter.asked import AskedCalls
from counter.asking import Asked
from counter.pending import FILE_NAME, PendingRatings

FIRST = Rate(id="r1", call="c1", counter=3, rating=Rating.SATISFIED)
SECOND = Rate(id="r2", call="c2", counter=3, rating=Rating.COMPLAINT)


def test_what_was_not_answered_is_there_after_a_restart(tmp_path: Path) -> None:
    before = PendingRatings(tmp_path)
    before.add(FIRST)
    before.add(SECOND)
    before.remove(FIRST)
    assert PendingRatings(tmp_path).load() == [SECOND]


def test_a_line_torn_by_a_power_cut_costs_no_other_rating(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    PendingRatings(tmp_path).add(FIRST)
    with (tmp_path / FILE_NAME).open("ab") as file:
        file.write(b'{"type":"Rate","id":"r9","ca')
    after = PendingRatings(tmp_path)
    assert after.load() == [FIRST]
    after.add(SECOND)
    assert PendingRatings(tmp_path).load() == [FIRST, SECOND]
    assert "line 2 is no rating" in caplog.text


def test_a_new_box_has_none(tmp_path: Path) -> None:
    assert PendingRatings(tmp_path).load() == []


def test_whom_the_keypads_ask_is_there_after_a_restart(tmp_path: Path) -> None:
    before = AskedCalls(tmp_path)
    before.keep(3, Asked(call="c1", until_s=120.5))
    before.keep(4, Asked(call="c2", until_s=99.0))
    before.keep(4, None)
    assert AskedCalls(tmp_path).load() == {3: Asked(call="c1", until_s=120.5)}


def test_a_damaged_file_asks_nobody(tmp_path: Path) -> None:
    (tmp_path / asked.FILE_NAME).write_bytes(b'{"3": {"ca')
    assert AskedCalls(tmp_path).load() == {}
