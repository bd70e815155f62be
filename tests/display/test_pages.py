"""What of a picture stands where on one board, and when it turns."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from broker.contract.messages import Language
from broker.legibility import Panel, arranged
from broker.text_width import width_of
from display.board import Picture, Queue
from display.gallery import NOW, board, calls, hall, moments, queues
from display.pages import Note, Pages, Slide, Table

ZH, EN = Language.ZH, Language.EN


def pages(
    diagonal_in: float = 55, distance_m: float = 8, *languages: Language, upright: bool = False, rows: int | None = None
) -> Pages:
    width, height = (1080, 1920) if upright else (1920, 1080)
    panel = Panel(width=width, height=height, diagonal_in=diagonal_in, distance_m=distance_m)
    return Pages(arrangement=arranged(panel, rows), languages=languages or (ZH, EN), closed_light=0.4)


def minutes_of(shown: Pages, picture: Picture, slides: tuple[str, ...] = (), minutes: int = 4) -> list[object]:
    """Return the pages beside the calls, second after second, each once in a row."""
    seen: list[object] = []
    for second in range(60 * minutes):
        aside = shown.sight(picture, NOW + timedelta(seconds=second), slides).aside
        if not seen or seen[-1] != aside:
            seen.append(aside)
    return seen


def of_services(count: int) -> Picture:
    return board(4, hall(count), queues(count), calls()).picture(NOW)


@pytest.mark.parametrize("count", [1, 4, 12])
def test_every_service_has_its_turn_in_both_languages(count: int) -> None:
    tables = [each for each in minutes_of(pages(), of_services(count), minutes=8) if isinstance(each, Table)]
    shown = {" ".join(line.name) for table in tables for line in table.lines}
    names = [each.name for each in of_services(count).queues]
    assert {name.zh for name in names} <= shown
    assert {name.en for name in names} <= shown


def test_of_forty_services_those_for_which_somebody_waits_have_their_turn() -> None:
    picture = of_services(40)
    tables = [each for each in minutes_of(pages(), picture, minutes=12) if isinstance(each, Table)]
    shown = {line.name[0] for table in tables for line in table.lines}
    waiting = {queue.name.zh for queue in picture.queues if queue.waiting != "0"}
    assert waiting <= shown
    assert all(line.waiting != "0" for table in tables for line in table.lines)
    for pages_in_all in {table.pages for table in tables}:
        turned = {table.page for table in tables if table.pages == pages_in_all}
        assert turned == set(range(1, pages_in_all + 1))


def test_where_there_is_no_room_for_a_table_the_strip_says_the_queues() -> None:
    small = pages(43, 8)
    assert small.arrangement.aside is None
    said = " ".join(small.strip_lines(of_services(4)))
    assert "电费缴纳 4–7 分" in said
    assert "B: 15–25 min" in said
    assert "A031 电费缴纳" in said


@pytest.mark.parametrize(("diagonal_in", "distance_m"), [(43, 5), (43, 8), (55, 8), (65, 8), (65, 12)])
def test_no_line_of_the_strip_is_half_a_call_and_none_is_wider_than_the_strip(
    diagonal_in: float, distance_m: float
) -> None:
    shown = pages(diagonal_in, distance_m)
    lines = shown.strip_lines(of_services(4))
    room = shown.arrangement.strip.w / shown.arrangement.text - 3.2 - 1.1 - 1.0  # but for clock and dot
    assert all(width_of(line, 1) <= room * 1.1 for line in lines)
    tickets = [each.last for each in of_services(4).queues if each.last != "—"]
    for ticket in tickets:
        assert sum(ticket in line for line in lines) == 2, ticket  # a language each
    assert not any(ticket in line and "…" in line for line in lines for ticket in tickets)


def test_a_page_stays_as_long_as_it_says() -> None:
    shown, picture = pages(), of_services(12)
    now, end = NOW, NOW + timedelta(minutes=5)
    while now < end:
        changes_at = shown.changes_at(picture, now, ("a.png",))
        assert changes_at > now
        before = shown.sight(picture, changes_at - timedelta(milliseconds=1), ("a.png",))
        assert before == shown.sight(picture, now, ("a.png",))
        now = changes_at


def test_pictures_take_turns_with_the_table_where_both_have_no_room() -> None:
    seen = minutes_of(pages(), of_services(4), ("1.png", "2.png"))
    assert {each.path for each in seen if isinstance(each, Slide)} == {"1.png", "2.png"}
    assert any(isinstance(each, Table) for each in seen)


def test_pictures_stand_beside_the_table_where_both_have_room() -> None:
    near = pages(65, 4)
    assert near.slide_place is not None
    sight = near.sight(of_services(4), NOW, ("1.png",))
    assert sight.slide == Slide(path="1.png")
    assert isinstance(sight.aside, Table | Note)
    table, slide = near.table_place(slides=True), near.slide_place
    assert table is not None
    assert table.y + table.h <= slide.y + 0.01


def test_evacuation_and_a_long_outage_go_over_everything() -> None:
    seen = {name: pages().sight(picture, now) for name, picture, now in moments(4)}
    assert [name for name, sight in seen.items() if sight.message is not None] == ["lost", "evacuation"]
    evacuation, lost = seen["evacuation"].message, seen["lost"].message
    assert evacuation is not None
    assert (evacuation.alarm, evacuation.title) == (True, ("请立即离开大厅", "Please leave now"))
    assert lost is not None
    assert lost.body[1] == "Stopped at 09:43: ask our staff"


def test_an_outage_says_of_when_its_calls_are() -> None:
    picture, now = next((picture, now) for name, picture, now in moments(4) if name == "away")
    sight = pages().sight(picture, now)
    assert sight.faded
    assert not sight.alive
    assert any("09:43" in line for line in pages().strip_lines(picture))
    assert pages(55, 8, upright=True).strip_lines(picture) == ["非实时", "Not live"]


def test_outside_the_hours_the_board_is_dim_and_within_them_it_is_not() -> None:
    seen = {name: pages().sight(picture, now) for name, picture, now in moments(4)}
    assert {name: sight.light for name, sight in seen.items() if sight.light < 1} == {"closed": 0.4}


def test_nothing_stands_at_the_same_pixels_all_day() -> None:
    picture = of_services(4)
    shifts = [pages().sight(picture, NOW + timedelta(minutes=minute)).shift for minute in range(60)]
    assert len(set(shifts)) >= 8
    assert max(abs(a) + abs(b) for shift in shifts for a, b in [shift]) <= 3


def test_a_board_of_one_language_says_nothing_in_another() -> None:
    english = pages(55, 8, EN)
    picture = of_services(4)
    assert all(line.translate({ord("–"): None, ord("…"): None}).isascii() for line in english.strip_lines(picture))
    for each in minutes_of(english, picture):
        if isinstance(each, Table):
            assert each.heads[1:] == ("People", "Min")


def test_a_hall_that_is_not_known_yet_has_a_board_that_says_so() -> None:
    picture = next(picture for name, picture, _ in moments(4) if name == "starting")
    assert pages().sight(picture, datetime(2026, 11, 23, tzinfo=UTC)).empty == ("正在连接", "Connecting")


def test_a_queue_without_a_name_in_the_hall_is_left_out() -> None:
    odd = replace(of_services(1), queues=(Queue(name=hall().hall.name, last="—", waiting="0", minutes="—"),))
    assert pages().strip_lines(odd)
