"""What is said of calls and of waiting, word for word, in both languages: the golden files are the hall's answers.

`GOLDEN=write` in the environment writes them anew; read them before they are committed.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from msgspec.structs import replace

from broker.contract.messages import (
    ArmCounter,
    CallTicket,
    CancelTicket,
    CloseCounter,
    Discipline,
    FinishService,
    Hold,
    HoldVisit,
    Language,
    MarkNoShow,
    MarkServedByHand,
    NotEntitled,
    OpenCounter,
    OpenDay,
    Outcome,
    Policy,
    Position,
    Recall,
    Reclassify,
    ReportSlip,
    ResumeVisit,
    ReturnTicket,
    Rule,
    SlipFate,
    StartService,
    TransferVisit,
    Undo,
)
from broker.contract.texts import texts
from broker.journal import read_day
from broker.report.sentences import sections
from broker.report.why import account
from broker.report.words import Words

if TYPE_CHECKING:
    from tests.broker.report.conftest import Floor

GOLDEN: Final = Path(__file__).parent / "golden"
Story = Callable[["Floor"], str]


def share(floor: "Floor") -> str:
    """80 % of a long promise is more than 40 % of a short one."""
    ticket = floor.take()
    floor.later(10)
    floor.take("new", "courtesy")
    floor.later(2)
    assert floor.call(1) == ticket
    return ticket


def share_passed_over(floor: "Floor") -> str:
    """Three minutes later it would have been the other way round, and the ordinary ticket asks why."""
    ticket = floor.take()
    floor.later(8)
    floor.take("new", "courtesy")
    floor.later(5)
    assert floor.call(1) != ticket
    return ticket


def share_tie(floor: "Floor") -> str:
    floor.take()
    floor.later(8)
    ticket = floor.take("new", "courtesy")
    floor.later(4)
    assert floor.call(1) == ticket
    return ticket


def share_tie_passed_over(floor: "Floor") -> str:
    share_tie(floor)
    return "A001"


def share_by_a_hair(floor: "Floor") -> str:
    """2.3 % and 1.5 % are both 2 %: no tie, though they read alike."""
    ticket = floor.take()
    floor.now += timedelta(seconds=9)
    floor.take("new", "courtesy")
    floor.now += timedelta(seconds=5)
    assert floor.call(1) != ticket
    return ticket


def share_by_a_hair_called(floor: "Floor") -> str:
    share_by_a_hair(floor)
    return "B001"


def fcfs(floor: "Floor") -> str:
    ticket = floor.take()
    floor.later(8)
    floor.take("new", "courtesy")
    floor.later(4)
    assert floor.call(1) == ticket
    return ticket


def due(floor: "Floor") -> str:
    floor.take()
    floor.later(6)
    ticket = floor.take("new", "courtesy")
    floor.later(7.5)
    assert floor.call(1) == ticket
    return ticket


def due_passed_over(floor: "Floor") -> str:
    due(floor)
    return "A001"


def strict(floor: "Floor") -> str:
    floor.take()
    floor.later(3)
    ticket = floor.take("new", "courtesy")
    assert floor.call(1) == ticket
    return ticket


def strict_passed_over(floor: "Floor") -> str:
    strict(floor)
    return "A001"


def ratio(floor: "Floor") -> str:
    floor.take()
    ticket = floor.take("new", "courtesy")
    assert floor.call(1) == ticket
    return ticket


def a_rule(floor: "Floor") -> str:
    """More than two wait for a new supply: rule 2 holds."""
    floor.take()
    floor.later(1)
    tickets = [floor.take("new") for _ in range(3)]
    floor.later(5)
    assert floor.call(1) == tickets[0]
    return tickets[0]


def no_rule(floor: "Floor") -> str:
    ticket = floor.take()
    floor.later(1)
    floor.take("new")
    floor.later(2)
    assert floor.call(1) == ticket
    return ticket


def bound_in_times(floor: "Floor") -> str:
    """Overtaken twice, as often as is allowed, the ordinary ticket goes first."""
    ticket = floor.take()
    for _ in range(3):
        floor.later(1)
        floor.take("new", "courtesy")
    for _ in range(2):
        floor.later(2)
        assert floor.call(1).startswith("B")
        floor.did(FinishService, 1)
    assert floor.call(1) == ticket
    return ticket


def bound_in_minutes(floor: "Floor") -> str:
    ticket = floor.take()
    floor.later(11)
    floor.take("new", "courtesy")
    assert floor.call(1) == ticket
    return ticket


def absolute_breaks_the_bound(floor: "Floor") -> str:
    floor.take()
    floor.later(2)
    floor.take("new", "courtesy")
    floor.call(1)
    floor.did(FinishService, 1)
    floor.later(1)
    ticket = floor.take("bill", "emergency")
    assert floor.call(1) == ticket
    return ticket


def absolute_passed_over(floor: "Floor") -> str:
    absolute_breaks_the_bound(floor)
    return "A001"


def back_from_a_no_show(floor: "Floor") -> str:
    ticket = floor.take()
    floor.call(1)
    floor.later(1)
    floor.did(Recall, 1)
    floor.later(1)
    floor.did(MarkNoShow, 1)
    floor.take()
    floor.later(2)
    floor.ask(ReturnTicket(id=floor.id(), ticket=ticket))
    floor.take()
    floor.call(1)
    floor.did(FinishService, 1)
    assert floor.call(1) == ticket
    return ticket


def passed_by_a_return(floor: "Floor") -> str:
    """A003 moves no place: A001 came first, and is only ahead of it."""
    back_from_a_no_show(floor)
    return "A003"


def sent_to_the_front(floor: "Floor") -> str:
    ticket = floor.take("ask")
    floor.later(1)
    floor.take("new")
    floor.later(1)
    floor.call(3)
    floor.did(StartService, 3)
    floor.later(2)
    floor.did(TransferVisit, 3, service="new", position=Position.FIRST)
    assert floor.call(1) == ticket
    floor.did(FinishService, 1, outcome=Outcome.DECLINED, reason="papers")
    return ticket


def passed_by_one_sent_to_the_front(floor: "Floor") -> str:
    ticket = floor.take("new")
    floor.later(1)
    later = floor.take("ask")
    floor.call(3)
    floor.did(TransferVisit, 3, service="new", position=Position.FIRST)
    assert floor.call(1) == later
    return ticket


def follow_up(floor: "Floor") -> str:
    first = floor.take()
    floor.call(1)
    floor.did(FinishService, 1, outcome=Outcome.FOLLOW_UP)
    code = next(iter(floor.state.returns))
    floor.take()
    floor.later(3)
    ticket = floor.take("bill", return_code=code)
    assert floor.call(1) == ticket != first
    return ticket


def by_number(floor: "Floor") -> str:
    floor.take()
    floor.later(5)
    ticket = floor.take("new")
    floor.later(1)
    floor.did(CallTicket, 1, ticket=ticket)
    return ticket


def by_number_passed_over(floor: "Floor") -> str:
    by_number(floor)
    return "A001"


def resumed_after_a_hold(floor: "Floor") -> str:
    ticket = floor.take()
    floor.call(2)
    floor.did(StartService, 2)
    floor.later(3)
    floor.did(HoldVisit, 2, hold=Hold.DOCUMENTS_KEPT)
    floor.later(10)
    floor.did(ResumeVisit, 2, ticket=ticket)
    floor.later(4)
    floor.did(FinishService, 2)
    return ticket


def resumed_and_taken_back(floor: "Floor") -> str:
    """What happened stands in its order: the service of the resumed visit began before it was taken back."""
    ticket = floor.take()
    floor.call(2)
    floor.did(HoldVisit, 2, hold=Hold.DOCUMENTS_AWAY)
    floor.later(2)
    floor.did(ResumeVisit, 2, ticket=ticket)
    floor.did(Undo, 2)
    return ticket


def first_in_the_only_line(floor: "Floor") -> str:
    """Others wait behind it: it was not alone."""
    ticket = floor.take()
    floor.take()
    floor.later(17)
    floor.call(2)
    return ticket


def nobody_else(floor: "Floor") -> str:
    ticket = floor.take()
    floor.take("ask")
    floor.later(17)
    floor.call(2)
    return ticket


def pushed(floor: "Floor") -> str:
    floor.did(ArmCounter, 2, armed=True)
    return floor.take()


def undone(floor: "Floor") -> str:
    floor.did(OpenCounter, 1)
    ticket = floor.take()
    floor.take("new")
    floor.later(2)
    floor.call(1)
    floor.now += timedelta(seconds=20)
    floor.did(Undo, 1)
    floor.later(3)
    return ticket


def passed_over_and_taken_back(floor: "Floor") -> str:
    floor.did(OpenCounter, 1)
    ticket = floor.take()
    floor.later(1)
    floor.take("new", "courtesy")
    floor.later(1)
    floor.call(1)
    floor.now += timedelta(seconds=5)
    floor.did(Undo, 1)
    return ticket


def another_counter_helps(floor: "Floor") -> str:
    """Counter 3 helps with bills only while nobody waits with a question."""
    ticket = floor.take()
    floor.later(6)
    floor.take("ask")
    assert floor.call(3) == "E001"
    return ticket


def its_own_before_help(floor: "Floor") -> str:
    """Only people whom counter 3 helps wait besides, and they came later."""
    ticket = floor.take("ask")
    floor.later(6)
    floor.take()
    assert floor.call(3) == ticket
    return ticket


def a_class_first(floor: "Floor") -> str:
    """Counter 3 takes courtesy before all others, whatever share of the promise others have used."""
    floor.take("ask")
    floor.later(11)
    ticket = floor.take("ask", "courtesy")
    floor.later(1)
    assert floor.call(3) == ticket
    return ticket


def a_class_first_passed_over(floor: "Floor") -> str:
    a_class_first(floor)
    return "E001"


def nobody_works(floor: "Floor") -> str:
    """Counters without the skill pass nobody over; the only one that could call is closed."""
    ticket = floor.take("new")
    floor.did(OpenCounter, 1)
    floor.did(CloseCounter, 1)
    floor.later(1)
    floor.take("bill", "courtesy")
    floor.call(2)
    return ticket


def moved_about(floor: "Floor") -> str:
    """Two services, an undone finish, sent to a counter, another class, then not entitled to it."""
    ticket = floor.take("new", then=("bill",))
    floor.call(1)
    floor.did(StartService, 1)
    floor.later(1)
    floor.did(FinishService, 1)
    floor.did(Undo, 1)
    floor.later(1)
    floor.did(FinishService, 1)
    floor.did(CallTicket, 1, ticket=ticket)
    floor.did(TransferVisit, 1, to_counter=2, position=Position.LAST)
    floor.ask(Reclassify(id=floor.id(), ticket=ticket, priority_class="courtesy"))
    floor.later(1)
    floor.call(2)
    floor.did(NotEntitled, 2)
    return ticket


def appointment(floor: "Floor") -> str:
    return floor.take("new", "booked", booked_at=floor.now + timedelta(hours=1))


def held(floor: "Floor") -> str:
    ticket = floor.take()
    floor.call(2)
    floor.did(HoldVisit, 2, hold=Hold.DOCUMENTS_AWAY)
    return ticket


def missed(floor: "Floor") -> str:
    ticket = floor.take()
    floor.call(2)
    floor.did(MarkNoShow, 2)
    return ticket


def missed_long_ago(floor: "Floor") -> str:
    ticket = missed(floor)
    floor.later(11)
    for _ in range(6):
        floor.take()
        floor.call(2)
        floor.did(FinishService, 2)
    return ticket


def void(floor: "Floor") -> str:
    ticket = floor.take()
    visit = floor.state.by_ticket[ticket]
    floor.ask(ReportSlip(id=floor.id(), visit=visit, fate=SlipFate.NOT_PRINTED), node="desk")
    return ticket


def cancelled(floor: "Floor") -> str:
    ticket = floor.take()
    floor.ask(CancelTicket(id=floor.id(), ticket=ticket))
    return ticket


def by_hand(floor: "Floor") -> str:
    ticket = floor.take()
    floor.ask(MarkServedByHand(id=floor.id(), up_to=ticket))
    return ticket


def left_at_night(floor: "Floor") -> str:
    ticket = floor.take()
    floor.later(60)
    floor.ask(OpenDay(id=floor.id(), day="2026-11-22"), node="dispatcher")
    return ticket


TWICE = Policy(discipline=Discipline.STRICT, overtaken_times=2)
RULES = (
    Rule(service="ask", waited_over_min=10),
    Rule(service="new", priority_class="ordinary", waiting_over=2, waited_over_min=5),
)
STORIES: Final[dict[Story, Policy]] = {
    **dict.fromkeys((share, share_passed_over, share_tie, share_tie_passed_over), Policy()),
    **dict.fromkeys((share_by_a_hair, share_by_a_hair_called), Policy()),
    fcfs: Policy(discipline=Discipline.FCFS),
    **dict.fromkeys((due, due_passed_over), Policy(discipline=Discipline.DUE)),
    **dict.fromkeys((strict, strict_passed_over), Policy(discipline=Discipline.STRICT)),
    ratio: Policy(discipline=Discipline.RATIO),
    **dict.fromkeys((a_rule, no_rule), Policy(discipline=Discipline.RULES, rules=RULES)),
    bound_in_times: TWICE,
    bound_in_minutes: Policy(discipline=Discipline.STRICT, overtaken_min=10),
    **dict.fromkeys((absolute_breaks_the_bound, absolute_passed_over), replace(TWICE, overtaken_times=1)),
    **dict.fromkeys((back_from_a_no_show, passed_by_a_return), Policy(discipline=Discipline.FCFS)),
    **dict.fromkeys(
        (
            sent_to_the_front,
            passed_by_one_sent_to_the_front,
            follow_up,
            by_number,
            by_number_passed_over,
            resumed_after_a_hold,
            resumed_and_taken_back,
            first_in_the_only_line,
            nobody_else,
            pushed,
            undone,
            another_counter_helps,
            its_own_before_help,
            a_class_first,
            a_class_first_passed_over,
            nobody_works,
            moved_about,
            appointment,
            held,
            missed,
            missed_long_ago,
            void,
            cancelled,
            by_hand,
            left_at_night,
        ),
        Policy(),
    ),
    passed_over_and_taken_back: Policy(discipline=Discipline.STRICT, overtaken_times=3, overtaken_min=20),
}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_every_call_and_every_wait_explains_itself(
    story: Story, open_floor: "Callable[[Policy], Floor]", tmp_path: Path
) -> None:
    floor = open_floor(STORIES[story])
    ticket = story(floor)
    told = account(read_day(tmp_path / "journal" / "2026-11-21.sqlite"), ticket)
    said = []
    for language in Language:
        words = Words(texts(language)["why"], hall=told.hall, language=language)
        for section in sections(told, words):
            said += [section.heading, *(f"  {line}" for line in section.lines), ""]
    text = "\n".join(said)
    golden = GOLDEN / f"{story.__name__}.txt"
    if os.environ.get("GOLDEN") == "write":
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_both_languages_have_the_same_words_with_the_same_blanks() -> None:
    zh, en = texts(Language.ZH)["why"], texts(Language.EN)["why"]
    assert zh.keys() == en.keys()
    for key in zh:
        assert _blanks(zh[key]) <= _blanks(en[key]) | {"ticket"}, key


def _blanks(text: str) -> set[str]:
    return {each.partition("}")[0] for each in text.split("{")[1:]}
