"""The register alone: who may join, and what stays true whatever is asked in whatever order."""

import itertools
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from broker.invitations import Invitation, token_hash
from broker.joining.words import AskSpare, Boxes, Denied, Due, Join, Joined, Renewed, SpareTold
from registrar.changes import (
    AnyChange,
    BoxInvited,
    BoxJoined,
    Certificate,
    CertificateRenewed,
    Expelled,
    IssuingReplaced,
)
from registrar.doors import Doors
from registrar.limits import ADDRESSES, Limit
from registrar.register import SPARES_TOLD, TAKEN_UP, Certify, Register
from registrar.spares import MOST, OF_AN_ADDRESS

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TOKEN, OTHER = "a" * 32, "b" * 32
KEYS = {"keeper-k": "1" * 64, "kiosk-1": "2" * 64}


def certificate(node: str, key: str, number: int, at: datetime = NOW) -> Certificate:
    return Certificate(
        node=node,
        serial=f"{number:x}",
        issuer="9",
        key=key,
        chain=f"chain {number}",
        due=at + timedelta(days=243),
        until=at + timedelta(days=365),
    )


def a_register() -> Register:
    register = Register(hall="east", own="registrar")
    register.apply(IssuingReplaced(at=NOW, who="registrar", serial="9"))
    invite(register, "kiosk-east", ("keeper-k", "kiosk-1"), TOKEN)
    invite(register, "dispatcher", ("keeper-d", "registrar", "dispatcher"), OTHER)
    return register


def invite(register: Register, box: str, nodes: tuple[str, ...], token: str) -> None:
    expires = NOW + timedelta(days=14)
    invitation = Invitation(box=box, nodes=nodes, token=token_hash(token), expires=expires)
    decided = register.invite(invitation, {"box.toml": b""}, by="technician", now=NOW)
    assert isinstance(decided, BoxInvited)
    register.apply(decided)


def ask(
    register: Register, token: str = TOKEN, *, keys: dict[str, str] = KEYS, box: str = "kiosk-east", hall: str = "east"
) -> str:
    asked = Join(hall=hall, box=box, token=token, requests=dict.fromkeys(keys, ""))
    answer = register.join(asked, keys, NOW)
    return answer.reason if isinstance(answer, Denied) else type(answer).__name__


def let_join(register: Register, keys: dict[str, str] = KEYS, first: int = 100, at: datetime = NOW) -> None:
    made = tuple(certificate(node, key, first + place, at) for place, (node, key) in enumerate(keys.items()))
    register.apply(BoxJoined(at=at, who="10.0.0.9", box="kiosk-east", certificates=made))


def test_who_has_the_token_may_join() -> None:
    assert ask(a_register()) == "Certify"


@pytest.mark.parametrize(
    ("token", "box", "hall", "why"),
    [
        (OTHER, "kiosk-east", "east", "wrong_token"),  # another box's
        ("0" * 32, "kiosk-east", "east", "wrong_token"),
        (TOKEN, "kiosk-north", "east", "wrong_token"),  # nobody learns which boxes there are
        (TOKEN, "kiosk-east", "west", "other_hall"),
    ],
)
def test_who_has_not_is_refused(token: str, box: str, hall: str, why: str) -> None:
    assert ask(a_register(), token, box=box, hall=hall) == why


@pytest.mark.parametrize("keys", [{}, {"kiosk-1": "2" * 64}, {**KEYS, "dispatcher": "3" * 64}])
def test_a_box_gets_its_own_nodes_and_no_others(keys: dict[str, str]) -> None:
    assert ask(a_register(), keys=keys) == "other_nodes"


def test_a_box_that_asks_again_gets_the_same_answer_and_another_machine_none() -> None:
    register = a_register()
    let_join(register)
    assert ask(register) == "Joined"
    assert ask(register, keys={**KEYS, "kiosk-1": "f" * 64}) == "token_used"


def test_a_box_that_was_expelled_is_not_answered_again() -> None:
    register = a_register()
    let_join(register)
    register.apply(Expelled(at=NOW, who="technician", box="kiosk-east", nodes=("keeper-k", "kiosk-1")))
    assert ask(register) == "wrong_token"
    assert set(register.revoked) == {"64", "65"}
    assert isinstance(register.due("65", NOW), Denied)


def test_what_is_revoked_is_what_counted() -> None:
    register = a_register()
    let_join(register)
    invite(register, "kiosk-east", ("keeper-k", "kiosk-1"), "c" * 32)
    assert not register.revoked  # the old machine works until the new one has its certificates
    let_join(register, {"keeper-k": "4" * 64, "kiosk-1": "5" * 64}, first=200)
    assert set(register.revoked) == {"64", "65"}
    assert isinstance(register.due("c9", NOW), Due)


def test_a_node_that_leaves_a_box_is_revoked_with_the_new_card() -> None:
    register = a_register()
    let_join(register)
    invite(register, "kiosk-east", ("keeper-k",), "c" * 32)
    assert set(register.revoked) == {"65"}


def test_no_two_boxes_have_one_node() -> None:
    invitation = Invitation(box="kiosk-new", nodes=("kiosk-1",), token=token_hash("c" * 32), expires=NOW)
    answer = a_register().invite(invitation, {}, by="technician", now=NOW)
    assert isinstance(answer, Denied)
    assert answer.reason == "node_elsewhere"


def test_a_certificate_is_due_at_two_thirds_and_after_a_rotation() -> None:
    register = a_register()
    let_join(register)
    for days, due in ((0, False), (242, False), (244, True)):
        assert register.due("65", NOW + timedelta(days=days)) == Due(due=due)
    register.apply(IssuingReplaced(at=NOW, who="technician", serial="a"))
    assert register.due("65", NOW) == Due(due=True)


def test_a_renewal_is_answered_again_and_an_old_key_never() -> None:
    register = a_register()
    let_join(register)
    early = register.renew("65", "6" * 64, NOW)  # nobody fills the book with certificates that nobody needs
    assert isinstance(early, Denied)
    assert early.reason == "not_due"
    due = NOW + timedelta(days=244)
    assert isinstance(register.renew("65", "6" * 64, due), Certify)
    register.apply(CertificateRenewed(at=NOW, who="kiosk-1", certificate=certificate("kiosk-1", "6" * 64, 300)))
    assert register.renew("65", "6" * 64, due) == Renewed(certificate="chain 300")
    for key in ("1" * 64, "2" * 64):
        assert isinstance(register.renew("12c", key, due), Denied)


def test_a_former_authority_counts_until_every_node_has_moved_on_and_taken_up_its_new_certificate() -> None:
    register = a_register()
    let_join(register)
    later = NOW + timedelta(days=1)
    register.apply(IssuingReplaced(at=NOW, who="technician", serial="a"))
    for number, node in enumerate(KEYS, start=300):
        assert register.authorities(later) == {"9", "a"}
        made = structs.replace(certificate(node, f"{number:064}", number), issuer="a")
        register.apply(CertificateRenewed(at=NOW, who=node, certificate=made))
    assert register.authorities(later) == {"9", "a"}
    assert register.authorities(NOW + TAKEN_UP) == {"a"}


# Spares ---------------------------------------------------------------------------------------------------------------


def spare(register: Register, code: str, token: str, at: datetime = NOW, address: str = "10.0.0.7") -> str:
    answer = register.spare(AskSpare(hall="east", serial="s-1", code=code, token=token), address, at)
    return answer.reason if isinstance(answer, Denied) else type(answer).__name__


def write(register: Register, answer: object) -> str:
    if not isinstance(answer, tuple):
        return answer.reason if isinstance(answer, Denied) else type(answer).__name__
    for change in answer:
        register.apply(change)
    return type(answer[-1]).__name__


def approve(register: Register, code: str, box: str, at: datetime = NOW, now: datetime = NOW) -> str:
    return write(register, register.approve(code, box, by="desk", at=at, now=now))


def test_a_spare_gets_the_place_that_a_supervisor_says_and_joins_by_its_own_token() -> None:
    register = a_register()
    let_join(register)
    assert spare(register, "482913", "c" * 32) == "SpareTold"
    assert spare(register, "482913", "c" * 32) == "SpareTold"
    assert ask(register, "c" * 32) == "wrong_token"
    assert approve(register, "482913", "kiosk-east") == "SpareGiven"
    assert approve(register, "482913", "kiosk-east") == "NoneType"  # heard once more
    told = register.spare(AskSpare(hall="east", serial="s-1", code="482913", token="c" * 32), "10.0.0.7", NOW)
    assert told == SpareTold(box="kiosk-east", files={"box.toml": b""})
    assert ask(register, "c" * 32) == "Certify"
    assert ask(register) == "wrong_token"


@pytest.mark.parametrize(
    ("code", "box", "why"),
    [
        ("111111", "kiosk-east", "no_such_spare"),
        ("482913", "kiosk-north", "no_such_box"),
        ("482913", "dispatcher", "not_the_dispatcher"),
    ],
)
def test_an_approval_that_fits_nothing_does_nothing(code: str, box: str, why: str) -> None:
    register = a_register()
    spare(register, "482913", "c" * 32)
    assert approve(register, code, box) == why


def test_an_approval_from_before_the_spare_came_is_none_of_its() -> None:
    register = a_register()
    spare(register, "482913", "c" * 32, NOW)
    assert approve(register, "482913", "kiosk-east", at=NOW - timedelta(seconds=1)) == "no_such_spare"


def test_a_spare_that_is_switched_off_is_forgotten_after_half_an_hour() -> None:
    register = a_register()
    spare(register, "482913", "c" * 32)
    late = NOW + timedelta(minutes=31)
    assert approve(register, "482913", "kiosk-east", at=late, now=late) == "no_such_spare"
    assert register.told(late).spares == ()


def test_two_spares_never_show_one_code() -> None:
    register = a_register()
    assert spare(register, "000000", "c" * 32) == "SpareTold"
    assert spare(register, "000000", "d" * 32) == "code_taken"


def flood(register: Register, addresses: Iterable[str], each: int, at: datetime = NOW) -> int:
    """Let so many spares ask from each address; return how many got in."""
    numbers = itertools.count(500_000)
    return sum(
        spare(register, f"{(number := next(numbers)):06}", f"{number:032x}", at, address) == "SpareTold"
        for address in addresses
        for _ in range(each)
    )


def test_one_who_asks_a_thousand_times_from_every_address_of_the_hall_keeps_no_spare_out() -> None:
    register = a_register()
    hall = [f"192.168.8.{number}" for number in range(1, 254)]
    flood(register, hall, 12)
    assert spare(register, "482913", "c" * 32, address="192.168.8.254") == "SpareTold"
    flood(register, hall, 12)
    told = register.told(NOW)
    assert (len(told.spares), told.waiting) == (SPARES_TOLD, 253 * OF_AN_ADDRESS + 1)
    assert approve(register, "482913", "kiosk-east") == "SpareGiven"


def test_of_an_address_the_first_gives_way_and_an_ipv6_net_is_one_address() -> None:
    register = a_register()
    assert flood(register, ["fd00::7", "fd00::8", "fd00::9"], OF_AN_ADDRESS) == 3 * OF_AN_ADDRESS
    assert register.told(NOW).waiting == OF_AN_ADDRESS
    assert spare(register, "482913", "c" * 32, address="fd00::a") == "SpareTold"
    assert register.told(NOW).waiting == OF_AN_ADDRESS


def test_where_very_many_wait_those_give_way_who_have_fallen_silent() -> None:
    register = a_register()
    many = [f"10.{number // 250}.0.{number % 250}" for number in range(2 * MOST)]
    assert flood(register, many, 1) == MOST
    assert spare(register, "482913", "c" * 32) == "too_many_spares"
    assert spare(register, "482913", "c" * 32, NOW + timedelta(minutes=2)) == "SpareTold"


def test_an_approval_is_acted_on_after_a_restart_of_hours_and_not_the_next_day() -> None:
    before = a_register()
    spare(before, "482913", "c" * 32)
    book = before.spares.keep()
    later = NOW + timedelta(hours=3)
    for late, came in ((timedelta(0), "SpareGiven"), (timedelta(hours=12), "approval_late")):
        register = a_register()
        register.spares.kept(book, begun=later + late)
        assert register.told(later + late).spares == ()  # it has not asked again yet
        at = NOW + timedelta(minutes=5)
        assert approve(register, "482913", "kiosk-east", at=at, now=later + late) == came
    later += timedelta(hours=1)  # begun for long, and the spare was not heard any more
    register = a_register()
    register.spares.kept(book, begun=NOW + timedelta(hours=3))
    assert approve(register, "482913", "kiosk-east", at=later, now=later) == "no_such_spare"


def test_a_spare_that_was_turned_away_gets_nothing() -> None:
    register = a_register()
    spare(register, "482913", "c" * 32)
    away = write(register, register.turn_away("482913", by="technician", now=NOW))
    assert away == "SpareTurnedAway"
    assert spare(register, "482913", "c" * 32) == "spare_refused"
    assert approve(register, "482913", "kiosk-east") == "no_such_spare"


# Whatever is asked ----------------------------------------------------------------------------------------------------

ACTS = st.lists(
    st.tuples(st.sampled_from(["join", "renew", "expel", "spare", "approve", "invite"]), st.integers(0, 3)), max_size=30
)


def play(acts: Sequence[tuple[str, int]]) -> tuple[Register, list[AnyChange]]:
    """Play what people and boxes do; return the register and its book."""
    register, book, number = a_register(), [], 100
    told: list[AnyChange] = []

    def write(*changes: object) -> None:
        for change in changes:
            if isinstance(change, tuple):
                write(*change)
            elif change is not None and not isinstance(change, Denied | Certify | Joined | SpareTold | Renewed):
                told.append(change)  # type: ignore[arg-type]
                register.apply(change)  # type: ignore[arg-type]

    for step, (act, which) in enumerate(acts):
        at, token = NOW + timedelta(minutes=step), f"{which:032x}"
        number += 2
        if act == "join":
            keys = {node: f"{number}{node}" for node in KEYS}
            asked = Join(hall="east", box="kiosk-east", token=token, requests=dict.fromkeys(KEYS, ""))
            if isinstance(register.join(asked, keys, at), Certify):
                made = tuple(certificate(node, key, number + i, at) for i, (node, key) in enumerate(keys.items()))
                write(BoxJoined(at=at, who="x", box="kiosk-east", certificates=made))
        elif act == "renew":
            serial = sorted(register.certificates)[which % len(register.certificates)] if register.certificates else ""
            if isinstance(decided := register.renew(serial, f"key{number}", at + timedelta(days=300)), Certify):
                (node,) = decided.keys
                write(CertificateRenewed(at=at, who=node, certificate=certificate(node, f"key{number}", number, at)))
        elif act == "expel":
            write(register.expel(box="kiosk-east", node="", why="", by="technician", now=at))
        elif act == "spare":
            write(register.spare(AskSpare(hall="east", serial="s", code=f"{which:06}", token=token), "x", at))
        elif act == "approve":
            write(register.approve(f"{which:06}", "kiosk-east", by="desk", at=at, now=at))
        else:
            invitation = Invitation(
                box="kiosk-east", nodes=tuple(KEYS), token=token_hash(token), expires=at + timedelta(days=14)
            )
            write(register.invite(invitation, {}, by="technician", now=at))
    book += told
    return register, book


@settings(max_examples=60)
@given(ACTS)
def test_a_node_has_at_most_one_machine_whose_certificates_count(acts: list[tuple[str, int]]) -> None:
    register, book = play(acts)
    joins = [change for change in book if isinstance(change, BoxJoined)]
    for earlier in joins[:-1]:
        assert {each.serial for each in earlier.certificates} <= set(register.revoked)
    assert not {each.serial for each in register.newest.values()} & set(register.revoked)


@settings(max_examples=60)
@given(ACTS)
def test_the_book_says_all_that_the_register_knows(acts: list[tuple[str, int]]) -> None:
    register, book = play(acts)
    again = a_register()
    for change in book:
        again.apply(change)
    assert (again.boxes, again.newest, again.revoked) == (register.boxes, register.newest, register.revoked)
    late = NOW + timedelta(days=300)
    assert isinstance(again.told(late), Boxes)


# Limits ---------------------------------------------------------------------------------------------------------------


def test_an_address_may_ask_so_often_and_then_waits() -> None:
    limit = Limit(at_once=3, a_minute=60)
    assert [limit.allows("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert limit.allows("b", 0.0)
    assert [limit.allows("a", 1.0), limit.allows("a", 1.0)] == [True, False]


def test_a_flood_of_addresses_fills_no_memory() -> None:
    limit = Limit(at_once=1, a_minute=1)
    for number in range(ADDRESSES + 500):
        limit.allows(str(number), 0.0)
    assert len(limit._filled) == ADDRESSES


def test_the_first_of_the_address_that_holds_most_doors_gives_way() -> None:
    doors: Doors[str] = Doors(room=4, of_one=3)
    assert [doors.enter(f"a{number}", "a") for number in range(4)] == [None, None, None, "a0"]
    assert doors.enter("b0", "b") is None
    assert doors.enter("c0", "c") == "a1"
    doors.leave("a3")
    assert [doors.enter(f"{name}0", name) for name in "def"] == [None, "a2", "b0"]
