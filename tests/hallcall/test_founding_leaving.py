"""How a box's tables leave a file that people have written in."""

import tomllib

import pytest

from hallcall.founding.growing import CannotGrow
from hallcall.founding.leaving import with_addresses, without

PLAN = """\
windows = 2 # as the manager wants it

[[boxes]]
box = "kiosk-1"
[boxes.kiosk]
printer = { port = "tcp:10.0.0.1:9100" }

[[boxes]]
box = "windows-1"
[boxes.counters]
windows = [
    { counter = 1, keypad = { port = "serial:/dev/hallcall/keypad1" } },
]

# the cupboard's
[[boxes]]
box = "spare-1"
spare = true

[rating]
"""


@pytest.mark.parametrize("box", ["kiosk-1", "windows-1", "spare-1"])
def test_a_box_goes_with_all_its_tables_and_the_rest_stays_as_it_was(box: str) -> None:
    before, after = tomllib.loads(PLAN), tomllib.loads(without(PLAN, "boxes", "box", [box]))
    assert [each["box"] for each in after["boxes"]] == [each["box"] for each in before["boxes"] if each["box"] != box]
    assert "# as the manager wants it" in without(PLAN, "boxes", "box", [box])
    assert after["rating"] == {}


def test_the_last_box_goes_too() -> None:
    assert tomllib.loads(without('[[boxes]]\nbox = "a"\n', "boxes", "box", ["a"])) == {}


def test_what_cannot_be_cut_out_is_left_to_people() -> None:
    with pytest.raises(CannotGrow, match="by hand"):
        without('boxes = [{ box = "a" }]\n', "boxes", "box", ["a"])


def test_boxes_keep_the_addresses_that_were_counted_for_them() -> None:
    plan = with_addresses(PLAN, {"kiosk-1": "10.0.0.11/24", "spare-1": "10.0.0.13/24", "windows-1": ""})
    boxes = {each["box"]: each for each in tomllib.loads(plan)["boxes"]}
    assert boxes["kiosk-1"]["address"] == "10.0.0.11/24"
    assert boxes["spare-1"]["address"] == "10.0.0.13/24"
    assert "address" not in boxes["windows-1"]
    assert with_addresses(plan, {"kiosk-1": "10.0.0.99/24"}) == plan
