"""The hall of boxes as far as it needs no root; the rest is `./run boxes`, which CI runs."""

import os
from pathlib import Path

import pytest

from hallcall.boxes import command, ground
from hallcall.boxes.hall import DISPATCHER, IN_PLACE, NODES, SPARE, WINDOWS, planned
from hallcall.boxes.machine import Machine
from hallcall.boxes.story import Story, WentWrong
from hallcall.founding.plan import read_plan


def test_the_plan_is_one_that_a_technician_could_have_written(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(planned(), encoding="utf-8")
    boxes = {each.box: each for each in read_plan(tmp_path / "plan.toml").hall.boxes}
    assert set(boxes) == {*IN_PLACE, SPARE} - {DISPATCHER}
    assert boxes[SPARE].spare
    for name, box in boxes.items():
        planned_nodes = {table["node"] for table in (box.kiosk, box.board, box.voice, box.counters) if table}
        assert planned_nodes == set(NODES.get(name, ()))


def test_every_line_that_a_counter_box_opens_is_plugged_into_it(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(planned(), encoding="utf-8")
    for box in read_plan(tmp_path / "plan.toml").hall.boxes:
        if box.counters:
            opened = [each for each in str(box.counters).split("'") if each.startswith("serial:/dev/hallcall/")]
            names = {each.removeprefix("serial:/dev/hallcall/").partition("?")[0] for each in opened}
            assert names == set(WINDOWS[box.box])


def test_a_box_without_power_does_nothing(tmp_path: Path) -> None:
    machine = Machine(name="box", directory=tmp_path, image=tmp_path, namespace=tmp_path)
    assert not machine.is_on
    with pytest.raises(RuntimeError, match="box is off"):
        machine.run("true")


def test_a_step_that_goes_wrong_stands_in_the_story_with_its_seconds() -> None:
    story = Story()
    with pytest.raises(WentWrong, match="no number"), story.step("a visitor"):
        raise WentWrong("no number")
    assert story.steps == [{"step": "a visitor", "wrong": "no number", "s": pytest.approx(0, abs=1)}]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may")
def test_nobody_but_root_boots_boxes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--image", str(tmp_path)]) == os.EX_UNAVAILABLE
    assert "only root" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may")
def test_a_box_is_tried_before_a_hall_is_founded_and_what_was_refused_is_said(tmp_path: Path) -> None:
    assert "this system does not do what boxes need" in ground.refused(tmp_path / "no image")
