"""What the voice says and when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.contract.messages import (
    NO_TICKET,
    AnyEvent,
    CallRepeated,
    Hold,
    Language,
    Outcome,
    Position,
    Recorded,
    ServiceStarted,
    TicketCalled,
    TicketReclassified,
    TicketVoided,
    TransactionEnded,
    Undone,
    VisitEnded,
    VisitHeld,
    VisitTransferred,
    WalkUpServed,
)
from display.speech import Announcement, SpeechQueue, chinese_number, phrase

ZH, EN = Language.ZH, Language.EN
NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
SEQ = count(1)


def at(event: AnyEvent, when: datetime = NOON) -> Recorded:
    return Recorded(epoch=1, seq=next(SEQ), at=when, event=event)


def called(n: int, *, zone: str = "east", language: Language = ZH) -> TicketCalled:
    return TicketCalled(
        call=f"c{n}",
        visit=f"v{n}",
        ticket=f"A{n:03d}",
        service="bill",
        counter=n % 9 + 1,
        zone=zone,
        language=language,
        rule="fcfs",
        waited_s=60,
    )


def repeated(n: int, times: int = 2) -> CallRepeated:
    return CallRepeated(
        call=f"c{n}", visit=f"v{n}", ticket=f"A{n:03d}", counter=n % 9 + 1, zone="east", language=ZH, times=times
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
    assert [(each.call, each.times) for each in said] == [("c1", 2), ("c2", 1)]


def test_a_recall_after_the_announcement_is_spoken_again() -> None:
    _, speaking = heard(quiet(), called(1)).begin()
    assert [each.times for each in all_said(heard(speaking, repeated(1)).ended())] == [2]


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
    assert [each.call for each in all_said(heard(quiet(), called(1), called(2), gone))] == ["c2"]


def test_a_call_that_stands_though_something_else_was_undone_or_changed_is_spoken() -> None:
    other = Undone(counter=2, act="ServiceStarted", seq=7, visit="v1", ticket="A001")
    class_of_somebody_who_waits = TicketReclassified(visit="v1", ticket="A001", priority_class="courtesy")
    (only,) = all_said(heard(quiet(), called(1), other, class_of_somebody_who_waits))
    assert only.call == "c1"


def test_a_call_that_was_taken_back_and_made_anew_is_spoken_once() -> None:
    undone = Undone(counter=2, act="TicketCalled", seq=7, visit="v1", ticket="A001", call="c1")
    anew = msgspec.structs.replace(called(1), call="c1.2", counter=5)
    assert [each.counter for each in all_said(heard(quiet(), called(1), undone, anew))] == [5]


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
    assert [each.times for each in all_said(heard(restarted, called(1), repeated(1), repeated(1, times=3)))] == [3]


def test_a_silent_loudspeaker_gets_the_same_call_again() -> None:
    _, speaking = heard(quiet(), called(1), called(2)).begin()
    assert [each.call for each in all_said(speaking.failed())] == ["c1", "c2"]


def test_a_silent_loudspeaker_is_not_given_a_call_whose_customer_came_meanwhile() -> None:
    _, speaking = heard(quiet(), called(1), called(2)).begin()
    assert [each.call for each in all_said(heard(speaking, come(1)).failed())] == ["c2"]


def first_languages(queue: SpeechQueue) -> list[Language]:
    announcement, _ = queue.begin()
    assert announcement is not None
    return [part.language for part in announcement.parts]


def test_past_the_backlog_the_second_language_goes_first_then_the_repeat() -> None:
    calls = [called(n) for n in range(1, 4)]  # the newest waits 27.0 s in full, 18.8 s in Chinese, 10.2 s said once
    assert first_languages(heard(quiet(backlog_s=28), *calls)) == [ZH, ZH, EN]
    assert first_languages(heard(quiet(backlog_s=20), *calls)) == [ZH, ZH]
    assert first_languages(heard(quiet(backlog_s=15), *calls)) == [ZH]


def test_a_ticket_taken_in_english_is_called_in_english_even_in_a_rush() -> None:
    rush = heard(quiet(backlog_s=0), called(1, language=EN), called(2))
    assert first_languages(rush) == [ZH, EN]


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
    speaking: str | None = None
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
                    speaking = announcement.call
                    assert speaking in owed
                    owed.discard(speaking)
            case _ if speaking is not None:
                if step == "fail" and not queue.withdrawn:
                    owed.add(speaking)
                queue = queue.ended() if step == "end" else queue.failed()
                speaking = None
    said = [each.call for each in all_said(queue.ended())]
    assert len(said) == len(set(said)), "a recall was not merged"
    assert set(said) == owed
