"""Policy packs: a hall takes a trade's classes, needs and policy, and its own keys override them."""

from pathlib import Path

import pytest

from broker.config import BrokenConfig, advice_on, load_hall
from broker.contract.messages import Discipline, GivenBy, Hall, Rating
from broker.policy_pack import Pack

HALL = """\
id = "east"
name = { zh = "东厅", en = "East hall" }
zones = [{ id = "main", name = { zh = "一区", en = "Zone 1" } }]
nodes = [{ id = "kiosk-1", role = "kiosk" }]

[[services]]
id = "bill"
name = { zh = "电费", en = "Bills" }
prefix = "A"
zone = "main"

[[counters]]
number = 1
zone = "main"
skills = ["bill"]
"""
CLASSES = ["emergency", "statutory", "important", "appointment", "courtesy", "ordinary"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hall.toml"


def load(file: Path, top: str = "", bottom: str = "") -> Hall:
    file.write_text(f"{top}\n{HALL}{bottom}\n", encoding="utf-8")
    return load_hall(file)


def complaints(file: Path, top: str, bottom: str = "") -> list[str]:
    with pytest.raises(BrokenConfig) as broken:
        load(file, top, bottom)
    return str(broken.value).replace(f"{file}:", "").splitlines()


@pytest.mark.parametrize("pack", Pack)
def test_every_pack_is_in_order(file: Path, pack: Pack) -> None:
    hall = load(file, f'pack = "{pack.value}"')
    assert [each.id for each in hall.classes] == CLASSES
    assert [each.id for each in hall.classes if each.absolute] == ["emergency", "statutory"]
    assert [each.id for each in hall.classes if each.per_hour is not None] == ["courtesy"]
    assert {each.id: each.given_by for each in hall.classes} == {
        **dict.fromkeys(CLASSES, GivenBy.KIOSK),
        "emergency": GivenBy.SUPERVISOR,
        "statutory": GivenBy.SUPERVISOR,
        "important": GivenBy.NOBODY,
    }
    assert (hall.policy.discipline, hall.policy.calls, hall.policy.return_days) == (Discipline.SHARE, 3, 3)
    assert hall.policy.overtaken_times is not None
    assert hall.policy.overtaken_min is not None
    assert advice_on(file) == []


def test_a_hall_without_a_pack_has_one_class_and_no_bound(file: Path) -> None:
    hall = load(file)
    assert [(each.id, each.target_min) for each in hall.classes] == [("ordinary", 15)]
    assert (hall.policy.discipline, hall.policy.overtaken_times) == (Discipline.SHARE, None)
    assert (hall.policy.overtaken_min, hall.needs) == (None, ())


def test_the_hall_s_policy_overrides_the_pack_s_key_by_key(file: Path) -> None:
    pack = load(file, 'pack = "gov"').policy
    own = load(file, 'pack = "gov"', '[policy]\ndiscipline = "due"\novertaken_times = 2').policy
    assert (own.discipline, own.overtaken_times) == (Discipline.DUE, 2)
    assert (own.overtaken_min, own.outcome_mandatory) == (pack.overtaken_min, True)


def test_government_halls_have_the_five_grades_whose_lowest_two_are_bad(file: Path) -> None:
    scale = load(file, 'pack = "gov"').rating
    assert [each.name.zh for each in scale.grades] == ["非常满意", "满意", "基本满意", "不满意", "非常不满意"]
    assert [each.grade for each in scale.grades if each.bad] == [Rating.DISSATISFIED, Rating.VERY_DISSATISFIED]
    assert {len(load(file, f'pack = "{each.value}"').rating.grades) for each in Pack if each is not Pack.GOV} == {4}


def test_the_hall_s_rating_overrides_the_pack_s_key_by_key(file: Path) -> None:
    scale = load(file, 'pack = "gov"', "[rating]\ntoo_short_s = 30").rating
    assert (len(scale.grades), scale.too_short_s) == (5, 30)
    names = 'name = { zh = "x", en = "x" }'
    three = [f'{{ grade = "{each}", {names} }}' for each in ("satisfied", "average", "dissatisfied")]
    assert len(load(file, 'pack = "gov"', f"[rating]\ngrades = [{', '.join(three)}]").rating.grades) == 3


def test_the_hall_s_classes_replace_the_pack_s(file: Path) -> None:
    own = '[[classes]]\nid = "ordinary"\nname = { zh = "普通", en = "Ordinary" }\ntarget_min = 9'
    hall = load(file, 'pack = "sgcc"', own)
    assert [(each.id, each.target_min) for each in hall.classes] == [("ordinary", 9)]
    assert hall.policy.overtaken_times is not None


def test_of_a_pack_s_needs_a_hall_has_those_that_it_meets(file: Path) -> None:
    assert [each.id for each in load(file, 'pack = "sgcc"').needs] == ["slow-walker"]
    hall = load(file, 'pack = "sgcc"', 'meets = ["low-counter"]\n[[clerks]]\nid = "c1"\nmeets = ["english"]')
    assert [each.id for each in hall.needs] == ["low-counter", "english", "slow-walker"]


def test_an_unknown_pack_is_said_once(file: Path) -> None:
    reserved = "[[counters]]\nnumber = 2\nzone = 'main'\nskills = ['bill']\nreserved_for = ['courtesy']"
    assert complaints(file, 'pack = "sgc"', reserved) == [
        '1: pack: "sgc" is not one of sgcc, csg, bank, gov; did you mean sgcc?'
    ]


def test_errors_stand_in_the_hall_s_own_lines_below_a_pack(file: Path) -> None:
    bottom = 'meets = ["low-countr"]\nfirst_for = ["statutary"]\n[policy]\ncalls = 0\nretrn_min = 3'
    assert complaints(file, 'pack = "csg"', bottom) == [
        '17: counters[1].meets[1]: "low-countr" is not there; did you mean low-counter?',
        '18: counters[1].first_for[1]: "statutary" is not there; did you mean statutory?',
        "20: policy.calls: 0 does not fit; give a whole number from 1 to 20 (calls of one ticket, recalls too, at most)",  # noqa: E501
        "21: policy.retrn_min: unknown key; did you mean return_min?",
    ]
