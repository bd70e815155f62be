"""Devices are tried by a supervisor's word alone, and the journal has what came of it."""

import pytest

from broker.ailments import found
from broker.contract import messages as m

from .floor import Floor, a_hall, reason

NOT = found("test_slip_not", node="kiosk-1", device="printer", problem="out of paper")


@pytest.fixture
def floor() -> Floor:
    return Floor(a_hall())


def a_test(floor: Floor, node: str) -> m.TestDevice:
    return m.TestDevice(id=floor.id(), node=node, device="printer")


def test_a_supervisor_asks_and_the_node_tells(floor: Floor) -> None:
    command = a_test(floor, "kiosk-1")
    assert isinstance(floor.ask(command, node="boss"), m.Done)
    told = m.ReportDeviceTest(id=floor.id(), test=command.id, device="printer", finding=NOT)
    assert isinstance(floor.ask(told, node="kiosk-1"), m.Done)
    asked, tested = (each.event for each in floor.history[-2:])
    assert asked == m.DeviceTestAsked(test=command.id, node="kiosk-1", device="printer", by="boss")
    assert tested == m.DeviceTested(test=command.id, node="kiosk-1", device="printer", finding=NOT)


def test_no_kiosk_and_no_counter_box_has_others_tried(floor: Floor) -> None:
    assert reason(floor.ask(a_test(floor, "kiosk-1"), node="kiosk-1")) == "not_allowed"


def test_a_supervisor_has_nothing_to_try_and_tells_of_no_test(floor: Floor) -> None:
    assert reason(floor.ask(a_test(floor, "boss"), node="boss")) == "nothing_to_test"
    assert reason(floor.ask(a_test(floor, "nobody"), node="boss")) == "nothing_to_test"
    told = m.ReportDeviceTest(id=floor.id(), test="t", device="printer", finding=NOT)
    assert reason(floor.ask(told, node="boss")) == "not_allowed"


def test_nothing_is_tried_while_people_leave_the_hall(floor: Floor) -> None:
    floor.ask(m.StartEvacuation(id=floor.id()), node="boss")
    assert reason(floor.ask(a_test(floor, "kiosk-1"), node="boss")) == "evacuation"


def test_no_slip_comes_out_after_whoever_asked_has_left(floor: Floor) -> None:
    late = m.TestDevice(id=floor.id(), node="kiosk-1", age_ms=11_000)
    assert reason(floor.ask(late, node="boss")) == "too_old"
