"""What the journals tell of customers' ratings: four rates apart, by wait, promise and clerk."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from broker.contract.messages import (
    AnyEvent,
    CaseKind,
    CaseOpened,
    Counter,
    DayOpened,
    Hall,
    HallConfigured,
    Language,
    Node,
    Outcome,
    Rating,
    RatingExplained,
    RatingFlag,
    RatingSetAside,
    Recorded,
    Role,
    Service,
    SetAside,
    Text,
    TicketCalled,
    TicketIssued,
    Undone,
    VisitEnded,
    VisitNotRated,
    VisitRated,
    Zone,
)
from broker.report.ratings import NoHall, Ratings, ratings, share

NAME = Text(zh="厅", en="Hall")
HALL = Hall(
    id="east",
    name=NAME,
    zones=(Zone(id="main", name=NAME),),
    services=(Service(id="bill", name=NAME, prefix="A", zone="main"),),
    counters=(Counter(number=1, zone="main", skills=("bill",)),),
    nodes=(Node(id="box-1", role=Role.COUNTER, counters=(1,)),),
)
GOOD, FAIR, BAD = Rating.SATISFIED, Rating.AVERAGE, Rating.DISSATISFIED
FAST = (RatingFlag.TOO_FAST,)


class Day:
    """A day's journal; each customer is one line of the test."""

    def __init__(self, day: str = "2026-11-21") -> None:
        self.day = day
        self.events: list[AnyEvent] = [DayOpened(day=day), HallConfigured(hall=HALL)]
        self._count = 0

    def serve(
        self,
        rating: Rating | None = None,
        *,
        waited_min: float = 3,
        promised: int | None = 10,
        clerk: str | None = "li",
        flags: tuple[RatingFlag, ...] = (),
        asked: bool = False,
        outcome: Outcome = Outcome.DONE,
    ) -> str:
        """See a customer through; return the call."""
        self._count += 1
        ticket = f"A{self._count:03}"
        visit = f"{self.day}-{ticket}"
        call = f"{visit}.1"
        self.events += [
            TicketIssued(
                visit=visit, ticket=ticket, service="bill", number=self._count, language=Language.ZH, node="k",
                ahead=0, wait_low_min=0 if promised is not None else None, wait_high_min=promised,
            ),
            TicketCalled(
                call=call, visit=visit, ticket=ticket, service="bill", counter=1, zone="main", language=Language.ZH,
                rule="share", waited_s=round(waited_min * 60), clerk=clerk,
            ),
            VisitEnded(visit=visit, ticket=ticket, outcome=outcome, call=call, counter=1),
        ]  # fmt: skip
        if rating is not None:
            self.events.append(
                VisitRated(call=call, visit=visit, ticket=ticket, counter=1, rating=rating, clerk=clerk, flags=flags)
            )
        elif asked:
            self.events.append(VisitNotRated(call=call, visit=visit, ticket=ticket, counter=1, clerk=clerk))
        return call


def told(*days: Day) -> Ratings:
    at = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
    events: Sequence[AnyEvent] = [event for day in days for event in day.events]
    return ratings(Recorded(epoch=1, seq=n, at=at + timedelta(seconds=n), event=each) for n, each in enumerate(events))


def test_the_four_rates_stand_apart() -> None:
    day = Day()
    for rating in (GOOD, GOOD, FAIR, BAD):
        day.serve(rating)
    day.serve(asked=True)
    day.serve()  # at a window without a keypad, say
    total = told(day).total
    assert (total.served, total.not_rated) == (6, 1)
    assert (total.rated.count, total.rated.of) == (3, 4)
    assert (total.strict.count, total.strict.of) == (2, 4)
    assert (total.all_served.count, total.all_served.of) == (3, 6)
    assert (total.response.count, total.response.of) == (4, 6)
    assert total.grades == {"satisfied": 2, "average": 1, "dissatisfied": 1, "complaint": 0}


def test_no_rating_is_never_satisfied() -> None:
    day = Day()
    for _ in range(10):
        day.serve(asked=True)
    total = told(day).total
    assert total.rated.rate is None
    assert total.all_served.rate == 0


def test_a_no_show_was_not_served_and_is_in_no_rate() -> None:
    day = Day()
    day.serve(outcome=Outcome.NO_SHOW)
    assert told(day).total.served == 0


def test_flagged_ratings_count_and_the_strict_rate_leaves_them_out() -> None:
    day = Day()
    day.serve(GOOD, flags=FAST)
    day.serve(BAD)
    found = told(day)
    assert (found.total.rated.of, found.total.strict.of, found.total.flagged) == (2, 1, 1)
    assert found.flags["too_fast"] == 1


def test_satisfaction_is_told_by_wait_in_half_open_bands() -> None:
    day = Day()
    for minutes, rating in ((4.99, GOOD), (5, GOOD), (9, BAD), (20, BAD), (90, BAD)):
        day.serve(rating, waited_min=minutes)
    assert [(each.key, each.rated.count, each.rated.of) for each in told(day).by_wait] == [
        ("0–5", 1, 1),
        ("5–10", 1, 2),
        ("20+", 0, 2),
    ]


def test_and_by_whether_the_promise_was_kept() -> None:
    day = Day()
    day.serve(GOOD, waited_min=10, promised=10)
    day.serve(BAD, waited_min=11, promised=10)
    day.serve(GOOD, promised=None)
    assert [(each.key, each.rated.count) for each in told(day).by_promise] == [("kept", 1), ("broken", 0), ("none", 1)]


def test_a_rating_without_a_known_clerk_is_the_windows_only() -> None:
    day = Day()
    day.serve(GOOD, clerk=None)
    day.serve(BAD, clerk="li")
    assert [(each.key, each.rated.of) for each in told(day).by_clerk] == [("li", 1), ("", 1)]
    assert [(each.key, each.rated.of) for each in told(day).by_counter] == [("1", 2)]


def test_a_rating_that_came_after_midnight_counts_on_its_day_if_that_is_read_too() -> None:
    first, second = Day("2026-11-21"), Day("2026-11-22")
    call = first.serve()
    second.events.append(RatingSetAside(counter=1, rating=BAD, why=SetAside.EARLIER_DAY, call=call))
    both, alone = told(first, second), told(second)
    assert (both.total.rated.of, both.flags["late"], both.unbound) == (1, 1, 0)
    assert (alone.total.rated.of, alone.unbound) == (0, 1)


def test_what_was_pressed_unasked_is_counted_and_in_no_rate() -> None:
    day = Day()
    day.serve(GOOD)
    day.events.append(RatingSetAside(counter=1, rating=BAD, why=SetAside.UNASKED))
    found = told(day)
    assert (found.unasked, found.total.rated.of) == (1, 1)


def test_a_finish_that_was_taken_back_was_no_service() -> None:
    day = Day()
    call = day.serve(asked=True)
    day.events.append(Undone(counter=1, act="VisitEnded", seq=5, visit=call[:-2], ticket="A001"))
    assert told(day).total.served == 0


def test_reasons_and_cases_are_counted_the_last_word_of_each_customer() -> None:
    day = Day()
    call = day.serve(BAD)
    case = CaseOpened(
        case="c", visit=call[:-2], ticket="A001", service="bill", counter=1, outcome=Outcome.DONE,
        kind=CaseKind.RATING, rating=BAD,
    )  # fmt: skip
    day.events.append(case)
    for reasons in (("slow",), ("slow", "attitude")):
        day.events.append(RatingExplained(call=call, visit=call[:-2], ticket="A001", counter=1, reasons=reasons))
    found = told(day)
    assert (found.reasons, found.cases) == ({"slow": 1, "attitude": 1}, 1)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_are_wilsons(count: int, of: int, low: float, high: float) -> None:
    """Against the four examples of Newcombe, Statistics in Medicine 17 (1998), table I, method 3."""
    found = share(count, of)
    assert [found.low, found.high] == pytest.approx([low, high], abs=1e-4)


def test_few_ratings_say_that_they_are_few() -> None:
    assert share(29, 29).is_small
    assert not share(30, 30).is_small


def test_days_without_a_hall_are_refused() -> None:
    with pytest.raises(NoHall, match="journals"):
        ratings([])
