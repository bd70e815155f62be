"""Services in the hall's own groups, one inside another: whatever is offered is found, and back goes up one level."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.contract.messages import Group, Hall, HallView, QueueRow, QueuesView, Service, Text
from kiosk import flow, shelves
from kiosk.flow import Home, Kiosk, Touched
from kiosk.screens.layout import Scene
from kiosk.screens.scene import picture
from kiosk.screens.shapes import Picture

from .conftest import OPENS

AT = OPENS - timedelta(hours=4)

HOMES = Group(id="homes", name=Text(zh="居民用电", en="Homes"))
METERS = Group(id="meters", name=Text(zh="电表", en="Meters"), parent="homes")
FAULTS = Group(id="faults", name=Text(zh="电表故障", en="Faulty meters"), parent="meters")
SHOPS = Group(id="shops", name=Text(zh="企业用电", en="Businesses"))


def with_groups(kiosk: Kiosk, hall: Hall, groups: tuple[Group, ...], places: list[str | None]) -> Kiosk:
    """Return the kiosk of a hall with a service in each of these places, the commonest first."""
    services = tuple(
        msgspec.structs.replace(hall.services[0], id=f"s{number}", group=place) for number, place in enumerate(places)
    )
    changed = msgspec.structs.replace(hall, groups=groups, services=services)
    return flow.follow(kiosk, HallView(day="2026-11-21", hall=changed), 101)[0]


def after(kiosk: Kiosk, *keys: str) -> Kiosk:
    for key in keys:
        kiosk, _ = flow.follow(kiosk, Touched(key=key), 101)
    return kiosk


def names(kiosk: Kiosk) -> list[str]:
    return [each.id for each in flow.on_page(kiosk, kiosk.screen)] if isinstance(kiosk.screen, Home) else []


def drawn(kiosk: Kiosk) -> Picture:
    return picture(Scene(kiosk=kiosk, at=AT, left_s=None))


@pytest.fixture
def deep(kiosk: Kiosk, hall: Hall) -> Kiosk:
    """Six in front, one of them of a group; behind them three levels, and two services of no group."""
    front = [None, None, "homes", None, None, None]
    behind = ["homes", "meters", "faults", "faults", "shops", None, None]
    return with_groups(kiosk, hall, (HOMES, METERS, FAULTS, SHOPS), front + behind)


def test_behind_the_commonest_stand_the_groups_and_what_is_in_none(deep: Kiosk) -> None:
    assert names(deep) == ["s0", "s1", "s2", "s3", "s4", "s5"]
    assert names(after(deep, "more")) == ["group:homes", "group:shops", "s11", "s12"]


def test_a_group_holds_all_that_belongs_to_it_the_commonest_too(deep: Kiosk) -> None:
    assert names(after(deep, "more", "shelf:group:homes")) == ["group:meters", "s2", "s6"]
    assert names(after(deep, "more", "shelf:group:homes", "shelf:group:meters")) == ["group:faults", "s7"]


def test_back_goes_up_one_level_at_a_time(deep: Kiosk) -> None:
    way = ["more", "shelf:group:homes", "shelf:group:meters", "shelf:group:faults"]
    inmost = after(deep, *way)
    assert names(inmost) == ["s8", "s9"]
    assert [names(after(inmost, *["back"] * steps))[0] for steps in (1, 2, 3, 4)] == [
        "group:faults",
        "group:meters",
        "group:homes",
        "s0",
    ]
    assert after(inmost, "service:s9", "back").screen == inmost.screen


def test_a_group_on_a_later_page_is_where_back_leads(kiosk: Kiosk, hall: Hall) -> None:
    groups = tuple(Group(id=f"g{number}", name=HOMES.name) for number in range(8))
    many = with_groups(kiosk, hall, groups, [None] * 6 + [each.id for each in groups])
    within = after(many, "more", "more", "shelf:group:g7")
    assert names(within) == ["s13"]
    assert after(within, "back").screen == Home(shelf=shelves.REST, page=1)


def test_a_group_whose_services_all_stand_in_front_needs_no_card(kiosk: Kiosk, hall: Hall) -> None:
    plain = with_groups(kiosk, hall, (HOMES, SHOPS), ["homes", *[None] * 5, "shops"])
    assert names(after(plain, "more")) == ["group:shops"]


def test_a_group_that_left_the_file_leaves_its_service_to_be_found(kiosk: Kiosk, hall: Hall) -> None:
    plain = with_groups(kiosk, hall, (SHOPS,), [None] * 6 + ["gone", "shops"])
    assert names(after(plain, "more")) == ["group:shops", "s6"]


@pytest.mark.parametrize("key", ["shelf:group:gone", "shelf:rest", "shelf:", "shelf:s0"])
def test_what_is_no_card_of_this_page_leads_nowhere(deep: Kiosk, key: str) -> None:
    assert after(deep, "more", key).screen == Home(shelf=shelves.REST)


def row(service: str, **about: object) -> QueueRow:
    plain = QueueRow(service=service, waiting=2, wait_low_min=None, wait_high_min=None, last_called=None)
    return msgspec.structs.replace(plain, **about)


SHUT = [
    ({"closed": True, "opens": OPENS + timedelta(hours=1)}, {"closed": True, "opens": OPENS}, "13:30 开始取号"),
    ({"closed": True}, {"closed": True, "opens": OPENS}, "13:30 开始取号"),
    ({"full": True}, {"closed": True}, "今日已取完"),
    ({"closed": True}, {"closed": True}, "暂停办理"),
]


@pytest.mark.parametrize(("one", "other", "said"), SHUT)
def test_a_group_in_which_nothing_is_to_be_had_says_why_at_every_level(
    deep: Kiosk, one: dict[str, object], other: dict[str, object], said: str
) -> None:
    queues = QueuesView(queues=(row("s7", **one), row("s8", **other), row("s9", **other)))
    shut, _ = flow.follow(deep, queues, 101)
    homes = after(shut, "more", "shelf:group:homes")
    shown = drawn(homes)
    assert said in shown.texts
    assert "shelf:group:meters" not in [key.name for key in shown.keys]
    assert after(homes, "shelf:group:meters") == replace(homes, since_s=101)
    assert "shelf:group:homes" in [
        key.name for key in picture(Scene(kiosk=after(shut, "more"), at=AT, left_s=None)).keys
    ]


def test_the_title_of_a_groups_page_is_its_name(deep: Kiosk) -> None:
    said = drawn(after(deep, "more", "shelf:group:homes")).texts
    assert any(each.startswith("居民用电") for each in said)


@st.composite
def trees(draw: st.DrawFn) -> tuple[tuple[Group, ...], list[str | None]]:
    """Groups in groups, and services anywhere in them."""
    ids = [f"g{number}" for number in range(draw(st.integers(0, 7)))]
    groups = tuple(
        Group(id=each, name=HOMES.name, parent=draw(st.sampled_from([None, *ids[:place]])))
        for place, each in enumerate(ids)
    )
    return groups, draw(st.lists(st.sampled_from([None, *ids]), min_size=1, max_size=30))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=trees(), large=st.booleans())
def test_in_any_hall_every_service_is_found_and_the_way_back_ends_in_front(
    kiosk: Kiosk, hall: Hall, tree: tuple[tuple[Group, ...], list[str | None]], *, large: bool
) -> None:
    groups, places = tree
    kiosk = with_groups(kiosk, hall, groups, places)
    if large:
        kiosk = after(kiosk, "large")
    found: set[str] = set()
    seen: list[Kiosk] = []
    waiting = [kiosk]
    while waiting:
        page = waiting.pop()
        if page.screen in [each.screen for each in seen]:
            continue
        seen.append(page)
        entries = flow.on_page(page, page.screen) if isinstance(page.screen, Home) else ()
        found |= {each.id for each in entries if isinstance(each, Service)}
        waiting += [after(page, f"shelf:{each.id}") for each in entries if isinstance(each, shelves.Shelf)]
        waiting.append(after(page, "more"))
    assert found == {f"s{number}" for number in range(len(places))}
    for page in seen:
        assert after(page, *["back"] * (len(groups) + 2)).screen == Home()
    for service in found:
        shelf, number = shelves.place_of(kiosk.hall or hall, service, flow.page_size(kiosk))
        assert service in names(replace(kiosk, screen=Home(shelf=shelf, page=number)))
