"""What is counted in a demo: from what the far ends report, and nothing else."""

from typing import Any

import pytest

from hallcall.demo import tally
from hallcall.demo.floor import Floor


class Hall:
    """The far ends of one hall, as a test plays them."""

    def __init__(self, *, hears: bool = True) -> None:
        self.told: list[str] = []
        self.floor = Floor(tell=self.told.append, hears=hears)
        self._ms = 1000.0
        self._row: list[dict[str, Any]] = []

    def _report(self, **what: object) -> None:
        self._ms += 10
        self.floor.take({"ms": self._ms, **what})

    def prints(self, ticket: str) -> None:
        self.floor.see_kiosk({"screen": "ticket", "language": "zh", "texts": [ticket], "targets": {}})
        self._report(what="slip", lines=["城东供电营业厅", ticket])

    def press(self, counter: int) -> None:
        self._report(what="pressed", counter=counter, key="call")

    def calls(self, ticket: str, counter: int, *, sign_after_ms: float = 20, board: bool = True) -> None:
        self._ms += 1000  # the line has long been free
        self.press(counter)
        pressed_ms = self._ms
        self.floor.take(
            {"what": "sign", "ms": pressed_ms + sign_after_ms, "counter": counter, "text": ticket, "raw": ""}
        )
        if board:
            self._row = [{"call": f"{ticket}.1", "ticket": ticket, "counter": counter, "text": ticket}]
            self.floor.see_board({"ms": pressed_ms + 90, "rows": self._row})

    def serves(self, counter: int, grade: int | None = None) -> None:
        self._report(what="lamp", counter=counter, lamp="green", beep=False)
        if grade is not None:
            self._report(what="asking", counter=counter, lit=True)
            self._report(what="rated", counter=counter, grade=grade)
        self._report(what="sign", counter=counter, text="", raw="")

    def announces(self, start_s: float, end_s: float, *, overlapped: bool = False) -> None:
        self._report(what="announced", start_s=start_s, end_s=end_s, overlapped=overlapped)


@pytest.fixture
def hall() -> Hall:
    return Hall()


def test_a_visit_from_slip_to_rating_is_one_call(hall: Hall) -> None:
    hall.prints("A001")
    hall.calls("A001", 2)
    hall.serves(2, grade=1)
    (call,) = tally.calls(hall.floor)
    assert (call["ticket"], call["counter"], call["served"], call["rating"]) == ("A001", 2, True, "satisfied")
    assert hall.told == [
        "A001 出票 slip printed",
        "A001 → 2 号窗口 called to counter 2",
        "A001 评价 rated: 满意 satisfied",
    ]


def test_a_number_is_lost_when_two_later_ones_of_its_service_were_called(hall: Hall) -> None:
    for ticket in ("A001", "A002", "A003", "B001"):
        hall.prints(ticket)
    hall.calls("B001", 3)
    hall.calls("A002", 1)
    assert hall.floor.lost == []
    hall.calls("A003", 2)
    assert hall.floor.lost == ["A001"]
    hall.calls("A001", 1)
    assert hall.floor.lost == []


def test_a_number_on_two_slips_or_at_two_counters_is_doubled(hall: Hall) -> None:
    for ticket in ("A001", "A002", "A002"):
        hall.prints(ticket)
    hall.calls("A001", 1)
    assert hall.floor.doubled == {"A002"}
    hall.calls("A001", 4)
    assert hall.floor.doubled == {"A001", "A002"}


def test_the_same_call_shown_again_is_no_second_one(hall: Hall) -> None:
    hall.prints("A001")
    hall.calls("A001", 1)
    hall.calls("A001", 1)
    assert hall.floor.doubled == set()
    assert len(hall.floor.glimpses) == 1


def test_calls_that_the_board_shows_at_once_were_made_from_its_last_row_upwards(hall: Hall) -> None:
    rows = [
        {"call": f"{t}.1", "ticket": t, "counter": n, "text": t} for t, n in (("C001", 3), ("B001", 2), ("A001", 1))
    ]
    hall.floor.see_board({"ms": 1.0, "rows": rows})
    hall.announces(1.0, 2.0)
    first, second, third = (hall.floor.glimpses[ticket, n] for ticket, n in (("A001", 1), ("B001", 2), ("C001", 3)))
    assert [hall.floor.announced(each) for each in (first, second, third)] == [True, False, False]


def test_every_mismatch_is_named(hall: Hall) -> None:
    hall.prints("A001")
    hall.prints("B001")
    hall.floor.see_kiosk({"screen": "ticket", "language": "zh", "texts": ["C001"], "targets": {}})
    hall.calls("A001", 1, board=False)
    hall.announces(1.0, 5.0, overlapped=True)
    assert tally.mismatches(hall.floor, visitors=4, no_shows=0, unlucky=1, unheard=0) == [
        "1 of 4 visitors got no number",
        "C001: shown on the kiosk, no slip",
        "B001: printed, never called",
        "A001 at counter 1: not seen at the board, the voice",
        "1 calls were not served, 0 were to stay away",
        "announcement at 1.0 s overlaps another",
    ]


def test_a_day_without_a_fault_names_nothing(hall: Hall) -> None:
    hall.prints("A001")
    hall.calls("A001", 1)
    hall.serves(1)
    hall.announces(1.2, 4.0)
    next(iter(hall.floor.glimpses.values())).voice_start_s = 1.2
    assert tally.mismatches(hall.floor, visitors=1, no_shows=0, unlucky=0, unheard=0) == []


def test_delays_are_given_at_the_middle_and_at_the_end(hall: Hall) -> None:
    for number in range(1, 102):
        hall.calls(f"A{number:03d}", 1, sign_after_ms=number)
    delays = tally.delays(hall.floor)
    assert delays["press_to_sign_ms"] == {"p50": 51.0, "p99": 100.0}
    assert delays["press_to_board_ms"] == {"p50": 90.0, "p99": 90.0}
    assert delays["press_to_voice_ms"] == {"p50": None, "p99": None}


def test_the_voice_s_delay_is_told_though_the_sign_line_was_busy(hall: Hall) -> None:
    for counter in (1, 2):
        hall.press(counter)
    for counter, shown_ms in ((1, 1040.0), (2, 1060.0)):
        hall.floor.take({"what": "sign", "ms": shown_ms, "counter": counter, "text": f"A00{counter}", "raw": ""})
    hall.announces(1.19999, 4.0)  # what played it and who listens to the tape may differ by half a sample
    first = hall.floor.glimpses["A001", 1]
    first.voice_start_s, first.voice_ms = 1.2, 1200.0
    hall.floor.sign_frames_ms.append(1005.0)
    delays = tally.delays(hall.floor)
    assert delays["press_to_sign_ms"]["p50"] is None
    assert delays["press_to_voice_ms"]["p50"] == 190.0
    hall.announces(-2.0, 1.1)
    assert tally.delays(hall.floor)["press_to_voice_ms"]["p50"] is None, "another call was being announced"


def test_everybody_waits_for_the_voice_but_not_where_nobody_can_count_it() -> None:
    for hears in (True, False):
        hall = Hall(hears=hears)
        hall.calls("A001", 1)
        call = hall.floor.at_counter(1)
        assert call is not None
        assert hall.floor.announced(call) is hall.floor.quiet is not hears


def test_paper_network_and_keypads_are_seen_until_the_cables_start_anew(hall: Hall) -> None:
    floor = hall.floor
    floor.take({"what": "printer", "ms": 1, "online": False, "paper": "out"})
    floor.take({"what": "network", "ms": 2, "up": False})
    floor.take({"what": "asking", "ms": 3, "counter": 1, "lit": True})
    floor.take({"what": "keypad_cable", "ms": 4, "counter": 1, "plugged": False})
    assert (floor.paper, floor.network, floor.unplugged, floor.asking) == (False, False, {1}, {1: False})
    floor.take({"what": "ready", "ms": 5, "tape_began_ms": 0.0})
    assert (floor.paper, floor.network, floor.unplugged) == (True, True, set())
