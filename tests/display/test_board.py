"""What the board shows."""

from datetime import UTC, datetime, timedelta

import pytest

from broker.contract.messages import (
    BoardRow,
    BoardView,
    Counter,
    Hall,
    HallView,
    Node,
    QueueRow,
    QueuesView,
    Role,
    Service,
    Text,
    Zone,
)
from display.board import Board

NOON = datetime(2026, 11, 21, 1, 43, tzinfo=UTC)  # 09:43 in Shanghai, a Saturday


def hall() -> HallView:
    return HallView(
        day="2026-11-21",
        hall=Hall(
            id="east-hall",
            name=Text(zh="城东营业厅", en="East Hall"),
            zones=(Zone(id="two", name=Text(zh="二区", en="Zone 2")),),
            services=(
                Service(id="bill", name=Text(zh="电费缴纳", en="Pay a bill"), prefix="A", zone="two"),
                Service(id="power", name=Text(zh="用电报装", en="New connection"), prefix="B", zone="two"),
                Service(id="far", name=Text(zh="别区业务", en="Elsewhere"), prefix="C", zone="one"),
            ),
            counters=(Counter(number=1, zone="two", skills=("bill",)),),
            nodes=(Node(id="board-two", role=Role.DISPLAY),),
        ),
    )


def calls(*rows: tuple[str, int, int], started: bool = False) -> BoardView:
    return BoardView(
        zone="two",
        rows=tuple(
            BoardRow(call=f"call-{ticket}", ticket=ticket, counter=counter, times=times, started=started)
            for ticket, counter, times in rows
        ),
    )


def board(*views: HallView | BoardView | QueuesView, most_rows: int = 4) -> Board:
    shown = Board(zone="two", most_rows=most_rows).reached(True, NOON)
    for view in views:
        shown = shown.seen(view, NOON)
    return shown


def test_the_newest_calls_fill_the_places_there_are() -> None:
    picture = board(hall(), calls(("A003", 1, 1), ("A002", 2, 1), ("A001", 3, 1)), most_rows=2).picture(NOON)
    assert [(row.ticket, row.counter, row.newest) for row in picture.rows] == [("A003", 1, True), ("A002", 2, False)]


def test_a_new_call_pulses_for_ten_seconds() -> None:
    shown = board(hall(), calls(("A001", 3, 1)), calls(("A002", 1, 1), ("A001", 3, 1)))
    for second, pulsing in ((0, True), (9, True), (10, False)):
        assert [row.pulsing for row in shown.picture(NOON + timedelta(seconds=second)).rows] == [pulsing, False]


def test_calls_found_on_switching_the_board_on_do_not_pulse() -> None:
    (row,) = board(hall(), calls(("A001", 3, 1))).picture(NOON).rows
    assert row.newest
    assert not row.pulsing


def test_a_recall_becomes_the_amber_row_where_it_stands() -> None:
    shown = board(hall(), calls(("A002", 1, 1), ("A001", 3, 1)))
    shown = shown.seen(calls(("A002", 1, 1), ("A001", 3, 2)), NOON + timedelta(seconds=20))
    rows = shown.picture(NOON + timedelta(seconds=21)).rows
    assert [(row.ticket, row.newest, row.pulsing) for row in rows] == [("A002", False, False), ("A001", True, True)]


def test_a_customer_who_has_come_is_no_longer_waved_at() -> None:
    shown = board(hall(), calls()).seen(calls(("A001", 3, 1), started=True), NOON)
    assert [row.pulsing for row in shown.picture(NOON).rows] == [False]


def test_the_table_has_honest_minutes() -> None:
    queues = QueuesView(
        queues=(
            QueueRow(service="bill", waiting=3, wait_low_min=4, wait_high_min=7, last_called="A031"),
            QueueRow(service="power", waiting=0, wait_low_min=0, wait_high_min=0, last_called=None),
            QueueRow(service="far", waiting=9, wait_low_min=1, wait_high_min=2, last_called="C001"),
            QueueRow(service="who-knows", waiting=9, wait_low_min=1, wait_high_min=2, last_called="X001"),
        )
    )
    shown = board(hall(), queues)
    table = [(queue.name.zh, queue.last, queue.waiting, queue.minutes) for queue in shown.picture(NOON).queues]
    assert table == [("电费缴纳", "A031", "3", "4–7"), ("用电报装", "—", "0", "马上")]
    away = shown.reached(False, NOON).picture(NOON)
    assert [queue.minutes for queue in away.queues] == ["—", "—"]


def test_a_closed_service_is_closed_and_a_full_one_full() -> None:
    queues = QueuesView(
        queues=(
            QueueRow(service="bill", waiting=3, wait_low_min=4, wait_high_min=7, last_called="A031", closed=True),
            QueueRow(service="power", waiting=0, wait_low_min=0, wait_high_min=0, last_called=None, full=True),
        )
    )
    shown = board(hall(), queues).picture(NOON)
    assert [(queue.minutes, queue.minutes_en) for queue in shown.queues] == [("停号", "Closed"), ("号满", "No more")]


@pytest.mark.parametrize(("here", "after_s"), [(True, (0, 4, 9, 10, 11, 16, 17, 30)), (False, (0, 1, 2, 59, 60))])
def test_between_the_changes_that_it_foresees_a_picture_stays_as_it_is(*, here: bool, after_s: tuple[int, ...]) -> None:
    start = NOON + timedelta(seconds=43)
    shown = board(hall(), calls(("A001", 3, 1))).seen(calls(("A002", 1, 1), ("A001", 3, 1)), start)
    shown = shown.reached(here, start)
    for after in after_s:
        now = start + timedelta(seconds=after)
        changes_at = shown.changes_at(now)
        assert changes_at > now
        assert shown.picture(changes_at - timedelta(milliseconds=1)) == shown.picture(now)


def test_unknown_counters_are_shown_plainly() -> None:
    assert [row.counter for row in board(hall(), calls(("A001", 77, 1))).picture(NOON).rows] == [77]


def test_the_clock_is_the_halls() -> None:
    picture = board(hall()).picture(NOON)
    assert (picture.clock, picture.date) == ("09:43", "11月21日 星期六 · 二区 Zone 2")


def test_when_the_dispatcher_is_away_the_calls_stay_with_their_age() -> None:
    shown = board(hall(), calls(("A001", 3, 1))).reached(False, NOON)
    for age_s, words in ((12, "停在 09:43，已 12 秒"), (180, "停在 09:43，已 3 分钟")):
        picture = shown.picture(NOON + timedelta(seconds=age_s))
        assert not picture.alive
        assert [row.ticket for row in picture.rows] == ["A001"]
        assert words in picture.ticker[0]


def test_before_the_first_word_of_the_hall_the_board_says_so() -> None:
    picture = Board(zone="two", most_rows=4).picture(NOON)
    assert not picture.alive
    assert picture.ticker[1] == "Connecting, please wait"
