"""What must agree within a hall file: each rule with what it says, where, and what to do."""
# ruff: noqa: E501 - complaints stand whole, as they are read

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.config import BrokenConfig, advice_on, load_hall

HALL = """\
id = "east"
name = { zh = "东厅", en = "East hall" }
zones = [{ id = "main", name = { zh = "一区", en = "Zone 1" } }]
nodes = [{ id = "kiosk-1", role = "kiosk" }, { id = "desk-1", role = "supervisor" }]

[[services]]
id = "bill"
name = { zh = "电费", en = "Bills" }
prefix = "A"
zone = "main"

[[services]]
id = "new"
name = { zh = "报装", en = "New" }
prefix = "B"
zone = "main"

[[classes]]
id = "courtesy"
name = { zh = "爱心", en = "Courtesy" }
target_min = 8
per_hour = 6

[[classes]]
id = "ordinary"
name = { zh = "普通", en = "Ordinary" }

[[needs]]
id = "low"
name = { zh = "低位", en = "Low" }

[[counters]]
number = 1
zone = "main"
skills = ["bill"]
helps = ["new"]
meets = ["low"]

[[counters]]
number = 2
zone = "main"
skills = ["new"]

[[clerks]]
id = "c7"
skills = ["bill"]

[policy]
discipline = "share"

[[hours]]
days = ["mon", "tue"]
open = "08:30"
close = "11:30"

[[hours]]
days = ["tue"]
open = "13:00"
close = "17:00"
serve_until = "18:00"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hall.toml"


def complaints(file: Path, old: str, new: str) -> list[str]:
    assert HALL.count(old) >= 1
    file.write_text(HALL.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BrokenConfig) as broken:
        load_hall(file)
    return str(broken.value).replace(f"{file}:", "").splitlines()


def test_a_hall_that_expects_customers_is_in_order(file: Path) -> None:
    booked = 'id = "booked"\nname = { zh = "预约", en = "Booked" }\nappointment = true\n\n[[classes]]\nid = "courtesy"'
    asked = '[identity]\nkind = "account"\nrequired = ["bill"]\noptional = ["new"]\nper_day = 3\n\n[[needs]]'
    text = "bookings = true\n" + HALL.replace('id = "courtesy"', booked, 1).replace("[[needs]]", asked, 1)
    file.write_text(text, encoding="utf-8")
    hall = load_hall(file)
    assert hall.bookings
    assert hall.identity is not None
    assert (hall.identity.digits, hall.identity.per_day) == ((10, 13), 3)


def test_a_hall_in_order_has_neither_complaints_nor_advice(file: Path) -> None:
    file.write_text(HALL, encoding="utf-8")
    hall = load_hall(file)
    assert [each.id for each in hall.classes] == ["courtesy", "ordinary"]
    assert hall.clerks[0].skills == ("bill",)
    assert hall.hours[1].serve_until == "18:00"
    assert advice_on(file) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # who the customer is
        ('id = "east"', 'id = "east"\nbookings = true', ["2: bookings: no class is for appointments; add one with appointment = true, or take a pack, or remove the key"]),
        ("[[needs]]", '[identity]\nkind = "account"\n[[needs]]', ["28: identity: no service asks for it; name services in required or optional, or remove [identity]"]),
        ("[[needs]]", '[identity]\nkind = "account"\nrequired = ["bill"]\noptional = ["new", "bill"]\n[[needs]]', ['31: identity.optional[2]: "bill" is required already; remove it from one of the two']),
        ("[[needs]]", '[identity]\nkind = "account"\nrequired = ["bil"]\n[[needs]]', ['30: identity.required[1]: "bil" is not there; did you mean bill?']),
        ("[[needs]]", '[identity]\nkind = "passport"\nrequired = ["bill"]\n[[needs]]', ['29: identity.kind: "passport" is not one of account, id_card']),
        # ids, once and known
        ('id = "courtesy"', 'id = "ordinary"', ['25: classes[2].id: "ordinary" is taken by classes[1].id in line 19; give another', '22: classes[1].per_hour: not for "ordinary", the class of everybody who has no other; remove the key']),
        ('id = "low"\n', 'id = "low"\nname = { zh = "低", en = "Low" }\n[[needs]]\nid = "low"\n', ['32: needs[2].id: "low" is taken by needs[1].id in line 29; give another']),
        ('id = "c7"', 'id = "c7"\n[[clerks]]\nid = "c7"', ['47: clerks[2].id: "c7" is taken by clerks[1].id in line 45; give another']),
        ('prefix = "A"', 'prefix = "A"\ntargets = [{ priority_class = "curtesy", minutes = 5 }]', ['10: services[1].targets[1].priority_class: "curtesy" is not there; did you mean courtesy?']),
        ('prefix = "A"', 'prefix = "A"\ntargets = [{ priority_class = "courtesy", minutes = 5 }, { priority_class = "courtesy", minutes = 4 }]', ['10: services[1].targets[2].priority_class: "courtesy" stands here twice; remove one']),
        ('prefix = "A"', 'prefix = "A"\ntargets = [{ class = "courtesy", minutes = 0 }]', [
            "10: services[1].targets[1].class: unknown key; did you mean priority_class?",
            "10: services[1].targets[1].minutes: 0 does not fit; give a number from 0.01 to 1440 (instead of the class's own `target_min`)",
            "10: services[1].targets[1].priority_class: missing; give a text matching ^[a-z0-9][a-z0-9_-]{0,31}$ (id of the class)",
        ]),
        ('helps = ["new"]', 'helps = ["nwe"]', ['36: counters[1].helps[1]: "nwe" is not there; did you mean new?']),
        ('meets = ["low"]', 'meets = ["low"]\nreserved_for = ["vip"]', ['38: counters[1].reserved_for[1]: "vip" is not there; classes.id are: courtesy, ordinary', '7: services[1].id: all counters that take "bill" are reserved for others than courtesy, ordinary; let a counter take it that is not reserved']),
        ('meets = ["low"]', 'meets = ["low"]\nfirst_for = ["courtessy"]', ['38: counters[1].first_for[1]: "courtessy" is not there; did you mean courtesy?']),
        ('meets = ["low"]', 'meets = ["low", "lowe"]', ['37: counters[1].meets[2]: "lowe" is not there; did you mean low?']),
        ('meets = ["low"]', 'meets = ["low", "low"]', ['37: counters[1].meets[2]: "low" stands here twice; remove one']),
        ('id = "c7"\nskills = ["bill"]', 'id = "c7"\nskills = ["bills"]', ['46: clerks[1].skills[1]: "bills" is not there; did you mean bill?']),
        ('id = "c7"', 'id = "c7"\nmeets = ["sign"]', ['46: clerks[1].meets[1]: "sign" is not there; needs.id are: low']),
        ('id = "c7"\nskills = ["bill"]', 'id = "c7"\nskills = "bill"', ["46: clerks[1].skills: a text; give a list, any number, of text matching ^[a-z0-9][a-z0-9_-]{0,31}$ (services the clerk may take; left out: all)"]),
        # who serves whom
        ('helps = ["new"]', 'helps = ["bill"]', ['36: counters[1].helps: "bill" is one of its skills too; remove it here or there']),
        ('meets = ["low"]\n', "", ['29: needs[1].id: nobody meets "low"; add it to `meets` of a counter or clerk, or say at_counter = false']),
        ('meets = ["low"]', 'meets = ["low"]\nreserved_for = ["courtesy"]', ['7: services[1].id: all counters that take "bill" are reserved for others than ordinary; let a counter take it that is not reserved']),
        # ticket numbers
        ('prefix = "B"', 'prefix = "A"\nfirst = 500', ['15: services[2].prefix: "A" 500 to 999 clashes with 1 to 999 of services[1].prefix in line 9; give other letters, or other first and last']),
        ('prefix = "B"', 'prefix = "B"\npast_last = "extra"\nextra_prefix = "A"', ['17: services[2].extra_prefix: "A" 1 to 999 clashes with 1 to 999 of services[1].prefix in line 9; give other letters, or other first and last']),
        ('prefix = "B"', 'prefix = "B"\npast_last = "extra"\nextra_prefix = "B"', ['17: services[2].extra_prefix: "B" 1 to 999 clashes with 1 to 999 of services[2].prefix in line 15; give other letters, or other first and last']),
        ('prefix = "B"', 'prefix = "B"\npast_last = "extra"', ['12: services[2].extra_prefix: missing; give letters for the numbers after the last one, or past_last = "full"']),
        ('prefix = "B"', 'prefix = "B"\nextra_prefix = "BB"', ['16: services[2].extra_prefix: used only with past_last = "extra"; give that too, or remove the key']),
        ('prefix = "B"', 'prefix = "B"\npast_last = "extr"', ['16: services[2].past_last: "extr" is not one of full, extra; did you mean extra?']),
        ('role = "kiosk"', 'role = "kiosk", offline = { first = 900, last = 1100 }', ["4: nodes[1].offline: 900 to 1100 clashes with 1 to 999 of services[1].prefix in line 9; give numbers that nobody else gives, such as above 1000"]),
        ('role = "kiosk"', 'role = "kiosk", offline = { first = 1100, last = 1001 }', ["4: nodes[1].offline.last: 1001 is below first, 1100; give numbers with first <= last"]),
        ('role = "kiosk"', 'role = "kiosk", offline = { first = 1001 }', ["4: nodes[1].offline.last: missing; give a whole number from 1 to 9999 (last number given without the dispatcher)"]),
        ('role = "supervisor"', 'role = "supervisor", offline = { first = 1001, last = 1100 }', ["4: nodes[2].offline: only a kiosk gives numbers by itself; remove the key or change the role"]),
        ('role = "kiosk" }', 'role = "kiosk", offline = { first = 1001, last = 1100 } }, { id = "kiosk-2", role = "kiosk", offline = { first = 1100, last = 1200 } }', ["4: nodes[2].offline: 1100 to 1200 clashes with 1001 to 1100 of nodes[1].offline in line 4; give numbers that nobody else gives, such as above 1000"]),
        # classes and policy
        ('id = "ordinary"', 'id = "normal"', ['18: classes: no class has the id "ordinary"; add it: it is the class of everybody who has no other']),
        ('id = "ordinary"', 'id = "ordinary"\ngiven_by = "nobody"', ['26: classes[2].given_by: "ordinary" is the class of everybody who has no other; give kiosk, or remove the key']),
        ('id = "ordinary"', 'id = "ordinary"\nappointment = true', ['26: classes[2].appointment: not for "ordinary", the class of everybody who has no other; remove the key']),
        ("per_hour = 6", "absolute = true", ['22: classes[1].absolute: anybody could declare this class at the kiosk and go before all others; give given_by = "supervisor", or per_hour, the most tickets of it in an hour']),
        ("target_min = 8", 'target_min = "8"', ['21: classes[1].target_min: "8" is a text; give a number from 0.01 to 1440 (longest wait promised, in minutes)']),
        ("target_min = 8", "target_min = nan", ["21: classes[1].target_min: NaN does not fit; give a number from 0.01 to 1440 (longest wait promised, in minutes)"]),
        ("per_hour = 6", "per_hour = 100000000000000000000", ["22: classes[1].per_hour: 100000000000000000000 is too large; give a whole number of at least 1 (most tickets of it in 60 minutes; further ones are ordinary. For self-declared courtesy)"]),
        ('discipline = "share"', "overtaken_min = inf", ["49: policy.overtaken_min: Infinity is too large; give a number of at least 0 (how much later a ticket called first may have come, in minutes; left out: no bound)"]),
        ('discipline = "share"', 'discipline = "rules"', ["48: policy.rules: missing; the discipline rules needs one or more [[policy.rules]]"]),
        ('discipline = "share"', 'discipline = "shore"', ['49: policy.discipline: "shore" is not one of share, fcfs, due, strict, ratio, rules; did you mean share?']),
        ('discipline = "share"', 'discipline = "rules"\n[[policy.rules]]\nservice = "bil"\n[[policy.rules]]\npriority_class = "vip"', [
            '51: policy.rules[1].service: "bil" is not there; did you mean bill?',
            '53: policy.rules[2].priority_class: "vip" is not there; classes.id are: courtesy, ordinary',
        ]),
        ("[policy]", "[[policy]]", ["48: policy: a list; give a table (whose turn it is)"]),
        # hours
        ('close = "11:30"', 'close = "08:00"', ['54: hours[1].close: "08:00" is not after open, "08:30"; give a later time of the same day']),
        ('open = "13:00"', 'open = "11:00"', ["58: hours[2].open: overlaps with hours[1] in line 51 on tue; let one end before the other begins"]),
        ('serve_until = "18:00"', 'serve_until = "16:30"', ['60: hours[2].serve_until: "16:30" is before "17:00", when tue closes; give a later time']),
        ('close = "11:30"', 'close = "11:30"\nserve_until = "12:00"', ['55: hours[1].serve_until: "12:00" is before "17:00", when tue closes; give a later time, with the last hours of the day only']),
        ('open = "13:00"', 'open = "25:00"', [r'58: hours[2].open: "25:00" does not fit; give a text matching ^([01]\d|2[0-3]):[0-5]\d$ (first ticket, HH:MM in local time)']),
        ('open = "13:00"', "open = 13:00:00", [r'58: hours[2].open: "13:00:00" is a time; give a text matching ^([01]\d|2[0-3]):[0-5]\d$ (first ticket, HH:MM in local time)']),
        ('days = ["tue"]', 'days = ["tuesday"]', ['57: hours[2].days[1]: "tuesday" is not one of mon, tue, wed, thu, fri, sat, sun; did you mean tue?']),
        ('id = "east"', 'id = "east"\nclosed_on = ["2026-02-30"]', ['2: closed_on[1]: "2026-02-30" is no day of the calendar; give year-month-day']),
        ('id = "east"', 'id = "east"\nclosed_on = [2026-10-01]', [r'2: closed_on[1]: "2026-10-01" is a date; give a text matching ^\d{4}-\d{2}-\d{2}$']),
        # nodes
        ('role = "supervisor"', 'role = "supervisor", counters = [1]', ["4: nodes[2].counters: only nodes of the roles counter and web speak for counters; remove the key or change the role"]),
    ],
)  # fmt: skip
def test_what_does_not_agree_is_said(file: Path, old: str, new: str, said: list[str]) -> None:
    assert sorted(complaints(file, old, new)) == sorted(said)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('prefix = "A"', 'prefix = "B"\nfirst = 1000\nlast = 1999'),
        ("per_hour = 6", "per_hour = 6\nabsolute = true"),
        ("per_hour = 6", 'given_by = "supervisor"\nabsolute = true'),
        ("per_hour = 6", "appointment = true\nabsolute = true"),
        ('id = "low"', 'id = "low"\nat_counter = false\nwalk_s = 60'),
        ('skills = ["new"]', 'skills = ["new", "bill"]\nreserved_for = ["courtesy"]'),
        ('prefix = "A"', 'prefix = "AA"\npast_last = "extra"\nextra_prefix = "A"'),
        ('role = "supervisor"', 'role = "counter", counters = [1, 2]'),
        ('role = "kiosk"', 'role = "kiosk", offline = { first = 1001, last = 1100 }'),
    ],
)
def test_what_may_be_is_taken(file: Path, old: str, new: str) -> None:
    file.write_text(HALL.replace(old, new, 1), encoding="utf-8")
    load_hall(file)


def test_in_a_simulation_nobody_stands_at_a_kiosk(file: Path) -> None:
    simulate = (
        "[simulate]\n"
        'arrivals = [{ service = "bill", per_min = 1.0 }]\n'
        'service_times = [{ kind = "exponential", mean_min = 1 }]\n'
    )
    file.write_text(HALL.replace("per_hour = 6", "absolute = true") + simulate, encoding="utf-8")
    assert load_hall(file).classes[0].absolute


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('prefix = "A"', 'prefix = "A"\ntargets = [{ priority_class = "ordinary", minutes = 5 }]', [
            "10: services[1].targets: courtesy is promised 8 min, ordinary 5 min: ordinary will be called first; put it higher, or state its target here too",
        ]),
        ("target_min = 8", "target_min = 20", ["18: classes: courtesy is promised 20 min, ordinary 15 min: ordinary will be called first; put it higher"]),
        ('discipline = "share"', 'discipline = "fcfs"\n[[policy.rules]]\nservice = "bill"', ["50: policy.rules: not in force: the discipline is fcfs"]),
        ('helps = ["new"]\n', "", ['13: services[2].id: no counter that takes "new" meets "low": such a customer is not called; let one that meets it help with "new"']),
    ],
)  # fmt: skip
def test_what_is_probably_not_meant_is_advised_against(file: Path, old: str, new: str, said: list[str]) -> None:
    file.write_text(HALL.replace(old, new, 1), encoding="utf-8")
    load_hall(file)
    assert [line.removeprefix(f"{file}:") for line in advice_on(file)] == said


ODD = ["1", '"x"', "[]", "{}", "[[]]", "[{}]", "true", "1.5", "[1]", '["x", {}]', "nan", "2026-10-01"]


@given(
    line=st.integers(0, len(HALL.splitlines()) - 1), odd=st.sampled_from(ODD), pack=st.sampled_from(["", "gov", "x"])
)
def test_a_value_of_any_other_kind_is_a_complaint_and_no_crash(
    tmp_path_factory: pytest.TempPathFactory, line: int, odd: str, pack: str
) -> None:
    lines = HALL.splitlines()
    key, equals, _ = lines[line].partition(" = ")
    lines[line] = f"{key}{equals}{odd}" if equals else lines[line]
    file = tmp_path_factory.getbasetemp() / "odd.toml"
    file.write_text("\n".join([f'pack = "{pack}"' if pack else "", *lines]), encoding="utf-8")
    advice_on(file)
    with contextlib.suppress(BrokenConfig):
        load_hall(file)


# Groups on the kiosk --------------------------------------------------------------------------------------------------

GROUPS = """
[[groups]]
id = "power"
name = { zh = "用电业务", en = "Power" }

[[groups]]
id = "homes"
name = { zh = "居民", en = "Homes" }
parent = "power"

"""
NEW = """id = "new"
name"""
IN_HOMES = """id = "new"
group = "homes"
name"""


def grouped(groups: str, *, service: str = IN_HOMES) -> str:
    return HALL.replace(NEW, service) + groups


def test_groups_stand_in_groups(tmp_path: Path) -> None:
    path = tmp_path / "hall.toml"
    path.write_text(grouped(GROUPS), encoding="utf-8")
    hall = load_hall(path)
    assert [(each.id, each.parent) for each in hall.groups] == [("power", None), ("homes", "power")]
    assert [each.group for each in hall.services] == [None, "homes"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('parent = "power"', 'parent = "powre"', 'groups[2].parent: "powre" is not there; did you mean power?'),
        ('id = "homes"', 'id = "power"', 'groups[2].id: "power" is taken by groups[1].id in line'),
        (', en = "Homes" ', "", "groups[2].name.en: missing"),
        (
            'en = "Power" }',
            'en = "Power" }\nparent = "homes"',
            'groups[1].parent: "power" in "homes" in "power": a group that stands in itself is never reached; remove a parent',
        ),
        ('parent = "power"', 'parent = "homes"', 'groups[2].parent: "homes" in "homes": a group that stands in itself'),
        (
            'parent = "power"',
            "",
            'groups[1].id: "power" leads to no service; give one group = "power", or remove the group',
        ),
    ],
)
def test_what_is_wrong_with_groups_is_said(tmp_path: Path, before: str, after: str, said: str) -> None:
    path = tmp_path / "hall.toml"
    path.write_text(grouped(GROUPS.replace(before, after)), encoding="utf-8")
    with pytest.raises(BrokenConfig) as broken:
        load_hall(path)
    assert said in str(broken.value)


def test_a_service_in_no_group_that_there_is_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hall.toml"
    path.write_text(grouped(GROUPS, service=IN_HOMES.replace("homes", "shops")), encoding="utf-8")
    with pytest.raises(BrokenConfig) as broken:
        load_hall(path)
    (said,) = str(broken.value).splitlines()
    assert 'services[2].group: "shops" is not there; did you mean homes?' in said
