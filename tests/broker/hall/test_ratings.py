"""What customers think of a service: bound to one call, its counter and its clerk, and to nothing else."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from broker.contract.messages import (
    CaseKind,
    CaseOpened,
    Clerk,
    ExplainRating,
    FinishService,
    Grade,
    OpenDay,
    Rate,
    RateUnasked,
    Rating,
    RatingExplained,
    RatingFlag,
    RatingScale,
    RatingSetAside,
    SetAside,
    SignIn,
    StartService,
    TransferVisit,
    Undo,
    VisitNotRated,
    VisitRated,
)

from .floor import BILL, NEW, Floor, a_hall, reason, text

LI, WANG = Clerk(id="li"), Clerk(id="wang")
FIRST = "2026-11-21-A001.1"


def rate(floor: Floor, call: str | None, rating: Rating | None = Rating.SATISFIED, **more: object) -> str:
    """Rate a call at its counter; return what the hall said."""
    assert call is not None
    command = Rate(id=floor.id(), call=call, counter=1, rating=rating, **more)  # type: ignore[arg-type]
    answer = floor.ask(command)
    return "done" if type(answer).__name__ == "Done" else reason(answer)


def a_served_customer(*, wait_min: float = 10, service_s: float = 120, clerk: str | None = "li") -> Floor:
    floor = Floor(a_hall(clerks=(LI, WANG)))
    floor.take()
    floor.later(minutes=wait_min)
    if clerk is not None:
        floor.press(SignIn, 1, clerk=clerk)
    floor.call(1)
    floor.press(StartService, 1)
    floor.later(seconds=service_s)
    floor.press(FinishService, 1)
    return floor


def rated(floor: Floor) -> list[VisitRated]:
    return [each.event for each in floor.history if isinstance(each.event, VisitRated)]


def test_a_rating_carries_who_served_and_how_long_the_customer_waited_against_what_was_promised() -> None:
    floor = a_served_customer(wait_min=10, service_s=120)
    visit = floor.visit("A001")
    assert rate(floor, FIRST, after_ms=4000) == "done"
    low, high = visit.promised_min or (None, None)
    assert rated(floor) == [
        VisitRated(
            call=FIRST,
            visit=visit.id,
            ticket="A001",
            counter=1,
            rating=Rating.SATISFIED,
            clerk="li",
            service="bill",
            waited_s=600,
            promised_low_min=low,
            promised_high_min=high,
            served_s=120,
            after_ms=4000,
        )
    ]


def test_a_rating_after_the_next_customer_was_called_belongs_to_the_one_before_and_to_her_clerk() -> None:
    floor = a_served_customer()
    floor.take()
    floor.press(SignIn, 1, clerk="wang")
    assert floor.call(1) == "A002"
    assert rate(floor, FIRST, Rating.AVERAGE) == "done"
    assert [(each.ticket, each.clerk) for each in rated(floor)] == [("A001", "li")]


def test_at_a_counter_that_nobody_is_known_to_staff_the_rating_is_the_windows_only() -> None:
    floor = a_served_customer(clerk=None)
    rate(floor, FIRST)
    assert [(each.counter, each.clerk) for each in rated(floor)] == [(1, None)]


@pytest.mark.parametrize(
    ("service_s", "said", "flags"),
    [
        (120, {"after_ms": 1500}, ()),
        (120, {"after_ms": 900}, (RatingFlag.TOO_FAST,)),
        (19, {"after_ms": 5000}, (RatingFlag.TOO_SHORT,)),
        (120, {"after_ms": 25_000, "late": True}, (RatingFlag.LATE,)),
        (5, {"after_ms": 100}, (RatingFlag.TOO_FAST, RatingFlag.TOO_SHORT)),
        (120, {}, ()),
    ],
)
def test_what_may_be_no_honest_rating_is_flagged_and_kept(
    service_s: float, said: dict[str, Any], flags: tuple[RatingFlag, ...]
) -> None:
    floor = a_served_customer(service_s=service_s)
    assert rate(floor, FIRST, **said) == "done"
    assert rated(floor)[0].flags == flags


def test_asked_and_nothing_pressed_is_none_and_a_late_key_still_counts() -> None:
    floor = a_served_customer()
    assert rate(floor, FIRST, None) == "done"
    assert floor.kinds()[-1] == VisitNotRated.__name__
    assert floor.visit("A001").rating is None
    assert rate(floor, FIRST, Rating.AVERAGE, late=True) == "done"
    assert rate(floor, FIRST, None) == "already_rated"
    assert floor.visit("A001").rating is Rating.AVERAGE


def test_who_was_asked_can_still_have_the_finish_taken_back_and_rates_the_real_one() -> None:
    floor = a_served_customer()
    rate(floor, FIRST, None)
    assert type(floor.press(Undo, 1)).__name__ == "Done"
    assert rate(floor, FIRST) == "not_finished"
    floor.press(FinishService, 1)
    assert rate(floor, FIRST) == "done"


def test_a_bad_rating_opens_a_case_and_a_good_one_none() -> None:
    floor = a_served_customer()
    rate(floor, FIRST, Rating.COMPLAINT)
    cases = [each.event for each in floor.history if isinstance(each.event, CaseOpened)]
    assert [(each.kind, each.visit, each.clerk, each.rating) for each in cases] == [
        (CaseKind.RATING, "2026-11-21-A001", "li", Rating.COMPLAINT)
    ]
    fine = a_served_customer()
    rate(fine, FIRST, Rating.AVERAGE)
    assert CaseOpened.__name__ not in fine.kinds()


def test_the_halls_own_scale_says_what_is_bad() -> None:
    scale = RatingScale(
        grades=tuple(
            Grade(grade=grade, name=text(grade.value), bad=grade is not Rating.SATISFIED)
            for grade in (Rating.SATISFIED, Rating.AVERAGE, Rating.DISSATISFIED)
        )
    )
    floor = Floor(replace(a_hall(), rating=scale))
    floor.take()
    floor.serve(1)
    rate(floor, FIRST, Rating.AVERAGE)
    assert CaseOpened.__name__ in floor.kinds()


def test_a_rating_of_yesterday_that_comes_after_midnight_is_kept_apart_and_not_lost() -> None:
    floor = a_served_customer()
    floor.later(minutes=60 * 24)
    floor.ask(OpenDay(id="next", day="2026-11-22"), node="dispatcher")
    assert rate(floor, FIRST, Rating.DISSATISFIED) == "done"
    assert floor.history[-1].event == RatingSetAside(
        counter=1, rating=Rating.DISSATISFIED, why=SetAside.EARLIER_DAY, call=FIRST
    )


def test_what_is_pressed_where_nobody_was_asked_is_kept_apart() -> None:
    floor = a_served_customer()
    floor.ask(RateUnasked(id="u", counter=1, rating=Rating.SATISFIED))
    assert floor.history[-1].event == RatingSetAside(counter=1, rating=Rating.SATISFIED, why=SetAside.UNASKED)
    assert floor.visit("A001").rating is None
    assert reason(floor.ask(RateUnasked(id="v", counter=1, rating=Rating.SATISFIED), node="box-2")) == "not_allowed"


def test_reasons_follow_a_rating_by_their_ids_and_only_those_of_the_hall() -> None:
    floor = a_served_customer()

    def explain(*reasons: str) -> str:
        answer = floor.ask(ExplainRating(id=floor.id(), call=FIRST, counter=1, reasons=reasons))
        return "done" if type(answer).__name__ == "Done" else reason(answer)

    assert explain("slow") == "not_rated"
    rate(floor, FIRST, Rating.DISSATISFIED)
    assert explain("weather") == "unknown_reason"
    assert explain("slow", "attitude") == "done"
    last = floor.history[-1].event
    assert isinstance(last, RatingExplained)
    assert last.reasons == ("slow", "attitude")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["next", "finish", "transfer", "rate now", "rate before", "other clerk"]), max_size=25))
def test_a_rating_is_never_bound_to_another_visit_counter_or_clerk(acts: list[str]) -> None:
    floor = Floor(a_hall(services=(BILL, NEW), counters={1: "bill new"}, clerks=(LI, WANG)))
    for _ in range(8):
        floor.take(then=("new",))
    served: dict[str, tuple[str, str | None]] = {}  # call: ticket and clerk
    clerk = None
    at_counter: tuple[str, str, str | None] | None = None
    for act in acts:
        floor.later(seconds=30)
        if act == "other clerk":
            clerk = "wang" if clerk == "li" else "li"
            floor.press(SignIn, 1, clerk=clerk)
        elif act == "next" and at_counter is None:
            ticket = floor.call(1)
            call = floor.seen(1)
            at_counter = (call, ticket, clerk) if call is not None else None
        elif act == "finish" and at_counter is not None:
            floor.press(FinishService, 1)
            served[at_counter[0]] = at_counter[1:]
            at_counter = None
        elif act == "transfer" and at_counter is not None:
            floor.press(TransferVisit, 1, service="new")
            at_counter = None
        elif act.startswith("rate") and served:
            rate(floor, list(served)[-1 if act == "rate now" else 0], Rating.AVERAGE)
        if at_counter is not None:
            assert rate(floor, at_counter[0]) in {"not_finished", "unknown_call"}
    for each in rated(floor):
        assert (each.ticket, each.clerk) == served[each.call]
    assert len({each.call for each in rated(floor)}) == len(rated(floor))
