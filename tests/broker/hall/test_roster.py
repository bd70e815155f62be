"""Who staffs which counter by the roster, and who says otherwise."""

from msgspec.structs import replace

from broker.contract.messages import Clerk, ConfigureHall, Hall, OpenDay, Shift, SignedInBy, SignIn, Weekday
from broker.hall.snapshot import restored, taken
from broker.hall.views import counter_view

from .floor import Floor, a_hall

CLERKS = (Clerk(id="li"), Clerk(id="wang"), Clerk(id="zhao"))
MORNING_AND_NOON = (
    Shift(counter=1, clerk="li"),
    Shift(counter=1, clerk="wang", begins="12:00"),  # it is nine when the tests begin
    Shift(counter=2, clerk="zhao", days=(Weekday.SUN,)),
)


def a_roster(*shifts: Shift) -> Hall:
    return replace(a_hall(clerks=CLERKS), roster=shifts or MORNING_AND_NOON)


def staffed(floor: Floor, counter: int = 1) -> str | None:
    floor.elapse()
    return counter_view(floor.state, counter).clerk


def test_the_roster_staffs_a_counter_from_the_hour_that_it_names() -> None:
    floor = Floor(a_roster())
    assert staffed(floor) == "li"
    floor.later(minutes=179)
    assert staffed(floor) == "li"
    floor.later(minutes=1)
    assert staffed(floor) == "wang"
    assert floor.state.desk(1).signed_by is SignedInBy.ROSTER


def test_it_holds_on_its_days_only() -> None:
    floor = Floor(a_roster())
    assert staffed(floor, 2) is None  # a Saturday
    floor.later(minutes=60 * 24)
    floor.ask(OpenDay(id="sunday", day="2026-11-22"), node="dispatcher")
    assert staffed(floor, 2) == "zhao"


def test_whoever_came_with_a_card_holds_against_the_roster() -> None:
    floor = Floor(a_roster())
    floor.press(SignIn, 1, clerk="zhao", by=SignedInBy.CARD)
    floor.later(minutes=200)
    assert staffed(floor) == "zhao"


def test_a_clerk_who_sits_elsewhere_by_her_own_word_is_not_moved() -> None:
    floor = Floor(a_roster())
    floor.press(SignIn, 2, clerk="wang", by=SignedInBy.PIN)
    floor.later(minutes=200)
    assert (staffed(floor, 1), staffed(floor, 2)) == ("li", "wang")


def test_nobody_staffs_two_counters_by_the_roster() -> None:
    floor = Floor(a_roster(Shift(counter=1, clerk="li"), Shift(counter=2, clerk="li", begins="10:00")))
    floor.later(minutes=61)
    assert (staffed(floor, 1), staffed(floor, 2)) == (None, "li")


def test_who_signed_out_is_not_signed_in_again_when_the_file_is_read_anew() -> None:
    floor = Floor(a_roster())
    floor.later(minutes=1)
    floor.press(SignIn, 1, clerk=None)
    hall = replace(a_roster(), slip_grace_s=3)
    floor.ask(ConfigureHall(id="again", hall=hall), node="dispatcher")
    assert staffed(floor) is None


def test_a_shift_that_begins_while_the_dispatcher_is_away_is_seen_to_when_it_is_back() -> None:
    floor = Floor(a_roster())
    floor.later(minutes=1)
    floor.state = restored(taken(floor.state), epoch=1)
    assert staffed(floor) == "li"
    floor.later(minutes=240)
    assert staffed(floor) == "wang"
