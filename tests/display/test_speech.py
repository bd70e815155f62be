"""What the voice says and when."""

from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.contract.messages import (
    NO_TICKET,
    AnyEvent,
    CallRepeated,
    Hall,
    HallView,
    Hold,
    Language,
    Need,
    Outcome,
    Position,
    Recorded,
    ServiceStarted,
    Text,
    TicketCalled,
    TicketIssued,
    TicketReclassified,
    TicketVoided,
    TransactionEnded,
    Undone,
    VisitEnded,
    VisitHeld,
    VisitTransferred,
    WalkUpServed,
)
from broker.contract.texts import texts
from display.phrases import GAP_S, chinese_number, phrase, vocabulary
from display.speech import MOST_TOGETHER, Announcement, SpeechQueue
from hardware.voice.clips import split

ZH, EN = Language.ZH, Language.EN
NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
SEQ = count(1)


def at(event: AnyEvent, when: datetime = NOON) -> Recorded:
    return Recorded(epoch=1, seq=next(SEQ), at=when, event=event)


def ticket(n: int) -> str:
    return f"{'ABC'[n // 1000]}{n % 1000:03d}"


def called(n: int, *, zone: str = "east", language: Language = ZH) -> TicketCalled:
    return TicketCalled(
        call=f"c{n}",
        visit=f"v{n}",
        ticket=ticket(n),
        service="bill",
        counter=n % 9 + 1,
        zone=zone,
        language=language,
        rule="fcfs",
        waited_s=60,
    )


def repeated(n: int, times: int = 2) -> CallRepeated:
    return CallRepeated(
        call=f"c{n}", visit=f"v{n}", ticket=ticket(n), counter=n % 9 + 1, zone="east", language=ZH, times=times
    )


def come(n: int) -> ServiceStarted:
    return ServiceStarted(call=f"c{n}", visit=f"v{n}", ticket=f"A{n:03d}", counter=n % 9 + 1)


def quiet(*, backlog_s: float = 1000) -> SpeechQueue:
    return SpeechQueue(zone="east", languages=(ZH, EN), repeats=2, backlog_s=backlog_s)


def heard(queue: SpeechQueue, *events: AnyEvent) -> SpeechQueue:
    for event in events:
        queue = queue.heard(at(event), NOON)
    return queue


def all_said(queue: SpeechQueue) -> list[Announcement]:
    said: list[Announcement] = []
    while True:
        announcement, queue = queue.begin()
        if announcement is None:
            return said
        said.append(announcement)
        queue = queue.ended()


def tickets(queue: SpeechQueue) -> list[str]:
    return [call.ticket for each in all_said(queue) for call in each.calls]


@pytest.mark.parametrize(
    ("ticket", "counter", "language", "text"),
    [
        ("A012", 3, ZH, "请 A 零 一 二 号 到 三 号 窗口 办理"),
        ("B120", 12, ZH, "请 B 一 二 零 号 到 十二 号 窗口 办理"),
        ("P999", 20, ZH, "请 P 九 九 九 号 到 二十 号 窗口 办理"),
        ("A012", 3, EN, "Number A, 0 1 2, please go to counter 3"),
        ("B120", 12, EN, "Number B, 1 2 0, please go to counter 12"),
    ],
)
def test_digits_are_read_one_by_one_and_the_window_as_a_number(
    ticket: str, counter: int, language: Language, text: str
) -> None:
    assert phrase(ticket, counter, language) == text


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "一"), (9, "九"), (10, "十"), (11, "十一"), (12, "十二"), (20, "二十"), (31, "三十一"), (95, "九十五")],
)
def test_windows_are_counted_in_chinese(number: int, words: str) -> None:
    assert chinese_number(number) == words


def test_the_first_language_twice_then_the_second_once() -> None:
    (only,) = all_said(heard(quiet(), called(1)))
    assert [part.language for part in only.parts] == [ZH, ZH, EN]


def test_other_zones_have_their_own_voice() -> None:
    assert all_said(heard(quiet(), called(1, zone="west"))) == []


def test_a_recall_that_still_waits_is_merged_and_keeps_its_place() -> None:
    said = all_said(heard(quiet(), called(1), called(2), repeated(1)))
    assert [(call.call, call.times) for each in said for call in each.calls] == [("c1", 2), ("c2", 1)]


def test_a_recall_after_the_announcement_is_spoken_again() -> None:
    _, speaking = heard(quiet(), called(1)).begin()
    assert [each.calls[0].times for each in all_said(heard(speaking, repeated(1)).ended())] == [2]


@pytest.mark.parametrize(
    "gone",
    [
        come(1),
        VisitEnded(visit="v1", ticket="A001", outcome=Outcome.NO_SHOW, call="c1", counter=2),
        TicketVoided(visit="v1", ticket="A001"),
        TransactionEnded(call="c1", visit="v1", ticket="A001", counter=2, outcome=Outcome.DONE, service="new"),
        VisitHeld(call="c1", visit="v1", ticket="A001", counter=2, hold=Hold.OTHER_STEP, until=NOON),
        VisitTransferred(
            call="c1", visit="v1", ticket="A001", counter=2, service="new", position=Position.FIRST, to_counter=3
        ),
        TicketReclassified(visit="v1", ticket="A001", priority_class="ordinary", call="c1", counter=2),
        Undone(counter=2, act="TicketCalled", seq=7, visit="v1", ticket="A001", call="c1"),
    ],
)
def test_nobody_is_called_who_has_come_or_will_not_come(gone: AnyEvent) -> None:
    assert tickets(heard(quiet(), called(1), called(2), gone)) == ["A002"]


def test_a_call_that_stands_though_something_else_was_undone_or_changed_is_spoken() -> None:
    other = Undone(counter=2, act="ServiceStarted", seq=7, visit="v1", ticket="A001")
    class_of_somebody_who_waits = TicketReclassified(visit="v1", ticket="A001", priority_class="courtesy")
    (only,) = all_said(heard(quiet(), called(1), other, class_of_somebody_who_waits))
    assert only.calls[0].call == "c1"


def test_a_call_that_was_taken_back_and_made_anew_is_spoken_once() -> None:
    undone = Undone(counter=2, act="TicketCalled", seq=7, visit="v1", ticket="A001", call="c1")
    anew = msgspec.structs.replace(called(1), call="c1.2", counter=5)
    assert [each.calls[0].counter for each in all_said(heard(quiet(), called(1), undone, anew))] == [5]


def test_whoever_was_set_aside_and_stands_at_the_counter_is_not_spoken_to() -> None:
    resumed = msgspec.structs.replace(called(1), rule="resume")
    assert all_said(heard(quiet(), resumed)) == []
    assert all_said(heard(quiet(), resumed, come(1))) == []


def test_somebody_without_a_number_is_not_called() -> None:
    walk_up = WalkUpServed(call="w1.1", visit="w1", ticket=NO_TICKET, service="bill", counter=2)
    assert all_said(heard(quiet(), walk_up)) == []


def test_calls_from_before_an_outage_stay_unspoken() -> None:
    late = NOON + timedelta(seconds=31)
    assert all_said(quiet().heard(at(called(1)), late)) == []
    assert len(all_said(quiet().heard(at(called(1)), late - timedelta(seconds=1)))) == 1


def test_a_call_that_was_spoken_with_its_recall_is_not_spoken_alone_after_a_restart() -> None:
    restarted = replace(quiet(), spoken=frozenset({("c1", 2)}))
    assert all_said(heard(restarted, called(1), repeated(1))) == []
    assert [
        each.calls[0].times for each in all_said(heard(restarted, called(1), repeated(1), repeated(1, times=3)))
    ] == [3]


def test_a_silent_loudspeaker_gets_the_same_call_again() -> None:
    _, speaking = heard(quiet(), called(1), called(2)).begin()
    assert tickets(speaking.failed()) == ["A001", "A002"]


def test_a_silent_loudspeaker_is_not_given_a_call_whose_customer_came_meanwhile() -> None:
    _, speaking = heard(quiet(), called(1), called(2)).begin()
    assert tickets(heard(speaking, come(1)).failed()) == ["A002"]


def first_languages(queue: SpeechQueue) -> list[Language]:
    announcement, _ = queue.begin()
    assert announcement is not None
    return [part.language for part in announcement.parts]


def test_past_the_backlog_the_second_language_goes_first_then_the_repeat_then_calls_are_joined() -> None:
    calls = [called(n) for n in range(1, 4)]  # the newest waits 26 s in full, 18 s in Chinese, 10 s said once
    assert first_languages(heard(quiet(backlog_s=28), *calls)) == [ZH, ZH, EN]
    assert first_languages(heard(quiet(backlog_s=20), *calls)) == [ZH, ZH]
    assert first_languages(heard(quiet(backlog_s=15), *calls)) == [ZH]
    (together,) = all_said(heard(quiet(backlog_s=5), *calls))
    assert [part.text for part in together.parts] == [
        "A 零 零 一 到 二 号",
        "A 零 零 二 到 三 号",
        "A 零 零 三 到 四 号",
    ]


def test_a_ticket_taken_in_english_is_called_in_english_even_in_a_rush() -> None:
    calls = called(1, language=EN), called(2)
    assert first_languages(heard(quiet(backlog_s=15), *calls)) == [ZH, ZH, EN]
    assert first_languages(heard(quiet(backlog_s=9), *calls)) == [ZH, EN]
    assert first_languages(heard(quiet(backlog_s=0), *calls)) == [EN, ZH]


def test_a_flood_is_announced_in_portions_that_people_can_follow() -> None:
    flood = all_said(heard(quiet(backlog_s=15), *[called(n) for n in range(1, 31)]))
    assert max(len(each.calls) for each in flood) == MOST_TOGETHER
    assert [call.ticket for each in flood for call in each.calls] == [f"A{n:03d}" for n in range(1, 31)]


def test_languages_come_in_any_order_and_number() -> None:
    three = replace(quiet(), languages=(EN, ZH, EN), repeats=1)
    assert first_languages(heard(three, called(1))) == [EN, ZH, EN]
    assert first_languages(heard(replace(three, backlog_s=9), called(1), called(2, language=ZH))) == [EN, ZH]


# Somebody who walks slowly --------------------------------------------------------------------------------------------


def with_slow_people(hall: Hall, queue: SpeechQueue) -> SpeechQueue:
    needs = (Need(id="wheelchair", name=Text(zh="轮椅", en="Wheelchair"), walk_s=60),)
    return queue.viewed(HallView(epoch=1, seq=0, day="2026-11-21", hall=msgspec.structs.replace(hall, needs=needs)))


def issued(n: int, *needs: str) -> TicketIssued:
    return TicketIssued(
        visit=f"v{n}",
        ticket=f"A{n:03d}",
        service="bill",
        number=n,
        language=ZH,
        node="kiosk-1",
        ahead=0,
        wait_low_min=None,
        wait_high_min=None,
        needs=needs,
    )


def test_somebody_who_walks_slowly_is_called_slowly_and_in_full_even_in_a_rush(small_hall: Hall) -> None:
    rush = heard(with_slow_people(small_hall, quiet(backlog_s=0)), issued(2, "wheelchair"), *map(called, range(1, 5)))
    said = all_said(rush)
    assert [[call.ticket for call in each.calls] for each in said] == [["A001"], ["A002"], ["A003", "A004"]]
    assert [(part.language, part.pace < 1) for part in said[1].parts] == [(ZH, True), (ZH, True)]
    assert all(part.pace >= 1 for part in said[0].parts)


def test_visits_that_are_over_are_forgotten(small_hall: Hall) -> None:
    over = VisitEnded(visit="v2", ticket="A002", outcome=Outcome.DONE)
    assert heard(with_slow_people(small_hall, quiet()), issued(2, "wheelchair"), over).slow == frozenset()


# Evacuation -----------------------------------------------------------------------------------------------------------


def told(hall: Hall, queue: SpeechQueue, *, evacuation: bool) -> SpeechQueue:
    return queue.viewed(HallView(epoch=1, seq=0, day="2026-11-21", hall=hall, evacuation=evacuation))


def test_evacuation_cuts_in_is_repeated_and_calls_are_heard_afterwards(small_hall: Hall) -> None:
    _, speaking = heard(quiet(), called(1), called(2)).begin()
    queue = told(small_hall, speaking, evacuation=True).failed()  # whoever plays it has cut it off
    for _ in range(3):
        warning, queue = queue.begin()
        assert warning is not None
        assert warning.calls == ()
        assert [part.language for part in warning.parts] == [ZH, EN]
        assert "出口" in warning.parts[0].text
        assert "exit" in warning.parts[1].text
        queue = queue.ended()
    assert tickets(told(small_hall, queue, evacuation=False)) == ["A001", "A002"]


# A whole hour ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Hour:
    called: int
    said: list[str]
    announcements: int
    worst_wait_s: float
    last_wait_s: float


def an_hour(*, calls_per_minute: int, recalls: float = 0.1, english: float = 0.1) -> Hour:
    """Play an hour of calls that come at random, on virtual time; nobody comes before being called."""
    chance = Random(7)  # noqa: S311 - people, no secrets
    at_s, arrivals = 0.0, list[tuple[float, TicketCalled]]()
    while (at_s := at_s + chance.expovariate(calls_per_minute / 60)) < 3600:
        n = len(arrivals) + 1
        arrivals.append((at_s, called(n, language=EN if chance.random() < english else ZH)))
    queue = SpeechQueue(zone="east", languages=(ZH, EN), repeats=2, backlog_s=15)
    todo, now_s, said, waits, announcements = deque(arrivals), 0.0, [], [], 0
    while todo or queue.waiting:
        while todo and todo[0][0] <= now_s:
            came_s, event = todo.popleft()
            when = NOON + timedelta(seconds=came_s)
            queue = queue.heard(at(event, when), when)
            if chance.random() < recalls:
                n = int(event.call[1:])
                queue = queue.heard(at(repeated(n), when), when)
        announcement, queue = queue.begin()
        if announcement is None:
            now_s = todo[0][0]
            continue
        announcements += 1
        said += [call.ticket for call in announcement.calls]
        waits += [now_s - (call.at - NOON).total_seconds() for call in announcement.calls]
        now_s += announcement.seconds + GAP_S
        queue = queue.ended()
    return Hour(
        called=len(arrivals),
        said=said,
        announcements=announcements,
        worst_wait_s=max(waits),
        last_wait_s=max(waits[-60:]),
    )


@pytest.mark.parametrize(("calls_per_minute", "worst_s"), [(5, 40), (8, 40), (30, 60)])
def test_whatever_the_rush_no_call_is_dropped_and_nobody_waits_long(calls_per_minute: int, worst_s: float) -> None:
    hour = an_hour(calls_per_minute=calls_per_minute)
    assert hour.called == pytest.approx(60 * calls_per_minute, rel=0.15)
    assert hour.said == [ticket(n) for n in range(1, hour.called + 1)]
    print(  # noqa: T201 - pytest -s shows it
        f"{calls_per_minute}/min: {hour.called} calls in {hour.announcements} announcements, "
        f"worst wait {hour.worst_wait_s:.1f} s, at the end {hour.last_wait_s:.1f} s"
    )
    assert hour.worst_wait_s < worst_s


# Words for a day without an engine ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", [ZH, EN])
def test_every_call_can_be_said_out_of_recorded_words(language: Language) -> None:
    words = {word: Path(word) for word in vocabulary(language)}
    for ticket, counter in (("A012", 3), ("B999", 12), ("P100", 20), ("AB45", 31), ("Z7", 40)):
        for key in ("announcement", "joined"):
            text = phrase(ticket, counter, language, key=key)
            spoken = split(text, words)
            assert [each.name for each in spoken if each.name in ticket] == [
                each for each in ticket if each in "ABPZ"
            ] or (language is EN)
    assert len(split(texts(language)["voice"]["evacuation"], words)) == 1


steps = st.lists(
    st.one_of(
        st.tuples(st.just("call"), st.integers(1, 6)),
        st.tuples(st.just("recall"), st.integers(1, 6)),
        st.tuples(st.just("come"), st.integers(1, 6)),
        st.tuples(st.sampled_from(["begin", "end", "fail"]), st.just(0)),
    ),
    max_size=60,
)


@given(steps)
def test_no_call_is_lost_and_two_never_sound_at_once(steps: list[tuple[str, int]]) -> None:
    queue = quiet(backlog_s=5)
    owed: set[str] = set()  # calls that somebody still waits to hear
    speaking: set[str] | None = None
    for step, n in steps:
        match step:
            case "call" | "recall":
                queue = heard(queue, called(n) if step == "call" else repeated(n))
                owed.add(f"c{n}")
            case "come":
                queue = heard(queue, come(n))
                owed.discard(f"c{n}")
            case "begin":
                announcement, queue = queue.begin()
                if speaking is not None:
                    assert announcement is None, "two at once"
                elif announcement is not None:
                    speaking = {each.call for each in announcement.calls}
                    assert speaking <= owed
                    owed -= speaking
            case _ if speaking is not None:
                if step == "fail":
                    owed |= speaking - {f"c{visit[1:]}" for visit in queue.withdrawn}
                queue = queue.ended() if step == "end" else queue.failed()
                speaking = None
    said = [call.call for each in all_said(queue.ended()) for call in each.calls]
    assert len(said) == len(set(said)), "a recall was not merged"
    assert set(said) == owed
